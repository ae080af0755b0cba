# SPDX-License-Identifier: LGPL-2.1-or-later
"""What was told to be stored, beside what is on the disk."""

import datetime
import re
import time
from collections import namedtuple

NAME = re.compile(r"^(?P<cam>[a-z0-9-]+)_(?P<time>\d{8}T\d{6}\.\d{6})Z_(?P<run>[0-9a-f]{8})_"
                  r"(?P<seq>\d{8,})\.jpg$")

Stored = namedtuple("Stored", "path cam wall run seq")


class Told:
    """The counter `stored` of one pipeline: it begins anew with each."""

    def __init__(self, pid, wall):
        self.pid, self.begin, self.end, self.stored = pid, wall, wall, 0


def wall_time(text):
    moment = datetime.datetime.strptime(text, "%Y%m%dT%H%M%S.%f")
    return moment.replace(tzinfo=datetime.timezone.utc).timestamp()


def is_whole(path):
    data = path.read_bytes()
    return data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")


class StoreBook:
    def __init__(self, directory):
        self.directory = directory
        self.told = {}  # camera -> [Told]

    def note(self, _now, camera):
        """What the API told of a camera."""
        pid, stored = camera["worker"]["pid"], camera["stored"]
        pipelines = self.told.setdefault(camera["id"], [])
        if pid is None or stored == 0:
            return
        if not pipelines or pipelines[-1].pid != pid or stored < pipelines[-1].stored:
            pipelines.append(Told(pid, time.time()))
        pipelines[-1].stored, pipelines[-1].end = stored, time.time()

    def files(self, cam=None):
        """Whatever a user sees: names that begin with a dot are not for him."""
        found = []
        for path in self.directory.rglob("*.jpg"):
            match = NAME.match(path.name)
            if path.name.startswith("."):
                continue
            assert match, f"a strange file: {path}"
            if cam in (None, match["cam"]):
                found.append(Stored(path, match["cam"], wall_time(match["time"]), match["run"],
                                    int(match["seq"])))
        return sorted(found, key=lambda one: (one.run, one.seq))

    def runs(self, cam):
        runs = {}
        for one in self.files(cam):
            runs.setdefault(one.run, []).append(one)
        return runs

    def gaps(self, cam):
        """Frames chosen for storing of which there is no file, between two of which there is."""
        return sum(files[-1].seq - files[0].seq + 1 - len(files) for files in self.runs(cam).values())

    def lost(self, cam):
        """Files that were told and are not there. A pipeline's run is the one whose frames were
        captured while it told of them."""
        told = [(one.begin, one.end, one.stored) for one in self.told.get(cam, [])]
        runs = list(self.runs(cam).values())
        missing = 0
        for begin, end, stored in told:
            here = [files for files in runs
                    if files[0].wall <= end and files[-1].wall >= begin - 1.5]
            most = max((len(files) for files in here), default=0)
            missing += max(0, stored - most)
        return missing

    def check_whole(self):
        """No partial file can be seen."""
        broken = [str(one.path) for one in self.files() if not is_whole(one.path)]
        assert not broken, f"partial files: {broken[:5]}"
