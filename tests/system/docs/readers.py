#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The readers in the guides work as they stand there, with the daemon's own Redis and the rights that
everybody has in it. Each block "readers" runs in one directory, with the port and nothing else
replaced; READERS says what must come of it."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import daemonrun
import guides
import tap

import cv2

PATIENCE = 30
SIZE = {"source": "videotestsrc is-live=true", "width": 320, "height": 240}
CAMERAS = {
    "front": {**SIZE, "modes": "pubsub, stream, key"},
    "camera": {**SIZE, "modes": "pubsub, key"},
    "asked": {**SIZE, "request-channel": "auto"},
}


def picture(folder, _):
    found = [cv2.imread(str(path)) for path in folder.glob("*.jpg")]
    return len(found) == 1 and found[0] is not None and found[0].shape == (240, 320, 3)


def first_numbers(out):
    return [int(line.split()[0]) for line in out.splitlines() if line]


def consecutive(_, out):
    found = first_numbers(out)
    return len(found) >= 5 and found == list(range(found[0], found[0] + len(found)))


def rising(_, out):
    found = first_numbers(out)
    return len(found) >= 5 and found == sorted(set(found))


def told(folder, out):
    """Camera, sequence number and a believable age, in each line."""
    lines = [re.fullmatch(r"front (\d+) (-?\d+(?:\.\d)?) ms old", line) for line in out.splitlines()]
    return all(line and 0 <= float(line[2]) < 5000 for line in lines) and \
        consecutive(folder, "\n".join(line[1] for line in lines)) and picture(folder, out)


def facts(folder, out):
    return picture(folder, out) and out.startswith('{"v":1,"cam":"front"')


def ended(*_):
    return True


# way -> (what must come of it, whether the block ends by itself)
READERS = {
    "python": (picture, False),
    "newest": (picture, False),
    "python-facts": (consecutive, False),
    "python-stream": (rising, False),
    "node": (told, False),
    "cpp": (ended, True),  # kept as a file, for the next one
    "compile": (told, False),
    "shell": (facts, True),
    "picture": (picture, True),
    "gstreamer": (ended, True),
    "request": (lambda folder, out: out.strip() == "250", True),
}
FILES = {"python": "reader.py", "js": "reader.mjs", "cpp": "reader.cpp"}


def words(block, text, folder):
    """How somebody would start it, once it is in a file."""
    if block.language in FILES:
        path = folder / FILES[block.language]
        path.write_text(text)
        return {"python": ["/usr/bin/python3", path], "js": ["node", path],
                "cpp": ["true"]}[block.language]
    return ["sh", "-euc", text]


def check_block(block, port, folder):
    good, ends = READERS[block.way]
    for path in folder.glob("*.jpg"):
        path.unlink()
    paths = folder / "out", folder / "err"
    with open(paths[0], "w") as out, open(paths[1], "w") as err:
        process = subprocess.Popen(words(block, with_port(block.text, port), folder),
                                   cwd=folder, stdout=out, stderr=err, start_new_session=True)
    try:
        if ends:
            tap.equal(process.wait(PATIENCE), 0, seen(paths))
            assert good(folder, paths[0].read_text()), seen(paths)
        else:  # it reads for ever
            daemonrun.wait_until("it is right", lambda: process.poll() is not None or
                                 good(folder, whole_lines(paths[0].read_text())), PATIENCE)
            tap.equal(process.poll(), None, seen(paths))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def with_port(text, port):
    return text.replace("6390", str(port)).replace("redis.Redis()", f"redis.Redis(port={port})")


def seen(paths):
    return [path.read_text()[-1000:] for path in paths]


def whole_lines(text):
    return text[:text.rfind("\n") + 1]


def link_modules(folder):
    modules = pathlib.Path(os.environ["CAMWARDEN_NODE_MODULES"])
    if not (modules / "redis").exists() or not shutil.which("node"):
        return False
    (folder / "node_modules").symlink_to(modules)
    return True


def check(blocks):
    failures = []
    with tempfile.TemporaryDirectory() as place, daemonrun.Daemon(CAMERAS) as daemon:
        folder = pathlib.Path(place)
        if any(block.language == "js" for block in blocks) and not link_modules(folder):
            raise tap.Skip("no node, or no client for it: ./test.sh installs both")
        for camera in ("front", "camera"):
            daemon.wait_frames(camera)
        for block in blocks:
            try:
                check_block(block, daemon.redis_port(), folder)
            except Exception as error:  # the other blocks are to run, too
                failures.append(f"{block}, {block.way}: {error!r}")
    assert not failures, "\n".join(failures)


def test_readers():
    check([block for block in guides.blocks("readers") if block.language != "js"])


def test_reader_in_node():
    check([block for block in guides.blocks("readers") if block.language == "js"])


def test_every_language_is_there():
    languages = {block.language for block in guides.blocks("readers")
                 if block.document == "docs/wire-format.md"}
    tap.equal(languages, {"python", "js", "cpp", "sh"})


tap.main(globals())
