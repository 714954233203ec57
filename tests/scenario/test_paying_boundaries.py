"""The daemon is killed at each boundary of buying: nothing is paid twice but what a client has accepted, and nothing
that was paid for is lost. What the vendors have billed is laid beside the ledger (paying.audit)."""

import collections
import contextlib
import os
import signal

import pytest

import daemons
import paying
from daemons import Database, id_of, log_of
from paying import wait_state
from stack import wait_for


@pytest.fixture(scope="module")
def stack():
    with paying.running() as running:
        yield running


@pytest.fixture
def database(stack):
    with contextlib.closing(Database(stack)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet(stack):
    stack.runway.setup(reset=True, clock={"pendingMs": 0, "runningMs": 300})
    stack.elevenlabs.setup(reset=True)


# A boundary arranges that the daemon gets there and no further, and gives a function that waits until a video is there
# and the vendor that is not concerned has nothing more to say.

KIND = {"runway": "scene", "elevenlabs": "voice"}


def wait_other(database, video, name):
    other, states = ("voice", ["kept"]) if name == "runway" else ("scene", ["known", "kept"])
    wait_state(database, video, other, *states)


def at_request(name, on, **do):
    """A vendor has a request and does not answer. It goes on, as it is told to, when the daemon is dead."""

    @contextlib.contextmanager
    def boundary(stack, database):
        vendor = getattr(stack, name)
        vendor.fault(on, hold=True, **do)

        def wait(video):
            vendor.wait(on, seen=1)
            wait_other(database, video, name)

        yield wait
        vendor.setup(release=True)
        vendor.wait(on, answered=1)

    return boundary


def at_answer(name, on):
    """The daemon has the head of a reply, and waits for the rest."""

    @contextlib.contextmanager
    def boundary(stack, database):
        vendor = getattr(stack, name)
        vendor.fault(on, stall=True)

        def wait(video):
            vendor.wait(on, answered=1)
            wait_other(database, video, name)

        yield wait

    return boundary


@contextlib.contextmanager
def at_intent(stack, database):
    """The intent is written; the vendor has not read the request, and does so when the daemon is dead."""
    vendor = stack.runway.process.pid
    os.kill(vendor, signal.SIGSTOP)

    def wait(video):
        wait_state(database, video, "scene", "intended")
        wait_other(database, video, "runway")

    try:
        yield wait
    finally:
        os.kill(vendor, signal.SIGCONT)
    stack.runway.wait("create", answered=1)


@contextlib.contextmanager
def at_known(stack, database):
    """The vendor's id is written; the task, which is accepted when nothing else is to be waited for, goes on for a while."""
    stack.runway.setup(clock={"runningMs": 2000})
    stack.runway.fault("create", hold=True)

    def wait(video):
        wait_other(database, video, "runway")
        stack.runway.setup(release=True)
        wait_state(database, video, "scene", "known")

    yield wait


def at_sealed(name, on, **do):
    """The clip, or the voice, is in bought_dir under its name; the ledger does not know it yet, its row is locked."""

    @contextlib.contextmanager
    def boundary(stack, database):
        vendor = getattr(stack, name)
        vendor.fault(on, hold=True, **do)

        def wait(video):
            vendor.wait(on, seen=1)
            wait_other(database, video, name)
            before = bought(stack, name)
            database.rows("BEGIN")
            database.rows("SELECT 1 FROM purchases WHERE state IN ('intended', 'known') AND "
                          f"kind = '{KIND[name]}' AND video_id = {id_of(video)} FOR UPDATE")
            vendor.setup(release=True)
            wait_for("a sealed file", lambda: bought(stack, name) - before, pause=0.01)

        yield wait
        database.rows("ROLLBACK")

    return boundary


def bought(stack, name):
    return set((stack.folder / "bought").glob("*/*.mp4" if name == "runway" else "*/*.mp3"))


def at_ffmpeg(kind):
    @contextlib.contextmanager
    def boundary(stack, database):
        before = stack.ffmpeg.calls(kind)
        with stack.ffmpeg.hold(kind):
            yield lambda video: wait_for(kind, lambda: stack.ffmpeg.calls(kind) > before)

    return boundary


@contextlib.contextmanager
def at_upload(stack, database):
    begun = "SELECT 1 FROM steps WHERE kind = 'upload' AND item = 0 AND video_id = {}"
    yield lambda video: wait_for("the film's upload", lambda: database.rows(begun.format(id_of(video))), pause=0.001)


# title: the boundary; does the video pause; what is billed twice, once the possible charge was accepted
BOUNDARIES = {
    "before the intent, while the picture goes up": (at_request("runway", "storage"), False, None),
    "after the intent, before the vendor has read it": (at_intent, True, "scene"),
    "while the vendor is asked, who never hears of it": (at_request("runway", "create", drop="before"), True, None),
    "after it was accepted, before the reply": (at_request("runway", "create", drop="after"), True, "scene"),
    "after half of the reply": (at_answer("runway", "create"), True, "scene"),
    "after the id was recorded": (at_known, False, None),
    "while polling": (at_request("runway", "poll"), False, None),
    "before the download": (at_request("runway", "download"), False, None),
    "in the middle of the download": (at_answer("runway", "download"), False, None),
    "between sealed and kept": (at_sealed("runway", "download"), False, None),
    "while speech is asked for, never heard of": (at_request("elevenlabs", "speech", drop="before"), True, None),
    "while it is spoken": (at_request("elevenlabs", "speech", after=True), True, "voice"),
    "in the middle of the speech": (at_answer("elevenlabs", "speech"), True, "voice"),
    "between speech sealed and kept": (at_sealed("elevenlabs", "speech", after=True), False, None),
    "while the voice is joined": (at_ffmpeg("voice"), False, None),
    "during encode": (at_ffmpeg("encode"), False, None),
    "during sound": (at_ffmpeg("sound"), False, None),
    "during assemble": (at_ffmpeg("assemble"), False, None),
    "during still": (at_ffmpeg("still"), False, None),
    "while the film is put where clients find it": (at_upload, False, None),
}


@pytest.mark.parametrize("title", BOUNDARIES)
def test_killed(stack, database, title):
    boundary, pauses, twice = BOUNDARIES[title]
    with boundary(stack, database) as wait:
        name = f"Death {list(BOUNDARIES).index(title)}"  # whose script is spoken in less than its scene's time
        video = stack.create(paying.film(name, 1, f"{name}.", pictures="picture" in title, seconds=2))
        wait(video)
        daemons.kill(stack)
    stack.run("start", "daemon")

    if pauses:
        wait_for("the pause", lambda: stack.status(video)["status"] == "paused")
        assert "may have been charged" in stack.status(video)["error"]
        assert [row.state for row in paying.ledger(database, video)].count("unknown") == 1
        paying.accept(stack, video)
    paying.wait_completed(stack, database, video)

    counts = paying.audit(stack, database, [video])
    paying.check_requests(stack)
    assert (counts["scene"].kept, counts["voice"].kept) == (1, 1)
    assert (counts["scene"].billed, counts["voice"].billed) == (1 + (twice == "scene"), 1 + (twice == "voice"))
    assert counts["scene"].lost + counts["voice"].lost == pauses
    done = collections.Counter((kind, item) for kind, item, event, _ in log_of(stack, video) if event == "done")
    assert set(done.values()) == {1} or pauses
