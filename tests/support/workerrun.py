# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs camwarden-camera and plays the daemon on the other end of its link."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections import namedtuple

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib

PROGRAM = os.environ["CAMWARDEN_WORKER"]
PATH = "/org/camwarden/Camera"
INTERFACE = "org.camwarden.Camera1"
Fault = namedtuple("Fault", "fault_class tier part code evidence")


class Directory:
    """A directory of the test's own, with the runtime directory and a configuration in it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="camwarden-worker-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, text, name="camwarden.conf"):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def environment(self, **more):
        run = os.path.join(self.path, "run")
        os.makedirs(run, mode=0o700, exist_ok=True)
        return dict(os.environ, RUNTIME_DIRECTORY=run, STATE_DIRECTORY=self.path, **more)


def config(directory, source, keys="", redis="redis://127.0.0.1:1", camera="front"):
    return directory.write(
        f"[camera:{camera}]\nsource={source}\n{keys}\n"
        f"[redis]\nuri={redis}\n[store]\nlocation={directory.path}/frames\n")


class Worker:
    """A worker, with a link unless link=False."""

    def __init__(self, directory, file, camera="front", link=True, arguments=(), environment=None):
        words = [PROGRAM, "--config", file, "--camera", camera, *arguments]
        self.faults, self.health, self.lines = [], [], []
        self.connection = None
        self.started = time.monotonic()
        near = far = None
        if link:
            near, far = socket.socketpair()
            words += ["--link-fd", str(far.fileno())]
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=environment or directory.environment(),
            pass_fds=[far.fileno()] if link else [])
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if link:
            far.close()
            self._open(near)

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def _open(self, near):
        stream = Gio.Socket.new_from_fd(near.detach()).connection_factory_create_connection()
        flags = (Gio.DBusConnectionFlags.AUTHENTICATION_SERVER
                 | Gio.DBusConnectionFlags.DELAY_MESSAGE_PROCESSING)
        self.connection = Gio.DBusConnection.new_sync(
            stream, Gio.dbus_generate_guid(), flags, None, None)
        self.connection.set_exit_on_close(False)
        self.connection.signal_subscribe(
            None, INTERFACE, None, PATH, None, Gio.DBusSignalFlags.NONE, self._signal)
        self.connection.start_message_processing()

    def _signal(self, _connection, _sender, _path, _interface, name, values):
        if name == "Fault":
            self.faults.append(Fault(*values.unpack()))
        elif name == "Health":
            self.health.append(values.unpack()[0])

    def call(self, method, arguments=None, seconds=5):
        result = self.connection.call_sync(
            None, PATH, INTERFACE, method, arguments, None, Gio.DBusCallFlags.NONE,
            int(seconds * 1000), None)
        values = result.unpack()
        return values[0] if values else None

    def apply(self, **settings):
        values = {key.replace("_", "-"): value for key, value in settings.items()}
        return self.call("Apply", GLib.Variant("(a{sv})", (values,)))

    def stop(self, drain_ms=1000):
        self.call("Stop", GLib.Variant("(u)", (drain_ms,)))

    def turn(self):
        while GLib.MainContext.default().iteration(False):
            pass

    def wait(self, what, holds, seconds=15):
        deadline = time.monotonic() + seconds
        while not holds():
            self.turn()
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain until {what}\n{self.text()}")
            time.sleep(0.005)

    def wait_streaming(self):
        # A worker on its way out refuses calls: the text says why it went.
        self.wait("frames come", lambda: self.progress() > 0)

    def progress(self):
        if self.process.poll() is not None:
            raise AssertionError(f"exit {self.process.returncode}\n{self.text()}")
        return self.call("Ping")

    def exit_code(self, seconds=15):
        """Waits for the end while the link is served."""
        self.wait("the worker ends", lambda: self.process.poll() is not None, seconds)
        self.reader.join(5)
        self.turn()
        return self.process.returncode

    def text(self):
        return "\n".join(self.lines)

    def close_link(self):
        self.connection.close_sync(None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()
        if self.connection and not self.connection.is_closed():
            self.connection.close_sync(None)
