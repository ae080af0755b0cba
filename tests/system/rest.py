# SPDX-License-Identifier: LGPL-2.1-or-later
"""What daemon and Redis cost while nobody looks."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import tap  # noqa: E402
from daemonrun import Daemon, cpu_seconds  # noqa: E402

SECONDS = 20


def test_rest():
    camera = {"source": "videotestsrc is-live=true", "width": 640, "height": 480, "framerate": 15}
    # At the level that people run it with: writing the log is work too.
    with Daemon({"front": camera}, {"log": {"level": "info"}}) as daemon:
        daemon.wait_frames()
        time.sleep(2)
        pids = [daemon.pid, *daemon.redis_pids()]
        # The best of several: on a busy machine the same work costs more.
        for _ in range(3):
            before = [cpu_seconds(pid) for pid in pids]
            time.sleep(SECONDS)
            shares = [(cpu_seconds(pid) - old) / SECONDS for pid, old in zip(pids, before)]
            tap.diagnose(f"daemon {shares[0]:.2%}, redis-server {shares[1]:.2%} of a core")
            if sum(shares) < 0.01:
                return
        raise AssertionError(f"{sum(shares):.2%} of a core at rest")


if __name__ == "__main__":
    tap.main(globals())
