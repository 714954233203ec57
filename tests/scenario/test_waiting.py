"""What the daemon's memory is filled with: little for each video that waits for a vendor, and nothing of the clips."""

import concurrent.futures
import pathlib
import re

import pytest

import daemons
import paid
import stack as stacks

VIDEOS = 500
PER_VIDEO_KB = 64
DAEMON_KB = 32 << 10  # without any video
CLIP_BYTES = 200_000_000
GROWTH_KB = 16 << 10  # of the peak, while such a clip passes
MANY = 1000
CLIENTS = 8


@pytest.fixture(scope="module")
def stack():
    with paid.running(videos_in_flight=MANY, store_in_flight=MANY, runway_in_flight=MANY, probe_sec=300) as running:
        running.runway.setup(concurrency=MANY)
        yield running


def memory(stack):
    """The daemon's figures in kB: VmRSS, RssAnon, VmHWM, ..."""
    text = pathlib.Path(f"/proc/{stack.pid('daemon')}/status").read_text()
    return {name: int(number) for name, number in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.M)}


def film(number):
    return stacks.film(scenes=[{"prompt": f"Number {number}", "duration": 2}], aspectRatio="1:1", musicVolume=0)


@pytest.fixture(scope="module")
def before(stack):
    """The figures of a daemon that has made a film, and has none to make."""
    stack.wait_completed(stack.create(film("none")))
    return memory(stack)


def test_a_large_clip_passes_through_little_memory(stack, before):
    """seed B7: it is written as it comes, and never held."""
    stack.runway.fault("create", clipBytes=CLIP_BYTES)
    video = stack.create(film("large"))
    stack.wait_completed(video)
    assert paid.purchases(stack, video, "state", "bytes") == [["kept", str(CLIP_BYTES)]]
    grown = memory(stack)["VmHWM"] - before["VmHWM"]
    print(f"a clip of {CLIP_BYTES // 1000000} MB: the peak of {before['VmHWM']} kB grew by {grown} kB")
    assert grown < GROWTH_KB


def test_a_video_that_waits_for_the_vendor_takes_little_memory(stack, before):
    """500 of them, each with a task that is RUNNING, asked for again and again."""
    stack.runway.setup(reset=True, clock={"runningMs": paid.LONG_MS}, concurrency=MANY)
    with stack.changed(runway_poll_ms=10000):
        idle = memory(stack)
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            videos = list(clients.map(lambda n: stack.create(film(n)), range(VIDEOS)))
        stack.runway.wait("create", answered=VIDEOS, seconds=400)
        stack.runway.wait("poll", answered=VIDEOS, seconds=400)
        now = memory(stack)
        assert len(videos) == len(stack.runway.billed()) == VIDEOS and stack.runway.errors() == []
        assert stack.sql(f"SELECT COUNT(*) FROM jobs WHERE state = {daemons.RUNNING}") == [[str(VIDEOS)]]
    each = (now["VmRSS"] - idle["VmRSS"]) / VIDEOS
    for name in ("VmRSS", "RssAnon", "VmHWM"):
        print(f"{name}: {idle[name]} kB with no video, {now[name]} kB with {VIDEOS} that wait")
    print(f"each video takes {each:.1f} kB")
    assert each <= PER_VIDEO_KB
    assert now["VmRSS"] <= DAEMON_KB + VIDEOS * PER_VIDEO_KB
    assert before["VmRSS"] <= DAEMON_KB
