"""The films that test_film.py looks at: what they are made from, what is asked for, and looking at one."""

import functools
import math
import urllib.parse

import media
import stack as stacks

# Drafts have half the width and height, which is enough to look at; one film is not a draft.
SIZES = {"9:16": (540, 960), "16:9": (960, 540), "1:1": (540, 540), "4:5": (540, 674)}
FRAME = 1 / media.FPS

# Music of these films: a tone above all that a voice has. OWN_MUSIC is shorter than its film.
TRACK = "6d757369-6300-4000-8000-000000000003"
TRACK_FILE, TRACK_SEC = "music/clear-path.m4a", 40
OWN_MUSIC, OWN_MUSIC_SEC = "/assets/music/own.m4a", 1
MUSIC_HERTZ, ONLY_MUSIC = 12000, "highpass=f=10000"
FADE_SEC = 1.6  # the last part of a film, in which its music goes

SHORT = "A short word."
LONG = "This narration goes on for much longer than its pictures, and nobody may cut it."
OWN_VOICE_SEC = 2.3
TAIL_SEC = 0.4  # for which a film goes on after its voice

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

# What is seen, for how many frames, and the way into the next one.
WAYS = [
    ("landscape", 45, "crossfade"),
    ("turned", 45, "fade"),
    ("landscape", 45, "wipe_left"),
    ("turned", 45, "slide_up"),
    ("landscape", 30, "cut"),
]
WAY_FRAMES = 12

# What is said while each scene is seen, and the frames that were asked for: less than it takes, and more.
NARRATIONS = [("landscape", 30, LONG), ("square", 30, None), ("turned", 300, SHORT)]
CARD_FRAMES = 36  # of intro and end
CARD_GROUND = (104, 88, 16)
LOGO = (10, 220, 60)
LOGO_PLACE = (0.80, 0.02, 0.18, 0.18)  # the corner that it is in


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
    media.make_picture(photos / "logo.png", (200, 200), hex_of(LOGO))
    media.make_tone(folder / TRACK_FILE, MUSIC_HERTZ, TRACK_SEC)
    media.make_tone(folder / OWN_MUSIC.removeprefix("/assets/"), MUSIC_HERTZ, OWN_MUSIC_SEC)
    media.ffmpeg("-y", "-f", "lavfi", "-i", f"sine=frequency=300:sample_rate=44100:duration={OWN_VOICE_SEC}",
                 folder / "voice.wav")


PICTURES = {
    "landscape": "/assets/photos/landscape.png",
    "turned": "/assets/photos/turned.jpg",
    "square": "/assets/photos/square.webp",
}


def scene(what, frames, text=None, **more):
    found = {"prompt": what, "duration": frames / media.FPS, **more}
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


def bodies(pipe, voice_url):
    """The films that all tests here look at, by name."""
    track = {"musicTrackId": TRACK, "musicVolume": 60}
    first, *others = SIZES
    return {name: stacks.film(**{"aspectRatio": "1:1", **body}) for name, body in {
        "shapes": {"aspectRatio": first, "renditions": others, "scenes": [scene(*s) for s in SCENES],
                   "voiceoverScript": SHORT, **track},
        "long voice": {"scenes": [scene("landscape", 30), scene("square", 30)], "voiceoverScript": LONG},
        "voice": {"scenes": [scene("card", 45)], "voiceoverScript": SHORT},
        "voice, mute music": {"scenes": [scene("card", 45)], "voiceoverScript": SHORT, **track, "musicVolume": 0},
        "mute music": {"scenes": [scene("card", 30)], **track, "musicVolume": 0},
        "music": {"scenes": [scene("card", 120)], "musicUrl": OWN_MUSIC, "musicVolume": 100},
        "own voice": {"scenes": [scene("card", 30)], "voiceUrl": voice_url},
        "texts": {"scenes": text_scenes(pipe), "title": "It's 100%: {\\b0}\\N \"new\""},
        "ways": {"scenes": [scene(what, frames, transition=way) for what, frames, way in WAYS],
                 "transitionDuration": WAY_FRAMES / media.FPS},
        "told": {"storeId": "branded", "captions": "words",
                 "scenes": [scene(what, frames, narration=said) for what, frames, said in NARRATIONS]},
        "standard": {"scenes": [scene("landscape", 30)], "quality": "standard"},
    }.items()}


BRAND = {
    "groundColour": "#" + hex_of(CARD_GROUND),
    "logoUrl": "/assets/photos/logo.png",
    "intro": {"title": "The Corner Shop", "duration": CARD_FRAMES / media.FPS},
    "endCard": {"title": "The Corner Shop", "text": "from 12.50", "action": "Shop now",
                "duration": CARD_FRAMES / media.FPS},
}


class Film:
    """One of the films of a video."""

    def __init__(self, stack, body, video, number=0):
        self.body = body
        self.video = video
        self.found = video["films"][number]
        self.report = video["report"][number]
        self.size = self.found["width"], self.found["height"]
        self.address = {key: urllib.parse.urlsplit(url).path for key, url in self.found.items() if key.endswith("Url")}
        self.files = {key: stack.folder / path.lstrip("/") for key, path in self.address.items()}
        self.path, self.thumbnail = self.files["videoUrl"], self.files["thumbnailUrl"]
        self.asked = [round(s["duration"] * media.FPS) for s in body["scenes"]]
        self.cuts = [sum(self.asked[:i]) for i in range(len(self.asked))]

    @functools.cached_property
    def packets(self):
        return media.video_packets(self.path)

    @functools.cached_property
    def upper(self):
        """The colour of UPPER in each frame."""
        return media.colours(self.path, UPPER)

    @functools.cached_property
    def runs(self):
        """What is seen and for how many frames, one after the other; None: nothing of that."""
        found = []
        for colour in self.upper:
            what = min(GROUNDS, key=lambda name: math.dist(GROUNDS[name], colour))
            what = what if math.dist(GROUNDS[what], colour) < 45 else None
            if found and found[-1][0] == what:
                found[-1][1] += 1
            else:
                found.append([what, 1])
        return [tuple(run) for run in found]
