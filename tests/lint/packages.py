#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""dependencies.txt is the one list of packages; README.md and debian/control agree with it."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

PROGRAM = str(tree.ROOT / "scripts" / "packages")


def listed(*groups):
    out = subprocess.run([PROGRAM, "list", *groups], capture_output=True, text=True, check=True)
    return out.stdout.split()


def test_every_line_has_a_reason():
    for line in tree.text("dependencies.txt").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[a-z]+ [a-z0-9.+|-]+ +\S.*", line), line


def test_no_package_is_listed_twice():
    names = [name for entry in listed("build", "run", "test", "lint", "tidy")
             for name in entry.split("|")]
    twice = sorted({name for name in names if names.count(name) > 1})
    assert not twice, twice


def test_readme_names_the_same_packages():
    found = re.search(r"^apt-get install ([^`]*?)\n```", tree.text("README.md"), re.M)
    assert found, "README.md has no 'apt-get install' block"
    named = found[1].replace("\\\n", " ").split()
    expected = [entry.split("|")[0] for entry in listed("build", "run")]
    tap.equal(sorted(named), sorted(expected))


def test_unknown_groups_are_refused():
    done = subprocess.run([PROGRAM, "list", "nonsense"], capture_output=True, text=True)
    assert done.returncode == 1 and "no group 'nonsense'" in done.stderr


tap.main(globals())
