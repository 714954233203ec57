"""Whose turn it is within one daemon: a video keeps its place as long as it has something to do."""

import pytest

import daemons
from daemons import events, job_of, quick
from stack import scene, wait_for

NOBODY = "http://127.0.0.1:1/picture.jpg"


@pytest.fixture
def stack():
    settings = {"children": 1, "backoff_ms": 30000, "backoff_cap_ms": 30000, "image_allow_private": "yes"}
    with daemons.running(**settings) as running:
        yield running


def test_a_video_that_waits_for_a_child_only_keeps_its_place(stack):
    with stack.ffmpeg.hold("scene"):
        stack.create(quick())
        wait_for("the only child", lambda: stack.ffmpeg.calls("scene") == 1)
        waits = stack.create({**quick(2), "scenes": [scene(1, imageUrl=NOBODY), scene(2)]})
        wait_for("its next try", lambda: events(stack, waits, "picture") == ["start", "retry"])
    wait_for("its other steps", lambda: events(stack, waits, "sound") == ["start", "done"])
    wait_for("its place to be free", lambda: job_of(stack, waits)[0] == daemons.SCHEDULED)
    assert job_of(stack, waits)[2] == "1", "it was claimed only once"
