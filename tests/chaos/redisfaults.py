# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Redis that dies, hangs, refuses or lies: no camera is restarted for it, everything is stored,
and frames are published again soon after it is back."""

import contextlib
import os
import pathlib
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import namedtuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import chaoslib  # noqa: E402
import daemonrun  # noqa: E402
import namespaces  # noqa: E402
import redis  # noqa: E402
import tap  # noqa: E402
from chaoslib import LONG, PATIENCE, World, largest_gap  # noqa: E402
from daemonrun import wait_until  # noqa: E402
from redisserver import RedisServer  # noqa: E402

CAMERAS = {"front": {}, "back": {"modes": "pubsub+key"}}
MORE_MEMORY = 24 << 20  # a worker may queue 8 MiB, the rest is the allocator's
BACK = 2.0  # seconds from the server's return to the next frame

obstacle = namespaces.enter(mounts=True, network=True)
results = chaoslib.Results("redis")


class Server(RedisServer):
    """Reached by the daemon over TCP, and by this test over a Unix socket and as another user,
    whatever happens to the port and to the default user."""

    def __init__(self, directory):
        self.socket = f"{directory}/redis.sock"
        super().__init__("--unixsocket", self.socket, "--enable-debug-command", "yes",
                         "--enable-protected-configs", "yes", "--user", "test", "on", ">test",
                         "~*", "&*", "+@all")

    def client(self):
        return redis.Redis(unix_socket_path=self.socket, username="test", password="test",
                           socket_timeout=10)

    def set(self, **settings):
        with contextlib.closing(self.client()) as client:
            for name, value in settings.items():
                client.config_set(name.replace("_", "-"), value)

    def command(self, *words):
        with contextlib.closing(self.client()) as client:
            return client.execute_command(*words)

    def wait_answer(self):
        def answers():
            with contextlib.suppress(redis.exceptions.RedisError, OSError):
                return self.command("PING")
            return False
        wait_until("the server answers", answers, 20, 0.005)


def cut(action, server, *target, sides=("--dport", "--sport")):
    for side in sides:
        namespaces.run("iptables", "-w", action, "INPUT", "-p", "tcp", side, str(server.port),
                       "-j", *target)


class GarbageServer(threading.Thread):
    """Says what no Redis says, to whoever connects."""

    ANSWERS = (b"$99999999999\r\n", b"*2000000000\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n",
               bytes(range(256)) * 64, b"+OK" * 100_000, b"", b"*-7\r\n:\r\n$-9\r\n")

    def __init__(self, port, choose):
        super().__init__(daemon=True)
        self.choose = choose
        self.listener = socket.create_server(("127.0.0.1", port))
        self.open = []
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                self.open.append(client)
                with contextlib.suppress(OSError):
                    client.settimeout(1)
                    client.sendall(self.choose.choice(self.ANSWERS))

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.join(5)
        for client in self.open:
            client.close()


# --- the faults: what begins and what ends each; both get the server and the world ---

def kill(server, _world):
    server.kill()


def start(server, _world):
    server.start()


def freeze(server, _world):
    server.process.send_signal(signal.SIGSTOP)


def thaw(server, _world):
    server.process.send_signal(signal.SIGCONT)


def debug_sleep(server, _world):
    client = server.client()
    client.connection_pool.get_connection("DEBUG").send_command("DEBUG", "SLEEP", "3")


def kill_clients(server, _world):
    server.command("CLIENT", "KILL", "TYPE", "normal")


def fill_memory(server, _world):
    server.set(maxmemory=1)


def free_memory(server, _world):
    server.set(maxmemory=0)


def become_replica(server, _world):
    server.command("REPLICAOF", "127.0.0.1", "1")


def become_master(server, _world):
    server.command("REPLICAOF", "NO", "ONE")


def lose_disk(server, _world):
    """Its snapshots fail, and so it refuses to be written to."""
    gone = tempfile.mkdtemp(dir=server.directory.name)
    server.set(dir=gone, save="3600 1")
    os.rmdir(gone)
    with contextlib.suppress(redis.exceptions.ResponseError):
        server.command("SAVE")


def regain_disk(server, _world):
    server.set(dir=server.directory.name, save="")
    server.command("SAVE")


def require_password(server, _world):
    server.set(requirepass="unknown")
    server.command("CLIENT", "KILL", "TYPE", "normal")


def require_none(server, _world):
    server.set(requirepass="")
    server.command("ACL", "SETUSER", "default", "nopass")


def take_rights(server, _world):
    server.command("ACL", "SETUSER", "default", "-publish", "-set")


def give_rights(server, _world):
    server.command("ACL", "SETUSER", "default", "+@all")


def drop_packets(server, _world):
    cut("-A", server, "DROP")


def pass_packets(server, _world):
    cut("-D", server, "DROP")


def reset_connections(server, _world):
    cut("-A", server, "REJECT", "--reject-with", "tcp-reset", sides=["--dport"])


def accept_connections(server, _world):
    cut("-D", server, "REJECT", "--reject-with", "tcp-reset", sides=["--dport"])


def talk_garbage(server, world):
    server.kill()
    world.garbage = GarbageServer(server.port, world.random)


def talk_sense(server, world):
    world.garbage.close()
    server.start()


def nothing(_server, _world):
    pass


# hold: seconds, in the short and in the long form. runs: in the long form. silent: frames stop.
Case = namedtuple("Case", "begin end hold runs silent back", defaults=(True, BACK))

CASES = {
    "kill": Case(kill, start, (1, 2), 10),
    "hang": Case(freeze, thaw, (3.5, 10), 3),
    "debug-sleep": Case(debug_sleep, nothing, (0.2, 0.2), 5),
    "client-kill": Case(kill_clients, nothing, (0, 0), 8, False),
    "oom": Case(fill_memory, free_memory, (2, 5), 3, False),
    "readonly": Case(become_replica, become_master, (2, 15), 2, False, 5.0),
    "misconf": Case(lose_disk, regain_disk, (2, 5), 3, False),
    "password": Case(require_password, require_none, (2, 5), 3),
    "no-permission": Case(take_rights, give_rights, (2, 5), 3),
    "drop": Case(drop_packets, pass_packets, (3.5, 30), 2),
    "blink": Case(drop_packets, pass_packets, (2, 2.5), 5),
    "reset": Case(reset_connections, accept_connections, (2, 5), 3),
    "garbage": Case(talk_garbage, talk_sense, (2, 4), 5),
}


class Watch:
    """What must not change over a fault."""

    def __init__(self, world):
        self.world = world
        self.pids = {cam: world.worker(cam) for cam in CAMERAS}
        self.memory = self.figures()

    def figures(self):
        pids = [self.world.daemon.pid, *self.pids.values()]
        return {pid: daemonrun.figures(pid)["rss"] for pid in pids}

    def check_memory(self):
        for pid, size in self.figures().items():
            more = size - self.memory[pid]
            assert more < MORE_MEMORY, f"process {pid} grew by {more >> 20} MiB"

    def check(self, since):
        self.world.check_untouched(self.pids, since)
        self.check_memory()


def took(world, case, begin, back):
    """The slower of the two cameras. Where frames may go on, the longest silence counts."""
    times = []
    for cam in CAMERAS:
        frames = world.watcher.of(cam, begin - 0.1)
        if case.silent:
            times.append(next(f for f in frames if f.arrived > back).arrived - back)
        else:
            after = [frame for frame in frames if frame.arrived > back]
            quiet = largest_gap(frames)[0] if case.hold == (0, 0) else after[0].arrived - back
            times.append(quiet)
    return max(times)


def wait_back(world, name):
    """Until every camera is published and flows again after the server answers; that moment."""
    back = time.monotonic()
    for cam in CAMERAS:
        wait_until(f"{cam} is published after {name}",
                   lambda: world.watcher.of(cam, back + 0.001), 30, 0.005)
        wait_until(f"{cam} flows after {name}",
                   lambda: time.monotonic() > back + 0.7 and world.flows(cam), 30)
    return back


def suffer(world, server, name, watch):
    case = CASES[name]
    begin = time.monotonic()
    case.begin(server, world)
    time.sleep(case.hold[LONG] + (world.random.uniform(0, 0.5) if case.hold[LONG] else 0))
    watch.check_memory()
    case.end(server, world)
    server.wait_answer()
    back = wait_back(world, name)
    seconds = took(world, case, begin, back)
    wait_until("the daemon is connected", lambda: world.api.get("/api/status")["redis"]["connected"])
    watch.check(begin - 0.2)
    lost = sum(chaoslib.frames_lost(world.watcher.of(cam, begin - 0.2)) for cam in CAMERAS)
    results.add(name, used=world.restarts("front"), took=seconds, lost=lost,
                stored_lost=sum(world.book.gaps(cam) for cam in CAMERAS))


def check_books(world):
    """Every frame was stored, and each of the others has a reason."""
    world.check_law()
    for cam in CAMERAS:
        counts = world.told(cam)["counts"]
        tap.equal(counts["store"]["stored"], counts["encoded"], f"frames of {cam} stored")
        tap.equal(world.book.gaps(cam) + world.book.lost(cam), 0, f"stored frames of {cam} lost")
    world.book.check_whole()


def play(names):
    with tempfile.TemporaryDirectory(prefix="camwarden-chaos-") as directory, \
            Server(directory) as server, \
            World(CAMERAS, {"redis": {"uri": f"redis://127.0.0.1:{server.port}"}},
                  "size=256m", server.client) as world:
        world.wait_streaming()
        watch = Watch(world)
        for name in names:
            suffer(world, server, name, watch)
        check_books(world)


def check(names):
    for name in names:
        row, case = results.rows[name], CASES.get(name)
        tap.diagnose(f"{name}: {', '.join(f'{t:.2f}' for t in row.times)} s")
        promised = case.back if case else BACK
        worst = max(row.times)
        assert worst <= promised * PATIENCE, f"{name}: {worst:.2f} s, not {promised} s"
        tap.equal(sum(row.restarts.values()), 0, f"restarts for {name}")
        tap.equal(sum(row.stored_lost), 0, f"stored frames lost in {name}")


def test_other_server():
    if obstacle:
        raise tap.Skip(obstacle)
    names = list(CASES)
    if LONG:
        names = [name for name, case in CASES.items() for _ in range(case.runs)]
    chaoslib.random.Random(chaoslib.SEED).shuffle(names)
    play(names)
    check(set(names))


def embedded_pid(world):
    pids = world.daemon.redis_pids()
    return pids[0] if pids else None


def hurt_embedded(world, name, number, hold):
    """The daemon's own server: it is the daemon that brings it back."""
    pid = embedded_pid(world)
    begin = time.monotonic()
    os.kill(pid, number)
    if number == signal.SIGSTOP:
        time.sleep(hold)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    def answers():
        with contextlib.suppress(redis.exceptions.RedisError, OSError):
            return world.daemon.redis().ping()
        return False
    wait_until("the daemon's server answers", answers, 20, 0.005)
    back = wait_back(world, name)
    times = [world.watcher.of(cam, back)[0].arrived - back for cam in CAMERAS]
    lost = sum(chaoslib.frames_lost(world.watcher.of(cam, begin - 0.2)) for cam in CAMERAS)
    results.add(name, used=world.restarts("front"), took=max(times), lost=lost,
                stored_lost=sum(world.book.gaps(cam) for cam in CAMERAS))


def test_embedded_server():
    if obstacle:
        raise tap.Skip(obstacle)
    with World(CAMERAS, tmpfs="size=256m") as world:
        world.wait_streaming()
        watch = Watch(world)
        begin = time.monotonic()
        for _ in range(5 if LONG else 1):
            hurt_embedded(world, "embedded-kill", signal.SIGKILL, 0)
        for _ in range(3 if LONG else 1):
            hurt_embedded(world, "embedded-hang", signal.SIGSTOP, 10 if LONG else 3)
        watch.check(begin)
        check_books(world)
    check(["embedded-kill", "embedded-hang"])


if __name__ == "__main__":
    chaoslib.main(globals(), results)
