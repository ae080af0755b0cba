#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What camwardenctl does to files: the configuration and the tokens; and frames from a real Redis."""

import contextlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import redisserver
import tap
from ctlrun import CTL, check_width, ctl, environment, serving

import redis

FIRST = "# ours\n[log]\nlevel=info\n\n[camera:front]\nwidth=640\n"


@contextlib.contextmanager
def configuration(text=FIRST):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "camwarden.conf")
        file.write_text(text)
        file.chmod(0o640)
        yield file


def config(file, *words, **changes):
    return ctl("-c", str(file), "config", *words, **changes)


def left(file):
    return sorted(entry.name for entry in file.parent.iterdir())


# --- configuration ---

def test_get_and_show():
    with configuration() as file:
        tap.equal(config(file, "get", "camera:front", "width"), (0, "640\n", ""))
        tap.equal(config(file, "get", "camera:front", "framerate")[0], 0)
        tap.equal(config(file, "get", "camera:front", "nothing")[0], 66)
        tap.equal(config(file, "get", "camera:rear", "width")[0], 66)
        code, out, _ = config(file, "show")
        tap.equal(code, 0)
        lines = out.splitlines()
        tap.equal((lines[0], lines[1].split("#")[0].strip()), ("[camera:front]", "width=640"))
        assert f"# {file}:6" in out and "[log]" in out and "[redis]" not in out, out
        out = config(file, "show", "redis", "--all")[1]
        assert out.startswith("[redis]\n") and "# default" in out and "[log]" not in out, out
        check_width(config(file, "show", "--all")[1])
        told = json.loads(config(file, "show", "--json")[1])
        tap.equal(told["camera:front"]["width"],
                  {"value": "640", "default": told["camera:front"]["width"]["default"],
                   "derived": None, "where": f"{file}:6", "secret": False})
        tap.equal(config(file, "show", "nothing")[0], 66)


def test_show_of_another_machine():
    there = {"redis": {"uri": {"value": "redis://a", "default": None, "derived": "own",
                               "where": "x.conf:1", "secret": False}}}
    with serving({"/api/config": there}, tcp=True) as (_, place):
        tap.equal(ctl(*place, "config", "get", "redis", "uri"), (0, "redis://a\n", ""))
        assert "# x.conf:1" in ctl(*place, "config", "show")[1]
        tap.equal(json.loads(ctl(*place, "config", "show", "--json")[1]), there)
    there["redis"]["uri"].update(value="a\x1b[2J", where="x\x1b]0;title\x07:1")
    with serving({"/api/config": there}, tcp=True) as (_, place):
        for words in (["get", "redis", "uri"], ["show"]):
            code, out, _ = ctl(*place, "config", *words)
            tap.equal(code, 0)
            assert "\x1b" not in out and "\x07" not in out, repr(out)


def test_set_and_unset():
    with configuration() as file:
        code, out, err = config(file, "set", "camera:front", "width", "800")
        tap.equal((code, err), (0, ""))
        assert "camwardenctl reload" in out, out
        tap.equal(config(file, "set", "redis", "embedded-port", "7000")[0], 0)
        tap.equal(file.read_text(), FIRST.replace("640", "800") + "\n[redis]\nembedded-port=7000\n")
        tap.equal(stat.S_IMODE(file.stat().st_mode), 0o640)
        tap.equal(config(file, "unset", "redis", "embedded-port")[0], 0)
        tap.equal(config(file, "unset", "redis", "embedded-port")[0], 66)
        tap.equal(left(file), ["camwarden.conf"])


def test_set_refuses_what_is_wrong():
    """A wrong value; and a value that is right, and makes the whole wrong."""
    text = FIRST + "[recovery]\ncamera-backoff=2s\n"
    with configuration(text) as file:
        for words in (["log", "level", "loud"], ["recovery", "camera-backoff-max", "1s"],
                      ["camera:front", "width", "many"]):
            code, out, err = config(file, "set", *words)
            tap.equal((code, out), (78, ""), " ".join(words))
            assert "camwardenctl-" not in err, err
        for words in (["log", "lvel", "info"], ["lg", "level", "info"], ["camera", "width", "1"],
                      ["camera:Front", "width", "1"]):
            tap.equal(config(file, "set", *words)[0], 64, " ".join(words))
        assert 'did you mean "level"?' in config(file, "set", "log", "lvel", "info")[2]
        tap.equal((file.read_text(), left(file)), (text, ["camwarden.conf"]))
        file.write_text("[log]\nlevel=loud\n")
        code, _, err = config(file, "set", "redis", "embedded-port", "7000")
        tap.equal(code, 78)
        assert f"{file}:2: " in err, err


def test_set_makes_the_folder_or_says_why_not():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "conf.d", "x.conf")
        tap.equal(config(file, "set", "log", "level", "debug")[0], 0)
        tap.equal(file.read_text(), "[log]\nlevel=debug\n")
    code, _, err = config(pathlib.Path("/proc/none/x.conf"), "set", "log", "level", "info")
    tap.equal(code, 73)
    assert "/proc/none" in err, err


def test_set_of_a_secret():
    """A new file is not for everybody; of an old one it says so."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "x.conf")
        secret = ("set", "alerts", "webhook", "https://host/s3cret")
        tap.equal(config(file, *secret)[::2], (0, ""))
        tap.equal(stat.S_IMODE(file.stat().st_mode), 0o640)
        file.chmod(0o644)
        code, _, err = config(file, *secret)
        tap.equal((code, stat.S_IMODE(file.stat().st_mode)), (0, 0o644))
        assert f"chmod 0640 {file}" in err and "s3cret" not in err, err
        tap.equal(config(file, "set", "log", "level", "debug")[2], "")


def test_changes_at_once():
    """Each of many that change the same file at the same time is there at the end."""
    with configuration("") as file:
        keys = [("redis", "embedded-port", "7001"), ("log", "level", "debug"),
                ("store", "max-age", "3d"), ("http", "rate", "7"), ("camera:a", "width", "320"),
                ("camera:b", "width", "320"), ("camera:c", "width", "320")]
        keys = [key for key in keys if config(file, "get", key[0], key[1])[0] == 0
                or key[0].startswith("camera:")]
        assert len(keys) >= 5, keys
        children = [subprocess.Popen([CTL, "-c", str(file), "config", "set", *key],
                                     stdout=subprocess.DEVNULL, env=environment())
                    for key in keys]
        for child in children:
            tap.equal(child.wait(60), 0)
        for group, key, value in keys:
            tap.equal(config(file, "get", group, key)[1].strip(), value, f"{group} {key}")


def test_check():
    with configuration() as file:
        tap.equal(config(file, "check")[0], 0)
        tap.equal(json.loads(config(file, "check", "--json")[1]), {"good": True, "findings": []})
        file.write_text("[log]\nlevel=loud\n")
        code, out, _ = config(file, "check", "--json")
        tap.equal(code, 78)
        finding = json.loads(out)["findings"][0]
        tap.equal((finding["severity"], finding["file"], finding["line"]), ("error", str(file), 2))


def test_edit():
    with configuration() as file, tempfile.TemporaryDirectory() as temporary:
        def edit(editor, **changes):
            done = subprocess.run([CTL, "-c", str(file), "config", "edit"], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60,
                                  env=environment(EDITOR=editor, TMPDIR=temporary, **changes))
            return done.returncode, done.stderr

        tap.equal(edit("sed -i s/640/320/"), (0, ""))
        assert "width=320" in file.read_text()
        tap.equal(stat.S_IMODE(file.stat().st_mode), 0o640)
        tap.equal(edit("true"), (0, ""))
        tap.equal(edit("false")[0], 75)
        tap.equal(edit("/no/such/editor")[0], 75)
        tap.equal(edit("false", VISUAL="sed -i s/320/400/"), (0, ""))
        tap.equal(os.listdir(temporary), [])
        before = file.read_text()
        code, err = edit("sed -i s/400/wide/")
        tap.equal((code, file.read_text()), (78, before))
        assert f"{file}:6: " in err and "your text is in" in err, err
        kept = os.listdir(temporary)
        tap.equal(len(kept), 1)
        kept = pathlib.Path(temporary, kept[0])
        assert "width=wide" in kept.read_text() and str(kept) in err, err
        kept.unlink()
        code, err = edit(f"sh -c 'echo \"# x\" >> {file}; sed -i s/400/401/ $1' sh")
        tap.equal((code, file.read_text()), (73, before + "# x\n"))
        assert "changed by somebody else" in err, err


def test_edit_begins_with_the_example():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "new.conf")
        file.write_text("")
        done = subprocess.run([CTL, "-c", str(file), "config", "edit"], capture_output=True,
                              env=environment(EDITOR="sed -i '$a[log]\\nlevel=debug'"), timeout=60)
        tap.equal(done.returncode, 0, done.stderr.decode())
        assert file.read_text().endswith("[log]\nlevel=debug\n") and "#" in file.read_text()


# --- tokens ---

def test_first_tokens():
    """Those of the first start have no names: what is above them is the file's header."""
    if os.getuid() != 0:
        tap.diagnose("only root can give files away")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "tokens")
        script = pathlib.Path(os.environ["CAMWARDEN_SOURCE_ROOT"], "systemd/make-tokens")
        subprocess.run(["sh", script, file, "root"], check=True)
        conf = pathlib.Path(folder, "a.conf")
        conf.write_text(f"[http]\ntoken-file={file}\n")
        known = json.loads(ctl("-c", str(conf), "token", "list", "--json")[1])
        tap.equal([(one["role"], one["name"]) for one in known],
                  [("read", ""), ("control", ""), ("admin", "")])


def test_tokens():
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "tokens")
        conf = pathlib.Path(folder, "a.conf")
        conf.write_text(f"[http]\ntoken-file={file}\n")

        def token(*words):
            return ctl("-c", str(conf), "token", *words)

        code, out, _ = token("add", "--role", "admin", "--name", "Anna's laptop")
        tap.equal((code, len(out)), (0, 44))
        tap.equal(stat.S_IMODE(file.stat().st_mode), 0o600)
        secret = out.strip()
        tap.equal(file.read_text(), f"# Anna's laptop\nadmin {secret}\n")
        added = json.loads(token("add", "--role", "read", "--json")[1])
        file.chmod(0o644)
        tap.equal(token("add", "--role", "control")[0], 0)
        tap.equal(stat.S_IMODE(file.stat().st_mode), 0o600)
        out = token("list")[1]
        assert secret not in out and "admin    Anna's laptop" in out, out
        known = json.loads(token("list", "--json")[1])
        tap.equal([one["role"] for one in known], ["admin", "read", "control"])
        tap.equal(known[1]["fingerprint"], added["fingerprint"])
        tap.equal(token("remove", "nobody")[0], 66)
        for which in ("Anna's laptop", added["fingerprint"]):
            tap.equal(token("remove", which), (0, "", ""))
        tap.equal(len(token("list")[1].splitlines()), 1)
        tap.equal(token("remove", known[2]["fingerprint"])[0], 0)
        assert not file.exists(), "a file without a token is one that the daemon refuses"
        real = pathlib.Path(folder, "real")
        real.touch()
        file.symlink_to(real)
        tap.equal(token("add", "--role", "read", "--name", "one")[0], 0)
        tap.equal(token("remove", "one")[0], 0)
        assert file.is_symlink() and not real.exists(), "the link's file goes, not the link"
        file.unlink()
        tap.equal(token("add", "--role", "read", "--name", "two\nlines")[0], 64)
        conf.write_text("[http]\ntoken-file=/proc/none/tokens\n")
        tap.equal(token("add", "--role", "read")[0], 73)


# --- watch ---

def header(seq, run="a"):
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return json.dumps({"v": 1, "cam": "front", "run": run, "seq": seq, "mono": now - 5000,
                       "ts": time.time_ns() // 1000 - 5000, "sync": True, "w": 2, "h": 2,
                       "caps": "image/jpeg", "health": "ok"}).encode()


def frame(seq):
    facts = header(seq)
    return (b"\xff\xd8\xff\xfe" + (len(facts) + 2).to_bytes(2, "big") + facts + b"x" * 1000)


@contextlib.contextmanager
def publishing(port, lose=(), stream=False):
    """50 frames a second, but for the numbers that are lost."""
    stop = threading.Event()

    def run():
        client = redis.Redis(port=port)
        seq = 0
        while not stop.wait(0.02):
            seq += 1
            if seq % 100 not in lose:
                with contextlib.suppress(redis.exceptions.ConnectionError):
                    if stream:
                        client.xadd("cam:front:frame:stream", {"m": header(seq), "d": b"x" * 1000}, maxlen=30)
                    else:
                        client.publish("cam:front:frame", frame(seq))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_watch():
    with redisserver.RedisServer() as server, publishing(server.port, lose=range(20, 100, 20)):
        uri = f"redis://127.0.0.1:{server.port}"
        code, out, err = ctl("watch", "--uri", f"{uri}/cam:front:frame", "-d", "2", "-i", "0.5",
                             "--json")
        tap.equal((code, err), (0, ""))
        looks = [json.loads(line) for line in out.splitlines()]
        tap.equal([look["total"] for look in looks], [False] * 4 + [True])
        total = looks[-1]
        assert 60 < total["frames"] < 110 and 30 < total["fps"] < 55, total
        assert 2 <= total["lost"] <= 6, total
        assert 4.5 < total["latency_ms"] < 100 and total["runs"] == 0, total
        tap.equal(sum(look["frames"] for look in looks[:-1]) <= total["frames"], True)
        status = {"redis": {"uri": uri}}
        cameras = {"cameras": [{"id": "rear", "channel": "cam:rear:frame"},
                               {"id": "front", "channel": "cam:front:frame"}]}
        with serving({"/api/status": status, "/api/cameras": cameras}) as (_, place):
            code, out, err = ctl(*place, "watch", "--camera", "front", "-d", "1")
            tap.equal((code, err), (0, ""))
            check_width(out)
            assert " fps" in out and "latency" in out, out
            code, out, _ = ctl(*place, "watch", "-d", "0.5", "-i", "0.2")
            tap.equal(code, 2)  # nobody publishes rear
            tap.equal(ctl(*place, "watch", "--camera", "none")[0], 66)
        with serving({"/api/status": status, "/api/cameras": cameras}, tcp=True) as (_, place):
            code, _, err = ctl(*place, "watch")
            tap.equal(code, 69)
            assert "embedded-listen" in err, err


def test_watch_of_a_stream():
    with redisserver.RedisServer() as server, \
            publishing(server.port, lose=range(20, 100, 20), stream=True):
        uri = f"redis://127.0.0.1:{server.port}"
        words = ("watch", "-d", "2", "--json")
        code, out, err = ctl(*words, "--uri", f"{uri}/cam:front:frame", "--stream")
        tap.equal((code, err), (0, ""))
        total = json.loads(out.splitlines()[-1])
        assert 60 < total["frames"] < 110 and 2 <= total["lost"] <= 6, total
        assert 4.5 < total["latency_ms"] < 100 and total["runs"] == 0, total
        tap.equal(ctl("watch", "--uri", f"{uri}/cam:front:frame", "-d", "0.3")[0], 2)
        front = {"id": "front", "channel": "cam:front:frame"}
        status = {"redis": {"uri": uri}}
        for modes, expected in ("stream+key", 0), ("pubsub+stream", 2), ("key", 66):
            answers = {"/api/status": status, "/api/cameras": {"cameras": [{**front, "modes": modes}]}}
            with serving(answers) as (_, place):
                code, out, err = ctl(*place, "watch", "-d", "0.5", "-i", "0.2")
                tap.equal((modes, code, bool(err)), (modes, expected, expected == 66))
        tap.equal(ctl("watch", "--stream")[0], 64)


def test_watch_of_what_is_no_stream():
    with redisserver.RedisServer() as server:
        with redis.Redis(port=server.port) as client:
            client.set("cam:front:frame:stream", "a key")
        code, _, err = ctl("watch", "--stream", "-d", "5", "-i", "0.2", "--uri",
                           f"redis://127.0.0.1:{server.port}/cam:front:frame")
        tap.equal(code, 69)
        assert "WRONGTYPE" in err, err


def test_watch_goes_on_without_redis():
    with redisserver.RedisServer() as server:
        uri = f"redis://127.0.0.1:{server.port}/cam:front:frame"
        with publishing(server.port), subprocess.Popen(
                [CTL, "watch", "--uri", uri, "-i", "0.2", "--json"], stdout=subprocess.PIPE,
                text=True, env=environment()) as child:
            def wait(frames):
                for line in child.stdout:
                    if (json.loads(line)["frames"] > 0) == frames:
                        return
            wait(True)
            server.kill()
            wait(False)
            server.start()
            wait(True)
            child.send_signal(signal.SIGINT)
            last = child.stdout.read().splitlines()[-1]
            tap.equal((child.wait(30), json.loads(last)["total"]), (0, True))


def test_watch_with_a_password():
    with redisserver.RedisServer("--requirepass", "s3cret") as server, \
            tempfile.TemporaryDirectory() as folder:
        uri = f"redis://127.0.0.1:{server.port}/cam:front:frame"
        code, _, err = ctl("watch", "--uri", uri, "-d", "0.5")
        tap.equal(code, 69)
        assert "NOAUTH" in err or "password" in err, err
        file = pathlib.Path(folder, "password")
        file.write_text("s3cret\n")
        tap.equal(ctl("watch", "--uri", uri, "-d", "0.5", "--password-file", str(file))[0], 2)


tap.main(globals())
