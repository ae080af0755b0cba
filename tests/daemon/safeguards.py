#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon on a machine of files: what it says of it, and that nothing waits for it."""

import contextlib
import os
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import daemonrun
import tap


def memory(used):
    return f"MemTotal: 4000000 kB\nMemAvailable: {int(4000000 * (1 - used))} kB\n"


@contextlib.contextmanager
def machine(files):
    with tempfile.TemporaryDirectory(prefix="camwarden-machine-") as name:
        root = pathlib.Path(name)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        yield root


def running(root, groups):
    return daemonrun.Daemon(cameras={}, groups=groups, environment={"CAMWARDEN_ROOT": str(root)})


def said(daemon, line):
    daemonrun.wait_until(f"the log has: {line}", lambda: line in daemon.log_text())


def test_levels_and_reload():
    with machine({
            "proc/meminfo": memory(0.99),
            "sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n"}) as root:
        groups = {"recovery": {"emergency-memory-after": "0", "emergency-leave-after": "0"}}
        with running(root, groups) as daemon:
            critical = "threshold: memory value=99.0% limit=95.0% from=none to=critical"
            said(daemon, critical)
            said(daemon, "power: under-voltage, throttled")
            daemon.groups["thresholds"] = {"memory": "99.5%;99.9%"}
            daemon.write_config()
            daemon.process.send_signal(signal.SIGHUP)
            said(daemon, "threshold: memory value=99.0% limit=99.5% from=critical to=none")
            tap.equal(daemon.log_text().count(critical), 1, "told once")
            tap.equal(daemon.log_text().count("power:"), 1, "told once")
            code, _ = daemon.stop()
            tap.equal(code, 0)


def test_a_sensor_that_hangs_holds_nothing_up():
    with machine({"proc/loadavg": "0 0 0 1/1 1\n"}) as root:
        os.mkfifo(root / "proc" / "meminfo")
        with running(root, {}) as daemon:
            said(daemon, "connected to Redis")
            said(daemon, f"reading {root}/proc/meminfo hangs")
            code, took = daemon.stop()
            tap.equal(code, 0)
            assert took < 3, f"it took {took:.1f} s to stop"


tap.main(globals())
