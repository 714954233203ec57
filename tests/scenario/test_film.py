"""The films themselves: made by the real programs from pictures of known colours, and looked at frame by frame."""

import functools
import math
import os
import urllib.parse

import pytest

import media
import stack as stacks

SIZES = {"16:9": (1920, 1080), "9:16": (1080, 1920), "1:1": (1080, 1080), "4:5": (1080, 1350)}
FRAME = 1 / media.FPS

# The only track that these films use: a tone above all that a voice has, and shorter than most films.
TRACK = "6d757369-6300-4000-8000-000000000003"
TRACK_FILE = "music/clear-path.m4a"
TRACK_HERTZ, TRACK_SEC = 12000, 1
ONLY_MUSIC = "highpass=f=10000"
FADE_SEC = 2  # the last part of a film, in which its music goes

SHORT = "A short word."
LONG = "This narration goes on for much longer than its pictures, and nobody may cut it."

# Grounds of the pictures by name, and what a card looks like. None comes near the white of the letters.
GROUNDS = {
    "landscape": (192, 48, 40),
    "turned": (40, 160, 72),
    "square": (112, 48, 128),
    "card": (32, 56, 96),
}
BELOW = (200, 130, 30)  # the lower half of "turned"
MARK = "2030E0"  # a square in the middle, by which stretching would show
UPPER = (0.45, 0.27, 0.10, 0.05)  # parts of the frame that no text of these films covers
LOWER = (0.45, 0.60, 0.10, 0.05)

# The four scenes of the films by aspect ratio: what is seen, for how many frames, and the text.
SCENES = [
    ("landscape", 30, "Hi"),
    ("turned", 60, None),
    ("square", 45, "Considerably longer words"),
    ("card", 30, "The end"),
]


def hex_of(colour):
    return "%02X%02X%02X" % colour


def make_assets(folder):
    photos = folder / "photos"
    media.make_picture(
        photos / "landscape.png", (1200, 900), hex_of(GROUNDS["landscape"]), [(520, 370, 160, 160, MARK)]
    )
    media.make_picture(
        photos / "turned.jpg", (900, 1200), hex_of(GROUNDS["turned"]), [(0, 600, 900, 600, hex_of(BELOW))], exif_turn=6
    )
    media.make_picture(photos / "square.webp", (1000, 1000), hex_of(GROUNDS["square"]), [(430, 430, 140, 140, MARK)])
    media.make_tone(folder / TRACK_FILE, TRACK_HERTZ, TRACK_SEC)


PICTURES = {
    "landscape": "/assets/photos/landscape.png",
    "turned": "/assets/photos/turned.jpg",
    "square": "/assets/photos/square.webp",
}


def scene(what, frames, text=None):
    found = {"prompt": what, "duration": frames / media.FPS}
    if what in PICTURES:
        found["imageUrl"] = PICTURES[what]
    if text is not None:
        found["textOverlay"] = text
    return found


# Texts that were markup or syntax to somebody. Each must show more than PLAIN, or something of it was taken for that.
PLAIN = "Dont stop"
MARKUP = {
    "apostrophe": "Don't stop",
    "colon": "Dont: stop",
    "percent": "Dont% stop",
    "backslash": "Dont\\stop",
    "quotes": '"Dont stop"',
    "line break of ASS": "Dont\\Nstop",
    "override of ASS": "{\\an8\\fs9}Dont stop",
    "expansion of drawtext": "%{pts}Dont stop",
}
INJECTIONS = ["x',drawtext=textfile={pipe},drawtext=text='y", "x',negate,drawtext=text='y", "movie={pipe} [in];[in]"]
TEXT_FRAMES = 30


def text_scenes(pipe):
    texts = [PLAIN, *MARKUP.values(), *(text.format(pipe=pipe) for text in INJECTIONS)]
    return [scene("landscape", TEXT_FRAMES, text) for text in texts] + [scene("card", TEXT_FRAMES)]


def bodies(pipe):
    """The films that all tests here look at, by name."""
    both = {"musicTrackId": TRACK, "musicVolume": 60}
    films = {
        aspect: {"aspectRatio": aspect, "scenes": [scene(*s) for s in SCENES], "voiceoverScript": SHORT, **both}
        for aspect in SIZES
    }
    pair = [scene("landscape", 30), scene("square", 30)]
    films["long voice"] = {"scenes": pair, "voiceoverScript": LONG}
    films["long voice, music"] = {"scenes": pair, "voiceoverScript": LONG, **both}
    films["voice"] = {"scenes": [scene("card", 45)], "voiceoverScript": SHORT}
    films["voice, mute music"] = {**films["voice"], "musicTrackId": TRACK, "musicVolume": 0}
    films["mute music"] = {"scenes": [scene("card", 30)], "musicTrackId": TRACK, "musicVolume": 0}
    films["music"] = {"scenes": [scene("card", 120)], "musicTrackId": TRACK, "musicVolume": 100}
    films["texts"] = {"scenes": text_scenes(pipe), "title": "It's 100%: {\\b0}\\N \"new\""}
    return {name: stacks.film(**{"aspectRatio": "1:1", **body}) for name, body in films.items()}


class Film:
    def __init__(self, stack, body, status):
        self.body = body
        self.status = status
        self.path, self.thumbnail = (
            stack.folder / urllib.parse.urlsplit(status[key]).path.lstrip("/") for key in ("videoUrl", "thumbnailUrl")
        )
        self.size = SIZES[body["aspectRatio"]]
        self.asked = [round(s["duration"] * media.FPS) for s in body["scenes"]]
        self.cuts = [sum(self.asked[:i]) for i in range(len(self.asked))]

    @functools.cached_property
    def upper(self):
        """The colour of UPPER in each frame."""
        return media.colours(self.path, UPPER)

    @functools.cached_property
    def runs(self):
        """What is seen and for how many frames, one after the other."""
        found = []
        for colour in self.upper:
            what = min(GROUNDS, key=lambda name: math.dist(GROUNDS[name], colour))
            assert math.dist(GROUNDS[what], colour) < 45, f"{colour} is nobody's"
            if found and found[-1][0] == what:
                found[-1][1] += 1
            else:
                found.append([what, 1])
        return [tuple(run) for run in found]


NAMES = list(bodies("pipe"))


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    pipe = folder / "secret"  # whoever reads it waits for ever, and its film with it
    os.mkfifo(pipe)
    make_assets(folder / "assets")
    settings = {"assets_dir": folder / "assets", "videos_in_flight": 16, "store_in_flight": 16, "attempts": 1}
    with stacks.running(settings, real=True) as stack:
        stack.put_store()
        wanted = bodies(pipe)
        ids = {name: stack.create(body) for name, body in wanted.items()}
        yield {name: Film(stack, wanted[name], stack.wait_completed(ids[name], 240)) for name in wanted}


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
    assert (video["codec_name"], video["profile"], video["pix_fmt"]) == ("h264", "High", "yuv420p")
    assert (video["width"], video["height"]) == film.size
    assert (video["r_frame_rate"], video["avg_frame_rate"]) == ("30/1", "30/1")
    assert video["sample_aspect_ratio"] == "1:1"
    keys = ("color_space", "color_transfer", "color_primaries", "color_range")
    assert [video.get(key) for key in keys] == ["bt709", "bt709", "bt709", "tv"]
    assert (audio["codec_name"], audio["sample_rate"], audio["channels"]) == ("aac", "48000", 2)
    assert float(video["start_time"]) == float(audio["start_time"]) == 0
    assert float(found["format"]["duration"]) == pytest.approx(film.status["duration"], abs=FRAME)


def test_begins_with_its_index(film):
    """seed D12: a browser need not fetch the film's tail first."""
    names = media.boxes(film.path)
    assert names.index("moov") < names.index("mdat")


def test_packets(film):
    """seed D1: joined parts keep one clock: each packet one frame after the one before, and a key frame at each cut."""
    packets = media.video_packets(film.path)
    ticks = packets[0][2]
    shown = sorted(packets)
    assert {duration for *_, duration, _ in packets} == {ticks}
    assert {b[1] - a[1] for a, b in zip(packets, packets[1:])} == {ticks}
    assert {b[0] - a[0] for a, b in zip(shown, shown[1:])} == {ticks}
    assert len(packets) >= sum(film.asked)
    assert [shown[cut][3] for cut in film.cuts] == [True] * len(film.cuts)


def test_sound_is_as_long_as_the_picture(film):
    frames = len(media.video_packets(film.path))
    assert len(media.sound(film.path)) / media.RATE == pytest.approx(frames * FRAME, abs=FRAME)


def test_thumbnail(film):
    """seed D13: in the film's own shape, and there also when the film is shorter than two seconds."""
    (picture,) = media.probe(film.thumbnail, "-show_streams")["streams"]
    assert picture["codec_name"] == "mjpeg"
    assert (picture["width"], picture["height"]) == film.size
    assert picture.get("sample_aspect_ratio", "1:1") in ("1:1", "0:1")
    shown = GROUNDS[film.body["scenes"][0]["prompt"]]
    assert math.dist(media.colours(film.thumbnail, UPPER)[0], shown) < 45  # a frame of the first scene, and not black


# --- scenes ---


def test_each_scene_is_seen_exactly_in_its_time(scenes_film):
    """seed D1, D2, D9: lengths as asked for, and the voice that ends early does not end the film."""
    assert scenes_film.runs == [(what, frames) for what, frames, _ in SCENES]
    assert scenes_film.status["duration"] == pytest.approx(5.5, abs=FRAME)


def test_a_picture_is_the_right_way_up(scenes_film):
    middle = scenes_film.cuts[1] + 30
    assert math.dist(media.colours(scenes_film.path, LOWER)[middle], BELOW) < 45


@pytest.mark.parametrize("number", [0, 2])
def test_a_picture_is_not_stretched(scenes_film, number):
    width, height = scenes_film.size
    middle = scenes_film.cuts[number] + scenes_film.asked[number] // 2
    area = (width, height // 3 // 2 * 2)
    filters = f"select=eq(n\\,{middle}),crop={area[0]}:{area[1]},format=gbrp,extractplanes=b"
    (frame,) = media.frames(scenes_film.path, filters, area)
    _, _, wide, high = media.bounds(frame, width, lambda blue: blue > 180)
    assert wide > width / 20
    assert wide / high == pytest.approx(1, abs=0.04)


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
    width, height = 540, 540 * scenes_film.size[1] // scenes_film.size[0]
    middle = scenes_film.cuts[2] + 22  # of the longest text
    filters = f"select=eq(n\\,{middle}),format=gray"
    (frame,) = media.frames(scenes_film.path, filters, (width, height))
    x, y, wide, high = media.bounds(frame, width, lambda light: light > 215)
    assert x >= 0.05 * width and x + wide <= 0.95 * width
    assert y >= 0.07 * height and y + high <= 0.92 * height


# --- texts that somebody might take for something else ---


@pytest.fixture(scope="module")
def letters(films):
    """White pixels in the middle of each scene of the film of texts: in all of the picture, and in its upper part."""
    middles = f"eq(mod(n,{TEXT_FRAMES}),{TEXT_FRAMES // 2})"
    return [media.white(films["texts"].path, upper, 1080, middles) for upper in (1, 0.4)]


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


# --- sound ---


@pytest.fixture(scope="module")
def spoken(tmp_path_factory):
    """The two scripts, spoken by the same voice without a film around them."""
    folder = tmp_path_factory.mktemp("voice")
    return {script: media.speak(script, folder) for script in (SHORT, LONG)}


def voice_end(pcm):
    return media.last_sound(pcm, max(map(abs, pcm)) * 0.04)


@pytest.mark.parametrize("name, script", [("voice", SHORT), ("long voice", LONG)])
def test_voice_is_whole(films, spoken, name, script):
    """seed D9: no script is too long for its film."""
    heard = media.sound(films[name].path)
    assert voice_end(heard) == pytest.approx(voice_end(spoken[script]), abs=0.05)
    assert len(heard) >= len(spoken[script])


@pytest.mark.parametrize("name", ["long voice", "long voice, music"])
def test_last_scene_is_held_until_the_voice_ends(films, spoken, name):
    """seed D9: cut is neither the voice nor a scene."""
    film = films[name]
    voice_sec = len(spoken[LONG]) / media.RATE
    first, last = film.runs
    assert first == ("landscape", 30)
    assert last[0] == "square"
    assert voice_sec <= (first[1] + last[1]) * FRAME < voice_sec + 1
    assert film.status["duration"] == pytest.approx((first[1] + last[1]) * FRAME, abs=FRAME)


def test_volume_zero_is_silence(films):
    """seed D10: nothing is heard of the music."""
    assert media.sound(films["voice, mute music"].path) == media.sound(films["voice"].path)
    assert max(map(abs, media.sound(films["mute music"].path))) <= 1
    assert max(map(abs, media.sound(films["voice"].path))) > 3000


def test_music_goes_on_to_the_end_and_fades(films):
    """seed D9: a track that is shorter than the film neither ends it nor leaves it silent."""
    film = films["music"]
    heard = media.loudness(media.sound(film.path))
    assert len(heard) == 40
    loud = sorted(heard)[len(heard) // 2]
    body = heard[5 : len(heard) - int(FADE_SEC * 10)]
    assert loud > 1000 and min(body) > loud / 3
    assert heard[-1] < loud / 4 and heard[-1] < heard[-8] < heard[-16]


@pytest.mark.parametrize("aspect", SIZES)
def test_music_goes_down_while_the_voice_speaks(films, spoken, aspect):
    film = films[aspect]
    music = media.loudness(media.sound(film.path, ONLY_MUSIC))
    end = int(voice_end(spoken[SHORT]) * 10)
    beside, after = music[5 : end - 1], music[end + 10 : len(music) - int(FADE_SEC * 10)]
    assert min(after) > 100
    assert sum(beside) / len(beside) < 0.8 * sum(after) / len(after)
