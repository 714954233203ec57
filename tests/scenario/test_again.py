"""What can be asked of a video that is there already: stop it, let it go on, change it, make it again; by HTTP and by
videoctl. Here everything is made by the local provider."""

import re
import subprocess

import pytest

import daemons
import stack as stacks
from daemons import children, job_of, quick
from stack import scene, wait_for

OTHER = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture(scope="module")
def stack():
    with daemons.running() as running:
        yield running


def wait_status(stack, video, status):
    return wait_for(f"{status} of {video}", lambda: stack.status(video)["status"] == status and stack.status(video))


def ask(stack, video, action, body=None, status=202):
    answer = stack.post(f"/videos/{video}/{action}", body)
    assert answer.status == status, answer
    return answer


def show(stack, video):
    return stack.get(f"/videos/{video}").json


def change(stack, video, body):
    answer = stack.request("PATCH", f"/videos/{video}", body)
    assert answer.status == 200, answer
    return answer.json


@pytest.fixture(scope="module")
def draft(stack):
    """A draft of two scenes, made."""
    video = stack.create(quick(2, mode="draft"))
    stack.wait_completed(video)
    return video


# --- stopping and going on ---


def test_a_running_video_is_cancelled_and_goes_on(stack):
    with stack.ffmpeg.hold("scene"):
        video = stack.create(quick(2))
        wait_for("a scene to begin", lambda: children(stack))
        answer = ask(stack, video, "cancel")
        assert answer.json["videoId"] == video
        assert answer.json["status"] in ("cancelling", "cancelled")
        wait_status(stack, video, "cancelled")
        wait_for("the end of its processes", lambda: children(stack) == [])
    assert ask(stack, video, "cancel").json["status"] == "cancelled"

    answer = ask(stack, video, "retry")
    assert (answer.json["status"], answer.headers["Location"]) == ("pending", f"/videos/{video}")
    stack.wait_completed(video)
    assert job_of(stack, video)[0] == daemons.DONE
    ask(stack, video, "retry", status=409)
    ask(stack, video, "cancel", status=409)


def test_a_waiting_video_is_cancelled_at_once(stack):
    stack.run("stop", "daemon")
    try:
        video = stack.create(quick())
        assert stack.status(video)["status"] == "pending"
        assert ask(stack, video, "cancel").json["status"] == "cancelled"
        assert stack.status(video)["status"] == "cancelled"  # also by way of memcached
    finally:
        stack.run("start", "daemon")
    stack.wait_completed(stack.create(quick()))
    assert show(stack, video)["status"] == "cancelled"
    assert stack.delete(f"/videos/{video}").status == 204


def test_a_failed_video_is_tried_again(stack):
    video = stack.create(stacks.film(scenes=[scene(1, imageUrl="/assets/late.jpg")]))
    failed = wait_status(stack, video, "failed")
    assert failed["error"]
    daemons.make_picture(stack.assets / "late.jpg", "640x480")
    assert "error" not in ask(stack, video, "retry").json
    stack.wait_completed(video)
    assert show(stack, video)["error"] is None


def test_a_video_under_way_cannot_be_changed(stack):
    with stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        wait_for("a scene to begin", lambda: children(stack))
        for action in ("retry", "render", "scenes/1/regenerate"):
            assert ask(stack, video, action, status=409).json["error"]["code"] == "conflict"
        answer = stack.request("PATCH", f"/videos/{video}", {"title": "Other"})
        assert (answer.status, answer.json["error"]["code"]) == (409, "conflict")
    stack.wait_completed(video)
    assert show(stack, video)["title"] == "A small film"


# --- making it again ---


def test_a_draft_becomes_the_film(stack, draft):
    before = show(stack, draft)
    assert (before["mode"], before["revision"]) == ("draft", 1)
    with stack.ffmpeg.hold("scene"):
        answer = ask(stack, draft, "render")
        assert (answer.json["status"], answer.json["progress"]) == ("pending", 0)
        assert answer.headers["Location"] == f"/videos/{draft}"
        wait_for("a scene to begin", lambda: children(stack))
        assert stack.get(before["videoUrl"]).status == 200, "the draft stays until there is a film"
    stack.wait_completed(draft)
    after = show(stack, draft)
    assert (after["mode"], after["revision"]) == ("full", 2)
    assert stack.get(after["videoUrl"]).status == 200
    assert ask(stack, draft, "render", {"mode": "draft"}).status == 202
    stack.wait_completed(draft)
    assert (show(stack, draft)["mode"], show(stack, draft)["revision"]) == ("draft", 3)


def test_a_change_is_seen_in_the_next_film(stack, draft):
    """seed A12: a job holds no copy of what was asked for, so it makes what the rows say."""
    before = show(stack, draft)
    scenes = [{**scene(1), "textOverlay": "New words"}, scene(2)]
    changed = change(stack, draft, {"title": "Other", "scenes": scenes, "musicVolume": 10})
    assert (changed["title"], changed["scenes"][0]["textOverlay"]) == ("Other", "New words")
    assert (changed["status"], changed["videoUrl"]) == ("completed", before["videoUrl"])
    ask(stack, draft, "render", {"mode": "draft"})
    stack.wait_completed(draft)
    after = show(stack, draft)
    assert after["videoUrl"] != before["videoUrl"]
    assert {key: after[key] for key in ("storeId", "style", "createdAt")} == {
        key: before[key] for key in ("storeId", "style", "createdAt")}


def test_a_scene_is_generated_anew(stack, draft):
    before = show(stack, draft)
    ask(stack, draft, "scenes/2/regenerate", {"prompt": "Something else", "imageUrl": "/assets/picture.jpg"})
    stack.wait_completed(draft)
    after = show(stack, draft)
    assert (after["scenes"][1]["prompt"], after["scenes"][1]["imageUrl"]) == ("Something else", "/assets/picture.jpg")
    assert after["scenes"][0] == before["scenes"][0]
    ask(stack, draft, "scenes/3/regenerate", status=404)


def test_a_paused_video_says_why_and_goes_on(stack, draft):
    stack.lose_answer(draft, "Nobody knows.")
    paused = show(stack, draft)
    assert (paused["status"], paused["pause"], paused["error"]) == ("paused", "possible_charge", "Nobody knows.")
    assert paused["scenes"][0]["generation"]["state"] == "unknown"
    ask(stack, draft, "retry", status=409)
    ask(stack, draft, "retry", {"acceptPossibleCharge": True})
    stack.wait_completed(draft)
    after = show(stack, draft)
    assert (after["pause"], after["scenes"][0]["generation"]["state"]) == (None, "written_off")


def test_deleting_while_it_is_cancelled(stack):
    with stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        wait_for("a scene to begin", lambda: children(stack))
        ask(stack, video, "cancel")
        assert stack.delete(f"/videos/{video}").status == 204
        wait_for("the removal", lambda: daemons.rows_of(stack, video) == 0)
        ask(stack, video, "retry", status=404)


# --- by videoctl ---


def videoctl(stack, *arguments, status=0, given=None):
    done = subprocess.run(
        [stacks.BUILD / "videoctl", "--config", stack.env["CONFIG"], *arguments], input=given,
        env={**stack.environment, "VIDEOD_PUBLIC_URL": stack.url}, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done
    return done.stdout if status == 0 else done.stderr


def test_videoctl_asks_again(stack):
    stack.put("/videos/products/again", {"storeId": "shop", "title": "A thing"})
    with stack.ffmpeg.hold("scene"):
        video = videoctl(stack, "create", "--product", "again", "--style", "social_ad", "--draft", "--quality", "draft",
                         "--fit", "blur", "--transition", "slide_up", "--captions", "words").strip()
        shown = show(stack, video)
        assert [shown[key] for key in ("mode", "quality", "fit", "transition", "captions")] == [
            "draft", "draft", "blur", "slide_up", "words"]
        assert videoctl(stack, "cancel", video) in ("cancelling\n", "cancelled\n")
        wait_status(stack, video, "cancelled")
    assert "cancelled" in videoctl(stack, "watch", video, status=1)
    assert videoctl(stack, "change", video, "-", given='{"captions": "none", "transition": null}') == "cancelled\n"
    assert [show(stack, video)[key] for key in ("captions", "transition", "fit")] == ["none", "cut", "blur"]
    assert videoctl(stack, "regenerate", video, "1", "--prompt", "Another") == "pending\n"
    stack.wait_completed(video)
    assert show(stack, video)["scenes"][0]["prompt"] == "Another"
    assert videoctl(stack, "render", video, "--draft") == "pending\n"
    videoctl(stack, "watch", video)
    assert show(stack, video)["revision"] >= 2
    assert "/renditions/1" in videoctl(stack, "create", "--product", "again", "--rendition", "1:1", "--rendition", "1:1",
                                       status=1)
    assert "cannot be retried" in videoctl(stack, "retry", video, "--accept-possible-charge", status=1)
    assert "no video" in videoctl(stack, "cancel", OTHER, status=1)


def test_videoctl_changes_a_video(stack, draft, tmp_path):
    assert videoctl(stack, "regenerate", draft, "1", "--image", "/assets/picture.jpg") == "pending\n"
    stack.wait_completed(draft)
    assert show(stack, draft)["scenes"][0]["imageUrl"] == "/assets/picture.jpg"
    assert videoctl(stack, "regenerate", draft, "1", "--no-image") == "pending\n"
    stack.wait_completed(draft)
    assert show(stack, draft)["scenes"][0]["imageUrl"] is None
    wish = tmp_path / "wish.json"
    wish.write_text('{"title": "From a file"}')
    assert videoctl(stack, "change", draft, str(wish)) == "completed\n"
    assert show(stack, draft)["title"] == "From a file"
    assert videoctl(stack, "change", draft, "-", given='{"title": "Said"}') == "completed\n"
    assert show(stack, draft)["title"] == "Said"
    assert "/colour" in videoctl(stack, "change", draft, "-", given='{"colour": 1}', status=1)
    assert "broken JSON" in videoctl(stack, "change", draft, "-", given="{", status=1)
    assert "nothing.json" in videoctl(stack, "change", draft, str(tmp_path / "nothing.json"), status=1)


@pytest.mark.parametrize("arguments, reason", [
    (["cancel", "x"], "the id of a video"),
    (["retry", OTHER, OTHER], "the id of a video"),
    (["regenerate", OTHER, "0"], "scenes are counted"),
    (["regenerate", OTHER], "the id of a video"),
    (["change", OTHER], "the id of a video"),
    (["render", OTHER, "--nothing"], "see videoctl --help"),
    (["watch"], "the id of a video"),
    (["create"], "--product ID is needed"),
    (["resume", "--vendor", "sora"], '"sora" is none of runway, elevenlabs'),
    (["resume", "--video", "x"], "see videoctl --help"),
    (["vendors", "x"], "takes no arguments"),
    (["ledger", "x"], "the id of a video"),
    (["migrate", "x"], "takes --dir DIR"),
    (["nothing"], "usage:"),
])
def test_videoctl_says_what_was_wrong_with_its_use(stack, arguments, reason):
    assert reason in videoctl(stack, *arguments, status=2)


def test_videoctl_resumes(stack):
    video = stack.create(quick())
    stack.wait_completed(video)
    number = video.replace("-", "")
    assert videoctl(stack, "resume") == "0 videos resumed\n"
    stack.sql(f"UPDATE jobs SET state = 6, finished_at = UTC_TIMESTAMP(3) WHERE video_id = UNHEX('{number}')")
    stack.sql("UPDATE videos SET status = 'paused', pause_reason = 'out_of_credit', pause_vendor = 'runway', "
              f"error = 'No credit is left.', progress = 10 WHERE id = UNHEX('{number}')")
    stack.run("kill", "memcached")  # which has not heard of it
    stack.run("start", "memcached")
    assert "No credit is left." in videoctl(stack, "watch", video, status=1)
    assert videoctl(stack, "resume", "--vendor", "elevenlabs") == "0 videos resumed\n"
    assert videoctl(stack, "resume", "--video", OTHER) == "0 videos resumed\n"
    assert videoctl(stack, "resume", "--vendor", "runway", "--video", video) == "1 video resumed\n"
    stack.wait_completed(video)


def test_videoctl_shows_what_is_known_of_vendors(stack):
    assert videoctl(stack, "vendors").split()[:2] == ["VENDOR", "STATE"]
    stack.sql("INSERT INTO vendors (name, state, balance_milli, concurrency, detail, checked_at, answered_at) VALUES "
              "('runway', 'out_of_credit', 12500, 5, 'not\tenough \x1b[31mcredits', '2026-01-02 03:04:05', NULL)")
    line = videoctl(stack, "vendors").splitlines()[1]
    assert re.split(r"  +", line) == ["runway", "out_of_credit", "12.5", "5", "-", "2026-01-02T03:04:05.000Z",
                                      "not?enough ?[31mcredits"]
    stack.sql("DELETE FROM vendors")


def test_videoctl_shows_the_ledger(stack, draft):
    number = draft.replace("-", "")
    stack.sql(f"DELETE FROM purchases WHERE video_id = UNHEX('{number}')")
    assert len(videoctl(stack, "ledger", draft).splitlines()) == 1
    stack.sql("INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, input_hash, request_hash, state, token, "
              "vendor_id, request, estimate_milli, cost_milli, detail, created_at) SELECT UNHEX(MD5('ledger')), id, store_id, "
              "'runway', 'scene', 2, UNHEX(SHA2('x', 256)), UNHEX(SHA2('y', 256)), 'failed', 1, 'task-7', "
              "JSON_OBJECT('model', 'gen4.5'), 60000, 1500, 'SAFETY', '2026-01-02 03:04:05' "
              f"FROM videos WHERE id = UNHEX('{number}')")
    line = videoctl(stack, "ledger", draft).splitlines()[1]
    when = "2026-01-02T03:04:05.000Z"
    assert re.split(r"  +", line) == [when, "scene 3", "runway", "gen4.5", "failed", "task-7", "60", "1.5", "SAFETY"]
    assert "there is no video" in videoctl(stack, "ledger", OTHER, status=1)

    other = stack.create(quick(mode="draft"))
    stack.wait_completed(other)
    stack.sql("INSERT INTO purchase_uses (video_id, kind, item, purchase_id) VALUES "
              f"(UNHEX('{other.replace('-', '')}'), 'scene', 0, UNHEX(MD5('ledger')))")
    line = videoctl(stack, "ledger", other).splitlines()[1]
    assert re.split(r"  +", line) == [when, "scene 1", "runway", "gen4.5", "reused", "task-7", "0", "0", "SAFETY"]
    assert "SAFETY" not in stack.get(f"/videos/{draft}").body.decode()


@pytest.mark.parametrize("program", ["videoctl", "videod-cgi"])
def test_programs_say_how_they_are_used(program):
    done = subprocess.run([stacks.BUILD / program, "--help"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and done.stdout.startswith(f"usage: {program}") and done.stderr == ""
    wrong = subprocess.run([stacks.BUILD / program, "--nothing"], capture_output=True, text=True, timeout=20)
    assert wrong.returncode == 2 and "usage:" in wrong.stderr and wrong.stdout == ""
