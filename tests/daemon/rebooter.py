#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reboots and restarts, asked of a fake logind and a fake systemd on a bus of the test's own."""

import contextlib
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import dbusmock
import tap

PROGRAM = pathlib.Path(os.environ["CAMWARDEN_BUILD_ROOT"]) / "tests/daemon/rebooterrun"
LOGIND = "org.freedesktop.login1.Manager"
SYSTEMD = "org.freedesktop.systemd1.Manager"
DAY = 86400
NOON = 1_800_000_000  # any time after the program was made
RULE = "50-camwarden-reboot.rules"

# What the mocks do when they are called.
SEE_THE_LOG = "import shutil; shutil.copy({log!r}, {seen!r})"
DENY = ("import dbus; raise dbus.exceptions.DBusException('Permission denied', "
        "name='org.freedesktop.DBus.Error.AccessDenied')")
WANT_A_PASSWORD = ("import dbus; raise dbus.exceptions.DBusException('Interactive authentication "
                   "required.', "
                   "name='org.freedesktop.DBus.Error.InteractiveAuthorizationRequired')")
SILENT = "import time; time.sleep(7)"


class Bus(dbusmock.DBusTestCase):
    """The system bus; one for all tests, the services on it are each test's own."""


class Machine:
    """A state directory, and the services that a daemon finds on this machine."""

    def __init__(self, can_reboot="yes", reboot=None, with_logind=True, with_systemd=False):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="camwarden-reboot-"))
        self.state = self.directory / "state"
        self.log = self.state / "reboots"
        self.seen = self.directory / "seen"
        self.servers = []
        self.bus = Bus.get_dbus(system_bus=True)
        if with_logind:
            code = reboot or SEE_THE_LOG.format(log=str(self.log), seen=str(self.seen))
            self.logind = self.serve("logind", {"CanReboot": can_reboot})
            self.logind.AddMethod(LOGIND, "Reboot", "b", "", code,
                                  dbus_interface=dbusmock.MOCK_IFACE)
        if with_systemd:
            self.systemd = self.serve("systemd", {})

    def serve(self, template, parameters):
        server, proxy = Bus.spawn_server_template(template, parameters, stdout=subprocess.DEVNULL)
        self.servers.append(server)
        return proxy

    def calls(self, proxy, method):
        log = proxy.GetCalls(dbus_interface=dbusmock.MOCK_IFACE)
        return [tuple(args) for _, name, args in log if name == method]

    def reboots(self):
        return self.calls(self.logind, "Reboot")

    def daemon(self, *words, boot="boot-1", uptime=3600, wall=NOON, **environment):
        """One start of the daemon; (good?, text) of each word that says something."""
        done = subprocess.run(
            [PROGRAM, self.state, boot, str(uptime), str(wall), *words], timeout=60,
            capture_output=True, text=True, env={**os.environ, **environment}, check=False)
        tap.diagnose(done.stderr)
        tap.equal(done.returncode, 0)
        lines = [line.split("\t") for line in done.stdout.splitlines() if "\t" in line]
        self.said = done.stdout + done.stderr
        return [(verdict == "good", text) for _, verdict, text in lines]

    def entries(self):
        return [line for line in self.log.read_text().splitlines() if line.startswith("reboot ")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.terminate()
            server.wait()
        shutil.rmtree(self.directory)


def test_asked_with_the_log_on_disk():
    with Machine() as machine:
        ((asked, why),) = machine.daemon("request=unreapable")
        tap.equal((asked, machine.reboots()), (True, [(False,)]))
        assert "unreapable" in why and "front" in why, why
        # What the log said when the order arrived.
        tap.equal(machine.seen.read_bytes(), machine.log.read_bytes())
        tap.equal(machine.entries(), [f"reboot boot-1 3600000000 {NOON}000000 unreapable front - "
                                      "unknown"])
        tap.equal(stat.S_IMODE(machine.log.stat().st_mode), 0o640)
        tap.equal(os.listdir(machine.state), ["reboots"])


def test_refused_by_the_guard():
    with Machine() as machine:
        (first, second) = machine.daemon("off", "request=unreapable", "trouble")
        tap.equal(first, (False, "allow-reboot is false"))
        tap.equal(second, (True, ""))
        ((asked, why),) = machine.daemon("request=unreapable", uptime=599)
        assert not asked and "up for less than 10 min" in why, why
        tap.equal(machine.reboots(), [])
        assert not machine.log.exists()
        (first, second) = machine.daemon("request=unreapable", "request=unreapable")
        assert first[0] and not second[0] and "at least 6 h apart" in second[1], second
        machine.daemon("request=unreapable", boot="boot-2", wall=NOON + 21599)
        tap.equal(len(machine.reboots()), 1)
        machine.daemon("cured", "request=blocked", boot="boot-2", wall=NOON + 21600)
        tap.equal(len(machine.reboots()), 2)
        ((asked, why),) = machine.daemon("request=blocked", boot="boot-3", wall=NOON + DAY - 1)
        assert not asked and "2 reboots within 24 hours" in why, why
        tap.equal(len(machine.reboots()), 2)


def test_unwritable_log():
    with Machine() as machine:
        # In the way of the file that would be renamed, for root too.
        (machine.state / ".reboots.part" / "x").mkdir(parents=True)
        ((asked, why),) = machine.daemon("request=unreapable")
        assert not asked and str(machine.log) in why, why
        tap.equal(machine.reboots(), [])


def test_bad_logs():
    with Machine() as machine:
        machine.state.mkdir()
        machine.log.write_bytes(b"camwarden-reboots 1\nreboot boot-0 36")
        (trouble, (asked, why)) = machine.daemon("trouble", "request=unreapable")
        assert not asked and "corrupt" in why and f"removing {machine.log} clears it" in why, why
        tap.equal(trouble[1], why)
        machine.log.unlink()
        machine.log.symlink_to("/dev/null")
        ((asked, why),) = machine.daemon("request=unreapable")
        assert not asked and "cannot be read" in why, why
        machine.log.unlink()
        machine.log.mkdir()
        ((asked, why),) = machine.daemon("request=unreapable")
        assert not asked and "cannot be read" in why, why
        tap.equal(machine.reboots(), [])
        machine.log.rmdir()
        tap.equal(machine.daemon("request=unreapable")[0][0], True)


def test_refused_by_logind():
    for answer, words in (("no", "answers \"no\""), ("challenge", "wants a password"),
                          ("na", "cannot reboot this machine")):
        with Machine(can_reboot=answer) as machine:
            ((asked, why),) = machine.daemon("request=unreapable")
            assert not asked and words in why and (RULE in why) == (answer != "na"), why
            tap.equal((machine.reboots(), machine.entries()), ([], []))


def test_denied_orders_do_not_count():
    for code in (DENY, WANT_A_PASSWORD):
        with Machine(reboot=code) as machine:
            for _ in range(3):
                ((asked, why),) = machine.daemon("request=unreapable")
                assert not asked and "does not allow it" in why and RULE in why, why
                tap.equal(machine.entries(), [])
            tap.equal(len(machine.reboots()), 3)


def test_unanswered_order_counts():
    """logind may still obey."""
    with Machine(reboot=SILENT) as machine:
        begin = time.monotonic()
        ((asked, why),) = machine.daemon("request=unreapable")
        assert 4.5 < time.monotonic() - begin < 6.5, time.monotonic() - begin
        assert not asked and "does not answer" in why, why
        tap.equal(len(machine.entries()), 1)


def test_nobody_there():
    with Machine(with_logind=False) as machine:
        ((asked, why),) = machine.daemon("request=unreapable")
        assert not asked and "logind" in why, why
        ((asked, why),) = machine.daemon(
            "request=unreapable", DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent/bus")
        assert not asked and "no connection to the system bus" in why, why
        tap.equal(machine.entries(), [])


def test_silent_bus():
    """One that accepts and says nothing holds nobody up."""
    import socket

    with Machine(with_logind=False) as machine, socket.socket(socket.AF_UNIX) as deaf:
        path = machine.directory / "bus"
        deaf.bind(str(path))
        deaf.listen()
        ((asked, why),) = machine.daemon("request=unreapable",
                                         DBUS_SYSTEM_BUS_ADDRESS=f"unix:path={path}")
        assert not asked and "it does not answer" in why, why
        tap.equal(machine.entries(), [])


def test_two_in_vain_disarm():
    with Machine() as machine:
        for day in range(2):
            words = ["request=unreapable"]
            ((asked, why),) = machine.daemon(*words, boot=f"boot-{day}", wall=NOON + day * DAY)
            assert asked, why
        (first, trouble, other) = machine.daemon(
            "request=unreapable", "trouble", "request=blocked", boot="boot-2", wall=NOON + 9 * DAY)
        for asked, why in (first, other):
            assert not asked and "did not cure it" in why and str(machine.log) in why, why
        tap.equal(trouble[1], first[1])
        tap.equal(len(machine.reboots()), 2)
        machine.daemon("cured", boot="boot-3", wall=NOON + 10 * DAY)  # too late to help
        assert not machine.daemon("request=blocked", boot="boot-3", wall=NOON + 10 * DAY)[0][0]
        (cleared, (asked, why)) = machine.daemon("clear", "request=unreapable", boot="boot-3",
                                                 wall=NOON + 10 * DAY)
        tap.equal((cleared, asked), ((True, ""), True), why)
        tap.equal(len(machine.reboots()), 3)


def test_rebooted_because():
    with Machine() as machine:
        tap.equal(machine.daemon("request=unreapable", "last")[1], (True, ""))
        tap.equal(machine.daemon("last"), [(True, "")])
        text = 'the machine was rebooted because of "unreapable" of camera front'
        for uptime in (20, 7200):  # and at every start of this boot
            tap.equal(machine.daemon("last", boot="boot-2", uptime=uptime), [(True, text)])
            tap.equal(machine.said.count(text), 2)  # the answer, and the log
        tap.equal(machine.daemon("last", boot="boot-3"), [(True, "")])
        machine.daemon("cured", boot="boot-3")
        assert machine.entries()[0].endswith(" cured")


def test_somebody_asks():
    with Machine() as machine:
        ((asked, why), (again, reason)) = machine.daemon("order=anna", "order=anna")
        assert asked and "somebody asked for it" in why, why
        assert not again and "at least 6 h apart" in reason, reason
        tap.equal(len(machine.reboots()), 1)
        assert "ordered by anna" in machine.said, machine.said
        text = "the machine was rebooted because somebody asked for it"
        tap.equal(machine.daemon("last", boot="boot-2"), [(True, text)])
        # The rules are those of any reboot.
        ((asked, why),) = machine.daemon("order=anna", boot="boot-2", uptime=60)
        assert not asked and "up for less than" in why, why
        ((asked, why),) = machine.daemon("off", "order=anna", boot="boot-3", wall=NOON + 9 * DAY)
        assert not asked and "allow-reboot is false" in why, why


def test_restart_unit():
    with Machine(with_logind=False, with_systemd=True) as machine:
        ((good, why),) = machine.daemon("restart=redis-server.service")
        assert not good and "systemd refuses" in why, why  # the fake one does not know the method
        machine.systemd.AddMethod(SYSTEMD, "RestartUnit", "ss", "o",
                                  "ret = '/org/freedesktop/systemd1/job/1'",
                                  dbus_interface=dbusmock.MOCK_IFACE)
        tap.equal(machine.daemon("restart=redis-server.service"), [(True, "")])
        tap.equal(machine.calls(machine.systemd, "RestartUnit"),
                  [("redis-server.service", "replace")])
        machine.systemd.AddMethod(SYSTEMD, "RestartUnit", "ss", "o", DENY,
                                  dbus_interface=dbusmock.MOCK_IFACE)
        ((good, why),) = machine.daemon("restart=redis-server.service")
        assert not good and RULE in why, why


def main():
    with contextlib.ExitStack() as stack:
        Bus.start_system_bus()
        # Before dbusmock 0.30 tearDownClass forgets the folder before it would remove it.
        folder = pathlib.Path(Bus.get_services_dir(True)).parent
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(Bus.tearDownClass)
        return tap.run([(name.removeprefix("test_"), function)
                        for name, function in globals().items() if name.startswith("test_")])


sys.exit(0 if main() else 1)
