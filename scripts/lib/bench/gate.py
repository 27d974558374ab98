"""A door before a server: while it is shut, connections are refused, as if nobody were there."""
import socket
import threading


class Gate:
    """Passes on what comes to `port` on 127.0.0.1 to a server there, while it is open."""

    def __init__(self, port, server):
        self.port, self._server = port, server
        self._lock = threading.Lock()
        self._listener = None
        self._passing = set()
        self.open()

    def open(self):
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128, reuse_port=False)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def shut(self):
        """Refuses connections from now on, and ends those that there are."""
        with self._lock:
            listener, self._listener = self._listener, None
            passing, self._passing = self._passing, set()
        if listener:
            # `close` alone would leave a thread in `accept`, and the port open with it.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for end in passing:
            self._end(end)

    def _accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                if self._listener is not listener:
                    client.close()
                    server.close()
                    return
                self._passing |= {client, server}
            for one, other in ((client, server), (server, client)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        self._end(target)
        self._end(source)
        with self._lock:
            self._passing -= {source, target}

    @staticmethod
    def _end(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()
