"""One nginx for all: that of the project, with its server once for each of the programs.

What differs is how the request goes on: kept connections by FastCGI for orderd and C, kept ones by
HTTP for Go, and a new one each for PHP-FPM, whose children belong to a connection until it ends:
kept ones would make requests wait for each other.
"""
import os
import re
import shutil
import socket
import subprocess
import time

from bench.lookups import peers
from bench.lookups.processes import PATIENCE
from private_stack import ROOT, free_port

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
KEPT = "keepalive 32; keepalive_requests 1000000; keepalive_timeout 60s;"
# As fastcgi_orderd.conf has it for FastCGI.
BY_HTTP = """
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Request-Id $orders_request_id;
        proxy_intercept_errors off;
        proxy_buffer_size 8k;
        proxy_buffers 32 8k;
        proxy_busy_buffers_size 64k;
        proxy_max_temp_file_size 0;
        proxy_connect_timeout 2s;
        proxy_send_timeout 10s;
        proxy_read_timeout 30s;
"""


class Gateway:
    """Listens for each program on a port of its own while the `with` lasts.

    Parameters: the stack, whose rendered configuration is taken; the programs, each of which learns
    its port.
    """

    def __init__(self, stack, programs):
        self._directory = os.path.join(stack.directory, "gateway")
        self._log = os.path.join(self._directory, "access.log")
        self._programs = programs
        with open(os.path.join(stack.directory, "nginx/nginx.conf"), encoding="utf-8") as file:
            self._shipped = file.read()
        self._stack_directory = os.path.join(stack.directory, "nginx")

    def __enter__(self):
        shutil.copytree(
            self._stack_directory,
            self._directory,
            ignore=lambda _, names: [name for name in names if not name.endswith(".conf")],
        )
        path = os.path.join(self._directory, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self._configuration())
        command = [NGINX, "-e", "stderr", "-p", self._directory + "/", "-c", path]
        with open(os.path.join(self._directory, "nginx.log"), "w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [*command, "-g", "daemon off;"], stdout=log, stderr=log
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE)

    def empty_log(self):
        """Drops what the access log has: millions of lines come together."""
        os.truncate(self._log, 0)

    def _wait(self):
        end = time.monotonic() + PATIENCE
        waiting = {program.port for program in self._programs}
        while waiting:
            if self._process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"bench: nginx did not start; see {self._directory}/nginx.log")
            for port in list(waiting):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        waiting.remove(port)
            time.sleep(0.05)

    def _configuration(self):
        text = self._shipped.replace(self._stack_directory, self._directory)
        server = re.search(r"^    server \{\n.*?^    \}\n", text, re.M | re.S)
        head = text[: text.index("    upstream orderd {")]
        parts = [head]
        port = 20000 + os.getpid() % 5000
        for number, program in enumerate(self._programs):
            port = program.port = free_port(port + 1)
            parts.append(self._upstream(f"program{number}", program))
            parts.append(self._server(server.group(0), f"program{number}", program))
        return "\n".join(parts + ["}\n"])

    @staticmethod
    def _upstream(name, program):
        kept = "" if program.name == peers.PHP else KEPT
        return f'    upstream {name} {{ server "unix:{program.path}"; {kept} }}\n'

    def _server(self, text, name, program):
        text, found = re.subn(r"listen 127\.0\.0\.1:\d+", f"listen 127.0.0.1:{program.port}", text)
        text = re.sub(r'access_log "[^"]*"', f'access_log "{self._log}"', text)
        text, passed = re.subn(r"fastcgi_pass orderd;", f"fastcgi_pass {name};", text)
        if found != 1 or passed == 0:
            raise SystemExit("bench: nginx.conf.template has another form than this knows")
        more = ""
        if program.name == peers.GO:
            text = text.replace(f"fastcgi_pass {name};", f"proxy_pass http://{name};")
            more = BY_HTTP
        elif program.name == peers.PHP:
            more = f"        fastcgi_keep_conn off;\n{self._php_parameters()}"
        return text.replace("    server {\n", f"    server {{\n{more}", 1)

    @staticmethod
    def _php_parameters():
        with open(os.path.join(ROOT, "nginx/fastcgi_orderd.conf"), encoding="utf-8") as file:
            lines = [line for line in file if line.startswith("fastcgi_param")]
        script = os.path.join(peers.SOURCES, "php/index.php")
        return "".join(f"        {line}" for line in lines) + (
            f'        fastcgi_param SCRIPT_FILENAME "{script}";\n'
        )
