"""A stack of a script's own, in a temporary directory and on ports of its own."""
import os
import shutil
import socket
import subprocess
import tempfile

SCRIPTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(SCRIPTS)
PRODUCTS = os.path.join(ROOT, ".build/release")


def free_port(start):
    """A port nobody listens on, below those the kernel gives to outgoing connections."""
    for port in range(start, 32000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise SystemExit("no free port")


def build_release(product):
    """Builds a program as a stack runs it, and names it to the scripts if it is a part of one."""
    command = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", product]
    subprocess.run(command, cwd=ROOT, check=True)
    if product in ("orderd", "ordersim"):
        os.environ.setdefault(f"{product.upper()}_BINARY", os.path.join(PRODUCTS, product))


class PrivateStack:
    """Up while the `with` lasts. `directory` is its run directory."""

    def __init__(self, settings=None):
        self._settings = settings or {}

    def __enter__(self):
        self.directory = tempfile.mkdtemp(prefix="stack-", dir="/tmp")
        port = free_port(20000 + os.getpid() % 10000)
        # A script is many customers behind one address.
        limits = {
            "PAYMENT_LIMIT_CUSTOMER_HOUR": "1000000",
            "PAYMENT_LIMIT_CUSTOMER_DAY": "1000000",
            "PAYMENT_LIMIT_ADDRESS_HOUR": "1000000",
            "FRAUD_REVIEW_SCORE": "1000000",
            "FRAUD_BLOCK_SCORE": "1000000",
        }
        places = {
            "RUN_DIR": self.directory,
            "PORT": str(port),
            "SIM_PORT": str(free_port(port + 1)),
        }
        self._environment = dict(os.environ) | limits | self._settings | places
        try:
            self.run("up")
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        return self

    def __exit__(self, *_):
        self.run("down")
        shutil.rmtree(self.directory, ignore_errors=True)

    def run(self, *action):
        """One of the actions of scripts/stack, such as `stop ordersim`."""
        command = [os.path.join(SCRIPTS, "stack"), *action]
        # The addresses and tokens that it prints are nobody's business here.
        subprocess.run(
            command, env=self._environment, check=True, stdout=subprocess.DEVNULL
        )

    def settings(self):
        """The environment of the stack's own programs."""
        return self._sourced("settings")

    def environment(self):
        """What the stack tells its callers: addresses and tokens."""
        return self._sourced("env")

    def _sourced(self, name):
        shell = 'set -a; . "$0"; exec env -0'
        path = os.path.join(self.directory, name)
        text = subprocess.run(
            ["bash", "-c", shell, path], check=True, capture_output=True, text=True
        ).stdout
        return dict(line.split("=", 1) for line in text.split("\0") if line)

    def process(self, name):
        """The number of one of its processes, such as `orderd-serve`."""
        with open(os.path.join(self.directory, "pid", name), encoding="ascii") as file:
            return int(file.read().split()[0])


def status(process):
    """The fields of /proc/<process>/status."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return dict(line.strip().split(":", 1) for line in file)


def kilobytes(fields, name):
    return int(fields[name].split()[0])
