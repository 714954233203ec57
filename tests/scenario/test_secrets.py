"""The vendors' keys are in their two files and in the daemon's memory, and nowhere else, whatever the vendors say.

The keys are random, so that the same text is nowhere by chance; all searches are for the beginning of a key, since a
text that was cut holds no whole one. The controls show that they find what is there.
"""

import contextlib
import itertools
import os
import pathlib
import re
import secrets
import socket
import struct
import subprocess
import sys

import pytest

import daemons
import emulators
import paid
import stack as stacks
from stack import wait_for

KEYS = {"runway": f"key_{secrets.token_hex(64)}", "elevenlabs": f"sk_{secrets.token_hex(24)}"}
NEEDLES = {name: key[:20].encode() for name, key in KEYS.items()}
PIECES = ("daemon", "cgi", "nginx", "memcached", "mariadb")
LENGTHS = (0, 120, 240, 320, 360, 400, 440)  # of what a vendor says before it repeats its key: texts are cut somewhere


def found_in(data):
    return sorted(name for name, needle in NEEDLES.items() if needle in data)


# --- processes ---


def family(pid):
    """A process and all that come from it."""
    yield pid
    with contextlib.suppress(OSError):
        for child in stacks.children(pid):
            yield from family(child)


def read(path):
    with contextlib.suppress(OSError):
        return pathlib.Path(path).read_bytes()
    return b""


def shown(pids):
    """The command line and the environment of each, as far as it has not ended."""
    return {(pid, read(f"/proc/{pid}/cmdline") + read(f"/proc/{pid}/environ")) for top in pids for pid in family(top)}


def held_files(pid):
    with contextlib.suppress(OSError):
        return {os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")}
    return set()


def in_memory(pid):
    """The keys that are in a process's memory, all of it that can be written."""
    found = set()
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for start, end in re.findall(r"^(\w+)-(\w+) rw", maps.read(), re.M):
            with contextlib.suppress(OSError):  # a part that no memory is behind
                memory.seek(int(start, 16))
                found.update(found_in(memory.read(int(end, 16) - int(start, 16))))
    return sorted(found)


def unix_sockets():
    """By inode: the socket's own address and its peer's inode, as the kernel tells by netlink (unix_diag)."""
    names, states, show = {}, 0xFFFFFFFF, 1 | 4  # UDIAG_SHOW_NAME, UDIAG_SHOW_PEER
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as kernel:  # NETLINK_SOCK_DIAG
        request = struct.pack("=BBHIII8s", socket.AF_UNIX, 0, 0, states, 0, show, b"\xff" * 8)
        kernel.send(struct.pack("=IHHII", 16 + len(request), 20, 0x301, 1, 0) + request)
        while True:
            data = kernel.recv(1 << 20)
            while data:
                size, kind = struct.unpack_from("=IH", data)
                if kind == 3:  # NLMSG_DONE
                    return names
                assert kind == 20, "the kernel does not tell of Unix sockets"
                names.update([one_socket(data[16:size])])
                data = data[(size + 3) & ~3 :]


def one_socket(message):
    (inode,), at, address, peer = struct.unpack_from("=I", message, 4), 16, "", 0
    while at < len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        value = message[at + 4 : at + size]
        if kind == 0:  # UNIX_DIAG_NAME
            address = value.rstrip(b"\0").decode(errors="replace")
        elif kind == 2:  # UNIX_DIAG_PEER
            (peer,) = struct.unpack("=I", value)
        at += (size + 3) & ~3
    return inode, (address, peer)


def ends_of(pid):
    """Where each socket of a process leads; one that is no Unix socket leads to the world."""
    known, found = unix_sockets(), set()
    for name in held_files(pid):
        if name.startswith("socket:"):
            address, peer = known.get(int(name[8:-1]), ("the world", 0))
            found.add(address or known.get(peer, ("nobody", 0))[0])
    return found


# --- a day with everything ---


@pytest.fixture(scope="module")
def vendors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vendors")
    with contextlib.ExitStack() as ending:
        found = []
        for name, key in KEYS.items():
            found.append(emulators.Emulator(name, folder / name, key))
            ending.callback(found[-1].stop)
        yield found


@pytest.fixture(scope="module")
def stack(vendors, tmp_path_factory):
    settings = paid.settings(*vendors, tmp_path_factory.mktemp("keys"))
    with daemons.running(**{**settings, "probe_sec": 1}, log_level="debug", attempts=2) as running:
        running.runway, running.elevenlabs = vendors
        running.seen = set()
        wait_for("the voices", lambda: len(running.get("/videos/voices/available").json) > 10)
        yield running


def sayings(key, kind):
    """What a vendor may say that has the key in it: in JSON as its errors are, in a page, in a text."""
    for length in LENGTHS:
        text = f"{'It is not right. ' * 40}"[:length] + f" {key} {key}"
        yield {"error": text} if kind == "runway" else {"detail": {"status": "quota_exceeded", "message": text}}
    yield f"<html><body>{key}</body></html>"


def bad_answers(key, kind, on):
    return [{"on": on, "do": {"status": status, "body": body, "headers": {"X-Key": key, "Retry-After": key}}}
            for body in sayings(key, kind) for status in (400, 401)]


def order_all(stack, number):
    scenes = [{"prompt": f"Number {number}", "duration": 1},
              {"prompt": "Two", "duration": 1, "imageUrl": "/assets/picture.jpg"}]
    return stack.create(stacks.film(scenes=scenes, aspectRatio="1:1", musicVolume=0, reuse=False,
                                    voiceoverScript=f"Number {number}.", voiceId="female"))


def is_over(stack, video):
    return stack.status(video)["status"] in ("completed", "failed", "paused", "cancelled")


def videoctl(stack, *arguments):
    done = subprocess.run([stacks.BUILD / "videoctl", "--config", stack.env["CONFIG"], *arguments], check=True,
                          env={**stack.environment, "VIDEOD_PUBLIC_URL": stack.url}, capture_output=True, timeout=60)
    return done.stdout


@pytest.fixture(scope="module")
def day(stack):
    """One film as it should be, and many for which the vendors say their keys aloud. All that was said, by whom."""
    pids = [stack.pid(piece) for piece in PIECES]
    answers = []
    with daemons.Sampler(lambda: shown(pids), pause=0.01) as sampler:
        good = order_all(stack, 0)
        stack.wait_completed(good)
        for vendor, kinds in ((stack.runway, ("create", "poll", "upload", "organization")),
                              (stack.elevenlabs, ("speech", "subscription"))):
            faults = [fault for kind in kinds for fault in bad_answers(vendor.key, vendor.name, kind)]
            vendor.setup(faults=faults)
        videos = [order_all(stack, number) for number in range(1, 13)]
        for _ in ("at first", "where it was no more than a bad key"):
            wait_for("an end of each", lambda: all(is_over(stack, video) for video in videos))
            answers += [videoctl(stack, "vendors"), videoctl(stack, "resume")]
        for video in videos:
            answers += [stack.get(f"/videos/{video}").body, videoctl(stack, "ledger", video)]
        looks = len(stack.runway.seen("organization"))
        wait_for("two looks at the accounts", lambda: len(stack.runway.seen("organization")) > looks + 2)
        for path in ("/videos/store/shop", "/videos/voices/available", f"/videos/{good}"):
            answers.append(stack.get(path).body)
        answers.append(videoctl(stack, "vendors"))
        stack.seen = set().union(*sampler.seen)
    return answers


def test_the_vendors_did_say_their_keys(stack, day):
    """The control of what follows: there was much that could have been written down."""
    for vendor, kind in ((stack.runway, "create"), (stack.elevenlabs, "speech")):
        said = [request for request in vendor.seen(kind) if request["status"] in (400, 401)]
        assert len(said) >= 5, f"{vendor.name} {kind}: {len(said)}"
    assert len(stack.sql("SELECT 1 FROM purchases WHERE detail LIKE '%It is not right%'")) >= 2
    assert "It is not right" in stack.log("daemon") and "*****" in stack.log("daemon")


def test_keys_are_in_no_file(stack, day):
    """Logs of all pieces, the database's own files with all that was ever written, films, cores."""
    stack.sql("FLUSH TABLES")
    canary = stack.folder / "log" / "canary"
    canary.write_text(KEYS["runway"])
    found = {path: found_in(read(path)) for path in stacks.files_below(stack.folder)}
    assert found.pop(canary) == ["runway"]
    canary.unlink()
    assert len(found) > 100 and {path: names for path, names in found.items() if names} == {}
    assert not [path for path in found if path.name.startswith("core")]


def test_keys_are_in_no_row(stack, day):
    dump = subprocess.run(["mariadb-dump", *stack.client()[1:5], "videod"], capture_output=True, check=True, timeout=60)
    assert b"INSERT INTO `purchases`" in dump.stdout and found_in(dump.stdout) == []
    stack.sql("INSERT INTO vendors (name, state, detail, checked_at) "
              f"VALUES ('canary', 'ok', '{KEYS['elevenlabs']}', NOW())")
    dump = subprocess.run(["mariadb-dump", *stack.client()[1:5], "videod"], capture_output=True, check=True, timeout=60)
    assert found_in(dump.stdout) == ["elevenlabs"]
    stack.sql("DELETE FROM vendors WHERE name = 'canary'")


def test_keys_are_in_no_answer(day):
    assert len(day) > 30 and [found_in(answer) for answer in day if found_in(answer)] == []


def test_keys_are_in_no_argument_and_no_environment(stack, day):
    assert len({pid for pid, _ in stack.seen}) > 40, "ffmpeg was seen at work"
    assert any(b"-filter_complex" in text for _, text in stack.seen)
    assert [text for _, text in stack.seen if found_in(text)] == []
    command = [sys.executable, "-c", "input()", KEYS["runway"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env={"CANARY": KEYS["elevenlabs"]}) as canary:
        wait_for("the control", lambda: b"input" in read(f"/proc/{canary.pid}/cmdline"))
        assert [found_in(text) for _, text in shown([canary.pid])] == [["elevenlabs", "runway"]]
        canary.stdin.write(b"\n")


def test_keys_are_in_the_daemons_memory_only(stack, day):
    """Only root reads the daemon's; whoever else runs it is refused, and has the files below to go by."""
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            in_memory(stack.pid("daemon"))
        return
    assert in_memory(stack.pid("daemon")) == ["elevenlabs", "runway"], "the control: they are where they are used"
    for piece in ("cgi", "nginx", "memcached"):
        for pid in family(stack.pid(piece)):
            assert in_memory(pid) == [], f"{piece}, process {pid}"


def test_the_daemon_leaves_no_core(stack, day):
    limits = pathlib.Path(f"/proc/{stack.pid('daemon')}/limits").read_text()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.M)
    # Files of a process that may not be dumped belong to root, whoever runs it (proc(5)).
    assert os.stat(f"/proc/{stack.pid('daemon')}/environ").st_uid == 0


def test_nobody_keeps_a_file_of_a_key_open(stack, day):
    keys = {str(stack.settings[f"{name}_api_key"]) for name in KEYS}
    for piece in PIECES:
        for pid in family(stack.pid(piece)):
            assert not held_files(pid) & keys


def test_a_responder_reaches_the_database_the_cache_and_its_own_socket_only(stack, day):
    """Also right after an order, when it has woken the daemon."""
    allowed = {stack.env[name] for name in ("CGI_SOCKET", "DB_SOCKET", "CACHE_SOCKET")}
    responders = set(family(stack.pid("cgi")))
    assert len(responders) >= 4
    numbers = itertools.count(100)

    def all_reached():
        stack.status(order_all(stack, next(numbers)))
        stack.get("/videos/voices/available")
        reached = [ends_of(pid) for pid in responders]
        assert all(ends <= allowed for ends in reached), reached
        return next(numbers) > 116 and set().union(*reached) == allowed

    wait_for("use of all that they may reach", all_reached)
    assert "the world" in ends_of(stack.pid("nginx")), "the control"
