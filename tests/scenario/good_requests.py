"""What must be accepted, right at the limits, and what is read back of it."""

import hashlib
import json
from dataclasses import dataclass, field

from bad_requests import ABSENT, changed, encode, raw
from stack import film, scene

CLEAR_PATH = "6d757369-6300-4000-8000-000000000003"
LONGEST_ID = "A.store_of-64-characters".ljust(64, "x")
FACE = "😀"  # four bytes in UTF-8, two units in UTF-16
SCRIPTS = "Prix: 5 € – “fin” العربية עברית 日本語 e\u0301 ‏"
NASTY = "'; DROP TABLE videos; -- <b>&amp;</b> \\ \" %s %00 {} ${x}"


SOUND = b"ID3\x04\x00\x00\x00\x00\x00\x00.."  # a file that the store "shop" has sent
UPLOAD = f"/uploads/shop/{hashlib.sha256(SOUND).hexdigest()[:32]}.mp3"
TEXT_STYLE = {"position": "top", "size": "large", "background": "outline", "entrance": "slide", "colour": "#000000",
              "backgroundColour": "#FFFFFF"}
NO_STYLE = dict.fromkeys(TEXT_STYLE)
# Taken as they are: what draws them sees to it that they stay in their place.
STRANGE = [
    "override \u202eabc\u202c and isolate \u2067abc\u2069",
    "override \u202e\u202e\u202d without an end",
    "Z" + "\u0301\u0316\u0334" * 40 + "algo",
    "joiners \u200d\ufe0f\u200c and \u2060 a \ufeff mark",
    "last points \U0010ffff \ue000 \ufffd",
    "{\\an8\\fs200}%{localtime} ':[out];movie=/etc/passwd",
]


@dataclass(frozen=True)
class Good:
    title: str
    body: object
    read_back: dict
    id: str = ""
    headers: dict = field(default_factory=dict)


VIDEO = film(scenes=[scene(1)])
VIDEO_DEFAULTS = {
    "productId": None,
    "mode": "full",
    "model": None,
    "reuse": True,
    "voiceoverScript": None,
    "voiceId": None,
    "voiceVolume": 100,
    "musicTrackId": None,
    "musicVolume": 30,
    "renditions": [],
    "quality": None,
    "fit": "cover",
    "transition": "cut",
    "transitionDuration": 0.5,
    "captions": "none",
    "captionStyle": "clean",
    "textStyle": None,
    "sceneVolume": 0,
    "voiceUrl": None,
    "musicUrl": None,
    "brand": True,
}
SCENE_DEFAULTS = {
    "imageUrl": None,
    "textOverlay": None,
    "model": None,
    "narration": None,
    "fit": None,
    "focus": {"x": 0.5, "y": 0.5},
    "transition": None,
    "transitionDuration": None,
    "textStyle": None,
    "generation": None,
}

LONGEST = {
    **VIDEO,
    "title": FACE * 200,
    "voiceoverScript": FACE * 5000,
    "scenes": 50 * [{
        "prompt": FACE * 1000,
        "duration": 60,
        "imageUrl": "https://example.com/".ljust(2048, "x"),
        "textOverlay": FACE * 200,
    }],
}


def video_read(body):
    body = {**VIDEO_DEFAULTS, **body}
    return {**body, "scenes": [{**SCENE_DEFAULTS, **one} for one in body["scenes"]]}


# A good video with one value set; what is read back there, where that is something else.
VIDEO_FIELDS = [
    ("/title", "a"),
    ("/title", "a" * 200),
    ("/title", FACE * 200),
    ("/title", NASTY),
    ("/title", SCRIPTS),
    *(("/style", style) for style in
      ("product_showcase", "lifestyle", "testimonial", "promotional", "social_ad", "story")),
    *(("/aspectRatio", aspect) for aspect in ("16:9", "9:16", "1:1", "4:5")),
    ("/scenes", [scene(n) for n in range(50)]),
    ("/scenes/0/prompt", "a"),
    ("/scenes/0/prompt", FACE * 1000),
    ("/scenes/0/prompt", "two\nlines and\ta tab"),
    ("/scenes/0/prompt", "as Windows\r\nsends it", "as Windows\nsends it"),
    ("/scenes/0/duration", 1),
    ("/scenes/0/duration", 60),
    ("/scenes/0/duration", 1.001),
    ("/scenes/0/duration", 59.999),
    ("/scenes/0/duration", raw("2.5000"), 2.5),
    ("/scenes/0/duration", raw("0.3e1"), 3),
    ("/scenes/0/imageUrl", "/assets/photos/fig.jpg"),
    ("/scenes/0/imageUrl", "https://example.com/a%20b.jpg?width=1&x=%27#y"),
    ("/scenes/0/imageUrl", "https://[2001:db8::1]:8443/a.png"),
    ("/scenes/0/imageUrl", "http://localhost:8080/a.png"),
    ("/scenes/0/imageUrl", "https://example.com/" + "a" * 2028),
    ("/scenes/0/imageUrl", None),
    ("/scenes/0/textOverlay", FACE * 200),
    ("/scenes/0/textOverlay", "two\nlines"),
    ("/scenes/0/textOverlay", "%{pts}: 'a' \\N {\\b1} [x];"),
    ("/scenes/0/textOverlay", " \n", None),
    *((f"{place}/model", model) for place in ("", "/scenes/0") for model in
      ("gen4.5", "gen4_turbo", "veo3.1", "veo3.1_fast", None)),
    ("/mode", "full"),
    ("/mode", "draft"),
    ("/reuse", True),
    ("/reuse", False),
    ("/storeId", LONGEST_ID),
    ("/productId", "thing"),
    ("/voiceoverScript", FACE * 5000),
    ("/voiceoverScript", "", None),
    ("/voiceId", "young"),
    ("/musicTrackId", CLEAR_PATH),
    ("/musicTrackId", CLEAR_PATH.upper(), CLEAR_PATH),
    ("/musicVolume", 0),
    ("/musicVolume", 1),
    ("/musicVolume", 100),
    ("/voiceVolume", 0),
    ("/voiceVolume", 100),
    *((f"{place}/{key}", value) for place in ("", "/scenes/0") for key, value in [
        *(("fit", fit) for fit in ("cover", "contain", "blur")),
        *(("transition", kind) for kind in
          ("cut", "fade", "crossfade", "slide_left", "slide_up", "wipe_left", "wipe_up")),
        ("transitionDuration", 0.1),
        ("transitionDuration", 1.5),
        ("textStyle", TEXT_STYLE),
    ]),
    ("/textStyle", {"size": "small"}, {**NO_STYLE, "size": "small"}),
    ("/textStyle", {"colour": "#a1b2c3", "position": None}, {**NO_STYLE, "colour": "#A1B2C3"}),
    ("/textStyle", {}, None),
    ("/renditions", ["4:5", "16:9"], ["16:9", "4:5"]),
    ("/renditions", ["1:1", "4:5", "16:9"], ["16:9", "1:1", "4:5"]),
    ("/renditions", []),
    *(("/quality", quality) for quality in ("draft", "standard", "high", None)),
    *(("/captions", captions) for captions in ("none", "lines", "words")),
    *(("/captionStyle", style) for style in ("clean", "box", "bold")),
    ("/sceneVolume", 0),
    ("/sceneVolume", 100),
    *((key, url) for key in ("/voiceUrl", "/musicUrl", "/scenes/0/imageUrl") for url in
      ("/assets/music/clear-path.m4a", "https://example.com/a.mp3", UPLOAD)),
    ("/brand", False),
    *(("/scenes/0/narration", text) for text in ("a", FACE * 1500, NASTY, SCRIPTS, "two\nlines", None)),
    ("/scenes/0/narration", " ", None),
    ("/scenes/0/focus", {"x": 0, "y": 1}),
    ("/scenes/0/focus", {"y": 0.333}, {"x": 0.5, "y": 0.333}),
    ("/scenes/0/focus", {}, {"x": 0.5, "y": 0.5}),
    *((pointer, text) for pointer in ("/title", "/scenes/0/prompt", "/scenes/0/textOverlay", "/scenes/0/narration",
                                      "/voiceoverScript") for text in STRANGE),
    ("/musicVolume", raw("30.0"), 30),
    ("/musicVolume", raw("1e2"), 100),
]


def video_row(pointer, value, read_back=ABSENT):
    body = changed(VIDEO, pointer, value)
    read = changed(VIDEO, pointer, value if read_back is ABSENT else read_back)
    text = json.dumps(value)
    return Good(f"{pointer} {text if len(text) < 60 else text[:50] + '...'}", body, video_read(read))


def video_in(title, body, **headers):
    """The same video as other bytes."""
    return Good(title, body, video_read(VIDEO), headers=headers or {"Content-Type": "application/json"})


GOOD_VIDEOS = [
    Good("no key but those that must be there", VIDEO, video_read(VIDEO)),
    Good("null for every optional key",
         {**VIDEO, **dict.fromkeys(VIDEO_DEFAULTS), "scenes": [scene(1, imageUrl=None, textOverlay=None)]},
         video_read(VIDEO)),
    *(video_row(*row) for row in VIDEO_FIELDS),
    Good("a pair of surrogates", encode(VIDEO).replace(b"A small film", rb"\ud83d\uDE00"),
         video_read({**VIDEO, "title": FACE}), headers={"Content-Type": "application/json"}),
    video_in("blanks around and within", b" \r\n\t" + json.dumps(VIDEO, indent="\t").encode() + b"\r\n"),
    video_in("a body of exactly 512 kB", encode(VIDEO).ljust(512 * 1024)),
    Good("everything as long as it may be", json.dumps(LONGEST, ensure_ascii=False).encode(), video_read(LONGEST),
         headers={"Content-Type": "application/json"}),
    video_in("a chunked body", lambda: iter([encode(VIDEO)[:10], encode(VIDEO)[10:]])),
    video_in("a charset", encode(VIDEO), **{"Content-Type": "application/json; charset=utf-8"}),
    video_in("a charset written differently", encode(VIDEO), **{"Content-Type": 'Application/JSON ;charset="UTF-8"'}),
]

STORE_DEFAULTS = {"niche": None, "currency": "USD", "locale": "en-US"}
PRODUCT_DEFAULTS = {"description": None, "sellingPrice": None, "images": []}


def store(title, store_id, body, **read_back):
    return Good(title, body, {"id": store_id, **STORE_DEFAULTS, **body, **read_back}, store_id)


def product(title, product_id, body, **read_back):
    body = {"storeId": "shop", "title": "A thing", **body}
    return Good(title, body, {"id": product_id, **PRODUCT_DEFAULTS, **body, **read_back}, product_id)


GOOD_STORES = [
    store("a store with a name only", "s", {"name": "S"}),
    store("a store at its limits", LONGEST_ID[::-1],
          {"name": FACE * 200, "niche": FACE * 100, "currency": "JPY", "locale": "ja-JP"}),
    store("a store with nulls", "nulls", {"name": NASTY, **dict.fromkeys(STORE_DEFAULTS)}, **STORE_DEFAULTS),
    store("a store that names its id", "named", {"id": "named", "name": SCRIPTS}),
]
PICTURES = [{"url": f"https://example.com/{n}.jpg", "alt": FACE * 200} for n in range(20)]
GOOD_PRODUCTS = [
    product("a product with a title only", "p", {}),
    product("a product at its limits", "P" * 64,
            {"title": FACE * 200, "description": "é" * 20000, "sellingPrice": 9999999.999, "images": PICTURES}),
    product("a product for nothing", "free", {"sellingPrice": 0, "images": []}),
    product("a product of a tenth of a cent", "cheap", {"sellingPrice": 0.001}),
    product("a product with nulls", "none", dict.fromkeys(PRODUCT_DEFAULTS), **PRODUCT_DEFAULTS),
    product("a product's longest picture", "long",
            {"images": [{"url": "https://example.com/" + "a" * 2028, "alt": None}]}),
    product("a product with lines", "lines", {"description": f"{NASTY}\n\t{SCRIPTS}"}),
]
