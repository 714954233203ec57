"""Captions of films: their files, as a player reads them, against what is heard; and what is bought of narrations."""

import itertools
import json
import re
import sys

import pytest

import bought
import daemons
import media
import stack as stacks
from stack import wait_for

sys.path.insert(0, str(stacks.ROOT / "tests" / "browser"))
from harness import start_chromium  # noqa: E402

NARRATIONS = [
    "Meet the lamp. It turns, and it glows for as long as you like: it is yours for $29.99!",
    "Best of <all> & more. Do not miss it. This one is only a draft of what will be spoken in the end.",
]
MAY_DIFFER = 0.05
STEP = 0.01  # of looking at sound
LINE = 42


@pytest.fixture(scope="module")
def stack():
    with daemons.running() as running:
        yield running


def video_of(stack, **more):
    scenes = [stacks.scene(0, narration=NARRATIONS[0]), stacks.scene(1), stacks.scene(2, narration=NARRATIONS[1])]
    return stack.create(stacks.film(scenes=scenes, aspectRatio="1:1", musicVolume=0, **more))


def words_of(times):
    """(text, start, end) of each word of voice.json, a list for each narration."""
    narrations, word = [[]], None
    for character, start, end in zip(times["characters"], times["startMs"], times["endMs"]):
        if character == "\f":
            narrations.append([])
        if character.isspace():
            word = None
        elif word is None:
            narrations[-1].append(word := [character, start / 1000, end / 1000])
        else:
            word[0] += character
            word[2] = end / 1000
    return narrations


@pytest.fixture(scope="module")
def made(stack, tmp_path_factory):
    """A film, the files of its captions, and its voice with the times of its words."""
    with stack.ffmpeg.hold("mix"):
        video = video_of(stack)
        folder = stack.folder / "work" / video
        wait_for("the voice", (folder / "voice.wav").exists)
        times = json.loads((folder / "voice.json").read_text())
        voice = media.sound(folder / "voice.wav")
    stack.wait_completed(video)
    shown = stack.get(f"/videos/{video}").json
    files = {kind: stack.get(shown["captionFiles"][f"{kind}Url"].removeprefix(stack.url)) for kind in ("srt", "vtt")}
    path = stack.folder / "media" / shown["videoUrl"].split("/media/")[1]
    return {"shown": shown, "files": files, "times": times, "words": words_of(times), "voice": voice, "path": path}


# --- files ---

TIME = r"(\d\d):([0-5]\d):([0-5]\d)%s(\d{3})"


def seconds(hours, minutes, secs, millis):
    return int(hours) * 3600 + int(minutes) * 60 + int(secs) + int(millis) / 1000


def cues_of(text, point, line_end):
    """(start, end, lines) of each, of a file that has nothing else."""
    pattern = re.compile(f"{TIME % point} --> {TIME % point}")
    cues = []
    blocks = text.split(line_end * 2)
    assert blocks.pop() == ""
    for number, block in enumerate(blocks):
        head, timing, *lines = block.split(line_end)
        assert head == str(number + 1) and lines and all(lines) and "\r" not in block.replace("\r\n", "")
        groups = pattern.fullmatch(timing).groups()
        cues.append((seconds(*groups[:4]), seconds(*groups[4:]), lines))
    return cues


def replace(text, pairs):
    for old, new in pairs:
        text = text.replace(old, new)
    return text


def cues_of_vtt(text):
    assert text.startswith("WEBVTT\n\n")
    cues = cues_of(text.removeprefix("WEBVTT\n\n"), r"\.", "\n")
    plain = [("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
    return [(start, end, [replace(line, plain) for line in lines]) for start, end, lines in cues]


def vtt_cues(made):
    return cues_of_vtt(made["files"]["vtt"].body.decode())


def test_both_files_say_the_same(made):
    assert made["files"]["srt"].headers["Content-Type"].startswith("application/x-subrip")
    assert made["files"]["vtt"].headers["Content-Type"].startswith("text/vtt")
    srt = cues_of(made["files"]["srt"].body.decode(), ",", "\r\n")
    vtt = vtt_cues(made)
    assert [(start, end) for start, end, _ in srt] == [(start, end) for start, end, _ in vtt]
    assert [replace(line, [("\u2039", "<"), ("\u203a", ">")]) for *_, lines in srt for line in lines] == [
        line for *_, lines in vtt for line in lines]
    assert " ".join(line for *_, lines in vtt for line in lines) == " ".join(NARRATIONS)


def test_they_can_be_read(made):
    cues = vtt_cues(made)
    for (start, end, lines), following in itertools.zip_longest(cues, cues[1:]):
        assert len(lines) <= 2 and max(map(len, lines)) <= LINE
        assert 1 <= end - start <= 7
        assert following is None or end <= following[0]
    assert cues[-1][1] <= made["shown"]["duration"]


def placed_words(narrations, cues):
    """The words as the film has them: where a narration begins in it is told by its first caption only."""
    for narration in narrations:
        first = next(cue for cue in cues if cue[2][0].startswith(narration[0][0]))
        for text, start, end in narration:
            yield text, start - narration[0][1] + first[0], end - narration[0][1] + first[0]


def assert_timed(narrations, cues):
    """Each is there from its first word on, and until its last at least."""
    words = list(placed_words(narrations, cues))
    worst = 0
    for start, end, lines in cues:
        mine = [words.pop(0) for _ in " ".join(lines).split()]
        assert [text for text, *_ in mine] == " ".join(lines).split()
        worst = max(worst, abs(start - mine[0][1]))
        assert end >= mine[-1][2] - MAY_DIFFER
    print(f"a caption begins {worst * 1000:.0f} ms from its first word at most")
    assert worst <= MAY_DIFFER and not words


def test_each_is_there_with_its_words(made):
    assert_timed(made["words"], vtt_cues(made))


# --- what is heard ---


def onsets(pcm, quiet=0.15):
    """When sound begins after so much silence."""
    levels = media.loudness(pcm, STEP)
    loud = [level > max(levels) / 50 for level in levels]
    before = round(quiet / STEP)
    return [n * STEP for n, is_loud in enumerate(loud) if is_loud and not any(loud[max(0, n - before) : n])]


def sentences_of(words):
    """When each begins."""
    for before, (_, start, _) in zip([("."), *(text for text, *_ in words)], words):
        if before[-1] in ".!?":
            yield start


def nearest(value, values):
    return min((abs(value - other) for other in values), default=99)


def test_the_local_voice_speaks_when_it_says(made):
    heard = onsets(made["voice"])
    starts = [start for narration in made["words"] for start in sentences_of(narration)]
    assert len(starts) == 5
    starts.remove(made["words"][1][0][1])  # there is no pause at the seam: the film has one
    off = [nearest(start, heard) for start in starts]
    print("sentences begin", [f"{1000 * value:.0f}" for value in off], "ms from the sound")
    assert max(off) <= MAY_DIFFER


def test_captions_are_heard_in_the_film(made):
    heard = onsets(media.sound(made["path"]))
    starts = [start for text, start, _ in placed_words(made["words"], vtt_cues(made)) if text in ("Meet", "It", "Best", "Do", "This")]
    assert len(starts) == 5
    off = [nearest(start, heard) for start in starts]
    print("sentences begin", [f"{1000 * value:.0f}" for value in off], "ms from the film's sound")
    assert max(off) <= MAY_DIFFER


# --- a real player ---

WATCH = """
const [video, file, done] = arguments;
const player = document.createElement("video");
const track = document.createElement("track");
player.src = video;
track.src = file;
track.kind = "captions";
track.default = true;
track.addEventListener("error", () => done({error: "the track was not read"}));
track.addEventListener("load", () => done({cues: [...track.track.cues].map((cue) => [cue.startTime, cue.endTime,
    cue.getCueAsHTML().textContent])}));
player.append(track);
document.body.append(player);
track.track.mode = "showing";
"""


def test_a_browser_reads_them(stack, made, tmp_path):
    browser = start_chromium(tmp_path / "profile")
    try:
        browser.get(f"{stack.url}/dashboard/")
        browser.set_script_timeout(60)
        read = browser.execute_async_script(WATCH, made["shown"]["videoUrl"], made["shown"]["captionFiles"]["vttUrl"])
    finally:
        browser.quit()
    assert "error" not in read
    cues = vtt_cues(made)
    assert [text for *_, text in read["cues"]] == ["\n".join(lines) for *_, lines in cues]
    for (start, end, _), (is_start, is_end, _) in zip(cues, read["cues"]):
        assert (is_start, is_end) == pytest.approx((start, end), abs=0.001)


def hex_dump(shown):
    """The text behind lines of offset, up to 16 bytes in groups of two, and the same as characters."""
    groups = (line[10:50].split() for line in shown.strip().splitlines())
    return bytes.fromhex("".join(group for line in groups for group in line)).decode()


def test_players_read_the_srt(made, tmp_path):
    """By the library that most of them read it with; browsers do not know the format."""
    (tmp_path / "film.srt").write_bytes(made["files"]["srt"].body)
    packets = media.probe(tmp_path / "film.srt", "-show_packets", "-show_data")["packets"]
    read = [(float(one["pts_time"]), float(one["duration_time"]), hex_dump(one["data"])) for one in packets]
    cues = cues_of(made["files"]["srt"].body.decode(), ",", "\r\n")
    assert [text for *_, text in read] == ["\n".join(lines) for *_, lines in cues]
    for (start, end, _), (is_start, lasts, _) in zip(cues, read):
        assert (is_start, is_start + lasts) == pytest.approx((start, end), abs=0.001)


# --- a vendor's voice ---

SPOKEN = ["Olive wood, cut by hand. It is oiled twice.", "No other looks like it.", "Take yours home."]
OTHER = "There is none like it."


@pytest.fixture(scope="module")
def shop():
    with bought.running(scene_provider="local") as stack:
        yield stack


@pytest.fixture(scope="module")
def narrated(shop):
    """A film whose scenes are narrated by the vendor."""
    scenes = [stacks.scene(n, narration=text) for n, text in enumerate(SPOKEN)]
    video = shop.create(bought.film(*scenes))
    shop.wait_completed(video)
    return video


def vendors_words(shop):
    """(text, start, end) of each word, as the vendor timed them in each request."""
    for request in shop.elevenlabs.seen("speech"):
        times = shop.elevenlabs.post(request["path"], request["body"]).json["alignment"]
        milli = {name: [1000 * time for time in times[f"character_{name}_times_seconds"]] for name in ("start", "end")}
        yield from words_of({"characters": times["characters"], "startMs": milli["start"], "endMs": milli["end"]})


def test_a_vendors_times_are_those_of_the_captions(shop, narrated):
    bodies = [request["body"] for request in shop.elevenlabs.seen("speech")]
    assert [body["text"] for body in bodies] == SPOKEN
    assert [body.get("previous_text") for body in bodies] == [None, *SPOKEN[:-1]]
    assert [body.get("next_text") for body in bodies] == [*SPOKEN[1:], None]
    file = shop.get(f"/videos/{narrated}").json["captionFiles"]["vttUrl"].removeprefix(shop.url)
    assert_timed(list(vendors_words(shop)), cues_of_vtt(shop.get(file).body.decode()))


@pytest.mark.parametrize("spoken, anew", [([SPOKEN[0], OTHER, SPOKEN[2]], [OTHER]), (SPOKEN[1:], [])])
def test_a_narration_that_changes_is_the_one_that_is_bought(shop, narrated, spoken, anew):
    """What stands beside it was bought and stays; not so when the vendor was told other words around it."""
    asked = len(bought.scripts(shop))
    bought.change(shop, narrated, scenes=[stacks.scene(n, narration=text) for n, text in enumerate(spoken)])
    bought.ask(shop, narrated, "render")
    shop.wait_completed(narrated)
    assert bought.scripts(shop)[asked:] == anew
    file = shop.get(f"/videos/{narrated}").json["captionFiles"]["vttUrl"].removeprefix(shop.url)
    cues = cues_of_vtt(shop.get(file).body.decode())
    assert " ".join(line for *_, lines in cues for line in lines) == " ".join(spoken)
