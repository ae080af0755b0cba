#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a worker with a link makes of its camera's faults, and how orders cure them."""

import glob
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
from gi.repository import GLib
from redisrun import RedisRun
from workerrun import Directory, Worker, config

KEYS = "width=320\nheight=240\nframerate=30\nencode-when=always\n"
SANITIZED = 3 if os.environ.get("CAMWARDEN_SANITIZER") else 1


class Faulty:
    """A worker whose camera obeys a file."""

    def __init__(self, words="", keys="", redis="redis://127.0.0.1:1", recovery="", source=None,
                 environment=None, control=None):
        self.place = Directory()
        self.control = os.path.join(self.place.path, "control")
        if control:
            self.order(control)
        words = f"faultysrc is-live=true control-file={self.control} {words}"
        file = config(self.place, source or words, KEYS + keys, redis)
        with open(file, "a", encoding="utf-8") as text:
            text.write("[recovery]\n" + recovery)
        more = {key: value.format(control=self.control)
                for key, value in (environment or {}).items()}
        self.worker = Worker(self.place, file, environment=self.place.environment(**more))

    def order(self, text):
        """Takes effect as a whole: the source must not read half of it."""
        with open(self.control + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(self.control + ".new", self.control)

    def remove(self):
        os.remove(self.control)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.worker.__exit__()
        self.place.__exit__()

    def wait_fault(self, seconds=10):
        before = len(self.worker.faults)
        self.worker.wait("a fault is told", lambda: len(self.worker.faults) > before, seconds)
        return self.worker.faults[before]

    def only_fault(self):
        """After a while in which its echoes would have come."""
        deadline = time.monotonic() + 0.7
        self.worker.wait("echoes would have come", lambda: time.monotonic() > deadline)
        tap.equal(len(self.worker.faults), 1, self.worker.text())
        return self.worker.faults[0][:4]

    def health(self):
        seen = len(self.worker.health)
        self.worker.wait("health comes", lambda: len(self.worker.health) > seen)
        return self.worker.health[-1]

    def wait_frames(self, seconds=5):
        first = self.worker.progress()
        self.worker.wait("frames come", lambda: self.worker.progress() > first + 3, seconds)

    def fails(self, method="RestartSource"):
        """The order is refused, and its cause was told before."""
        before = len(self.worker.faults)
        try:
            self.worker.call(method, seconds=12)
        except GLib.Error:
            self.worker.turn()
            tap.equal(len(self.worker.faults), before + 1, self.worker.text())
            return self.worker.faults[before]
        raise AssertionError(f"{method} succeeded")

    def cure(self, method="RestartSource"):
        self.order("mode=none\n")
        self.worker.call(method, seconds=12)
        self.wait_frames()
        health = self.health()
        tap.equal((health["state"], health["fault"]), ("streaming", ""))


def fault_while_streaming(order, expected, words=""):
    with Faulty(words) as faulty:
        faulty.worker.wait_streaming()
        faulty.order(order)
        faulty.wait_fault()
        tap.equal(faulty.only_fault(), expected)
        health = faulty.health()
        tap.equal((health["state"], health["fault"]), ("failed", expected[3]))
        frames = faulty.worker.progress()
        faulty.cure()
        assert faulty.worker.progress() > frames
        faulty.worker.stop()
        tap.equal(faulty.worker.exit_code(5), 0)


def test_errors_while_streaming():
    camera = ("camera", "source", "source")
    for order, expected in (
            ("mode=error\n", camera + ("resource-read",)),
            ("echoes=2\nmode=error\n", camera + ("resource-read",)),
            ("mode=nospace\n", camera + ("no-bandwidth",)),
            ("error-code=1\nerror-debug=Protocol error\nmode=error\n".replace(" ", "\u00a0"),
             camera + ("resource-failed",)),
            ("error-domain=stream\nerror-code=1\nerror-debug=x:(5)\nmode=error\n",
             ("camera", "device", "source", "io-error")),
            ("error-domain=stream\nerror-code=1\nlog-error=failed:(19)\nmode=error\n",
             ("absent", "source", "source", "device-gone")),
            ("mode=nodevice\n", ("absent", "source", "source", "resource-not-found")),
            ("mode=busy\n", ("busy", "source", "source", "resource-busy"))):
        fault_while_streaming(order, expected)


def test_stall():
    for events in "false", "true":
        with Faulty(f"upstream-events={events}", "stall-timeout=500ms\n") as faulty:
            faulty.worker.wait_streaming()
            faulty.order("mode=stall\n")
            faulty.wait_fault()
            tap.equal(faulty.only_fault(), ("camera", "source", "source", "stall"))
            health = faulty.health()
            tap.equal((health["state"], health["fault"]), ("stalled", "stall"))
            faulty.cure()
            tap.equal(len(faulty.worker.faults), 1)


def test_stall_that_no_restart_cures():
    with Faulty(keys="stall-timeout=500ms\nstartup-timeout=1s\n") as faulty:
        faulty.worker.wait_streaming()
        faulty.order("mode=stall\n")
        faulty.wait_fault()
        # Its frames are waited for as long as a start may take, then it is told again.
        faulty.worker.call("RestartSource")
        tap.equal(faulty.wait_fault().code, "stall")
        tap.equal(len(faulty.worker.faults), 2)
        faulty.cure()


def picture_fault(mode, code, keys):
    # Of raw video the probe looks at every picture.
    with Faulty("! video/x-raw", keys) as faulty:
        faulty.worker.wait_streaming()
        deadline = time.monotonic() + 7
        faulty.worker.wait("good pictures are there", lambda: time.monotonic() > deadline)
        faulty.order(f"mode={mode}\n")
        faulty.wait_fault(20)
        tap.equal(faulty.only_fault(), ("quality", "count", "source", code))
        faulty.worker.wait("a bad picture is there",
                           lambda: "first-bad" in faulty.worker.call("Evidence"))
        evidence = faulty.worker.call("Evidence")
        for name in "last-good", "first-bad":
            assert bytes(evidence[name])[:2] == b"\xff\xd8", name
        assert evidence["last-good"] != evidence["first-bad"]
        assert "faultysrc" in evidence["graph"], evidence["graph"]
        tap.equal((faulty.health()["state"], faulty.health()["fault"]), ("streaming", code))
        faulty.order("mode=none\n")
        faulty.worker.wait("it is over", lambda: faulty.health()["fault"] == "", 10)


def test_frozen():
    picture_fault("freeze", "frozen", "frozen-after=1s\n")


def test_black():
    picture_fault("black", "dark", "")


def test_caps_change_and_slow_are_no_faults():
    with Faulty() as faulty:
        faulty.worker.wait_streaming()
        faulty.order("mode=caps\n")
        faulty.worker.wait("the size changes", lambda: faulty.health()["width"] == 160)
        faulty.order("slow-by=4\nmode=slow\n")
        faulty.worker.wait("the rate falls", lambda: faulty.health()["fps"] < 15)
        tap.equal(faulty.worker.faults, [])


def test_small_pool():
    with Faulty("pool-size=2") as faulty:
        faulty.worker.wait_streaming()
        faulty.wait_frames()
        faulty.order("mode=error\n")
        faulty.wait_fault()
        faulty.cure()


def test_failed_start():
    for order, expected in (("mode=nodevice\n", ("absent", "source", "source",
                                                 "resource-not-found")),
                            ("mode=busy\n", ("busy", "source", "source", "resource-busy"))):
        with Faulty(control=order) as faulty:
            faulty.wait_fault()
            tap.equal(faulty.only_fault(), expected)
            tap.equal((faulty.health()["state"], faulty.worker.progress()), ("failed", 0))
            tap.equal(faulty.fails()[:4], expected)
            tap.equal(faulty.fails("RebuildPipeline")[:4], expected)
            faulty.cure()
        with Faulty(control=order) as faulty:
            faulty.wait_fault()
            faulty.cure("RebuildPipeline")


def test_busy_is_released():
    with Faulty(control="mode=busy\nduration=1500000000\n") as faulty:
        faulty.wait_fault()

        def restarted():
            try:
                faulty.worker.call("RestartSource")
                return True
            except GLib.Error:
                return False
        # The device of a new element has been busy for a shorter time: as long as one element.
        tap.equal(restarted(), False)
        faulty.cure()


def test_nothing_leaks_while_it_waits():
    for mode in "nodevice", "busy":
        with Faulty(control=f"mode={mode}\n") as faulty:
            faulty.wait_fault()

            def used():
                path = f"/proc/{faulty.worker.process.pid}"
                return len(os.listdir(path + "/fd")), len(os.listdir(path + "/task"))
            for _ in range(3):
                faulty.fails()
            before = used()
            for _ in range(20):
                faulty.fails()
            after = used()
            assert after[0] <= before[0] + 1 and after[1] <= before[1] + 1, (before, after)
            tap.equal(len(faulty.worker.faults), 24)
            faulty.cure()


def test_encoder_fails():
    broken = "encoder=identity error-after=20 ! jpegenc\n"
    with Faulty(keys=broken) as faulty:
        faulty.wait_fault()
        tap.equal(faulty.only_fault(), ("camera", "pipeline", "encoder", "element-failed"))
        tap.equal(faulty.health()["state"], "failed")
        faulty.worker.call("RebuildPipeline", seconds=12)
        faulty.wait_frames()


def test_caps_that_nobody_takes():
    source = "videotestsrc is-live=true ! video/x-bayer,format=bggr"
    with Faulty(source=source) as faulty:
        faulty.wait_fault()
        tap.equal(faulty.only_fault(), ("configuration", "count", "source", "not-negotiated"))


def test_hang_in_a_state_change():
    recovery = "source-deadline=1s\npipeline-deadline=2s\n"
    for mode, method, limit in (("hang-on-stop", "RestartSource", 1),
                                ("hang-on-start", "RestartSource", 1),
                                ("hang-on-stop", "RebuildPipeline", 2)):
        with Faulty(recovery=recovery) as faulty:
            faulty.worker.wait_streaming()
            faulty.order(f"mode={mode}\n")
            faulty.wait_frames()
            begin = time.monotonic()
            faulty.worker.connection.call(None, "/org/camwarden/Camera", "org.camwarden.Camera1",
                                          method, None, None, 0, 20000, None, None)
            tap.equal(faulty.worker.exit_code(), 75)
            elapsed = time.monotonic() - begin
            assert limit * 0.9 < elapsed < limit + 1 * SANITIZED, (mode, method, elapsed)
            tap.equal([fault[:4] for fault in faulty.worker.faults],
                      [("hang", "worker", "pipeline", "state-change-hang")])


def test_deadline_can_be_ordered():
    with Faulty() as faulty:
        faulty.worker.wait_streaming()
        faulty.worker.apply(source_deadline=GLib.Variant("x", 500000))
        faulty.order("mode=hang-on-stop\n")
        faulty.wait_frames()
        faulty.worker.connection.call(None, "/org/camwarden/Camera", "org.camwarden.Camera1",
                                      "RestartSource", None, None, 0, 20000, None, None)
        tap.equal(faulty.worker.exit_code(2 * SANITIZED), 75)


def test_abort():
    with Faulty() as faulty:
        faulty.worker.wait_streaming()
        faulty.order("mode=abort\n")
        faulty.worker.wait("it dies", lambda: faulty.worker.process.poll() is not None)
        tap.equal(faulty.worker.process.returncode, -6)


class Fakes:
    """The plugins of the system that a camera of ours needs, without those of real cameras."""

    def __init__(self, place):
        system = subprocess.run(["pkg-config", "--variable=pluginsdir", "gstreamer-1.0"],
                                check=True, capture_output=True, text=True).stdout.strip()
        self.folder = os.path.join(place.path, "plugins")
        os.makedirs(self.folder)
        for name in ("coreelements", "videotestsrc", "videoconvertscale", "jpeg"):
            os.symlink(f"{system}/libgst{name}.so", f"{self.folder}/libgst{name}.so")
        self.environment = {"GST_PLUGIN_SYSTEM_PATH_1_0": self.folder,
                            "GST_REGISTRY_1_0": self.folder + "/registry",
                            "CAMWARDEN_FAKE_CAMERAS": "{control}"}


def test_a_lost_camera_of_libcamera_is_not_stopped():
    with Directory() as place:
        fakes = Fakes(place)
        source = f"libcamerasrc is-live=true control-file={place.path}/orders"
        with Faulty(source=source, keys="stall-timeout=500ms\n",
                    environment=fakes.environment) as faulty:
            faulty.worker.wait_streaming()
            place.write("mode=abort-on-stop\n", "orders")
            faulty.wait_fault()
            tap.equal(faulty.only_fault(), ("camera", "worker", "source", "stall"))
            begin = time.monotonic()
            faulty.worker.stop(1000)
            tap.equal(faulty.worker.exit_code(4 * SANITIZED), 0)
            assert time.monotonic() - begin < 3 * SANITIZED


def test_auto_waits_for_its_camera():
    with Directory() as place:
        fakes = Fakes(place)
        with Faulty(source="auto", environment=fakes.environment, control="mode=none\n") as faulty:
            faulty.worker.wait_streaming()
            health = faulty.health()
            tap.equal((health["source"], health["device"]), ("v4l2src: Fake camera", ""))
            faulty.order("mode=nodevice\n")
            faulty.wait_fault()
            tap.equal(faulty.fails().code, "resource-not-found")
            faulty.remove()
            for method in "RestartSource", "RestartSource", "RebuildPipeline", "RestartSource":
                tap.equal(faulty.fails(method)[:4], ("absent", "source", "source", "no-camera"))
                tap.equal(faulty.health()["state"], "failed")
            faulty.cure()
            tap.equal(faulty.health()["source"], "v4l2src: Fake camera")
        with Faulty(source="auto", environment=fakes.environment) as faulty:
            faulty.worker.wait_streaming()
            tap.equal(faulty.health()["source"], "test picture")


def test_device_is_told():
    with Directory() as place:
        fakes = Fakes(place)
        real = place.write("", "video7")
        link = os.path.join(place.path, "by-id")
        os.symlink(real, link)
        source = f"v4l2src is-live=true device={link} control-file={place.path}/orders"
        place.write("mode=nodevice\n", "orders")
        with Faulty(source=source, environment=fakes.environment) as faulty:
            tap.equal(faulty.health()["device"], real)
            os.remove(link)
            tap.equal(faulty.health()["device"], real)


def header(payload):
    return json.loads(payload[6:4 + int.from_bytes(payload[4:6], "big")])


def read_headers(reader, enough, seconds=10):
    found, deadline = [], time.monotonic() + seconds
    while not enough(found) and time.monotonic() < deadline:
        message = reader.get_message(timeout=0.2)
        if message and message["type"] == "message":
            found.append((time.monotonic(), header(message["data"])))
    return found


def test_restart_keeps_the_stream():
    store = "store=true\nstore-interval=0\nstore-keep-free=0\n"
    with RedisRun() as server, Faulty(redis=server.uri, keys=store) as faulty, \
            server.client.pubsub() as reader:
        reader.subscribe("cam:front:frame")
        first = read_headers(reader, lambda found: len(found) >= 30)
        assert len(first) >= 30, faulty.worker.text()
        faulty.order("mode=error\n")
        faulty.wait_fault()
        tap.equal(faulty.health()["redis-state"], "connected")
        before = faulty.worker.call("GetStats")
        tap.equal(before["redis"]["published"], before["encoded"])
        last = read_headers(reader, lambda found: False, 0.5)[-1][1]
        faulty.order("mode=none\n")
        begin = time.monotonic()
        faulty.worker.call("RestartSource")
        again = read_headers(reader, lambda found: len(found) >= 10)
        assert again[0][0] - begin < 0.5 * SANITIZED, again[0][0] - begin
        tap.equal(again[0][1]["run"], first[0][1]["run"])
        tap.equal([facts["seq"] for _, facts in again],
                  list(range(last["seq"] + 1, last["seq"] + 1 + len(again))))
        # The next fault, and the end: what was encoded is stored.
        faulty.order("mode=error\n")
        faulty.wait_fault()
        encoded = faulty.worker.call("GetStats")["encoded"]
        faulty.worker.stop(2000)
        tap.equal(faulty.worker.exit_code(5 * SANITIZED), 0)
        files = glob.glob(faulty.place.path + "/frames/front/**/*.jpg", recursive=True)
        tap.equal(len(files), encoded)


def test_evidence_of_an_error():
    with Faulty(keys="stall-timeout=30s\n") as faulty:
        faulty.worker.wait_streaming()
        faulty.wait_frames()
        faulty.order("echoes=1\nlog-error=failed:(5)\nmode=error\n")
        tap.equal(faulty.wait_fault().code, "io-error")
        evidence = faulty.worker.call("Evidence")
        tap.equal(evidence["code"], "io-error")
        assert bytes(evidence["last-good"])[:2] == b"\xff\xd8"
        assert "first-bad" not in evidence, evidence.keys()
        assert "faultysrc" in evidence["graph"] and "digraph" in evidence["graph"]
        assert any("failed:(5)" in line for line in evidence["log"]), evidence["log"]
        # The error, its echo, and basesrc's own.
        tap.equal(len(evidence["messages"]), 3)
        assert "test ordered" in evidence["messages"][0], evidence["messages"]


def test_an_error_while_an_order_runs():
    with Faulty() as faulty:
        faulty.worker.wait_streaming()
        faulty.order("mode=error\n")
        # Each restart runs into the error at once: before its answer, or right behind it.
        for _ in range(10):
            try:
                faulty.worker.call("RestartSource")
            except GLib.Error as error:
                assert "does not start" in error.message, error.message
        assert faulty.worker.progress() > 0
        faulty.cure()


tap.main(globals())
