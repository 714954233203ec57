"""demo/stack.sh: what is started is known, renewed where something changed, and stopped; nothing else is."""

import os
import subprocess

import pytest

from stack import Stack, film, running, scene, wait_for

PIECES = ["mariadb", "memcached", "nginx", "cgi", "daemon"]
VENDORS = ["runway", "elevenlabs"]


@pytest.fixture(scope="module")
def stack():
    with running() as stack:
        yield stack


def pids(stack):
    return {piece: stack.pid(piece) for piece in PIECES}


def test_everything_runs(stack):
    assert all(pids(stack).values())
    assert stack.get("/healthz").status == 200


def test_start_again_changes_nothing(stack):
    before = pids(stack)
    stack.run("start")
    assert pids(stack) == before


def test_a_changed_setting_renews_who_reads_it(stack):
    before = pids(stack)
    stack.configure({"children": 2})
    stack.run("start")
    after = pids(stack)
    assert {piece for piece in PIECES if before[piece] != after[piece]} == {"cgi", "daemon"}


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_that_was_killed_is_noticed_and_started(stack, piece):
    before = stack.pid(piece)
    stack.run("kill", piece)
    assert stack.pid(piece) is None
    stack.run("start")
    assert stack.pid(piece) not in (None, before)
    assert stack.get("/videos/music").status == 200


def test_a_stale_pid_file_ends_nobody(stack):
    stack.run("stop", "memcached")
    other = subprocess.Popen(["sleep", "600"])
    try:
        (stack.folder / "pid" / "memcached").write_text(f"{other.pid} 1 stamp\n")
        assert stack.pid("memcached") is None
        stack.run("stop", "memcached")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
    stack.run("start")


def test_a_folder_with_a_long_name_and_blanks(tmp_path):
    folder = tmp_path / "a name with blanks" / ("long" * 20)
    stack = Stack(folder, environment={"STACK_DB": ""})  # as for whoever has none
    try:
        assert stack.get("/healthz").status == 200
        assert len(stack.env["DB_SOCKET"]) < 108
    finally:
        stack.run("stop")


def test_a_folder_that_was_taken_from_one_that_runs(tmp_path):
    """As when a clone is removed with what runs in it, and made again."""
    folder, away = tmp_path / "run", tmp_path / "away"
    first = Stack(folder)
    try:
        folder.rename(away)
        first.folder = away
        second = Stack(folder)
        try:
            assert second.get("/healthz").status == 200
            assert not set(pids(first).values()) & set(pids(second).values())
        finally:
            second.run("stop")
    finally:
        first.run("stop")


def test_the_vendors_are_emulated_where_that_is_asked_for():
    """As `make demo PROVIDER=emulated` does it: a film is bought; then the same stack without them makes its own."""
    with running(environment={"STACK_PROVIDER": "emulated"}) as stack:
        emulators = [stack.pid(vendor) for vendor in VENDORS]
        assert all(emulators)
        stack.put_store()
        wait_for("the vendor's voices", lambda: len(stack.get("/videos/voices/available").json) > 100)
        video = stack.create(film(scenes=[scene(1)], voiceoverScript="Hello.", musicVolume=0))
        stack.wait_completed(video)
        assert stack.get(f"/videos/{video}").json["scenes"][0]["generation"]["state"] == "kept"
        keys = [(stack.folder / "etc" / f"{vendor}.key").read_text().strip() for vendor in VENDORS]
        assert not any(key in name for key in keys for name in command_lines(stack))
        stack.run("start")
        assert [stack.pid(vendor) for vendor in VENDORS] == emulators

        stack.environment["STACK_PROVIDER"] = "local"
        stack.run("start")
        assert [stack.pid(vendor) for vendor in VENDORS] == [None, None]
        assert len(stack.get("/videos/voices/available").json) < 10
        video = stack.create(film(scenes=[scene(1)], musicVolume=0))
        stack.wait_completed(video)
        assert stack.get(f"/videos/{video}").json["scenes"][0]["generation"] is None


def command_lines(stack):
    pids = [stack.pid(piece) for piece in [*PIECES, *VENDORS]]
    return [open(f"/proc/{pid}/cmdline").read() for pid in pids]


def test_stop_ends_all(stack):
    groups = [os.getpgid(pid) for pid in pids(stack).values()]
    stack.run("stop")
    assert not any(pids(stack).values())
    for group in groups:
        wait_for(f"the end of group {group}", lambda: not has_members(group))
    stack.run("stop")


def has_members(group):
    """Whether anybody of it is left who has not ended."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                state, _, its_group = stat.read().rsplit(")", 1)[1].split()[:3]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            return True
    return False
