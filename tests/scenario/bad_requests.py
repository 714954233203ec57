"""What must be refused, as tables: requests with a broken body, a wrong value in each field, a wrong path or query.

A row expands to a Bad: one request, and the status, the code and the places of all problems that its answer must name.
"""

import copy
import json
import re
from dataclasses import dataclass, field

from stack import film, scene

PICTURE = "/assets/photos/fig.jpg"
NOBODY = "00000000-0000-4000-8000-000000000000"
ABSENT = object()


@dataclass(frozen=True)
class Bad:
    title: str
    method: str
    path: str  # {video} in it becomes the id of a video that is pending, of two scenes
    body: object = None
    headers: dict = field(default_factory=dict)
    status: int = 400
    code: str = "validation_failed"
    at: object = None  # the paths in its details; None: not looked at
    allow: str = None


def raw(text):
    """A value that is sent as this text, such as a number that Python would write differently."""
    return f"raw:{text}"


def encode(body):
    return re.sub(r'"raw:([^"]*)"', r"\1", json.dumps(body)).encode()


def changed(body, pointer, value):
    """A copy of body with one value set, or taken away, at a JSON pointer."""
    body = copy.deepcopy(body)
    *way, last = pointer.split("/")[1:]
    place = body
    for key in way:
        place = place[int(key) if isinstance(place, list) else key]
    if isinstance(place, list):
        place[int(last)] = value
    elif value is ABSENT:
        place.pop(last, None)
    else:
        place[last] = value
    return body


# One field at a time. The places of a table's fields are what the answer must name, alone.

VIDEO = film(scenes=[scene(1)])
STORE = {"name": "A shop"}
PRODUCT = {"storeId": "shop", "title": "A thing", "images": [{"url": PICTURE}]}

NO_TEXT = [7, True, [], {}]
NO_NUMBER = ["3", "", True, [], {}, raw("1e999"), raw("-1e999"), raw("99999999999999999999")]
NO_OBJECT = [None, True, 7, "text", []]
MISSING = [ABSENT, None]
BLANK = ["", " ", "\t\n", "\u3000\u00a0"]
CONTROL = ["bell\a", "escape\x1b[2J", "delete\x7f", "c1\u009b"]
MORE_LINES = ["two\nlines", "a\ttab", "two\u2028lines", "two\u2029paragraphs"]
NO_ID = [".hidden", "-dash", "_x", "a b", "a/b", "ä", "x" * 65, "..", "a\n", "'; DROP TABLE videos; --"]
NO_PICTURE = [
    "ftp://example.com/a.jpg",
    "http://example.com/a.jpg",
    "http://127.0.0.1.example.com/a.jpg",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "file:///etc/passwd",
    "//example.com/a.jpg",
    "/etc/passwd",
    "/assets/",
    "/assets/../secret.jpg",
    "/assets/photos/../../secret.jpg",
    "/assets//fig.jpg",
    "assets/photos/fig.jpg",
    "fig.jpg",
    "https://",
    "https:///a.jpg",
    "https://user:word@example.com/a.jpg",
    "https://user@example.com/a.jpg",
    "https://example.com:99999/a.jpg",
    "https://example.com:0/a.jpg",
    "https://[::1/a.jpg",
    "https://example.com/a b.jpg",
    "https://example.com\\a.jpg",
    "HTTPS://EXAMPLE.COM\n/a.jpg",
    "concat:/etc/passwd|/etc/group",
    "https://example.com/" + "a" * 2029,
    "/uploads/",
    "/uploads/shop/",
    "/uploads/shop/a.mp3",
    "/uploads/shop/../a.mp3",
    "/uploads/shop/" + "0" * 32,
    "/uploads/shop/" + "g" * 32 + ".mp3",
    "/uploads/other/" + "0" * 32 + ".mp3",
]
NO_BOOL = [0, 1, "true", "", [], {}]
NO_MODE = NO_TEXT + ["", "Draft", "final"]
NO_MODEL = NO_TEXT + ["gen3", "GEN4.5", "gen4.5\n", "m" * 33]
VOLUMES = [-1, 101, 30.5, "30", raw("1e3"), raw("0.1"), *NO_NUMBER]

TEXT_STYLE_FIELDS = [
    ("", [True, 7, "text", []]),
    ("/position", NO_TEXT + ["", "left"]),
    ("/size", NO_TEXT + ["", "12pt"]),
    ("/background", NO_TEXT + ["", "solid"]),
    ("/entrance", NO_TEXT + ["", "bounce"]),
    ("/colour", NO_TEXT + ["red", "#FFF", "#FFFFFFFF", "FFFFFF", "#GGGGGG", "#12 456", 0xFFFFFF]),
    ("/backgroundColour", NO_TEXT + ["#FFFFF"]),
    ("/font", ["Lato"]),
]
LOOK = {"textStyle": {}, "renditions": ["16:9", "4:5"]}
LOOKING = {**VIDEO, **LOOK, "scenes": [scene(1, textStyle={}, focus={})]}
TRANSITION_FIELDS = [
    ("/fit", NO_TEXT + ["", "stretch", "Cover"]),
    ("/transition", NO_TEXT + ["", "star", "slide-left", "slide_right"]),
    ("/transitionDuration", NO_NUMBER + [0, 0.0999, 1.501, 2, -1, 0.5001]),
    *((f"/textStyle{pointer}", values) for pointer, values in TEXT_STYLE_FIELDS),
]
LOOK_FIELDS = [
    ("/renditions", [True, 7, "1:1", {}]),
    ("/renditions/0", [None, 7, "", "3:2", [], "16x9"]),
    ("/renditions/1", ["16:9"]),
    ("/quality", NO_TEXT + ["", "best", "Draft"]),
    ("/captions", NO_TEXT + ["", "word", "all"]),
    ("/captionStyle", NO_TEXT + ["", "neon"]),
    ("/sceneVolume", [-1, 101, 30.5, raw("0.1"), *NO_NUMBER]),
    ("/voiceUrl", NO_TEXT + NO_PICTURE),
    ("/musicUrl", NO_TEXT + NO_PICTURE),
    ("/brand", NO_BOOL),
    *TRANSITION_FIELDS,
]
SCENE_LOOK_FIELDS = [
    ("/narration", NO_TEXT + CONTROL + ["form\ffeed", "a" * 1501, "😀" * 1501, "a" * 10_000]),
    ("/focus", [True, 7, "middle", [], [0.5, 0.5]]),
    ("/focus/x", NO_NUMBER + [-0.001, 1.001, 0.0001]),
    ("/focus/y", NO_NUMBER + [2]),
    ("/focus/z", [0]),
    *TRANSITION_FIELDS,
]
# Between fields that are each good by themselves: changes of the video, and the one place that the answer must name.
SOURCE = "/uploads/shop/" + "0" * 32 + ".mp3"
RULES = [
    ({"renditions": ["1:1", "9:16"]}, "/renditions"),
    ({"aspectRatio": "1:1", "renditions": ["1:1"]}, "/renditions"),
    ({"voiceoverScript": "Fast.", "scenes": [scene(1, narration="Slow.")]}, "/voiceoverScript"),
    ({"voiceUrl": SOURCE, "voiceoverScript": "Fast."}, "/voiceUrl"),
    ({"voiceUrl": SOURCE, "scenes": [scene(1, narration="Slow.")]}, "/voiceUrl"),
    ({"voiceUrl": SOURCE, "captions": "lines"}, "/captions"),
    ({"musicUrl": SOURCE, "musicTrackId": NOBODY}, "/musicUrl"),
    ({"scenes": [scene(n, narration="a" * 1001) for n in range(5)]}, "/scenes/4/narration"),
    ({"scenes": [scene(1), scene(2)], "transition": "fade", "transitionDuration": 0.501}, "/transitionDuration"),
    ({"scenes": [scene(1, transition="fade", transitionDuration=0.501), scene(2)]}, "/scenes/0/transitionDuration"),
]

VIDEO_FIELDS = [
    ("/storeId", MISSING + NO_TEXT + BLANK + NO_ID),
    ("/productId", NO_TEXT + NO_ID),
    ("/title", MISSING + NO_TEXT + BLANK + CONTROL + MORE_LINES + ["a" * 201, "😀" * 201]),
    ("/style", MISSING + NO_TEXT + ["", "cinematic", "Story", "story ", "product-showcase"]),
    ("/aspectRatio", MISSING + NO_TEXT + ["", "3:2", "16x9", "09:16", 1.7777]),
    ("/scenes", [*MISSING, True, 7, "text", {}, [], [scene(n) for n in range(51)]]),
    ("/scenes/0", NO_OBJECT),
    ("/scenes/0/prompt", MISSING + NO_TEXT + BLANK + CONTROL + ["a" * 1001, "😀" * 1001]),
    ("/scenes/0/duration", MISSING + NO_NUMBER + [0, 0.5, 0.999, 60.001, 61, -1, 1.0001, 59.99999, raw("1e-3")]),
    ("/scenes/0/imageUrl", NO_TEXT + NO_PICTURE),
    ("/scenes/0/textOverlay", NO_TEXT + CONTROL + ["a" * 201, "😀" * 201]),
    ("/scenes/0/model", NO_MODEL),
    ("/scenes/0/text", ["unknown"]),
    *((f"/scenes/0{pointer}", values) for pointer, values in SCENE_LOOK_FIELDS),
    *LOOK_FIELDS,
    ("/mode", NO_MODE),
    ("/model", NO_MODEL),
    ("/reuse", NO_BOOL),
    ("/voiceoverScript", NO_TEXT + CONTROL + ["a" * 5001]),
    ("/voiceId", NO_TEXT + ["a" * 65, "a voice", "../voice", "vöice"]),
    ("/musicTrackId", NO_TEXT + ["upbeat", "../../../etc/passwd", NOBODY[:-1], NOBODY + "0", NOBODY.replace("-", ""),
                                 "{" + NOBODY + "}"]),
    ("/musicVolume", VOLUMES),
    ("/voiceVolume", VOLUMES),
    ("/status", ["completed"]),
    ("/videoId", [NOBODY]),
    ("/~1a~0b", ["unknown"]),
]
STORE_FIELDS = [
    ("/id", [7, "other"]),
    ("/name", MISSING + NO_TEXT + BLANK + CONTROL + MORE_LINES + ["a" * 201]),
    ("/niche", NO_TEXT + CONTROL + MORE_LINES + ["a" * 101]),
    ("/currency", NO_TEXT + ["", "usd", "US", "dollar", "XXX"]),
    ("/locale", NO_TEXT + ["", "en_US", "english", "xx-XX"]),
    ("/owner", ["unknown"]),
]
PRODUCT_FIELDS = [
    ("/id", [7, "other"]),
    ("/storeId", MISSING + NO_TEXT + BLANK + NO_ID),
    ("/title", MISSING + NO_TEXT + BLANK + CONTROL + MORE_LINES + ["a" * 201]),
    ("/description", NO_TEXT + CONTROL + ["a" * 20001]),
    ("/sellingPrice", NO_NUMBER + [-0.001, 0.0001, 10000000, raw("9999999.9991")]),
    ("/images", [True, 7, "text", {}, [{"url": PICTURE}] * 21]),
    ("/images/0", NO_OBJECT),
    ("/images/0/url", MISSING + NO_TEXT + BLANK + NO_PICTURE),
    ("/images/0/alt", NO_TEXT + CONTROL + MORE_LINES + ["a" * 201]),
    ("/images/0/width", [100]),
    ("/price", [1]),
]
OPTION_FIELDS = [
    ("/aspectRatio", NO_TEXT + ["", "3:2"]),
    ("/mode", NO_MODE),
    ("/model", NO_MODEL),
    ("/reuse", NO_BOOL),
    ("/musicVolume", VOLUMES),
    ("/voiceVolume", VOLUMES),
    ("/musicTrackId", NO_TEXT + ["upbeat"]),
    ("/voiceId", NO_TEXT + ["a voice"]),
    ("/narration", ["of a scene"]),
    *LOOK_FIELDS,
    ("/style", ["story"]),  # it is in the query
    ("/title", ["unknown"]),
]
# What a product's video would cost: its options with what is in the URL elsewhere.
WISH_FIELDS = [
    *(row for row in OPTION_FIELDS if row[0] != "/style"),
    ("/productId", [None] + NO_TEXT + BLANK + NO_ID),
    ("/style", NO_TEXT + ["", "cinematic"]),
]
ESTIMATE_FIELDS = [row for row in VIDEO_FIELDS if row[0] not in ("/storeId", "/productId", "/~1a~0b")]
# What must be there can be changed, but not taken away.
CHANGE_FIELDS = [
    *((pointer, [value for value in values if value is not ABSENT])
      for pointer, values in VIDEO_FIELDS if not pointer.startswith("/scenes/") and pointer not in ("/storeId", "/productId")),
    ("/storeId", ["shop", None]),
    ("/productId", ["thing", None]),
]
REGENERATE_FIELDS = [
    ("/prompt", [None] + NO_TEXT + BLANK + CONTROL + ["a" * 1001]),
    ("/imageUrl", NO_TEXT + NO_PICTURE),
    ("/duration", [3]),
]
RETRY_FIELDS = [("/acceptPossibleCharge", NO_BOOL), ("/accept", [True])]
RENDER_FIELDS = [("/mode", NO_MODE), ("/draft", [True])]
REGENERATE = "/videos/{video}/scenes/1/regenerate"


def shown(value):
    text = "absent" if value is ABSENT else json.dumps(value)
    return text if len(text) < 40 else f"{text[:36]}... ({len(value)})"


def field_rows(method, path, body, fields):
    for pointer, values in fields:
        key = pointer.replace("~1", "/").replace("~0", "~") if "~" in pointer else None
        for value in values:
            wrong = {**body, key[1:]: value} if key else changed(body, pointer, value)
            title = f"{method} {path} {pointer} {shown(value)}"
            yield Bad(title, method, path, wrong, at={pointer})


# Several problems at once: each is named.
SEVERAL = [
    ("everything is missing", {}, {"/storeId", "/title", "/style", "/aspectRatio", "/scenes"}),
    (
        "a problem in every field",
        {
            "storeId": "-",
            "productId": 7,
            "title": "",
            "style": "x",
            "aspectRatio": "x",
            "scenes": [{"prompt": "", "duration": 0, "imageUrl": "x", "textOverlay": 7, "more": 1}, 7, {}],
            "voiceoverScript": [],
            "voiceId": "a b",
            "musicTrackId": "x",
            "musicVolume": 101,
            "more": 1,
        },
        {"/storeId", "/productId", "/title", "/style", "/aspectRatio", "/voiceoverScript", "/voiceId", "/musicTrackId",
         "/musicVolume", "/more", "/scenes/0/prompt", "/scenes/0/duration", "/scenes/0/imageUrl",
         "/scenes/0/textOverlay", "/scenes/0/more", "/scenes/1", "/scenes/2/prompt", "/scenes/2/duration"},
    ),
    ("too many scenes, and one of them is wrong",
     {**VIDEO, "scenes": [scene(1, 0), *(scene(n) for n in range(50))]}, {"/scenes", "/scenes/0/duration"}),
    ("a list", [VIDEO], {""}),
    ("a text", "film", {""}),
    ("a number", 3, {""}),
    ("null", raw("null"), {""}),
]

# Bodies that are no JSON.
BROKEN = [
    ("nothing", b""),
    ("blanks only", b" \n "),
    ("an open object", b"{"),
    ("half of a body", encode(VIDEO)[:-1]),
    ("a comma too many", b'{"title":"a",}'),
    ("single quotes", b"{'title':'a'}"),
    ("a key without quotes", b'{title:"a"}'),
    ("a comment", b'{/* no */"title":"a"}'),
    ("a form", b"title=a&style=story"),
    ("something after the body", encode(VIDEO) + b" x"),
    ("two bodies", encode(VIDEO) * 2),
    ("a byte order mark", b"\xef\xbb\xbf" + encode(VIDEO)),
    ("UTF-16", json.dumps(VIDEO).encode("utf-16")),
    ("17 arrays in one another", b'{"scenes":' + b"[" * 17 + b"]" * 17 + b"}"),
    ("100,000 arrays in one another", b"[" * 100_000),
    ("100,000 objects in one another", b'{"a":' * 50_000),
    ("60,000 values", b"[" + b"0," * 60_000 + b"0]"),
    ("a NUL byte", b'{"title":"a\0b"}'),
    ("an escaped NUL", rb'{"title":"a\u0000b"}'),
    ("a NUL after the body", encode(VIDEO) + b"\0"),
    ("a stray byte", b'{"title":"\xff"}'),
    ("Latin-1", '{"title":"é"}'.encode("latin-1")),
    ("an overlong NUL", b'{"title":"\xc0\x80"}'),
    ("an encoded surrogate", b'{"title":"\xed\xa0\x80"}'),
    ("half of a code point", b'{"title":"\xf0\x9f\x98"}'),
    ("a lone high surrogate", rb'{"title":"\ud83d"}'),
    ("a lone low surrogate", rb'{"title":"\ude00"}'),
    ("surrogates in the wrong order", rb'{"title":"\ude00\ud83d"}'),
    ("a key twice", b'{"title":"a","title":"b"}'),
    ("a key twice, once escaped", rb'{"title":"a","\u0074itle":"b"}'),
    ("NaN", b'{"musicVolume":NaN}'),
    ("Infinity", b'{"musicVolume":-Infinity}'),
    ("a leading zero", b'{"musicVolume":030}'),
    ("a plus", b'{"musicVolume":+30}'),
    ("a hexadecimal number", b'{"musicVolume":0x1e}'),
    ("a number that ends in a point", b'{"musicVolume":30.}'),
    ("a number of 10,000 digits", b'{"musicVolume":' + b"1" * 10_000 + b"}"),
    ("a word", b"{\"musicVolume\":undefined}"),
    ("a capital True", b'{"musicVolume":True}'),
    ("a text without an end", b'{"title":"a'),
    ("a line end in a text", b'{"title":"a\nb"}'),
    ("an escape that is none", rb'{"title":"\x41"}'),
]

# A good body under a wrong name.
TYPES = [
    ("no type", {}),
    ("an empty type", {"Content-Type": ""}),
    ("plain text", {"Content-Type": "text/plain"}),
    ("a form's type", {"Content-Type": "application/x-www-form-urlencoded"}),
    ("a multipart type", {"Content-Type": "multipart/form-data; boundary=x"}),
    ("a longer type", {"Content-Type": "application/jsonp"}),
    ("JSON in Latin-1", {"Content-Type": "application/json; charset=iso-8859-1"}),
    ("a parameter that is none of ours", {"Content-Type": "application/json; version=2"}),
]

JSON = {"Content-Type": "application/json"}
PADDED = encode(VIDEO).ljust(512 * 1024 + 1)


def chunks(body):
    """As an iterable a body is sent chunked, without a length."""
    return lambda: iter([body[:1000], body[1000:]])


TOO_LARGE = [
    ("one byte more than 256 kB", PADDED),
    ("one byte more than 256 kB, chunked", chunks(PADDED)),
    ("1 MB", PADDED * 4),
    ("1 MB, chunked", chunks(PADDED * 4)),
]

# Things named in a good body that are not there.
UNKNOWN_IN_BODY = [
    ("POST", "/videos", {**VIDEO, "storeId": "nobody"}, "/storeId"),
    ("POST", "/videos", {**VIDEO, "storeId": "SHOP"}, "/storeId"),
    ("POST", "/videos", {**VIDEO, "productId": "nothing"}, "/productId"),
    ("POST", "/videos", {**VIDEO, "productId": "theirs"}, "/productId"),
    ("POST", "/videos", {**VIDEO, "musicTrackId": NOBODY}, "/musicTrackId"),
    ("POST", "/videos", {**VIDEO, "voiceId": "nobody"}, "/voiceId"),
    ("POST", "/videos", {**VIDEO, "voiceId": "v" * 64}, "/voiceId"),
    ("POST", "/videos", {**VIDEO, "mode": "draft", "voiceId": "nobody"}, "/voiceId"),
    ("POST", "/videos/product/thing", {"voiceId": "nobody"}, "/voiceId"),
    ("PATCH", "/videos/{video}", {"voiceId": "nobody"}, "/voiceId"),
    ("POST", "/videos/product/thing", {"musicTrackId": NOBODY}, "/musicTrackId"),
    ("PUT", "/videos/products/new", {**PRODUCT, "storeId": "nobody"}, "/storeId"),
]
# What a video that waits for the daemon cannot be asked.
TOO_EARLY = [
    ("PATCH", "/videos/{video}", {"title": "Another"}),
    ("POST", "/videos/{video}/retry", None),
    ("POST", "/videos/{video}/retry", {"acceptPossibleCharge": True}),
    ("POST", "/videos/{video}/render", None),
    ("POST", "/videos/{video}/render", {"mode": "draft"}),
    ("POST", REGENERATE, {"prompt": "Another"}),
]
UNKNOWN = [
    ("GET", f"/videos/{NOBODY}"),
    ("GET", f"/videos/{NOBODY}/status"),
    ("DELETE", f"/videos/{NOBODY}"),
    *(("POST", f"/videos/{NOBODY}/{action}") for action in ("cancel", "retry", "render", "scenes/1/regenerate")),
    *(("POST", "/videos/{video}" + f"/scenes/{n}/regenerate") for n in (0, 3, 50, 51, -1, "01", "1.0", "x", "%31x", "9" * 30)),
    ("GET", "/videos/voices/nobody/preview"),
    ("GET", "/videos/voices/female/preview"),  # there is no preview of a local voice
    ("GET", "/videos/voices/a%20voice/preview"),
    ("GET", "/videos/voices/" + "v" * 65 + "/preview"),
    ("GET", "/videos/voices/female"),
    ("GET", "/videos/store/nobody"),
    ("GET", "/videos/stores/nobody"),
    ("GET", "/videos/stores/nobody/products"),
    ("GET", "/videos/products/nothing"),
    ("POST", "/videos/product/nothing"),
    # ids that are none
    ("GET", "/videos/1"),
    ("GET", f"/videos/{NOBODY[:-1]}"),
    ("GET", f"/videos/{NOBODY}0/status"),
    ("DELETE", "/videos/not-an-id"),
    ("GET", "/videos/store/-dash"),
    ("GET", "/videos/store/" + "x" * 65),
    ("GET", "/videos/store/%27%20OR%201=1"),
    ("POST", "/videos/product/.hidden"),
    # paths that are none
    ("GET", "/nothing"),
    ("GET", "/videos/"),
    ("GET", "/videosx"),
    ("GET", f"/videos/{NOBODY}/"),
    ("GET", f"/videos/{NOBODY}/nothing"),
    ("GET", "/videos/store"),
    ("GET", "/videos/store/"),
    ("GET", "/videos//voices/available"),
    ("GET", "/videos/voices/AVAILABLE"),
    ("GET", "/healthz/more"),
    ("GET", "/media/"),
    ("GET", "/media/nothing.mp4"),
    ("GET", "/media/.workers"),
    ("GET", "/assets/photos/nothing.jpg"),
    ("GET", "/dashboard/nothing.js"),
    ("GET", "/videos/../etc/passwd"),
]

# What each path can do; anything else is 405 and says so.
ALLOWED = [
    ("/videos", "POST"),
    ("/videos/estimate", "POST"),
    (f"/videos/{NOBODY}", "GET, HEAD, PATCH, DELETE"),
    (f"/videos/{NOBODY}/status", "GET, HEAD"),
    *((f"/videos/{NOBODY}/{action}", "POST") for action in ("cancel", "retry", "render", "scenes/1/regenerate")),
    ("/videos/voices/female/preview", "GET, HEAD"),
    ("/videos/store/shop", "GET, HEAD"),
    ("/videos/product/thing", "POST"),
    ("/videos/voices/available", "GET, HEAD"),
    ("/videos/music", "GET, HEAD"),
    ("/videos/stores", "GET, HEAD"),
    ("/videos/stores/shop", "GET, HEAD, PUT, DELETE"),
    ("/videos/stores/shop/products", "GET, HEAD"),
    ("/videos/products/thing", "GET, HEAD, PUT"),
    ("/healthz", "GET, HEAD"),
]
METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]

# Queries: the places that the answer must name.
NO_LIMIT = ["0", "101", "-1", "abc", "NaN", "", "1.0", "1e1", "010", "%201", "0x10", "9" * 30]
NO_OFFSET = ["-1", "1000001", "abc", "NaN", ""]
QUERIES = [
    *(("GET", f"/videos/store/shop?limit={value}", {"?limit"}) for value in NO_LIMIT),
    *(("GET", f"/videos/store/shop?offset={value}", {"?offset"}) for value in NO_OFFSET),
    ("GET", "/videos/store/shop?status=done", {"?status"}),
    ("GET", "/videos/store/shop?status=", {"?status"}),
    ("GET", "/videos/store/shop?productId=a%20b", {"?productId"}),
    ("GET", "/videos/store/shop?limit=1&limit=2", {"?limit"}),
    ("GET", "/videos/store/shop?limit=%zz", {"?limit"}),
    ("GET", "/videos/store/shop?page=2", {"?page"}),
    ("GET", "/videos/store/shop?limit=0&offset=-1&status=x&more=1", {"?limit", "?offset", "?status", "?more"}),
    ("GET", "/videos/stores?limit=0", {"?limit"}),
    ("GET", "/videos/stores/shop/products?offset=-1", {"?offset"}),
    ("GET", "/videos/music?category=calm", {"?category"}),
    ("GET", f"/videos/{NOBODY}?full=1", {"?full"}),
    ("POST", "/videos?dry=1", {"?dry"}),
    ("POST", "/videos/{video}/cancel?force=1", {"?force"}),
    ("POST", "/videos/{video}/retry?acceptPossibleCharge=true", {"?acceptPossibleCharge"}),
    ("POST", "/videos/product/thing?style=cinematic", {"?style"}),
    ("POST", "/videos/product/thing?style=story&style=story", {"?style"}),
    ("POST", "/videos/product/thing?Style=story", {"?Style"}),
]

NO_KEY = [("that is empty", ""), ("of 201 characters", "k" * 201), ("of other letters", "caf\u00e9"), ("with a tab", "a\tb")]

# What nginx or the reading of the target refuses.
TARGETS = [
    ("an encoded slash", "/videos/store/a%2Fb", 400, "bad_request"),
    ("a broken escape", "/videos/store/%zz", 400, "bad_request"),
    ("an encoded NUL", "/videos/store/a%00", 400, "bad_request"),
    ("a byte that is no UTF-8", "/videos/store/%ff", 400, "bad_request"),
    ("a line end", "/videos/store/a%0Ab", 400, "bad_request"),
    ("a path above the root", "/../../etc/passwd", 400, "bad_request"),
    ("a path of 9,000 bytes", "/videos/store/" + "x" * 9000, 414, "uri_too_long"),
]

BAD = [
    *field_rows("POST", "/videos", LOOKING, VIDEO_FIELDS),
    *(Bad(f"{method} {path} {', '.join(wrong)} at {at}", method, path, {**body, **wrong}, at={at})
      for method, path, body in [("POST", "/videos", VIDEO), ("POST", "/videos/estimate", VIDEO),
                                 ("PATCH", "/videos/{video}", {})] for wrong, at in RULES),
    *field_rows("PUT", "/videos/stores/new", STORE, STORE_FIELDS),
    *field_rows("PUT", "/videos/products/new", PRODUCT, PRODUCT_FIELDS),
    *field_rows("POST", "/videos/product/thing", LOOK, OPTION_FIELDS),
    *field_rows("POST", "/videos/estimate", LOOKING, ESTIMATE_FIELDS),
    *field_rows("POST", "/videos/estimate", {"productId": "thing", **LOOK}, WISH_FIELDS),
    *field_rows("PATCH", "/videos/{video}", LOOK, CHANGE_FIELDS),
    *field_rows("POST", REGENERATE, {}, REGENERATE_FIELDS),
    *field_rows("POST", "/videos/{video}/retry", {}, RETRY_FIELDS),
    *field_rows("POST", "/videos/{video}/render", {}, RENDER_FIELDS),
    Bad("an estimate of nothing", "POST", "/videos/estimate", {},
        at={"/storeId", "/title", "/style", "/aspectRatio", "/scenes"}),
    Bad("an estimate of no product", "POST", "/videos/estimate", {"productId": "nothing"}, status=404,
        code="not_found", at=set()),
    Bad("a change of nobody's video", "PATCH", f"/videos/{NOBODY}", {"title": "x"}, status=404, code="not_found",
        at=set()),
    Bad("a change in no body", "PATCH", "/videos/{video}", code="invalid_json", at=set()),
    *(Bad(f"{method} {path} while it waits", method, path, body, status=409, code="conflict", at=set())
      for method, path, body in TOO_EARLY),
    *(Bad(title, "POST", "/videos", body, at=at) for title, body, at in SEVERAL),
    *(Bad(f"a key {title}", "POST", path, VIDEO if path == "/videos" else {}, {"Idempotency-Key": key},
          code="bad_request", at=set())
      for path in ("/videos", "/videos/product/thing") for title, key in NO_KEY),
    Bad("a query and a body that are wrong", "POST", "/videos/product/thing?style=x", {"musicVolume": 101},
        at={"?style", "/musicVolume"}),
    *(Bad(title, "POST", "/videos", body, JSON, code="invalid_json", at=set()) for title, body in BROKEN),
    Bad("broken JSON in a PUT", "PUT", "/videos/stores/new", b"{", JSON, code="invalid_json", at=set()),
    Bad("broken options", "POST", "/videos/product/thing", b"{", JSON, code="invalid_json", at=set()),
    *(Bad(title, "POST", "/videos", encode(VIDEO), headers, 415, "unsupported_media_type", set())
      for title, headers in TYPES),
    Bad("a PUT without a type", "PUT", "/videos/stores/new", encode(STORE), {}, 415, "unsupported_media_type", set()),
    *(Bad(title, "POST", "/videos", body, JSON, 413, "body_too_large", set()) for title, body in TOO_LARGE),
    *(Bad(f"unknown: {path} {at} {body[at[1:]]}", method, path, body, status=404, code="not_found", at={at})
      for method, path, body, at in UNKNOWN_IN_BODY),
    Bad("a product of another store", "PUT", "/videos/products/theirs", PRODUCT, status=409, code="conflict",
        at={"/storeId"}),
    *(Bad(f"{method} {path}", method, path, status=404, code="not_found", at=set()) for method, path in UNKNOWN),
    *(Bad(f"{method} {path}", method, path, status=405, code="method_not_allowed", at=set(), allow=allow)
      for path, allow in ALLOWED for method in METHODS if method not in allow.split(", ")),
    *(Bad(f"{method} {path}", method, path, at=at) for method, path, at in QUERIES),
    *(Bad(title, "GET", path, status=status, code=code, at=set()) for title, path, status, code in TARGETS),
    Bad("a method in small letters", "get", "/videos/music", status=400, code="bad_request", at=set()),
    Bad("a method of nobody", "FILM", "/videos", status=405, code="method_not_allowed", at=set(), allow="POST"),
    *(Bad(f"{method} {path}", method, path, status=405, code="method_not_allowed", at=set())
      for method, path in (("TRACE", "/videos"), ("PUT", "/dashboard/"), ("DELETE", PICTURE))),
    Bad("a header of 40 kB", "GET", "/videos/music", headers={"X-Long": "x" * 40_000}, status=431,
        code="headers_too_large"),
]
