# SPDX-License-Identifier: LGPL-2.1-or-later
"""Namespaces of this process's own: what it mounts or cuts off, nobody else sees, and it is gone
when the process is.

    obstacle = namespaces.enter(mounts=True)    # before any thread runs; None: all is well
"""

import ctypes
import os
import pathlib
import subprocess

NEWNS, NEWUSER, NEWNET = 0x00020000, 0x10000000, 0x40000000


def _unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _become_root(uid, gid):
    own = pathlib.Path("/proc/self")
    (own / "setgroups").write_text("deny")
    (own / "uid_map").write_text(f"0 {uid} 1")
    (own / "gid_map").write_text(f"0 {gid} 1")


def run(*words):
    """Raises OSError with what the command said."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip() or done.returncode}")


def enter(mounts=False, network=False):
    """Returns why it cannot be, or None."""
    flags = (NEWNS if mounts else 0) | (NEWNET if network else 0)
    uid, gid = os.geteuid(), os.getegid()
    try:
        _unshare(flags | (NEWUSER if uid else 0))
        if uid:
            _become_root(uid, gid)
        if mounts:
            run("mount", "--make-rprivate", "/")
        if network:
            run("ip", "link", "set", "lo", "up")
    except OSError as why:
        return str(why)
    return None
