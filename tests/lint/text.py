#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What every text file of the tree has to be like."""

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

LICENCE = "SPDX-License-Identifier: LGPL-2.1-or-later"
WITHOUT_LICENCE = (".md", ".txt", ".json", ".yaml", ".svg", ".png", ".jpg", ".po", ".pot", ".install")
NAMES_WITHOUT_LICENCE = ("COPYING", "NEWS", "LINGUAS", "POTFILES.in", ".clang-format", ".clang-tidy",
                         ".editorconfig", ".gitignore")
BINARY = (".png", ".jpg", ".ico", ".gz", ".mo")


def tool(name):
    if not shutil.which(name):
        raise tap.Skip(f"{name} is not installed")
    return name


def check(command):
    done = subprocess.run(command, cwd=tree.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, "\n" + done.stdout + done.stderr


def texts():
    return [name for name in tree.files() if not name.endswith(BINARY)]


def test_licence_lines():
    bad = []
    for name in texts():
        base = name.rsplit("/", 1)[-1]
        if name.startswith("debian/") or base in NAMES_WITHOUT_LICENCE:
            continue
        if base != "dependencies.txt" and name.endswith(WITHOUT_LICENCE):
            continue
        head = "\n".join(tree.text(name).splitlines()[:3])
        if LICENCE not in head:
            bad.append(name)
    assert not bad, f"no '{LICENCE}' in the first lines of: {', '.join(bad)}"


def test_whitespace():
    bad = []
    for name in texts():
        if name == "COPYING":
            continue
        content = tree.text(name)
        if content and not content.endswith("\n"):
            bad.append(f"{name}: no newline at its end")
        for number, line in enumerate(content.split("\n"), 1):
            if line != line.rstrip():
                bad.append(f"{name}:{number}: blanks at the end of the line")
            if "\t" in line and name.endswith((".cpp", ".h", ".py", ".sh", ".build", ".js", ".css")):
                bad.append(f"{name}:{number}: tab")
    assert not bad, "\n" + "\n".join(bad)


def test_spelling():
    foreign = ("COPYING", "tests/daemon/languages.py")
    names = [name for name in texts() if name not in foreign and not name.endswith(".po")]
    check([tool("codespell"), "--builtin", "clear,rare",
           "--ignore-words", "tests/lint/words.txt", "--ignore-regex", r"\\[nrt]\w*", *names])


def test_shell_scripts():
    names = tree.scripts()
    assert names
    check([tool("shellcheck"), *names])
    for name in names:
        assert re.search(r"^set -eu", tree.text(name), re.M), f"{name}: no 'set -eu'"


# Macros of a newer GLib: a temporary string has ended before they look at its text.
def test_no_text_that_has_ended():
    bad = [f"{name}:{number}: use starts_with or ends_with" for name in tree.sources(".cpp", ".h")
           for number, line in enumerate(tree.text(name).splitlines(), 1)
           if re.search(r"g_str_has_(prefix|suffix) \([^,]*\.c_str \(\),", line)]
    assert not bad, "\n" + "\n".join(bad)


def test_python_compiles():
    for name in tree.sources(".py"):
        compile(tree.text(name), name, "exec")


tap.main(globals())
