# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that is full, read-only or emptied, and workers that die while they store: publishing goes
on, nobody is restarted for a disk, and what was told to be stored is there and whole."""

import os
import pathlib
import shutil
import signal
import sys
import time
from collections import namedtuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import chaoslib  # noqa: E402
import namespaces  # noqa: E402
import tap  # noqa: E402
from chaoslib import LONG, PATIENCE, World, largest_gap  # noqa: E402
from daemonrun import wait_until  # noqa: E402

CAMERAS = {"front": {}, "back": {}}
AGAIN = 5.0  # seconds from the disk's return to the next stored frame
KILLED = 20 if LONG else 10  # cameras at once, twice each

obstacle = namespaces.enter(mounts=True)
results = chaoslib.Results("store")


# --- the faults ---

def fill_space(world):
    chunk = bytes(1 << 20)
    try:
        with open(world.store / "filler", "wb", buffering=0) as filler:
            while filler.write(chunk):
                pass
    except OSError:
        pass


def free_space(world):
    (world.store / "filler").unlink()


def fill_inodes(world):
    folder = world.store / "fillers"
    folder.mkdir()
    try:
        for number in range(1 << 20):
            (folder / str(number)).touch()
    except OSError:
        pass


def free_inodes(world):
    shutil.rmtree(world.store / "fillers")


def remount(world, how):
    """Not while a file is open for writing, which they are a part of the time."""
    def done():
        try:
            namespaces.run("mount", "-o", f"remount,{how}", str(world.store))
        except OSError:
            return False
        return True
    wait_until(f"it is {how}", done, 10, 0.003)


def forbid_writing(world):
    remount(world, "ro")


def allow_writing(world):
    remount(world, "rw")


def empty_directory(world):
    chaoslib.empty(world.store)


def nothing(_world):
    pass


Case = namedtuple("Case", "begin end reason hold runs")

CASES = {
    "full": Case(fill_space, free_space, "full", (2, 20), 3),
    "inodes": Case(fill_inodes, free_inodes, "full", (2, 20), 2),
    "readonly": Case(forbid_writing, allow_writing, "readonly", (2, 3), 5),
    "emptied": Case(empty_directory, nothing, None, (0, 0), 10),
}


def next_stored(world, cam, wall):
    """When the first frame captured after that time was stored; its name tells."""
    found = [one.wall for one in world.book.files(cam) if one.wall > wall]
    return min(found, default=None)


def took(world, back):
    times = []
    for cam in CAMERAS:
        wait_until(f"{cam} is stored again", lambda: next_stored(world, cam, back), 40, 0.05)
        times.append(next_stored(world, cam, back) - back)
    return max(times)


def check_published(world, since):
    """Whoever looks at the pictures does not notice. Returns the longest silence."""
    silence = 0.0
    for cam in CAMERAS:
        frames = world.watcher.of(cam, since)
        tap.equal(chaoslib.seq_gaps(frames), 0, f"frames of {cam} not published")
        tap.equal(sum(frame.drop for frame in frames), 0, f"frames of {cam} dropped")
        silence = max(silence, largest_gap(frames)[0])
    assert silence < 0.5 * PATIENCE, f"nothing was published for {silence:.2f} s"


def suffer(world, name, workers):
    case, begin = CASES[name], time.monotonic()
    case.begin(world)
    for cam in CAMERAS if case.reason else []:
        wait_until(f"the API tells that {cam} is not stored",
                   lambda: world.told(cam)["store_paused"] == case.reason, 10)
    time.sleep(case.hold[LONG])
    case.end(world)
    back = time.time()
    seconds = took(world, back)
    for cam in CAMERAS:
        wait_until(f"the API tells that {cam} is stored",
                   lambda: not world.told(cam)["store_paused"], 10)
    check_published(world, begin)
    world.check_untouched(workers, begin)
    world.book.check_whole()
    results.add(name, used=world.restarts("front"), took=seconds,
                lost=sum(chaoslib.frames_lost(world.watcher.of(cam, begin)) for cam in CAMERAS))


def no_part_is_left(world):
    return not list(world.store.rglob(".*.part"))


def test_disk():
    if obstacle:
        raise tap.Skip(obstacle)
    names = [name for name, case in CASES.items() for _ in range(case.runs if LONG else 1)]
    with World(CAMERAS, tmpfs="size=96m,nr_inodes=30000") as world:
        world.wait_streaming()
        world.random.shuffle(names)
        workers = {cam: world.worker(cam) for cam in CAMERAS}
        for name in names:
            suffer(world, name, workers)
        world.check_law()
        wait_until("no partial file is left", lambda: no_part_is_left(world), 5)
        for cam in CAMERAS:
            world.check_received(cam)
    for name in CASES:
        row = results.rows[name]
        tap.diagnose(f"{name}: {', '.join(f'{t:.2f}' for t in row.times)} s")
        assert max(row.times) <= AGAIN, f"{name}: {max(row.times):.2f} s"


def kill_while_storing(world, cam):
    """At a moment of its own; returns the frames' silence."""
    pid = world.worker(cam)
    begin = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    return pid, begin


def wait_successor(world, cam, pid, begin):
    wait_until(f"another worker of {cam} streams",
               lambda: world.worker(cam) not in (None, pid) and world.flows(cam)
               and time.monotonic() > begin + 0.7, 30)
    frames = world.watcher.of(cam, begin - 0.2)
    wait_until(f"another worker of {cam} stores", lambda: world.told(cam)["stored"] > 0, 10)
    results.add("killed while storing", "worker", {"worker": 1}, largest_gap(frames)[0],
                chaoslib.frames_lost(frames))


def kill_all(cameras):
    with World({cam: {} for cam in cameras}, tmpfs="size=256m") as world:
        world.wait_streaming()
        for _ in range(2):
            killed = []
            for cam in world.random.sample(cameras, len(cameras)):
                time.sleep(world.random.uniform(0, 0.25))
                killed.append((cam, *kill_while_storing(world, cam)))
            for cam, pid, begin in killed:
                wait_successor(world, cam, pid, begin)
        world.check_law()
        world.book.check_whole()
        for cam in cameras:
            tap.equal(world.book.lost(cam), 0, f"frames of {cam} told as stored, and lost")
            tap.equal(world.book.gaps(cam), 0, f"frames of {cam} lost between stored ones")
        wait_until("no partial file is left", lambda: no_part_is_left(world), 5)
        return sum(len(told) for told in world.book.told.values())


def test_killed():
    if obstacle:
        raise tap.Skip(obstacle)
    cameras = [f"camera-{number}" for number in range(KILLED)]
    workers = sum(kill_all(cameras) for _ in range(5 if LONG else 1))
    tap.diagnose(f"{len(results.rows['killed while storing'].runs)} workers killed; what {workers} "
                 f"told to have stored is there, and no file is partial")


if __name__ == "__main__":
    chaoslib.main(globals(), results)
