#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""camwardenctl backup: there and back, hostile archives, interruptions, memory."""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "support"))
import toolrun
import tap

MEGABYTES = int(os.environ.get("CAMWARDEN_BACKUP_MEGABYTES", "100"))


class World:
    """A machine's directories with something in each."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.config = self.folder / "etc" / "my.conf"
        self.state = self.folder / "state"
        self.frames = self.state / "frames"
        self.backups = self.state / "backups"
        self.history = self.state / "history.sqlite"
        for path in (self.config.parent, self.frames / "front" / "2026", self.state / "evidence",
                     self.folder / "run", self.folder / "log"):
            path.mkdir(parents=True)
        self.config.write_text("[camera:front]\nsource=videotestsrc is-live=true\n")
        (self.config.parent / "stranger").write_text("not ours")
        (self.state / "kept").write_text("kept")
        (self.state / "reboots").write_text("a guard")
        (self.state / "evidence" / "a.txt").write_text("evidence")
        (self.state / "empty").write_text("")
        os.chmod(self.state / "kept", 0o640)
        for number in range(20):
            (self.frames / "front" / "2026" / f"{number}.jpg").write_bytes(os.urandom(5000))
        (self.frames / "front" / ".half.jpg.part").write_bytes(b"half")
        database = sqlite3.connect(self.history)
        database.execute("pragma journal_mode=wal")
        database.execute("create table samples(x)")
        database.executemany("insert into samples values (?)", [(i,) for i in range(1000)])
        database.commit()
        database.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def backup(self, *words, **changes):
        return toolrun.ctl(self.folder, "--config", self.config, "backup", *words, **changes)

    def create(self, *words):
        done = self.backup("create", "--json", *words)
        tap.equal(done.code, 0, done.err)
        return json.loads(done.out)

    def archives(self):
        return sorted(self.backups.glob("*")) if self.backups.exists() else []

    def tree(self):
        """Everything but the backups, and what any reader of the history makes: name -> checksum."""
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(self.folder.rglob("*"))
                if path.is_file() and not {self.backups, self.folder / "run"} & set(path.parents)
                and not path.name.endswith(("-wal", "-shm"))}


def members(archive):
    out = subprocess.run(["tar", "--zstd", "-tf", archive], capture_output=True, text=True,
                         check=True).stdout
    return out.split("\n")[:-1]


def test_there_and_back():
    with World() as world:
        before = world.tree()
        made = world.create()
        archive = pathlib.Path(made["archive"])
        names = members(archive)
        for name in ("about.json", "config/my.conf", "state/kept", "state/evidence/a.txt",
                     "state/empty", "history/history.sqlite", "frames/front/2026/7.jpg"):
            assert name in names, f"{name} is not in {names}"
        tap.equal(names[-1], "manifest/end.json")
        for name in ("config/stranger", "state/reboots", "state/history.sqlite",
                     "frames/front/.half.jpg.part", "state/frames/front/2026/7.jpg"):
            assert name not in names, name
        tap.equal(os.stat(archive).st_mode & 0o777, 0o600)
        # Everything is lost, or spoilt.
        shutil.rmtree(world.frames / "front")
        world.config.write_text("[camera:front]\nsource=other\n")
        (world.state / "kept").unlink()
        world.history.write_bytes(b"spoilt")
        pathlib.Path(f"{world.history}-wal").write_bytes(b"of the spoilt one")
        done = world.backup("restore", "--yes", "--discard", archive)
        tap.equal(done.code, 0, done.err)
        after = world.tree()
        with sqlite3.connect(world.history) as database:
            tap.equal(database.execute("select count(*), sum(x) from samples").fetchone(),
                      (1000, 499500))
        for tree in (before, after):
            for name in list(tree):
                if "history" in name or name.endswith(".part"):
                    del tree[name]
        tap.equal(sorted(after), sorted(before))
        tap.equal(after, before)
        tap.equal(os.stat(world.state / "kept").st_mode & 0o777, 0o640)


def test_stock_tools_can_check_it():
    with World() as world, tempfile.TemporaryDirectory() as place:
        archive = world.create()["archive"]
        subprocess.run(["tar", "--zstd", "-xf", archive, "-C", place], check=True)
        subprocess.run(["sha256sum", "--quiet", "-c", "manifest/000001.sha256"], cwd=place,
                       check=True)


def test_what_was_there_is_kept():
    with World() as world:
        archive = world.create()["archive"]
        (world.state / "kept").write_text("newer")
        done = world.backup("restore", "--yes", archive)
        tap.equal(done.code, 0, done.err)
        old = list(world.state.glob(".before-restore-*/kept"))
        tap.equal([path.read_text() for path in old], ["newer"])
        assert str(old[0].parent) in done.out, done.out
        # ... and is not part of the next backup.
        names = members(world.create("--directory", str(world.folder / "elsewhere"))["archive"])
        assert not [name for name in names if "before-restore" in name], names


def test_choices():
    with World() as world:
        names = members(world.create("--no-images", "--no-history")["archive"])
        assert not [name for name in names if name.startswith(("frames", "history"))], names
        elsewhere = world.folder / "elsewhere"
        full = world.create("--directory", str(elsewhere))["archive"]
        tap.equal(pathlib.Path(full).parent, elsewhere)
        (world.frames / "front" / "2026" / "1.jpg").write_bytes(b"newer")
        done = world.backup("restore", "--yes", "--no-images", full)
        tap.equal(done.code, 0, done.err)
        tap.equal((world.frames / "front" / "2026" / "1.jpg").read_bytes(), b"newer")


def test_dry_run():
    with World() as world:
        before = world.tree()
        done = world.backup("create", "--dry-run")
        tap.equal((done.code, world.archives()), (0, []))
        assert "Would be written" in done.out, done.out
        toolrun.check_width(done.out)
        archive = world.create()["archive"]
        done = world.backup("restore", "--dry-run", archive)
        tap.equal(done.code, 0, done.err)
        tap.equal(world.tree(), before)


def test_list_verify_cleanup():
    with World() as world:
        done = world.backup("list")
        assert done.code == 0 and "no backup" in done.out, done.out
        archive = pathlib.Path(world.create()["archive"])
        old = world.backups / "camwarden-a-20200101T000000Z.tar.zst"
        shutil.copy(archive, old)
        (world.backups / "camwarden-a-20200101T000001Z.tar.zst.part").write_bytes(b"half")
        (world.backups / "camwarden-a-20200101T000001Z.tar.zst.history.part").write_bytes(b"half")
        (world.backups / "stranger.tar.zst").write_bytes(b"mine")
        being_made = world.backups / "camwarden-a-20200101T000002Z.tar.zst.part"
        lock = open(being_made, "wb")
        fcntl.flock(lock, fcntl.LOCK_EX)
        (world.backups / f"{being_made.name[:-5]}.history.part").write_bytes(b"of a running one")
        done = world.backup("list")
        toolrun.check_width(done.out)
        assert "2020-01-01 00:00:00" in done.out and "2 backups" in done.out, done.out
        tap.equal([entry["name"] for entry in json.loads(world.backup("list", "--json").out)
                   ["backups"]], [old.name, archive.name])
        done = world.backup("verify", archive)
        assert done.code == 0 and "20 files" in done.out, done.out + done.err
        tap.equal(json.loads(world.backup("verify", archive, "--json").out)["trees"]["frames"],
                  {"files": 20, "bytes": 100000})
        tap.equal(len(world.archives()), 7)
        done = world.backup("cleanup", "--keep-days", "10", "--dry-run")
        assert done.code == 0 and f"would delete {old.name}" in done.out, done.out
        tap.equal(len(world.archives()), 7)
        tap.equal(world.backup("cleanup", "--keep-days", "10").code, 0)
        names = [path.name for path in world.archives()]
        tap.equal(len(names), 4, str(names))
        for name in (archive.name, "stranger.tar.zst", being_made.name):
            assert name in names, names
        lock.close()
        tap.equal(world.backup("cleanup", "--keep-days", "10").code, 0)
        tap.equal(len(world.archives()), 2)


def test_usage():
    with World() as world:
        for words in ([], ["make"], ["verify"], ["create", "x"], ["restore", "a", "b"],
                      ["cleanup", "--keep-days", "0"], ["list", "--nonsense"]):
            done = world.backup(*words)
            tap.equal((done.code, done.out), (64, ""), str(words))
        archive = world.create()["archive"]
        done = world.backup("restore", archive, stdin=subprocess.DEVNULL)
        assert done.code == 64 and "--yes" in done.err, done.err
        tap.equal(world.backup("verify", "/nonexistent").code, 74)


def test_asks_on_a_terminal():
    with World() as world:
        archive = world.create()["archive"]
        (world.state / "kept").write_text("newer")
        for answer, code, text in ((b"n\n", 74, "newer"), (b"\n", 74, "newer"), (b"y\n", 0, "kept")):
            result, out = toolrun.on_a_terminal(world.folder, "--config", world.config, "backup",
                                               "restore", archive, typed=answer)
            assert "[y/N]" in out and str(world.state) in out, out
            tap.equal((result, (world.state / "kept").read_text()), (code, text), out)


def test_refuses_while_the_daemon_runs():
    with World() as world:
        archive = world.create()["archive"]
        with open(world.folder / "run" / "camwardend.lock", "w", encoding="ascii") as lock:
            lock.write("4711")
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = world.tree()
            done = world.backup("restore", "--yes", archive)
            tap.equal(done.code, 75)
            assert "4711" in done.err and "systemctl stop camwarden" in done.err, done.err
            tap.equal(world.tree(), before)
            tap.equal(json.loads(world.backup("list", "--json").out)["backups"] != [], True)
        tap.equal(world.backup("restore", "--yes", archive).code, 0)


def test_beside_a_writer():
    """Frames come and go, the history is written to: the backup is good all the same."""
    with World() as world:
        stop, frames = threading.Event(), world.frames / "front" / "2026"

        def churn():
            database = sqlite3.connect(world.history, timeout=20)
            number = 100
            while not stop.is_set():
                (frames / f"{number}.jpg").write_bytes(os.urandom(20000))
                with contextlib.suppress(FileNotFoundError):
                    (frames / f"{number - 50}.jpg").unlink()
                database.execute("insert into samples values (?)", (number,))
                database.commit()
                number += 1
            database.close()

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(3):
                archive = world.create()["archive"]
                tap.equal(world.backup("verify", archive).code, 0)
                os.unlink(archive)
        finally:
            stop.set()
            thread.join()
        archive = world.create()["archive"]
        world.history.unlink()
        tap.equal(world.backup("restore", "--yes", archive).code, 0)
        with sqlite3.connect(world.history) as database:
            tap.equal(database.execute("pragma integrity_check").fetchone(), ("ok",))


def test_strange_files():
    with World() as world:
        (world.state / "link").symlink_to("/etc/passwd")
        os.mkfifo(world.state / "fifo")
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(str(world.state / "sock"))
        (world.state / "with\nnewline").write_text("x")
        done = world.backup("create", "--json")
        tap.equal(done.code, 1, done.err)
        answer = json.loads(done.out)
        tap.equal(answer["left_out"], 4)
        names = members(answer["archive"])
        for name in ("state/link", "state/fifo", "state/sock"):
            assert name not in names, name
        tap.equal(world.backup("verify", answer["archive"]).code, 0)


def test_unreadable_folder():
    """Too many open files stand for any reason: it is named, and the rest is there."""
    with World() as world:
        deep = world.state.joinpath("evidence", *["d"] * 25)
        deep.mkdir(parents=True)
        (deep / "unseen").write_text("x")
        done = subprocess.run(["sh", "-c", 'ulimit -n 20; exec "$@"', "sh", toolrun.CTL, "--config",
                               world.config, "backup", "create", "--json"], capture_output=True,
                              text=True, env=toolrun.environment(world.folder), check=False)
        tap.equal(done.returncode, 1, done.stderr)
        answer = json.loads(done.stdout)
        tap.equal((len(answer["unreadable"]), answer["left_out"]), (1, 1), str(answer))
        assert f"{world.state}/evidence/d/d" in answer["unreadable"][0], answer
        names = members(answer["archive"])
        assert "state/kept" in names and not [one for one in names if "unseen" in one], names


def test_read_errors():
    """A file of the kernel's that cannot be read, and those that are shorter than they say."""
    folder = pathlib.Path("/sys/devices/virtual/net/lo")
    try:
        (folder / "speed").read_bytes()
    except FileNotFoundError:
        tap.diagnose("not on this machine")
        return
    except OSError:
        pass
    with World() as world:
        world.config.write_text(world.config.read_text() + f"[store]\nlocation={folder}\n")
        done = world.backup("create")
        tap.equal(done.code, 1, done.err)
        text = " ".join(done.out.split())
        assert f"left out: {folder}/speed from byte 0 on: Invalid argument" in text, text
        assert "Became shorter" in text, text
        toolrun.check_width(done.out)
        tap.equal(world.backup("verify", *world.archives()).code, 0)


def test_old_archives_stay_out():
    with World() as world:
        world.create()
        names = members(world.create("--directory", str(world.folder / "elsewhere"))["archive"])
        assert not [name for name in names if "backups" in name], names


def test_owners_stay():
    """A restored file has the owner of the one it replaces; what is new, that of the directory."""
    root = os.getuid() == 0
    with World() as world:
        evidence = world.state / "evidence"
        if root:
            os.chown(world.state, 11, 12)
            os.chown(evidence, 13, 14)
            os.chown(evidence / "a.txt", 15, 16)
        evidence.chmod(0o2751)
        world.state.chmod(0o710)
        (world.state / "new").mkdir()
        (world.state / "new" / "file").write_text("x")
        archive = world.create()["archive"]
        shutil.rmtree(world.state / "new")
        tap.equal(world.backup("restore", "--yes", "--discard", archive).code, 0)

        def facts(*names):
            status = os.stat(world.state.joinpath(*names))
            return status.st_mode & 0o7777, *((status.st_uid, status.st_gid) if root else ())

        tap.equal(facts("evidence"), (0o2751, 13, 14)[:3 if root else 1])
        tap.equal(facts("evidence", "a.txt")[1:], (15, 16)[:2 if root else 0])
        tap.equal(facts("new"), (0o710, 11, 12)[:3 if root else 1])
        tap.equal(facts("new", "file")[1:], (11, 12)[:2 if root else 0])


# --- hostile archives ---

def plain(name, data=b"x", **changes):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    for key, value in changes.items():
        setattr(member, key, value)
    return member, data


def good_members():
    return [plain("about.json", b"{}"), plain("state/kept", b"from the archive"),
            plain("state/a/b", b"b")]


def with_manifest(entries, lines=None, end=None):
    if lines is None:
        lines = "".join(f"{hashlib.sha256(data).hexdigest()}  {member.name}\n"
                        for member, data in entries).encode()
    if end is None:
        end = json.dumps({"files": len(entries), "bytes": sum(len(data) for _, data in entries),
                          "parts": 1}).encode()
    return entries + [plain("manifest/000001.sha256", lines), plain("manifest/end.json", end)]


def pack(path, entries, **options):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT, **options) as tar:
        for member, data in entries:
            tar.addfile(member, io.BytesIO(data))
    subprocess.run(["zstd", "-q", "-f", "-o", path], input=raw.getvalue(), check=True)


def special(name, kind, link=""):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member, b""


def corpus():
    base = good_members()
    for name in ("/etc/passwd", "../escape", "state/../../escape", "state/./x", "other/x",
                 "state//x", "state/" + "d/" * 60 + "x", "state/new\nline", "history/other"):
        yield f"name {name[:20]!r}", with_manifest(base + [plain(name)])
    for kind, link in ((tarfile.SYMTYPE, "/etc"), (tarfile.LNKTYPE, "state/kept"),
                       (tarfile.CHRTYPE, ""), (tarfile.BLKTYPE, ""), (tarfile.FIFOTYPE, ""),
                       (tarfile.DIRTYPE, "")):
        yield f"type {kind!r}", with_manifest(base + [special("state/x", kind, link)])
    yield "a link, and a file through it", with_manifest(
        base + [special("state/dir", tarfile.SYMTYPE, "/tmp"), plain("state/dir/x")])
    yield "a name twice", with_manifest(base + [plain("state/kept", b"again")])
    good = with_manifest(base)
    yield "no end", good[:-1]
    yield "no manifest", base
    yield "nothing", []
    yield "something behind the end", good + [plain("state/late")]
    yield "a wrong checksum", with_manifest(
        base, lines=good[-2][1].replace(good[-2][1][:8], b"00000000", 1))
    yield "a file without a checksum", with_manifest(
        base, lines=b"\n".join(good[-2][1].split(b"\n")[1:]))
    yield "a checksum without a file", with_manifest(
        base, lines=good[-2][1] + b"0" * 64 + b"  state/none\n")
    yield "a manifest of nonsense", with_manifest(base, lines=b"\xff\x00" * 100)
    for end in (b"", b"[]", b'{"files": 2, "bytes": 1, "parts": 1}', b"[" * 100000,
                b'{"files": "3"}'):
        yield f"end {end[:10]!r}", with_manifest(base, end=end)


def refused(world, path, what, codes=(65,), verified=()):
    """`verified`: what verify may end with, which does not know where the files are to go."""
    before = world.tree()
    tap.equal(world.backup("verify", path).code in (*codes, *verified), True, f"verify: {what}")
    done = world.backup("restore", "--yes", path)
    assert done.code in codes, f"{what}: {done.code} {done.err}"
    tap.equal(world.tree(), before, what)
    rest = [str(found) for found in world.folder.rglob("*restore*")]
    tap.equal(rest, [], what)


def test_hostile_archives():
    with World() as world:
        path = world.folder / "evil.tar.zst"
        pack(path, with_manifest(good_members()))
        tap.equal(world.backup("verify", path).code, 0)
        count = 0
        for what, entries in corpus():
            pack(path, entries)
            refused(world, path, what)
            count += 1
        for name in ("config/passwd", "config/conf.d/x.conf", "config/my.conf.d/x"):
            pack(path, with_manifest(good_members() + [plain(name)]))
            refused(world, path, name, verified=(0,))
            count += 1
        path.unlink()
        assert not pathlib.Path(world.folder / ".." / "escape").exists()
        tap.diagnose(f"{count} archives refused")
        assert count >= 25


def test_huge_claims():
    """A header that claims 8 EB, a file with holes, and ten gigabytes of zeros in a few bytes."""
    with World() as world:
        path = world.folder / "evil.tar.zst"
        member, _ = plain("state/huge")
        member.size = 1 << 62
        raw = member.tobuf(tarfile.GNU_FORMAT) + b"x" * 1024
        subprocess.run(["zstd", "-q", "-f", "-o", path], input=raw, check=True)
        refused(world, path, "8 EB", codes=(65, 74))
        holes = world.folder / "holes"
        (holes / "state").mkdir(parents=True)
        with open(holes / "state" / "sparse", "wb") as file:
            file.truncate(1 << 40)
        subprocess.run(["tar", "--zstd", "--sparse", "-C", holes, "-cf", path, "state/sparse"],
                       check=True)
        shutil.rmtree(holes)
        refused(world, path, "holes")


def unpacked(path):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "--zstd", "-C", folder, "-xf", path], check=True)
        return {str(file.relative_to(folder)): (file.stat().st_mode, file.read_bytes())
                for file in pathlib.Path(folder).rglob("*") if file.is_file()}


def test_damage():
    """Cut off or altered anywhere: never good, never a change."""
    with World() as world:
        archive = pathlib.Path(world.create()["archive"])
        whole = archive.read_bytes()
        path = world.folder / "damaged.tar.zst"
        step = max(len(whole) // 12, 1)
        # The last bytes hold nothing but what fills up the archive's last block.
        for at in range(0, len(whole) - 64, step):
            path.write_bytes(whole[:at])
            refused(world, path, f"cut at {at}")
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1:])
            done = world.backup("verify", path)
            # Between two files lie bytes that fill up a block; who alters those alters nothing.
            assert done.code == 65 or unpacked(path) == unpacked(archive), \
                f"altered at {at}: {done.code} {done.err}"
        for junk in (b"", b"nonsense" * 1000, os.urandom(100000)):
            path.write_bytes(junk)
            refused(world, path, repr(junk[:8]))


def test_no_old_reboot_log_comes_back():
    with World() as world:
        path = world.folder / "made.tar.zst"
        pack(path, with_manifest(good_members() + [plain("state/reboots", b""),
                                                   plain("state/frames/front/evil.jpg"),
                                                   plain("state/.before-restore-1/x")]))
        tap.equal(world.backup("restore", "--yes", path).code, 0)
        tap.equal((world.state / "reboots").read_text(), "a guard")
        assert (world.frames / "front" / "2026" / "1.jpg").exists()
        assert not (world.frames / "front" / "evil.jpg").exists()


def test_other_names_of_the_history():
    with World() as world:
        archive = world.create()["archive"]
        world.config.write_text(world.config.read_text()
                                + f"[history]\nlocation={world.folder}/db/my.sqlite\n")
        done = world.backup("restore", "--yes", archive)
        tap.equal(done.code, 0, done.err)
        with sqlite3.connect(world.folder / "db" / "my.sqlite") as database:
            tap.equal(database.execute("select count(*) from samples").fetchone(), (1000,))
        assert "restore the archive once more" in done.err, done.err


# --- interruptions, memory ---

def fill(world, megabytes):
    """Frames of a megabyte, which do not become smaller."""
    noise = os.urandom(1 << 20)
    folder = world.frames / "front" / "2027"
    folder.mkdir()
    for number in range(megabytes):
        (folder / f"{number}.jpg").write_bytes(number.to_bytes(8, "big") + noise)


def wait_for_a_megabyte(world, process):
    """Until so much of an archive is written."""
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(FileNotFoundError):
            if any(path.stat().st_size > 1 << 20 for path in world.archives()):
                return
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.002)


def test_interrupted():
    with World() as world:
        fill(world, 80)
        words = [toolrun.CTL, "--config", world.config, "backup"]
        env = toolrun.environment(world.folder)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([*words, "create"], env=env, stderr=subprocess.PIPE)
            wait_for_a_megabyte(world, process)
            process.send_signal(number)
            err = process.communicate(timeout=30)[1].decode()
            tap.equal(process.returncode, 74, err)
            assert "interrupted" in err, err
            tap.equal(world.archives(), [])
        process = subprocess.Popen([*words, "create"], env=env)
        wait_for_a_megabyte(world, process)
        process.kill()
        process.wait()
        assert all(path.name.endswith(".part") for path in world.archives())
        tap.equal(world.backup("cleanup").code, 0)
        tap.equal(world.archives(), [])


def test_interrupted_restore():
    with World() as world:
        fill(world, 80)
        archive = world.create()["archive"]
        (world.state / "kept").write_text("newer")
        before = world.tree()
        process = subprocess.Popen([toolrun.CTL, "--config", world.config, "backup", "restore",
                                    "--yes", archive], env=toolrun.environment(world.folder),
                                   stderr=subprocess.PIPE)
        while not list(world.frames.glob(".restore-*/front/2027/2.jpg")):
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=30)[1].decode()
        tap.equal(process.returncode, 74, err)
        tap.equal(world.tree(), before)
        tap.equal(list(world.folder.rglob(".restore-*")), [])


def test_no_room():
    with World() as world:
        with open(world.frames / "front" / "huge.jpg", "wb") as file:
            file.truncate(1 << 43)
        done = world.backup("create")
        tap.equal((done.code, world.archives()), (74, []))
        assert "--no-images" in done.err, done.err


def test_bounded_memory():
    with World() as world:
        fill(world, MEGABYTES)
        folder = world.frames / "rear"
        folder.mkdir()
        for number in range(4200):  # two parts of the manifest
            (folder / f"{number}.jpg").write_bytes(b"%d" % number)
        start = time.monotonic()
        made = toolrun.measured(world.folder, "--config", world.config, "backup", "create", "--json")
        tap.equal(made.code, 0, made.out)
        took = time.monotonic() - start
        archive = json.loads(made.out)["archive"]
        verified = toolrun.measured(world.folder, "backup", "verify", archive)
        tap.equal(verified.code, 0, verified.out)
        shutil.rmtree(world.frames / "front" / "2027")
        restored = toolrun.measured(world.folder, "--config", world.config, "backup", "restore",
                                   "--yes", "--discard", archive)
        tap.equal(restored.code, 0, restored.out)
        tap.equal(len(list((world.frames / "front" / "2027").iterdir())), MEGABYTES)
        tap.diagnose(f"{MEGABYTES} MB in {took:.1f} s, all in {time.monotonic() - start:.1f} s; MiB: create {made.rss / 2**20:.0f}, verify "
                     f"{verified.rss / 2**20:.0f}, restore {restored.rss / 2**20:.0f}")
        if not toolrun.sanitized():
            assert max(made.rss, verified.rss, restored.rss) < 64 << 20


def test_progress_on_a_terminal():
    with World() as world:
        fill(world, 60)
        code, out = toolrun.on_a_terminal(world.folder, "--config", world.config, "backup", "create")
        tap.equal(code, 0, out)
        assert "[#" in out and " %" in out and "\r" in out, out
        assert "[" not in world.backup("create", "--dry-run").err


tap.main(globals())
