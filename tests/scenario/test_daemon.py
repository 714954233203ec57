"""The daemon at work: trying again and giving up, draining, sharing with another daemon, and keeping its limits."""

import contextlib
import http.server
import os
import signal
import subprocess
import threading
import uuid

import pytest

import daemons
import media
import stack as stacks
from daemons import children, events, job_of, log_of, quick, second_daemon
from stack import wait_for


@pytest.fixture(scope="module")
def stack():
    with daemons.running(children=4) as running:  # not fewer where there are fewer processors: some are held
        yield running


def wait_failed(stack, video):
    wait_for("its failure", lambda: stack.status(video)["status"] == "failed")
    wait_for("an empty work folder", lambda: stack.work_folders() == [])
    assert job_of(stack, video)[0] == daemons.FAILED
    wait_for("the death of what was killed", lambda: children(stack) == [])  # init reaps children's children
    return stack.status(video)


def assert_each_step_done_once(stack, video):
    log = log_of(stack, video)
    steps = {(kind, item) for kind, item, _, _ in log if kind != "job"}
    assert {"scene", "lettering", "encode", "sound", "assemble", "still", "inspect", "upload", "publish"} == {kind for kind, _ in steps}
    for kind, item in steps:
        assert events(stack, video, kind, item).count("done") == 1, log
    return log


# --- trying again, and giving up ---


def waits(stack, video, kind):
    """Milliseconds between each retry that was written down and the start that followed."""
    number = video.replace("-", "")
    rows = stack.sql("SELECT event, UNIX_TIMESTAMP(at) * 1000 FROM step_log"
                     f" WHERE video_id = UNHEX('{number}') AND kind = '{kind}' ORDER BY id")
    return [float(start) - float(retry) for (event, retry), (_, start) in zip(rows, rows[1:]) if event == "retry"]


def test_a_step_that_fails_is_tried_again_after_a_while(stack):
    with stack.changed(backoff_ms=200), stack.ffmpeg.ending("scene", times=2):
        video = stack.create(quick())
        stack.wait_completed(video)
        assert events(stack, video, "scene") == ["start", "retry", "start", "retry", "start", "done"]
        first, second = waits(stack, video, "scene")
    assert 100 <= first < 5000 and 200 <= second < 10000, "the default would be more"
    assert_each_step_done_once(stack, video)


def test_a_step_that_says_it_succeeded_and_wrote_nothing_is_tried_again(stack):
    with stack.ffmpeg.ending("encode", times=1, status=0):
        video = stack.create(quick())
        stack.wait_completed(video)
    assert events(stack, video, "encode") == ["start", "retry", "start", "done"]


def test_a_step_whose_process_is_killed_is_tried_again(stack):
    with stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        wait_for("its process", lambda: stacks.children(stack.pid("daemon")))
        for process in stacks.children(stack.pid("daemon")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        wait_for("the next try", lambda: events(stack, video, "scene") == ["start", "retry", "start"])
    stack.wait_completed(video)


def test_a_step_that_fails_for_ever_is_given_up(stack):
    """seed D17, E1: what ffmpeg said is kept for the operator; the client is told which scene it was. No file stays."""
    calls = stack.ffmpeg.calls("encode")
    with stack.changed(attempts=3), stack.ffmpeg.ending("encode", times=100):
        video = stack.create(quick())
        status = wait_failed(stack, video)
    assert status == {"videoId": video, "status": "failed", "progress": status["progress"],
                      "error": "A scene could not be composed (scene 1)."}
    assert 0 < status["progress"] < 100
    assert events(stack, video, "encode") == ["start", "retry", "start", "retry", "start", "fail"]
    assert stack.ffmpeg.calls("encode") == calls + 3
    stack.run("stop", "memcached")
    stack.run("start", "memcached")
    assert stack.status(video) == status, "MySQL says the same"
    assert stack.get(f"/videos/{video}").json["error"] == status["error"]
    assert "told to end" in stack.log("daemon"), "the operator is told more"


def test_a_process_that_takes_too_long_is_ended(stack):
    """seed D17: ffmpeg has its time."""
    with stack.changed(attempts=2, child_deadline_sec=6), stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        status = wait_failed(stack, video)
    assert status["error"] == "A scene could not be made (scene 1)."
    assert events(stack, video, "scene") == ["start", "retry", "start", "fail"]
    assert "ran out of time" in stack.log("daemon")


def test_a_video_that_takes_too_long_is_given_up(stack):
    with stack.changed(video_deadline_sec=1), stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        status = wait_failed(stack, video)
    assert status["error"] == "The video took longer than the 1 seconds that are allowed."


def test_music_that_is_gone_is_not_looked_for_again(stack):
    track = str(uuid.uuid4())
    row = f"{daemons.id_of(track)}, 'Gone', 'calm', 1000, 'music/gone.m4a', UTC_TIMESTAMP(3)"
    stack.sql(f"INSERT INTO music_tracks (id, name, category, duration_ms, file, created_at) VALUES ({row})")
    video = stack.create({**quick(), "musicTrackId": track, "musicVolume": 30})
    status = wait_failed(stack, video)
    assert status["error"] == "The sound could not be mixed. The music track is not there any more."
    assert events(stack, video, "sound") == ["start", "fail"]


@pytest.mark.parametrize("is_ring, period", [(1, 1), (0, 0.75)], ids=["a ring", "no ring"])
def test_music_goes_round(stack, is_ring, period):
    """A ring as it is, on the beat; of other music a quarter, of what is so short, is faded over into its beginning."""
    beat = ["-f", "lavfi", "-i", "sine=1000:r=48000,volume='lt(t,0.3)':eval=frame", "-t", "1", stack.assets / "beat.wav"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *beat], check=True, timeout=60)
    track = str(uuid.uuid4())
    row = f"{daemons.id_of(track)}, 'Beat', 'calm', 1000, {is_ring}, 'beat.wav', UTC_TIMESTAMP(3)"
    stack.sql(f"INSERT INTO music_tracks (id, name, category, duration_ms, is_ring, file, created_at) VALUES ({row})")
    video = stack.create(stacks.film(scenes=[stacks.scene(0, 6)], aspectRatio="1:1", musicTrackId=track, musicVolume=100))
    stack.wait_completed(video)
    heard = media.loudness(media.sound(stack.folder / "media" / "videos" / video / "1" / "video.mp4"), 0.01)
    loud = [level > max(heard) / 4 for level in heard]
    begins = [at / 100 for at in range(50, 450) if loud[at] and not any(loud[at - 10 : at])]
    assert len(begins) >= 4
    assert [later - sooner for sooner, later in zip(begins, begins[1:])] == pytest.approx([period] * (len(begins) - 1), abs=0.03)


def test_a_film_that_fails_its_inspection_is_not_published(stack):
    """Its client reads what is wrong with it, and so does its report. What was put while it was looked at goes."""
    silence = ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "1", stack.assets / "silence.wav"]
    subprocess.run(["ffmpeg", "-v", "error", *silence], check=True, timeout=60)
    video = stack.create(quick(voiceUrl="/assets/silence.wav"))
    status = wait_failed(stack, video)
    assert status["error"] == "The film did not pass its inspection: loudness: nothing is to be heard."
    assert events(stack, video, "inspect") == ["start", "fail"]
    shown = stack.get(f"/videos/{video}").json
    assert [p["what"] for p in shown["report"][0]["problems"] if p["severe"]] == ["loudness"]
    assert shown["films"] == [] and shown["videoUrl"] is None
    stack.sql("UPDATE leftovers SET due_at = UTC_TIMESTAMP(3)")
    wait_for("what was put of it to go", lambda: not list((stack.folder / "media" / "videos" / video).iterdir()))


# --- stopping ---


def terminate(stack):
    before = stack.log("daemon").count("draining")
    os.kill(stack.pid("daemon"), signal.SIGTERM)
    wait_for("draining", lambda: stack.log("daemon").count("draining") > before)


LONG_SEC = 600  # to drain: longer than anybody waits for it


def wait_ended(stack, seconds=stacks.PATIENCE_SEC):
    wait_for("the end of the daemon", lambda: stack.pid("daemon") is None, seconds)
    wait_for("the end of its children", lambda: children(stack) == [])


def begin_encoding(stack):
    """A video of two scenes that are made, and no more than begun to be encoded."""
    begun = stack.ffmpeg.calls("encode")
    video = stack.create(quick(2))
    wait_for("both encodes", lambda: stack.ffmpeg.calls("encode") == begun + 2)
    wait_for("the sound", lambda: events(stack, video, "sound") == ["start", "done"])
    return video


def test_running_steps_end_before_the_daemon_does(stack):
    """seed A19: told to stop, it finishes what is under way."""
    with stack.changed(drain_sec=LONG_SEC):
        with stack.ffmpeg.hold("encode"):
            video = begin_encoding(stack)
            terminate(stack)
        wait_ended(stack)
        assert job_of(stack, video)[:2] == [daemons.QUEUED, "NULL"]
        assert [events(stack, video, "encode", item) for item in (0, 1)] == [["start", "done"]] * 2
        assert events(stack, video, "assemble") == [], "nothing new is begun"
        seen = stack.status(video)
        assert 0 < seen["progress"] < 100

    stack.wait_completed(video)
    log = assert_each_step_done_once(stack, video)
    assert [event for _, _, event, _ in log].count("start") == len(log) / 2, "no step was started twice"
    assert len({worker for _, _, _, worker in log}) == 2
    wait_for("an empty work folder", lambda: stack.work_folders() == [])


def lose(stack, video, name):
    """As when the host loses its power: what is in the step log is there, and as long as it was; this is not."""
    daemons.kill(stack)
    [file] = (stack.folder / "work" / video).glob(name)
    file.unlink()


def test_a_picture_of_a_text_that_is_lost_is_drawn_again(stack):
    with stack.ffmpeg.hold("encode"):
        video = stack.create(quick())
        wait_for("its pictures", lambda: events(stack, video, "lettering") == ["start", "done"])
        lose(stack, video, "l0-*-text.png")
    stack.run("start", "daemon")
    stack.wait_completed(video)
    assert events(stack, video, "lettering") == ["start", "done", "start", "done"]


def test_a_preview_that_is_lost_is_made_again(stack):
    with stack.changed(backoff_ms=4000, backoff_cap_ms=4000), stack.ffmpeg.ending("still", times=1):
        video = stack.create(quick(renditions=["9:16"]))
        ends = {}

        def one_of_two():
            ends.update({(events(stack, video, "still", item) or [""])[-1]: item for item in (0, 1)})
            return {"done", "retry"} <= set(ends)

        wait_for("one of its two", one_of_two)
        lose(stack, video, f"preview-{ends['done']}.webp")
        stack.run("start", "daemon")
        stack.wait_completed(video)
    assert events(stack, video, "still", ends["done"]) == ["start", "done", "start", "done"]


def test_steps_that_do_not_end_in_time_are_handed_back(stack):
    with stack.changed(drain_sec=1):
        with stack.ffmpeg.hold("encode"):
            video = begin_encoding(stack)
            terminate(stack)
            wait_ended(stack, 30)  # the default would be 60
            assert job_of(stack, video) == [daemons.QUEUED, "NULL", "0"], "that was no failed attempt"
        stack.run("start", "daemon")
        stack.wait_completed(video)
    assert_each_step_done_once(stack, video)
    for item in (0, 1):
        assert events(stack, video, "scene", item) == ["start", "done"]
        assert events(stack, video, "encode", item) == ["start", "start", "done"]


def test_asked_twice_it_stops_at_once(stack):
    with stack.changed(drain_sec=LONG_SEC), stack.ffmpeg.hold("scene"):
        video = stack.create(quick())
        wait_for("its scene under way", lambda: children(stack))
        terminate(stack)
        os.kill(stack.pid("daemon"), signal.SIGTERM)
        wait_ended(stack)
        assert stack.delete(f"/videos/{video}").status == 204


# --- more than one daemon, and limits ---


def worker_of(stack, video):
    """The process id in the name of whoever has the video: host:pid:nonce."""
    worker = job_of(stack, video)[1]
    return None if worker == "NULL" else int(worker.split(":")[1])


def test_two_daemons_share_the_work(stack):
    with stack.changed(videos_in_flight=1), second_daemon(stack) as second:
        both = {stack.pid("daemon"), second.pid}
        with stack.ffmpeg.hold("scene"):
            videos = [stack.create(quick()) for _ in range(2)]
            wait_for("one video each", lambda: {worker_of(stack, video) for video in videos} == both)
            third = stack.create(quick())
            assert job_of(stack, third)[0] == daemons.QUEUED
            assert stack.delete(f"/videos/{third}").status == 204
        for video in videos:
            stack.wait_completed(video)
            assert len({worker for _, _, _, worker in assert_each_step_done_once(stack, video)}) == 1
    wait_for("an empty work folder", lambda: stack.work_folders() == [])


def test_what_a_killed_daemon_had_is_taken_over_by_the_other(stack):
    with stack.changed(videos_in_flight=1), second_daemon(stack) as second:
        with stack.ffmpeg.hold("encode"):
            videos = [stack.create(quick()) for _ in range(2)]
            wait_for("both scenes", lambda: all(events(stack, video, "scene")[-1:] == ["done"] for video in videos))
            orphan = next(video for video in videos if worker_of(stack, video) == second.pid)
            second.kill()
            second.wait(timeout=60)
        for video in videos:
            stack.wait_completed(video)
    assert events(stack, orphan, "job") == ["lost"]
    assert events(stack, orphan, "scene") == ["start", "done"], "what was done is not done again"
    assert_each_step_done_once(stack, orphan)


def test_limits_hold(stack):
    running = ("SELECT s.public_id, COUNT(*) FROM jobs j JOIN stores s ON s.id = j.store_id"
               " WHERE j.state = 1 AND j.kind = 'make' GROUP BY s.public_id")
    stack.put_store("other")

    def look():
        return dict(stack.sql(running)), len(stacks.children(daemon))

    with stack.changed(videos_in_flight=3, store_in_flight=2, children=2):
        daemon = stack.pid("daemon")
        with daemons.Sampler(look) as sampler:

            def wait_steady(*what):
                wait_for(f"{what}", lambda: sampler.seen and sampler.seen[-1] == what)
                enough = len(sampler.seen) + 10
                wait_for("a longer look", lambda: len(sampler.seen) > enough)

            with stack.ffmpeg.hold("scene"):
                videos = [stack.create(quick()) for _ in range(3)]
                wait_steady({"shop": "2"}, 2)
                videos += [stack.create(quick(store="other")) for _ in range(2)]
                wait_steady({"shop": "2", "other": "1"}, 2)
                for video in videos[:2]:  # whose places are taken by others
                    assert stack.delete(f"/videos/{video}").status == 204
                wait_steady({"shop": "1", "other": "2"}, 2)
            for video in videos[2:]:
                stack.wait_completed(video)
    stores = [{store: int(count) for store, count in found.items()} for found, _ in sampler.seen]
    assert max(sum(found.values()) for found in stores) == 3
    assert max(max(found.values(), default=0) for found in stores) == 2
    assert max(processes for _, processes in sampler.seen) == 2


def test_pictures_are_fetched_eight_at_once(stack):
    waiting, go = [], threading.Event()

    class Shop(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            waiting.append(self.path)
            go.wait(60)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/picture"
        with stack.changed(image_allow_private="yes"):
            scenes = [stacks.scene(n, imageUrl=f"{url}{n}") for n in range(20)]
            video = stack.create(stacks.film(scenes=scenes, aspectRatio="1:1"))
            begun = "SELECT COUNT(*) FROM steps WHERE kind = 'picture' AND state = 'running'"
            wait_for("eight requests", lambda: len(waiting) == 8)
            stack.run("stop", "memcached")  # a while, in which more could come
            stack.run("start", "memcached")
            assert (len(waiting), stack.sql(begun)) == (8, [["8"]])
            go.set()
            wait_failed(stack, video)
        server.shutdown()
