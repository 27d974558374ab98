"""Load by wrk, from lists of requests."""
import json
import os
import subprocess

from bench.lookups.peers import SOURCES

SCRIPT = os.path.join(SOURCES, "wrk/requests.lua")
THREADS = 2


class RequestList:
    """Requests in a file, as requests.lua reads them."""

    def __init__(self, directory, name, requests):
        """`requests`: path, token and, where there are any, entity tag and body."""
        self.path = os.path.join(directory, f"{name}.requests")
        self.count = len(requests)
        with open(self.path, "w", encoding="utf-8") as file:
            for request in requests:
                path, token, tag, body = (*request, "", "")[:4]
                file.write(f"{path}\t{token}\t{tag}\t{body}\n")


class Load:
    """What wrk saw; times in milliseconds."""

    def __init__(self, output):
        seen = json.loads(output.splitlines()[-1])
        self.requests = seen["requests"]
        self.seconds = seen["microseconds"] / 1e6
        self.rate = self.requests / self.seconds
        self.p50, self.p99, self.p999 = seen["p50"], seen["p99"], seen["p999"]
        self.errors = seen["lost"] + seen["refused"]
        self.bytes = seen["bytes"] / self.requests if self.requests else 0
        # How many requests were not the first of their kind.
        self.repeated = seen["repeated"]


def start(port, lists, connections, seconds):
    """Begins a load; `lists`: pairs of a list and its weight."""
    threads = min(THREADS, connections)
    command = ["wrk", "-t", threads, "-c", connections, "-d", f"{seconds}s", "--timeout", "10s"]
    command += ["-s", SCRIPT, f"http://127.0.0.1:{port}/", "--", threads]
    command += [f"{requests.path}:{weight}" for requests, weight in lists]
    return subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)


def finish(process):
    """What a load saw, once it has ended."""
    output = process.communicate()[0]
    if process.returncode != 0:
        raise SystemExit(f"bench: wrk ended with {process.returncode}: {output}")
    return Load(output)


def run(port, lists, connections, seconds):
    process = start(port, lists, connections, seconds)
    try:
        return finish(process)
    finally:
        process.kill()
        process.wait()
