#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a worker makes of its sources, of their faults, and of a wrong configuration."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import cv2
import numpy
import tap
from redisrun import RedisRun
from workerrun import Directory, Worker, config

SMALL = "width=320\nheight=240\nframerate=30\n"
PICTURE = "videotestsrc is-live=true"


def make_video(path, frames=15, rate=30, size=(320, 240)):
    """An MJPEG file: what a camera that encodes by itself looks like."""
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"MJPG"), rate, size)
    noise = numpy.random.default_rng(1)
    for _ in range(frames):
        writer.write(noise.integers(0, 255, (size[1], size[0], 3), numpy.uint8))
    writer.release()


def fails(place, file, code, words, camera="front", environment=None):
    with Worker(place, file, camera, link=False, environment=environment) as worker:
        tap.equal(worker.exit_code(), code, worker.text())
        for word in words:
            assert word in worker.text(), f"{word} not in: {worker.text()}"


def test_wrong_configuration():
    with Directory() as place:
        fails(place, config(place, PICTURE), 78, ["back", "front"], camera="back")
        fails(place, config(place, "nosuchsrc ! identity"), 78, ["front", "source", "nosuchsrc"])
        fails(place, config(place, "fakesink"), 78, ["front", "source"])
        fails(place, config(place, PICTURE, "encoder=nosuchenc"), 78, ["front", "encoder",
                                                                       "nosuchenc"])
        fails(place, config(place, PICTURE, "wdith=3"), 78, ["wdith", "width"])
        bare = place.environment(GST_PLUGIN_PATH_1_0=place.path,
                                 GST_REGISTRY_1_0=place.path + "/registry")
        fails(place, config(place, PICTURE), 78, ["missing", "GST_PLUGIN_PATH"], environment=bare)
        with Worker(place, config(place, PICTURE), link=False, arguments=["--no-such"]) as worker:
            tap.equal(worker.exit_code(), 64)


def test_test_picture():
    # No device on the machine is a camera that a test may open.
    bare = {"GST_PLUGIN_FEATURE_RANK": "v4l2deviceprovider:NONE,libcameraprovider:NONE"}
    if os.path.exists("/dev/video0"):
        raise tap.Skip("there is a camera")
    with Directory() as place, \
            Worker(place, config(place, "auto", SMALL), environment=place.environment(**bare)) \
            as worker:
        worker.wait_streaming()
        assert "no camera found: test picture" in worker.text(), worker.text()
        worker.wait("health comes", lambda: worker.health)
        tap.equal(worker.health[-1]["source"], "test picture")


def test_formats():
    for given, rule in (("YUY2", "format=(string)YUY2"), ("NV12", "format=(string)NV12"),
                        ("{ RGB, NV12 }", "format=(string)NV12"),
                        ("{ YUY2, GRAY8, I420 }", "format=(string)I420"), ("BGR", "BGR")):
        with Directory() as place, \
                Worker(place, config(place, f"{PICTURE} ! video/x-raw,format={given}", SMALL)) \
                as worker:
            worker.wait_streaming()
            worker.wait("health comes", lambda: worker.health)
            assert rule in worker.health[-1]["caps"], (given, worker.health[-1]["caps"])
            assert len(worker.call("Snapshot")) > 500


def test_another_size_than_asked_for():
    source = PICTURE + " ! video/x-raw,width=160,height=120,framerate=60/1"
    with Directory() as place, \
            Worker(place, config(place, source, SMALL + "encode-when=always")) as worker:
        worker.wait_streaming()
        assert "160x120 instead of 320x240" in worker.text(), worker.text()
        first = worker.call("GetStats")
        time.sleep(2)
        last = worker.call("GetStats")
        rate = (last["encoded"] - first["encoded"]) / 2
        assert 22 <= rate <= 38, rate


def test_jpeg_file_in_a_loop():
    with RedisRun() as server, Directory() as place:
        path = place.path + "/street.avi"
        make_video(path)
        source = f"filesrc location={path} ! avidemux"
        with Worker(place, config(place, source, "encode-when=always", server.uri)) as worker:
            with server.client.pubsub() as reader:
                reader.subscribe("cam:front:frame")
                times, deadline = [], time.monotonic() + 15
                while len(times) < 45 and time.monotonic() < deadline:
                    message = reader.get_message(timeout=1)
                    if message and message["type"] == "message":
                        times.append(time.monotonic())
            tap.equal(len(times), 45, worker.text())
            # Three times through the file, at its own pace.
            assert 1.0 < times[-1] - times[0] < 6, times[-1] - times[0]
            worker.wait("health comes", lambda: worker.health)
            tap.equal(worker.health[-1]["passthrough"], True)
            picture = cv2.imdecode(numpy.frombuffer(bytes(worker.call("Snapshot")), numpy.uint8),
                                   cv2.IMREAD_COLOR)
            tap.equal(picture.shape, (240, 320, 3))
            worker.stop()
            tap.equal(worker.exit_code(4), 0)


def moves_on(worker, seconds=4):
    frames = worker.progress()
    worker.wait("frames come again", lambda: worker.progress() > frames + 5, seconds)


def test_stamped_by_the_clock():
    # Not live, and its stamps are the clock's time: nothing is to be waited for, least of all the
    # time since the machine's start, or as long again as the worker has run.
    source = "videotestsrc do-timestamp=true ! identity sleep-time=20000"
    for _ in range(3):
        with Directory() as place, Worker(place, config(place, source, SMALL)) as worker:
            worker.wait_streaming()
            moves_on(worker)
    with Directory() as place, Worker(place, config(place, source, SMALL)) as worker:
        worker.wait_streaming()
        time.sleep(6)
        worker.call("RestartSource", seconds=10)
        moves_on(worker)


def test_stamps_of_another_time():
    two_hours = 2 * 3600 * 10 ** 9
    with Directory() as place, \
            Worker(place, config(place, f"videotestsrc timestamp-offset={two_hours}", SMALL)) \
            as worker:
        worker.wait_streaming()
        moves_on(worker)
        # At its own pace all the same.
        rates = []
        while len(rates) < 4 and not any(25 <= rate <= 35 for rate in rates):
            first, begin = worker.progress(), time.monotonic()
            time.sleep(2)
            rates.append((worker.progress() - first) / (time.monotonic() - begin))
        assert 25 <= rates[-1] <= 35, rates


def test_by_hand_a_fault_is_the_end():
    with Directory() as place:
        fails(place, config(place, "faultysrc mode=error at-frame=20", SMALL), 75,
              ["source/resource-read"])
        fails(place, config(place, "faultysrc mode=nodevice", SMALL), 75,
              ["source/resource-not-found"])
        fails(place, config(place, PICTURE + " num-buffers=0", SMALL), 75, ["source/eos"])


def test_stall():
    keys = SMALL + "stall-timeout=500ms"
    with Directory() as place, \
            Worker(place, config(place, "faultysrc mode=stall at-frame=20", keys)) as worker:
        worker.wait("the stall is told", lambda: worker.faults)
        tap.equal(worker.faults[0][2:4], ("source", "stall"))
        frames = worker.progress()
        worker.call("RestartSource", seconds=10)
        worker.wait("frames come again", lambda: worker.progress() > frames)


def test_hang():
    # The loop answers while the driver holds the state thread, then the process gives up.
    with Directory() as place, \
            Worker(place, config(place, "faultysrc mode=hang at-frame=20", SMALL)) as worker:
        worker.wait("it hangs", lambda: worker.progress() >= 20)
        worker.connection.call(None, "/org/camwarden/Camera", "org.camwarden.Camera1",
                               "RestartSource", None, None, 0, 20000, None, None)
        worker.wait("pings are answered", lambda: worker.progress() >= 20)
        tap.equal(worker.exit_code(), 75)
        assert ("pipeline", "state-change-hang") in [f[2:4] for f in worker.faults], worker.faults


tap.main(globals())
