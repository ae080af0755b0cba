#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wall clock that jumps under the real daemon and a worker that stores: the stream goes on, no
frame is lost, overwritten or put out of order, and the jump is told. libfaketime moves the clock;
the files' own times stay true, since the kernel sets them."""

import contextlib
import glob
import json
import os
import pathlib
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import redisrun
import tap
from daemonrun import wait_until

SHIM = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
YEAR = 365 * 86400
CAMERA = {"source": "videotestsrc is-live=true", "width": 160, "height": 120, "framerate": 15,
          "encode-when": "always", "store": "true", "store-interval": 0, "store-keep-free": 0}


class Clock:
    def __init__(self, directory):
        self.file = pathlib.Path(directory) / "faketime"
        self.set(0)

    def set(self, offset):
        """Seconds against the true time."""
        part = self.file.with_name("faketime.part")
        part.write_text(f"{offset:+}\n")
        part.rename(self.file)

    def environment(self):
        return {"LD_PRELOAD": SHIM, "FAKETIME_TIMESTAMP_FILE": str(self.file),
                "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


@contextlib.contextmanager
def running(camera=None):
    if not SHIM:
        raise tap.Skip("libfaketime is not installed")
    # redis-server does not start below the shim.
    with redisrun.RedisRun() as server:
        daemon = daemonrun.WithRedis(server, {"front": {**CAMERA, **(camera or {})}})
        clock = Clock(daemon.directory)
        daemon.environment = clock.environment()
        with daemon:
            daemon.wait_frames(count=5)
            yield clock, daemon


def api(daemon, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http_port}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def status(daemon):
    with daemon.redis() as client:
        text = client.get("cam:front:status")
    return json.loads(text) if text else {}


def stored(daemon):
    """Names of all files, the folder included, in the order in which they were written."""
    root = daemon.directory / "state" / "camwarden"
    found = []
    for path in root.rglob("front_*.jpg"):
        found.append((path.stat().st_mtime_ns, str(path.relative_to(root))))
    return [name for _, name in sorted(found)]


def more(daemon, count=15):
    before = len(stored(daemon))
    wait_until(f"{count} more frames are stored", lambda: len(stored(daemon)) >= before + count,
               20, 0.2)
    return len(stored(daemon))


def jump(daemon, clock, offset, by):
    """How many files there were when it was seen."""
    clock.set(offset)
    before = len(stored(daemon))
    more(daemon)

    def told():
        return [event for event in api(daemon, "/api/events?limit=1000")["events"]
                if event["kind"] == "clock" and by in event["message"]]
    events = wait_until(f"the event says \"{by}\"", told, 30, 0.2)
    tap.equal((events[0]["code"], events[0]["severity"], events[0]["camera"]),
              ("clock-step", "info", None))
    return before


def test_set_back():
    with running() as (clock, daemon):
        pid = daemon.workers("front")
        more(daemon)
        jump(daemon, clock, -2.6, "back by 2.6 s")
        jump(daemon, clock, -3600, "back by 359")
        names = stored(daemon)
        tap.equal(names, sorted(names), "the order of the names is that of capture")
        # The next worker's run number is a random one.
        os.kill(pid[0], 9)
        wait_until("the next worker runs", lambda: daemon.workers("front") not in ([], pid))
        more(daemon)
        names = stored(daemon)
        tap.equal(names, sorted(names), "a new worker goes on behind the last one's names")
        jump(daemon, clock, 10, "forward by 361")
        names = stored(daemon)
        tap.equal(names, sorted(names), "and so it is when the clock is right again")
        told = wait_until("the status counts them", lambda: status(daemon).get("stored", 0) > 30
                          and status(daemon))
        tap.equal(told["restarts"]["source"], 0, "a clock is no fault of a camera")


def test_a_year_ahead_and_back():
    with running({"store-max-age": "10days"}) as (clock, daemon):
        ahead = more(daemon)
        jump(daemon, clock, YEAR, "forward by 31536")
        jump(daemon, clock, 0, "back by 31536")
        more(daemon)
        names = stored(daemon)
        this_year = time.strftime("/%Y/", time.gmtime())
        right = [name for name in names if this_year in "/" + name.partition("/")[2]]
        tap.equal(right, sorted(right), "what is named right is in order")
        tap.equal(names[:ahead], right[:ahead], "nothing of before is lost")
        assert len(names) - len(right) >= 15, "frames of the wrong year stay"
        assert names[-1] in right, "names follow the clock again"
        said = status(daemon)
        wait_until("all that was stored is there",
                   lambda: len(stored(daemon)) >= said["stored"], 5)


def test_no_clock_at_boot():
    with running() as (clock, daemon):
        more(daemon)
        daemon.stop()
        clock.set(100 - int(time.time()))
        daemon.start()
        more(daemon)
        jump(daemon, clock, 60, "forward by")
        names = stored(daemon)
        tap.equal(names, sorted(names), "frames of before the clock was set are in order")
        assert not [name for name in names if "/1970/" in name]


tap.main(globals())
