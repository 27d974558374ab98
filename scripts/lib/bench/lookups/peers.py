"""The programs that are compared: orderd, and what answers the same look-ups otherwise.

All have the same Redis and MariaDB, stand behind the same nginx and listen on unix sockets.
"""
import os
import subprocess
from contextlib import ExitStack

from bench.lookups.processes import Program, processor_seconds
from private_stack import ROOT

SOURCES = os.path.join(ROOT, "Tests/Load/lookups")
# Children of PHP-FPM: enough that one is free while others wait for Redis or MariaDB.
PHP_CHILDREN = 16
# As orderd: two threads a core.
C_THREADS = 2 * (os.cpu_count() or 1)

OURS, GO, PHP, C = "orderd", "Go", "PHP-FPM", "C limit"
ALL = (OURS, GO, PHP, C)
# The C program knows hits alone.
FILLING = (OURS, GO, PHP)


class Peer:
    """One of them, running."""

    def __init__(self, name, path, pid):
        self.name, self.path, self.pid = name, path, pid
        # Its port at nginx, once there is one.
        self.port = None

    def processor_seconds(self):
        return processor_seconds(self.pid)


class Peers:
    """All of them while the `with` lasts, by name."""

    def __init__(self, stack):
        self._stack = stack
        self._directory = os.path.join(stack.directory, "peers")

    def __enter__(self):
        os.makedirs(self._directory, exist_ok=True)
        with ExitStack() as running:
            commands = {GO: self._go(), PHP: self._php(), C: self._c()}
            settings = self._stack.settings()
            ours = settings["LISTEN"].removeprefix("unix:")
            peers = {OURS: Peer(OURS, ours, self._stack.process("orderd-serve"))}
            for name, command in commands.items():
                path = self._path(name, "sock")
                environment = dict(os.environ) | settings | {"LOOKUPS_SOCKET": path}
                program = Program(command, environment, path, self._path(name, "log"))
                running.enter_context(program)
                peers[name] = Peer(name, path, program.pid)
            self._running = running.pop_all()
        return peers

    def __exit__(self, *_):
        self._running.close()

    def _path(self, name, suffix):
        return os.path.join(self._directory, f"{name.split('-')[0].split()[0].lower()}.{suffix}")

    def _go(self):
        """Debian's Go and its packages, so without modules."""
        binary = os.path.join(self._directory, "go-lookups")
        environment = dict(
            os.environ,
            GO111MODULE="off",
            GOPATH="/usr/share/gocode",
            GOFLAGS="",
            CGO_ENABLED="0",
            GOCACHE=os.path.join(self._directory, "go-cache"),
        )
        command = ["go", "build", "-o", binary, "."]
        subprocess.run(command, cwd=os.path.join(SOURCES, "go"), env=environment, check=True)
        return [binary]

    def _c(self):
        binary = os.path.join(self._directory, "c-lookups")
        directory = os.path.join(SOURCES, "c")
        files = sorted(file for file in os.listdir(directory) if file.endswith(".c"))
        libraries = ["-lfcgi", "-lhiredis", "-lcrypto", "-lpthread"]
        command = ["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", binary, *files, *libraries]
        subprocess.run(command, cwd=directory, check=True)
        return [binary, str(C_THREADS)]

    def _php(self):
        """PHP-FPM with Debian's php.ini, which has opcache on, and a pool that never changes.

        phpredis would ask Redis for an echo in each request, before it uses a kept connection.
        """
        pool = os.path.join(self._directory, "php-fpm.conf")
        as_root = os.geteuid() == 0
        with open(pool, "w", encoding="utf-8") as file:
            file.write(
                f"""[global]
pid = {self._path(PHP, "pid")}
error_log = {self._path(PHP, "errors")}
daemonize = no
[lookups]
{"user = root" if as_root else ""}
{"group = root" if as_root else ""}
listen = {self._path(PHP, "sock")}
listen.backlog = 1024
pm = static
pm.max_children = {PHP_CHILDREN}
clear_env = no
php_admin_value[opcache.validate_timestamps] = 0
php_admin_value[expose_php] = 0
php_admin_value[redis.pconnect.echo_check_liveness] = 0
"""
            )
        return ["php-fpm8.2", "-F", *(["-R"] if as_root else []), "-y", pool]
