#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pipelines in the guides run as they stand there: frames reach each sink. Replaced are the
camera, which a machine that tests has none of, folders and ports. Without a display autovideosink
takes a fake sink by itself."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import daemonrun
import guides
import redisserver
import tap

PATIENCE = 60
CAMERA = "videotestsrc is-live=true"
# A line of the log for each buffer that reaches a sink. The tracer "latency", which would tell it,
# too, deadlocks in GStreamer 1.26.
TRACE = {"GST_DEBUG": "basesink:5", "GST_DEBUG_NO_COLOR": "1"}


class World:
    """A Redis server with a camera, the daemon with another one, and an empty folder."""

    def __init__(self, stack):
        self.folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.server = stack.enter_context(redisserver.RedisServer())
        self.daemon = stack.enter_context(daemonrun.Daemon(
            dict.fromkeys(("front", "camera"), {"source": CAMERA, "width": 320, "height": 240})))
        self.daemon.wait_frames()
        for rest in ("cam:front:frame modes=pubsub+stream", "cam:a",
                     "cam:front:frame request-channel=cam:front:request"):
            stack.enter_context(self.start(self.here(
                f"gst-launch-1.0 {CAMERA} ! jpegenc ! redissink location=redis://127.0.0.1/{rest}")))

    def here(self, line):
        line = line.replace("v4l2src ! image/jpeg", f"{CAMERA} ! jpegenc").replace("v4l2src", CAMERA)
        line = line.replace("6390", str(self.daemon.redis_port()))
        line = re.sub(r"(redis://127\.0\.0\.1)(?=[/ ])", rf"\1:{self.server.port}", line)
        line = re.sub(r"/var/(lib|tmp)/frames", str(self.folder / "frames"), line)
        return line.replace("redis-cli", f"redis-cli -p {self.server.port}")

    @contextlib.contextmanager
    def start(self, line):
        """Its standard error is in `log`."""
        env = {**os.environ, **TRACE, "LC_ALL": "C.UTF-8"}
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            env.pop(name, None)
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as log:
            process = subprocess.Popen(["sh", "-euc", line if "|" in line else f"exec env {line}"],
                                       cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
                                       stdout=log, stderr=log, start_new_session=True)
        process.log = pathlib.Path(log.name)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextlib.contextmanager
def world():
    with contextlib.ExitStack() as stack:
        yield World(stack)


def said(process):
    lines = process.log.read_text(errors="replace").splitlines()
    return "\n".join(line for line in lines if " basesink " not in line)[-2000:]


def sinks(process):
    return set(re.findall(r"<([\w-]+)> rendering object", process.log.read_text(errors="replace")))


def wanted(line):
    """How many sinks it has, of those that take frames."""
    return len(re.findall(r"\b(?:redissink|framestoresink|autovideosink|filesink|fakesink)\b", line)) or 1


def is_endless(line):
    return bool(re.search(r"v4l2src|videotestsrc|redissrc|redis://|imagefreeze", line))


def check_flow(line, process):
    """An endless one until frames have come, then Ctrl-C, for which gst-play has no handler."""
    if is_endless(line):
        daemonrun.wait_until(f"frames flow: {said(process)}", lambda: process.poll() is not None or
                             len(sinks(process)) >= wanted(line), PATIENCE)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
    code = process.wait(PATIENCE)
    assert len(sinks(process)) >= wanted(line), f"no frames: {said(process)}"
    assert code == (-signal.SIGINT if "gst-play" in line else 0), f"{code}: {said(process)}"


def collect(lines, check):
    failures = []
    for line in lines:
        try:
            check(line)
        except Exception as error:  # the others are to run, too
            failures.append(f"{line}: {error}")
    assert not failures, "\n".join(failures)


def lines_of(way):
    return list(dict.fromkeys(line for block in guides.blocks("pipelines") if block.way == way
                              for line in guides.lines(block.text)))


def test_readers():
    """All of them at the same time."""
    lines = [line for line in lines_of("live") if "redissink" not in line]
    assert len(lines) >= 7, lines
    with world() as here, contextlib.ExitStack() as stack:
        running = {line: stack.enter_context(here.start(here.here(line))) for line in lines}
        collect(lines, lambda line: check_discovery(running[line]) if "discoverer" in line
                else check_flow(line, running[line]))
        assert (here.folder / "front.mkv").stat().st_size > 1000


def test_cameras():
    lines = [line for line in lines_of("live") if "redissink" in line]
    assert len(lines) >= 5, lines
    with world() as here, contextlib.ExitStack() as stack:
        running = {line: stack.enter_context(here.start(here.here(line))) for line in lines}
        collect(lines, lambda line: check_flow(line, running[line]))
        assert list((here.folder / "frames").rglob("front_*.jpg"))


def check_discovery(process):
    tap.equal(process.wait(PATIENCE), 0, said(process))
    assert "JPEG" in said(process), said(process)


def test_store():
    """One after the other: the second shows what the first one stored. Its name is of another day."""
    lines = lines_of("store")
    assert len(lines) == 4, lines
    with world() as here:
        def check(line):
            stored = sorted((here.folder / "frames").rglob("front_*.jpg"))
            line = here.here(line)
            if stored:
                line = re.sub(r"(?<=filesrc location=)\S+", str(stored[0]), line)
                line = re.sub(r"(?<=cat )\S+", f"{stored[0].parent}/front_*.jpg", line)
            with here.start(line) as process:
                check_flow(line, process)

        collect(lines, check)
        assert (here.folder / "minute.mkv").stat().st_size > 1000


def test_request():
    with world() as here:
        daemonrun.wait_until("the camera can be asked", lambda: subprocess.run(
            ["redis-cli", "-p", str(here.server.port), "pubsub", "numsub", "cam:front:request"],
            capture_output=True, text=True).stdout.split()[-1:] == ["1"])
        for line in lines_of("request"):
            with here.start(here.here(line)) as process:
                tap.equal(process.wait(PATIENCE), 0, said(process))
                tap.equal(said(process), "1", line)


def test_monitor():
    """The cameras of the daemon; any other device of this machine may be there, too."""
    with world() as here:
        port = here.daemon.redis_port()
        for line in lines_of("monitor"):
            with here.start(line.replace("redis://127.0.0.1", f"redis://127.0.0.1:{port}")) as process:
                tap.equal(process.wait(PATIENCE), 0, said(process))
                assert "cam:front:frame" in said(process), said(process)


def test_every_block_has_its_case():
    ways = {block.way for block in guides.blocks("pipelines")}
    tap.equal(ways, {"live", "store", "request", "monitor"})


tap.main(globals())
