# SPDX-License-Identifier: LGPL-2.1-or-later
"""German and Chinese, whatever the machine speaks: gettext translates in no locale of C's.

    with locales.made() as speaking:
        ctl("status", **speaking("de_DE"))
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import unicodedata

LANGUAGES = {"de_DE": "de", "zh_CN": "zh_CN"}
CATALOGUES = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"]) / "po"


@contextlib.contextmanager
def made():
    with tempfile.TemporaryDirectory() as folder:
        for name in LANGUAGES:
            subprocess.run(["localedef", "--no-archive", "-i", name, "-f", "UTF-8",
                            f"{folder}/{name}.UTF-8"], check=True, capture_output=True)

        def speaking(name):
            return {"LOCPATH": folder, "LC_ALL": f"{name}.UTF-8", "LANGUAGE": LANGUAGES[name],
                    "TEXTDOMAINDIR": str(CATALOGUES)}

        yield speaking


def width(line):
    """Columns of a terminal."""
    return sum(0 if unicodedata.combining(char) else
               2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def check_width(text):
    for line in text.splitlines():
        assert width(line) <= 80, f"{width(line)} columns: {line}"
