"""Films and what was bought for them, in a bucket: when each file is put there, what stays, what comes back."""

import os
import shutil
import signal

import bought
import daemons
import places
import pytest
import s3_faulty
from bought import ask, counts, film, ledger, show, wait_status
from daemons import events, rows_of
from places import key_of
from stack import wait_for

FILES = ["video.mp4", "thumbnail.jpg", "preview.webp", "sprite.jpg", "sprite.vtt", "captions.srt", "captions.vtt",
         "report.json"]  # in the order of their steps
SMALLER = FILES[:5]  # of each other shape
AWAY = {"status": 503}


@pytest.fixture(scope="module")
def stack():
    with s3_faulty.faulty_s3() as s3:
        place = places.bucket_settings(s3.way(), "bucket", s3.folder)
        with bought.running(s3_attempts=1, backoff_ms=100, **place) as stack:
            stack.s3, stack.bucket = s3, s3.bucket()
            yield stack


@pytest.fixture(autouse=True)
def as_new(stack, request, capfd):
    bought.begin(stack)
    stack.s3.setup(faults=[])
    with bought.told(stack, request, capfd):
        yield


def stored(stack, video):
    """Which of its purchases the ledger says to be in the bucket."""
    number = video.replace("-", "")
    return [row[0] == "1" for row in stack.sql("SELECT stored_in IS NOT NULL FROM purchases WHERE state = 'kept'"
                                               f" AND video_id = UNHEX('{number}')")]


def wait_stored(stack, video):
    wait_for("all that was bought to be in the bucket", lambda: (all_ := stored(stack, video)) and all(all_))


def keys_of(stack, video):
    return stack.bucket.keys(f"videos/{video}/")


def delete(stack, video):
    assert stack.delete(f"/videos/{video}").status == 204
    wait_for("its removal", lambda: rows_of(stack, video) == 0)


def lose_host(stack):
    """All that was on its disks; not the proof that its daemon is dead, for which a test need not wait."""
    daemons.kill(stack)
    for path in (stack.folder / "bought", *(stack.folder / "work").glob("[!.]*")):
        shutil.rmtree(path)


def test_a_film_is_there_when_it_is_completed_and_not_when_it_is_deleted(stack):
    """seed E2, E3: all of it, and each file with a name to save it by."""
    video = stack.create(film("One", script="Hello there.", title="Blue mug, 300 ml", renditions=["16:9"]))
    stack.wait_completed(video)
    begin = f"videos/{video}/1/"
    assert sorted(keys_of(stack, video)) == sorted([begin + name for name in FILES] +
                                                   [begin + "16x9/" + name for name in SMALLER])
    named = {name: stack.bucket.head(begin + name).headers["Content-Disposition"] for name in
             ("video.mp4", "16x9/video.mp4", "captions.srt")}
    for name, saved in {"video.mp4": "Blue-mug-300-ml.mp4", "16x9/video.mp4": "Blue-mug-300-ml-16x9.mp4",
                        "captions.srt": "Blue-mug-300-ml-captions.srt"}.items():
        assert f'filename="{saved}"' in named[name]
    for film_ in show(stack, video)["films"]:
        assert len(stack.bucket.get(key_of(film_["videoUrl"]))) == film_["bytes"]
    wait_stored(stack, video)
    assert len(stack.bucket.keys("bought/")) == 3  # a clip, a voice, and what is known of the voice

    delete(stack, video)
    assert keys_of(stack, video) == []
    wait_for("what was bought for it alone to go", lambda: stack.bucket.keys("bought/") == [])
    wait_for("it to go here too", lambda: bought.files(stack) == [])


def test_what_was_made_again_leaves_nothing_of_before(stack):
    """seed E3: nor does it have the keys of before, which may be in caches for a year."""
    video = stack.create(film("One"))
    stack.wait_completed(video)
    before = keys_of(stack, video)
    assert ask(stack, video, "render", {"mode": "full"}).status == 202
    stack.wait_completed(video)
    wait_for("the old film to go", lambda: keys_of(stack, video) == [key.replace("/1/", "/2/", 1) for key in before])
    assert key_of(show(stack, video)["videoUrl"]) == f"videos/{video}/2/video.mp4"
    delete(stack, video)


def test_a_file_is_put_until_it_is_there_and_no_other_is_put_again(stack):
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": AWAY, "times": 3},
                           {"on": "put", "match": "bought/", "do": AWAY, "times": -1}])
    video = stack.create(film("One"))
    stack.wait_completed(video)
    assert events(stack, video, "upload", 0) == ["start", "retry"] * 3 + ["start", "done"]
    assert all(events(stack, video, "upload", item) == ["start", "done"] for item in (1, 2, 3, 4, 7))
    assert stored(stack, video) == [False], "a copy that cannot be made holds nothing up"

    stack.s3.setup(faults=[])
    wait_stored(stack, video)
    delete(stack, video)


def test_a_film_that_is_cancelled_is_put_again_by_its_retry(stack):
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": AWAY, "times": -1}])
    video = stack.create(film("One"))
    wait_for("the film to be refused", lambda: "retry" in events(stack, video, "upload", 0))
    wait_for("its pictures", lambda: events(stack, video, "upload", 1)[-1:] == ["done"])
    ask(stack, video, "cancel")
    wait_status(stack, video, "cancelled")
    assert show(stack, video)["films"] == [], "nobody is told of what is there already"
    stack.s3.setup(faults=[])
    ask(stack, video, "retry")
    stack.wait_completed(video)
    wanted = sorted(f"videos/{video}/2/{name}" for name in (*SMALLER, "report.json"))
    wait_for("what was put before to go", lambda: sorted(keys_of(stack, video)) == wanted)
    assert counts(stack) == (1, 0)
    delete(stack, video)


def test_a_film_that_cannot_be_put_is_not_half_published(stack):
    """seed E2: nobody is told of its captions, and what is there of it goes."""
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": {"error": "EntityTooLarge"}, "times": -1}])
    with stack.ffmpeg.hold("encode"):
        video = stack.create(film("One", script="Hello there."))
        wait_for("its captions", lambda: len(keys_of(stack, video)) == 2)
    wait_status(stack, video, "failed")
    shown = show(stack, video)
    assert (shown["films"], shown["videoUrl"], shown["thumbnailUrl"]) == ([], None, None)
    assert not [key for key in keys_of(stack, video) if key.endswith("video.mp4")] and stack.bucket.uploads() == []
    assert keys_of(stack, video) != []
    stack.sql("UPDATE leftovers SET due_at = UTC_TIMESTAMP(3)")
    wait_for("what is of no use to go", lambda: keys_of(stack, video) == [])
    delete(stack, video)


@pytest.mark.parametrize("again", [False, True], ids=["cancelled", "and made again"])
def test_an_upload_that_a_killed_daemon_left_goes_with_its_attempt(stack, again):
    """Where the attempt does not go on, and has put nothing else that would lead there."""
    stack.s3.setup(faults=[{"on": "put", "match": "videos/", "do": AWAY, "times": -1}])
    video = stack.create(film("One"))
    wait_for("the film to be refused", lambda: "retry" in events(stack, video, "upload", 0))
    stack.bucket.begin(f"videos/{video}/1/video.mp4")
    ask(stack, video, "cancel")
    wait_status(stack, video, "cancelled")
    stack.s3.setup(faults=[])
    if again:
        ask(stack, video, "retry")
        stack.wait_completed(video)
    stack.sql("UPDATE leftovers SET due_at = UTC_TIMESTAMP(3)")
    wait_for("the upload to go", lambda: stack.bucket.uploads() == [])
    delete(stack, video)


def test_what_is_put_after_its_removal_is_removed_too(stack):
    """The last request was cut off when all of it was sent: the server carries it out when nobody looks any more."""
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": {"hold": True}}])
    video = stack.create(film("One"))
    wait_for("the film to be sent", lambda: f"videos/{video}/1/video.mp4" in [one.get("key") for one in stack.s3.seen("put")])
    delete(stack, video)
    assert keys_of(stack, video) == []
    stack.s3.setup(release=True)
    wait_for("the film", lambda: keys_of(stack, video) == [f"videos/{video}/1/video.mp4"])
    stack.sql("UPDATE orphans SET due_at = UTC_TIMESTAMP(3)")
    wait_for("its second removal", lambda: keys_of(stack, video) == [])
    wait_for("nothing to be removed", lambda: not stack.sql("SELECT 1 FROM orphans WHERE storage_key LIKE "
                                                            f"'videos/{video}/%'"))


def test_a_deletion_waits_for_the_bucket(stack):
    """seed E5: what cannot be removed now is removed later, and known until then."""
    video = stack.create(film("One"))
    stack.wait_completed(video)
    before = keys_of(stack, video)
    stack.s3.setup(faults=[{"on": ["list", "delete", "delete_many"], "do": AWAY, "times": -1}])
    assert stack.delete(f"/videos/{video}").status == 204
    assert stack.get(f"/videos/{video}").status == 404
    wait_for("a removal that was put off", lambda: "removal put off" in stack.log("daemon"))
    assert rows_of(stack, video) > 0
    stack.s3.setup(faults=[])
    assert keys_of(stack, video) == before
    wait_for("its removal", lambda: rows_of(stack, video) == 0)
    assert keys_of(stack, video) == []


def test_a_lost_host_loses_nothing_that_was_bought(stack):
    """seed E6: what is between the order and its film is kept where the film is."""
    with stack.ffmpeg.hold("encode"):
        video = stack.create(film("One", "Two", script="Hello there."))
        wait_for("all to be bought", lambda: ledger(stack, video).count("voice 0 kept") == 1 and
                 sum(row.endswith("kept") for row in ledger(stack, video)) == 3)
        wait_stored(stack, video)
        lose_host(stack)
        stack.run("start", "daemon")
        wait_for("what was bought to be back", lambda: len(bought.files(stack)) == 3)
    stack.wait_completed(video)
    assert counts(stack) == (2, 1)
    assert len(stack.runway.seen("download")) == 2, "nor was it fetched from the vendor again"
    delete(stack, video)


def test_a_disk_of_ours_that_takes_nothing_says_nothing_of_the_bucket(stack):
    """What cannot be brought here is not taken for lost, and not bought again."""
    folders = [stack.folder / "bought" / f"{number:02x}" for number in range(256)]
    with stack.ffmpeg.hold("encode"):
        video = stack.create(film("One", script="Hello there."))
        wait_for("all to be bought", lambda: sum(row.endswith("kept") for row in ledger(stack, video)) == 2)
        wait_stored(stack, video)
        lose_host(stack)
        folders[0].parent.mkdir()
        for folder in folders:
            folder.symlink_to("nowhere")  # where a folder should be
        stack.run("start", "daemon")
        for step in ("scene", "voice"):
            wait_for(f"a try of the {step} in vain", lambda: "retry" in events(stack, video, step))
        for folder in folders:
            folder.unlink()
    stack.wait_completed(video)
    assert counts(stack) == (1, 1)
    delete(stack, video)


def test_while_the_bucket_is_away_nothing_is_bought_again(stack):
    with stack.ffmpeg.hold("encode"):
        video = stack.create(film("One"))
        wait_for("it to be bought", lambda: ledger(stack, video) == ["scene 0 kept"])
        wait_stored(stack, video)
        lose_host(stack)
        stack.s3.setup(faults=[{"on": "any", "do": AWAY, "times": -1}])
        stack.run("start", "daemon")
        wait_for("a try in vain", lambda: events(stack, video, "scene").count("retry") >= 2)
        stack.s3.setup(faults=[])
    stack.wait_completed(video)
    assert counts(stack) == (1, 0) and len(stack.runway.seen("download")) == 1
    delete(stack, video)


def equal_of_another_host(stack, what):
    """An equal film waits for what was bought on a host whose daemon has not come to put it into the bucket: it, and
    where that host has it."""
    stack.s3.setup(faults=[{"on": "put", "match": "bought/", "do": AWAY, "times": -1}])
    stack.wait_completed(stack.create(film(what, script=what, reuse=True)))
    other = (stack.folder / "bought").rename(stack.folder / "other-host")
    video = stack.create(film(what, script=what, reuse=True))
    wait_for("both to be looked for", lambda: all("retry" in events(stack, video, kind) for kind in ("scene", "voice")))
    assert counts(stack) == (1, 1)
    return video, other


def test_what_another_host_bought_is_waited_for(stack):
    video, other = equal_of_another_host(stack, "Waited for")
    stack.s3.setup(faults=[])
    for path in filter(os.path.isfile, other.rglob("*")):
        stack.bucket.put(f"bought/{path.relative_to(other)}", path.read_bytes())
    stack.wait_completed(video)
    assert counts(stack) == (1, 1)
    shutil.rmtree(other)


def test_what_a_lost_host_never_put_is_bought_again_in_the_end(stack):
    video, other = equal_of_another_host(stack, "Lost")
    stack.sql("UPDATE purchases SET ended_at = ended_at - INTERVAL 1 HOUR")
    stack.wait_completed(video)
    assert counts(stack) == (2, 2)
    shutil.rmtree(other)


def test_a_daemon_that_ends_puts_what_it_has_bought(stack):
    stack.s3.setup(faults=[{"on": "put", "match": "bought/", "do": {"hold": True}}])
    video = stack.create(film("One"))
    stack.wait_completed(video)
    wait_for("it to be on its way", lambda: any(request.get("key", "").startswith("bought/") for request in stack.s3.seen("put")))
    os.kill(stack.pid("daemon"), signal.SIGTERM)
    wait_for("the end to begin", lambda: "draining" in stack.log("daemon"))
    stack.s3.setup(release=True)
    wait_for("the daemon's end", lambda: stack.pid("daemon") is None)
    assert stored(stack, video) == [True]
    stack.run("start", "daemon")
    delete(stack, video)


def test_a_film_is_not_left_in_two_places(stack):
    """The storage is another one when a daemon goes on with a film of which a part is put already."""
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": {"hold": True}}])
    video = stack.create(film("One"))
    wait_for("all but the film", lambda: all(events(stack, video, "upload", item)[-1:] == ["done"]
                                             for item in (1, 2, 3, 4, 7)))
    daemons.kill(stack)
    stack.s3.setup(release=True)
    with stack.changed(s3_prefix="moved/"):
        stack.wait_completed(video)
        assert sorted(stack.bucket.keys(f"moved/videos/{video}/")) == sorted(
            f"moved/videos/{video}/1/{name}" for name in (*SMALLER, "report.json"))
        delete(stack, video)
        wait_for("nothing of it", lambda: stack.bucket.keys("moved/videos/") == [])


def test_a_daemon_killed_while_it_puts_files_repeats_none_that_is_there(stack):
    """The film hangs, its pictures are there: another daemon puts the film, and nothing else."""
    stack.s3.setup(faults=[{"on": "put", "match": "/1/video.mp4", "do": {"hold": True}}])
    video = stack.create(film("One"))
    wait_for("all but the film", lambda: all(events(stack, video, "upload", item)[-1:] == ["done"]
                                             for item in (1, 2, 3, 4, 7)))
    before = len(stack.s3.seen("put"))
    daemons.kill(stack)
    stack.s3.setup(release=True)
    stack.run("start", "daemon")
    stack.wait_completed(video)
    wait_stored(stack, video)
    again = [request["key"] for request in stack.s3.seen("put")[before:] if request.get("key", "").startswith("videos/")]
    assert again == [f"videos/{video}/1/video.mp4"]
    assert events(stack, video, "upload", 0) == ["start", "start", "done"]
    delete(stack, video)


def test_addresses_that_have_ended_are_made_anew_by_the_daemon(stack):
    """Without one there are none, and nobody waits for them; a video is shown all the same."""
    video = stack.create(film("One"))
    stack.wait_completed(video)
    number = video.replace("-", "")
    daemons.kill(stack)
    stack.sql(f"UPDATE videos SET links_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE id = UNHEX('{number}')")
    assert show(stack, video)["videoUrl"] is None
    listed = stack.get("/videos/store/shop").json["videos"]
    assert [one["videoUrl"] for one in listed if one["id"] == video] == [None]
    stack.run("start", "daemon")
    wait_for("new ones", lambda: show(stack, video)["videoUrl"])
    delete(stack, video)
