# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the guides say to do on a machine with systemd, one command after the other."""

import re

import guides

# What stands for something else, asks, never ends, or may find something.
INSTEAD = [
    (r"\b(ARCHIVE|FILE)\b", "/var/lib/camwarden/backups/*.tar.zst"),
    (r"(camwardenctl backup restore)", r"\1 --yes"),
    (r"(journalctl .* -f)$", r"timeout 3 \1 || [ $? -eq 124 ]"),
    (r"(camwardenctl status)$", r"\1 || [ $? -le 2 ]"),
]
# As its sentence says.
STOPPED = "systemctl stop camwarden; {}; systemctl start camwarden"


def prepared(line):
    line = line.split("#")[0].strip()
    for pattern, text in INSTEAD:
        line = re.sub(pattern, text, line)
    return line


def commands():
    """name -> command. `meson install` is what has put all of it there."""
    found = [line for block in guides.blocks("machine") for line in guides.lines(block.text)
             if not line.startswith("meson install")]
    found += [STOPPED.format(span) if "restore" in span else span
              for _, span in guides.commands("machine")]
    assert len(found) > 25, found
    once = dict.fromkeys(map(prepared, found))
    return {f"guide-{number:02}": line for number, line in enumerate(once, 1)}
