#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""po/POTFILES.in names each file with text to translate, and no other."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

KEYWORD = re.compile(r'(?<![A-Za-z0-9_])(?:_|N_|Q_|C_|NC_|ngettext|dngettext|gettext) ?\(\s*"')


def code(text):
    """Without comments, so that a _("word") in one does not count."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    return re.sub(r"//.*", "", text)


def listed():
    lines = tree.text("po/POTFILES.in").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def with_text():
    return [name for name in tree.sources(".cpp", ".h")
            if not name.startswith("tests/") and KEYWORD.search(code(tree.text(name)))]


def test_complete():
    missing = sorted(set(with_text()) - set(listed()))
    assert not missing, "add to po/POTFILES.in:\n" + "\n".join(missing)


def test_nothing_else():
    extra = sorted(set(listed()) - set(with_text()))
    assert not extra, "take out of po/POTFILES.in:\n" + "\n".join(extra)
    tap.equal(listed(), sorted(set(listed())), "the order of po/POTFILES.in")


tap.main(globals())
