"""Bad days here, and a vendor that is not there at all: what is paid for waits until it can be kept, and what was kept
is not bought again."""

import contextlib
import resource
import tempfile

import bought
import pytest
from bought import RUNNING, ask, counts, film, ledger, prompts, scripts, table, videoctl, wait_status
from daemons import events, job_of
from stack import scene, wait_for

MB = 1 << 20
CLIP = 8 * MB  # of a film that is larger than what may be written
ALLOWED = 4 * MB


@pytest.fixture(scope="module")
def stack():
    with bought.running() as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(stack, request, capfd):
    bought.begin(stack)
    with bought.told(stack, request, capfd):
        yield


@contextlib.contextmanager
def replaced(path):
    """A file stands where a folder was: nobody can write there, an administrator neither."""
    away = path.with_name(path.name + ".away")
    path.rename(away)
    path.touch()
    try:
        yield
    finally:
        path.unlink()
        away.rename(path)


@contextlib.contextmanager
def full(stack, most=ALLOWED):
    """The daemon, and what it starts, can write no file larger than that."""
    pid = stack.pid("daemon")
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, before[1]))
    yield lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert stack.pid("daemon") == pid, "it lives on"
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def retry(stack, video):
    ask(stack, video, "retry")
    stack.wait_completed(video)


def test_a_film_that_cannot_be_published(stack):
    with replaced(stack.folder / "media"):
        video = stack.create(film("One", "Two", script="Hello."))
        failed = wait_status(stack, video, "failed")
        assert failed["error"] == "The film could not be published."
    retry(stack, video)
    assert prompts(stack) == {"One": 1, "Two": 1} and len(scripts(stack)) == 1


def test_a_clip_that_cannot_be_kept(stack):
    stack.runway.setup(clock=RUNNING)
    video = stack.create(film("One", "Two"))
    wait_for("both to be known", lambda: ledger(stack, video) == ["scene 0 known", "scene 1 known"])
    with replaced(stack.folder / "bought"):
        stack.runway.setup(finish="now")
        failed = wait_status(stack, video, "failed")
        assert failed["error"].startswith("A scene could not be made")
        assert ledger(stack, video) == ["scene 0 known", "scene 1 known"]
    retry(stack, video)
    assert prompts(stack) == {"One": 1, "Two": 1}


def test_no_speech_is_bought_that_could_not_be_kept(stack):
    with replaced(stack.folder / "bought"):
        video = stack.create(film({**scene(0, prompt="One"), "duration": 1}, script="Hello."))
        wait_status(stack, video, "failed")
        assert scripts(stack) == []
    retry(stack, video)
    assert prompts(stack) == {"One": 1} and len(scripts(stack)) == 1


def test_a_clip_that_the_disk_cannot_hold_waits_for_room(stack):
    """seed E1: a full disk is no failure of a video."""
    stack.runway.fault("create", match="Large", clipBytes=CLIP)
    with stack.changed(attempts=20), full(stack) as make_room:
        video = stack.create(film("Large"))
        wait_for("a second try", lambda: events(stack, video, "scene").count("retry") >= 2)
        assert ledger(stack, video) == ["scene 0 known"]
        make_room()
        stack.wait_completed(video)
    assert prompts(stack) == {"Large": 1} and ledger(stack, video) == ["scene 0 kept"]


def test_a_disk_that_stays_full_fails_the_video_and_keeps_what_it_bought(stack):
    stack.runway.fault("create", match="Large", clipBytes=CLIP)
    with stack.changed(attempts=1), full(stack):
        video = stack.create(film("Large", "Small", script="Hello."))
        wait_status(stack, video, "failed")
        assert ledger(stack, video) == ["scene 0 known", "scene 1 kept", "voice 0 kept"]
    retry(stack, video)
    assert prompts(stack) == {"Large": 1, "Small": 1} and len(scripts(stack)) == 1


def test_what_the_disk_cannot_hold_is_not_asked_for(stack):
    """seed E1: its room is set aside before it is paid for: in memory, where a limit counts for that too. And what was bought is
    taken from another file system."""
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="videod-test.") as folder, \
            stack.changed(bought_dir=folder):
        with full(stack, MB // 2):
            video = stack.create(film("One", script="Hello."))
            wait_status(stack, video, "failed")
            assert counts(stack) == (0, 0) and ledger(stack, video) == []
        retry(stack, video)
    assert prompts(stack) == {"One": 1} and len(scripts(stack)) == 1


def test_vendors_that_are_not_there(stack):
    vendors = stack.runway, stack.elevenlabs
    for vendor in vendors:
        vendor.stop()
    try:
        with stack.changed(attempts=20):
            video = stack.create(film("One", script="Hello."))
            for kind in ("scene", "voice"):
                wait_for(f"tries of {kind}", lambda: events(stack, video, kind).count("retry") >= 2)
            wait_for("what was not sent to be known to cost nothing",
                     lambda: {line.split()[2] for line in ledger(stack, video)} == {"refused"})
            for vendor in vendors:
                vendor.start()
            stack.wait_completed(video)
    finally:
        for vendor in vendors:
            if not vendor.process:
                vendor.start()
    assert prompts(stack) == {"One": 1} and len(scripts(stack)) == 1


def test_a_vendor_that_goes_away_while_it_works(stack):
    stack.runway.setup(clock=RUNNING)
    video = stack.create(film("One", "Two"))
    wait_for("both to be known", lambda: ledger(stack, video) == ["scene 0 known", "scene 1 known"])
    stack.runway.stop()
    stack.run("stop", "daemon")
    stack.run("start", "daemon")
    wait_for("the account to be out of reach", lambda: account(stack, "runway")["STATE"] == "unreachable")
    stack.runway.start()
    stack.runway.setup(finish="now")
    stack.wait_completed(video)
    assert len(stack.runway.billed()) == 2 and stack.runway.seen("create") == []
    assert job_of(stack, video)[2] in ("1", "2")


# --- the accounts ---


def account(stack, vendor):
    return next(row for row in table(videoctl(stack, "vendors")) if row["VENDOR"] == vendor)


BUSY = {"detail": {"status": "system_busy", "message": "No."}}
ACCOUNT_FAULTS = [
    ("runway", "organization", {"status": 500}, "unreachable"),
    ("runway", "organization", {"html": 502}, "unreachable"),
    ("runway", "organization", {"half": True}, "unreachable"),
    ("runway", "organization", {"drop": "before"}, "unreachable"),
    ("runway", "organization", {"status": 401, "body": {"error": "No."}}, "bad_key"),
    ("elevenlabs", "subscription", {"html": 503}, "unreachable"),
    ("elevenlabs", "models", {"half": True}, "unreachable"),
    ("elevenlabs", "models", {"reset": True}, "unreachable"),
    ("elevenlabs", "voices", {"drop": "before"}, "unreachable"),
    ("elevenlabs", "voices", {"status": 429, "body": BUSY}, "unreachable"),
    ("elevenlabs", "voices", {"status": 401, "body": {"detail": {"status": "invalid_api_key"}}}, "bad_key"),
]


def test_accounts_that_do_not_answer_change_nothing(stack):
    voices = stack.get("/videos/voices/available").json
    with stack.changed(probe_sec=1):
        for vendor, on, do, state in ACCOUNT_FAULTS:
            wait_for("a good answer", lambda: account(stack, vendor)["STATE"] == "ok")
            getattr(stack, vendor).fault(on, times=-1, **do)
            wait_for(f"{on} {do}: {state}", lambda: account(stack, vendor)["STATE"] == state)
            assert stack.get("/videos/voices/available").json == voices
            assert stack.get(f"/videos/voices/{voices[0]['id']}/preview").status == 200
            getattr(stack, vendor).setup(faults=[])
        wait_for("a good answer", lambda: account(stack, "elevenlabs")["STATE"] == "ok")
        stack.runway.fault("organization", times=-1, status=500)
        stack.elevenlabs.setup(faults=[{"on": on, "times": -1, "do": {"status": 500}} for on in ("voices", "models")])
        stack.wait_completed(stack.create(film("One", script="Hello.")))
    assert prompts(stack) == {"One": 1} and len(scripts(stack)) == 1
