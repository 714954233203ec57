"""Cancelling and deleting while something is under way at a vendor or here: it ends at once, the vendor is told, late
answers are written down, and what was bought is kept for a retry, or removed with the video."""

import bought
import pytest
from bought import LONG_MS, RUNNING, SOON, ask, film, ledger, prompts, scripts, show, wait_status
from daemons import children, events, rows_of
from stack import scene, wait_for

SECONDS = 20  # for a video to be cancelled, by a machine that is busy; nothing else would end before its own deadline
WAITING = {"pendingMs": LONG_MS, "runningMs": 0}
HELD = {"hold": True}
HELD_LATE = {"hold": True, "after": True}  # accepted and billed; only the reply waits


class Moment:
    """When a video is stopped. fault: what holds it there; clock: of its task; until: the ledger by which it is known
    to be there. stopped: the ledger after a cancel, once all answers are here; again: what a retry asks both vendors
    for; ends: how the vendor's task ends, when the video is cancelled and when it is deleted."""

    def __init__(self, until, stopped, again=(0, 0), ends=(None, None), fault=None, clock=SOON, **more):
        self.until, self.stopped, self.again, self.ends = until, stopped, again, ends
        self.fault, self.clock, self.more = fault, clock, more


KEPT = ["scene 0 kept"]
CALLED_OFF = ["scene 0 cancelled"]

MOMENTS = {
    "the task waits": Moment(["scene 0 known"], CALLED_OFF, (1, 0), ("CANCELLED", "CANCELLED"), clock=WAITING),
    "the task runs": Moment(["scene 0 known"], CALLED_OFF, (1, 0), ("CANCELLED", "CANCELLED"), clock=RUNNING),
    "downloading": Moment(["scene 0 known"], ["scene 0 known"], (0, 0), ("SUCCEEDED", "DELETED"), ("download", HELD)),
    "the speech under way": Moment([*KEPT, "voice 0 intended"], [*KEPT, "voice 0 kept"], (0, 0),
                                   ("SUCCEEDED", "SUCCEEDED"), ("speech", HELD_LATE)),
    "ffmpeg at work": Moment(KEPT, KEPT, (0, 0), ("SUCCEEDED", "SUCCEEDED")),
    # What the vendor has less time for comes last.
    "uploading": Moment([], [], (1, 0), fault=("storage", HELD), imageUrl="/assets/picture.jpg"),
    "the create under way": Moment(["scene 0 intended"], CALLED_OFF, (1, 0), ("CANCELLED", "CANCELLED"),
                                   ("create", HELD_LATE), RUNNING),
}


@pytest.fixture(scope="module")
def stack():
    with bought.running(children=4) as running:  # not fewer where there are fewer processors: some are held
        yield running


class Case:
    """A video that is held at a moment, then stopped."""

    def __init__(self, stack, when, how):
        self.stack, self.name, self.moment = stack, f"{how} {when}", MOMENTS[when]
        script = f"{self.name}." if self.moment.fault and self.moment.fault[0] == "speech" else None
        stack.runway.setup(clock=self.moment.clock)
        self.video = stack.create(film({**scene(0, prompt=self.name), **self.moment.more}, script=script))
        wait_for(f"{self.name}: {self.moment.until}", lambda: ledger(stack, self.video) == self.moment.until)

    def counts(self):
        asked = sum(self.name in text for text in scripts(self.stack))
        return prompts(self.stack)[self.name], asked

    def task(self):
        """How its task stands at the vendor."""
        return next((b["state"] for b in self.stack.runway.billed() if b["prompt"].startswith(self.name)), None)


def hold_faults(stack):
    orders = [(on, do, f"{how} {when}") for when, moment in MOMENTS.items() if moment.fault
              for on, do in [moment.fault] for how in ("cancel", "delete")]
    faults = [{"on": on, "do": do, "match": "" if on == "storage" else name} for on, do, name in orders]
    stack.runway.setup(faults=[fault for fault in faults if fault["on"] != "speech"])
    stack.elevenlabs.setup(faults=[fault for fault in faults if fault["on"] == "speech"])


def wait_all_held(stack):
    stack.runway.wait("storage", seen=2)
    stack.runway.wait("download", seen=6)  # two are held; of four others the films are
    stack.elevenlabs.wait("speech", seen=2)
    wait_for("ffmpeg at work", lambda: stack.ffmpeg.calls("encode") == 2 and children(stack))


def stop_all(stack, pairs):
    """Cancels and deletes: all at once, because the vendor has little time for some."""
    for cancelled, deleted in pairs:
        ask(stack, cancelled.video, "cancel")
        assert stack.delete(f"/videos/{deleted.video}").status == 204
        assert stack.get(f"/videos/{deleted.video}/status").status == 404
    for cancelled, deleted in pairs:
        wait_status(stack, cancelled.video, "cancelled", seconds=SECONDS)
        wait_for(f"the removal: {deleted.name}", lambda video=deleted.video: rows_of(stack, video) == 0, SECONDS)


@pytest.fixture(scope="module")
def pairs(stack):
    """Every moment twice, all at the same time; one is cancelled, the other one deleted; then all that was held is
    answered."""
    bought.begin(stack)
    hold_faults(stack)
    with stack.ffmpeg.hold("encode"):
        found = [[Case(stack, when, how) for how in ("cancel", "delete")] for when in MOMENTS]
        wait_all_held(stack)
        stop_all(stack, found)
        wait_for("an end of all work", lambda: children(stack) == [] and stack.work_folders() == [])
        assert [ledger(stack, pair[0].video) for pair in found if pair[0].moment.fault] == [
            pair[0].moment.until for pair in found if pair[0].moment.fault], "nothing was answered yet"
    stack.runway.setup(faults=[], release=True, clock=SOON)
    stack.elevenlabs.setup(faults=[], release=True)
    return found


def test_late_answers_are_written_down_and_called_off(stack, pairs):
    for cancelled, deleted in pairs:
        wait_for(f"{cancelled.name}: {cancelled.moment.stopped}",
                 lambda: ledger(stack, cancelled.video) == cancelled.moment.stopped)
        wanted = cancelled.moment.ends
        wait_for(f"{cancelled.name}: {wanted}", lambda: (cancelled.task(), deleted.task()) == wanted)
    gone = [bill["id"] for bill in stack.runway.billed() if bill["state"] in ("CANCELLED", "DELETED")]
    told = [request["path"].split("/")[-1] for request in stack.runway.seen("cancel")]
    assert sorted(told) == sorted(gone), "each was called off, once"
    waited = [bill for bill in stack.runway.billed() if "the task waits" in bill["prompt"]]
    assert [bill["charged"] for bill in waited] == [0, 0]


def test_nothing_that_was_bought_for_a_deleted_video_is_kept(stack, pairs):
    kept = [pair for pair in pairs if "kept" in str(pair[0].moment.stopped)]
    for cancelled, deleted in kept:
        wait_for(f"{deleted.name}: removal", lambda: "kept" not in str(ledger(stack, deleted.video)))
    clips = sum("scene 0 kept" in pair[0].moment.stopped for pair in kept)
    voices = sum("voice 0 kept" in pair[0].moment.stopped for pair in kept)
    wait_for("the files to go", lambda: len(bought.files(stack)) == clips + voices)


def test_a_retry_buys_only_the_rest(stack, pairs):
    before = [pair[0].counts() for pair in pairs]
    for cancelled, _ in pairs:
        ask(stack, cancelled.video, "retry")
    for (cancelled, _), (creates, speeches) in zip(pairs, before):
        stack.wait_completed(cancelled.video)
        more = cancelled.moment.again
        assert cancelled.counts() == (creates + more[0], speeches + more[1]), cancelled.name
    refused = {error["what"] for error in stack.runway.errors() + stack.elevenlabs.errors()}
    assert refused <= {"noClip"}, "a download that was held while its task was deleted"


def test_a_retry_takes_the_late_answer(stack):
    bought.begin(stack)
    stack.runway.fault("create", hold=True, after=True)
    video = stack.create(film("Late"))
    stack.runway.wait("create", seen=1)
    cancel_video(stack, video)
    ask(stack, video, "retry")
    wait_for("the scene to be begun again", lambda: events(stack, video, "scene") == ["start", "start"])
    assert ledger(stack, video) == ["scene 0 intended"]
    stack.runway.setup(release=True)
    stack.wait_completed(video)
    assert ledger(stack, video) == KEPT and len(stack.runway.seen("create")) == 1
    assert stack.runway.seen("cancel") == []


def cancel_video(stack, video):
    ask(stack, video, "cancel")
    wait_status(stack, video, "cancelled", seconds=SECONDS)


def test_a_cancel_while_it_is_published_comes_before_or_after(stack):
    bought.begin(stack)
    with stack.ffmpeg.hold("still"):
        videos = [stack.create(film(f"Film {n}")) for n in range(3)]
        for video in videos:
            wait_for("all but the still", lambda: events(stack, video, "assemble")[-1:] == ["done"])
    for video in videos:
        wait_for("the still", lambda: events(stack, video, "still")[-1:] == ["done"])
        answer = stack.post(f"/videos/{video}/cancel")
        assert answer.status in (202, 409), answer
        status = wait_status(stack, video, "completed", "cancelled", seconds=SECONDS)["status"]
        assert status == "completed" or answer.status == 202
        if status == "cancelled":
            ask(stack, video, "retry")
            stack.wait_completed(video)
        assert stack.get(show(stack, video)["videoUrl"]).status == 200
    assert prompts(stack) == {"Film 0": 1, "Film 1": 1, "Film 2": 1}


def test_a_paused_video_is_cancelled(stack):
    bought.begin(stack)
    stack.runway.fault("create", match="Lost", drop="after")
    video = stack.create(film("One", "Lost"))
    wait_status(stack, video, "paused")
    cancel_video(stack, video)
    assert ledger(stack, video) == ["scene 0 kept", "scene 1 unknown"]
    ask(stack, video, "retry")
    paused = wait_status(stack, video, "paused")
    assert paused["pause"] == "possible_charge", "a cancel accepts nothing"
    assert stack.delete(f"/videos/{video}").status == 204
    assert prompts(stack) == {"One": 1, "Lost": 1}


def test_one_video_does_not_wait_for_ten_of_another_store(stack):
    stack.put_store("small")
    bought.begin(stack)
    stack.runway.setup(clock=RUNNING)
    with stack.changed(runway_in_flight=4):
        many = [stack.create(film(f"Many {n} a", f"Many {n} b")) for n in range(10)]
        stack.runway.wait("create", answered=4)
        one = stack.create(film("One a", "One b", store="small"))
        wait_for("it to be begun", lambda: events(stack, one, "scene") or stack.status(one)["status"] != "pending")
        stack.runway.setup(finish="now")
        stack.runway.wait("create", answered=8)
        assert {"One a": 1, "One b": 1}.items() <= prompts(stack).items()
        for video in [*many, one]:
            assert stack.delete(f"/videos/{video}").status == 204
        wait_for("the calling off", lambda: "RUNNING" not in {bill["state"] for bill in stack.runway.billed()})
        assert len(stack.runway.seen("create")) < 20, "what was deleted is not bought"
