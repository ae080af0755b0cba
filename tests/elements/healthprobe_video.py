#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""healthprobe on a real street camera's video, as it is and spoilt.

The video (Debian's opencv-doc) is DivX: OpenCV decodes it, the probe sees raw frames at the ten a
second it was taken with, on a simulated clock."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap

import cv2
import gi
import numpy

gi.require_version("Gst", "1.0")
gi.require_version("GstCheck", "1.0")
from gi.repository import Gst, GstCheck

VIDEO = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
FPS = 10

Gst.init(None)
_random = numpy.random.default_rng(1)


def street(count=None):
    """Its frames in grey."""
    if not os.path.exists(VIDEO):
        raise tap.Skip(f"{VIDEO} is missing: install opencv-doc")
    video = cv2.VideoCapture(VIDEO)
    while count is None or count > 0:
        good, frame = video.read()
        if not good:
            break
        count = None if count is None else count - 1
        yield cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)


def small(count):
    """The same at half the size, where only the kind of picture matters."""
    for frame in street(count):
        yield cv2.resize(frame, (384, 288), interpolation=cv2.INTER_AREA)


def with_noise(frames, deviation):
    """The noise of a sensor: new in each frame."""
    field = None
    for frame in frames:
        if field is None:
            shape = frame.shape[0] * 2, frame.shape[1] * 2
            field = numpy.rint(_random.normal(0, deviation, shape)).astype(numpy.int16)
        y, x = _random.integers(frame.shape[0]), _random.integers(frame.shape[1])
        part = field[y:y + frame.shape[0], x:x + frame.shape[1]]
        yield numpy.clip(part + frame, 0, 255).astype(numpy.uint8)


class Probe:
    def __init__(self):
        self.pipeline = Gst.Pipeline()
        self.clock = GstCheck.TestClock()
        self.probe = Gst.ElementFactory.make("healthprobe")
        self.probe.set_property("clock", self.clock)
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("async", False)
        self.pipeline.add(self.probe)
        self.pipeline.add(sink)
        self.probe.link(sink)
        self.pad = Gst.Pad.new("src", Gst.PadDirection.SRC)
        self.pad.link(self.probe.get_static_pad("sink"))
        self.pipeline.set_state(Gst.State.PLAYING)
        self.pad.set_active(True)
        self.pad.push_event(Gst.Event.new_stream_start("street"))
        self.shape = None
        self.index = 0

    def start(self, shape):
        self.shape = shape
        caps = Gst.Caps.from_string(f"video/x-raw,format=GRAY8,width={shape[1]},"
                                    f"height={shape[0]},framerate={FPS}/1")
        segment = Gst.Segment()
        segment.init(Gst.Format.TIME)
        self.pad.push_event(Gst.Event.new_caps(caps))
        self.pad.push_event(Gst.Event.new_segment(segment))

    def push(self, frame):
        if frame.shape != self.shape:
            self.start(frame.shape)
        self.clock.advance_time(Gst.SECOND // FPS)
        buffer = Gst.Buffer.new_wrapped(numpy.ascontiguousarray(frame).tobytes())
        buffer.pts = self.index * Gst.SECOND // FPS
        self.index += 1
        assert self.pad.push(buffer) == Gst.FlowReturn.OK

    def finish(self):
        bus = self.pipeline.get_bus()
        verdicts = []
        while message := bus.pop():
            fields = message.get_structure()
            if fields and fields.get_name() == "healthprobe" and fields.get_value("change"):
                verdicts.append(fields.get_value("verdict"))
        stats = self.probe.get_property("stats")
        self.pipeline.set_state(Gst.State.NULL)
        return verdicts, stats


def verdicts_on(frames):
    probe = Probe()
    for frame in frames:
        probe.push(frame)
    verdicts, stats = probe.finish()
    tap.diagnose(", ".join(f"{name} {stats.get_value(name):.1f}" for name in
                           ("luma-mean", "luma-deviation", "sharpness", "difference")))
    return verdicts


def shaded(frames, factor, base):
    for frame in frames:
        yield (frame * factor + base).astype(numpy.uint8)


def test_street_is_ok():
    tap.equal(verdicts_on(street()), ["ok"])


def test_street_small_and_large_is_ok():
    for size in (320, 240), (1280, 720):
        frames = (cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in street(120))
        tap.equal(verdicts_on(frames), ["ok"], f"{size}")


def test_street_in_jpeg_artefacts_is_ok():
    def coarse():
        for frame in street(120):
            _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 15])
            yield cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    tap.equal(verdicts_on(coarse()), ["ok"])


def test_fog_is_ok():
    tap.equal(verdicts_on(with_noise(shaded(small(120), 0.15, 150), 2)), ["ok"])


def test_dusk_with_noise_is_ok():
    tap.equal(verdicts_on(with_noise(shaded(small(120), 0.2, 25), 6)), ["ok"])


def test_night_with_noise_is_dark():
    tap.equal(verdicts_on(with_noise(shaded(small(120), 0.01, 16), 1.5)), ["ok", "dark"])


def test_noise_in_the_dark_is_not_frozen():
    black = numpy.full((288, 384), 16, numpy.uint8)
    tap.equal(verdicts_on(with_noise((black for _ in range(300)), 0.5)), ["ok", "dark"])


def test_still_scene_with_noise_is_ok():
    still = next(street(1))
    tap.equal(verdicts_on(with_noise((still for _ in range(300)), 1)), ["ok"])


def test_still_picture_is_frozen():
    still = next(street(1))
    tap.equal(verdicts_on(still for _ in range(100)), ["ok", "frozen"])


def test_overexposed_is_bright():
    tap.equal(verdicts_on(with_noise(shaded(small(120), 0.02, 245), 1)), ["ok", "bright"])


def test_out_of_focus_is_blurred():
    for deviation in 3, 5:
        frames = (cv2.GaussianBlur(frame, (0, 0), deviation) for frame in small(120))
        tap.equal(verdicts_on(with_noise(frames, 2)), ["ok", "blur"], f"deviation {deviation}")


def test_slightly_soft_is_ok():
    frames = (cv2.GaussianBlur(frame, (0, 0), 1) for frame in small(120))
    tap.equal(verdicts_on(frames), ["ok"])


tap.main(globals())
