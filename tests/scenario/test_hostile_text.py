"""Texts that are syntax, markup, a path or a trap to somebody: drawn as they are, within the frame and in time."""

import json
import os
import random
import subprocess
import time

import pytest

import letters

PLAIN = "Dont stop"
WORDS = "Dont stop here"

SYNTAX = [
    "'", '"', ":", "%", "\\", "\\\\", "[in]", "[0:v]", ";", ",", "=", "|", "&", "<", ">", "<b>", "</span>", "&amp;",
    "&#0;", "{\\an8}", "\\N", "\\n", "%{pts}", "%{expr:1/0}", "%%", "%s%n%x", "$(id)", "`id`", "${HOME}", "$HOME",
    "!!", "*", "?", "~", "#{x}", "{{x}}", "<!--", "]]>", "<![CDATA[", "--", "-i", "@", "^", "()", "[]", "{}",
    "x',drawtext=textfile={file},drawtext=text='y", "x',negate,drawtext=text='y", "movie={file} [in];[in]",
    "{file}", "file://{file}", "@{file}", "concat:{file}|{file}", "subfile,,start,0,end,9,,:{file}", "data:text/plain,x",
    "http://127.0.0.1:9/x", "../../../../etc/passwd", "/dev/zero", "/proc/self/environ", "\\\\host\\share\\x", "C:\\x",
    "'; DROP TABLE videos; --", "<script>alert(1)</script>", "<span font='999'>x</span>", "<img src={file}>",
    "javascript:alert(1)", "%00", "%2e%2e%2f", "=cmd|' /C calc'!A0", "+1+1", "{\"text\":\"x\"}", "\",\"logo\":{}",
    "u\\u0000x", "NaN", "null", "undefined", "true", "1e999", "-0", "0x7fffffff",
]
TRICKS = [
    "\u202eevil.exe", "a\u202db\u202cc", "\u2066a\u2069\u2069", "\u200fabc \u05d0\u05d1", "abc \u0627\u0644 123 \u05d0",
    "\u05e9\u05dc\u05d5\u05dd (50%) abc", "\u200b\u200b", "\u200d\u200d", "\ufeffa", "a\u00adb", "\u2060" * 50, "\u2028x\u2029y",
    "\u0600\u0601", "\ufdfd", "\ufdfa" * 20, "\U0001f469\u200d" * 50, "\U0001f1e9" * 51, "\U0001f3f4\U000e0067\U000e007f",
    "\U000e0041" * 30, "\ufe0f" * 40, "\u20e3" * 30, "1\ufe0f\u20e3", "\uffff", "\ufffe", "\ufdd0", "\U0010ffff", "\U000f0000", "\ue000\uf8ff",
    "\U0001f600" * 200, "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40, "\u0e01\u0e33\u0e49" * 60, "\u0f67\u0f80" * 40,
    "\u0b95\u0bbf" * 60, "\u1100\u1161\u11a8" * 60, "\u0915\u094d" * 90, "\u0644\u0627" * 90, "\ufffc", "\u2ff0\u4e00", "\U00020000" * 30,
    "i\u0307\u0323" * 40, "\u1ab0" * 30, "\U0001d173" * 20, "\u115f\u1160", "\u3164" * 20, "\u00a0" * 30, "\t\t\t", "\r\r\n\n", "\n" * 90,
]
FLOODS = [
    "x" * 10000, "W" * 200, "i" * 200, "\u4e2d" * 10000, "lorem ipsum " * 900, "a\n" * 5000, "\u0645" * 10000,
    "-" * 200, "." * 10000, "\u0e01" * 3000, "\U0001f600 " * 2000, " " * 10000 + "x",
]
BYTES = [
    b"a\xed\xa0\x80z", b"\xed\xa0\xbd\xed\xb8\x80", b"\xff\xfe\x00\x61"[:2] + b"a", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf8\x88\x80\x80\x80",
    b"\xf4\x90\x80\x80", b"\x80" * 50, b"ok\xe4\xb8", b"\xc3", b"\xfe\xff", bytes(range(1, 32)), bytes(range(0x80, 0x100)),
    b"\x1b[31mred\x1b[0m", b"a\x07\x08b", b"\x7f" * 20,
]


def zalgo(seed):
    chance = random.Random(seed)
    return "".join(c + "".join(chr(chance.randrange(0x300, 0x370)) for _ in range(40)) for c in "Zalgo comes")


def jumble(seed):
    """Code points of any plane."""
    chance = random.Random(seed)
    points = (chance.choice([chance.randrange(0x20, 0x3000), chance.randrange(0x10000, 0x11000),
                             chance.randrange(0x1F000, 0x1FB00), chance.randrange(0xA000, 0xD000)]) for _ in range(60))
    return "".join(map(chr, points))


def texts(file):
    found = [f"{WORDS} {syntax}".replace("{file}", file) for syntax in SYNTAX]
    return found + TRICKS + FLOODS + [zalgo(n) for n in range(12)] + [jumble(n) for n in range(40)]


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
