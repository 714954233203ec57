"""A stack for tests of money: it buys from the emulated vendors without waiting for a place, tries again at once, and
looks at its accounts only when it has a reason to. And what was asked, paid and written down."""

import collections
import contextlib
import re
import subprocess

import daemons
import emulators
import paid
import stack as stacks
from stack import wait_for

AT_ONCE = 100  # more than any test has
LONG_MS = 120_000  # of a task: until a test says that it has ended
SOON = {"pendingMs": 0, "runningMs": 300}
RUNNING = {"pendingMs": 0, "runningMs": LONG_MS}
SETTINGS = {"runway_in_flight": AT_ONCE, "elevenlabs_in_flight": AT_ONCE, "videos_in_flight": AT_ONCE,
            "store_in_flight": AT_ONCE, "attempts": 2, "probe_sec": 300}


@contextlib.contextmanager
def running(**settings):
    """As daemons.running(), with stack.runway and stack.elevenlabs; what they offer is known already."""
    with emulators.running() as vendors:
        begin(vendors)
        ours = paid.settings(vendors.runway, vendors.elevenlabs, vendors.runway.folder.parent)
        with daemons.running(**{**ours, **SETTINGS, **settings}) as stack:
            stack.runway, stack.elevenlabs = vendors.runway, vendors.elevenlabs
            wait_for("the voices", lambda: stack.sql("SELECT id FROM voices LIMIT 1"))
            yield stack


def begin(stack):
    """Both vendors as new: all that was seen, billed and ordered is forgotten."""
    stack.runway.setup(reset=True, clock=SOON, concurrency=AT_ONCE)
    stack.elevenlabs.setup(reset=True, concurrency=AT_ONCE)


def film(*scenes, store="shop", seconds=1, script=None, **more):
    """The body of a film of scenes, each a prompt or whole; nothing of it is taken from other films."""
    whole = [stacks.scene(0, seconds, prompt=one) if isinstance(one, str) else one for one in scenes]
    voice = {"voiceoverScript": script} if script else {}
    return stacks.film(store, whole, **{"aspectRatio": "1:1", "musicVolume": 0, "reuse": False, **voice, **more})


# --- a video ---


def wait_status(stack, video, *wanted, seconds=stacks.PATIENCE_SEC):
    return wait_for(f"{video} {wanted}", lambda: (now := stack.status(video))["status"] in wanted and now, seconds)


def show(stack, video):
    answer = stack.get(f"/videos/{video}")
    assert answer.status == 200, answer
    return answer.json


def ask(stack, video, action, body=None, status=202):
    answer = stack.post(f"/videos/{video}/{action}", body)
    assert answer.status == status, answer
    return answer


def change(stack, video, **fields):
    answer = stack.request("PATCH", f"/videos/{video}", fields)
    assert answer.status == 200, answer
    return answer.json


def ledger(stack, video):
    """What was bought for a video, by scene and then by piece of the voice: "scene 0 kept"."""
    rows = stack.sql("SELECT kind, item, state FROM purchases WHERE video_id = "
                     f"UNHEX('{video.replace('-', '')}') ORDER BY kind, item, created_at")
    return [" ".join(row) for row in rows]


def videoctl(stack, *arguments):
    done = subprocess.run([stacks.BUILD / "videoctl", "--config", stack.env["CONFIG"], *arguments],
                          env={**stack.environment, "VIDEOD_PUBLIC_URL": stack.url}, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def table(text):
    """The rows of a table of videoctl, as {head: value}."""
    head, *rows = ([cell.strip() for cell in re.split(r"  +", line)] for line in text.splitlines())
    return [dict(zip(head, row)) for row in rows]


# --- the vendors ---


def prompts(stack):
    """What Runway was asked to make, by what the client wrote of it: how often."""
    found = (request["body"].get("promptText", "") for request in stack.runway.seen("create"))
    return collections.Counter(re.match(r"[\w -]*", prompt)[0].strip() for prompt in found)


def scripts(stack):
    """What ElevenLabs was asked to speak."""
    return [request["body"]["text"] for request in stack.elevenlabs.seen("speech")]


def counts(stack):
    """How often both were asked for something that costs."""
    return len(stack.runway.seen("create")), len(stack.elevenlabs.seen("speech"))


@contextlib.contextmanager
def told(stack, request, capfd):
    """Prints a row of the table of faults for a test: what was asked for and billed, and what the ledger says of it."""
    [[begun]] = stack.sql("SELECT UTC_TIMESTAMP(3)")
    yield
    rows = stack.sql(f"SELECT kind, state, COUNT(*) FROM purchases WHERE created_at >= '{begun}' GROUP BY kind, state")
    wrote = ", ".join(f"{kind} {state} {count}" for kind, state, count in rows) or "empty"
    creates, speeches = counts(stack)
    clips = f"clips asked for {creates}, billed {len(stack.runway.billed())}"
    voices = f"speeches asked for {speeches}, billed {len(stack.elevenlabs.billed())}"
    what = request.node.name.removeprefix("test_").replace("_", " ")
    with capfd.disabled():
        print(f"\n# {what}: {clips}; {voices}; ledger: {wrote}", flush=True)


def files(stack):
    """Clips and voices that are kept."""
    return [path for path in stacks.files_below(stack.folder / "bought") if path.suffix != ".json"]
