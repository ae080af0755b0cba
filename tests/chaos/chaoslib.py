# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults for the real daemon, and what became of the frames meanwhile.

    with World({"front": {}}) as world:
        world.wait_streaming()
        world.order("front", "mode=stall times=1")
        ...
        world.check_law()

A World is a daemon whose cameras are faultysrc with a control file, a subscriber that notes when
each frame and each event came, and a reader of the API that notes the counters. Times are seconds
of the monotonic clock."""

import http.client
import json
import os
import pathlib
import random
import shutil
import sys
import threading
import time
from collections import namedtuple

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

import daemonrun  # noqa: E402
import namespaces  # noqa: E402
import redis  # noqa: E402
import tap  # noqa: E402
from daemonrun import wait_until  # noqa: E402
from storebook import StoreBook  # noqa: E402

FPS = 30
LONG = "--long" in sys.argv
SEED = int(os.environ.get("CAMWARDEN_SEED") or random.SystemRandom().randrange(1, 2**31))
TIERS = ("source", "pipeline", "device", "worker")
# Several programs share two cores in the default run: promises then hold this much less exactly.
PATIENCE = 1 if LONG else 3

Frame = namedtuple("Frame", "arrived cam mono seq run drop health")
Sample = namedtuple("Sample", "at camera")


def seconds(frame):
    return frame.mono / 1e6


def header(data):
    length = int.from_bytes(data[4:6], "big")
    return json.loads(data[6:4 + length])


class Watcher(threading.Thread):
    """Subscribes to every camera's frames and events; comes back when the server does."""

    def __init__(self, connect):
        super().__init__(daemon=True)
        self.connect = connect
        self.quit = threading.Event()
        self.lock = threading.Lock()
        self.frames, self.events = {}, []
        self.subscribed = []  # when each subscription began
        self.start()

    def run(self):
        while not self.quit.is_set():
            client = None
            try:
                client = self.connect()
                reader = client.pubsub(ignore_subscribe_messages=False)
                reader.psubscribe("cam:*:frame", "cam:*:event")
                self.read(reader)
            except (redis.exceptions.RedisError, OSError, AssertionError, ValueError):
                self.quit.wait(0.02)
            finally:
                if client:
                    client.close()

    def read(self, reader):
        while not self.quit.is_set():
            message = reader.get_message(timeout=0.2)
            if not message:
                continue
            if message["type"] == "psubscribe" and message["data"] == 1:  # the first of two
                self.subscribed.append(time.monotonic())
            elif message["type"] == "pmessage":
                self.note(message["channel"].decode(), message["data"])

    def note(self, channel, data):
        now = time.monotonic()
        _, cam, what = channel.split(":")
        with self.lock:
            if what == "event":
                self.events.append((now, json.loads(data)))
                return
            told = header(data)
            self.frames.setdefault(cam, []).append(
                Frame(now, cam, told["mono"], told["seq"], told["run"], told["drop"],
                      told["health"]))

    def of(self, cam, since=0.0):
        with self.lock:
            return [frame for frame in self.frames.get(cam, []) if frame.arrived >= since]

    def last(self, cam):
        with self.lock:
            frames = self.frames.get(cam)
            return frames[-1] if frames else None

    def told(self, cam, what, since=0.0):
        """Events of this name."""
        with self.lock:
            return [event for at, event in self.events
                    if at >= since and event["cam"] == cam and event["event"] == what]


class Api(threading.Thread):
    """Reads the API again and again: the counters, and how long each answer took."""

    def __init__(self, port, interval=0.1):
        super().__init__(daemon=True)
        self.port, self.interval = port, interval
        self.quit = threading.Event()
        self.latencies, self.failures = [], []
        self.samples = {}  # camera -> what it told last
        self.listener = None
        self.start()

    def get(self, path, timeout=10):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise OSError(f"{path}: {answer.status}")
            return json.loads(body)
        finally:
            connection.close()

    def run(self):
        number = 0
        while not self.quit.wait(self.interval):
            number += 1
            path = "/api/status" if number % 2 else "/api/cameras"
            begin = time.monotonic()
            try:
                told = self.get(path)
            except (OSError, http.client.HTTPException, ValueError) as why:
                self.failures.append((begin, f"{path}: {why!r}"))
                continue
            now = time.monotonic()
            self.latencies.append((begin, now - begin))
            for camera in told["cameras"] if number % 2 == 0 else []:
                self.samples[camera["id"]] = Sample(now, camera)
                if self.listener:
                    self.listener(now, camera)


def restarts(camera):
    """By tier: what was ordered, and every worker that was replaced, for whatever reason."""
    ordered = camera["recovery"]["restarts"]
    return {**{tier: ordered[tier] for tier in TIERS}, "worker": camera["restarts"]}


def percentile(values, share):
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


# --- frames that did not come ---

def largest_gap(frames):
    """The longest silence between two frames: (seconds, frame before, frame after)."""
    pairs = list(zip(frames, frames[1:]))
    if not pairs:
        return 0.0, None, None
    before, after = max(pairs, key=lambda pair: pair[1].arrived - pair[0].arrived)
    return after.arrived - before.arrived, before, after


def frames_lost(frames, fps=FPS):
    """By the times of capture: whatever an undisturbed camera would have given."""
    return sum(max(0, round((seconds(after) - seconds(before)) * fps) - 1)
               for before, after in zip(frames, frames[1:]))


def check_order(frames):
    """Within a run seq only rises, each gap is told by drop, and runs do not come back."""
    runs = []
    for before, frame in zip([None] + frames, frames):
        if before is None or before.run != frame.run:
            assert frame.run not in runs, f"run {frame.run} came back: {frame}"
            runs.append(frame.run)
        else:
            assert frame.seq > before.seq, f"seq not monotone: {before}, {frame}"


def seq_gaps(frames):
    return sum(after.seq - before.seq - 1 for before, after in zip(frames, frames[1:])
               if after.run == before.run)


# --- the world ---

class World:
    def __init__(self, cameras, groups=None, tmpfs=None, connect=None, size=(160, 120)):
        """cameras: id -> keys besides the usual ones. tmpfs: options of a file system of its own for
        the stored frames. connect: makes a client of another server than the daemon's own."""
        groups = dict(groups or {})
        self.daemon = daemonrun.Daemon({}, groups)
        self.control = self.daemon.directory / "control"
        self.control.mkdir()
        self.store = self.daemon.directory / "frames"
        self.store.mkdir()
        self.tmpfs = tmpfs
        if tmpfs:
            namespaces.run("mount", "-t", "tmpfs", "-o", tmpfs, "tmpfs", str(self.store))
        self.daemon.groups.setdefault("store", {})["location"] = self.store
        self.daemon.groups["log"]["level"] = "info"
        self.random = random.Random(SEED)
        self.size = size
        for name, keys in cameras.items():
            self.daemon.cameras[name] = {**self.camera(name, keys.get("lasting", False)),
                                         **{k: v for k, v in keys.items() if k != "lasting"}}
        self.daemon.write_config()
        self.connect = connect or (lambda: self.daemon.redis())
        self.book = StoreBook(self.store)
        self.watcher = self.api = None

    def camera(self, name, lasting):
        once = "" if lasting else " control-once=true"
        return {
            "source": f"faultysrc is-live=true seed={self.random.randrange(1 << 16)} "
                      f"control-file={self.control / name}{once}",
            "width": self.size[0], "height": self.size[1], "framerate": FPS,
            "encode-when": "always", "store": "true", "store-interval": 0, "store-keep-free": 0,
        }

    @property
    def cameras(self):
        return list(self.daemon.cameras)

    def __enter__(self):
        self.daemon.start()
        self.watcher = Watcher(self.connect)
        self.api = Api(self.daemon.http_port)
        self.api.listener = self.book.note
        return self

    def __exit__(self, kind, value, traceback):
        for thread in (self.watcher, self.api):
            thread.quit.set()
            thread.join(10)
        if kind is not None:
            tap.diagnose("\n".join(str(event) for event in self.watcher.events[-60:]))
        if self.tmpfs:
            self.daemon.stop()
            namespaces.run("umount", "-l", str(self.store))
        self.daemon.__exit__(kind, value, traceback)

    # --- faults ---

    def order(self, cam, text):
        """Lines for the camera's control file, in one step."""
        path = self.control / cam
        part = path.with_suffix(".part")
        part.write_text(text.replace(" ", "\n") + "\n")
        part.rename(path)

    def wait_struck(self, cam):
        """Until the camera has read its order."""
        path = self.control / cam
        wait_until(f"{cam} reads its order", lambda: not path.exists(), 10, 0.002)

    # --- what comes ---

    def wait_streaming(self, cameras=None, patience=60):
        for cam in cameras or self.cameras:
            wait_until(f"{cam} streams", lambda: len(self.watcher.of(cam)) > 15, patience)
            wait_until(f"the API tells of {cam}", lambda: self.state(cam) == "streaming", patience)

    def flows(self, cam, span=0.5, share=0.6):
        """Frames come as they should, at this moment."""
        now = time.monotonic()
        return len(self.watcher.of(cam, now - span)) >= span * FPS * share

    def told(self, cam):
        sample = self.api.samples.get(cam)
        return sample.camera if sample else None

    def state(self, cam):
        told = self.told(cam)
        return told and told["state"]

    def restarts(self, cam):
        return restarts(self.told(cam))

    def worker(self, cam):
        return self.told(cam)["worker"]["pid"]

    def check_untouched(self, workers, since):
        """Nobody was restarted for what is not the cameras' fault."""
        for cam, pid in workers.items():
            frames = self.watcher.of(cam, since)
            check_order(frames)
            tap.equal(len({frame.run for frame in frames}), 1, f"pipelines of {cam}")
            tap.equal(self.worker(cam), pid, f"worker of {cam}")
            tap.equal(sum(self.restarts(cam).values()), 0, f"restarts of {cam}")

    # --- the accounting law ---

    def calm(self, cameras=None):
        """Two frames a second: between them nothing is under way."""
        for cam in cameras or self.cameras:
            self.order(cam, f"mode=slow slow-by={FPS // 2} duration=60000000000 times=0")

    def check_law(self, cameras=None):
        """Every frame that left a source is accounted for, in the worker that runs now."""
        cameras = cameras or self.cameras
        self.calm(cameras)
        time.sleep(0.3)
        for cam in cameras:
            since = time.monotonic()

            def holds():
                sample = self.api.samples[cam]
                return sample.at > since + 0.2 and law_of(sample.camera) is None
            try:
                wait_until(f"the books of {cam} are straight", holds, 8)
            except AssertionError:
                raise AssertionError(f"{cam}: {law_of(self.told(cam))}: {self.told(cam)}") from None

    def check_received(self, cam):
        """Since it subscribed, the subscriber got every frame that was not told to be lost."""
        tap.equal(len(self.watcher.subscribed), 1, "subscriptions")
        sent = self.told(cam)["counts"]["redis"]["sent"]
        frames = self.watcher.of(cam)
        mine = [frame for frame in frames if frame.run == frames[-1].run]
        lost = sum(frame.drop for frame in mine[1:])
        tap.equal(len(mine), mine[-1].seq - mine[0].seq + 1 - lost, f"frames of {cam} received")
        # What was told is up to a second old; frames have come since.
        assert sent <= mine[-1].seq <= sent + 4, f"{cam}: {sent} sent, the last one is {mine[-1]}"


def law_of(camera):
    """None, or which sum is wrong."""
    counts = camera["counts"]
    to_redis, store = counts["redis"], counts["store"]
    if not to_redis:
        return "no counters yet"

    def dropped(sink):
        return sum(count for name, count in sink.items() if name.startswith("dropped_"))
    sums = [
        ("frames >= encoded", camera["frames"] >= counts["encoded"]),
        ("encoded = sent", counts["encoded"] == to_redis["sent"]),
        ("published", to_redis["published"] == camera["published"]),
        ("sent = published + dropped",
         to_redis["sent"] == to_redis["published"] + dropped(to_redis)),
        ("dropped", camera["dropped"] == dropped(to_redis)),
    ]
    if store:
        sums.append(("encoded = stored + skipped + dropped",
                     counts["encoded"] == store["stored"] + store["skipped"] + dropped(store)))
    wrong = [name for name, good in sums if not good]
    return f"not {', '.join(wrong)}" if wrong else None


# --- results ---

Row = namedtuple("Row", "fault tier restarts times lost stored_lost runs")


class Results:
    """One row per fault; kept in a file that the programs of the suite share."""

    def __init__(self, group):
        self.group = group
        self.rows = {}
        self.extra = {}
        self.path = os.environ.get("CAMWARDEN_CHAOS_JSON")
        tap.diagnose(f"seed {SEED} (CAMWARDEN_SEED={SEED} repeats it)")

    def add(self, fault, tier="-", used=None, took=None, lost=0, stored_lost=0):
        """used: restarts by tier, took: seconds to the first new frame; None: no interruption."""
        row = self.rows.setdefault(fault, Row(fault, {}, {}, [], [], [], []))
        row.tier[tier] = row.tier.get(tier, 0) + 1
        for name, count in (used or {}).items():
            row.restarts[name] = row.restarts.get(name, 0) + count
        row.runs.append(1)
        if took is not None:
            row.times.append(took)
        row.lost.append(lost)
        row.stored_lost.append(stored_lost)

    def times(self, fault):
        return self.rows[fault].times if fault in self.rows else []

    def as_json(self):
        return [{
            "group": self.group, "fault": row.fault, "runs": len(row.runs), "tier": row.tier,
            "restarts": {name: count for name, count in row.restarts.items() if count},
            "p50": percentile(row.times, 0.5), "p95": percentile(row.times, 0.95),
            "max": max(row.times, default=None),
            "frames_lost": percentile(row.lost, 0.5), "frames_lost_max": max(row.lost),
            "stored_lost": sum(row.stored_lost),
        } for row in self.rows.values()]

    def finish(self):
        rows = self.as_json()
        tap.diagnose(table(rows))
        if not self.path:
            return
        path = pathlib.Path(self.path)
        known = json.loads(path.read_text()) if path.exists() else {"rows": []}
        known["rows"] = [row for row in known["rows"] if row["group"] != self.group] + rows
        known.setdefault("seeds", {})[self.group] = SEED
        known.update(self.extra)
        part = path.with_suffix(".part")
        part.write_text(json.dumps(known, indent=1) + "\n")
        part.rename(path)


HEAD = ("fault", "runs", "cured by", "restarts", "p50 s", "p95 s", "frames lost", "stored lost")


def table(rows):
    def number(value):
        return "-" if value is None else f"{value:.2f}"

    def words(counts):
        shown = " ".join(f"{name} {count}" for name, count in counts.items() if name != "-")
        return shown or "-"
    lines = [HEAD] + [
        (f"{row['group']}: {row['fault']}", str(row["runs"]), words(row["tier"]),
         words(row["restarts"]), number(row["p50"]), number(row["p95"]),
         f"{row['frames_lost']} (max {row['frames_lost_max']})", str(row["stored_lost"]))
        for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
                     for line in lines)


def main(namespace, results):
    """As tap.main; --long among the arguments is the long form."""
    sys.argv = [word for word in sys.argv if word != "--long"]
    try:
        tap.main(namespace)
    finally:
        results.finish()


def show(path):
    told = json.loads(pathlib.Path(path).read_text())
    print(table(told["rows"]))
    for name, value in told.items():
        if name != "rows":
            print(f"{name}: {json.dumps(value)}")


def empty(directory):
    for path in pathlib.Path(directory).iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    show(sys.argv[1])
