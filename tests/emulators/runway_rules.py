"""What Runway takes beyond the shapes of contracts/runway.json: the models' limits and prices, and pictures."""

import base64
import binascii
import re
import urllib.parse

import contract

CONTRACT = contract.load("runway")["endpoints"]

# Per model: promptText in UTF-16 units, seconds, credits a second without and with sound, the duration and the sound
# that are meant when the request does not say.
MODELS = {
    "gen4.5": {"prompt": (1, 1000), "seconds": (2, 10), "rates": (12, 12), "default": (5, False)},
    "gen4_turbo": {"prompt": (0, 1000), "seconds": (2, 10), "rates": (5, 5), "default": (5, False)},
    "veo3.1": {"prompt": (1, 1000), "seconds": (4, 8), "rates": (20, 40), "default": (8, True)},
    "veo3.1_fast": {"prompt": (1, 1000), "seconds": (4, 8), "rates": (10, 15), "default": (8, True)},
}
SEED = (0, 2**32 - 1)
DATA_URI_MAX = 5 << 20
URL_MAX = 2048
UPLOAD_BYTES = (512, 200 << 20)
FORMAT_RATES = {"mp4": 0, "prores": 5, "png_sequence": 5}  # the others: 20
PICTURES = (("image/jpeg", re.compile(rb"\xff\xd8\xff")), ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
            ("image/webp", re.compile(rb"RIFF....WEBP", re.S)))
DATA_URI = re.compile(r"data:(image/[a-z]+);base64,(.+)", re.S)


def picture_type(data):
    return next((kind for kind, start in PICTURES if start.match(data)), None)


def issue(path, message, code="custom", **more):
    return {**more, "code": code, "path": path, "message": message}


def outside(path, kind, value, limits, unit=""):
    """The issue of a number, or a length, that is too small or too big."""
    for code, limit, word, sign, key in (("too_small", limits[0], "small", ">=", "minimum"),
                                         ("too_big", limits[1], "big", "<=", "maximum")):
        if (value < limit) if code == "too_small" else (value > limit):
            text = f"Too {word}: expected {kind} to {'have' if unit else 'be'} {sign}{limit}{unit}"
            return [issue(path, text, code, origin=kind, inclusive=True, **{key: limit})]
    return []


def integer(path, value, limits):
    if not isinstance(value, int):
        return [contract.wrong_type(path, "int", "number")]
    return outside(path, "number", value, limits)


def utf16_units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def create_issues(endpoint, body, uploads):
    """uploads(uri): what was stored under a runway:// address, its first bytes; None: nothing."""
    model = body.get("model") if isinstance(body, dict) else None
    shape = contract.variant(CONTRACT[endpoint], "model", model) if isinstance(model, str) else None
    if not isinstance(body, dict):
        return [contract.wrong_type([], "object", contract.received(body) if body is not None else "undefined")]
    if shape is None or model not in MODELS:
        return no_such_model(model)
    return contract.issues(shape, body) or limit_issues(MODELS[model], body, uploads)


def no_such_model(model):
    found = [issue(["model"], "Invalid input", "invalid_union", errors=[], note="No matching discriminator",
                   discriminator="model")]
    if not isinstance(model, str):
        got = "undefined" if model is None else contract.received(model)
        found.insert(0, contract.wrong_type(["model"], "string", got))
    return found


def limit_issues(rules, body, uploads):
    found = []
    if "promptText" in body:
        found += outside(["promptText"], "string", utf16_units(body["promptText"]), rules["prompt"], " characters")
    if "duration" in body:
        found += integer(["duration"], body["duration"], rules["seconds"])
    if "seed" in body:
        found += integer(["seed"], body["seed"], SEED)
    return found + image_issues(body.get("promptImage"), uploads)


def image_issues(image, uploads):
    if image is None:
        return []
    if isinstance(image, str):
        return uri_issues(["promptImage"], image, uploads)
    found = [] if image else outside(["promptImage"], "array", 0, (1, 2), " items")
    positions = [entry["position"] for entry in image]
    if len(set(positions)) < len(positions):
        found.append(issue(["promptImage"], "Each position may be used once"))
    if image and "first" not in positions:
        found.append(issue(["promptImage"], "A last frame needs a first frame"))
    for n, entry in enumerate(image):
        found += uri_issues(["promptImage", n, "uri"], entry["uri"], uploads)
    return found


def uri_issues(path, uri, uploads):
    problem = uri_problem(uri, uploads)
    return [issue(path, problem)] if problem else []


def uri_problem(uri, uploads):
    for scheme, check in (("https:", lambda: url_problem(uri)), ("data:", lambda: data_problem(uri)),
                          ("runway:", lambda: upload_problem(uploads(uri)))):
        if uri.startswith(scheme):
            return check()
    return "Invalid URI: expected an HTTPS URL, a Runway upload URI or a data URI"


def url_problem(uri):
    """The service would fetch the picture now; we have no internet, and look at the address alone."""
    host = urllib.parse.urlsplit(uri).hostname or ""
    if len(uri) > URL_MAX:
        return f"URLs may have at most {URL_MAX} characters"
    if not re.fullmatch(r"([a-z0-9_-]+\.)+[a-z][a-z0-9-]*", host):
        return "URLs must have a domain name, not an IP address"
    return None


def data_problem(uri):
    found = DATA_URI.fullmatch(uri)
    if len(uri) > DATA_URI_MAX:
        return f"Data URIs may have at most {DATA_URI_MAX} characters"
    if not found:
        return "Invalid data URI: expected an image in base64"
    try:
        data = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return "Invalid data URI: not base64"
    kind = picture_type(data)
    if not kind or kind != found[1]:
        return f"Invalid data URI: {found[1]} expected, {kind or 'no JPEG, PNG or WebP'} found"
    return None


def upload_problem(start):
    if start is None:
        return "The upload does not exist, was not completed or has expired"
    return None if picture_type(start) else "The upload is not a JPEG, PNG or WebP image"


def price(body):
    """Seconds, whether there is sound, and credits of a request that is in order."""
    rules = MODELS[body["model"]]
    seconds = body.get("duration", rules["default"][0])
    sound = body.get("audio", rules["default"][1])
    extra = FORMAT_RATES.get(body.get("outputFormat", "mp4"), 20)
    return seconds, sound, seconds * (rules["rates"][sound] + extra)
