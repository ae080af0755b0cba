#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a worker does less of when it is told to, while it streams, and that it comes back."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cv2
import numpy
import tap
from gi.repository import GLib
from redisrun import RedisRun
from workerrun import Directory, Worker, config

PICTURE = "videotestsrc is-live=true pattern=smpte"
SMALL = "width=320\nheight=240\nframerate=30\nencode-when=always\n"
NOTHING = {"degrade_quality": ("u", 0), "degrade_rate": ("u", 1), "degrade_size": ("u", 1),
           "degrade_least": ("b", False), "degrade_store": ("b", False)}


def order(worker, **settings):
    values = dict(NOTHING, **settings)
    worker.apply(**{key: GLib.Variant(*value) for key, value in values.items()})


def shape(worker):
    picture = numpy.frombuffer(bytes(worker.call("Snapshot")), numpy.uint8)
    return cv2.imdecode(picture, cv2.IMREAD_COLOR).shape[:2]


def rates(worker, seconds=2.0):
    """Frames a second: out of the source, encoded, held back."""
    names = "frames", "encoded", "held-back"
    begin, before = time.monotonic(), worker.call("GetStats")
    time.sleep(seconds)
    after, took = worker.call("GetStats"), time.monotonic() - begin
    return [(after[name] - before[name]) / took for name in names]


def same(size, before):
    """Of JPEGs of the same picture, a corner of which is noise."""
    assert abs(size - before) < before / 20, (size, before)


def check_sums(worker):
    stats = worker.call("GetStats")
    tap.equal(stats["frames"] - stats["encoded"] - stats["held-back"] in (-1, 0, 1), True,
              f"always encoding: a frame is encoded or held back: {stats}")


def health(worker, since):
    worker.wait("health is told", lambda: len(worker.health) > since + 1)
    return worker.health[-1]


def test_steps_and_back():
    with Directory() as place, Worker(place, config(place, PICTURE, SMALL)) as worker:
        worker.wait_streaming()
        worker.wait("the rate is known", lambda: worker.health and worker.health[-1]["fps"] > 25)
        fine = len(worker.call("Snapshot"))
        order(worker, degrade_quality=("u", 60))
        assert len(worker.call("Snapshot")) < fine
        order(worker, degrade_quality=("u", 60), degrade_rate=("u", 2))
        frames, encoded, held = rates(worker)
        assert abs(encoded - frames / 2) < 2 and abs(held - frames / 2) < 2, (frames, encoded, held)
        order(worker, degrade_rate=("u", 2), degrade_size=("u", 2))
        worker.wait("the picture is half as wide", lambda: shape(worker) == (120, 160))
        order(worker, degrade_rate=("u", 2), degrade_size=("u", 2), degrade_least=("b", True))
        frames, encoded, held = rates(worker, 4)
        assert frames > 25 and 0.7 <= encoded <= 1.6, (frames, encoded, held)
        told = health(worker, len(worker.health))
        tap.equal(told["degraded"], "one frame a second, half the size")
        tap.equal(told["state"], "streaming")
        assert told["fps"] > 25, "the probe sees the source's rate"
        check_sums(worker)
        order(worker)
        worker.wait("the picture has its size again", lambda: shape(worker) == (240, 320))
        same(len(worker.call("Snapshot")), fine)
        frames, encoded, held = rates(worker)
        assert held == 0 and encoded > 25, (frames, encoded, held)
        tap.equal(health(worker, len(worker.health))["degraded"], "")
        tap.equal(worker.faults, [], "doing less is no fault")


def test_a_new_pipeline_does_no_more():
    with Directory() as place, Worker(place, config(place, PICTURE, SMALL)) as worker:
        worker.wait_streaming()
        worker.apply(quality=GLib.Variant("i", 70))
        order(worker, degrade_quality=("u", 50), degrade_size=("u", 2))
        worker.wait("the picture is smaller", lambda: shape(worker) == (120, 160))
        coarse = len(worker.call("Snapshot"))
        worker.call("RebuildPipeline", seconds=10)
        worker.wait("frames come again", lambda: worker.health and worker.health[-1]["frames"] > 0)
        worker.wait("the picture is as small", lambda: shape(worker) == (120, 160))
        same(len(worker.call("Snapshot")), coarse)


def test_a_camera_that_gives_jpeg():
    source = PICTURE + " ! video/x-raw,width=320,height=240,framerate=30/1 ! jpegenc"
    with Directory() as place, Worker(place, config(place, source, SMALL)) as worker:
        worker.wait_streaming()
        order(worker, degrade_quality=("u", 50), degrade_size=("u", 2), degrade_rate=("u", 2))
        frames, encoded, _ = rates(worker)
        assert abs(encoded - frames / 2) < 2, (frames, encoded)
        tap.equal(shape(worker), (240, 320))
        tap.equal(health(worker, len(worker.health))["degraded"],
                  "half the frame rate, the camera's own JPEG keeps its quality and size")


def test_nothing_is_stored():
    keys = SMALL + "store=true\nstore-interval=0\nstore-keep-free=0\n"
    with RedisRun() as server, Directory() as place, \
            Worker(place, config(place, PICTURE, keys, server.uri)) as worker:
        def store():
            return worker.call("GetStats")["store"]
        worker.wait("frames are stored", lambda: worker.call("GetStats").get("store", {})
                    .get("stored", 0) > 10)
        order(worker, degrade_store=("b", True))
        worker.wait("what was queued is stored", lambda: store()["queued"] == 0)
        stored, published = store()["stored"], worker.call("GetStats")["redis"]["published"]
        time.sleep(1)
        tap.equal(store()["stored"], stored, "stored while it is held")
        assert store()["dropped-held"] >= 20, store()
        assert worker.call("GetStats")["redis"]["published"] > published + 20, "publishing goes on"
        tap.equal(health(worker, len(worker.health))["store-paused"], "protection")
        order(worker)
        worker.wait("frames are stored again", lambda: store()["stored"] > stored + 5, 3)
        tap.equal(health(worker, len(worker.health))["store-paused"], "")


tap.main(globals())
