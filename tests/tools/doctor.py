#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl doctor: a clean machine has no findings, each planted mistake is found with its fix."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import toolrun
import redisserver
import tap

GIB = 1 << 30

UNIT = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"], "systemd/camwarden.service.in")

INSPECT = """#!/bin/sh
for element; do :; done
[ "$element" != "${MISSING_ELEMENT:-none}" ]
"""


class Machine:
    """A tree of files that stands for a machine on which all is well."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.root = self.folder / "root"
        self.config = self.folder / "camwarden.conf"
        self.tokens = self.folder / "tokens"
        self.env = {}
        for name in ("state", "run", "log"):
            (self.folder / name).mkdir()
        self.write("etc/passwd", "root:x:0:0::/:/bin/sh\ncamwarden:x:990:990::/:/bin/false\n")
        self.write("etc/group", "root:x:0:\nvideo:x:44:\ncamwarden:x:990:\n")
        self.write("etc/systemd/system/multi-user.target.wants/camwarden.service", "")
        self.write("usr/lib/systemd/system/camwarden.service", UNIT.read_text())
        self.write("usr/bin/gst-inspect-1.0", INSPECT, 0o755)
        self.write("usr/bin/redis-server", "", 0o755)
        self.write("dev/v4l/by-path/front", "")
        os.chmod(self.root / "dev/v4l/by-path/front", 0o666)
        self.write("dev/video0", "")
        self.write("proc/meminfo", "MemTotal: 4000000 kB\nMemFree: 3000000 kB\n"
                   "MemAvailable: 3000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n")
        self.write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")
        self.write("proc/self/mountinfo", "27 1 179:2 / / rw shared:1 - ext4 /dev/sda1 rw\n")
        self.write("proc/net/tcp", "  sl  local_address rem_address   st\n"
                   "   0: 0100007F:0016 00000000:0000 0A 0 0 0 0 0 0 0\n")
        self.write("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n")
        self.write("sys/class/thermal/thermal_zone0/temp", "45000\n")
        self.write("sys/devices/platform/soc/soc:firmware/get_throttled", "0\n")
        self.write("sys/class/watchdog/watchdog0/identity", "Broadcom BCM2835 Watchdog timer\n")
        self.write("etc/systemd/system.conf.d/watchdog.conf", "[Manager]\nRuntimeWatchdogSec=14\n")
        self.write("camwarden-clock", "synchronised\n")
        self.write("camwarden-write-speed", "50000000\n")
        self.disk()
        self.configure()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def write(self, name, text, mode=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if mode:
            path.chmod(mode)

    def disk(self, total=100 * GIB, available=50 * GIB, more=""):
        self.write("camwarden-statvfs", f"/ {total} {available} 1000000 500000 {more}\n")

    def configure(self, camera="", more=""):
        text = ("[camera:front]\nsource=v4l2src ! video/x-raw\n"
                "device=/dev/v4l/by-path/front\n" + camera + "\n" + more)
        if "[http]" not in more:
            text += f"[http]\ntoken-file={self.tokens}\n"
        self.config.write_text(text)

    def drop_in(self, text):
        self.write("etc/systemd/system/camwarden.service.d/mine.conf", "[Service]\n" + text)

    def doctor(self, *words, **changes):
        return toolrun.ctl(self.folder, "--config", self.config, "doctor", *words,
                          CAMWARDEN_ROOT=self.root, **self.env, **changes)

    def findings(self):
        done = self.doctor("--json")
        assert done.code in (0, 1, 2), f"{done.code}: {done.err}"
        answer = json.loads(done.out)
        worst = 2 if answer["errors"] else 1 if answer["warnings"] else 0
        tap.equal(done.code, worst)
        return answer["findings"]


def test_clean():
    with Machine() as machine:
        tap.equal(machine.findings(), [])
        done = machine.doctor()
        tap.equal(done.code, 0)
        assert "nothing to complain about" in done.out, done.out
        answer = json.loads(machine.doctor("--json").out)
        assert answer["checks"] >= 40, answer["checks"]


def secret(machine, mode):
    path = machine.folder / "password"
    path.write_text("x" * 40)
    path.chmod(mode)
    machine.configure(more=f"[alerts]\nwebhook=https://host/x\nwebhook-token-file={path}\n")


def mqtt_secret(machine):
    path = machine.folder / "mqtt-password"
    path.write_text("x" * 40)
    path.chmod(0o644)
    machine.configure(more=f"[alerts]\nmqtt=mqtt://127.0.0.1\nmqtt-password-file={path}\n")


def tokens(machine, text, mode=0o600, listen="0.0.0.0:5000"):
    machine.tokens.write_text(text)
    machine.tokens.chmod(mode)
    machine.configure(more=f"[http]\nlisten={listen}\ntoken-file={machine.tokens}\n")


def private_device(machine):
    path = machine.root / "dev/v4l/by-path/front"
    path.chmod(0o660)
    os.chown(path, 0, 44)
    machine.drop_in("SupplementaryGroups=\n")


# code -> (how it is planted, a word of what is found, a word of the fix)
PLANTED = {
    "config-error": (lambda m: m.config.write_text("[camera:front]\nwdith=1\n"), "wdith",
                     "config check"),
    "config-writable": (lambda m: m.config.chmod(0o666), "write to", "chmod o-w"),
    "secret-missing": (lambda m: m.configure(
        more="[alerts]\nwebhook=https://host/x\nwebhook-token-file=/nonexistent/token\n"),
        "/nonexistent/token", "make the file"),
    "secret-readable": (lambda m: secret(m, 0o644), "everybody", "chmod 0640"),
    "no-token": (lambda m: tokens(m, "# none\n"), "0.0.0.0:5000", "token add --role read"),
    "weak-token": (lambda m: tokens(m, "read abc\n"), "short", "token add --role read"),
    "port-busy": (lambda m: m.write("proc/net/tcp", "   0: 0100007F:1388 00000000:0000 0A 0\n"),
                  "5000", "ss -ltnp"),
    "camera-missing": (lambda m: (m.root / "dev/v4l/by-path/front").unlink(), "not there",
                       "plug it in"),
    "camera-permission": (private_device, "may not open", "usermod -aG video camwarden"),
    "camera-unstable-name": (lambda m: m.config.write_text(
        "[camera:front]\nsource=v4l2src\ndevice=/dev/video0\n"
        f"[http]\ntoken-file={m.tokens}\n"), "/dev/video0", "by-path"),
    "camera-twice": (lambda m: m.configure(
        more="[camera:rear]\nsource=v4l2src\ndevice=/dev/v4l/by-path/front\n"), "same device",
        "another device"),
    "no-camera": (lambda m: (m.config.write_text(f"[http]\ntoken-file={m.tokens}\n"),
                             (m.root / "dev/video0").unlink()), "no camera", "plug one in"),
    "no-gst-inspect": (lambda m: (m.root / "usr/bin/gst-inspect-1.0").unlink(), "gst-inspect",
                       "gstreamer1.0-tools"),
    "element-missing": (lambda m: m.env.update(MISSING_ELEMENT="jpegenc"), "jpegenc",
                        "gstreamer1.0-plugins-good"),
    "worker-missing": (lambda m: m.env.update(CAMWARDEN_WORKER="/nonexistent/worker"),
                       "/nonexistent/worker", "install"),
    "redis-server-missing": (lambda m: (m.root / "usr/bin/redis-server").unlink(), "redis-server",
                             "apt-get install redis-server"),
    "user-missing": (lambda m: m.write("etc/passwd", "root:x:0:0::/:/bin/sh\n"),
                     "no user camwarden", "systemd-sysusers"),
    "disk-full": (lambda m: m.disk(available=4 * GIB), "96 % full", "store-max-bytes"),
    "disk-read-only": (lambda m: m.disk(more="ro"), "read-only", "fsck"),
    "disk-slow": (lambda m: (m.configure("store=true\nstore-interval=0"),
                             m.write("camwarden-write-speed", "1000000\n")), "1.00 MB a second",
                  "store-interval"),
    "disk-wear": (lambda m: (m.configure("store=true\nstore-interval=0"),
                             m.write("proc/self/mountinfo",
                                     "27 1 179:2 / / rw shared:1 - ext4 /dev/mmcblk0p2 rw\n")),
                  "worn out", "SSD"),
    "store-unlimited": (lambda m: m.configure("store=true\nstore-keep-free=0\nstore-max-bytes=0\n"
                                              "store-max-age=0"), "without a limit",
                        "store-keep-free"),
    "store-in-memory": (lambda m: (m.configure("store=true"),
                                   m.write("proc/self/mountinfo",
                                           "27 1 0:2 / / rw shared:1 - tmpfs tmpfs rw\n")),
                        "in memory", "[store]"),
    "clock-unsynchronised": (lambda m: m.write("camwarden-clock", "no\n"), "not synchronised",
                             "timesyncd"),
    "under-voltage": (lambda m: m.write("sys/devices/platform/soc/soc:firmware/get_throttled",
                                        "50005\n"), "too weak", "supply"),
    "throttled": (lambda m: m.write("sys/devices/platform/soc/soc:firmware/get_throttled", "4\n"),
                  "slowed down", "fan"),
    "hot": (lambda m: m.write("sys/class/thermal/thermal_zone0/temp", "84000\n"), "84 degrees",
            "fan"),
    "redis-memory": (lambda m: m.configure(more="[redis]\nembedded-max-memory=3GiB\n"), "3.22 GB",
                     "embedded-max-memory"),
    "memory-full": (lambda m: m.write("proc/meminfo", "MemTotal: 4000000 kB\nMemFree: 100 kB\n"
                                      "MemAvailable: 100000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"),
                    "98 %", "ps aux"),
    "no-memory-cgroup": (lambda m: m.write("sys/fs/cgroup/cgroup.controllers", "cpu io pids\n"),
                         "account for memory", "cgroup_enable=memory"),
    "no-pressure": (lambda m: (m.root / "proc/pressure/memory").unlink(), "PSI", "psi=1"),
    "no-watchdog": (lambda m: (m.root / "etc/systemd/system.conf.d/watchdog.conf").unlink(),
                    "not used", "raspberry-pi-watchdog.conf"),
    "watchdog-too-long": (lambda m: m.write("etc/systemd/system.conf.d/watchdog.conf",
                                            "[Manager]\nRuntimeWatchdogSec=30\n"), "30",
                          "RuntimeWatchdogSec=14"),
    "unit-weak": (lambda m: m.drop_in("NoNewPrivileges=no\nUser=root\n"), "less protected",
                  "camwarden.service.d"),
    "unit-no-devices": (lambda m: m.drop_in("PrivateDevices=yes\n"), "no cameras",
                        "PrivateDevices=no"),
    "unit-no-restart": (lambda m: m.drop_in("Restart=no\n"), "start the daemon again",
                        "Restart=always"),
    "unit-no-watchdog": (lambda m: m.drop_in("WatchdogSec=0\n"), "hangs", "WatchdogSec=20"),
    "unit-disabled": (lambda m: (m.root / "etc/systemd/system/multi-user.target.wants"
                                 "/camwarden.service").unlink(), "with the machine",
                      "systemctl enable"),
    "store-protected": (lambda m: m.configure("store=true", "[store]\nlocation=/srv/frames\n"),
                        "/srv/frames", "ReadWritePaths=/srv/frames"),
    "reboot-not-permitted": (lambda m: m.configure(more="[recovery]\nallow-reboot=true\n"),
                             "reboot", "50-camwarden-reboot.rules"),
    "usb-reset-not-permitted": (lambda m: m.configure(more="[recovery]\ndevice-reset=true\n"),
                                "USB ports", "90-camwarden-usb.rules"),
    "redis-unreachable": (lambda m: m.configure(more="[redis]\nuri=redis://127.0.0.1:1\n"),
                          "does not answer", "[redis]"),
    "redis-plain": (lambda m: m.configure(more="[redis]\nuri=redis://redis.invalid\n"),
                    "not encrypted", "rediss://"),
    "redis-open": (lambda m: m.configure(more="[redis]\nuri=redis://redis.invalid\n"),
                   "without a password", "password-file"),
    "unit-no-network": (lambda m: (m.configure(more="[redis]\nuri=redis://redis.invalid\n"),
                                   m.drop_in("IPAddressDeny=any\nIPAddressAllow=localhost\n")),
                        "may not reach", "IPAddressAllow="),
}


def check_planted(machine, code, plant, word, fix):
    plant(machine)
    found = [finding for finding in machine.findings() if finding["code"] == code]
    assert found, f"{code} is not found, but {[one['code'] for one in machine.findings()]}"
    text = found[0]["what"] + found[0]["why"]
    assert word in text, f"{code}: {word!r} is not in {text!r}"
    assert fix in found[0]["fix"], f"{code}: {fix!r} is not in {found[0]['fix']!r}"
    done = machine.doctor()
    toolrun.check_width(done.out)
    assert "-> " in done.out


def test_planted():
    if os.getuid() != 0:
        PLANTED.pop("camera-permission")  # nobody else can give a file away
    failures = []
    for code, (plant, word, fix) in PLANTED.items():
        with Machine() as machine:
            try:
                check_planted(machine, code, plant, word, fix)
            except AssertionError as error:
                failures.append(str(error))
    tap.diagnose(f"{len(PLANTED)} mistakes planted")
    assert not failures, "\n".join(failures)
    assert len(PLANTED) >= 40


def test_other_secrets():
    """The code of one that is planted above: the tokens, for their owner alone, and of MQTT."""
    for plant, word, fix in (
            (lambda m: tokens(m, f"read {'x' * 43}\n", 0o640), "owner", "chmod 0600"),
            (mqtt_secret, "everybody", "chmod 0640")):
        with Machine() as machine:
            check_planted(machine, "secret-readable", plant, word, fix)


def redis_findings(server, uri, more="", camera=""):
    with Machine() as machine:
        machine.configure(camera, more=f"[redis]\nuri={uri}\n" + more)
        return {finding["code"]: finding for finding in machine.findings()}


def test_redis():
    with redisserver.RedisServer() as server:
        def say(*words):
            done = subprocess.run(["redis-cli", "-p", str(server.port), *words],
                                  capture_output=True, text=True, check=True)
            assert "ERR" not in done.stdout, done.stdout

        uri = f"redis://127.0.0.1:{server.port}"
        good = {"save": "", "appendonly": "no", "maxmemory": "100mb",
                "maxmemory-policy": "noeviction",
                "client-output-buffer-limit": "pubsub 512mb 256mb 60"}
        for name, value in good.items():
            say("config", "set", name, value)
        tap.equal(redis_findings(server, uri), {})
        for name, bad, code, fix in (
                ("save", "3600 1", "redis-rdb", "CONFIG SET save"),
                ("appendonly", "yes", "redis-aof", "appendonly no"),
                ("maxmemory", "0", "redis-no-memory-limit", "CONFIG SET maxmemory"),
                ("maxmemory-policy", "allkeys-lru", "redis-eviction", "noeviction"),
                ("client-output-buffer-limit", "pubsub 32mb 8mb 60", "redis-output-buffer",
                 "client-output-buffer-limit")):
            say("config", "set", name, bad)
            found = redis_findings(server, uri, camera="width=1920\nheight=1080\nframerate=30")
            tap.equal(list(found), [code], name)
            assert fix in found[code]["fix"], found
            say("config", "set", name, good[name])
        say("config", "set", "save", "3600 1")
        tap.equal(redis_findings(server, uri)["redis-rdb"]["severity"], "hint")
        found = redis_findings(server, uri, camera="modes=pubsub+stream")
        tap.equal(found["redis-rdb"]["severity"], "warning")
        say("config", "set", "save", "")
        say("acl", "setuser", "poor", "on", "nopass", "~*", "&*", "+ping", "+client", "+role",
            "+config", "+info")
        found = redis_findings(server, f"redis://poor@127.0.0.1:{server.port}",
                               more=f"password-file={__file__}\n")
        assert "redis-acl" in found and "ACL" in found["redis-acl"]["fix"], found
        say("replicaof", "127.0.0.1", "1")
        assert "redis-replica" in redis_findings(server, uri)
        say("replicaof", "no", "one")
        say("config", "set", "requirepass", "s3cret")
        found = redis_findings(server, uri)
        assert "redis-password" in found and "password-file" in found["redis-password"]["fix"], found


SECRETS = ["hunter2hunter2", "tok3n" * 10, "s3cretpath", "camera-pw-9", "bearer-7-secret"]


def test_bundle():
    with Machine() as machine:
        machine.tokens.write_text(f"admin {SECRETS[1]}\n")
        machine.tokens.chmod(0o600)
        machine.config.write_text(
            f"[camera:front]\nsource=rtspsrc location=rtsp://admin:{SECRETS[0]}@10.0.0.9/live "
            f"user-pw={SECRETS[3]}\n"
            f"[alerts]\nwebhook=https://hooks.example.com/services/{SECRETS[2]}\n"
            f"[http]\ntoken-file={machine.tokens}\n[log]\nfile={machine.folder}/my.log\n")
        (machine.folder / "my.log").write_text(
            "2099-01-01 12:00:00.000 warning: camera front: fault source/stall, class camera\n"
            f"2099-01-01 12:00:00.000 warning: Authorization: Bearer {SECRETS[4]}\n"
            f"2099-01-01 12:00:00.000 error: rtsp://admin:{SECRETS[0]}@10.0.0.9/live is gone\n")
        bundle = machine.folder / "support.tar.zst"
        done = machine.doctor("--bundle", bundle)
        assert done.code in (0, 1, 2), done.err
        assert str(bundle) in done.out.replace("\n", ""), done.out
        tap.equal(os.stat(bundle).st_mode & 0o777, 0o600)
        with tempfile.TemporaryDirectory() as place:
            subprocess.run(["tar", "--zstd", "-xf", bundle, "-C", place], check=True)
            files = {str(path.relative_to(place)): path.read_text()
                     for path in pathlib.Path(place).rglob("*") if path.is_file()}
        everything = "\n".join(files.values())
        for word in SECRETS:
            assert word not in everything, f"{word} is in the bundle"
        for name in ("about.txt", "doctor.json", "doctor.txt", "config/01-camwarden.conf",
                     "log.txt", "machine/proc/meminfo"):
            assert f"camwarden-support/{name}" in files, sorted(files)
        config = files["camwarden-support/config/01-camwarden.conf"]
        assert "rtsp://[removed]@10.0.0.9/live" in config, config
        assert "hooks.example.com/[removed]" in config or "webhook=[removed]" in config, config
        assert str(machine.tokens) in config, config
        if toolrun.ctl(machine.folder, "logs", "--json").out.find('"journal"') < 0:
            assert "fault source/stall" in files["camwarden-support/log.txt"]
        json.loads(files["camwarden-support/doctor.json"])
        done = machine.doctor("--bundle", f"{machine.folder}/none/x.tar.zst")
        tap.equal(done.code, 73)


def test_this_machine():
    """Without a root of its own it looks at the real one, and only looks."""
    with tempfile.TemporaryDirectory() as folder:
        done = toolrun.ctl(folder, "doctor", "--json")
        assert done.code in (0, 1, 2), done.err
        assert json.loads(done.out)["checks"] > 20
        tap.equal(os.listdir(folder), [])


def test_usage():
    with Machine() as machine:
        for words in (["x"], ["--nonsense"]):
            tap.equal(machine.doctor(*words).code, 64)


tap.main(globals())
