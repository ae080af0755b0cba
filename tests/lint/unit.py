#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How well the units are locked up, as systemd itself judges it: 0 is best, 10 worst."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

THRESHOLD = "20"  # tenths


def unit(name):
    return tree.text(f"systemd/{name}.in").replace("@bindir@", "/bin").replace("@libexecdir@", "/bin")


def judge(name, *dropins):
    if not shutil.which("systemd-analyze"):
        raise tap.Skip("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory() as place:
        # With --offline=true drop-ins are not looked for: a later line of the same section counts.
        text = unit(name) + "".join("\n" + tree.text(f"systemd/{dropin}") for dropin in dropins)
        file = pathlib.Path(place, name)
        file.write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager",
             f"--threshold={THRESHOLD}", file], capture_output=True, text=True)
    said = (done.stdout + done.stderr).strip().splitlines()
    tap.diagnose(said[-1] if said else "nothing was said")
    assert done.returncode == 0, "\n".join(said)


def test_service():
    judge("camwarden.service")


def test_service_that_speaks_with_others():
    judge("camwarden.service", "lan.conf")


def test_service_with_a_redis_elsewhere():
    judge("camwarden.service", "lan.conf", "external-redis.conf")


def test_service_that_resets_ports():
    judge("camwarden.service", "usb-reset.conf")


def test_tokens():
    judge("camwarden-tokens.service")


def test_cameras_are_allowed():
    text = unit("camwarden.service")
    assert re.search(r"^SupplementaryGroups=.*\bvideo\b", text, re.M), "the group video is missing"
    for line in ("DeviceAllow=char-81 rw", "DeviceAllow=char-media rw",
                 "DeviceAllow=char-dma_heap rw"):
        assert f"\n{line}\n" in text, f"no {line}"
    for line in ("PrivateDevices=", "ProtectClock="):
        assert f"\n{line}" not in text, f"{line} closes them"


tap.main(globals())
