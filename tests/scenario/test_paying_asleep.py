"""A daemon sleeps past its lease while it buys, and another one takes its videos over: awake again it changes nothing
of them, its children die, and nothing was bought twice."""

import contextlib
import fcntl
import hashlib
import os
import re
import signal

import pytest

import daemons
import paying
from daemons import Database, id_of, second_daemon
from paying import wait_state
from stack import wait_for


@pytest.fixture(scope="module")
def stack():
    with paying.running(lease_sec=30, attempts=10) as running:
        yield running


@pytest.fixture
def database(stack):
    with contextlib.closing(Database(stack)) as opened:
        yield opened


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


def all_rows(database, videos, but=None):
    return {table: sorted(database.rows(f"SELECT * FROM {table} WHERE {column} IN ({paying.ids(videos)})"))
            for table, column in TABLES.items() if table != but}


def let_intents_age(stack):
    """As if no answer to what was asked for could come any more."""
    stack.sql("UPDATE purchases SET created_at = created_at - INTERVAL 300 SECOND WHERE state = 'intended'")


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
    stack.runway.wait("create", answered=3)  # all but those that are held: the clock is not theirs any more
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


def heard(stack, video):
    """What the sleeper heard of the scene that it had asked for: "known" or, where it slept for too long, "unknown"."""
    answer = re.compile(f"paid request answered video={video} step=scene .* state=(\\w+)")
    return wait_for("its answer", lambda: answer.search(stack.log("daemon")))[1]


def settle_asked(stack, database, video):
    """An answer that came in time lets its video go on unasked; whether it was bought again."""
    if heard(stack, video) == "known":
        paying.wait_gone_on(database, video)
        return False
    paying.accept(stack, video)
    paying.wait_completed(stack, database, video)
    return True


def settle_settled(stack, database, video):
    """What was bought for nothing is known, as far as it was heard of."""
    if heard(stack, video) != "known":
        return
    late, kept = paying.ledger(database, video)
    assert (late.state, kept.state) == ("known", "kept") and late.vendor_id
    left = f"state = 'known' AND cancel_req = 0 AND video_id = {id_of(video)}"
    wait_for("the finished task to be left", lambda: stack.sql(f"SELECT 1 FROM purchases WHERE {left}"))


def test_asleep_past_its_lease(stack, database, capsys):
    """seed A2: two at one video, and none is paid twice. By design there is one thing that it can still say: what the vendor answered to a paid request of its own."""
    with ffmpeg_held(stack, "encode") as let_others:
        first = stack.pid("daemon")
        films = begin_all(stack, database)
        encoder, taken = daemons.children(stack), [films[name] for name in TAKEN]
        with asleep(first):
            let_intents_age(stack)
            let_others()
            with second_daemon(stack):
                taken_over(stack, database, films)
                stack.runway.setup(release=True)
                stack.elevenlabs.setup(release=True)
                stack.runway.wait("create", answered=7)
                stack.elevenlabs.wait("speech", answered=1)
                states = {name: sorted(row.state for row in paying.ledger(database, films[name])) for name in ASLEEP}
                before, settled = all_rows(database, taken), all_rows(database, [films["Settled"]], but="purchases")
                files = artefacts(stack, database, [*taken, films["Settled"]])
                os.kill(first, signal.SIGCONT)

                wait_for("its insight", lambda: stack.log("daemon").count("lease lost") == len(ASLEEP))
                wait_for("the encoder's end", lambda: not set(encoder) & set(daemons.children(stack)))
                paying.wait_gone_on(database, films["Spoken"])
                asked_again = settle_asked(stack, database, films["Asked"])
                settle_settled(stack, database, films["Settled"])
        assert stack.pid("daemon") == first
        assert (all_rows(database, taken), all_rows(database, [films["Settled"]], but="purchases")) == (before, settled)
        assert artefacts(stack, database, [*taken, films["Settled"]]) == files

        counts = paying.audit(stack, database, list(films.values()), late={"known"})
        with capsys.disabled():
            print(f"\n# at {', '.join(ASLEEP)}; its answer came {'too late' if asked_again else 'in time'}")
            paying.show(counts)
        paying.check_requests(stack)
        assert states["Asked"] == ["unknown"] and states["Settled"] == ["kept", "written_off"]
        assert states["Spoken"] == ["kept", "unknown"]
        again = 1 + asked_again
        assert counts["scene"] == (6 + again, 6 + again, 6, again, again, 0) and counts["voice"] == (1, 1, 1, 0, 0, 0)
        assert not list((stack.folder / "bought").glob("*/*.part"))
        paying.wait_completed(stack, database, stack.create(paying.film("What comes then", scenes=1)))
