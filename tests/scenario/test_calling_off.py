"""Tasks that nobody waits for any more are cancelled at the vendor: all of them, never one that a retry wants, and the
ledger says what that cost."""

import bought
import pytest
from bought import LONG_MS, RUNNING, SOON, ask, film, ledger, prompts, wait_status
from stack import wait_for

DEADLINE_SEC = 20  # in which a busy machine gets a task under way
WAITING = {"pendingMs": LONG_MS, "runningMs": 0}


@pytest.fixture(scope="module")
def stack():
    with bought.running() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(stack):
    bought.begin(stack)


@pytest.fixture
def impatient(stack):
    """A daemon whose tasks are late soon."""
    with stack.changed(runway_task_deadline_sec=DEADLINE_SEC):
        yield


def begin(stack, *names, clock=RUNNING):
    """A video whose tasks are known, and no more."""
    stack.runway.setup(clock=clock)
    video = stack.create(film(*names))
    known = [f"scene {n} known" for n in range(len(names))]
    wait_for("the tasks to be known", lambda: ledger(stack, video) == known)
    return video


def cancel(stack, video):
    ask(stack, video, "cancel")
    wait_status(stack, video, "cancelled")


def states(stack):
    return sorted(bill["state"] for bill in stack.runway.billed())


def costs(stack, video):
    return [row[0] for row in stack.sql("SELECT cost_milli DIV 1000 FROM purchases WHERE video_id = "
                                        f"UNHEX('{video.replace('-', '')}') ORDER BY item, created_at")]


def test_a_retry_that_comes_before_the_cancel_has_its_task(stack):
    video = begin(stack, "Wanted")
    stack.runway.setup(faults=[{"on": "poll", "times": -1, "do": {"hold": True}}])
    held = len(stack.runway.seen("poll")) + 1
    stack.runway.wait("poll", seen=held)  # the video's own
    cancel(stack, video)
    stack.runway.wait("poll", seen=held + 1)  # before the cancel
    ask(stack, video, "retry")
    stack.runway.setup(faults=[], release=True)
    wait_for("another poll", lambda: len(stack.runway.seen("poll")) > held + 3)
    stack.runway.setup(finish="now")
    stack.wait_completed(video)
    assert stack.runway.seen("cancel") == [] and prompts(stack)["Wanted"] == 1
    assert ledger(stack, video) == ["scene 0 kept"]


def test_a_retry_that_comes_after_the_cancel_buys_once(stack):
    video = begin(stack, "Too late")
    stack.runway.fault("cancel", hold=True)
    cancel(stack, video)
    stack.runway.wait("cancel", seen=1)
    ask(stack, video, "retry")
    polls = len(stack.runway.seen("poll"))
    stack.runway.wait("poll", answered=polls + 2)  # it goes on, as far as anybody knows
    assert prompts(stack)["Too late"] == 1
    stack.runway.setup(release=True, clock=SOON)
    stack.wait_completed(video)
    assert ledger(stack, video) == ["scene 0 cancelled", "scene 0 kept"]
    assert states(stack) == ["CANCELLED", "SUCCEEDED"]


@pytest.mark.parametrize("accept", [False, True], ids=["as it is", "accepting a charge"])
def test_speech_that_is_being_made_is_waited_for_by_a_retry(stack, accept):
    stack.elevenlabs.fault("speech", hold=True)
    video = stack.create(film("Heard", script="Hello there."))
    stack.elevenlabs.wait("speech", seen=1)
    wait_for("the clip", lambda: "scene 0 kept" in ledger(stack, video))
    cancel(stack, video)
    ask(stack, video, "retry", {"acceptPossibleCharge": accept})
    wait_status(stack, video, "generating_voiceover")
    stack.elevenlabs.setup(release=True)
    stack.wait_completed(video)
    assert bought.counts(stack) == (1, 1) and ledger(stack, video) == ["scene 0 kept", "voice 0 kept"]


@pytest.mark.parametrize("clock, cost", [(RUNNING, "24"), (WAITING, "0")], ids=["runs", "waits"])
def test_what_a_cancelled_task_cost_is_in_the_ledger(stack, clock, cost):
    video = begin(stack, "Costly", clock=clock)
    cancel(stack, video)
    wait_for("the cancel", lambda: ledger(stack, video) == ["scene 0 cancelled"])
    assert costs(stack, video) == [cost]
    assert [bill["charged"] for bill in stack.runway.billed()] == [int(cost)]


def test_what_cannot_be_cancelled_blocks_nothing_else(stack):
    names = [f"{what} {n}" for n in range(23) for what in ("Stuck", "Fine")][:45]
    video = begin(stack, *names)
    stuck = {"on": "poll", "match": "Stuck", "times": -1, "do": {"status": 503}}
    stack.runway.setup(faults=[stuck])
    cancel(stack, video)
    fine = [n for n, name in enumerate(names) if name.startswith("Fine")]

    def called_off():
        return {n for n, line in enumerate(ledger(stack, video)) if line.endswith("cancelled")} == set(fine)

    wait_for("the cancel of all that can be", called_off)
    stack.runway.setup(faults=[])
    wait_for("the others", lambda: states(stack) == ["CANCELLED"] * len(names))


def test_a_cancel_under_way_is_left_alone_by_the_next_round(stack, impatient):
    stack.runway.fault("cancel", hold=True)
    late = begin(stack, "Late")
    stack.runway.wait("cancel", seen=1)
    (path,) = [request["path"] for request in stack.runway.seen("cancel")]
    asked = [request["n"] for request in stack.runway.seen("poll") if request["path"] == path]
    other = begin(stack, "Other")
    cancel(stack, other)
    wait_for("a round's end", lambda: ledger(stack, other) == ["scene 0 cancelled"])
    assert ledger(stack, late) == ["scene 0 known"]
    stack.runway.setup(release=True)
    wait_for("the cancel", lambda: ledger(stack, late) == ["scene 0 cancelled"])
    assert [request["n"] for request in stack.runway.seen("poll") if request["path"] == path] == asked
    assert len([request for request in stack.runway.seen("cancel") if request["path"] == path]) == 1
    assert stack.runway.errors() == [] and states(stack) == ["CANCELLED"] * 2


def test_a_retry_while_the_cancel_is_under_way_waits_and_buys_anew(stack, impatient):
    stack.runway.fault("cancel", hold=True)
    video = begin(stack, "Late")
    stack.runway.wait("cancel", seen=1)
    wait_status(stack, video, "failed")
    ask(stack, video, "retry")
    polls = len(stack.runway.seen("poll"))
    stack.runway.wait("poll", answered=polls + 2)  # it is still there, as far as anybody knows
    assert stack.status(video)["status"] != "failed" and len(stack.runway.seen("cancel")) == 1
    stack.runway.setup(release=True, clock=SOON)
    stack.wait_completed(video)
    assert len(stack.runway.seen("cancel")) == 1 and states(stack) == ["CANCELLED", "SUCCEEDED"]
    assert ledger(stack, video) == ["scene 0 cancelled", "scene 0 kept"]


def test_a_task_whose_time_is_up_while_polls_fail(stack, impatient):
    video = begin(stack, "Late")
    stack.runway.setup(faults=[{"on": "poll", "times": -1, "do": {"status": 503}}])
    failed = wait_status(stack, video, "failed")
    assert "took too long" in failed["error"]
    assert ledger(stack, video) == ["scene 0 known"] and states(stack) == ["RUNNING"]
    stack.runway.setup(faults=[])
    wait_for("the cancel", lambda: ledger(stack, video) == ["scene 0 cancelled"])
    assert states(stack) == ["CANCELLED"]
