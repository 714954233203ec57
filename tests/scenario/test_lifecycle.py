"""The life of a video as a client sees it: from the request to the files, and what is left of it after its end."""

import contextlib
import functools
import http.server
import threading
import uuid

import pytest

import daemons
import stack as stacks
from daemons import children, events, job_of, quick, rows_of
from stack import scene, wait_for

STATUSES = ["pending", "generating_scenes", "generating_voiceover", "composing", "processing", "completed"]
RESULTS = ["videoUrl", "thumbnailUrl", "duration"]
STEP_SEC = 0.5  # so that there is something to see
PICTURE_BYTES = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def stack():
    with daemons.running(image_allow_private="yes") as running:
        yield running


def assert_gone(stack, video):
    """For clients, from this moment on."""
    for path in (f"/videos/{video}", f"/videos/{video}/status"):
        assert stack.get(path).status == 404
    assert stack.delete(f"/videos/{video}").status == 404


def wait_removed(stack, video):
    wait_for("the removal of its rows", lambda: rows_of(stack, video) == 0)
    assert not (stack.folder / "media" / "videos" / video).exists()
    assert not (stack.folder / "work" / video).exists()
    assert_gone(stack, video)


# --- a film, watched from its beginning to its end ---


@pytest.fixture(scope="module")
def film(stack):
    """A film with everything, and all that was seen of it; memcached loses everything half-way."""
    scenes = [scene(1, imageUrl="/assets/picture.jpg", textOverlay="Here it is"), scene(2, textOverlay="Once more")]
    stack.ffmpeg.take(STEP_SEC)
    with contextlib.ExitStack() as watched:
        with stack.ffmpeg.hold("scene"):
            video = stack.create(stacks.film(scenes=scenes, voiceoverScript="Here it is, once more.", voiceId="female"))
            sampler = watched.enter_context(daemons.Sampler(lambda: stack.status(video)))
            wait_for("a first look", lambda: sampler.seen)
        wait_for("half of the film", lambda: sampler.seen and sampler.seen[-1]["progress"] >= 40)
        stack.run("kill", "memcached")
        wait_for("some progress without memcached", lambda: sampler.seen[-1]["progress"] >= 60)
        stack.run("start", "memcached")
        stack.wait_completed(video)
        enough = len(sampler.seen) + 5
        wait_for("a few looks at the end", lambda: len(sampler.seen) >= enough)
    stack.ffmpeg.take(0)
    return {"id": video, "seen": sampler.seen, **stack.get(f"/videos/{video}").json}


def test_progress_never_goes_back(film):
    progress = [status["progress"] for status in film["seen"]]
    assert progress == sorted(progress)
    assert progress[0] < 20 and progress[-1] == 100
    assert len(set(progress)) >= 5, progress
    assert all(status["progress"] < 100 for status in film["seen"] if status["status"] != "completed")


def test_statuses_come_in_their_order(film):
    order = [STATUSES.index(status["status"]) for status in film["seen"]]
    assert order == sorted(order)
    assert {"generating_scenes", "composing", "completed"} <= {status["status"] for status in film["seen"]}


def test_status_says_what_is_known(film):
    for status in film["seen"]:
        assert status["videoId"] == film["id"]
        assert set(status) <= {"videoId", "status", "progress", "stage", "etaSeconds", *RESULTS}
        assert status.get("etaSeconds", 0) >= 0
    assert any("etaSeconds" in status for status in film["seen"])
    assert len({status["stage"] for status in film["seen"] if "stage" in status}) >= 3
    completed = {key: film[key] for key in ("videoId", "status", "progress", *RESULTS)}
    assert film["seen"][-1] == completed
    assert film["duration"] >= 2 and film["error"] is None and film["completedAt"] >= film["createdAt"]


def test_completed_stays_at_100_without_memcached(stack, film):
    completed = film["seen"][-1]
    stack.run("stop", "memcached")
    try:
        assert stack.status(film["id"]) == completed
    finally:
        stack.run("start", "memcached")
    assert [stack.status(film["id"]) for _ in range(2)] == [completed] * 2


def test_nothing_is_left_in_the_work_folder(stack, film):
    """seed E1: nothing of a film that was made."""
    wait_for("an empty work folder", lambda: stack.work_folders() == [])
    assert job_of(stack, film["id"])[0] == daemons.DONE


def addresses(video):
    """All that is published of it, by name in the folder of its revision."""
    films, captions = video["films"], video["captionFiles"] or {}
    found = [url for each in (*films, captions) for key, url in each.items() if key.endswith("Url")]
    begin = f"/media/videos/{video['id']}/{video['revision']}/"  # without public_url
    assert all(url.startswith(begin) for url in (*found, video["reportUrl"]))
    return {url.removeprefix(begin): url for url in (*found, video["reportUrl"])}


@pytest.mark.parametrize("name, content_type", [
    ("video.mp4", "video/mp4"), ("thumbnail.jpg", "image/jpeg"), ("preview.webp", "image/webp"),
    ("sprite.jpg", "image/jpeg"), ("sprite.vtt", "text/vtt"), ("captions.srt", "application/x-subrip"),
    ("captions.vtt", "text/vtt"), ("report.json", "application/json")])
def test_files_are_published(stack, film, name, content_type):
    path = addresses(film)[name]
    whole = stack.get(path)
    assert whole.status == 200
    assert whole.headers["Content-Type"].split(";")[0] == content_type
    assert whole.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert whole.headers["Accept-Ranges"] == "bytes"

    part = stack.get(path, headers={"Range": "bytes=10-29"})
    assert (part.status, part.body) == (206, whole.body[10:30])
    assert part.headers["Content-Range"] == f"bytes 10-29/{len(whole.body)}"
    assert stack.get(path, headers={"Range": "bytes=-7"}).body == whole.body[-7:]
    beyond = stack.get(path, headers={"Range": f"bytes={len(whole.body)}-"})
    assert (beyond.status, beyond.json["error"]["code"]) == (416, "range_not_satisfiable")
    same = stack.get(path, headers={"If-None-Match": whole.headers["ETag"]})
    assert (same.status, same.body) == (304, b"")


def test_the_published_files_are_all_there_is(stack, film):
    folder = stack.folder / "media" / "videos" / film["id"]
    assert [path.name for path in folder.iterdir()] == ["1"]
    assert {path.name for path in (folder / "1").iterdir()} == set(addresses(film))
    assert stack.get(film["reportUrl"]).json == film["report"]


# --- deleting ---


def test_deleting_a_completed_video_removes_everything(stack):
    video = stack.create(quick())
    done = stack.wait_completed(video)
    paths = [done[url] for url in ("videoUrl", "thumbnailUrl")]
    assert [stack.get(path).status for path in paths] == [200, 200]
    assert stack.delete(f"/videos/{video}").status == 204
    assert_gone(stack, video)
    wait_removed(stack, video)
    assert [stack.get(path).status for path in paths] == [404, 404]


def test_deleting_a_running_video_stops_it(stack):
    """seed A16, A17: that its row goes while the daemon works on it is no failure, and leaves nothing behind."""
    with stack.ffmpeg.hold("scene"):
        video = stack.create(quick(2))
        wait_for("both scenes under way", lambda: stack.ffmpeg.calls("scene") and len(children(stack)) >= 2)
        assert job_of(stack, video)[0] == daemons.RUNNING
        assert stack.delete(f"/videos/{video}").status == 204
        assert_gone(stack, video)
        wait_for("the end of its processes", lambda: children(stack) == [])
        wait_removed(stack, video)


def test_deleting_a_waiting_video_needs_no_stop(stack):
    with stack.changed(videos_in_flight=1), stack.ffmpeg.hold("scene"):
        running = stack.create(quick())
        wait_for("its scene under way", lambda: children(stack))
        waiting = stack.create(quick())
        assert stack.delete(f"/videos/{waiting}").status == 204
        assert_gone(stack, waiting)
        assert stack.delete(f"/videos/{running}").status == 204
        wait_removed(stack, running)
        wait_removed(stack, waiting)


def test_what_is_deleted_while_the_daemon_is_down_is_removed_when_it_is_back(stack):
    completed = stack.create(quick())
    stack.wait_completed(completed)
    with stack.ffmpeg.hold("scene"):
        half_done = stack.create(quick())
        wait_for("its scene under way", lambda: children(stack))
        stack.run("kill", "daemon")
        pending = stack.create(quick())
        for video in (completed, half_done, pending):
            assert stack.delete(f"/videos/{video}").status == 204
            assert_gone(stack, video)
        assert (stack.folder / "media" / "videos" / completed).exists()
        stack.run("start", "daemon")
        for video in (completed, half_done, pending):
            wait_removed(stack, video)


def test_a_removal_that_cannot_be_done_now_is_done_later(stack):
    """seed A17: what was published goes before the row that knows of it."""
    video = stack.create(quick())
    stack.wait_completed(video)
    media, away = stack.folder / "media", stack.folder / "media.away"
    media.rename(away)
    media.write_text("the disk is not mounted")
    try:
        assert stack.delete(f"/videos/{video}").status == 204
        assert_gone(stack, video)
        wait_for("a failed removal", lambda: "removal put off" in stack.log("daemon"))
        assert rows_of(stack, video) > 0
    finally:
        media.unlink()
        away.rename(media)
    wait_removed(stack, video)


# --- the work folder ---


def test_work_folders_of_nobody_are_swept_at_the_start(stack):
    """seed E1: what nobody could remove in its time goes at the next start."""
    stray = stack.folder / "work" / str(uuid.uuid4())
    other = stack.folder / "work" / "notes"
    for folder in (stray, other):
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "scene-000.mp4").write_bytes(b"x" * 1000)
    stack.run("stop", "daemon")
    stack.run("start", "daemon")
    wait_for("the sweep", lambda: not stray.exists())
    assert (other / "deep").exists(), "only what is named like a video is ours"
    (other / "deep" / "scene-000.mp4").unlink()
    (other / "deep").rmdir()
    other.rmdir()


# --- pictures that cannot be used ---


class Shop(http.server.BaseHTTPRequestHandler):
    """A shop's web server: the path says what it answers."""

    tries = 0

    def do_GET(self):
        answers = {
            "/good.jpg": (200, self.picture),
            "/large.jpg": (200, self.picture + bytes(PICTURE_BYTES)),
            "/page.jpg": (200, b"<html>Not a picture</html>"),
            "/gone.jpg": (404, b"gone"),
            "/private.jpg": (403, b"no"),
        }
        if self.path == "/later.jpg":
            Shop.tries += 1
            answers[self.path] = (503, b"later") if Shop.tries < 3 else (200, self.picture)
        status, body = answers[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # the daemon had enough of it
            self.close_connection = True

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def shop(stack):
    Shop.picture = (stack.assets / "picture.jpg").read_bytes()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# The name of a picture, what it is, and what the client is told.
BAD_PICTURES = [
    ("missing.jpg", None, "the picture is not there"),
    ("text.jpg", lambda path: path.write_text("not a picture\n"), None),
    ("nothing.jpg", lambda path: path.write_bytes(b""), None),
    ("drawing.svg", lambda path: path.write_text('<svg xmlns="http://www.w3.org/2000/svg"/>'), None),
    ("list.jpg", lambda path: path.write_text("#EXTM3U\nhttp://127.0.0.1:1/x.ts\n"), None),
    ("animation.gif", functools.partial(daemons.make_picture, size="64x64"), None),
    ("wide.png", functools.partial(daemons.make_picture, size="8200x16"), "8200x16"),
    ("tiny.png", functools.partial(daemons.make_picture, size="8x8"), "8x8"),
    ("heavy.jpg", lambda path: path.write_bytes(bytes(PICTURE_BYTES + 1)), "larger than 16 MB"),
]
BAD_ADDRESSES = [("/gone.jpg", "404"), ("/private.jpg", "403"), ("/page.jpg", None), ("/large.jpg", None)]


def test_a_bad_picture_fails_its_video_and_names_the_scene(stack, shop):
    expected = {}
    for name, make, words in BAD_PICTURES:
        if make:
            make(stack.assets / name)
        expected[f"/assets/{name}"] = words
    for path, words in BAD_ADDRESSES:
        expected[shop + path] = words
    pictures = {**expected, "/assets/picture.jpg": None, f"{shop}/later.jpg": None}
    with stack.ffmpeg.hold("scene"):  # whatever comes of the others, a picture's fate is known without a scene
        videos = {
            url: stack.create({**quick(), "scenes": [scene(1), scene(2, imageUrl=url)]} if url in expected
                              else {**quick(), "scenes": [scene(1, imageUrl=url)]})
            for url in pictures
        }
        wait_for("the failure of all others",
                 lambda: all(stack.status(videos[url])["status"] == "failed" for url in expected), 60)

    for url, words in expected.items():
        status = stack.status(videos[url])
        assert set(status) == {"videoId", "status", "progress", "error"} and status["progress"] < 100
        assert "scene 2" in status["error"] and status["error"].startswith("A picture could not be used"), (url, status)
        assert not words or words in status["error"], (url, status)
        assert str(stack.folder) not in status["error"] and "ffprobe" not in status["error"], (url, status)
        assert stack.get(f"/videos/{videos[url]}").json["error"] == status["error"]
    for url in set(pictures) - set(expected):
        stack.wait_completed(videos[url])
    later = events(stack, videos[f"{shop}/later.jpg"], "picture")
    assert later == ["start", "retry", "start", "retry", "start", "done"]
    failed = stack.get("/videos/store/shop?status=failed&limit=100").json
    assert {video["id"] for video in failed["videos"]} == {videos[url] for url in expected}
    wait_for("an empty work folder", lambda: stack.work_folders() == [])


def test_private_addresses_are_refused_unless_allowed(stack, shop):
    with stack.changed(image_allow_private="no"):
        video = stack.create({**quick(), "scenes": [scene(1, imageUrl=f"{shop}/good.jpg")]})
        wait_for("its failure", lambda: stack.status(video)["status"] == "failed")
    assert "scene 1" in stack.status(video)["error"]
    assert stack.delete(f"/videos/{video}").status == 204
    wait_removed(stack, video)
