# SPDX-License-Identifier: LGPL-2.1-or-later
"""A street video, looped as a camera, through daemon and worker: every frame arrives and nothing
grows. A minute; CAMWARDEN_LONG=600 makes it ten."""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import daemonrun  # noqa: E402
import tap  # noqa: E402
from daemonrun import Daemon, figures, header  # noqa: E402

VIDEO = pathlib.Path("/usr/share/doc/opencv-doc/examples/data/vtest.avi")
SECONDS = float(os.environ.get("CAMWARDEN_LONG", "60"))
RATE = 10


def street_frames():
    """The video as JPEG files, made once; the folder and the size of the picture."""
    import cv2

    if not VIDEO.exists():
        raise tap.Skip("no street video: install the package opencv-doc")
    folder = daemonrun.BUILD / "tests" / "street"
    reader = cv2.VideoCapture(str(VIDEO))
    count = int(reader.get(cv2.CAP_PROP_FRAME_COUNT))
    size = (int(reader.get(cv2.CAP_PROP_FRAME_WIDTH)), int(reader.get(cv2.CAP_PROP_FRAME_HEIGHT)))
    done = folder / "done"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(min(count, 200)):
            good, picture = reader.read()
            assert good, f"frame {number} of the video"
            part = folder / f".{os.getpid()}.jpg"
            assert cv2.imwrite(str(part), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            part.rename(folder / f"{number:05d}.jpg")
        done.touch()
    reader.release()
    return folder, size


def street_camera():
    folder, (width, height) = street_frames()
    source = (f"multifilesrc location={folder}/%05d.jpg loop=true"
              f" caps=image/jpeg,framerate={RATE}/1"
              f" ! identity sleep-time={1000000 // RATE} ! jpegdec")
    return {"source": source, "width": width, "height": height, "framerate": RATE}


def check_flat(name, samples):
    """The last quarter against the second one; the first is for caches to fill."""
    quarter = len(samples) // 4
    early, late = samples[quarter:2 * quarter], samples[-quarter:]

    def most(part, key):
        return max(sample[key] for sample in part)
    tap.diagnose(f"{name}: RSS {most(early, 'rss') / 2**20:.1f} -> {most(late, 'rss') / 2**20:.1f}"
                 f" MiB, threads {most(early, 'threads')} -> {most(late, 'threads')},"
                 f" descriptors {most(early, 'fds')} -> {most(late, 'fds')}")
    allowed = max(0.03 * most(early, "rss"), 2 * 2**20)
    assert most(late, "rss") <= most(early, "rss") + allowed, f"{name}: RSS grows"
    # A thread of GLib's pool comes and goes.
    assert most(late, "threads") <= most(early, "threads") + 1, f"{name}: threads"
    assert most(late, "fds") <= most(early, "fds") + 1, f"{name}: descriptors"


def test_street():
    with Daemon({"street": street_camera()}) as daemon:
        daemon.wait_frames("street", 5)
        (worker,), (server,) = daemon.workers(), daemon.redis_pids()
        pids = {"daemon": daemon.pid, "worker": worker, "redis-server": server}
        samples = {name: [] for name in pids}
        numbers = []
        begin = next_sample = time.monotonic()
        with daemon.subscribed("street") as frames:
            for frame in frames:
                now = time.monotonic()
                if frame:
                    numbers.append(header(frame)["seq"])
                if now >= next_sample:
                    next_sample = now + SECONDS / 60
                    for name, pid in pids.items():
                        samples[name].append(figures(pid))
                if now - begin > SECONDS:
                    break
        tap.diagnose(f"{len(numbers)} frames in {SECONDS:.0f} s")
        tap.equal(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "seq")
        assert len(numbers) > 0.7 * RATE * SECONDS, len(numbers)
        for name, list_of_figures in samples.items():
            check_flat(name, list_of_figures)
        tap.equal(daemon.workers(), [worker], "the worker of the start")


if __name__ == "__main__":
    tap.main(globals())
