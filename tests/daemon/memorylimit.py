#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon, its workers and its Redis in a control group that may use 400 MiB: an emergency is
seen in time, and when memory runs out the kernel ends a worker, never the daemon."""

import contextlib
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import tap
from daemonrun import wait_until

LIMIT = 400 << 20
CAMERA = {"source": "videotestsrc is-live=true", "width": 320, "height": 240, "framerate": 20,
          "encode-when": "always"}
HOG = "import sys, time; take = bytearray(int(sys.argv[1])); take[::4096] = b'x' * len(take[::4096]); time.sleep(60)"


class Group:
    """A memory group below this process's own, of either hierarchy."""

    def __init__(self):
        lines = pathlib.Path("/proc/self/cgroup").read_text().splitlines()
        rows = [line.split(":", 2) for line in lines]
        old = next((path for _, names, path in rows if names == "memory"), None)
        new = next((path for number, _, path in rows if number == "0"), None)
        if old is not None:
            top, self.names = "/sys/fs/cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            top, self.names = "/sys/fs/cgroup", ("memory.max", "memory.current")
        path = old if old is not None else new or "/"
        self.above = pathlib.Path(top + path)
        if not self.above.is_dir():  # the path is the host's
            self.above = pathlib.Path(top)
        self.path = self.above / f"camwarden-test-{os.getpid()}"
        try:
            self.path.mkdir()
            (self.path / self.names[0]).write_text(str(LIMIT))
        except OSError as error:
            with contextlib.suppress(OSError):
                self.path.rmdir()
            raise tap.Skip(f"no memory group of our own: {error}") from None

    def used(self):
        return int((self.path / self.names[1]).read_text())

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def leave(self):
        (self.above / "cgroup.procs").write_text(str(os.getpid()))

    @contextlib.contextmanager
    def inside(self):
        """What is started in here belongs to it."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    def remove(self):
        wait_until("the group is empty",
                   lambda: not (self.path / "cgroup.procs").read_text().strip())
        self.path.rmdir()


@contextlib.contextmanager
def running(camera):
    group = Group()
    try:
        daemon = daemonrun.Daemon({"front": camera},
                                  {"recovery": {"degrade": "true"}})
        with contextlib.ExitStack() as stack:
            with group.inside():
                stack.enter_context(daemon)
            yield group, daemon
    finally:
        group.remove()


def score(pid):
    return int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())


def test_an_emergency_within_five_seconds():
    with running(CAMERA) as (group, daemon):
        daemon.wait_frames(count=5)
        (worker,), (server,) = daemon.workers("front"), daemon.redis_pids()
        own = score(daemon.pid)
        tap.equal((score(worker), score(server), own), (300, 100, own))
        assert own < 100, own
        with group.inside():
            size = int(LIMIT * 0.965) - group.used()
            hog = subprocess.Popen([sys.executable, "-c", HOG, str(size)])
        begin = time.monotonic()
        try:
            wait_until("memory is gone", lambda: group.used() > LIMIT * 0.95, 20)
            begin = time.monotonic()
            wait_until("the emergency is told", lambda: "emergency: memory" in daemon.log_text(), 20)
            took = time.monotonic() - begin
            tap.diagnose(f"an emergency {took:.1f} s after {group.used() >> 20} of "
                         f"{LIMIT >> 20} MiB were used")
            assert took <= 5, f"{took:.1f} s"
            tap.equal(daemon.workers("front"), [worker])
        finally:
            hog.kill()
            hog.wait()
        daemon.wait_frames(count=5)


def test_the_daemon_is_not_the_victim():
    with running({**CAMERA, "source": "faultysrc is-live=true leak=3000000"}) as (_, daemon):
        daemon.wait_frames(count=5)
        (worker,), (server,) = daemon.workers("front"), daemon.redis_pids()
        wait_until("the worker is ended", lambda: "signal 9" in daemon.log_text(), 60)
        wait_until("the next one runs", lambda: daemon.workers("front") not in ([], [worker]))
        daemon.wait_frames(count=5)
        tap.equal(daemon.process.poll(), None, "the daemon lives")
        tap.equal(daemon.redis_pids(), [server], "so does its Redis")


tap.main(globals())
