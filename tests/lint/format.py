#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""C++ files are as clang-format leaves them."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

formatter = sys.argv.pop(1)


def test_layout():
    names = tree.sources(".cpp", ".h")
    assert names
    done = subprocess.run([formatter, "--dry-run", "--Werror", *names], cwd=tree.ROOT,
                          capture_output=True, text=True)
    assert done.returncode == 0, "\n" + done.stderr + "\nMend it with clang-format -i."


tap.main(globals())
