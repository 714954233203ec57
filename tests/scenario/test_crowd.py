"""Forty videos asked for at once: the progress of each, watched from beginning to end, and the daemon's memory."""

import contextlib
import http.client
import json
import threading
import time

import pytest

import stack as stacks
from stack import film, scene

VIDEOS = 40
WARM = 5  # completed videos after which memory must not grow any more
PAUSE_SEC = 0.1
TIME_SEC = 400
WATCHERS = 4

ORDER = ["pending", "generating_scenes", "generating_voiceover", "composing", "processing", "completed"]

LIMIT_KB = 32 * 1024
LIMIT_KB_PER_VIDEO = 64
GROWTH_KB = 2 * 1024
IN_FLIGHT = 4
STEP_SEC = 0.6


def memory_kb(pid):
    """All pages that the process has in memory, shared ones too."""
    with open(f"/proc/{pid}/status") as status:  # smaps is closed to all but root: the daemon is not dumpable
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


class Watched:
    """All that was seen of one video."""

    def __init__(self, video):
        self.video = video
        self.seen = []  # (status, progress), each once as long as it does not change
        self.samples = 0
        self.longest_gap = 0
        self.last = None

    def note(self, answer, now):
        self.longest_gap = max(self.longest_gap, now - self.last if self.last else 0)
        self.last = now
        self.samples += 1
        found = answer["status"], answer["progress"]
        if not self.seen or self.seen[-1] != found:
            self.seen.append(found)

    @property
    def completed(self):
        return bool(self.seen) and self.seen[-1][0] == "completed"


class Watcher(threading.Thread):
    """Asks for the status of its videos in turn, over one connection, until all watchers have seen all completed."""

    def __init__(self, stack, videos, over):
        super().__init__()
        self.stack, self.videos, self.over, self.problem = stack, videos, over, None

    def run(self):
        connection = http.client.HTTPConnection(self.stack.address, timeout=30)
        try:
            with contextlib.closing(connection):
                while not self.over.is_set():
                    began = time.monotonic()
                    for watched in self.videos:
                        connection.request("GET", f"/videos/{watched.video}/status")
                        answer = connection.getresponse()
                        assert answer.status == 200, answer.status
                        watched.note(json.loads(answer.read()), time.monotonic())
                    self.over.wait(max(0, began + PAUSE_SEC - time.monotonic()))
        except Exception as problem:
            self.problem = problem


@pytest.fixture(scope="module")
def crowd():
    """(what was seen of each video, memory by the number of completed videos, memory's peak)"""
    settings = {"videos_in_flight": IN_FLIGHT, "store_in_flight": IN_FLIGHT}
    with stacks.running(settings) as stack:
        stack.ffmpeg.take(STEP_SEC)
        stack.put_store()
        body = film(scenes=[scene(1, textOverlay="One of many")], aspectRatio="1:1")
        daemon = stack.pid("daemon")
        videos = [Watched(stack.create({**body, "title": f"Film {n}"})) for n in range(VIDEOS)]
        over = threading.Event()
        watchers = [Watcher(stack, videos[n::WATCHERS], over) for n in range(WATCHERS)]
        for watcher in watchers:
            watcher.start()

        began, memory = time.monotonic(), []
        done = 0
        while done < VIDEOS and time.monotonic() < began + TIME_SEC and all(w.is_alive() for w in watchers):
            done = sum(watched.completed for watched in videos)
            memory.append((done, memory_kb(daemon)))
            time.sleep(PAUSE_SEC)
        enough = [watched.samples + 10 for watched in videos]  # completed must stay completed
        stacks.wait_for(
            "some more samples",
            lambda: all(v.samples >= n for v, n in zip(videos, enough)) or any(w.problem for w in watchers),
        )
        over.set()
        for watcher in watchers:
            watcher.join()
            assert watcher.problem is None, repr(watcher.problem)
        memory.append((done, memory_kb(daemon)))
        assert stack.pid("daemon") == daemon
        print(f"{done} videos in {time.monotonic() - began:.0f} s")
        yield videos, memory


def test_all_complete(crowd):
    videos, _ = crowd
    assert [watched.seen[-1] for watched in videos] == [("completed", 100)] * VIDEOS


def test_progress_never_goes_back(crowd):
    """seed F7, A15: nor does the status, and completed stays completed, at 100."""
    videos, _ = crowd
    samples = sum(watched.samples for watched in videos)
    gap = max(watched.longest_gap for watched in videos)
    print(f"{samples} samples, at most {gap:.2f} s between two of one video")
    assert samples > 20 * VIDEOS
    for watched in videos:
        statuses = [ORDER.index(status) for status, _ in watched.seen]
        progress = [percent for _, percent in watched.seen]
        assert statuses == sorted(statuses), watched.seen
        assert progress == sorted(progress), watched.seen
        assert [status for status, percent in watched.seen if percent == 100] == ["completed"], watched.seen


def test_progress_is_seen_to_move(crowd):
    """seed F7: there is more to see than a beginning and an end, however quick the machine."""
    videos, _ = crowd
    moves = sorted(len({percent for _, percent in watched.seen}) for watched in videos)
    print(f"different percentages seen of a video: {moves[0]} to {moves[-1]}")
    assert moves[0] >= 4


def test_memory_stays_flat(crowd):
    _, memory = crowd
    warm = max(kb for done, kb in memory if done <= WARM)
    last = memory[-1][1]
    peak = max(kb for _, kb in memory)
    print(f"memory: {warm} kB after {WARM} videos, {last} kB after {VIDEOS}, at most {peak} kB")
    assert last - warm < GROWTH_KB
    assert peak < LIMIT_KB + LIMIT_KB_PER_VIDEO * IN_FLIGHT
