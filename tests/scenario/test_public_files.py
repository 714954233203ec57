"""What a stranger can fetch: under /assets/ only music and pictures, and no cache keeps an error of nginx's own."""

import pytest

from stack import running

SERVED = {".m4a": "audio/mp4", ".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


@pytest.fixture(scope="module")
def stack():
    with running() as stack:
        yield stack


def test_assets_are_music_and_pictures_only(stack):
    files = [path for folder in (stack.folder / "share").iterdir() for path in folder.iterdir()]
    assert {path.suffix for path in files} == set(SERVED), files
    for path in files:
        answer = stack.request("HEAD", f"/assets/{path.parent.name}/{path.name}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, SERVED[path.suffix]), path


def test_every_track_can_be_listened_to(stack):
    for track in stack.get("/videos/music").json:
        answer = stack.get(track["previewUrl"])
        assert (answer.status, answer.body[4:8]) == (200, b"ftyp"), track


@pytest.mark.parametrize("path, status", [
    ("/media/videos/not-yet.mp4", 404),
    ("/assets/music/nothing.m4a", 404),
    ("/nowhere", 404),
    ("/media/%00", 400),
    pytest.param("/" + "x" * 9000, 414, id="long"),
])
def test_errors_are_not_kept(stack, path, status):
    answer = stack.get(path)
    assert (answer.status, answer.headers["Cache-Control"]) == (status, "no-store")
