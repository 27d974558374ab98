"""Programs of a benchmark: their start and end, and the CPU time they take."""
import os
import resource
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 20


def raise_file_limit():
    """For this process and those that it starts: 256 connections need more than 1,024 files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 8192 if most == resource.RLIM_INFINITY else min(8192, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))


class Program:
    """A program that listens on a unix socket while the `with` lasts; its output is in `log`."""

    def __init__(self, command, environment, path, log):
        self._command, self._environment = command, environment
        self._path, self._log = path, log

    def __enter__(self):
        with open(self._log, "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self):
        return self._process.pid

    def _wait(self):
        end = time.monotonic() + PATIENCE
        while not listens(self._path):
            if self._process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"bench: {self._command[0]} did not start; see {self._log}")
            time.sleep(0.05)


def listens(path):
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def processor_seconds(pid):
    """User and system time of a process and of those that it has started and that still run."""
    parents, seconds = {}, {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(name)] = int(fields[1])
        seconds[int(name)] = (int(fields[11]) + int(fields[12])) / TICKS
    family = {pid}
    while True:
        children = {child for child, parent in parents.items() if parent in family} - family
        if not children:
            return sum(seconds.get(member, 0) for member in family)
        family |= children
