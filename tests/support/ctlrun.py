# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl, and a small HTTP server in the daemon's place that says what a test wants it to say:
a dictionary from paths to bodies, or (status, body); a function that gets the request and gives one
of these, or None when it has answered by itself.

    with serving({"/api/status": {}}) as (server, place):
        code, out, err = ctl(*place, "status")
"""

import contextlib
import http.server
import json
import os
import pathlib
import pty
import select
import socketserver
import subprocess
import tempfile
import threading
import time

CTL = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"]) / "app/ctl/camwardenctl"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    body = ""

    def do_GET(self):
        self.body = ""
        self.reply()

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(length).decode()
        self.reply()

    def reply(self):
        self.server.seen.append((self.path, dict(self.headers)))
        self.server.posted.append((self.command, self.path, self.body))
        answer = self.server.answers
        answer = answer(self) if callable(answer) else answer.get(self.path)
        if answer is None:
            return
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/api/elsewhere")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Quiet(socketserver.ThreadingMixIn):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client may go whenever it likes."""


class UnixServer(Quiet, socketserver.UnixStreamServer):
    pass


class TcpServer(Quiet, socketserver.TCPServer):
    pass


@contextlib.contextmanager
def serving(answers, tcp=False):
    """The server and the options that lead to it."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/http.sock"
        server = TcpServer(("127.0.0.1", 0), Handler) if tcp else UnixServer(path, Handler)
        server.answers, server.seen, server.posted = answers, [], []
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()
        try:
            if tcp:
                yield server, ["--url", f"http://127.0.0.1:{server.server_address[1]}"]
            else:
                yield server, ["--socket", path]
        finally:
            server.shutdown()
            server.server_close()


def environment(**changes):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "CAMWARDEN_CONFIG": "/dev/null", **changes}
    for name in ("NO_COLOR", "CAMWARDEN_REDIS_URI", "CAMWARDEN_LISTEN", "http_proxy"):
        if name not in changes:
            env.pop(name, None)
    return env


def ctl(*words, **changes):
    done = subprocess.run([CTL, *words], capture_output=True, env=environment(**changes),
                          timeout=60)
    assert done.returncode >= 0, f"ended by signal {-done.returncode}"
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def check_width(text):
    for line in text.splitlines():
        assert len(line) <= 80, f"{len(line)} columns: {line}"


def on_a_terminal(*words, typed=b"", **changes):
    """What it prints there, and its exit status; `typed` is what somebody types."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(CTL, [str(CTL), *words], environment(TERM="xterm", **changes))
    out, deadline = b"", time.monotonic() + 30
    if typed:
        os.write(fd, typed)
    while time.monotonic() < deadline and select.select([fd], [], [], 30)[0]:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        out += data
    os.close(fd)
    return out.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
