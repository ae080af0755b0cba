#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may include whom, and how long a file may be."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
import tree

STD = """algorithm any array atomic barrier bit bitset cassert cctype cerrno cfloat charconv chrono
cinttypes climits clocale cmath compare complex concepts condition_variable coroutine csetjmp
csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime deque exception filesystem forward_list
fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits
list locale map memory memory_resource mutex new numbers numeric optional ostream queue random
ranges ratio regex semaphore set shared_mutex source_location span sstream stack stdexcept stop_token
streambuf string string_view system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector version""".split()

# A header's family, by the first pattern that matches.
FAMILIES = [
    ("std", re.compile("^(" + "|".join(STD) + ")$")),
    ("glib", re.compile(r"^(gio/|glib|gmodule|gobject/)")),
    ("gst", re.compile(r"^gst/")),
    ("hiredis", re.compile(r"^hiredis/")),
    ("json", re.compile(r"^json-glib/")),
    ("soup", re.compile(r"^libsoup/")),
    ("mosquitto", re.compile(r"^mosquitto\.h$")),
    ("sqlite", re.compile(r"^sqlite3\.h$")),
    ("systemd", re.compile(r"^systemd/")),
    ("archive", re.compile(r"^archive(_entry)?\.h$")),
    ("posix", re.compile(r"^([a-z_0-9]+\.h|(sys|linux|net|netinet|arpa)/[a-z_0-9-]+\.h)$")),
]

ANYTHING = ["std", "posix", "glib"]

# Files (by the first pattern that matches the path) -> what they may include: families of system
# headers, and the folders (or single headers) of this project.
BORDERS = [
    # Decisions and plain helpers: the C++ standard library alone.
    (r"plugins/common/", ["std"], ["common/"]),
    (r"plugins/framestore/(retention|storepath)", ["std"], ["common/", "framestore/"]),
    # What the store does to files needs no GLib either.
    (r"plugins/framestore/(store|filedescriptor)", ["std", "posix"], ["common/", "framestore/"]),
    (r"plugins/health/(framejudge|lumasampler|outbox)", ["std"], ["common/", "health/"]),
    (r"app/core/", ["std"], ["common/", "core/"]),
    # GObject helpers for everybody.
    (r"plugins/gobject/", ANYTHING + ["gst"], ["common/", "gobject/", "buildconfig.h"]),
    # The connection and the wire format know no GStreamer, its elements do.
    (r"plugins/redis/(redis|frameheader|request)", ANYTHING + ["hiredis", "json"],
     ["common/", "gobject/", "redis/", "buildconfig.h"]),
    (r"plugins/redis/", ANYTHING + ["hiredis", "json", "gst"],
     ["common/", "gobject/", "redis/", "buildconfig.h"]),
    (r"plugins/framestore/", ANYTHING + ["gst"],
     ["common/", "gobject/", "framestore/", "buildconfig.h", "builddate.h"]),
    (r"plugins/health/", ANYTHING + ["gst"],
     ["common/", "gobject/", "health/", "buildconfig.h"]),
    # The application knows elements as gst-launch does.
    (r"app/config/(schema|values|parsevalue|reference|manual|configreference)", ["std", "posix"],
     ["config/"]),
    (r"app/config/", ANYTHING, ["common/", "gobject/", "core/", "config/", "buildconfig.h"]),
    (r"app/camera/", ANYTHING + ["gst", "json"],
     ["common/", "gobject/", "core/", "config/", "camera/", "camwarden-camera1.h",
      "buildconfig.h"]),
    (r"app/daemon/", ANYTHING + ["hiredis", "json", "soup", "sqlite", "mosquitto", "systemd"],
     ["common/", "gobject/", "core/", "config/", "daemon/", "redis/redis", "redis/frameheader",
      "framestore/retention", "framestore/storepath", "framestore/storeprune", "camwarden-camera1.h", "buildconfig.h",
      "builddate.h"]),
    (r"app/ctl/(archivenames|logdigest|redact|systemdunit|tunemodel)", ["std"], ["ctl/"]),
    (r"app/ctl/", ANYTHING + ["json", "soup", "systemd", "sqlite", "archive", "hiredis"],
     ["common/", "gobject/", "core/", "config/", "ctl/", "redis/redis", "redis/frameheader",
      "buildconfig.h"]),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
ELEMENT_HEADER = re.compile(r"(^|/)gst[a-z]+\.h$")
LONGEST = 600


def family(header):
    return next((name for name, pattern in FAMILIES if pattern.match(header)), header)


def own(header):
    return (tree.ROOT / "plugins" / header).exists() or (tree.ROOT / "app" / header).exists()


def trespasses(name, text):
    rule = next(((families, own) for pattern, families, own in BORDERS
                 if re.match(pattern, name)), None)
    if rule is None:
        return [f"{name}: belongs to no area of the table in tests/lint/borders.py"]
    families, folders = rule
    found = []
    for mark, header in INCLUDE.findall(text):
        if mark == "<" and not own(header):
            good = family(header) in families
        else:
            good = header.startswith(tuple(folders)) or "/" not in header and (
                (tree.ROOT / name).parent / header).exists()
            if ELEMENT_HEADER.search(header) and not name.startswith("plugins/"):
                good = False
        if not good:
            found.append(f"{name} must not include {header}")
    return found


def test_include_borders():
    bad = []
    for name in tree.sources(".cpp", ".h"):
        if name.startswith(("plugins/", "app/")):
            bad += trespasses(name, tree.text(name))
    assert not bad, "\n" + "\n".join(bad)


def test_the_border_check_can_fail():
    for name, line in [
            ("app/core/x.cpp", "#include <glib.h>"),
            ("app/core/x.cpp", "#include <unistd.h>"),
            ("plugins/common/x.h", '#include "core/fault.h"'),
            ("plugins/health/framejudge.h", "#include <gst/gst.h>"),
            ("plugins/redis/redislink.cpp", "#include <gst/gst.h>"),
            ("plugins/redis/gstredissink.cpp", '#include "config/config.h"'),
            ("app/camera/pipeline.cpp", '#include "redis/gstredissink.h"'),
            ("app/daemon/daemon.cpp", "#include <gst/gst.h>"),
            ("app/ctl/status.cpp", '#include "daemon/daemon.h"'),
            ("app/camera/main.cpp", '#include "daemon/daemon.h"'),
            ("app/elsewhere/x.cpp", "")]:
        assert trespasses(name, line), f"{name} may have {line}"


def test_lengths():
    """A sense of proportion: the long ones are named, the very long ones are refused."""
    refused = []
    for name in tree.sources(".cpp", ".h", ".py", ".js"):
        lines = tree.text(name).count("\n")
        if lines > LONGEST:
            tap.diagnose(f"{name} has {lines} lines")
        if lines > 2 * LONGEST:
            refused.append(name)
    assert not refused, f"more than {2 * LONGEST} lines: {', '.join(refused)}"


tap.main(globals())
