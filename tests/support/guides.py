# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guides: README.md and docs, with the commands in them. A comment before each fenced block says
which program of tests/system/docs runs it, and in what way, or where else that is done:

    <!-- test: readers python -->"""

import os
import pathlib
import re
import typing

ROOT = pathlib.Path(os.environ.get("CAMWARDEN_SOURCE_ROOT", pathlib.Path(__file__).parents[2]))
BLOCK = re.compile(r"^(?: *<!-- test: (?P<program>[a-z]+)(?: (?P<way>[\w-]+))? -->\n)?"
                   r"(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.M | re.S)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")


class Block(typing.NamedTuple):
    document: str
    line: int
    program: str
    way: str
    language: str
    text: str

    def __str__(self):
        return f"{self.document}:{self.line}"


def documents():
    return ["README.md", *sorted(str(path.relative_to(ROOT))
                                 for path in (ROOT / "docs").rglob("*.md"))]


def source(document):
    return (ROOT / document).read_text(encoding="utf-8")


def blocks(program=None):
    found = []
    for document in documents():
        content = source(document)
        for match in BLOCK.finditer(content):
            text = re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M)
            found.append(Block(document, content[:match.start("language")].count("\n") + 1,
                               match["program"] or "", match["way"] or "", match["language"], text))
    assert len(found) > 30, "the guides were not found"
    return [block for block in found if program in (None, block.program)]


def spans():
    """What stands between `backticks` in the text, and where: [("docs/x.md", "curl ...")]."""
    return [(document, " ".join(span.split())) for document in documents()
            for span in SPAN.findall(BLOCK.sub("", source(document)))]


def lines(text):
    """The commands of a block, those that go on in the next line in one."""
    return [line for line in text.replace("\\\n", " ").splitlines()
            if line.strip() and not line.startswith("#")]
