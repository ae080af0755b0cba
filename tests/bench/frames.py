# SPDX-License-Identifier: LGPL-2.1-or-later
"""The frames that all sides are given: the street video, in a few sizes."""

import pathlib

import cv2
import numpy

STREET = "/usr/share/doc/opencv-doc/examples/data/vtest.avi"
COUNT = 8
SIZES = {"480p": (640, 480), "720p": (1280, 720), "1080p": (1920, 1080)}


def pictures(width, height):
    video = cv2.VideoCapture(STREET)
    found = []
    while len(found) < COUNT:
        good, picture = video.read()
        if not good:
            raise SystemExit(f"bench: cannot read {STREET} (package opencv-doc)")
        found.append(cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC))
    return found


def with_noise(picture, amount):
    noise = numpy.random.default_rng(1).normal(0, amount, picture.shape)
    return numpy.clip(picture + noise, 0, 255).astype(numpy.uint8)


def jpeg(picture, wanted):
    """The picture as a JPEG of about that many bytes; noise helps where quality is at its end."""
    def encode(quality, source):
        return cv2.imencode(".jpg", source, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()

    source, noise = picture, 0
    while len(encode(98, source)) < wanted:
        noise += 4
        source = with_noise(picture, noise)
    return min((encode(quality, source) for quality in range(5, 99, 3)),
               key=lambda data: abs(len(data) - wanted))


def i420(picture):
    return cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes()


def make(folder):
    """Folders of frame files by name, with the caps that go with each."""
    kinds = {
        "20KB": ("480p", lambda picture: jpeg(picture, 20_000), "image/jpeg"),
        "120KB": ("720p", lambda picture: jpeg(picture, 120_000), "image/jpeg"),
        "3MB": ("1080p", lambda picture: jpeg(picture, 3_110_400), "image/jpeg"),
        "480p": ("480p", i420, "video/x-raw,format=I420"),
        "720p": ("720p", i420, "video/x-raw,format=I420"),
        "1080p": ("1080p", i420, "video/x-raw,format=I420"),
    }
    made = {}
    for name, (size, convert, media) in kinds.items():
        width, height = SIZES[size]
        place = pathlib.Path(folder) / name
        place.mkdir(parents=True, exist_ok=True)
        if len(list(place.iterdir())) != COUNT:
            for number, picture in enumerate(pictures(width, height)):
                (place / f"{number:02}.jpg").write_bytes(convert(picture))
        made[name] = (str(place), f"{media},width={width},height={height},framerate=30/1")
    return made
