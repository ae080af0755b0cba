#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that does not answer, below the state directory and all that is in it: history, the log of
reboots, the webhook's queue and token, the stored frames. The daemon answers, frames flow, and it
ends in time."""

import contextlib
import http.server
import json
import os
import pathlib
import sys
import threading
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import tap
from daemonrun import wait_until

SHIM = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"]) / "tests" / "support" / "libhungdisk.so"
PROMISED = 3.0  # seconds to end
CAMERA = {"source": "videotestsrc is-live=true", "width": 160, "height": 120, "framerate": 15,
          "encode-when": "always", "store": "true", "store-interval": 0, "store-keep-free": 0}


class Hooks(http.server.ThreadingHTTPServer):
    def __init__(self):
        self.tokens = []
        hooks = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                hooks.tokens.append(self.headers.get("Authorization"))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.daemon_threads = True
        threading.Thread(target=self.serve_forever, daemon=True).start()


@contextlib.contextmanager
def running():
    hooks = Hooks()
    daemon = daemonrun.Daemon(cameras={"front": CAMERA})
    state = daemon.directory / "state" / "camwarden"
    flag = daemon.directory / "hung"
    state.mkdir(parents=True)
    (state / "token").write_text("s3cret\n")
    daemon.groups["alerts"] = {"webhook": f"http://127.0.0.1:{hooks.server_port}/",
                               "webhook-token-file": state / "token"}
    daemon.groups["recovery"]["allow-reboot"] = "true"
    daemon.environment = {"LD_PRELOAD": str(SHIM), "HUNGDISK": str(flag)}
    daemon.write_config()

    def hang():
        part = daemon.directory / "part"
        part.write_text(str(state))
        part.rename(flag)

    try:
        with daemon:
            daemon.wait_frames(count=5)
            wait_until("frames are stored", lambda: len(list(state.rglob("front_*.jpg"))) > 5)
            try:
                yield daemon, hooks, hang, flag
            finally:
                flag.unlink(missing_ok=True)
    finally:
        hooks.shutdown()
        hooks.server_close()


def ask(daemon, path, body=None):
    """The answer, and how long it took."""
    begin = time.monotonic()
    request = urllib.request.Request(f"http://127.0.0.1:{daemon.http_port}{path}", data=body,
                                     headers={"Content-Type": "application/json"},
                                     method="POST" if body is not None else "GET")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read()), time.monotonic() - begin


def test_it_answers():
    with running() as (daemon, hooks, hang, flag):
        ask(daemon, "/api/alerts/test", b"{}")
        tap.equal(hooks.tokens, ["Bearer s3cret"])
        hang()
        begin, longest = time.monotonic(), 0
        tested = threading.Thread(target=ask, args=(daemon, "/api/alerts/test", b"{}"))
        tested.start()
        # Longer than the log of reboots is waited for.
        while time.monotonic() < begin + 8:
            for path in ("/api/status", "/api/health/summary", "/api/health"):
                longest = max(longest, ask(daemon, path)[1])
            time.sleep(0.2)
        tap.diagnose(f"the slowest answer took {longest:.2f} s")
        assert longest < 1, f"an answer took {longest:.1f} s"
        daemon.wait_frames(count=10, seconds=5)
        flag.unlink()
        tested.join(30)
        ask(daemon, "/api/alerts/test", b"{}")
        tap.equal(hooks.tokens[-1], "Bearer s3cret")
        files = len(list(daemon.directory.rglob("front_*.jpg")))
        wait_until("frames are stored again",
                   lambda: len(list(daemon.directory.rglob("front_*.jpg"))) > files + 5)


def test_it_ends_in_time():
    with running() as (daemon, _, hang, flag):
        hang()
        time.sleep(3.5)  # a status tick, and a store that is stuck
        code, took = daemon.stop(timeout=20)
        tap.diagnose(f"it ended within {took:.2f} s")
        tap.equal(code, 0)
        assert took <= PROMISED, f"it took {took:.2f} s"
        flag.unlink()


tap.main(globals())
