"""A few commands to Redis over its unix socket, many at a time."""
import socket

BATCH = 1000


class RedisWire:
    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(path)
        self._file = self._socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self._socket.close()

    def send(self, *command):
        """The reply to one command."""
        return self.send_all([command])[0]

    def send_all(self, commands):
        """The replies to commands that are sent a thousand at once; bytes, numbers, None, lists."""
        replies = []
        for start in range(0, len(commands), BATCH):
            batch = commands[start : start + BATCH]
            self._socket.sendall(b"".join(self._request(command) for command in batch))
            replies += [self._reply() for _ in batch]
        return replies

    @staticmethod
    def _request(command):
        parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
        return b"*%d\r\n" % len(parts) + b"".join(
            b"$%d\r\n%s\r\n" % (len(part), part) for part in parts
        )

    def _reply(self):
        line = self._file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        raise SystemExit(f"bench: Redis answers {line!r}")
