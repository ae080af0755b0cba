#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Camwarden is compared with: a camera script as one writes it in Python, with OpenCV and
redis-py: capture, convert, encode, publish.

    twin.py capture PORT WIDTH HEIGHT SECONDS    the test picture at 30 frames a second
    twin.py publish PORT FOLDER COUNT FPS        ready frames; FPS 0: flat out
"""

import json
import pathlib
import sys
import time

import cv2
import redis

CHANNEL = "bench:frame"


def report(frames, cpu, wall):
    print(json.dumps({"frames": frames, "own_us": cpu / frames / 1000,
                      "wall_us": wall / frames / 1000}), flush=True)


def capture(port, width, height, seconds):
    server = redis.Redis(port=port)
    camera = cv2.VideoCapture(
        f"videotestsrc is-live=true ! video/x-raw,format=I420,width={width},height={height},"
        "framerate=30/1 ! appsink", cv2.CAP_GSTREAMER)
    frames, started = 0, None
    while True:
        good, planes = camera.read()
        if not good:
            raise SystemExit("twin: no frame")
        picture = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        server.publish(CHANNEL, data.tobytes())
        now = time.monotonic_ns()
        if started is None:
            if frames == 30:
                started, frames, cpu = now, -1, time.process_time_ns()
        elif now - started > seconds * 1_000_000_000:
            break
        frames += 1
    report(frames, time.process_time_ns() - cpu, now - started)


def publish(port, folder, count, fps):
    server = redis.Redis(port=port)
    frames = [path.read_bytes() for path in sorted(pathlib.Path(folder).iterdir())]
    for frame in frames:
        server.publish(CHANNEL, frame)
    cpu, started = time.process_time_ns(), time.monotonic_ns()
    for number in range(count):
        if fps:
            time.sleep(max(0, started / 1e9 + number / fps - time.monotonic()))
        server.publish(CHANNEL, frames[number % len(frames)])
    report(count, time.process_time_ns() - cpu, time.monotonic_ns() - started)


if __name__ == "__main__":
    role, port, *rest = sys.argv[1:]
    if role == "capture":
        capture(int(port), *map(int, rest))
    else:
        publish(int(port), rest[0], int(rest[1]), float(rest[2]))
