"""The table of bad days at the vendors: what goes wrong with a request, and what follows from it (test_faults.py)."""

import collections

ATTEMPTS = 3
PATIENCE = 6 * ATTEMPTS  # how often what is paid for is fetched
SCENE = 24  # credits
GONE = 30  # how often the vendor must say that there is no such task
SPOILT = 3  # how often a clip is brought that is none
CLIP_MB = 2

# How a video stands: what became of it, what Runway (or ElevenLabs) was asked for it and accepted, credits that were
# charged for its scenes, its ledger.
End = collections.namedtuple("End", "status asked accepted charged ledger")


class Row:
    """last: how it stands after a retry, which is not tried where it is None."""

    def __init__(self, name, first, last, order, scene=None, speech=False, says=""):
        self.name, self.first, self.last, self.says = name, first, last, says
        self.order, self.scene, self.speech = order, scene or {}, speech


def order(on, do, times=1, match=None):
    """A fault; match None: of the requests for this row."""
    return {"on": on, "times": times, "do": do, "match": match}


def done(asked=1, accepted=1, charged=SCENE, ledger="kept"):
    return End("completed", asked, accepted, charged, ledger)


GOOD = done()
SECOND = done(2, 1, SCENE, "refused, kept")
AGAIN = done(2, 2, SCENE, "failed, kept")  # the first one's credits came back


def paused(reason, ledger="refused", asked=1, accepted=0):
    return End(f"paused: {reason}", asked, accepted, SCENE * accepted, ledger)


def failed(ledger="refused", asked=1, accepted=0, charged=0):
    return End("failed", asked, accepted, charged, ledger)


# --- orders for scenes ---

ERROR = {"error": "Validation of body failed"}


def about(field):
    return {**ERROR, "issues": [{"code": "custom", "path": [field], "message": "No."}]}


def create(name, first, last=None, scene=None, says="", **do):
    return Row(f"create: {name}", first, last, order("create", do), scene, says=says)


def unknown(name, accepted, **do):
    """A reply that says nothing: somebody has to accept that it may cost twice."""
    return create(name, End("paused: possible_charge", 1, accepted, SCENE * accepted, "unknown"),
                  done(2, accepted + 1, SCENE * (accepted + 1), "written_off, kept"),
                  says="It may have been charged (24 credits)", **do)


PICTURE = {"imageUrl": "/assets/picture.jpg"}
NO_CREDIT = {"error": "You do not have enough credits to run this task."}
OLD_VERSION = {"error": "The API version that was provided in the X-Runway-Version header is not valid."}
NO_MORE = {"error": "Your daily task limit has been reached."}

CREATES = [
    create("429", SECOND, status=429, body={"error": "Slow down."}),
    create("429, Retry-After", SECOND, status=429, headers={"Retry-After": "1"}, body={"error": "Slow down."}),
    create("429, daily limit", paused("daily_limit"), SECOND, status=429, body=NO_MORE, says="daily limit"),
    create("400, no credit", paused("out_of_credit"), SECOND, status=400, body=NO_CREDIT, says="out of credit"),
    create("402", paused("out_of_credit"), SECOND, status=402, body=ERROR, says="out of credit"),
    create("401", paused("bad_key"), SECOND, status=401, body={"error": "No."}, says="does not accept our account"),
    create("400, version", paused("bad_key"), SECOND, status=400, body=OLD_VERSION, says="how it is asked"),
    create("400, ratio", failed(), status=400, body=about("ratio"), says="The scene is not accepted"),
    create("400, prompt", failed(), status=400, body=about("promptText"), says="prompt is not accepted"),
    create("400, picture", failed(), status=400, body=about("promptImage"), scene=PICTURE, says="picture cannot be"),
    create("404, HTML", failed(), html=404, says="The scene is not accepted"),
    create("302", SECOND, status=302, headers={"Location": "/elsewhere"}),
    unknown("408", 0, status=408, body=ERROR),
    unknown("409", 0, status=409, body=ERROR),
    unknown("500", 0, status=500, body={"error": "Oh."}),
    unknown("500, accepted", 1, status=500, body={"error": "Oh."}, after=True),
    unknown("502, HTML", 0, html=502),
    unknown("503", 0, status=503, body={"error": "Load."}),
    unknown("504, accepted", 1, html=504, after=True),
    unknown("200, HTML", 0, html=200),
    unknown("200, no id", 0, status=200, body={}),
    unknown("no reply", 0, drop="before"),
    unknown("no reply, accepted", 1, drop="after"),
    unknown("RST", 0, reset=True),
    unknown("RST, accepted", 1, reset="after"),
    unknown("half a JSON", 1, half=True),
    unknown("stall past the deadline", 1, stall=True),
]


def poll(name, first=GOOD, last=None, times=1, says="", **do):
    return Row(f"poll: {name}", first, last, order("poll", do, times), says=says)


NO_TASK = {"error": "Could not find Task"}


POLLS = [
    poll("429", status=429, body=ERROR),
    poll("429, Retry-After", status=429, headers={"Retry-After": "1"}, body=ERROR),
    poll("500, three times", times=3, status=500, body=ERROR),
    poll("502, HTML", html=502),
    poll("404, HTML", html=404),
    poll("half a JSON", half=True),
    poll("no reply", drop="before"),
    poll("RST", reset=True),
    poll("stall past the deadline", stall=True),
    poll("401", paused("bad_key", "known", accepted=1), GOOD, status=401, body={"error": "No."}),
    poll("404, a few times", times=5, status=404, body=NO_TASK),
    poll("404, task gone", paused("possible_charge", "unknown", accepted=1), done(2, 2, 2 * SCENE, "written_off, kept"),
         times=GONE, says="It may have been charged (24 credits)", status=404, body=NO_TASK),
    poll("the URL expires", times=3, expireUrl=True),
]


def download(name, first=GOOD, last=None, times=1, says="", **do):
    return Row(f"download: {name}", first, last, order("download", do, times), says=says)


NOT_HERE = failed("known", accepted=1, charged=SCENE)

DOWNLOADS = [
    download("cut", cutAt=1000),
    download("half", half=True),
    download("no reply", drop="before"),
    download("RST", reset=True),
    download("stall", stall=True),
    download("500", status=500),
    download("502, HTML", html=502),
    download("200, HTML", html=200),
    download("403, expired", expireUrl=True),
    download("403, expired again and again", times=6, expireUrl=True),
    download("another type", contentType="text/plain"),
    download("no film", garbage=True),
    download("never a film", failed("failed", accepted=1, charged=SCENE), done(2, 2, 2 * SCENE, "failed, kept"),
             times=SPOILT, says="cannot be used, and was charged", garbage=True),
    download("too large", clipBytes=CLIP_MB * 2**20 + 1),
    download("always too large", NOT_HERE, GOOD, times=PATIENCE, clipBytes=CLIP_MB * 2**20 + 1),
    download("always cut", NOT_HERE, GOOD, times=PATIENCE, cutAt=1000),
]


def fails(code, first, last=None, times=1, says="", **more):
    return Row(f"FAILED: {code}", first, last, order("create", {"fail": code, **more}, times), says=says)


def final(charged):
    return failed("failed", 1, 1, charged)


TASKS = [
    fails("SAFETY.INPUT.TEXT", final(SCENE), says="prompt was refused"),
    fails("SAFETY.INPUT.IMAGE", final(SCENE), says="picture was refused"),
    fails("SAFETY.INPUT.AUDIO", final(SCENE), says="was refused by the content rules"),
    fails("SAFETY.OUTPUT.VIDEO", final(0), says="was withheld"),
    fails("INPUT_PREPROCESSING.SAFETY.TEXT", final(SCENE), says="prompt was refused"),
    fails("INTERNAL.BAD_OUTPUT.CODE01", final(0), says="another prompt or picture may help"),
    fails("ASSET.INVALID", final(0), says="picture cannot be used"),
    fails("SOMETHING.SAFETY.NEW", final(0), says="was refused by the content rules"),
    fails("INPUT_PREPROCESSING.INTERNAL", AGAIN),
    fails("THIRD_PARTY.UNAVAILABLE", AGAIN),
    fails("INTERNAL", AGAIN),
    fails(None, AGAIN),
    fails("SOMETHING.NEW", AGAIN),
    fails("INTERNAL.BILLED", final(SCENE), done(2, 2, 2 * SCENE, "failed, kept"), failRefund=False,
          says="and charged for it"),
    fails("INTERNAL.ALWAYS", failed("failed, failed, failed", 3, 3), done(4, 4, SCENE, "failed, failed, failed, kept"),
          times=ATTEMPTS, says="could not generate the scene"),
]


def upload(on, name, kind, **do):
    """An upload has the picture's kind for a name; of what is stored only the first one is known."""
    match = f".{kind}" if on == "upload" else ""
    return Row(f"{on}: {name}", GOOD, None, order(on, do, match=match), {"imageUrl": f"/assets/picture.{kind}"})


UPLOADS = [
    upload("upload", "503", "jpg", status=503, body=ERROR),
    upload("upload", "half a JSON", "png", half=True),
    upload("storage", "500", "webp", status=500),
]


# --- orders for speech; asked, accepted and ledger are of the voice, charged is of the scene ---


def speech(name, first, last=None, says="", **do):
    return Row(f"speech: {name}", first, last, order("speech", do), speech=True, says=says)


def new(code):
    return {"detail": {"type": "error", "code": code, "message": "No.", "status": "", "request_id": "1", "param": None}}


def old(status):
    return {"detail": {"status": status, "message": "No."}}


def spoken(asked=1, accepted=1, ledger="kept"):
    return End("completed", asked, accepted, SCENE, ledger)


def said_no(status="failed"):
    return End(status, 1, 0, SCENE, "refused")


def unheard(name, accepted, **do):
    return speech(name, End("paused: possible_charge", 1, accepted, SCENE, "unknown"),
                  spoken(2, accepted + 1, "written_off, kept"), says="The voice-over: the request to make it", **do)


def coded(status, code, first, last=None, says="", shapes=(new, old)):
    return [speech(f"{status}, {code}, {shape.__name__} form", first, last, says, status=status, body=shape(code))
            for shape in shapes]


NOT_ALLOWED = "may not use this voice"
NO_VOICE = "has no such voice"
INVALID = "narration is not accepted"
TOO_LONG = "too long for the voice service"
LATER = spoken(2, 1, "refused, kept")

SPEECHES = [
    *coded(400, "invalid_parameters", said_no(), says=INVALID),
    *coded(400, "text_too_long", said_no(), says=TOO_LONG, shapes=[new]),
    *coded(400, "max_character_limit_exceeded", said_no(), says=TOO_LONG, shapes=[old]),
    *coded(400, "empty_text", said_no(), says="nothing that can be spoken"),
    *coded(400, "invalid_voice_id", said_no(), says=NO_VOICE),
    *coded(400, "invalid_voice_settings", said_no(), says=INVALID),
    *coded(400, "unsupported_model", said_no(), says=INVALID),
    *coded(400, "invalid_output_format", said_no(), says=INVALID),
    *coded(404, "voice_not_found", said_no(), says=NO_VOICE),
    *coded(404, "model_not_found", said_no(), says=INVALID),
    *coded(402, "paid_plan_required", said_no(), says=NOT_ALLOWED),
    *coded(403, "subscription_required", said_no(), says=NOT_ALLOWED),
    *coded(403, "feature_not_available", said_no(), says=NOT_ALLOWED),
    *coded(403, "voice_access_denied", said_no(), says=NOT_ALLOWED),
    *coded(403, "insufficient_permissions", said_no("paused: bad_key"), LATER, says="does not let our account"),
    *coded(401, "invalid_api_key", said_no("paused: bad_key"), LATER, shapes=[new]),
    *coded(400, "invalid_api_key", said_no("paused: bad_key"), shapes=[old]),
    *coded(401, "missing_api_key", said_no("paused: bad_key")),
    *coded(401, "quota_exceeded", said_no("paused: out_of_credit"), LATER, shapes=[old]),
    *coded(402, "insufficient_credits", said_no("paused: out_of_credit"), shapes=[new]),
    *coded(429, "concurrent_limit_exceeded", LATER, shapes=[new]),
    *coded(429, "too_many_concurrent_requests", LATER, shapes=[old]),
    *coded(429, "rate_limit_exceeded", LATER, shapes=[new]),
    *coded(429, "system_busy", LATER, shapes=[old]),
    *coded(500, "internal_error", LATER, shapes=[new]),
    *coded(503, "service_unavailable", LATER, shapes=[old]),
    speech("422", said_no(), says=INVALID, status=422, body={"detail": [{"loc": ["body"], "msg": "x", "type": "y"}]}),
    speech("400, a bare text", said_no(), says=INVALID, status=400, body={"detail": "No."}),
    unheard("500, HTML", 0, html=500),
    unheard("502, accepted", 1, html=502, after=True),
    unheard("no reply", 0, drop="before"),
    unheard("no reply, accepted", 1, drop="after"),
    unheard("RST, accepted", 1, reset="after"),
    unheard("half a JSON", 1, half=True),
    unheard("cut", 1, cutAt=3000),
    unheard("nothing for a while, then the end", 1, delayMs=2000, drop="after"),
    unheard("no sound", 0, status=200, body={"audio_base64": "", "alignment": None, "normalized_alignment": None}),
]

ROWS = [*CREATES, *POLLS, *DOWNLOADS, *TASKS, *UPLOADS, *SPEECHES]
