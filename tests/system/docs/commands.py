#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands in the documents work as they stand there. A block that follows the comment
"<!-- test: NAME -->" is run in an empty directory, with the port and nothing else replaced, against
a camera that publishes; READERS says what must come of it."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "support"))
import redisserver
import tap

import cv2

ROOT = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"])
BLOCK = re.compile(r"<!-- test: ([a-z-]+) -->\n```(\w+)\n(.*?)```", re.S)
PATIENCE = 30


def picture(folder, _):
    data = cv2.imread(str(folder / "front.jpg"))
    return data is not None and data.shape == (240, 320, 3)


def numbers(folder, out):
    """Lines that begin with consecutive sequence numbers."""
    found = [int(line.split()[0]) for line in out.splitlines() if line]
    return len(found) >= 5 and found == list(range(found[0], found[0] + len(found)))


def rising(folder, out):
    found = [int(line.split()[0]) for line in out.splitlines() if line]
    return len(found) >= 5 and found == sorted(set(found))


def facts(folder, out):
    return picture(folder, out) and out.startswith('{"v":1,"cam":"front"')


def ended(folder, out):
    return True


# name -> (what must come of it, whether the block ends by itself)
READERS = {
    "python": (picture, False),
    "python-facts": (numbers, False),
    "python-stream": (rising, False),
    "shell": (picture, True),
    "gstreamer": (ended, True),
    "request": (lambda folder, out: out.strip() == "250", True),
}


def blocks(document):
    found = BLOCK.findall((ROOT / document).read_text(encoding="utf-8"))
    assert found, f"{document} has no block to run"
    return found


def camera(port, name, *options):
    words = ["videotestsrc", "is-live=true", "!", "video/x-raw,width=320,height=240,framerate=30/1",
             "!", "jpegenc", "!", "redissink", f"camera={name}",
             f"location=redis://127.0.0.1:{port}/cam:{name}:frame", *options]
    return subprocess.Popen(["gst-launch-1.0", "-q", *words])


def start_block(language, text, folder):
    if language == "python":
        path = folder / "block.py"
        path.write_text(text)
        words = ["/usr/bin/python3", str(path)]
    else:
        words = ["sh", "-euc", text]
    return subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


def check_block(name, language, text, port):
    good, ends = READERS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        process = start_block(language, text.replace("6390", str(port)), folder)
        try:
            if ends:
                out, err = process.communicate(timeout=PATIENCE)
                assert process.returncode == 0, err
            else:
                time.sleep(3)  # it reads for ever
                assert process.poll() is None, process.communicate()[1]
                process.kill()
                out, err = process.communicate()
                out = out[:out.rfind("\n") + 1]
        finally:
            process.kill()
        assert good(folder, out), f"it printed: {out[-500:]!r} {err[-500:]!r}"


def check_document(document):
    failures = []
    with redisserver.RedisServer() as server:
        cameras = [camera(server.port, "front", "modes=pubsub+stream+key"),
                   camera(server.port, "asked", "request-channel=cam:asked:request")]
        try:
            wait_for_frames(server.port)
            for name, language, text in blocks(document):
                try:
                    check_block(name, language, text, server.port)
                except Exception as error:  # the other blocks are to run, too
                    failures.append(f"{name}: {error!r}")
        finally:
            for process in cameras:
                process.kill()
                process.wait()
    assert not failures, "\n".join(failures)


def wait_for_frames(port):
    for _ in range(100 * PATIENCE):
        out = subprocess.run(["redis-cli", "-p", str(port), "exists", "cam:front:frame:last"],
                             capture_output=True, text=True).stdout
        asked = subprocess.run(["redis-cli", "-p", str(port), "pubsub", "numsub",
                                "cam:asked:request"], capture_output=True, text=True).stdout
        if out.strip() == "1" and asked.split()[-1:] == ["1"]:
            return
        time.sleep(0.01)
    raise AssertionError("the camera does not publish")


def test_readme():
    check_document("README.md")


def test_wire_format():
    check_document("docs/wire-format.md")


def test_every_block_is_known():
    for document in ["README.md", "docs/wire-format.md"]:
        for name, _, _ in blocks(document):
            assert name in READERS, f"{document}: {name}"


def test_links_lead_somewhere():
    missing = []
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", path.read_text(encoding="utf-8")):
            if not (path.parent / target).exists():
                missing.append(f"{path.relative_to(ROOT)}: {target}")
    assert not missing, missing


tap.main(globals())
