#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The page in a real browser, over a fake daemon. CAMWARDEN_SCREENSHOTS=FOLDER keeps what it saw."""

import json
import os
import subprocess
import sys
import tempfile

import cv2
import numpy

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import tap
from browser import Page

PROGRAM = os.path.join(os.environ["CAMWARDEN_BUILD_ROOT"], "tests", "web", "fakedashboard")
SHOTS = os.environ.get("CAMWARDEN_SCREENSHOTS")
STATE = "document.querySelector('.camera .state').dataset.level"


def make_frames(folder):
    for i in range(30):
        frame = numpy.full((360, 640, 3), (90, 70, 50), numpy.uint8)
        for k in range(8):
            cv2.rectangle(frame, (k * 80, 260), (k * 80 + 78, 360), (40 + 20 * k, 120, 200 - 20 * k), -1)
        cv2.circle(frame, (40 + i * 18, 150), 36, (60, 200, 240), -1)
        cv2.putText(frame, f"{i:02d}", (20, 50), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
        cv2.imwrite(f"{folder}/{i:02d}.jpg", frame)


class Daemon:
    def __init__(self, *cameras):
        self.folder = tempfile.TemporaryDirectory()
        make_frames(self.folder.name)
        self.process = subprocess.Popen([PROGRAM, self.folder.name, *cameras], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = self.process.stdout.readline().strip()

    def tell(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == f"done {order}\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
        self.folder.cleanup()


def picture_of(page, which=0):
    """The camera's picture as it is on the screen."""
    box = page.run(f"JSON.stringify(document.querySelectorAll('.picture img')[{which}]"
                   ".getBoundingClientRect())")
    box = json.loads(box)
    image = cv2.imdecode(numpy.frombuffer(page.screenshot(), numpy.uint8), cv2.IMREAD_COLOR)
    return image[int(box["top"]):int(box["bottom"]), int(box["left"]):int(box["right"])]


def wait_for_change(page, which=0, tries=40):
    first = picture_of(page, which)
    for _ in range(tries):
        now = picture_of(page, which)
        # The frame is not black, and the ball has moved.
        if now.mean() > 20 and first.mean() > 20 and cv2.absdiff(first, now).mean() > 1:
            return
        if first.mean() <= 20:
            first = now
    raise AssertionError("the picture does not change")


def keep(page, name):
    if SHOTS:
        with open(f"{SHOTS}/{name}.png", "wb") as file:
            file.write(page.screenshot())


def test_one_camera():
    with Daemon("front") as daemon, Page(daemon.url) as page:
        page.wait(f"document.querySelector('.camera') && {STATE} === 'healthy'")
        page.wait("document.title.startsWith('All is well')")
        wait_for_change(page)
        keep(page, "desktop")
        text = page.run("document.body.innerText")
        for word in ("Streaming", "30.0 of 30 fps", "1280 × 720", "ago", "Good", "workshop",
                     "redis://127.0.0.1:6390", "gst-play-1.0 redis://127.0.0.1:6390/cam:front:frame"):
            assert word in text, f"{word} is missing:\n{text}"
        assert page.run("document.querySelectorAll('[style], style, script:not([src])').length") == 0
        assert not page.complaints, page.complaints


def test_trouble_is_told():
    with Daemon("front") as daemon, Page(daemon.url) as page:
        page.wait(f"document.querySelector('.camera') && {STATE} === 'healthy'")
        daemon.tell("stall")
        page.wait(f"{STATE} === 'critical'")
        page.wait("document.querySelector('.camera .sentence').textContent.includes('stalled')")
        page.wait("document.title.startsWith('Needs help')")
        page.wait("document.querySelector('.picture img.old') !== null")
        first = page.run("document.querySelector('.veil').textContent")
        page.wait(f"document.querySelector('.veil').textContent !== {first!r}")
        daemon.tell("redis-away")
        page.wait("document.querySelector('#redis-state').dataset.level === 'critical'")
        keep(page, "trouble")
        daemon.tell("heal")
        page.wait(f"{STATE} === 'healthy'")
        wait_for_change(page)
        assert not page.complaints, page.complaints


def test_text_stays_text():
    with Daemon("front") as daemon, Page(daemon.url) as page:
        page.wait("document.querySelector('.camera')")
        daemon.tell("stall")
        daemon.tell("hostile")
        page.wait("document.querySelector('.error').textContent.includes('<script>')")
        assert page.run("document.querySelectorAll('.error *').length") == 0
        assert "owned" not in page.run("document.title")
        assert not page.complaints, page.complaints


def test_many_cameras_leave_room_for_requests():
    cameras = [f"line-{i}" for i in range(1, 9)]
    with Daemon(*cameras) as daemon, Page(daemon.url, height=1400) as page:
        page.wait("document.querySelectorAll('.camera').length === 8")
        live = "[...document.images].filter((image) => image.src.includes('stream.mjpg')).length"
        page.wait(f"{live} === 1")
        for which in (0, 1):
            wait_for_change(page, which)
        # The page's own requests still come through.
        page.run("fetch('/healthz').then((response) => response.text())")
        page.run("document.querySelectorAll('.watch')[2].click()")
        page.wait("document.querySelectorAll('.picture img')[2].src.includes('stream.mjpg')")
        assert page.run(live) == 1
        keep(page, "many")
        assert not page.complaints, page.complaints


def test_daemon_goes_and_comes():
    with Daemon("front") as daemon:
        with Page(daemon.url) as page:
            page.wait(f"document.querySelector('.camera') && {STATE} === 'healthy'")
            daemon.process.kill()
            daemon.process.wait(20)
            page.wait("document.title.startsWith('No answer')")
            page.wait("document.querySelector('#overall').innerText.includes('does not answer')")


def test_phone_and_dark():
    with Daemon("front") as daemon:
        for name, width, dark in (("phone", 390, False), ("phone-dark", 320, True), ("dark", 1280, True)):
            with Page(daemon.url, width, 900, dark, phone=width < 500) as page:
                page.wait(f"document.querySelector('.camera') && {STATE} === 'healthy'")
                wait_for_change(page)
                keep(page, name)
                wide = page.run("document.documentElement.scrollWidth")
                assert wide <= width, f"{name}: {wide} px wide on a screen of {width}"
                background = page.run("getComputedStyle(document.body).backgroundColor")
                assert background == ("rgb(13, 17, 23)" if dark else "rgb(243, 245, 248)"), background
                assert not page.complaints, page.complaints


def test_keyboard_and_names():
    with Daemon("front", "back") as daemon, Page(daemon.url) as page:
        page.wait("document.querySelectorAll('.camera').length === 2")
        assert page.run("[...document.images].every((image) => image.hasAttribute('alt'))")
        assert page.run("[...document.querySelectorAll('button')].every((b) => b.textContent.trim() !== '')")
        assert page.run("document.querySelectorAll('h1').length") == 1
        assert page.run("document.querySelectorAll('.state:not([aria-live])').length") == 0
        seen = []
        for _ in range(8):
            for kind in ("keyDown", "keyUp"):
                page.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab",
                          windowsVirtualKeyCode=9)
            seen.append(page.run("document.activeElement.className || document.activeElement.tagName"))
        assert seen[0] == "skip" and "watch" in seen and "copy" in seen, seen


tap.main(globals())
