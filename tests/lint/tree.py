# SPDX-License-Identifier: LGPL-2.1-or-later
"""The files of the source tree."""

import os
import pathlib
import subprocess

ROOT = pathlib.Path(os.environ.get("CAMWARDEN_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))


def files():
    """What git knows or would add; without git (a release archive) whatever is there."""
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    try:
        out = subprocess.run(
            git + ["--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True, text=True).stdout
        names = [name for name in out.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [
            str(path.relative_to(ROOT)) for path in ROOT.rglob("*")
            if not path.relative_to(ROOT).parts[0].startswith("build")
            and not {".git", "__pycache__"} & set(path.relative_to(ROOT).parts)
        ]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def sources(*endings):
    return [name for name in files() if name.endswith(endings)]


def scripts():
    """Shell scripts, by their first line."""
    found = []
    for name in files():
        with open(ROOT / name, "rb") as file:
            first = file.readline(80)
        if first.startswith(b"#!") and (b"/sh" in first or b"bash" in first):
            found.append(name)
    return found
