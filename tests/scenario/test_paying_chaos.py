"""The daemon is killed at random moments, again and again, while it buys for many videos: they are completed, or pause
because of a possible charge, and what the vendors have billed is what the ledger says. `make soak` does more of it."""

import collections
import contextlib
import os
import random
import time

import pytest

import daemons
import paying
from daemons import Database
from stack import wait_for


@pytest.fixture(scope="module")
def stack():
    with paying.running() as running:
        yield running


@pytest.fixture
def database(stack):
    with contextlib.closing(Database(stack)) as opened:
        yield opened


KILLS, VIDEOS = int(os.environ.get("TEST_KILLS", 40)), int(os.environ.get("TEST_VIDEOS", 10))
PATIENCE_SEC = 15  # with work that does not get on, before the next death
LIMIT = 20  # characters: so that a script is spoken in two pieces

# Replies take as long as they do on a good day far away, so that a kill may find a request in any of its states.
FAR_AWAY = {"create": {"delayMs": 300, "after": True}, "poll": {"delayMs": 20}, "download": {"delayMs": 100},
            "speech": {"delayMs": 300, "after": True}}


def far_away(*kinds):
    return [{"on": kind, "times": -1, "do": FAR_AWAY[kind]} for kind in kinds]


@pytest.fixture
def busy(stack):
    """Four videos at a time, in pieces, from vendors that take their time."""
    stack.runway.setup(faults=far_away("create", "poll", "download"), clock={"pendingMs": 100, "runningMs": 900})
    stack.elevenlabs.setup(faults=far_away("speech"), maxTextLength={"eleven_multilingual_v2": LIMIT})
    with stack.changed(videos_in_flight=4):
        limits = "SELECT max_characters FROM speech_models WHERE id = 'eleven_multilingual_v2'"
        wait_for("the new limit", lambda: stack.sql(limits) == [[str(LIMIT)]])
        yield stack


class Deaths:
    """Kills the daemon again and again; what it was at, and how often a video paused for it, is counted."""

    def __init__(self, stack, database, videos):
        self.stack, self.database, self.videos = stack, database, videos
        self.met, self.unfinished = collections.Counter(), videos

    def look(self):
        """Lets go on what is paused."""
        paused, self.unfinished = paying.go_on(self.stack, self.database, self.videos)
        self.met["pauses"] += len(paused)
        return not self.unfinished

    def steps_done(self):
        some = f"event = 'done' AND kind <> 'upload' AND video_id IN ({paying.ids(self.videos)})"
        return int(self.database.rows(f"SELECT COUNT(*) FROM step_log WHERE {some}")[0][0])

    def wait_steps(self, enough, seconds):
        latest = time.monotonic() + seconds
        while time.monotonic() < latest and self.steps_done() < enough:
            time.sleep(0.02)

    def kill(self):
        daemons.kill(self.stack)
        at = {row.state for row in paying.ledger(self.database, *self.videos)} & {"intended", "known"}
        self.met.update(at | {"kills"} | ({"ffmpeg"} if daemons.children(self.stack) else set()))
        self.stack.run("start", "daemon")

    def kill_at_random(self, steps, chance):
        """Spread over all of the work, on machines fast and slow; what never gets on would be given up as poisonous."""
        for kill in range(KILLS):
            enough, most = (steps * n // (KILLS + KILLS // 4) for n in (kill, kill + 1))
            self.wait_steps(enough, PATIENCE_SEC)
            self.wait_steps(most, chance.uniform(0, 0.8))
            self.kill()
            self.look()
        assert self.unfinished, "the films were ready before the last kill"


def test_killed_at_random_moments(busy, database, capsys):
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(2**32)))
    with capsys.disabled():
        print(f"\n# seed {seed}")
    scenes = [4 + n % 2 for n in range(VIDEOS)]
    videos = [busy.create(paying.film(f"film {n}", scenes=scenes[n])) for n in range(VIDEOS)]
    steps = sum(2 * n + n // 2 + len(("check", "voice", "sound", "assemble", "still", "publish")) for n in scenes)
    deaths = Deaths(busy, database, videos)
    deaths.kill_at_random(steps, random.Random(seed))
    wait_for("completion of all", deaths.look, 120 + 10 * VIDEOS, pause=0.2)

    counts = paying.audit(busy, database, videos)
    with capsys.disabled():
        print(f"# {VIDEOS} videos completed; the daemon's deaths, and what it was at: {dict(deaths.met)}")
        paying.show(counts)
    paying.check_requests(busy)
    assert counts["scene"].kept == sum(scenes) and counts["voice"].kept == 2 * VIDEOS
    wait_for("an empty work folder", lambda: busy.work_folders() == [])
