# SPDX-License-Identifier: LGPL-2.1-or-later
"""The elements against what one would use without them."""

import os
import pathlib
import subprocess
import sys
import time

from sides import interleave

TWIN = str(pathlib.Path(__file__).with_name("twin.py"))
CLIENT, SERVER, WALL = "own_us", "other_us", "wall_us"
SETTLED = {"published": 1}


def columns(figures, extra=()):
    """own_us, other_us, wall_us -> what the table calls them."""
    names = {CLIENT: "client", SERVER: "server", WALL: "wall"} | {name: name for name in extra}
    return {side: values and {shown: values[key] for key, shown in names.items() if key in values}
            for side, values in figures.items()}


def cpu(figures, side, base=None):
    if figures.get(side) is None or (base and figures.get(base) is None):
        return None
    return figures[side][CLIENT] - (figures[base][CLIENT] if base else 0)


def sink(world, modes="pubsub"):
    extra = " max-stream-length=30" if modes == "stream" else ""
    return (f"redissink name=x location=redis://127.0.0.1:{world.port}/bench:frame modes={modes} "
            f"max-queued-frames=100 max-queued-bytes=1000000000{extra}")


def feed(world, pipeline, kind, count, fps, **options):
    folder, caps = world.frames[kind]
    return world.run("pipeline", pipeline=pipeline, caps=caps, frames=folder, count=count, fps=fps,
                     other=world.redis.pid, **options)


def checked_sink(world, modes, kind, count, fps):
    """redissink, which must have published every frame: a fast loser wins nothing."""
    figures = feed(world, sink(world, modes), kind, count, fps, stats="published,copied")
    if figures and (figures["published"] < count or figures["copied"] > 0):
        print(f"bench: redissink published {figures['published']:.0f} of {count} frames and copied "
              f"{figures['copied']:.0f}", file=sys.stderr)
        return None
    return figures


def publishing_sides(world, kind, count, fps, modes):
    folder, _ = world.frames[kind]

    def plain(side, port=None, other=None):
        return lambda: world.run("publish", side=side, frames=folder, count=count, fps=fps,
                                 port=port or world.port, other=other or world.redis.pid)

    if modes == "stream":
        sides = {"bare writev loop": plain("writev-stream")}
    else:
        twin = ["/usr/bin/python3", TWIN, "publish", str(world.port), folder]
        sides = {
            "redis-py": lambda: world.figures(twin + [str(count), str(fps)]),
            "redisCommand %b": plain("hiredis-command"),
            "redisAppendCommandArgv": plain("hiredis-argv"),
            "bare writev loop": plain("writev"),
            "bare writev, 4 unanswered": plain("writev-window"),
            "socket alone": plain("socket", world.discard_port, world.discard.pid),
        }
    sides["fakesink"] = lambda: feed(world, "fakesink", kind, count, fps)
    if world.has("redissink"):
        sides["redissink"] = lambda: checked_sink(world, modes, kind, count, fps)
    return sides


def publish(world, report, kind, count, fps, modes="pubsub"):
    count = world.count(count)
    figures = interleave(publishing_sides(world, kind, count, fps, modes), world.rounds)
    pace = f"{fps} frames a second" if fps else "flat out"
    report.table(f"Publishing {kind}, {modes}, {pace}", columns(figures),
                 ["client", "server", "wall"])
    ours = cpu(figures, "redissink", "fakesink")
    loop = cpu(figures, "bare writev loop")
    return ours, loop, cpu(figures, "redisCommand %b")


def publishing(world, report):
    publish(world, report, "20KB", 6000, 0)
    ours, loop, hiredis = publish(world, report, "120KB", 4000, 0)
    report.ratio("redissink at 120 KB flat out, above fakesink, against the bare writev loop",
                 ours, loop, 1.5)
    report.ratio("... the same, the limit at which a change is refused", ours, loop, 2.0)
    report.ratio("... against redisCommand %b", ours, hiredis, 1 / 3)
    ours, loop, _ = publish(world, report, "120KB", 150, 30)
    report.ratio("redissink at 120 KB paced at 30/s, above fakesink, against the loop paced alike",
                 ours, loop, 2.0)
    ours, loop, _ = publish(world, report, "3MB", 300, 0)
    report.ratio("redissink at 3.1 MB flat out, above fakesink, against the bare writev loop",
                 ours, loop, 1.3)
    ours, loop, _ = publish(world, report, "1080p", 300, 0, "stream")
    report.ratio("redissink, 3.1 MB I420 in a stream, above fakesink, against the loop",
                 ours, loop, 1.3)


def subscribe_side(world, words, kind, count, fps):
    """A reader, and a publisher that begins when the reader says it is ready."""
    folder, _ = world.frames[kind]
    reader = world.spawn(words, stdout=subprocess.PIPE)
    if reader.stdout.readline().strip() != "ready":
        world.end(reader)
        return None
    time.sleep(0.5)  # redissrc subscribes after it says so
    publisher = world.run("publish", side="writev", frames=folder, count=count + 40, fps=fps,
                          port=world.port)
    try:
        out, _ = reader.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        print("bench: the reader did not get all frames", file=sys.stderr)
        world.end(reader)
        return None
    world.processes.remove(reader)
    return eval_json(out) if publisher and reader.returncode == 0 else None


def eval_json(text):
    import json
    return json.loads(text.splitlines()[-1])


def subscribing(world, report):
    for kind, count, fps in [("20KB", 3000, 1000), ("120KB", 3000, 1000), ("120KB", 150, 30)]:
        count = world.count(count)
        _, caps = world.frames[kind]
        common = [f"count={count}", "warm-up=10"]
        hiredis = [world.program, "subscribe", f"port={world.port}", "channel=bench:frame", *common]
        ours = [world.program, "pipeline", "role=consume", *common,
                f"pipeline=redissrc location=redis://127.0.0.1:{world.port}/bench:frame "
                "! fakesink name=y sync=false"]
        sides = {"hiredis reader":
                 lambda: subscribe_side(world, hiredis, kind, count, fps)}
        if world.has("redissrc"):
            sides["redissrc ! fakesink"] = lambda: subscribe_side(world, ours, kind, count, fps)
        figures = interleave(sides, world.rounds)
        report.table(f"Reading {kind}, {fps} frames a second", columns(figures), ["client"])
        report.ratio(f"redissrc at {kind}, {fps}/s, against hiredis' reader",
                     cpu(figures, "redissrc ! fakesink"), cpu(figures, "hiredis reader"), 0.9)


def latency(world, report):
    if not world.has("redissink"):
        report.goal("redissink's entry to the subscriber's last byte, median", None, 1, " ms")
        return
    figures = {}
    for kind in ["20KB", "120KB"]:
        folder, caps = world.frames[kind]
        figures[kind] = interleave({kind: lambda: world.run(
            "latency", location=f"redis://127.0.0.1:{world.port}/bench:late", port=world.port,
            channel="bench:late", frames=folder, caps=caps, count=world.count(300), fps=30)},
            1)[kind]
    shown = {kind: values and {"median": values["median_ms"], "p99": values["p99_ms"]}
             for kind, values in figures.items()}
    report.table("redissink's entry to the subscriber's last byte", shown, ["median", "p99"], "ms")
    last = shown["120KB"] or {}
    report.goal("redissink's entry to the subscriber's last byte at 120 KB, median",
                last.get("median"), 1, " ms")
    report.goal("... its 99th percentile", last.get("p99"), 20, " ms")


def fill(world, folder, files, size):
    """Frames stored earlier, named as framestoresink does; sparse, for only their size counts."""
    start = int(time.time()) - 86400
    for number in range(files):
        stamp = time.gmtime(start + number // 2)
        place = folder / time.strftime("%Y/%m/%d/%H/%M", stamp)
        if number % 120 == 0 or not place.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        name = time.strftime("cam_%Y%m%dT%H%M%S", stamp)
        name += f".{number % 2 * 500000:06}Z_01234567_{number:08}.jpg"
        with open(place / name, "xb") as file:
            os.truncate(file.fileno(), size)


def framestore(world, kind, count, fps, store, files):
    size = max(os.path.getsize(path) for path in pathlib.Path(world.frames[kind][0]).iterdir())
    if not store.is_dir():
        store.mkdir()
        fill(world, store, files, size)
    figures = feed(world, f"framestoresink name=x location={store} camera=cam "
                   f"max-bytes={files * size}", kind, count, fps,
                   stats="stored,copied,pruned,files,scan-time")
    if figures and (figures["stored"] < count or figures["files"] < 0.9 * files):
        print(f"bench: framestoresink: {figures}", file=sys.stderr)
        return None
    return figures


def storing(world, report):
    kind = "120KB"
    files = 2000 if world.quick else 100_000
    for count, fps in [(2000, 0), (150, 30)]:
        count = world.count(count)
        place = world.folder / f"files-{fps}"
        (place / "multi").mkdir(parents=True)
        (place / "direct").mkdir()
        folder, _ = world.frames[kind]
        multi = f"multifilesink location={place}/multi/%08d.jpg max-files=500"
        sides = {
            "write + rename": lambda: world.run(
                "files", frames=folder, count=count, fps=fps, location=place / "direct"),
            "multifilesink max-files=500": lambda: feed(world, multi, kind, count, fps),
            "fakesink": lambda: feed(world, "fakesink", kind, count, fps),
        }
        ours = f"framestoresink, {files} files"
        if world.has("framestoresink"):
            sides[ours] = lambda: framestore(world, kind, count, fps, world.folder / "store", files)
        figures = interleave(sides, world.rounds)
        pace = f"{fps} frames a second" if fps else "flat out"
        report.table(f"Storing {kind} with the oldest deleted, {pace}",
                     columns(figures, ["stored", "pruned", "files"]),
                     ["client", "wall", "stored", "pruned", "files"])
        report.ratio(f"framestoresink, {pace}, against multifilesink", cpu(figures, ours),
                     cpu(figures, "multifilesink max-files=500"), 1.0)


def probing(world, report):
    count = world.count(1500)
    sides = {"fakesink": lambda: feed(world, "fakesink", "720p", count, 0)}
    if world.has("healthprobe"):
        sides["healthprobe ! fakesink"] = lambda: feed(
            world, "healthprobe name=x ! fakesink", "720p", count, 0)
    flat = interleave(sides, world.rounds)
    report.table("healthprobe at 720p I420, flat out", columns(flat), ["client", "wall"])
    cost = cpu(flat, "healthprobe ! fakesink", "fakesink")
    report.goal("healthprobe at 720p", cost and cost / 1000, 0.2, " ms")


CASES = {"publish": publishing, "subscribe": subscribing, "latency": latency, "store": storing,
         "health": probing}
