"""What a daemon holds, and what clients see of it, while the database or the daemon itself is away for a while."""

import fcntl
import os
import signal

import pytest

import daemons
from daemons import events, job_of, quick, second_daemon
from stack import wait_for

LEASE_SEC = 30  # the shortest there is


@pytest.fixture
def stack():
    with daemons.running(lease_sec=LEASE_SEC) as running:
        yield running


def begin_scene(stack):
    begun = stack.ffmpeg.calls("scene")
    video = stack.create(quick())
    wait_for("its scene", lambda: stack.ffmpeg.calls("scene") > begun)
    return video


def test_a_dropped_video_is_not_kept_from_others(stack):
    """The daemon goes on with other videos under the same name: those leases are renewed, the dropped one is not."""
    with stack.ffmpeg.hold("scene"):
        dropped = begin_scene(stack)
        stack.run("stop", "mariadb")
        wait_for("the daemon to let go of it", lambda: "lease lost" in stack.log("daemon"))
        stack.run("start", "mariadb")
        other = begin_scene(stack)
        wait_for("its second beginning", lambda: events(stack, dropped, "scene") == ["start", "start"])
        assert events(stack, dropped, "job") == ["lost"]
        assert job_of(stack, other)[0] == daemons.RUNNING
    for video in (dropped, other):
        stack.wait_completed(video)


def test_a_claim_that_nobody_knows_of_is_given_back(stack):
    """As when the answer to a claim was lost, and the database with it."""
    with stack.changed(videos_in_flight=1), stack.ffmpeg.hold("scene"):
        worker = job_of(stack, begin_scene(stack))[1]
        unknown = stack.create(quick())  # there is no place for it
        number = unknown.replace("-", "")
        stack.sql("UPDATE jobs SET state = 1, attempt = 1, lease_token = 7, started_at = UTC_TIMESTAMP(3),"
                  f" worker = '{worker}', lease_until = UTC_TIMESTAMP(3) + INTERVAL {LEASE_SEC} SECOND"
                  f" WHERE video_id = UNHEX('{number}')")
        wait_for("its return", lambda: job_of(stack, unknown)[0] == daemons.QUEUED, LEASE_SEC)
    stack.wait_completed(unknown)


def test_all_that_a_dead_daemon_had_is_taken_back(stack):
    with stack.changed(videos_in_flight=1), stack.ffmpeg.hold("scene"):
        begin_scene(stack)
        videos = [stack.create(quick()) for _ in range(60)]
        stack.sql("UPDATE jobs SET state = 1, attempt = 1, lease_token = id, worker = 'host:1:dead',"
                  " lease_until = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE state = 0")
        lock = stack.folder / "work" / ".workers" / "host:1:dead"
        lock.touch()
        wait_for("its name to be forgotten", lambda: not lock.exists())
        assert [job_of(stack, video) for video in videos if job_of(stack, video)[0] != daemons.QUEUED] == []
        for video in videos:
            assert stack.delete(f"/videos/{video}").status == 204


def test_a_daemon_that_slept_past_its_lease_shows_nothing_old(stack):
    hold = stack.ffmpeg.folder / "hold-scene"
    with stack.changed(videos_in_flight=1), open(hold, "w") as file:  # with no place left it does not ask for more
        first = stack.pid("daemon")
        fcntl.flock(file, fcntl.LOCK_EX)
        video = begin_scene(stack)
        wait_for("nothing else to do", lambda: events(stack, video, "sound") == ["start", "done"])
        os.kill(first, signal.SIGSTOP)
        hold.unlink()  # the first daemon's ffmpeg waits all the same
        with second_daemon(stack):
            done = stack.wait_completed(video, 300)  # a lease, then all the work
        database = stack.pid("mariadb")
        try:
            os.kill(database, signal.SIGSTOP)  # so that nobody can tell the first one
            os.kill(first, signal.SIGCONT)
            address, seen = f"/videos/{video}/status", []
            wait_for("its letting go", lambda: seen.append(stack.get(address)) or "lease lost" in stack.log("daemon"))
            seen += [stack.get(address) for _ in range(30)]
        finally:
            os.kill(database, signal.SIGCONT)
    told = [answer.json for answer in seen if answer.status != 503]  # as when memcached does not answer in time
    assert told and [status for status in told if status != done] == []


def test_what_clients_have_seen_is_in_the_database(stack):
    """Whatever happens next, it is from there that they are told."""
    with stack.ffmpeg.hold("encode"):
        with stack.ffmpeg.hold("scene"):
            video = begin_scene(stack)
            wait_for("its progress", lambda: stack.status(video)["status"] == "generating_scenes")
            stack.run("stop", "mariadb")
        wait_for("an outcome that cannot be written", lambda: not daemons.children(stack))
        with daemons.Sampler(lambda: stack.get(f"/videos/{video}/status")) as sampler:
            wait_for("a second of answers", lambda: len(sampler.seen) > 40)
        stack.run("kill", "daemon")
        stack.run("start", "mariadb")
        number = video.replace("-", "")
        written = int(stack.sql(f"SELECT progress FROM videos WHERE id = UNHEX('{number}')")[0][0])
        stack.run("start", "daemon")
    seen = [answer.json["progress"] for answer in sampler.seen if answer.status == 200]
    assert seen and max(seen) <= written
    stack.wait_completed(video)


def test_a_database_that_hangs_holds_the_daemon_for_less_than_its_lease(stack):
    os.kill(stack.pid("mariadb"), signal.SIGSTOP)
    try:
        wait_for("its complaint", lambda: "claiming kind=" in stack.log("daemon"), LEASE_SEC - 5)
    finally:
        os.kill(stack.pid("mariadb"), signal.SIGCONT)
    stack.wait_completed(stack.create(quick()))
