"""The films themselves: made by the real programs from pictures of known colours, and looked at frame by frame."""

import math
import os
import re
import urllib.parse

import pytest

import media
import stack as stacks
from films import (
    BELOW, BRAND, CARD_FRAMES, CARD_GROUND, FADE_SEC, FRAME, GROUNDS, INJECTIONS, LOGO_PLACE, LONG, LOWER, MARKUP, NARRATIONS,
    ONLY_MUSIC, OWN_VOICE_SEC, SCENES, SHORT, SIZES, TAIL_SEC, TEXT_FRAMES, UPPER, WAY_FRAMES, WAYS, Film, bodies,
    make_assets)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    make_assets(folder / "assets")
    settings = {"assets_dir": folder / "assets", "videos_in_flight": 16, "store_in_flight": 16, "attempts": 1}
    with stacks.running(settings, real=True) as stack:
        for store in ("shop", "branded"):
            stack.put_store(store)
        assert stack.put("/videos/stores/branded/brand", BRAND).status in (200, 201)
        stack.voice_url = stack.post("/videos/stores/shop/uploads", (folder / "assets" / "voice.wav").read_bytes(),
                                     headers={"Content-Type": "audio/wav"}).json["url"]
        yield stack


@pytest.fixture(scope="module")
def films(stack):
    pipe = stack.folder / "secret"  # whoever reads it waits for ever, and its film with it
    os.mkfifo(pipe)
    wanted = bodies(pipe, stack.voice_url)
    ids = {name: stack.create(body) for name, body in wanted.items()}
    found = {}
    for name, body in wanted.items():
        stack.wait_completed(ids[name], 400)
        video = stack.get(f"/videos/{ids[name]}").json
        assert len(video["films"]) == len(video["report"]) == 1 + len(body.get("renditions", []))
        found[name] = Film(stack, body, video)
    shapes = found["shapes"]
    return {**found, **{film["aspectRatio"]: Film(stack, shapes.body, shapes.video, number)
                        for number, film in enumerate(shapes.video["films"])}}


NAMES = [*(name for name in bodies("pipe", "voice") if name != "shapes"), *SIZES]


@pytest.fixture(params=NAMES)
def film(films, request):
    return films[request.param]


@pytest.fixture(params=list(SIZES))
def scenes_film(films, request):
    return films[request.param]


# --- every film ---


def test_streams(film):
    """seed D12: what every player plays, said plainly in the file."""
    found = media.probe(film.path, "-show_streams", "-show_format")
    video, audio = found["streams"]
    assert (video["codec_name"], video["pix_fmt"]) == ("h264", "yuv420p")
    assert (video["width"], video["height"]) == film.size
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == ("30/1", "30/1")
    assert video["sample_aspect_ratio"] == "1:1"
    keys = ("color_space", "color_transfer", "color_primaries", "color_range")
    assert [video.get(key) for key in keys] == ["bt709", "bt709", "bt709", "tv"]
    assert (audio["codec_name"], audio["sample_rate"], audio["channels"]) == ("aac", "48000", 2)
    assert float(video["start_time"]) == float(audio["start_time"]) == 0
    assert float(found["format"]["duration"]) == pytest.approx(film.video["duration"], abs=FRAME)
    assert film.found["bytes"] == film.path.stat().st_size


def test_size(films):
    """seed D14: each film in its own shape; its sizes are what the API says."""
    assert {shape: films[shape].size for shape in SIZES} == SIZES
    assert films["standard"].size == (1080, 1080)
    assert len({films[shape].path for shape in SIZES}) == len(SIZES)


def test_begins_with_its_index(film):
    """seed D12: a browser need not fetch the film's tail first."""
    names = media.boxes(film.path)
    assert names.index("moov") < names.index("mdat")


def test_packets(film):
    """seed D1: joined parts keep one clock: each packet one frame after the one before."""
    ticks = film.packets[0][2]
    shown = sorted(film.packets)
    assert {duration for *_, duration, _ in film.packets} == {ticks}
    assert {b[1] - a[1] for a, b in zip(film.packets, film.packets[1:])} == {ticks}
    assert {b[0] - a[0] for a, b in zip(shown, shown[1:])} == {ticks}


@pytest.mark.parametrize("name", ["texts", "ways", *SIZES])
def test_key_frames_at_cuts(films, name):
    """seed D1: a cut is exactly at the sum of what was asked for, whatever the transitions."""
    film = films[name]
    shown = sorted(film.packets)
    assert len(shown) == sum(film.asked)
    assert [shown[cut][3] for cut in film.cuts] == [True] * len(film.cuts)


def test_sound_is_as_long_as_the_picture(film):
    assert len(media.sound(film.path)) / media.RATE == pytest.approx(len(film.packets) * FRAME, abs=FRAME)


def test_report(film):
    """What the inspection found is what is there, and it found nothing wrong."""
    report = film.report
    assert [p for p in report["problems"] if p["severe"]] == []
    assert (report["width"], report["height"], report["frames"]) == (*film.size, len(film.packets))
    assert report["aspectRatio"] == film.found["aspectRatio"]
    assert report["duration"] == pytest.approx(len(film.packets) * FRAME, abs=0.001)
    assert (report["video"], report["audio"], report["missingCharacters"]) == ("h264", "aac", 0)


@pytest.mark.parametrize("name", ["9:16", "long voice", "voice", "music", "own voice", "told"])
def test_loudness(films, name):
    report = films[name].report
    assert abs(report["loudness"]["integrated"] + 14) <= 0.5 and report["loudness"]["truePeak"] <= -1, report
    assert report["problems"] == [] and report["silent"] < 0.5 * report["duration"]


# --- the pictures that go with a film ---


def test_thumbnail(film):
    """seed D13: in the film's own shape, and there also when the film is shorter than two seconds."""
    (picture,) = media.probe(film.thumbnail, "-show_streams")["streams"]
    assert picture["codec_name"] == "mjpeg"
    assert (picture["width"], picture["height"]) == film.size
    assert picture.get("sample_aspect_ratio", "1:1") in ("1:1", "0:1")
    shown = media.colours(film.thumbnail, UPPER)[0]  # not black, and no mixture
    assert min(math.dist(ground, shown) for ground in (*GROUNDS.values(), BELOW, CARD_GROUND)) < 45, shown


def test_preview(film):
    """It shows the film, is small in both senses, and has the film's shape."""
    data = film.files["previewUrl"].read_bytes()
    assert (data[:4], data[8:12]) == (b"RIFF", b"WEBP") and len(data) < 1_000_000
    assert data[12:16] == b"VP8X" and data[20] & 2, "it is animated"
    width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
    assert width / height == pytest.approx(film.size[0] / film.size[1], rel=0.02) and min(width, height) <= 270
    shown = [int.from_bytes(part[16:19], "little") for part in data.split(b"ANMF")[1:]]  # after size and place: how long
    assert len(shown) > 1 and sum(shown) / 1000 == pytest.approx(min(4, len(film.packets) * FRAME), abs=0.25)


def seconds(text):
    hours, minutes, rest = text.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def test_sprites(film):
    """Their times cover the film without a gap, and each is a part of the sheet of its own."""
    text = film.files["spriteVttUrl"].read_text()
    assert text.startswith("WEBVTT\n\n")
    sheet = film.address["spriteUrl"].rpartition("/")[2]
    found = re.findall(rf"(\S+) --> (\S+)\n{re.escape(sheet)}#xywh=(\d+),(\d+),(\d+),(\d+)\n", text)
    assert len(found) == text.count("-->") == math.ceil(len(film.packets) / media.FPS)
    times = [(seconds(begin), seconds(end)) for begin, end, *_ in found]
    assert times[0][0] == 0 and times[-1][1] == pytest.approx(len(film.packets) * FRAME, abs=0.002)
    assert all(a[1] == b[0] for a, b in zip(times, times[1:]))

    (picture,) = media.probe(film.files["spriteUrl"], "-show_streams")["streams"]
    areas = [tuple(map(int, area)) for _, _, *area in found]
    assert len(set(areas)) == len(areas)
    assert max(x + w for x, y, w, h in areas) == picture["width"]
    assert max(y + h for x, y, w, h in areas) == picture["height"]
    assert areas[0][2] / areas[0][3] == pytest.approx(film.size[0] / film.size[1], rel=0.03)


def test_sprites_show_their_second(films):
    film = films["9:16"]
    for number, (x, y, w, h) in enumerate([(i * 90, 0, 90, 160) for i in range(5)]):
        colour = media.colours(film.files["spriteUrl"],
                               tuple(a / b for a, b in zip((x + 0.4 * w, y + 0.3 * h, 0.2 * w, 0.03 * h), (540, 160) * 2)))
        assert math.dist(colour[0], film.upper[number * media.FPS]) < 25, number


def test_they_are_served_as_what_they_are(stack, films):
    types = {"videoUrl": "video/mp4", "thumbnailUrl": "image/jpeg", "previewUrl": "image/webp", "spriteUrl": "image/jpeg",
             "spriteVttUrl": "text/vtt; charset=utf-8"}
    for film in (films["9:16"], films["1:1"]):
        served = {key: stack.request("HEAD", path).headers["Content-Type"] for key, path in film.address.items()}
        assert served == types
    files = films["told"].video["captionFiles"]
    heads = [stack.request("HEAD", urllib.parse.urlsplit(files[key]).path) for key in ("vttUrl", "srtUrl")]
    assert [head.headers["Content-Type"] for head in heads] == ["text/vtt; charset=utf-8", "application/x-subrip; charset=utf-8"]


# --- scenes ---


def test_each_scene_is_seen_exactly_in_its_time(scenes_film):
    """seed D1, D2, D9: lengths as asked for, and the voice that ends early does not end the film."""
    assert scenes_film.runs == [(what, frames) for what, frames, _ in SCENES]
    assert scenes_film.video["duration"] == pytest.approx(5.5, abs=FRAME)


def test_a_picture_is_the_right_way_up(scenes_film):
    middle = scenes_film.cuts[1] + 30
    assert math.dist(media.colours(scenes_film.path, LOWER)[middle], BELOW) < 45


@pytest.mark.parametrize("number", [0, 2])
def test_a_picture_is_not_stretched(scenes_film, number):
    """seed D14: the whole frame is filled, and a square is one still."""
    width, height = scenes_film.size
    middle = scenes_film.cuts[number] + scenes_film.asked[number] // 2
    much_bluer_than_red = "colorchannelmixer=rr=-1:rb=1,format=gbrp,extractplanes=r"  # the mark, and no letter
    (frame,) = media.frames(scenes_film.path, f"select=eq(n\\,{middle}),{much_bluer_than_red}", (width, height))
    _, _, wide, high = media.bounds(frame, width, lambda more: more > 120)
    assert wide > width / 20
    assert wide / high == pytest.approx(1, abs=0.05)


def test_text_is_shown_in_its_scene_and_in_no_other(scenes_film):
    """seed D2, D3: a scene without text takes none from its neighbours, and lengths do not shift them."""
    white = media.white(scenes_film.path)
    parts = [white[cut : cut + asked] for cut, asked in zip(scenes_film.cuts, scenes_film.asked)]
    for (_, frames, text), part in zip(SCENES, parts):
        if text is None:
            assert set(part) == {0}
        else:
            assert min(part[10 : frames - 10]) > 50
    assert parts[2][22] > 3 * parts[0][15]  # the longer text is the third scene's


def test_text_keeps_away_from_the_edges(scenes_film):
    """seed D6: nothing runs off the picture or lies under a platform's buttons."""
    width, height = scenes_film.size
    middle = scenes_film.cuts[2] + 22  # of the longest text
    filters = f"select=eq(n\\,{middle}),format=gray"
    (frame,) = media.frames(scenes_film.path, filters, (width, height))
    x, y, wide, high = media.bounds(frame, width, lambda light: light > 215)
    assert x >= 0.05 * width and x + wide <= 0.95 * width
    assert y >= 0.07 * height and y + high <= 0.92 * height


def test_transitions_take_their_time_of_the_later_scene(films):
    """seed D16: before it the one scene is seen and after it the other, each for exactly its time."""
    film = films["ways"]
    for (what, *_), cut, asked, before in zip(WAYS, film.cuts, film.asked, [None, *WAYS]):
        lead = 0 if before is None or before[2] == "cut" else WAY_FRAMES
        seen = film.upper[cut + lead : cut + asked]
        assert max(math.dist(colour, GROUNDS[what]) for colour in seen) < 45, (what, cut)
    crossfade, fade, wipe, slide = film.cuts[1:]
    middle = film.upper[crossfade + WAY_FRAMES // 2]
    mixture = [sum(pair) / 2 for pair in zip(GROUNDS["landscape"], GROUNDS["turned"])]
    assert math.dist(middle, mixture) < 45
    assert min(max(colour) for colour in film.upper[fade : fade + WAY_FRAMES]) < 16
    for cut in (wipe, slide):  # one scene, then the other, and between them no mixture for long
        nearest = [min(math.dist(ground, colour) for ground in (GROUNDS["landscape"], GROUNDS["turned"], BELOW))
                   for colour in film.upper[cut : cut + WAY_FRAMES]]
        assert sum(distance > 60 for distance in nearest) <= 3, nearest


# --- texts that somebody might take for something else ---


@pytest.fixture(scope="module")
def letters(films):
    """White pixels in the middle of each scene of the film of texts: in all of the picture, and in its upper part."""
    middles = f"eq(mod(n,{TEXT_FRAMES}),{TEXT_FRAMES // 2})"
    return [media.white(films["texts"].path, upper, 540, middles) for upper in (1, 0.4)]


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_shown_as_it_is_written(letters, name):
    """seed D4: with its signs there is more to see than without them."""
    number = 1 + list(MARKUP).index(name)
    shown, upper = letters
    assert shown[number] > shown[0] + 10 > 100
    assert upper[number] == 0  # nothing moved it up


@pytest.mark.parametrize("number", range(len(INJECTIONS)))
def test_filters_in_a_text_are_letters(films, letters, number):
    """seed D5: no filter of a text runs, and no file that it names is read: the film would have waited for that one."""
    shown, upper = letters
    at = 1 + len(MARKUP) + number
    assert shown[at] > 500
    assert upper[at] == 0
    seen = films["texts"].upper[at * TEXT_FRAMES : (at + 1) * TEXT_FRAMES]
    assert max(math.dist(colour, GROUNDS["landscape"]) for colour in seen) < 20


def test_a_title_is_shown_as_it_is_written(letters):
    assert letters[0][-1] > 500


# --- brand, narrations and captions ---


def cues(stack, video, key):
    text = (stack.folder / urllib.parse.urlsplit(video["captionFiles"][key]).path.lstrip("/")).read_text()
    found = re.findall(r"(?:^|\n)(?:\d+\n)?(\S+) --> (\S+)\n((?:.+\n)+)", text)
    return [(seconds(begin), seconds(end), " ".join(lines.split())) for begin, end, lines in found]


def test_cards_stand_before_and_after(films):
    """seed D16: the store's intro, and its end card with the price."""
    film = films["told"]
    for frames in (film.upper[:CARD_FRAMES], film.upper[-CARD_FRAMES:]):
        assert max(math.dist(colour, CARD_GROUND) for colour in frames) < 45
    assert film.runs[0] == (None, CARD_FRAMES) and film.runs[-1] == (None, CARD_FRAMES)
    white = media.white(film.path)
    assert white[CARD_FRAMES // 2] > 200 and white[-CARD_FRAMES // 2] > 200


def test_the_logo_stays(films):
    """seed D16: from the first frame to the last, transitions and cards included."""
    film = films["told"]
    frames = media.frames(film.path, "crop=iw*{2}:ih*{3}:iw*{0}:ih*{1},format=gbrp,extractplanes=g".format(*LOGO_PLACE),
                          (96, 96))
    shown = [sum(v > 190 for v in frame) for frame in frames]
    assert len(shown) == len(film.packets)
    assert min(shown) > 1000 and max(shown) - min(shown) < 400, (min(shown), max(shown))


def test_a_scene_lasts_as_long_as_its_narration(films, spoken):
    film = films["told"]
    runs = film.runs[1:-1]
    assert [what for what, _ in runs] == [what for what, *_ in NARRATIONS]
    for (_, frames), (_, asked, said) in zip(runs, NARRATIONS):
        if said is None:
            assert frames == asked
        else:
            least = max(1, spoken[said][1])
            assert least - 0.1 <= frames * FRAME <= least + 1.1, said
    assert film.video["duration"] == pytest.approx(sum(frames for _, frames in film.runs) * FRAME, abs=FRAME)


def test_captions_are_timed_by_the_voice(stack, films, spoken):
    film = films["told"]
    vtt, srt = (cues(stack, film.video, key) for key in ("vttUrl", "srtUrl"))
    assert vtt == srt
    cuts = [sum(frames for _, frames in film.runs[: i + 1]) * FRAME for i in range(4)]
    for number, (_, _, said) in enumerate(NARRATIONS):
        inside = [cue for cue in vtt if cuts[number] <= cue[0] < cuts[number + 1]]
        assert " ".join(text for *_, text in inside) == (said or "")
        if said:
            assert inside[0][0] == pytest.approx(cuts[number] + 0.2, abs=0.1)
            assert inside[-1][1] >= inside[0][0] + spoken[said][1] - 0.1
    assert sum(len(text.split()) for *_, text in vtt) == len((LONG + " " + SHORT).split())


def test_captions_are_burned_in_while_somebody_speaks(stack, films, spoken):
    """seed D16: and not where nobody does."""
    film = films["told"]
    filters = "crop=iw:ih*0.45:0:ih*0.55,format=gray"
    frames = media.frames(film.path, filters, (540, 243))
    white = [frame.translate(media.BRIGHT).count(1) for frame in frames]
    for begin, _, text in cues(stack, film.video, "vttUrl"):
        inside = white[math.ceil(begin * media.FPS) + 1 : int((begin + spoken[text][1]) * media.FPS) - 1]
        assert min(inside) > 30, text
    silent = sum(frames for _, frames in film.runs[:2])
    assert max(white[silent + 2 : silent + 28]) == 0


def test_no_captions_without_words(films):
    assert films["music"].video["captionFiles"] is None and films["own voice"].video["captionFiles"] is None


# --- sound ---


def speech(pcm):
    """Where it begins, and how long it is: seconds."""
    loud = max(map(abs, pcm)) * 0.04
    first = next(i for i, v in enumerate(pcm) if abs(v) > loud) / media.RATE
    return first, media.last_sound(pcm, loud) - first


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """The two scripts, spoken by the same voice without a film around them."""
    folder = tmp_path_factory.mktemp("voice")
    return {script: speech(media.speak(script, folder)) for script in (SHORT, LONG)}


@pytest.mark.parametrize("name, script", [("voice", SHORT), ("long voice", LONG)])
def test_voice_is_whole(films, spoken, name, script):
    """seed D9: no script is too long for its film."""
    begin, length = speech(media.sound(films[name].path))
    assert begin < 0.1
    assert length == pytest.approx(spoken[script][1], abs=0.06)


def test_last_scene_is_held_until_the_voice_ends(films, spoken):
    """seed D9: cut is neither the voice nor a scene."""
    film = films["long voice"]
    first, last = film.runs
    assert first == ("landscape", 30)
    assert last[0] == "square"
    assert spoken[LONG][1] + 0.3 <= (first[1] + last[1]) * FRAME < spoken[LONG][1] + 1
    assert film.video["duration"] == pytest.approx((first[1] + last[1]) * FRAME, abs=FRAME)


def test_own_voice_is_whole(films):
    film = films["own voice"]
    begin, length = speech(media.sound(film.path))
    assert begin < 0.05 and length == pytest.approx(OWN_VOICE_SEC, abs=0.05)
    assert len(film.packets) == math.ceil((OWN_VOICE_SEC + TAIL_SEC) * media.FPS)


def test_volume_zero_is_silence(films):
    """seed D10: nothing is heard of the music."""
    assert media.sound(films["voice, mute music"].path) == media.sound(films["voice"].path)
    assert max(map(abs, media.sound(films["mute music"].path))) <= 1
    assert max(map(abs, media.sound(films["voice"].path))) > 3000


def test_music_goes_on_to_the_end_and_fades(films):
    """seed D9: music that is shorter than the film neither ends it nor leaves it silent."""
    film = films["music"]
    heard = media.loudness(media.sound(film.path))
    assert len(heard) == 40
    loud = sorted(heard)[len(heard) // 2]
    body = heard[5 : len(heard) - int(FADE_SEC * 10)]
    assert loud > 1000 and min(body) > loud / 3
    assert heard[-1] < loud / 4 and heard[-1] < heard[-8] < heard[-16]


def test_music_goes_down_while_the_voice_speaks(films):
    film = films["9:16"]
    music = media.loudness(media.sound(film.path, ONLY_MUSIC))
    begin, length = speech(media.sound(film.path, "lowpass=f=8000"))
    end = int((begin + length) * 10)
    beside, after = music[5 : end - 1], music[end + 10 : len(music) - int(FADE_SEC * 10)]
    assert min(after) > 100
    assert sum(beside) / len(beside) < 0.6 * sum(after) / len(after)
