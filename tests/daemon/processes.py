#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon sees in processes over time, and does about it: memory that grows, a worker that
stands still, bytes written, a Redis that is full or has slow readers. All processes are real."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import redisrun
import tap
from daemonrun import wait_until

PICTURE = "videotestsrc is-live=true"
CAMERA = {"source": PICTURE, "width": 160, "height": 120, "framerate": 20,
          "encode-when": "always"}
# Some step of doing less is taken at any load: the machine is then looked at each 2 s.
QUICK = {"recovery": {"degrade": "true", "degrade-step-up": "1h", "emergency-after": "1h"},
         "thresholds": {"memory": "0%;100%"}}


def groups(**more):
    return {name: {**QUICK.get(name, {}), **more.get(name, {})} for name in {**QUICK, **more}}


def api(daemon, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{daemon.http_port}{path}", timeout=10) as answer:
        return json.loads(answer.read())


def issues(daemon, code):
    """What the page shows, as soon as there is one."""
    try:
        api(daemon, "/api/status")
    except urllib.error.URLError:
        return []
    return [issue for issue in api(daemon, "/api/health/summary")["issues"]
            if issue["code"] == code]


def events(daemon, kind, code):
    return [event for event in api(daemon, "/api/events?limit=1000")["events"]
            if (event["kind"], event["code"]) == (kind, code)]


def wait_issue(daemon, code, seconds=30):
    return wait_until(f"the finding {code}", lambda: issues(daemon, code), seconds, 0.2)[0]


def wait_gone(daemon, code, seconds=30):
    wait_until(f"the end of {code}", lambda: not issues(daemon, code), seconds, 0.2)


def test_a_worker_that_grows_is_replaced_when_nobody_looks():
    store = pathlib.Path
    camera = {**CAMERA, "source": "faultysrc is-live=true leak=131072",
              "store": "true", "store-interval": 0, "store-keep-free": 0}
    with daemonrun.Daemon(
            {"front": camera},
            groups(recovery={"worker-recycle": "true"}, alerts={"min-duration": "1s"},
                   thresholds={"memory-growth-after": "12s"})) as daemon:
        store = daemon.directory / "state" / "camwarden"
        with daemon.subscribed() as frames:
            (pid,) = wait_until("the worker runs", lambda: daemon.workers("front"))

            def grown():
                for _ in range(20):
                    next(frames)
                return issues(daemon, "memory-growth")
            (issue,) = wait_until("its growth is told", grown, 90)
            tap.diagnose(issue["message"])
            tap.equal((issue["part"], issue["severity"]), ("camera/front", "warning"))
            # Somebody reads: it stays, and there is an alert.
            end = time.monotonic() + 4
            while time.monotonic() < end:
                next(frames)
            tap.equal(daemon.workers("front"), [pid])
            alerts = [one for one in api(daemon, "/api/alerts") if one["type"] == "memory-growth"]
            tap.equal(len(alerts), 1, "alerts")
        (event,) = wait_until("it is replaced",
                              lambda: events(daemon, "order", "worker-recycle"), 20, 0.2)
        assert "front" in event["message"], event
        (new,) = wait_until("the next one runs", lambda: [one for one in daemon.workers("front")
                                                          if one != pid])
        wait_gone(daemon, "memory-growth")
        wait_until("it stores", lambda: api(daemon, "/api/cameras/front")["stored"] > 20)
        told = api(daemon, "/api/cameras/front")
        tap.equal((told["recycles"], told["restarts"], told["consecutive_failures"]), (1, 0, 0))
        tap.equal(told["recovery"]["restarts"]["worker"], 0)
        assert events(daemon, "fault", "worker/signal") == [] and told["worker"]["pid"] == new
        times = sorted(path.stat().st_mtime for path in store.rglob("front_*.jpg"))
        gap = max(b - a for a, b in zip(times, times[1:]))
        tap.diagnose(f"the longest gap in the store: {gap:.2f} s")
        assert gap < 2, gap


def test_a_worker_that_stands_still():
    with daemonrun.Daemon({"front": CAMERA}) as daemon:
        daemon.wait_frames(count=5)
        (pid,) = daemon.workers("front")
        begin = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        wait_until("the next worker runs", lambda: daemon.workers("front") not in ([], [pid]))
        daemon.wait_frames(count=5)
        tap.diagnose(f"frames again {time.monotonic() - begin:.1f} s after it stood still")
        (fault,) = wait_until("the fault is told", lambda: events(daemon, "fault", "hang"))
        tap.equal(fault["camera"], "front")


def test_bytes_written():
    camera = {**CAMERA, "store": "true", "store-interval": 0, "store-keep-free": 0}
    with daemonrun.Daemon({"front": camera},
                          groups(thresholds={"disk-writes": "1MiB"},
                                 alerts={"min-duration": "1s"})) as daemon:
        issue = wait_issue(daemon, "disk-wear", 40)
        tap.diagnose(issue["message"])
        tap.equal(issue["severity"], "warning")
        assert "camera:front wrote" in issue["message"], issue
        (alert,) = wait_until("the alert", lambda: [one for one in api(daemon, "/api/alerts")
                                                    if one["type"] == "disk-wear"])
        assert alert["value"] > alert["threshold"] == 1 << 20, alert
        # The most that is allowed is raised: it goes.
        daemon.groups["thresholds"]["disk-writes"] = "1TiB"
        daemon.write_config()
        daemon.process.send_signal(signal.SIGHUP)
        wait_gone(daemon, "disk-wear")


@contextlib.contextmanager
def with_redis():
    with redisrun.RedisRun() as server, \
            daemonrun.WithRedis(server, {"front": CAMERA}, groups()) as daemon:
        daemon.wait_frames(count=5)
        yield server.client, daemon


def test_a_full_redis():
    with with_redis() as (client, daemon):
        used = client.info("memory")["used_memory"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", used + (8 << 20))
        for i in range(120):
            client.set(f"filler:{i}", bytes(100_000))
        full = wait_issue(daemon, "redis-memory", 70)
        tap.diagnose(full["message"])
        assert "MiB of" in full["message"], full
        for i in range(120, 180):
            client.set(f"filler:{i}", bytes(100_000))
        thrown = wait_issue(daemon, "redis-evicting", 70)
        tap.diagnose(thrown["message"])
        count = client.info("stats")["evicted_keys"]
        assert 0 < count and "keys" in thrown["message"], thrown
        assert "maxmemory" in full["message"] and "maxmemory" in thrown["message"], "what to do"
        client.config_set("maxmemory", 0)
        wait_gone(daemon, "redis-memory", 70)
        daemon.wait_frames(count=5)


def test_readers_that_do_not_read():
    """Of the private server: its log tells who was cut off, INFO only from 7.2 on."""
    channel = "cam:front:frame"
    with daemonrun.Daemon({"front": CAMERA}, groups()) as daemon:
        daemon.wait_frames(count=5)
        password = (daemon.runtime / "redis.password").read_text().strip()
        with socket.create_connection(("127.0.0.1", daemon.redis_port())) as slow, \
                daemon.redis(username="camwarden-worker", password=password) as client:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(f"SUBSCRIBE {channel}\r\n".encode())
            time.sleep(0.5)
            for _ in range(24):
                client.publish(channel, bytes(1 << 20))
            behind = wait_issue(daemon, "redis-slow-reader", 70)
            tap.diagnose(behind["message"])
            assert "MiB behind" in behind["message"], behind
            for _ in range(60):
                client.publish(channel, bytes(1 << 20))
            cut = wait_issue(daemon, "redis-reader-cut", 70)
            tap.diagnose(cut["message"])
            assert "client-output-buffer-limit" in cut["message"], cut
        daemon.wait_frames(count=5)


tap.main(globals())
