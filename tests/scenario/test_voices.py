"""The vendor's voices, as clients and films see them, also while the vendor is away."""

import pytest

import paid
import stack as stacks
from stack import wait_for

PRESETS = ["default", "female", "male", "young"]


@pytest.fixture(scope="module")
def stack():
    with paid.running(voice_stability=0, attempts=2) as running:
        yield running


@pytest.fixture(autouse=True)
def anew(stack):
    paid.renew(stack)


def vendors_voices(stack):
    """All of them, read page by page."""
    found, token = [], ""
    while token is not None:
        page = stack.elevenlabs.get(f"/v2/voices?page_size=100{token and '&next_page_token='}{token}").json
        found += page["voices"]
        token = page["next_page_token"]
    return {voice["voice_id"]: voice for voice in found}


def listed(stack):
    return stack.get("/videos/voices/available").json


def assert_all_listed(stack, voices):
    found = {voice["id"]: voice for voice in listed(stack)}
    assert len(found) == len(listed(stack)) and set(PRESETS) <= set(found)
    previews = {name: voice["preview_url"] for name, voice in voices.items()}
    assert {name: found[name]["preview"] for name in voices} == previews
    return found


def test_all_pages_of_voices_are_listed(stack):
    """seed C5: not only the first page, nor the four that somebody once wrote down."""
    voices = vendors_voices(stack)
    assert len(voices) >= 130
    found = assert_all_listed(stack, voices)
    assert len(found) == len(PRESETS) + len(voices)
    adam = found["pNInz6obpgDQGcFmaJgB"]
    assert adam == {"id": "pNInz6obpgDQGcFmaJgB", "name": "Adam", "category": "premade", "preview": adam["preview"]}


def test_a_voice_can_be_listened_to(stack):
    """seed C5: one voice, asked for by itself."""
    name = "EXAVITQu4vr4xnSDxMaL"
    preview = stack.get(f"/videos/voices/{name}/preview").json
    assert preview["voiceId"] == name
    heard = stack.elevenlabs.get(preview["previewUrl"])
    assert (heard.status, heard.headers["Content-Type"]) == (200, "audio/mpeg")
    assert stack.get("/videos/voices/female/preview").json["previewUrl"].startswith(stack.elevenlabs.url)
    assert stack.get("/videos/voices/nobody/preview").status == 404
    (nameless,) = [one for one, voice in vendors_voices(stack).items() if voice["name"] is None]
    assert stack.get(f"/videos/voices/{nameless}/preview").status == 404


def test_voices_are_listed_without_asking_the_vendor(stack):
    """seed C5: the responder has its answer from the database."""
    voices = vendors_voices(stack)
    stack.run("stop", "daemon")
    asked = len(stack.elevenlabs.seen())
    assert_all_listed(stack, voices)
    assert len(stack.elevenlabs.seen()) == asked
    stack.elevenlabs.stop()
    stack.runway.stop()
    try:
        assert_all_listed(stack, voices)
        assert stack.get("/videos/voices/female/preview").status == 200
        stack.run("start", "daemon")  # which hears nothing of the vendors, and keeps what it has
        wait_for("its look at the vendor", lambda: stack.sql(
            "SELECT 1 FROM vendors WHERE name = 'elevenlabs' AND state = 'unreachable'"))
        assert_all_listed(stack, voices)
    finally:
        stack.elevenlabs.start()
        stack.runway.start()
        stack.run("start", "daemon")
    wait_for("the vendor again", lambda: stack.sql("SELECT 1 FROM vendors WHERE name = 'elevenlabs' AND state = 'ok'"))


def test_an_unknown_voice_is_refused_at_once(stack):
    """seed C5: when the video is ordered, not when its scenes are paid for."""
    answer = stack.post("/videos", stacks.film(voiceoverScript="Hello.", voiceId="nobody"))
    assert (answer.status, answer.json["error"]["details"][0]["path"]) == (404, "/voiceId")


def test_a_voice_that_was_withdrawn_costs_nothing(stack):
    """seed A7, C5: it is noticed before the first paid request, and not tried again and again."""
    name = "VR6AewLTigWG4xSOukaG"
    assert name in [voice["id"] for voice in listed(stack)]
    stack.run("stop", "daemon")
    video = stack.create(stacks.film(voiceoverScript="Hello.", voiceId=name))
    stack.elevenlabs.setup(hideVoices=[name])
    old = "UTC_TIMESTAMP(3) - INTERVAL 1 HOUR"
    stack.sql(f"UPDATE vendors SET checked_at = {old}, answered_at = {old} WHERE name = 'elevenlabs'")
    stack.run("start", "daemon")
    failed = wait_for("its failure", lambda: (now := stack.status(video))["status"] == "failed" and now)
    assert f'the voice "{name}" is not available any more' in failed["error"]
    assert stack.runway.seen("create") == stack.elevenlabs.seen("speech") == []
    assert name not in [voice["id"] for voice in listed(stack)]


def test_speech_that_was_bought_outlives_its_voice(stack):
    """A film is made again without its voice, which the account lost since; nothing is paid for."""
    name = "VR6AewLTigWG4xSOukaG"
    wait_for("the voices", lambda: name in [voice["id"] for voice in listed(stack)])
    video = stack.create(stacks.film(voiceoverScript="Hello.", voiceId=name))
    wait_for("the film", lambda: stack.status(video)["status"] == "completed")
    stack.elevenlabs.setup(hideVoices=[name])
    stack.sql(f"DELETE FROM voices WHERE id = '{name}'")
    assert stack.request("PATCH", f"/videos/{video}", {"title": "Another"}).status == 200
    assert stack.post(f"/videos/{video}/render", {}).status == 202
    wait_for("the film again", lambda: stack.status(video)["status"] in ("completed", "failed"))
    assert stack.status(video)["status"] == "completed", stack.status(video)
    assert (len(stack.runway.seen("create")), len(stack.elevenlabs.seen("speech"))) == (2, 1)  # two scenes
    paid.remove(stack, video)


def test_a_wish_of_zero_is_zero(stack):
    """seed C2: a stability of 0 is no missing one."""
    wait_for("the voices", lambda: len(listed(stack)) > len(PRESETS))
    video = stack.create(stacks.film(voiceoverScript="Hello.", voiceId="female"))
    stack.elevenlabs.wait("speech", answered=1)
    (request,) = stack.elevenlabs.seen("speech")
    settings = request["body"]["voice_settings"]
    assert (settings["stability"], settings["similarity_boost"]) == (0, 0.75)
    paid.remove(stack, video)
