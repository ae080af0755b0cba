# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the Debian packages from what git knows of the tree, in a Debian of their own that has the
packages to compile and no others."""

import hashlib
import io
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
for folder in ("lint", "support"):
    sys.path.insert(0, str(HERE.parent / folder))
import othermachine
import tree

NAMES = ("gstreamer1.0-camwarden", "camwarden", "camwarden-doc")


def version():
    """What debian/changelog says: 0.1.0-1 is of the sources 0.1.0."""
    return re.match(r"camwarden \(([^)]+)\)", tree.text("debian/changelog"))[1]


def unpack_sources(folder, moment):
    """FOLDER/camwarden-VERSION with the sources, and beside it the tar file without debian/."""
    upstream = version().rsplit("-", 1)[0]
    folder.mkdir(parents=True)
    source = folder / f"camwarden-{upstream}"
    othermachine.copy_sources(tree.files(), source)
    with tarfile.open(folder / f"camwarden_{upstream}.orig.tar.xz", "w:xz") as archive:
        for name in tree.files():
            if not name.startswith("debian/"):
                data = (tree.ROOT / name).read_bytes()
                entry = tarfile.TarInfo(f"camwarden-{upstream}/{name}")
                entry.size, entry.mtime = len(data), moment
                entry.mode = 0o755 if os.access(tree.ROOT / name, os.X_OK) else 0o644
                archive.addfile(entry, io.BytesIO(data))
    return source.name


def build(copy, folder, prepare="true", wrapper=""):
    """Builds below /FOLDER of the copy. What the compiler said comes only when it fails."""
    name = unpack_sources(copy.path(folder), 1_700_000_000)
    jobs = os.cpu_count() or 1
    return copy.must(f"cd /{folder} && {prepare} && cd {name} && "
                     f"DEB_BUILD_OPTIONS=parallel={jobs} {wrapper} dpkg-buildpackage -us -uc")


def sums(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.glob("*.deb"))}


def differences(copy, one, other):
    """What differs between the packages of two folders of the copy; nothing if they are the same."""
    left, right = sums(copy.path(one)), sums(copy.path(other))
    texts = [copy.run(f"diffoscope /{one}/{name} /{other}/{name}")[1][:4000]
             for name in sorted(left.keys() & right.keys()) if left[name] != right[name]]
    return "\n".join([*texts, *(f"only once: {name}" for name in sorted(left.keys() ^ right.keys()))])


def depends_of(files):
    """The names of all packages they depend on, without each other; of alternatives the first."""
    found = set()
    for file in files:
        fields = othermachine.output("dpkg-deb", "-f", file, "Depends").strip()
        found |= {re.match(r"[a-z0-9.+-]+", word.strip())[0]
                  for word in fields.split(",") if word.strip()}
    return sorted(found - set(NAMES))


def newer(files, folder):
    """The same packages as if of the next revision."""
    folder.mkdir(parents=True)
    for file in files:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            subprocess.run(["dpkg-deb", "-R", file, f"{place}/root"], check=True)
            control = pathlib.Path(place, "root/DEBIAN/control")
            control.write_text(control.read_text().replace(version(), version() + "+next"))
            subprocess.run(["dpkg-deb", "--root-owner-group", "-b", f"{place}/root", folder],
                           check=True, stdout=sys.stderr)
