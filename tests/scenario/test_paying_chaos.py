"""The daemon is killed, or put to sleep, while it buys: nothing is paid twice but what a client has accepted, and nothing
that was paid for is lost. What the vendors have billed is laid beside the ledger (paying.audit)."""

import collections
import contextlib
import fcntl
import hashlib
import os
import random
import signal
import time

import pytest

import daemons
import paying
from daemons import Database, id_of, log_of, second_daemon
from stack import wait_for

# The daemon's death again and again is what these tests are about; to videod it would be a poisonous video. Composing is
# as nice as anything else, or on a busy machine a step would never end before the next death.
NO_POISON = {"lost_leases": 100, "children": 2, "child_nice": 0}


@pytest.fixture(scope="module")
def stack():
    with paying.running(**NO_POISON) as running:
        yield running


@pytest.fixture
def database(stack):
    with contextlib.closing(Database(stack)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def quiet(stack):
    stack.runway.setup(reset=True, clock={"pendingMs": 0, "runningMs": 300})
    stack.elevenlabs.setup(reset=True)


# --- kill -9 at each boundary ---

# A boundary arranges that the daemon gets there and no further, and gives a function that waits until a video is there
# and the vendor that is not concerned has nothing more to say.

KIND = {"runway": "scene", "elevenlabs": "voice"}


def wait_state(database, video, kind, *states):
    wait_for(f"{kind} {states}", pause=0.002, condition=lambda: [
        row for row in paying.ledger(database, video) if row.kind == kind and row.state in states])


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
    """The vendor's id is written; the task goes on for a while."""
    stack.runway.setup(clock={"runningMs": 2000})

    def wait(video):
        wait_other(database, video, "runway")
        wait_state(database, video, "scene", "known")

    yield wait


def at_sealed(name, on, **do):
    """The clip, or the voice, is in bought_dir under its name, and the ledger does not know it yet: its row is locked."""

    @contextlib.contextmanager
    def boundary(stack, database):
        vendor = getattr(stack, name)
        vendor.fault(on, hold=True, **do)

        def wait(video):
            vendor.wait(on, seen=1)
            wait_other(database, video, name)
            before = bought(stack)
            database.rows("BEGIN")
            database.rows("SELECT 1 FROM purchases WHERE state IN ('intended', 'known') AND "
                          f"kind = '{KIND[name]}' AND video_id = {id_of(video)} FOR UPDATE")
            vendor.setup(release=True)
            wait_for("a sealed file", lambda: bought(stack) - before, pause=0.01)

        yield wait
        database.rows("ROLLBACK")

    return boundary


def bought(stack):
    return {path for path in (stack.folder / "bought").glob("*/*") if path.suffix in (".mp4", ".mp3")}


def at_ffmpeg(kind):
    @contextlib.contextmanager
    def boundary(stack, database):
        before = stack.ffmpeg.calls(kind)
        with stack.ffmpeg.hold(kind):
            yield lambda video: wait_for(kind, lambda: stack.ffmpeg.calls(kind) > before)

    return boundary


@contextlib.contextmanager
def at_publish(stack, database):
    begun = "SELECT 1 FROM steps WHERE kind = 'publish' AND video_id = {}"
    yield lambda video: wait_for("publish", lambda: database.rows(begun.format(id_of(video))), pause=0.001)


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
    "during publish": (at_publish, False, None),
}


@pytest.mark.parametrize("title", BOUNDARIES)
def test_killed(stack, database, title):
    boundary, pauses, twice = BOUNDARIES[title]
    with boundary(stack, database) as wait:
        video = stack.create(paying.film(f"The death {title}", scenes=1, pictures="picture" in title))
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


# --- kill -9 at random moments ---

KILLS, VIDEOS = int(os.environ.get("TEST_KILLS", 40)), int(os.environ.get("TEST_VIDEOS", 10))
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
        some = f"state = 'done' AND video_id IN ({paying.ids(self.videos)})"
        return int(self.database.rows(f"SELECT COUNT(*) FROM steps WHERE {some}")[0][0])

    def kill(self):
        daemons.kill(self.stack)
        at = {row.state for row in paying.ledger(self.database, *self.videos)} & {"intended", "known"}
        self.met.update(at | {"kills"} | ({"ffmpeg"} if daemons.children(self.stack) else set()))
        self.stack.run("start", "daemon")

    def kill_at_random(self, steps, chance):
        """Spread over all of the work, on machines fast and slow."""
        for kill in range(KILLS):
            enough = steps * kill // (KILLS + KILLS // 10)
            latest = time.monotonic() + 0.6
            while time.monotonic() < latest and self.steps_done() < enough:
                time.sleep(0.02)
            time.sleep(chance.uniform(0, 0.8))
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
    wait_for("completion of all", deaths.look, 60 + 4 * VIDEOS, pause=0.2)

    counts = paying.audit(busy, database, videos)
    with capsys.disabled():
        print(f"# {VIDEOS} videos completed; the daemon's deaths, and what it was at: {dict(deaths.met)}")
        paying.show(counts)
    paying.check_requests(busy)
    assert counts["scene"].kept == sum(scenes) and counts["voice"].kept == 2 * VIDEOS
    assert busy.work_folders() == []


# --- a daemon that sleeps past its lease ---

# At what the daemon falls asleep, by the name of the film.
ASLEEP = ("Asked", "Settled", "Spoken", "Polled", "Fetched", "Composed")
TAKEN = ("Polled", "Fetched", "Composed")  # the other daemon completes these without the first one's answers

TABLES = {"videos": "id", "scenes": "video_id", "jobs": "video_id", "steps": "video_id", "step_log": "video_id",
          "purchases": "video_id", "purchase_uses": "video_id"}


@contextlib.contextmanager
def asleep(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def ffmpeg_held(stack, kind):
    """As Ffmpeg.hold, with a function that lets all go on but those that wait already."""
    path = stack.ffmpeg.folder / f"hold-{kind}"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path.unlink


def all_rows(database, videos):
    return {table: sorted(database.rows(f"SELECT * FROM {table} WHERE {column} IN ({paying.ids(videos)})"))
            for table, column in TABLES.items()}


def artefacts(stack, database, videos):
    """What each kept purchase is on disk."""
    names = [row.artefact for row in paying.ledger(database, *videos) if row.state == "kept"]
    return {name: hashlib.sha256((stack.folder / "bought" / name).read_bytes()).hexdigest() for name in names}


def begin_all(stack, database):
    """The films, each of which has come to what it is named for, and no further."""
    held = {"hold": True, "after": True}
    stack.runway.setup(clock={"pendingMs": 0, "runningMs": 300}, faults=[
        {"on": "create", "match": "Asked", "do": held}, {"on": "create", "match": "Settled", "do": held},
        {"on": "download", "match": "Fetched", "do": {"hold": True}}])
    stack.elevenlabs.fault("speech", **held)
    encodes = stack.ffmpeg.calls("encode")
    films = {name: stack.create(paying.film(name, scenes=1, script=name == "Spoken"))
             for name in ASLEEP if name != "Polled"}
    stack.runway.wait("create", seen=5)
    stack.runway.setup(clock={"runningMs": 600_000})
    films["Polled"] = stack.create(paying.film("Polled", scenes=1, script=False))
    for name in ("Polled", "Fetched"):
        wait_state(database, films[name], "scene", "known")
    for name in ("Composed", "Spoken"):
        wait_state(database, films[name], "scene", "kept")
    stack.runway.wait("download", seen=3)
    stack.elevenlabs.wait("speech", seen=1)
    wait_for("the encoder alone", lambda: stack.ffmpeg.calls("encode") == encodes + 1)
    return films


def taken_over(stack, database, films):
    """The other daemon does all that can be done without the answers to what the first one asked for."""
    [asked_first] = paying.ledger(database, films["Polled"])
    wait_for("the other daemon to poll", lambda: paying.ledger(database, films["Polled"]) != [asked_first])
    stack.runway.setup(finish="now", clock={"runningMs": 300})
    paying.wait_completed(stack, database, *(films[name] for name in TAKEN))
    for name in ("Asked", "Settled", "Spoken"):
        wait_for(f"{name} paused", lambda: paying.status_of(database, films[name]) == ("paused", "possible_charge"))
    paying.accept(stack, films["Settled"])
    paying.wait_completed(stack, database, films["Settled"])


def test_asleep_past_its_lease(stack, database, capsys):
    """
    Awake again, a daemon that has lost its videos changes nothing of them, and its children die. By design there is one
    thing that it can still say: what the vendor answered to a paid request of its own, of which nobody else can know;
    those videos then go on unasked.
    """
    with stack.changed(lease_sec=15, attempts=10), ffmpeg_held(stack, "encode") as let_others:
        first, logged = stack.pid("daemon"), len(stack.log("daemon"))
        films = begin_all(stack, database)
        encoder = daemons.children(stack)
        over = [films[name] for name in (*TAKEN, "Settled")]
        with asleep(first):
            let_others()
            with second_daemon(stack):
                taken_over(stack, database, films)
                stack.runway.setup(release=True)
                stack.elevenlabs.setup(release=True)
                stack.runway.wait("create", answered=7)
                stack.elevenlabs.wait("speech", answered=1)
                before, files = all_rows(database, over), artefacts(stack, database, over)
                states = {name: [row.state for row in paying.ledger(database, films[name])] for name in films}
                assert states["Asked"] == ["unknown"] and states["Settled"] == ["written_off", "kept"]
                assert sorted(states["Spoken"]) == ["kept", "unknown"]
                os.kill(first, signal.SIGCONT)

                wait_for("its insight", lambda: stack.log("daemon")[logged:].count("lease lost") == len(ASLEEP))
                wait_for("the encoder's end", lambda: not set(encoder) & set(daemons.children(stack)), 10)
                for name in ("Asked", "Spoken"):
                    wait_for(name, lambda: paying.status_of(database, films[name])[0] == "completed")
        assert stack.pid("daemon") == first
        assert all_rows(database, over) == before
        assert artefacts(stack, database, over) == files

        counts = paying.audit(stack, database, list(films.values()))
        with capsys.disabled():
            print()
            paying.show(counts)
        paying.check_requests(stack)
        assert counts["scene"] == (7, 7, 6, 1, 1, 0) and counts["voice"] == (1, 1, 1, 0, 0, 0)
        assert not list((stack.folder / "bought").glob("*/*.part"))
        paying.wait_completed(stack, database, stack.create(paying.film("What comes then", scenes=1)))
