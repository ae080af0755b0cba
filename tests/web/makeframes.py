#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""makeframes.py FOLDER: thirty pictures in which a ball moves, as 00.jpg to 29.jpg."""

import sys

import cv2
import numpy

WIDTH, HEIGHT, COUNT = 1280, 720, 30


def backdrop():
    """Hills under an evening sky: a picture that nobody takes for a test card."""
    sky = numpy.linspace(0, 1, HEIGHT)[:, None, None]
    frame = (numpy.array([150, 95, 50]) * (1 - sky) + numpy.array([120, 165, 235]) * sky)
    frame = numpy.broadcast_to(frame, (HEIGHT, WIDTH, 3)).astype(numpy.uint8).copy()
    across = numpy.arange(WIDTH)
    for base, high, color in ((470, 60, (95, 85, 70)), (540, 45, (70, 75, 55)), (620, 25, (45, 60, 40))):
        line = base - high * numpy.sin(across / (130 + base / 6)) - high / 3 * numpy.sin(across / 37)
        points = numpy.stack([across, line], axis=1).astype(numpy.int32)
        outline = numpy.concatenate([points, [[WIDTH, HEIGHT], [0, HEIGHT]]])
        cv2.fillPoly(frame, [outline], color)
    return frame


def main():
    scene = backdrop()
    for i in range(COUNT):
        frame = scene.copy()
        cv2.circle(frame, (60 + i * 40, 250), 60, (60, 210, 250), -1, cv2.LINE_AA)
        cv2.putText(frame, f"{i:02d}", (1140, 690), cv2.FONT_HERSHEY_SIMPLEX, 2, (255, 255, 255), 3, cv2.LINE_AA)
        cv2.imwrite(f"{sys.argv[1]}/{i:02d}.jpg", frame)


main()
