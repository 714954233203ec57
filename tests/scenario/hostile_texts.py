"""Texts that are syntax, markup, a path or a trap to somebody."""

import random

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
