"""The emulator of ElevenLabs is what the real service is: to its own client, in what it refuses, in what it says and
when, and on the bad days that it can be told to have."""

import base64
import concurrent.futures

import pytest

import emulators
import media
from emulators import BROKEN
from stack import wait_for

VOICE = "EXAVITQu4vr4xnSDxMaL"
SAY = f"/v1/text-to-speech/{VOICE}"


@pytest.fixture(scope="module")
def emulator():
    with emulators.running("elevenlabs") as found:
        yield found.elevenlabs


@pytest.fixture
def elevenlabs(emulator):
    emulator.setup(reset=True)
    yield emulator
    assert emulator.errors("contract") == []


def test_official_client(elevenlabs):
    emulators.prove(elevenlabs)

SAY_NO = [
    # title, query, body, status and code in the new shape, status and name in the old one; None: as in the new
    ("no text", "", {"text": " "}, 400, "empty_text", 400, "input_text_empty"),
    ("a long text", "", {"text": "x" * 10_001}, 400, "text_too_long", 400, "max_character_limit_exceeded"),
    ("a removed model", "", {"text": "x", "model_id": "eleven_monolingual_v1"}, 400, "unsupported_model", 400,
     "unsupported_model"),
    ("no such model", "", {"text": "x", "model_id": "nothing"}, 404, "model_not_found", 400, "model_not_found"),
    ("no such format", "output_format=mp3_1_1", {"text": "x"}, 400, "invalid_output_format", 400,
     "invalid_output_format"),
    ("a format of others", "output_format=pcm_44100", {"text": "x"}, 403, "subscription_required", 403,
     "output_format_not_allowed"),
    ("too stable", "", {"text": "x", "voice_settings": {"stability": 1.1}}, 400, "invalid_voice_settings", 400,
     "invalid_voice_settings"),
    ("too fast", "", {"text": "x", "voice_settings": {"speed": 1.3}}, 400, "invalid_voice_settings", 400,
     "invalid_voice_settings"),
    ("too many ids", "", {"text": "x", "previous_request_ids": ["a"] * 4}, 400, "invalid_parameters", 400,
     "invalid_parameters"),
    ("an id of nobody", "", {"text": "x", "previous_request_ids": ["a"]}, 400, "invalid_parameters", 400,
     "invalid_parameters"),
    ("not logged", "enable_logging=false", {"text": "x"}, 403, "feature_not_available", 403, "feature_not_available"),
    ("poor", "", {"text": "x" * 100}, 402, "insufficient_credits", 401, "quota_exceeded"),
]


@pytest.mark.parametrize("query, body, status, code, old_status, name", [row[1:] for row in SAY_NO],
                         ids=[row[0] for row in SAY_NO])
def test_elevenlabs_refuses(elevenlabs, query, body, status, code, old_status, name):
    elevenlabs.setup(credits=50)
    answer = elevenlabs.post(f"{SAY}/with-timestamps?{query}", body)
    detail = answer.json["detail"]
    assert (answer.status, detail["code"], detail["status"]) == (status, code, name), answer
    assert detail["message"] and detail["request_id"] and detail["type"]
    elevenlabs.setup(errors="old")
    answer = elevenlabs.post(f"{SAY}?{query}", body)
    assert (answer.status, answer.json["detail"]["status"]) == (old_status, name)
    assert "code" not in answer.json["detail"]
    assert elevenlabs.totals()["credits"] == 0


@pytest.mark.parametrize("body, loc, kind", [
    ({}, ["body", "text"], "missing"),
    ({"text": 1}, ["body", "text"], "invalid_type"),
    ({"text": "x", "voice": 1}, ["body", "voice"], "extra_forbidden"),
])
def test_elevenlabs_validates(elevenlabs, body, loc, kind):
    answer = elevenlabs.post(SAY, body)
    assert answer.status == 422
    assert [(one["loc"], one["type"]) for one in answer.json["detail"]] == [(loc, kind)]


def test_elevenlabs_keeps_its_door(elevenlabs):
    for key, code in ((None, "missing_api_key"), ("sk_other", "invalid_api_key")):
        answer = elevenlabs.get("/v1/models", headers={"xi-api-key": key})
        assert (answer.status, answer.json["detail"]["code"]) == (401, code)
    assert elevenlabs.get("/v1/voices/nobody").status == 404
    assert elevenlabs.get("/v1/nothing").status == 404
    assert elevenlabs.request("DELETE", "/v1/models").status == 405


TEXT = "The new kettle — boils in 90 seconds.\n\nQuietly, and 漂亮!"


def test_times_are_true(elevenlabs, tmp_path):
    answer = elevenlabs.post(f"{SAY}/with-timestamps", {"text": TEXT})
    times = answer.json["alignment"]
    starts, ends = times["character_start_times_seconds"], times["character_end_times_seconds"]
    assert "".join(times["characters"]) == TEXT
    assert starts[0] == 0 and starts[1:] == ends[:-1] and all(a <= b for a, b in zip(starts, ends))
    assert "".join(answer.json["normalized_alignment"]["characters"]) == " ".join(TEXT.split())
    path = tmp_path / "speech.mp3"
    path.write_bytes(base64.b64decode(answer.json["audio_base64"]))
    pcm = media.samples("-i", path, channels=1)
    assert abs(len(pcm) / media.RATE - ends[-1]) < 0.01
    gap = TEXT.index(".")  # the word before it is heard, the pause at the end of the paragraph is not
    loud = media.loudness(pcm[int((starts[gap] - 0.3) * media.RATE) : int(starts[gap] * media.RATE)], 0.05)
    still = media.loudness(pcm[int((ends[gap] + 0.03) * media.RATE) : int((ends[gap + 2] - 0.03) * media.RATE)], 0.05)
    assert max(loud) > 500 > 100 > max(still), (loud, still)


@pytest.mark.parametrize("name, seconds", [("mp3_44100_128", None), ("mp3_44100_64", None), ("pcm_16000", 2 * 16000),
                                           ("pcm_24000", 2 * 24000), ("wav_22050", None)])
def test_formats(elevenlabs, tmp_path, name, seconds):
    answer = elevenlabs.post(f"{SAY}?output_format={name}", {"text": "The new kettle."})
    assert answer.status == 200, answer
    if seconds:
        assert 0.5 < len(answer.body) / seconds < 3
        return
    path = tmp_path / "speech"
    path.write_bytes(answer.body)
    stream = media.probe(path, "-show_streams")["streams"][0]
    kind, rate = name.split("_")[:2]
    assert stream["codec_name"] == {"mp3": "mp3", "wav": "pcm_s16le"}[kind] and stream["sample_rate"] == rate


def test_speech_is_billed(elevenlabs):
    elevenlabs.setup(credits=100)
    answer = elevenlabs.post(SAY, {"text": "x" * 41, "model_id": "eleven_flash_v2_5"})
    assert answer.headers["character-cost"] == "21" and answer.headers["request-id"]
    assert answer.headers["current-concurrent-requests"] == "1"
    found = elevenlabs.get("/v1/user/subscription").json
    assert found["character_limit"] - found["character_count"] == 79
    bill = elevenlabs.billed()[0]
    assert (bill["id"], bill["characters"], bill["credits"]) == (answer.headers["request-id"], 41, 21)
    elevenlabs.stop()
    elevenlabs.start()
    assert elevenlabs.billed() == [bill]


def test_too_many_at_once(elevenlabs):
    elevenlabs.setup(concurrency=1, queue=0, clock={"speechMs": 8000})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(elevenlabs.post, SAY, {"text": "One."})
        wait_for("the first", lambda: elevenlabs.totals()["requests"] == 1, pause=0.01)
        answer = elevenlabs.post(SAY, {"text": "Two."})
        assert (answer.status, answer.json["detail"]["code"]) == (429, "concurrent_limit_exceeded")
        assert first.result(60).status == 200


def test_voices_come_in_pages(elevenlabs):
    ids, query = [], ""
    while query is not None:
        page = elevenlabs.get(f"/v2/voices?page_size=100{query}").json
        ids += [voice["voice_id"] for voice in page["voices"]]
        query = f"&next_page_token={page['next_page_token']}" if page["has_more"] else None
    assert len(ids) == len(set(ids)) == page["total_count"] >= 130
    assert len(elevenlabs.get("/v2/voices").json["voices"]) == 10
    assert elevenlabs.get("/v2/voices?page_size=101").status == 422
    chosen = elevenlabs.get("/v2/voices?page_size=100&gender=male&accent=british&sort=name").json["voices"]
    assert chosen and all(voice["labels"]["gender"] == "male" for voice in chosen)
    assert [voice["name"] for voice in chosen] == sorted(voice["name"] for voice in chosen)
    elevenlabs.setup(hideVoices=[VOICE])
    answer = elevenlabs.post(SAY, {"text": "x"})
    assert (answer.status, answer.json["detail"]["code"]) == (404, "voice_not_found")


def test_voices_can_be_heard(elevenlabs, tmp_path):
    voice = elevenlabs.get(f"/v1/voices/{VOICE}").json
    path = tmp_path / "preview.mp3"
    path.write_bytes(elevenlabs.get(voice["preview_url"], headers={"xi-api-key": None}).body)
    assert max(media.loudness(media.samples("-i", path, channels=1))) > 500


def test_length_is_the_models_own(elevenlabs):
    elevenlabs.setup(maxTextLength={"eleven_multilingual_v2": 20})
    models = elevenlabs.get("/v1/models").json
    limits = {model["model_id"]: model["maximum_text_length_per_request"] for model in models}
    assert limits["eleven_multilingual_v2"] == 20 and limits["eleven_flash_v2_5"] == 40_000
    assert [elevenlabs.post(SAY, {"text": "x" * n}).status for n in (20, 21)] == [200, 400]


def test_speech_has_bad_days(elevenlabs):
    path = f"{SAY}/with-timestamps"
    for do, bought in (({"drop": "after"}, 1), ({"cutAt": 1000}, 2), ({"drop": "before"}, 2)):
        elevenlabs.fault("speech", match="kettle", **do)
        with pytest.raises(BROKEN):
            elevenlabs.post(path, {"text": "A kettle."})
        assert elevenlabs.totals()["requests"] == bought
    elevenlabs.fault("voices", half=True)
    answer = elevenlabs.get("/v2/voices")
    assert answer.status == 200 and not answer.body.endswith(b"}")
