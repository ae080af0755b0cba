# SPDX-License-Identifier: LGPL-2.1-or-later
"""Root trees of other machines, made by scripts/chroot and written to as copies."""

import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHROOT = ROOT / "scripts" / "chroot"


def output(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def listed(*groups):
    """The packages of dependencies.txt; of alternatives the first, which is Debian 12's."""
    return [entry.split("|")[0]
            for entry in output(ROOT / "scripts" / "packages", "list", *groups).split()]


def make_tree(folder, packages, release="bookworm", script="-"):
    subprocess.run([CHROOT, "make", folder, release, script, *packages], check=True,
                   stdout=sys.stderr)


class Copy:
    """A copy of a tree, for one use."""

    def __init__(self, base):
        self.base = base
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="copy-", dir=base.parent))
        self.path("tmp").mkdir(parents=True)
        self.path("tmp").chmod(0o1777)

    def path(self, path):
        return self.place / "upper" / path

    def run(self, command, timeout=3600):
        """(exit status, what it said) of a shell command in it."""
        done = subprocess.run([CHROOT, "run", self.base, self.place, "sh", "-euc", command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        return done.returncode, done.stdout.decode(errors="replace")

    def must(self, command, timeout=3600):
        code, said = self.run(command, timeout)
        assert code == 0, f"{command}: exit status {code}\n{said[-8000:]}"
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.place, ignore_errors=True)


def copy_sources(names, folder):
    """What git knows, or would add."""
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
