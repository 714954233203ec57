"""Films joined of pieces, by the daemon's own commands (tests/bench/pieces.c), from clips of every kind.

Every frame of a clip says its number in eight squares of black and white, and every frame of a film is read back: so no
frame is lost, repeated, late or early, in bodies and in transitions.
"""

import fractions
import functools
import itertools
import json
import math
import pathlib
import re
import struct
import subprocess

import pytest

import media
from stack import BUILD

FPS = 30
TICKS = 512  # of a frame, at 15360 a second
BITS = [(column, row) for row in range(2) for column in range(4)]
DARK, LIGHT, MIDDLE = 16, 235, 125  # what black, white and the ground are in a film
TOLERANCE = 24

TALL, WIDE = (270, 480), (480, 270)
LENGTH = 18  # frames of a part


# --- clips ---


def unit(size):
    """The side of a square."""
    return min(size) / 10


def bit_of(number, bit):
    """In Gray's code: the lowest bit changes between every second number, so that of two fields neither is at rest."""
    return (number ^ number >> 1) >> bit & 1


def drawn(number, size):
    """A picture as bytes."""
    width, height = size
    side = unit(size)
    rows = [bytearray([128]) * width for _ in range(2)]
    for bit, (column, row) in enumerate(BITS):
        left = round(width / 2 + (column - 2) * side)
        right = round(width / 2 + (column - 1) * side)
        rows[row][left:right] = bytes([255 * bit_of(number, bit)]) * (right - left)
    top, centre, bottom = (round(height / 2 + i * side) for i in (-1, 0, 1))
    ground = bytes([128]) * width
    return ground * top + rows[0] * (centre - top) + rows[1] * (bottom - centre) + ground * (height - bottom)


class Clip:
    """A file, how it is to look, and which number is seen from which second on."""

    def __init__(self, name, size, rate, count, options, filters="null", steps=None, muxing=(), sound=False, colours=0):
        self.name, self.size, self.rate, self.count = name, size, rate, count
        self.options, self.filters, self.muxing, self.sound = options, filters, muxing, sound
        self.steps = steps or [(number, fractions.Fraction(number, rate)) for number in range(count)]
        self.colours = colours

    def make(self, folder):
        width, height = self.size
        raw = b"".join(drawn(number, self.size) for number in range(self.count))
        ears = ["-f", "lavfi", "-i", "sine=frequency=500:duration=1.2", "-c:a", "aac"] if self.sound else []
        command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s",
                   f"{width}x{height}", "-r", self.rate, "-i", "frames.raw", *ears, "-vf", self.filters, "-c:v", "libx264",
                   "-preset", "ultrafast", "-qp", 8, *self.options, self.name]
        pathlib.Path(folder, "frames.raw").write_bytes(raw)
        subprocess.run([str(a) for a in command], cwd=folder, check=True, timeout=120)
        for step in self.muxing:
            whole = f"whole-{self.name}"
            pathlib.Path(folder, self.name).rename(pathlib.Path(folder, whole))
            command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *step, self.name]
            subprocess.run([whole if a == "{}" else str(a) for a in command], cwd=folder, check=True, timeout=120)

    def number(self, frame):
        """What a film's frame shows: of the clip's frames, whose times are rounded, the last one that has begun."""
        begun = [number for number, at in self.steps if math.floor(at * FPS + fractions.Fraction(1, 2)) <= frame]
        return begun[-1]


YUV = ["-pix_fmt", "yuv420p"]
UNEVEN = [fractions.Fraction(40 * n + 60 * (n // 3), 1000) for n in range(14)]  # 40, 40, 100 ms, ...
CLIPS = {
    clip.name: clip
    for clip in [
        Clip("24.mp4", (320, 180), 24, 24, YUV),
        Clip("25.mp4", (240, 320), 25, 25, [*YUV, "-bf", 2], sound=True),
        Clip("30.mkv", (320, 240), 30, 10, [*YUV]),  # too short
        Clip("60.mp4", (320, 180), 60, 60, [*YUV, "-g", 10]),
        Clip("uneven.mp4", (320, 180), 30, 14, [*YUV, "-fps_mode", "passthrough", "-video_track_timescale", 1000],
             filters="settb=1/1000,setpts=40*N+60*floor(N/3)", steps=list(enumerate(UNEVEN))),
        Clip("ten-bits.mp4", (180, 320), 30, 30, ["-pix_fmt", "yuv420p10le"]),
        Clip("turned.mp4", (180, 320), 30, 30, YUV, filters="transpose=cclock", sound=True,
             muxing=[["-i", "{}", "-c", "copy", "-metadata:s:v", "rotate=270"]]),
        Clip("odd.mp4", (243, 321), 30, 30, ["-pix_fmt", "yuv444p"]),
        Clip("wide-pixels.mp4", (320, 180), 30, 30, YUV, filters="scale=160:180,setsar=2"),
        Clip("fields.mp4", (320, 180), 50, 50, [*YUV, "-flags", "+ilme+ildct", "-x264opts", "interlaced=1", "-r", 25],
             filters="tinterlace=interleave_top,setfield=tff"),
        Clip("edited.mp4", (320, 180), 30, 40, [*YUV, "-g", 100, "-bf", 2],
             muxing=[["-ss", "0.4", "-i", "{}", "-c", "copy"]],
             steps=[(12 + n, fractions.Fraction(n, 30)) for n in range(28)]),
        Clip("full-range.mp4", (180, 180), 30, 30, ["-pix_fmt", "yuvj420p"]),
        Clip("one-frame.mp4", (320, 180), 30, 1, YUV),
    ]
}
NAMES = list(CLIPS)


# --- films ---


def cuts():
    """Every clip once, in all fits."""
    fits = itertools.cycle(["cover", "contain", "blur"])
    return [{"clip": name, "frames": LENGTH, "fit": fit} for name, fit in zip(NAMES, fits)]


KINDS = ["fade", "crossfade", "slide_left", "slide_up", "wipe_left", "wipe_up"]


def crossings():
    """Every transition, between clips that go on under it and ones that have ended, of one frame and of a whole part."""
    lengths = [7, 8, 6, 5, 1, LENGTH]
    names = ["24.mp4", "30.mkv", "60.mp4", "turned.mp4", "uneven.mp4", "edited.mp4", "ten-bits.mp4"]
    parts = [{"clip": name, "frames": LENGTH, "fit": "cover"} for name in names]
    for part, kind, length in zip(parts, KINDS, lengths):
        part.update(transition=kind, transitionFrames=length)
    return parts


def files_of(part):
    images = [part.get("text"), part.get("logo"), *part.get("captions", [])]
    return [image["file"] for image in images if image] + ([part["clip"]] if "clip" in part else [])


class Film:
    """Made in folder, of files in the one above it."""

    def __init__(self, folder, size, parts, **more):
        self.folder, self.size, self.parts = folder, size, parts
        folder.mkdir()
        for file in {found for part in parts for found in files_of(part)}:
            (folder / file).symlink_to(folder.parent / file)
        self.length = sum(part["frames"] for part in parts)
        media.ffmpeg("-f", "lavfi", "-i", f"sine=sample_rate=48000:duration={self.length / FPS}", "-c:a", "aac",
                     folder / "sound.m4a")
        plan = {"size": size, "threads": 1, "quality": "draft", "sound": "sound.m4a", "out": "film.mp4", "parts": parts,
                **more}
        (folder / "plan.json").write_text(json.dumps(plan))
        made = json.loads(self.run([BUILD / "tests" / "pieces", "plan.json"]))
        for name, text in made["files"].items():
            (folder / name).write_text(text)
        self.pieces = made["pieces"]
        for piece in self.pieces:
            self.run(piece["argv"])
        self.run(made["join"])
        self.path = folder / "film.mp4"

    def run(self, argv):
        return subprocess.run([str(a) for a in argv], cwd=self.folder, capture_output=True, check=True, timeout=120).stdout

    @property
    def begins(self):
        return [0, *itertools.accumulate(part["frames"] for part in self.parts)]

    @functools.cached_property
    def frames(self):
        """The luma of each frame, as it is stored."""
        raw = media.raw_frames(self.path, "extractplanes=y")
        area = self.size[0] * self.size[1]
        assert len(raw) % area == 0
        return [raw[i : i + area] for i in range(0, len(raw), area)]

    def luma(self, frame, x, y):
        """Around a point."""
        width = self.size[0]
        x, y = round(x), round(y)
        values = [self.frames[frame][(y + j) * width + x + i] for j in (-1, 0, 1) for i in (-1, 0, 1)]
        return sum(values) / len(values)

    def luma_of(self, part, frame, x, y):
        """What a part's picture is there in one of its frames; None: too near an edge to say."""
        clip = CLIPS[part["clip"]]
        ratios = [ours / theirs for ours, theirs in zip(self.size, clip.size)]
        scale = max(ratios) if part["fit"] == "cover" else min(ratios)
        column = (x - self.size[0] / 2) / (unit(clip.size) * scale) + 2
        row = (y - self.size[1] / 2) / (unit(clip.size) * scale) + 1
        if min(abs(v - round(v)) for v in (column, row)) < 0.2:
            return None
        if not (0 < column < 4 and 0 < row < 2):
            return MIDDLE if part["fit"] == "cover" or (-0.8 < column < 4.8 and -0.8 < row < 2.8) else None
        return LIGHT if bit_of(clip.number(frame), math.floor(row) * 4 + math.floor(column)) else DARK

    def points(self):
        """Where films are looked at: the middles of squares of every fit."""
        for part in self.parts:
            clip = CLIPS[part["clip"]]
            ratios = [ours / theirs for ours, theirs in zip(self.size, clip.size)]
            side = unit(clip.size) * (max(ratios) if part["fit"] == "cover" else min(ratios))
            yield [(self.size[0] / 2 + (c - 1.5) * side, self.size[1] / 2 + (r - 0.5) * side) for c, r in BITS]


def smooth(low, high, v):
    t = min(max((v - low) / (high - low), 0), 1)
    return t * t * (3 - 2 * t)


def crossed(film, kind, done, old, new, x, y):
    """The luma at a point of a transition that is done by so much; old and new give that of each picture."""
    width, height = film.size
    across = kind.endswith("left")
    at, side = (x, width) if across else (y, height)
    border = side * (1 - done)
    left = 1 - done
    if kind in ("fade", "crossfade"):
        a, b = old(x, y), new(x, y)
        if a is None or b is None:
            return None
        if kind == "crossfade":
            return a * left + b * done
        dark, light = smooth(0.8, 1, left), smooth(0.2, 1, left)
        return (a * dark + DARK * (1 - dark)) * left + (DARK * light + b * (1 - light)) * done
    if abs(at - border) < 4:
        return None
    if kind.startswith("wipe"):
        return old(x, y) if at < border else new(x, y)
    shift = side * done if at < border else -border
    seen = old if at < border else new
    return seen(x + shift, y) if across else seen(x, y + shift)


def check_frames(film):
    """Each frame of a film of clips is what it should be; how many points were looked at in each."""
    looked = []
    everywhere = list(itertools.product(range(6, film.size[0] - 6, 11), range(6, film.size[1] - 6, 11)))
    for index, (begin, part, points) in enumerate(zip(film.begins, film.parts, film.points())):
        before = film.parts[index - 1] if index else {}
        length = before.get("transitionFrames", 0)
        for frame in range(part["frames"]):
            seen = 0
            for x, y in everywhere if frame < length else points:
                expected = film.luma_of(part, frame, x, y)
                if frame < length:
                    expected = crossed(film, before["transition"], (frame + 1) / (length + 1),
                                       lambda x, y: film.luma_of(before, before["frames"] + frame, x, y),
                                       lambda x, y: film.luma_of(part, frame, x, y), x, y)
                if expected is None:
                    continue
                found = film.luma(begin + frame, x, y)
                assert abs(found - expected) < TOLERANCE, (
                    f"part {index} ({part['clip']}), frame {frame}: {found:.0f} at {x:.0f},{y:.0f}, not {expected:.0f}")
                seen += 1
            looked.append(seen)
    return looked


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pieces")
    for clip in CLIPS.values():
        clip.make(folder)
    return folder


@pytest.fixture(scope="module")
def films(folder):
    return {
        "cuts, tall": Film(folder / "cuts-tall", TALL, cuts()),
        "transitions, wide": Film(folder / "transitions-wide", WIDE, crossings()),
    }


FILMS = ["cuts, tall", "transitions, wide"]


@pytest.mark.parametrize("name", FILMS)
def test_every_frame_is_the_one_that_it_should_be(films, name):
    film = films[name]
    assert len(film.frames) == film.length
    looked = check_frames(film)
    assert min(looked) == 8 and looked.count(8) == sum(piece["frames"] for piece in film.pieces if "body" in piece["file"])


@pytest.mark.parametrize("name", FILMS)
def test_every_packet_follows_the_one_before(films, name):
    film = films[name]
    packets = media.video_packets(film.path)
    assert [pts for pts, *_ in sorted(packets)] == [TICKS * n for n in range(film.length)]
    decoding = [dts for _, dts, *_ in packets]
    assert all(b - a == TICKS for a, b in zip(decoding, decoding[1:]))
    assert {duration for _, _, duration, _ in packets} == {TICKS}
    keys = {pts // TICKS for pts, _, _, key in packets if key}
    pieces = [0, *itertools.accumulate(piece["frames"] for piece in film.pieces)][:-1]
    assert keys >= set(pieces), "a piece begins with a key frame"


@pytest.mark.parametrize("name", FILMS)
def test_cuts_are_at_the_sums(films, name):
    """Whatever lies between, a part's body or the transition into it begins where the parts before it end."""
    film = films[name]
    begins = list(itertools.accumulate((piece["frames"] for piece in film.pieces), initial=0))
    assert set(film.begins) <= set(begins)


def parameter_sets(path):
    data = pathlib.Path(path).read_bytes()
    return [data[at + 4 : at - 4 + struct.unpack(">I", data[at - 4 : at])[0]] for at in
            (match.start() for match in re.finditer(b"avcC", data))]


def units_of(data, packet):
    """The types of a packet's NAL units, each of which has its length before it."""
    at, end, types = int(packet["pos"]), int(packet["pos"]) + int(packet["size"]), []
    while at < end:
        types.append(data[at + 4] & 31)
        at += 4 + struct.unpack_from(">I", data, at)[0]
    assert at == end
    return types


@pytest.mark.parametrize("name", FILMS)
def test_one_parameter_set_for_all_pieces_and_closed_groups(films, name):
    film = films[name]
    sets = {tuple(parameter_sets(film.folder / piece["file"])) for piece in film.pieces}
    assert len(sets) == 1 and {tuple(parameter_sets(film.path))} == sets
    data = film.path.read_bytes()
    for packet in media.probe(film.path, "-select_streams", "v:0", "-show_packets")["packets"]:
        types = units_of(data, packet)
        assert set(types) <= {1, 5, 6}, "no parameter sets among the pictures"
        assert (5 in types) == ("K" in packet["flags"]), "where one may begin, nothing before is needed"


def hashes(path):
    found = media.probe(path, "-select_streams", "v:0", "-show_packets", "-show_data_hash", "md5")["packets"]
    return [packet["data_hash"] for packet in found]


@pytest.mark.parametrize("name", FILMS)
def test_what_is_joined_was_encoded_once(films, name):
    """seed D15: each packet of the film is one of its pieces, byte for byte."""
    film = films[name]
    assert hashes(film.path) == [one for piece in film.pieces for one in hashes(film.folder / piece["file"])]


@pytest.mark.parametrize("name", FILMS)
def test_sound_and_pictures_begin_together(films, name):
    film = films[name]
    found = media.probe(film.path, "-show_entries", "stream=codec_type,start_time,duration,width,height,pix_fmt,"
                        "color_range,color_space,color_transfer,color_primaries,sample_aspect_ratio,r_frame_rate")
    video, audio = found["streams"]
    assert float(video["start_time"]) == float(audio["start_time"]) == 0
    assert float(video["duration"]) == pytest.approx(film.length / FPS, abs=1e-6)
    assert abs(float(video["duration"]) - float(audio["duration"])) < 1 / FPS
    assert (video["width"], video["height"]) == film.size and video["sample_aspect_ratio"] == "1:1"
    assert [video[k] for k in ("color_range", "color_space", "color_transfer", "color_primaries")] == ["tv"] + ["bt709"] * 3
    assert (video["pix_fmt"], video["r_frame_rate"]) == ("yuv420p", "30/1")
    assert media.boxes(film.path).index("moov") < media.boxes(film.path).index("mdat")


# --- what is drawn over them ---


GROUND = 0x303030
TEXT = {"x": 40, "y": 100, "width": 60, "height": 40}
FAR_TEXT = {**TEXT, "x": 200}  # where a wipe comes first
CAPTION = {"x": 60, "y": 380, "width": 120, "height": 40}
LOGO = {"x": 220, "y": 20, "width": 30, "height": 30}
ENTRANCE = 9  # frames
LEFT, RIGHT = (90, 400), (150, 400)  # in the halves of a caption


def make_image(folder, name, size, box):
    """Clear but for a white box (x, y, width, height)."""
    x, y, width, height = box
    media.ffmpeg("-y", "-f", "lavfi", "-i", f"color=c=white:s={width}x{height},format=rgba", "-vf",
                 f"pad={size[0]}:{size[1]}:{x}:{y}:color=white@0", "-frames:v", 1, folder / name)


def image(name, place):
    return {"file": name, **place}


def caption(name, begin, end):
    return {**image(name, CAPTION), "from": begin, "to": end}


@pytest.fixture(scope="module")
def words(folder):
    make_image(folder, "text.png", (60, 40), (0, 0, 60, 40))
    make_image(folder, "logo.png", (30, 30), (0, 0, 30, 30))
    make_image(folder, "left.png", (120, 40), (0, 0, 60, 40))
    make_image(folder, "right.png", (120, 40), (60, 0, 60, 40))
    shown = [
        {"captions": [caption("left.png", 3, 7), caption("right.png", 7, 12), caption("left.png", 15, 20)],
         "entrance": "none", "text": image("text.png", TEXT)},
        {"captions": [caption("right.png", 0, 4), caption("left.png", 6, 9)], "entrance": "rise",
         "text": image("text.png", TEXT), "transition": "wipe_left", "transitionFrames": 4},
        {"captions": [caption("left.png", 2, 3), caption("right.png", 3, 6)], "entrance": "fade",
         "text": image("text.png", FAR_TEXT), "transition": "crossfade", "transitionFrames": 5},
        {"captions": [caption("right.png", 4, 5), caption("left.png", 5, 20)], "entrance": "none"},
        {"entrance": "slide", "text": image("text.png", FAR_TEXT)},
    ]
    common = {"frames": 20, "ground": [GROUND, GROUND], "logo": image("logo.png", LOGO)}
    return Film(folder / "words", TALL, [{**common, **part} for part in shown])


def halves(film, frame):
    """Of a caption that is seen in this frame."""
    return [film.luma(frame, *point) > 150 for point in (LEFT, RIGHT)]


def test_captions_are_seen_in_their_frames_and_no_others(words):
    """Also in a transition, where those of the later part are seen."""
    for begin, part in zip(words.begins, words.parts):
        for frame in range(part["frames"]):
            files = [c["file"] for c in part.get("captions", []) if c["from"] <= frame < c["to"]]
            assert halves(words, begin + frame) == ["left.png" in files, "right.png" in files], (begin, frame)


def test_the_logo_stays_whatever_changes(words):
    assert min(words.luma(n, 235, 35) for n in range(words.length)) > 225


def box_of(film, frame, area):
    """The box of what is brighter than the ground in an area (x, y, width, height), and how bright its middle is."""
    x, y, width, height = area
    rows = [film.frames[frame][(y + j) * film.size[0] + x :][:width] for j in range(height)]
    found = media.bounds(b"".join(rows), width, lambda v: v > 92)
    if not found:
        return None
    left, top, wide, high = found
    return (x + left, y + top, wide, high), film.luma(frame, x + left + wide / 2, y + top + high / 2)


def ground_of(film, frame):
    return film.luma(frame, 30, 300)


def check_entrance(film, part, frame, place, fades=True, dx=0, dy=0):
    done = min(1, frame / ENTRANCE)
    way = (1 - done) ** 3
    at = film.begins[part] + frame
    ground = ground_of(film, at)
    expected = ground + (235 - ground) * (done if fades else 1)
    if expected < 110:
        return False
    (x, y, width, height), luma = box_of(film, at, (0, 60, 270, 140))
    assert abs(luma - expected) < 12, (part, frame, luma, expected)
    assert abs(x - (place["x"] + dx * way)) <= 2 and abs(y - (place["y"] + dy * way)) <= 2, (part, frame, x, y)
    assert abs(width - 60) <= 2 and abs(height - 40) <= 2
    return True


def test_texts_enter_and_then_stay(words):
    assert all(check_entrance(words, 0, n, TEXT, fades=False) for n in range(20))
    assert sum(check_entrance(words, 1, n, TEXT, dy=TALL[1] / 40) for n in range(16)) == 13
    # through the wipe, whose border has passed the text before it can be seen, into the body, as if in one piece
    assert sum(check_entrance(words, 2, n, FAR_TEXT) for n in range(4, 15)) == 11
    assert sum(check_entrance(words, 4, n, FAR_TEXT, dx=-TALL[0] / 10) for n in range(20)) == 17
    assert all(not box_of(words, words.begins[3] + n, (0, 60, 270, 140)) for n in range(5, 20))


# --- colours ---

RED, BLUE = (192, 48, 40), (40, 110, 190)
SAID_709, SAID_601 = "bt709", "smpte170m"


def tags(matrix, transfer=None, primaries=None):
    return ["-colorspace", matrix, "-color_trc", transfer or matrix, "-color_primaries", primaries or matrix]


def to_hdr(transfer):
    return f"zscale=rin=pc:tin=709:pin=709:t={transfer}:p=2020:m=2020_ncl:r=tv:npl=203,format=yuv420p10le"


COLOURS = {  # how a clip has its colours: filters, options, what its probe makes of it, how near we come
    "BT.709": ("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", tags(SAID_709), 0, 4),
    "BT.709, full range": ("scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p", tags(SAID_709), 0, 4),
    "BT.601": ("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", tags(SAID_601), 0, 4),
    "BT.601, full range": ("scale=out_color_matrix=bt601:out_range=pc,format=yuvj420p", tags(SAID_601), 0, 4),
    "says nothing, small": ("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", [], 0, 4),
    "says nothing, large": ("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p", [], 1, 4),
    "PQ": (to_hdr("smpte2084"), tags("bt2020nc", "smpte2084", "bt2020"), 2, 14),
    "HLG": (to_hdr("arib-std-b67"), tags("bt2020nc", "arib-std-b67", "bt2020"), 3, 14),
}


@pytest.fixture(scope="module")
def painted(folder):
    parts, ground = [], int("%02x%02x%02x" % BLUE, 16)
    for number, (filters, options, colours, _) in enumerate(COLOURS.values()):
        for name, colour in (("red", RED), ("blue", BLUE)):
            file = f"{name}-{number}.mp4"
            source = "color=c=0x%02x%02x%02x:s=128x128:r=30:d=0.1,format=gbrp," % colour + filters
            media.ffmpeg("-y", "-f", "lavfi", "-i", source, "-frames:v", 2, "-c:v", "libx264", "-preset", "ultrafast",
                         "-qp", 4, *options, folder / file)
            parts.append({"clip": file, "frames": 2, "colours": colours, "fit": "contain", "ground": [ground, 0]})
    return Film(folder / "painted", TALL, parts)


def test_colours_are_those_that_were_meant(painted):
    middle = media.colours(painted.path, (0.4, 0.45, 0.2, 0.1))
    for number, (name, (*_, near)) in enumerate(COLOURS.items()):
        for i, colour in enumerate((RED, BLUE)):
            found = middle[4 * number + 2 * i]
            assert max(abs(a - b) for a, b in zip(found, colour)) <= near, (name, found, colour)


def test_the_ground_behind_has_its_colour(painted):
    for found in media.colours(painted.path, (0.4, 0.05, 0.2, 0.1)):
        assert max(abs(a - b) for a, b in zip(found, BLUE)) <= 3
