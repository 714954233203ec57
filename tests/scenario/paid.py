"""What the tests share whose films are bought: a stack that has both emulated vendors for its providers."""

import contextlib

import daemons
import emulators
import media
from stack import wait_for

PICTURES = 4
LONG_MS = 600_000  # of a task: it does not end before its test
PACE = {"runway_poll_ms": 200, "probe_sec": 2}
QUICK = {"pendingMs": 0, "runningMs": 300}


def key_files(folder, vendors):
    """Where each vendor's key is: files that only we may read."""
    found = {}
    for name, key in ((emulator.name, emulator.key) for emulator in vendors):
        found[name] = folder / f"{name}.key"
        found[name].touch(0o600)
        found[name].write_text(f"{key}\n")
    return found


def settings(runway, elevenlabs, folder):
    keys = key_files(folder, (runway, elevenlabs))
    return {**PACE, "scene_provider": "runway", "runway_url": runway.url, "runway_api_key": keys["runway"],
            "voice_provider": "elevenlabs", "elevenlabs_url": elevenlabs.url,
            "elevenlabs_api_key": keys["elevenlabs"]}


@contextlib.contextmanager
def running(**more):
    """A stack, with the emulators as stack.runway and stack.elevenlabs, that knows its voices."""
    with emulators.running() as both:
        ours = settings(both.runway, both.elevenlabs, both.runway.folder.parent)
        with daemons.running(**{**ours, **more}) as stack:
            stack.runway, stack.elevenlabs = both.runway, both.elevenlabs
            for n in range(PICTURES):
                media.make_picture(stack.assets / f"picture-{n}.jpg", (900, 1200), f"{40 * n:02X}8040")
            wait_for("the vendor's voices", lambda: len(stack.get("/videos/voices/available").json) > 10)
            yield stack


def renew(stack):
    """Both emulators as at the beginning, and quick."""
    stack.runway.setup(reset=True, clock=QUICK)
    stack.elevenlabs.setup(reset=True)


def show(stack, video):
    return stack.get(f"/videos/{video}").json


def purchases(stack, video, *columns, kind="scene"):
    """Rows of the ledger, by item."""
    return stack.sql(f"SELECT {', '.join(columns)} FROM purchases WHERE kind = '{kind}' AND video_id = "
                     f"UNHEX('{video.replace('-', '')}') ORDER BY item, created_at")


def remove(stack, video, tasks=0):
    """Deletes it and waits for its end; so many tasks of it are cancelled."""
    assert stack.delete(f"/videos/{video}").status == 204
    wait_for("the removal", lambda: daemons.rows_of(stack, video) == 0 and stack.work_folders() == [])
    if tasks:
        stack.runway.wait("cancel", answered=tasks)
