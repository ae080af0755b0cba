#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon is killed again and again while it writes its history.

By default ten times; killhistory.py --kills=N for more."""

import contextlib
import json
import os
import random
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import redis
import tap

kills = next((int(word.split("=")[1]) for word in sys.argv if word.startswith("--kills=")), 10)
sys.argv = [word for word in sys.argv if not word.startswith("--kills=")]
seed = int(os.environ.get("CAMWARDEN_SEED", random.randrange(2 ** 31)))
KINDS = {"fault", "evidence", "cured", "given-up", "alert", "alert-over", "start", "configuration"}


class Ear(threading.Thread):
    """Notes every event on Redis, until the server goes."""

    def __init__(self, port):
        super().__init__()
        self.heard, self.stop = [], False
        self.client = redis.Redis(port=port, socket_timeout=5)
        self.reader = self.client.pubsub(ignore_subscribe_messages=True)
        self.reader.psubscribe("cam:*:event")
        self.reader.subscribe("cam:event")
        self.start()

    def run(self):
        with contextlib.suppress(redis.RedisError, OSError, ValueError):
            while not self.stop:
                message = self.reader.get_message(timeout=0.05)
                if message:
                    self.heard.append(json.loads(message["data"]))

    def finish(self):
        self.stop = True
        self.join()
        self.client.close()


def rows(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as base:
        return base.execute(sql).fetchall()


def trouble(run, chance, until):
    """A worker dies now and then, and the configuration is read, so that there is much to keep."""
    while time.monotonic() < until:
        for pid in run.workers():
            if chance.random() < 0.5:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, daemonrun.signal.SIGKILL)
        run.process.send_signal(daemonrun.signal.SIGHUP)
        time.sleep(chance.uniform(0.02, 0.2))


def test_killed_while_writing():
    tap.diagnose(f"CAMWARDEN_SEED={seed}, {kills} kills")
    chance = random.Random(seed)
    source = {"source": "videotestsrc is-live=true", "width": "160", "height": "120",
              "framerate": "10"}
    groups = {"alerts": {"min-duration": "0", "min-interval": "0"}}
    told, ids, samples = [], 0, 0
    with daemonrun.Daemon(cameras={"front": source, "back": source}, groups=groups) as run:
        path = run.directory / "state" / "camwarden" / "history.sqlite"
        for number in range(kills):
            daemonrun.wait_until("this daemon talks to Redis", lambda number=number:
                                 run.log_text().count("connected to Redis") > number)
            ear = Ear(run.redis_port())
            trouble(run, chance, time.monotonic() + chance.uniform(0.5, 2))
            run.kill()
            time.sleep(0.3)  # what was told is underway to us, through a server that lives on
            ear.finish()
            told += [one for one in ear.heard if one["event"] in KINDS]
            tap.equal(rows(path, "PRAGMA integrity_check"), [("ok",)])
            kept = rows(path, "SELECT id FROM event ORDER BY id")
            assert kept[-1][0] > ids, "ids rise over restarts"
            ids = kept[-1][0]
            run.start()
        daemonrun.wait_until("the last daemon talks to Redis", lambda:
                             run.log_text().count("connected to Redis") > kills)
        code, _ = run.stop()
        tap.equal(code, 0)
        tap.equal([name for name in os.listdir(path.parent) if "corrupt" in name], [])
        kept = {json.dumps(json.loads(text), sort_keys=True)
                for (text,) in rows(path, "SELECT json FROM event")}
        lost = [one for one in told if json.dumps(one, sort_keys=True) not in kept]
        tap.diagnose(f"{len(told)} events told, {len(kept)} kept, {len(lost)} lost")
        assert len(told) >= kills, "there was something to lose"
        tap.equal(lost, [])
        numbers = [number for (number,) in rows(path, "SELECT id FROM event")]
        tap.equal(len(numbers), len(set(numbers)))
        samples = rows(path, "SELECT count(*) FROM sample")[0][0]
        assert samples >= 1, "what is measured is written at a stop"


tap.main(globals())
