# SPDX-License-Identifier: LGPL-2.1-or-later
"""The guides: README.md and docs, with the commands in them. A comment before each fenced block says
which program of tests/system/docs runs it, and in what way, or where else that is done:

    <!-- test: readers python -->"""

import os
import pathlib
import re
import typing

ROOT = pathlib.Path(os.environ.get("CAMWARDEN_SOURCE_ROOT", pathlib.Path(__file__).resolve().parents[2]))
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


PROGRAMS = set("""apt apt-get camwarden-camera camwardenctl camwardend clang-format cp curl dpkg
dpkg-buildpackage g++ gst-device-monitor-1.0 gst-discoverer-1.0 gst-inspect-1.0 gst-launch-1.0 gst-play-1.0
journalctl libcamera-hello man meson ninja node npm python3 redis-cli rm rpicam-hello run.sh sha256sum
sqlite3 systemctl systemd-analyze systemd-sysusers systemd-tmpfiles tar test.sh timeout udevadm vlc""".split())

# What cannot be run beside the other tests: why, or what else does it, and what proves that.
ELSEWHERE = {
    "packages": ("compared with dependencies.txt, which ./test.sh installs",
                 "tests/lint/packages.py", "def test_readme_names_the_same_packages"),
    "arm": ("needs libraries of arm64 beside ours: ./test.sh --platforms",
            "tests/platforms/platforms.py", "meson setup build-arm64 --cross-file"),
    "debs": ("installs, removes and purges packages: ./test.sh --packages",
             "tests/packages/guest.sh", "apt purge camwarden"),
    "build": ("builds everything once more: ./test.sh --packages, by the same steps",
              "tests/packages/debs.py", "dpkg-buildpackage -us -uc"),
    "hardware": ("needs a Raspberry Pi, or a USB camera and udevd",
                 "docs/installing.md", "## On a Raspberry Pi"),
    "archive": ("an archive that the tests of backups have made",
                "tests/tools/backup.py", '"sha256sum", "--quiet", "-c"'),
    "format": ("would change the sources; the lint suite asks whether it does",
               "tests/lint/format.py", "clang"),
    "npm": ("./test.sh fetches it", "scripts/web-modules", "redis@5"),
    "manual": ("installed as debian/camwarden.install says; what it tells is compared with the program",
               "tests/system/docs/ctl.py", "MANUAL"),
    "graphviz": ("./test.sh installs it", "dependencies.txt", "test graphviz"),
}

# What commands in the text are run by, or where else: the first that fits.
INLINE = [
    (r"camwardenctl (restart|backup restore)\b|systemctl |journalctl |systemd-analyze ", "machine"),
    (r"camwardenctl ", "ctl"),
    (r"\./|meson |ninja |gst-inspect|redis-cli |sqlite3 |\S*camwarden-camera |camwardend ", "tools"),
    (r"apt (remove|purge) camwarden", "debs"),
    (r"apt-get build-dep|dpkg-buildpackage ", "build"),
    (r"apt install gstreamer1.0-libcamera|rpicam-hello |udevadm ", "hardware"),
    (r"apt install graphviz", "graphviz"),
    (r"tar |sha256sum ", "archive"),
    (r"clang-format ", "format"),
    (r"npm install redis@5", "npm"),
    (r"man ", "manual"),
]


def is_command(span):
    """One word alone is the name of a program, unless it is a script of the tree."""
    words = [word for word in span.split() if not re.match(r"[A-Z_]+=", word)]
    if not words or len(words) == 1 and not words[0].startswith("./"):
        return False
    return words[0].rsplit("/", 1)[-1] in PROGRAMS


def runner(span):
    bare = re.sub(r"^([A-Z_]+=\S+ )+", "", span)
    return next((program for pattern, program in INLINE if re.match(pattern, bare)), "")


def commands(program=None):
    """Those in the text: [("docs/x.md", "curl ...")]."""
    return [(document, span) for document, span in spans()
            if is_command(span) and program in (None, runner(span))]
