#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker's orders, over its link."""

import glob
import json
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cv2
import numpy
import tap
from gi.repository import GLib
from redisrun import RedisRun
from workerrun import Directory, Worker, config

PICTURE = "videotestsrc is-live=true pattern=ball"
SMALL = "width=320\nheight=240\nframerate=30\n"


def decode(jpeg):
    return cv2.imdecode(numpy.frombuffer(bytes(jpeg), numpy.uint8), cv2.IMREAD_COLOR)


def expect_error(call, word):
    try:
        call()
    except GLib.Error as error:
        assert word in error.message, error.message
        return
    raise AssertionError(f"no error naming {word}")


def header(payload):
    assert payload[:4] == b"\xff\xd8\xff\xfe", payload[:8]
    return json.loads(payload[6:4 + int.from_bytes(payload[4:6], "big")])


def test_pictures_without_redis():
    with Directory() as place, Worker(place, config(place, PICTURE, SMALL)) as worker:
        worker.wait_streaming()
        tap.equal(decode(worker.call("Snapshot")).shape, (240, 320, 3))
        result = worker.call("Test")
        tap.equal((result["success"], result["width"], result["height"]), (True, 320, 240))
        assert result["size"] > 500 and "luma-mean" in result, result
        first = worker.progress()
        worker.wait("frames go on", lambda: worker.progress() > first + 10)
        worker.wait("health comes", lambda: worker.health and worker.health[-1]["fps"] > 20)
        health = worker.health[-1]
        tap.equal((health["state"], health["width"], health["passthrough"]),
                  ("streaming", 320, False))
        assert health["rss-bytes"] > 1 << 20, health
        assert "redissink" in worker.call("DumpGraph")
        assert worker.call("GetStats")["redis"]["published"] == 0


def test_waits_of_the_sinks():
    """What [recovery] says of Redis and of the disk reaches their elements."""
    with Directory() as place:
        numbers = ("[recovery]\nredis-backoff=123ms\nredis-backoff-max=4567ms\n"
                   "storage-backoff=234ms\nstorage-backoff-max=5678ms\n")
        file = config(place, PICTURE, SMALL + "store=true\n")
        with open(file, "a", encoding="utf-8") as text:
            text.write(numbers)
        with Worker(place, file) as worker:
            worker.wait_streaming()

            def waits(element):
                (label,) = [line for line in worker.call("DumpGraph").splitlines()
                            if f"Gst{element}" in line and "label=" in line]
                return [int(found) for found in
                        re.findall(r"retry-delay=(?:\(guint64\) )?(\d+)", label)]

            tap.equal(waits("RedisSink"), [123_000_000, 4_567_000_000])
            tap.equal(waits("FrameStoreSink"), [234_000_000, 5_678_000_000])
            worker.call("Apply", GLib.Variant("(a{sv})", ({
                "storage-backoff-max": GLib.Variant("x", 9_000_000)},)))
            tap.equal(waits("FrameStoreSink"), [234_000_000, 9_000_000_000])


def test_gate_follows_subscribers():
    with RedisRun() as server, Directory() as place, \
            Worker(place, config(place, PICTURE, SMALL, server.uri)) as worker:
        worker.wait("it is connected", lambda: worker.call("GetStats").get("redis", {})
                    .get("published", 0) > 0)
        before = worker.call("GetStats")
        time.sleep(2)
        after = worker.call("GetStats")
        assert after["encoded"] - before["encoded"] <= 4, (before, after)
        assert after["frames"] - before["frames"] > 40, (before, after)
        with server.client.pubsub() as reader:
            reader.psubscribe("cam:*:frame")
            frames = []
            deadline = time.monotonic() + 10
            while len(frames) < 20 and time.monotonic() < deadline:
                message = reader.get_message(timeout=1)
                if message and message["type"] == "pmessage":
                    frames.append(header(message["data"]))
        tap.equal(len(frames), 20)
        seqs = [frame["seq"] for frame in frames]
        tap.equal(seqs, list(range(seqs[0], seqs[0] + 20)))
        tap.equal(frames[0]["cam"], "front")

        def closed():
            first = worker.call("GetStats")["encoded"]
            time.sleep(1)
            return worker.call("GetStats")["encoded"] - first <= 3
        worker.wait("the gate closes", closed, 10)


def test_orders_while_streaming():
    with Directory() as place, Worker(place, config(place, PICTURE, SMALL)) as worker:
        worker.wait_streaming()
        worker.apply(quality=GLib.Variant("i", 20), preview=GLib.Variant("b", True),
                     frozen_after=GLib.Variant("x", 5000000))
        coarse = len(worker.call("Snapshot"))
        worker.apply(quality=GLib.Variant("i", 95))
        assert len(worker.call("Snapshot")) > coarse
        expect_error(lambda: worker.apply(wdith=GLib.Variant("i", 1)), "wdith")
        expect_error(lambda: worker.apply(dark_below=GLib.Variant("s", "x")), "dark-below")
        worker.apply(max_framerate=GLib.Variant("d", 10.0))
        first = worker.call("GetStats")["encoded"]
        time.sleep(2)
        rate = (worker.call("GetStats")["encoded"] - first) / 2
        assert 7 <= rate <= 13, rate
        frames = worker.progress()
        worker.call("RestartSource", seconds=10)
        worker.wait("frames come again", lambda: worker.progress() > frames + 5)
        frames = worker.progress()
        worker.call("RebuildPipeline", seconds=10)
        worker.wait("frames come again", lambda: worker.progress() > frames + 5)
        assert decode(worker.call("Snapshot")) is not None
        tap.equal(worker.faults, [])


def test_stop_stores_what_was_captured():
    keys = SMALL + "store=true\nstore-interval=0\nstore-keep-free=0\n"
    with RedisRun() as server, Directory() as place, \
            Worker(place, config(place, PICTURE, keys, server.uri)) as worker:
        worker.wait("frames are stored",
                    lambda: worker.call("GetStats").get("store", {}).get("stored", 0) > 10)
        before = worker.call("GetStats")["encoded"]
        worker.stop(2000)
        tap.equal(worker.exit_code(4), 0)
        files = glob.glob(place.path + "/frames/front/**/*.jpg", recursive=True)
        assert len(files) >= before, (len(files), before)
        assert not glob.glob(place.path + "/frames/front/**/.*.part", recursive=True)


def test_ends():
    with Directory() as place:
        file = config(place, PICTURE, SMALL)
        with Worker(place, file) as worker:
            worker.wait_streaming()
            worker.close_link()
            tap.equal(worker.exit_code(4), 0)
        for number in signal.SIGTERM, signal.SIGINT:
            with Worker(place, file) as worker:
                worker.wait_streaming()
                worker.process.send_signal(number)
                tap.equal(worker.exit_code(4), 0)


def test_one_worker_per_camera():
    with Directory() as place:
        file = config(place, PICTURE, SMALL)
        with Worker(place, file) as worker:
            worker.wait_streaming()
            with Worker(place, file, link=False) as second:
                tap.equal(second.exit_code(), 65)
                assert "another worker" in second.text(), second.text()
            worker.process.kill()
            worker.exit_code()
        with Worker(place, file) as worker:
            worker.wait_streaming()


tap.main(globals())
