"""What the daemon does with videos that a vendor has a part in: while they are made, when they fail, pause, are
cancelled, and when the daemon stops."""

import collections
import concurrent.futures
import contextlib
import subprocess
import time

import daemons
import emulators
import pytest
import stack as stacks
from daemons import events, job_of
from stack import wait_for

LONG_MS = 120_000
CANCELLED_SEC = 20  # on a machine that is busy; nothing else would end before the task does


@pytest.fixture(scope="module")
def vendors():
    with emulators.running() as both:
        yield both


@pytest.fixture
def runway(vendors):
    return vendors.runway


@pytest.fixture
def elevenlabs(vendors):
    return vendors.elevenlabs


def key_file(folder, vendor):
    path = folder / f"{vendor.name}.key"
    path.touch(0o600)
    path.write_text(vendor.key)
    return path


@pytest.fixture(scope="module")
def stack(vendors, tmp_path_factory):
    keys = tmp_path_factory.mktemp("keys")
    with daemons.running(scene_provider="runway", runway_url=vendors.runway.url,
                         runway_api_key=key_file(keys, vendors.runway), runway_poll_ms=200, runway_in_flight=4,
                         voice_provider="elevenlabs", elevenlabs_url=vendors.elevenlabs.url,
                         elevenlabs_api_key=key_file(keys, vendors.elevenlabs), attempts=2, probe_sec=2) as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(runway, elevenlabs):
    runway.setup(reset=True, clock={"pendingMs": 0, "runningMs": 500})
    elevenlabs.setup(reset=True)


def film(*prompts, store="shop", **more):
    scenes = [{"prompt": prompt, "duration": 2} for prompt in prompts]
    return stacks.film(store=store, scenes=scenes, aspectRatio="9:16", musicVolume=0, reuse=False, **more)


def wait_status(stack, video, status, seconds=stacks.PATIENCE_SEC):
    return wait_for(f"{video} {status}", lambda: (found := stack.status(video))["status"] == status and found, seconds)


def ledger(stack, video):
    """The states of a video's purchases by scene."""
    rows = stack.sql("SELECT item, state FROM purchases WHERE video_id = "
                     f"UNHEX('{video.replace('-', '')}') ORDER BY item, created_at")
    return [(int(item), state) for item, state in rows]


def created(runway):
    return [request["body"]["promptText"].split(".")[0].split(",")[0] for request in runway.seen("create")]


def test_a_film_of_bought_scenes(stack, runway):
    video = stack.create(film("One", "Two", "Three"))
    stack.wait_completed(video)
    assert len(runway.billed()) == 3 and runway.errors() == []
    assert ledger(stack, video) == [(0, "kept"), (1, "kept"), (2, "kept")]
    wait_for("an empty work folder", lambda: stack.work_folders() == [])


def test_what_others_are_buying_is_kept_when_a_scene_fails(stack, runway):
    """seed A18: what is paid for is not thrown away with what failed."""
    runway.setup(faults=[{"on": "create", "match": "Bad", "do": {"fail": "SAFETY.INPUT.TEXT"}},
                         {"on": "download", "times": 2, "do": {"hold": True}}])
    video = stack.create(film("Bad", "Two", "Three"))
    wait_for("the failure", lambda: "fail" in events(stack, video, "scene"))
    runway.wait("download", seen=2)
    assert stack.status(video)["status"] == "generating_scenes"
    runway.setup(release=True)
    failed = wait_status(stack, video, "failed")
    assert failed["error"] == (
        "A scene could not be made (scene 1). The scene's prompt was refused by the content rules.")
    assert ledger(stack, video) == [(0, "failed"), (1, "kept"), (2, "kept")]
    wait_for("an empty work folder", lambda: stack.work_folders() == [])

    assert stack.post(f"/videos/{video}/retry").status == 202
    stack.wait_completed(video)
    assert len(runway.billed()) == 4  # the one that failed, again


def test_a_lost_reply_pauses_the_video_and_says_what_it_may_cost(stack, runway):
    """seed A1, A10: what may have been charged is not simply asked for again."""
    runway.fault("create", match="Lost", drop="after")
    video = stack.create(film("One", "Lost"))
    paused = wait_status(stack, video, "paused")
    assert paused["error"] == (
        "Scene 2: the request to make it was sent, but no answer came. It may have been charged (24 credits). "
        "Retry with acceptPossibleCharge to request it again.")
    assert ledger(stack, video) == [(0, "kept"), (1, "unknown")]
    wait_for("an empty work folder", lambda: stack.work_folders() == [])

    assert stack.post(f"/videos/{video}/retry").status == 409
    assert stack.post(f"/videos/{video}/retry", {"acceptPossibleCharge": True}).status == 202
    stack.wait_completed(video)
    assert ledger(stack, video) == [(0, "kept"), (1, "written_off"), (1, "kept")]
    assert len(runway.billed()) == 3


def test_without_credit_the_video_waits_until_there_is_some(stack, runway):
    """seed A7, A8: that is no reason to fail, and none to try blindly."""
    runway.setup(credits=30)
    video = stack.create(film("One", "Two"))
    paused = wait_status(stack, video, "paused")
    assert "out of credit" in paused["error"] and paused["error"].endswith("goes on by itself when that has changed.")
    assert sorted(state for _, state in ledger(stack, video)) == ["kept", "refused"]
    assert len(runway.billed()) == 1

    runway.setup(credits=100)
    stack.wait_completed(video)
    assert len(runway.billed()) == 2


def test_cancelled_within_seconds(stack, runway):
    runway.setup(clock={"pendingMs": 0, "runningMs": LONG_MS})
    video = stack.create(film("One", "Two"))
    runway.wait("create", answered=2)
    wait_for("what was accepted to be known", lambda: ledger(stack, video) == [(0, "known"), (1, "known")])
    assert stack.post(f"/videos/{video}/cancel").status == 202
    wait_status(stack, video, "cancelled", CANCELLED_SEC)
    wait_for("the vendor's word", lambda: {bill["state"] for bill in runway.billed()} == {"CANCELLED"}, CANCELLED_SEC)
    wait_for("the ledger's", lambda: {state for _, state in ledger(stack, video)} == {"cancelled"}, CANCELLED_SEC)


@pytest.fixture
def patient(stack):
    """A daemon that would wait long for what it has begun."""
    with stack.changed(drain_sec=600):
        yield


def test_a_drain_does_not_wait_for_the_vendor(stack, runway, patient):
    """seed A4, A19: the task is known, and whoever comes next asks for it."""
    runway.setup(clock={"pendingMs": 0, "runningMs": LONG_MS})
    video = stack.create(film("One", "Two"))
    wait_for("what was accepted to be known", lambda: ledger(stack, video) == [(0, "known"), (1, "known")])
    stack.run("stop", "daemon")  # which kills what has not ended by itself after half a minute
    assert job_of(stack, video)[0] == daemons.QUEUED
    runway.setup(finish="now")
    stack.run("start", "daemon")
    stack.wait_completed(video)
    assert len(runway.billed()) == 2
    assert events(stack, video, "scene") == ["start", "start", "done"]


def test_a_drain_waits_for_the_answer_to_a_paid_request(stack, runway):
    """seed A19: no answer to a paid request is lost by stopping."""
    runway.fault("create", hold=True)
    before = stack.log("daemon").count("draining")
    video = stack.create(film("One"))
    runway.wait("create", seen=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        stopping = pool.submit(stack.run, "stop", "daemon")
        wait_for("the drain", lambda: stack.log("daemon").count("draining") > before)
        assert ledger(stack, video) == [(0, "intended")]
        runway.setup(release=True)
        stopping.result(30)
    assert ledger(stack, video) == [(0, "known")]
    assert job_of(stack, video)[0] == daemons.QUEUED
    stack.run("start", "daemon")
    stack.wait_completed(video)
    assert len(runway.billed()) == 1


def test_speech_that_is_being_spoken_outlasts_the_drain(stack, elevenlabs):
    with stack.changed(drain_sec=1):
        elevenlabs.fault("speech", hold=True)
        before = stack.log("daemon").count("draining")
        video = stack.create(film("One", voiceoverScript="Here it is.", voiceId="female"))
        elevenlabs.wait("speech", seen=1)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            stopping = pool.submit(stack.run, "stop", "daemon")
            wait_for("the drain", lambda: stack.log("daemon").count("draining") > before)
            time.sleep(2)  # the time to drain is what passes
            elevenlabs.setup(release=True)
            stopping.result(30)
        number = video.replace("-", "")
        spoken = stack.sql(f"SELECT state FROM purchases WHERE kind = 'voice' AND video_id = UNHEX('{number}')")
        assert [state for state, in spoken] == ["kept"]
        stack.run("start", "daemon")
        stack.wait_completed(video)
    assert len(elevenlabs.billed()) == 1


def test_a_vendor_that_is_busy_for_a_while_fails_no_video(stack, runway, elevenlabs):
    """attempts is 2: a vendor's trouble has a patience of its own."""
    runway.fault("create", times=5, status=429, body={"error": "Slow down."})
    elevenlabs.fault("speech", times=5, status=429, body={"detail": {"status": "system_busy", "message": "No."}})
    video = stack.create(film("One", voiceoverScript="Here it is.", voiceId="female"))
    stack.wait_completed(video)
    assert len(runway.billed()) == len(elevenlabs.billed()) == 1


@contextlib.contextmanager
def nowhere(folder):
    """A file stands where the folder was: nobody can write there, an administrator neither."""
    away = folder.with_name(folder.name + ".away")
    folder.rename(away)
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


def test_nothing_is_bought_that_could_not_be_kept(stack, runway, elevenlabs):
    with nowhere(stack.folder / "bought"):
        video = stack.create(film("One", voiceoverScript="Here it is.", voiceId="female"))
        for kind in ("scene", "voice"):
            wait_for(f"tries of {kind}", lambda: events(stack, video, kind).count("retry") > 2)
        assert runway.billed() == elevenlabs.billed() == [] and ledger(stack, video) == []
    stack.wait_completed(video)
    assert len(runway.billed()) == len(elevenlabs.billed()) == 1


def test_what_is_bought_waits_for_its_folder(stack, runway):
    runway.setup(clock={"pendingMs": 0, "runningMs": LONG_MS})
    video = stack.create(film("One"))
    wait_for("what was accepted to be known", lambda: ledger(stack, video) == [(0, "known")])
    with nowhere(stack.folder / "bought"):
        runway.setup(finish="now")
        wait_for("tries to keep it", lambda: events(stack, video, "scene").count("retry") > 2)
    stack.wait_completed(video)
    assert len(runway.billed()) == 1


def test_a_daemon_that_could_keep_nothing_does_not_start(stack):
    with nowhere(stack.folder / "bought"):
        done = subprocess.run([stacks.BUILD / "videod", "--config", stack.env["CONFIG"]], capture_output=True,
                              env=stack.environment, text=True, timeout=30)
    assert done.returncode == 1 and "bought_dir: " in done.stderr, done


def test_waiting_for_a_place_is_no_time_of_a_videos_own(stack, runway):
    runway.setup(clock={"pendingMs": 0, "runningMs": LONG_MS})
    with stack.changed(runway_in_flight=1, video_deadline_sec=25):
        first = stack.create(film("One"))
        runway.wait("create", answered=1)
        runway.setup(clock={"pendingMs": 0, "runningMs": 100})
        second = stack.create(film("Two"))
        assert wait_status(stack, first, "failed")["error"].startswith("The video took longer than the 25 s")
        stack.wait_completed(second)


def test_stores_share_the_vendors_places(stack, runway):
    """seed A8, A9: one store with much to do does not keep the others waiting."""
    stack.put_store("other")
    runway.setup(clock={"pendingMs": 0, "runningMs": LONG_MS})
    first = stack.create(film(*(f"Mine {n}" for n in range(7))))
    runway.wait("create", answered=4)
    second = stack.create(film("Theirs 1", "Theirs 2", "Theirs 3", store="other"))
    wait_for("it to be begun", lambda: job_of(stack, second)[0] == daemons.RUNNING)
    runway.setup(finish="now")
    runway.wait("create", answered=8)
    assert collections.Counter(prompt.split()[0] for prompt in created(runway)[4:8]) == {"Mine": 2, "Theirs": 2}
    runway.setup(finish="now", clock={"pendingMs": 0, "runningMs": 100})
    stack.wait_completed(first)
    stack.wait_completed(second)
    assert len(runway.billed()) == 10


def test_a_voice_that_is_gone_is_found_out_before_anything_is_paid(stack, runway, elevenlabs):
    voice = wait_for("the voices", lambda: stack.sql("SELECT id FROM voices ORDER BY id"))[0][0]
    stack.run("stop", "daemon")
    video = stack.create(film("One", voiceoverScript="Here it is.", voiceId=voice))
    elevenlabs.setup(hideVoices=[voice])
    stack.sql(f"DELETE FROM voices WHERE id = '{voice}'")
    stack.run("start", "daemon")
    failed = wait_status(stack, video, "failed")
    assert failed["error"] == f'The voice-over could not be made: the voice "{voice}" is not available any more.'
    assert events(stack, video, "check") == ["start", "retry", "start", "fail"]
    assert runway.billed() == elevenlabs.billed() == []


def test_what_is_made_again_takes_the_place_of_what_was_published(stack, runway, elevenlabs):
    video = stack.create(film("One", voiceoverScript="Here it is.", voiceId="female"))
    folder = stack.folder / "media" / "videos" / video
    first = stack.wait_completed(video)
    assert [path.name for path in folder.iterdir()] == ["1"]
    track = stack.get("/videos/music").json[0]["id"]
    answer = stack.request("PATCH", f"/videos/{video}", {"musicTrackId": track, "musicVolume": 50})
    assert answer.status == 200, answer
    assert stack.post(f"/videos/{video}/render", {"mode": "full"}).status == 202
    again = stack.wait_completed(video)
    assert again["videoUrl"] != first["videoUrl"]
    wait_for("the old film to go", lambda: [path.name for path in folder.iterdir()] == ["2"])
    assert stack.get(first["videoUrl"]).status == 404 and stack.get(again["videoUrl"]).status == 200
    assert len(runway.billed()) == len(elevenlabs.billed()) == 1
