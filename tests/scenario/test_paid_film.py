"""Films whose scenes and voice are bought from the emulated vendors: what was asked for, and what came of it."""

import json
import math
import urllib.parse

import pytest

import media
import paid
import stack as stacks
from films import FRAME, SIZES
from stack import wait_for

UPPER = (0.1, 0.02, 0.8, 0.06)  # above the box that moves in each clip, and above all texts
RATES = {"gen4.5": 12, "gen4_turbo": 5, "veo3.1": 20, "veo3.1_fast": 10}  # credits a second
DEFAULT_POLL_MS = 6000
OVERLAP = 1.25  # times the slowest scene: no more may they take together


@pytest.fixture(scope="module")
def stack():
    with paid.running() as running:
        yield running


@pytest.fixture(autouse=True)
def anew(stack):
    paid.renew(stack)
    yield
    assert stack.runway.errors() == [] and stack.elevenlabs.errors() == [], "no request was against the contract"


def rgb(colour):
    return tuple(bytes.fromhex(colour))


def path_of(stack, url):
    return stack.folder / "media" / urllib.parse.unquote(urllib.parse.urlsplit(url).path).removeprefix("/media/")


def runs(path, colours):
    """Which of the colours is seen, and for how many frames, one after the other."""
    found = []
    for seen in media.colours(path, UPPER):
        nearest = min(colours, key=lambda colour: math.dist(rgb(colour), seen))
        assert math.dist(rgb(nearest), seen) < 40, f"{seen} is none of {colours}"
        if found and found[-1][0] == nearest:
            found[-1][1] += 1
        else:
            found.append([nearest, 1])
    return [tuple(run) for run in found]


def bill_of(scene, bills):
    """What the vendor made for a scene."""
    (found,) = [bill for bill in bills if bill["prompt"].startswith(scene["prompt"])]
    return found


def frames_of(scene):
    return round(scene["duration"] * media.FPS)


# --- a film of five scenes ---

SUBJECTS = ["Olive wood on a lathe", "A bowl in the light", "Figs in a bowl", "The grain, near", "A bowl, still wet"]
LENGTHS = [3.5, 3, 2.5, 3, 3.5]
# Of each scene at the vendor; far more than what we take to ask for all of them, on a machine of any speed.
SLOWLY = {"pendingMs": 500, "runningMs": 12_000}
SCRIPT = "A bowl of olive wood. Cut by hand, oiled twice, and no other looks like it."


@pytest.fixture(scope="module")
def film(stack):
    """Four pictures and a closing scene without one, with a voice and music; and what the vendors saw."""
    paid.renew(stack)
    stack.runway.setup(clock=SLOWLY)
    track = stack.get("/videos/music").json[0]["id"]
    scenes = [{"prompt": subject, "duration": length, "imageUrl": f"/assets/picture-{n}.jpg", "textOverlay": "Oiled"}
              for n, (subject, length) in enumerate(zip(SUBJECTS, LENGTHS))]
    del scenes[4]["imageUrl"]
    video = stack.create(stacks.film(scenes=scenes, voiceoverScript=SCRIPT, voiceId="female", musicTrackId=track))
    stack.wait_completed(video)
    shown = paid.show(stack, video)
    shown["runway"], shown["elevenlabs"] = stack.runway.report(), stack.elevenlabs.report()
    shown["path"] = path_of(stack, shown["videoUrl"])
    shown["bills"] = [bill_of(scene, shown["runway"]["billed"]) for scene in shown["scenes"]]
    return shown


def test_five_scenes_are_bought(stack, film):
    """seed B2, B3: a scene without a picture is one too, and what lasts 3.5 seconds is asked for with 4."""
    asked = [(bill["endpoint"], bill["ratio"], bill["seconds"]) for bill in film["bills"]]
    assert asked == [("image_to_video", "720:1280", n) for n in (4, 3, 3, 3)] + [("text_to_video", "720:1280", 4)]
    assert len(film["runway"]["billed"]) == 5 and len(film["elevenlabs"]["billed"]) == 1
    assert film["runway"]["errors"] == film["elevenlabs"]["errors"] == []
    assert paid.purchases(stack, film["id"], "state") == [["kept"]] * 5


def test_each_clip_is_seen_in_its_scene(film):
    """seed D1, B3: cuts where they were asked for, whatever the clips' own lengths and rates."""
    colours = [bill["colour"] for bill in film["bills"]]
    assert len(set(colours)) == 5, "other prompts would be better: two clips look the same"
    *first, last = runs(film["path"], colours)
    assert first == [(colour, frames_of(scene)) for colour, scene in zip(colours, film["scenes"][:4])]
    assert last[0] == colours[4] and last[1] >= frames_of(film["scenes"][4])


def test_the_film_is_what_was_asked_for(film):
    picture, sound = media.probe(film["path"], "-show_streams")["streams"]
    assert (picture["width"], picture["height"]) == SIZES["9:16"]
    assert picture["sample_aspect_ratio"] == "1:1"
    frames = len(media.video_packets(film["path"]))
    assert frames >= sum(map(frames_of, film["scenes"]))
    assert film["duration"] == pytest.approx(frames * FRAME, abs=FRAME)
    assert float(sound["duration"]) == pytest.approx(frames * FRAME, abs=FRAME)


def test_its_voice_is_heard_to_its_end(stack, film, tmp_path):
    """seed D9: what was paid for is not cut off."""
    (bill,) = film["elevenlabs"]["billed"]
    assert bill["text"] == SCRIPT
    mp3 = tmp_path / "voice.mp3"
    mp3.write_bytes(stack.elevenlabs.post(f"/v1/text-to-speech/{bill['voice']}", {"text": bill["text"]}).body)
    spoken = media.loudness(media.sound(mp3))
    heard = media.loudness(media.sound(film["path"], "highpass=f=300,lowpass=f=3000"))
    last_word = max(n for n, loud in enumerate(spoken) if loud > max(spoken) / 4)
    assert len(heard) > last_word
    assert max(heard[last_word - 1 : last_word + 2]) > max(heard) / 8


def test_its_scenes_are_made_at_the_same_time(film):
    """seed A5, A6: five scenes take as long as the slowest one of them."""
    clips = [request for request in film["runway"]["requests"] if request["on"] == "download"]
    here = {request["path"].split("/")[2]: request["answeredAt"] for request in clips}
    asked = {bill["id"]: bill["at"] for bill in film["bills"]}
    assert len(clips) == len(here) == 5 == len(asked)
    slowest = max(here[task] - asked[task] for task in asked)
    together = max(here.values()) - min(asked.values())
    print(f"slowest scene {slowest} ms, all five {together} ms: {together / slowest:.2f} times")
    assert max(asked.values()) < min(here.values()), "all were asked for before the first was here"
    assert together <= OVERLAP * slowest


def test_what_it_cost_is_shown(film):
    """seed A13, B8: the price before and after, and the seed by which a scene can be made again."""
    for scene, bill in zip(film["scenes"], film["bills"]):
        made = scene["generation"]
        assert made["estimatedCredits"] == made["credits"] == bill["charged"] == RATES["gen4.5"] * made["seconds"]
        assert (made["seed"], made["seconds"], made["ratio"]) == (bill["seed"], bill["seconds"], bill["ratio"])
        assert (made["state"], made["model"], made["reused"]) == ("kept", "gen4.5", False)
    charged = {"credits": film["runway"]["totals"]["charged"], "characters": film["elevenlabs"]["totals"]["characters"]}
    assert film["cost"] == film["estimate"] == charged


def test_a_video_of_a_product_is_bought(stack):
    """seed B2: its last scene, which has no picture, is asked of the endpoint that needs none."""
    stack.runway.setup(clock={"runningMs": paid.LONG_MS})
    images = [{"url": f"/assets/picture-{n}.jpg"} for n in range(paid.PICTURES)]
    stack.put("/videos/products/bowl", {"storeId": "shop", "title": "Bowl", "sellingPrice": 38, "images": images})
    video = stack.post("/videos/product/bowl?style=lifestyle").json["videoId"]
    stack.runway.wait("create", answered=5)
    assert sorted(request["path"] for request in stack.runway.seen("create")) == [
        *["/v1/image_to_video"] * 4, "/v1/text_to_video"]
    paid.remove(stack, video, tasks=5)


# --- each model, in each shape ---

# Of a scene: its prompt, its model, whether it has a picture, how long it is, and what the vendor is asked for.
SCENES = [("Rain", "gen4.5", False, 1.2, 2), ("A garden", "gen4_turbo", True, 2.5, 3),
          ("The sea", "veo3.1", False, 1, 4), ("Figs", "veo3.1_fast", True, 4.2, 6)]
RATIOS = {
    "16:9": ["1280:720", "1280:720", "1920:1080", "1920:1080"],
    "9:16": ["720:1280", "720:1280", "1080:1920", "1080:1920"],
    "1:1": ["1280:720", "960:960", "1920:1080", "1920:1080"],
    "4:5": ["720:1280", "832:1104", "1080:1920", "1080:1920"],
}


@pytest.mark.parametrize("aspect", RATIOS)
def test_each_model_in_each_shape(stack, aspect):
    """seed B1, B3, B4: what a model cannot make is asked for larger or longer, and cut."""
    scenes = [{"prompt": prompt, "duration": duration, "model": model,
               **({"imageUrl": "/assets/picture-1.jpg"} if picture else {})}
              for prompt, model, picture, duration, _ in SCENES]
    video = stack.create(stacks.film(scenes=scenes, aspectRatio=aspect, musicVolume=0, reuse=False))
    stack.wait_completed(video)
    shown, bills = paid.show(stack, video), stack.runway.billed()
    assert len(bills) == 4
    for scene, ratio, (_, model, picture, _, seconds) in zip(shown["scenes"], RATIOS[aspect], SCENES):
        bill, made = bill_of(scene, bills), scene["generation"]
        wish = {"model": model, "endpoint": "image_to_video" if picture else "text_to_video", "ratio": ratio,
                "seconds": seconds, "seed": bill["seed"]}
        assert {key: bill[key] for key in wish} == {key: made[key] for key in wish} == wish
        assert made["credits"] == RATES[model] * seconds

    path = path_of(stack, shown["videoUrl"])
    (picture, _) = media.probe(path, "-show_streams")["streams"]
    assert (picture["width"], picture["height"]) == SIZES[aspect]
    colours = [bill_of(scene, bills)["colour"] for scene in scenes]
    assert runs(path, colours) == [(colour, frames_of(scene)) for colour, scene in zip(colours, scenes)]


def test_a_picture_of_ours_is_uploaded(stack):
    """seed B9: the vendor is never given an address that only we can reach."""
    video = stack.create(stacks.film(scenes=[{"prompt": "A cup", "duration": 2, "imageUrl": "/assets/picture-1.jpg"}]))
    stack.wait_completed(video)
    (create,), (stored,) = stack.runway.seen("create"), stack.runway.seen("storage")
    assert create["body"]["promptImage"].startswith("runway://")
    assert stored["status"] == 204 and "authorization" not in stored["headers"]


def test_a_prompt_has_no_more_units_than_the_vendor_counts(stack):
    """seed B8: of signs that are two units to the vendor only as many are sent as there is room for, in whole words."""
    prompt = "A bowl" + " \N{GRAPES}\N{LEMON}" * 300
    video = stack.create(stacks.film(scenes=[{"prompt": prompt, "duration": 2}]))
    stack.wait_completed(video)
    (create,) = stack.runway.seen("create")
    sent = create["body"]["promptText"]
    assert 990 <= len(sent.encode("utf-16-le")) // 2 <= 1000
    assert prompt.startswith(f"{sent} ")


def test_tasks_are_asked_for_slowly_and_not_for_ever(stack):
    """seed A4, A5, A8: five seconds between two polls of a task, each in its own time; in the end it is cancelled."""
    with stack.changed(runway_poll_ms=DEFAULT_POLL_MS, runway_task_deadline_sec=25):
        stack.runway.setup(minPollMs=5000, clock={"runningMs": paid.LONG_MS})
        video = stack.create(stacks.film(scenes=[stacks.scene(n) for n in range(4)]))
        stack.runway.wait("cancel", answered=4, seconds=120)
        failed = wait_for("its failure", lambda: (now := stack.status(video))["status"] == "failed" and now)
    assert "The video service took too long to make a scene" in failed["error"]
    wait_for("the ledger", lambda: paid.purchases(stack, video, "state") == [["cancelled"]] * 4)
    assert stack.runway.errors("pollTooOften") == []
    polls = {}
    for poll in stack.runway.seen("poll"):
        polls.setdefault(poll["path"], []).append(poll["at"])
    print("polls of each task:", *([at - times[0] for at in times] for times in polls.values()))
    assert len(polls) == 4
    gaps = [later - sooner for times in polls.values() for sooner, later in zip(times, times[1:])]
    assert len(gaps) >= 4 and max(gaps) - min(gaps) > 20, "each has its own time"


# --- speech ---

LONG = ("Some bowls are turned in a minute. Ours takes a day, because the wood is wet, and wet wood moves. "
        "We let it dry for a year. Then it is turned once more, thinner now; after that it is oiled, twice. "
        "No two are alike! Is yours among them? Look for the dark line in the grain, and for the mark below it.")
LIMIT = 120  # characters that the model takes at once


@pytest.fixture()
def short_model(stack):
    """The vendor takes little text at once, and the daemon knows."""
    def known():
        return stack.sql("SELECT max_characters FROM speech_models WHERE id = 'eleven_multilingual_v2'")[0][0]

    before = known()
    stack.elevenlabs.setup(maxTextLength={"eleven_multilingual_v2": LIMIT})
    wait_for("the model's limit", lambda: known() == str(LIMIT))
    yield
    stack.elevenlabs.setup(reset=True)
    wait_for("the limit as it was", lambda: known() == before)


def voice_over(stack, video):
    """The voice-over's times, and how long its sound is, as they are in the work folder."""
    folder = stack.folder / "work" / video
    wait_for("the voice-over", lambda: (folder / "voice.json").exists() and (folder / "voice.wav").exists())
    seconds = float(media.probe(folder / "voice.wav", "-show_format")["format"]["duration"])
    return json.loads((folder / "voice.json").read_text()), seconds


def test_a_long_script_is_spoken_in_pieces(stack, short_model):
    """seed C1, C3, C4: no piece is longer than the model takes, and the times of the whole are exact."""
    with stack.ffmpeg.hold("encode"), stack.ffmpeg.hold("sound"):
        video = stack.create(stacks.film(voiceoverScript=LONG, voiceId="female", musicVolume=0))
        notes, seconds = voice_over(stack, video)
        stack.runway.wait("download", answered=2)
        paid.remove(stack, video)
    bodies = [request["body"] for request in stack.elevenlabs.seen("speech")]
    pieces = [body["text"] for body in bodies]
    assert " ".join(pieces) == LONG and max(map(len, pieces)) <= LIMIT
    assert len(pieces) == 3 and all(piece[-1] in ".!?;," for piece in pieces)
    assert {body["model_id"] for body in bodies} == {"eleven_multilingual_v2"}
    assert [body.get("previous_text") for body in bodies] == [None, *pieces[:-1]]
    assert [body.get("next_text") for body in bodies] == [*pieces[1:], None]

    assert "".join(notes["characters"]) == LONG
    edges = [edge for pair in zip(notes["startMs"], notes["endMs"]) for edge in pair]
    assert edges == sorted(edges) and edges[0] == 0
    assert notes["durationMs"] / 1000 == pytest.approx(seconds, abs=0.002)
    assert edges[-1] / 1000 == pytest.approx(seconds, abs=0.03)
