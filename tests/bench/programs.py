# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker and the daemon as whole processes."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import redis

from elements import TWIN
from sides import children, cpu_seconds, free_port, interleave

CAMERA = "bench"
CHANNEL = f"cam:{CAMERA}:frame"
SOURCE = "videotestsrc is-live=true"
RATE = 30


class Directories:
    """A configuration file, and directories of the programs' own."""

    def __init__(self, world, name, camera, redis_uri=True, http="http://unused"):
        self.root = world.folder / name
        for part in ("run", "state", "logs"):
            (self.root / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        self.config = self.root / "camwarden.conf"
        lines = [f"[camera:{CAMERA}]", *(f"{key}={value}" for key, value in camera.items())]
        if redis_uri:
            lines += ["[redis]", f"uri=redis://127.0.0.1:{world.port}"]
        else:
            lines += ["[redis]", f"embedded-port={free_port()}"]
        lines += ["[http]", f"listen=127.0.0.1:{free_port()}"]
        self.config.write_text("\n".join(lines) + "\n")
        self.environment = dict(
            world.environment, RUNTIME_DIRECTORY=str(self.root / "run"),
            STATE_DIRECTORY=str(self.root / "state"), LOGS_DIRECTORY=str(self.root / "logs"),
            CAMWARDEN_WORKER=str(world.build / "app/camera/camwarden-camera"))

    def start(self, words):
        log = open(self.root / "log", "a", encoding="utf-8")
        process = subprocess.Popen([*map(str, words), "--config", str(self.config)],
                                   env=self.environment, stdout=log, stderr=log)
        log.close()
        return process

    def last_words(self):
        return (self.root / "log").read_text(errors="replace")[-600:]


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Reader:
    """A subscriber; frames are counted by the caller."""

    def __init__(self, port, channel=CHANNEL):
        self.connection = redis.Redis(port=port)
        self.subscription = self.connection.pubsub()
        self.subscription.subscribe(channel)
        self.subscription.get_message(timeout=5)

    def frame(self, timeout):
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            message = self.subscription.get_message(timeout=until - time.monotonic())
            if message and message["type"] == "message":
                return message["data"]
        return None

    def count(self, seconds):
        until, frames = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            frames += self.frame(until - time.monotonic()) is not None
        return frames

    def close(self):
        self.subscription.close()
        self.connection.close()


def worker(world, camera, read, seconds, name):
    """CPU time per frame of the source of a whole worker, read or left alone."""
    place = Directories(world, name, camera)
    reader = Reader(world.port) if read else None
    process = place.start([world.build / "app/camera/camwarden-camera", "--camera", CAMERA])
    try:
        if reader and reader.frame(15) is None or process.poll() is not None:
            print(f"bench: the worker gives no frame: {place.last_words()}", file=sys.stderr)
            return None
        time.sleep(2)
        if reader:
            reader.count(0.1)
        before, started = cpu_seconds(process.pid), time.monotonic()
        frames = reader.count(seconds) if reader else time.sleep(seconds)
        spent, wall = cpu_seconds(process.pid) - before, time.monotonic() - started
    finally:
        stop(process)
        if reader:
            reader.close()
    if reader and frames < 0.9 * RATE * seconds:
        print(f"bench: only {frames} frames in {seconds} s", file=sys.stderr)
        return None
    return {"ms": spent * 1000 / (RATE * wall), "core": spent / wall * 100}


def launched(world, pipeline, seconds):
    process = world.spawn(["gst-launch-1.0", "-q", *pipeline.split()])
    time.sleep(2)
    before, started = cpu_seconds(process.pid), time.monotonic()
    time.sleep(seconds)
    spent, wall = cpu_seconds(process.pid) - before, time.monotonic() - started
    world.end(process)
    return {"ms": spent * 1000 / (RATE * wall), "core": spent / wall * 100}


def twin(world, width, height, seconds):
    figures = world.figures(["/usr/bin/python3", TWIN, "capture", str(world.port), str(width),
                             str(height), str(seconds)])
    return figures and {"ms": figures["own_us"] / 1000,
                        "core": figures["own_us"] / figures["wall_us"] * 100}


def have(world, *names):
    return all((world.build / "app" / name).exists() for name in names)


def cameras(world, report):
    seconds, rounds = world.seconds(8), 1 if world.quick else 3
    for width, height in [(640, 480), (1280, 720), (1920, 1080)]:
        size = f"{width}x{height}"
        caps = f"video/x-raw,format=I420,width={width},height={height},framerate={RATE}/1"
        camera = {"source": SOURCE, "width": width, "height": height, "framerate": RATE}
        sides = {
            "videotestsrc ! fakesink": lambda: launched(
                world, f"{SOURCE} ! {caps} ! fakesink", seconds),
            "videotestsrc ! jpegenc ! fakesink": lambda: launched(
                world, f"{SOURCE} ! {caps} ! jpegenc ! fakesink", seconds),
            "Python twin": lambda: twin(world, width, height, seconds),
        }
        if have(world, "camera/camwarden-camera"):
            sides["worker, read"] = lambda: worker(world, camera, True, seconds, "worker")
            sides["worker, nobody reads"] = lambda: worker(world, camera, False, seconds, "idle")
        figures = interleave(sides, rounds)
        report.table(f"A camera of {size} at {RATE} frames a second", figures, ["ms", "core"],
                     "ms per frame, % of a core")
        if size == "1280x720":
            judge_worker(report, {side: values and values["ms"]
                                  for side, values in figures.items()})


def judge_worker(report, ms):
    floor, ours = ms["videotestsrc ! jpegenc ! fakesink"], ms.get("worker, read")
    report.ratio("whole worker at 720p30 against the encoding floor", ours, floor, 1.10)
    report.ratio("... against the Python twin", ours, ms["Python twin"], 0.6)
    idle, source = ms.get("worker, nobody reads"), ms["videotestsrc ! fakesink"]
    report.ratio("... while nobody reads, against the floor", idle, floor, 0.2)
    report.ratio("... the same without what painting the test picture costs",
                 None if idle is None or source is None else idle - source, floor, 0.2)


def motion_jpeg(world, seconds):
    """The 120 KB frames as a file that plays at the frames' rate."""
    folder, caps = world.frames["120KB"]
    path = world.folder / "frames.avi"
    world.run("pipeline", pipeline=f"identity ! image/jpeg ! avimux ! filesink location={path}",
              frames=folder, caps=caps, count=RATE * seconds)
    return path


def pass_through(world, report):
    source = f"filesrc location={motion_jpeg(world, 40)} ! avidemux ! clocksync ! capsfilter caps=image/jpeg"
    camera = {"source": source, "width": 1280, "height": 720, "framerate": RATE}
    sides = {"avidemux ! clocksync ! fakesink": lambda: launched(
        world, source + " ! fakesink", world.seconds(8))}
    if have(world, "camera/camwarden-camera"):
        sides["worker, read"] = lambda: worker(world, camera, True, world.seconds(8), "pass")
    figures = interleave(sides, 1 if world.quick else 3)
    report.table("A camera that gives JPEG of 120 KB", figures, ["ms", "core"],
                 "ms per frame, % of a core")
    ours = figures.get("worker, read")
    report.goal("JPEG pass-through at 30 frames a second, whole worker", ours and ours["ms"], 0.4,
                " ms")


def first_frame(world):
    place = Directories(world, "first", {"source": SOURCE, "width": 1280, "height": 720})
    reader = Reader(world.port)
    started = time.monotonic()
    process = place.start([world.build / "app/camera/camwarden-camera", "--camera", CAMERA])
    got = reader.frame(15)
    took = time.monotonic() - started
    stop(process)
    reader.close()
    return {"ms": took * 1000} if got else None


def starting(world, report):
    figures = {}
    if have(world, "camera/camwarden-camera"):
        first_frame(world)  # warms the registry
        figures = interleave({"worker": lambda: first_frame(world)}, 2 if world.quick else 9)
    report.table("Worker's start to its first published frame", figures, ["ms"], "ms")
    ours = figures.get("worker")
    report.goal("worker's start to its first published frame", ours and ours["ms"], 150, " ms")


def processes_of(daemon):
    """PIDs below the daemon, by the program's name."""
    found = {}
    for pid in children(daemon.pid):
        name = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
        found.setdefault(os.path.basename(name).split(" ")[0].split(":")[0], pid)
    return found


def daemon_at_rest(world):
    place = Directories(world, "daemon", {"source": SOURCE}, redis_uri=False)
    process = place.start([world.build / "app/daemon/camwardend"])
    try:
        time.sleep(5)
        found = processes_of(process)
        pids = {name: found[name] for name in ("camwardend", "redis-server", "camwarden-camera")
                if name in found}
        if process.poll() is not None or "redis-server" not in pids:
            print(f"bench: the daemon does not run: {found} {place.last_words()}", file=sys.stderr)
            return None
        before, started = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
        time.sleep(world.seconds(20))
        wall = time.monotonic() - started
        return {name: (cpu_seconds(pid) - before[name]) / wall * 100 for name, pid in pids.items()}
    finally:
        stop(process)


def resting(world, report):
    figures = daemon_at_rest(world) if have(world, "daemon/camwardend") else None
    shown = {name: {"core": share} for name, share in (figures or {}).items()}
    report.table("Daemon and its Redis at rest, one camera that nobody reads", shown, ["core"],
                 "% of a core")
    total = figures and figures["camwardend"] + figures["redis-server"]
    report.goal("daemon and embedded Redis at rest", total, 1, " %")


CASES = {"cameras": cameras, "pass-through": pass_through, "start": starting, "rest": resting}
