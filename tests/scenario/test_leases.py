"""What a daemon holds, and what clients see of it, while the database or the daemon itself is away for a while."""

import pytest

import daemons
from daemons import events, job_of, quick
from stack import wait_for

LEASE_SEC = 15  # the shortest there is


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
        wait_for("the daemon to let go of it", lambda: "lease lost" in stack.log("daemon"), 30)
        stack.run("start", "mariadb")
        other = begin_scene(stack)
        wait_for("its second beginning", lambda: events(stack, dropped, "scene") == ["start", "start"], 40)
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
