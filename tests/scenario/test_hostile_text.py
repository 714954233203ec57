"""Texts that are syntax, markup, a path or a trap to somebody: drawn as they are, within the frame and in time."""

import json
import os
import subprocess
import time

import pytest

import letters
from hostile_texts import BYTES, SYNTAX, WORDS, texts


def descriptions(file):
    """In all styles and ratios by turns, as an overlay, on a card or as a caption."""
    styles = ["product_showcase", "social_ad", "story", "promotional"]
    found = []
    for number, text in enumerate(texts(file)):
        one = {"style": styles[number % 4], "ratio": list(letters.SIZES)[number % 4]}
        if number % 5 == 3:
            one |= {"card": {"title": text, "text": text[:100], "action": text[:40]}}
        elif number % 5 == 4:
            one |= {"look": {"captions": "words", "captionStyle": "bold"}, "captions": [[text, 0, 1, 0, 9]]}
        else:
            one |= {"overlay": text}
        found.append(one)
    return found + [{"bytes": raw.hex(), "style": "story", "ratio": "1:1"} for raw in BYTES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def trap(folder):
    """A pipe: who reads it waits, who opens it is seen."""
    os.mkfifo(folder / "trap")
    return folder / "trap"


@pytest.fixture(scope="module")
def drawn(folder, trap):
    wanted = descriptions(str(trap))
    assert len(wanted) >= 200
    return list(zip(wanted, letters.draw(folder, wanted), strict=True))


def test_all_are_drawn_inside_the_frame(drawn):
    for wanted, answer in drawn:
        width, height = letters.SIZES[wanted["ratio"]]
        for image in letters.images(answer):
            assert image["x"] >= 0 and image["x"] + image["width"] <= width, (wanted, image)
            assert image["y"] >= 0 and image["y"] + image["height"] <= height, (wanted, image)


def test_syntax_is_seen_as_it_is(folder):
    """Each shows more than the words alone: nothing of it was taken for anything else."""
    number = {"scene": {"textStyle": {"background": "none", "size": "small"}}, "style": "story", "ratio": "16:9"}
    short = [s for s in SYNTAX if len(s) < 12 and "{file}" not in s]
    plain, *rest = letters.draw(folder, [{**number, "overlay": o} for o in [WORDS, *(f"{WORDS} {s}" for s in short)]])
    for syntax, answer in zip(short, rest, strict=True):
        assert answer["text"]["width"] >= plain["text"]["width"] + 4, syntax
        assert answer["missing"] == 0, syntax


def test_no_file_is_opened(folder, trap):
    """strace would say so as well; a reader of the pipe is known without it: writing would no longer be refused."""
    with pytest.raises(OSError):
        os.open(trap, os.O_WRONLY | os.O_NONBLOCK)
    started = time.monotonic()
    letters.draw(folder, [{"overlay": f"file://{trap}"}, {"card": {"title": f"<img src={trap}>"}}], timeout=60)
    assert time.monotonic() - started < 60


def run(folder, *arguments):
    return subprocess.run([letters.LETTERING, *arguments], cwd=folder, capture_output=True, text=True, timeout=60)


GOOD = {"width": 320, "height": 320, "prefix": "p", "entrance": "none"}
BAD = {
    "nothing": "", "no JSON": "{", "a list": "[]", "an empty object": "{}", "a huge frame": {"width": 100000},
    "no frame": {"height": 0}, "a path for a prefix": {"prefix": "../p"}, "an entrance of its own": {"entrance": "jump"},
    "a number for an overlay": {"overlay": 5}, "a logo elsewhere": {"logo": {"file": "/etc/passwd"}},
    "a logo above": {"logo": {"file": "../x.png"}}, "captions without end": {"captions": {"list": 7}},
}


@pytest.mark.parametrize("what", BAD)
def test_a_broken_order_is_refused_in_one_line(folder, what):
    bad = BAD[what]
    (folder / "bad.json").write_text(bad if isinstance(bad, str) else json.dumps({**GOOD, **bad}))
    done = run(folder, "bad.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("videod-lettering: bad.json: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize("head", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff" + b"\0" * 99,
                                  b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10" + b"\x08\x06\0\0\0" + b"\0" * 99],
                         ids=["empty", "SVG", "huge", "damaged"])
def test_a_broken_logo_is_refused(folder, head):
    (folder / "bad.png").write_bytes(head)
    logo = {"file": "bad.png", "corner": "top_left", "opacity": 100, "size": 12}
    (folder / "bad.json").write_text(json.dumps({**GOOD, "logo": logo}))
    done = run(folder, "bad.json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "bad.png" in done.stderr


def test_missing_fonts_are_named_with_their_packages(folder):
    (folder / "fonts.conf").write_text("<fontconfig><dir>/nowhere</dir></fontconfig>")
    done = subprocess.run([letters.LETTERING, "--fonts"], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "FONTCONFIG_FILE": str(folder / "fonts.conf"),
                               "XDG_CACHE_HOME": str(folder)})
    assert done.returncode == 1
    for name in ["Thai", "Kana", "emoji", "fonts-noto-color-emoji", "fonts-noto-cjk", "fonts-open-sans"]:
        assert name in done.stderr


def test_the_daemon_does_not_start_without_fonts(folder):
    """seed D7: so that no film fails for it, nor shows boxes."""
    (folder / "lettering").write_text(
        "#!/bin/sh\necho 'no font for Thai: \"Noto Sans Thai\" is missing (package fonts-noto-core)' >&2\nexit 1\n")
    (folder / "lettering").chmod(0o755)
    (folder / "videod.conf").write_text(f"work_dir = {folder}/work\nlettering = {folder}/lettering\n")
    done = subprocess.run([letters.BUILD / "videod", "--config", folder / "videod.conf"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 1
    assert "Thai" in done.stderr and "fonts-noto-core" in done.stderr


def test_all_fonts_are_here(folder):
    done = run(folder, "--fonts")
    assert (done.returncode, done.stderr) == (0, "")
