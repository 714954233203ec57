"""What is kept and what goes, here and in a bucket: deleted stores, videos of age, files that no row names, and rows whose
files are gone."""

import contextlib
import subprocess

import pytest

import daemons
import places
import s3_faulty
from daemons import quick
from places import key_of
from stack import BUILD, wait_for


@contextlib.contextmanager
def running_here():
    with daemons.running(keep_failed_days=7) as running:
        running.place = places.Folder(running.folder / "media")
        yield running


@contextlib.contextmanager
def running_in_a_bucket():
    with s3_faulty.faulty_s3() as s3:
        with daemons.running(keep_failed_days=7, **places.bucket_settings(s3.way(), "bucket", s3.folder)) as running:
            running.place = places.EmulatedBucket(s3)
            yield running


@pytest.fixture(scope="module", params=[running_here, running_in_a_bucket], ids=["folder", "bucket"])
def stack(request):
    with request.param() as running:
        yield running


@pytest.fixture
def published(stack):
    return made(stack)


NOTHING = "; 0 orphans; 0 missing; 0 foreign"


def made(stack, **more):
    video = stack.create(quick(**more))
    stack.wait_completed(video)
    return video


def keys_of(stack, video):
    return stack.place.keys(f"videos/{video}/")


def film_of(stack, video):
    return key_of(stack.get(f"/videos/{video}").json["videoUrl"])


def gone(stack, video):
    return not keys_of(stack, video) and not stack.sql(
        f"SELECT 1 FROM videos WHERE id = UNHEX('{video.replace('-', '')}')")


def check(stack, *options):
    """videoctl storage check: its exit status, and what it prints."""
    command = [BUILD / "videoctl", "--config", stack.folder / "etc" / "videod.conf", "storage", "check", *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_a_store_takes_all_that_is_its_own(stack):
    """Nothing of a deleted store stays behind, also where it is just being made."""
    stack.put_store("closing")
    product = {"storeId": "closing", "title": "A mug", "images": []}
    assert stack.put("/videos/products/closing-mug", product).status == 201
    address = stack.post("/videos/stores/closing/uploads", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01 and more",
                         headers={"Content-Type": "image/jpeg"}).json["url"]
    upload = stack.folder / address.lstrip("/")
    assert upload.exists()
    done = made(stack, storeId="closing")
    running = stack.create(quick(storeId="closing"))
    assert stack.delete("/videos/stores/closing").status == 204
    assert stack.delete("/videos/stores/closing").status == 404
    for path in ("stores/closing", "store/closing", "products/closing-mug", done, running):
        assert stack.get(f"/videos/{path}").status == 404, path
    assert stack.post("/videos", quick(storeId="closing")).status == 404
    wait_for("removal of the store", lambda: not stack.sql("SELECT 1 FROM stores WHERE gone_id IS NOT NULL"))
    assert gone(stack, done) and gone(stack, running) and not upload.exists() and not upload.parent.exists()
    assert stack.put("/videos/stores/closing", {"name": "Again"}).status == 201
    assert stack.get("/videos/store/closing").json["total"] == 0
    assert stack.delete("/videos/stores/closing").status == 204


def test_a_store_of_the_same_id_waits(stack):
    stack.put_store("returning")
    made(stack, storeId="returning")
    stack.run("kill", "daemon")
    assert stack.delete("/videos/stores/returning").status == 204
    answer = stack.put("/videos/stores/returning", {"name": "Again"})
    assert (answer.status, answer.json["error"]["code"]) == (409, "conflict")
    stack.run("start", "daemon")
    wait_for("room for a new one", lambda: stack.put("/videos/stores/returning", {"name": "Again"}).status == 201)


def test_videos_go_at_their_age(stack, published):
    young = made(stack)
    stack.sql(f"UPDATE videos SET status = 'failed', updated_at = updated_at - INTERVAL 8 DAY "
              f"WHERE id = UNHEX('{published.replace('-', '')}')")
    wait_for("removal of the old one", lambda: gone(stack, published))
    assert stack.get(f"/videos/{young}").status == 200


def test_the_storage_is_compared_with_the_rows(stack, published):
    code, said, _ = check(stack)
    assert code == 0 and NOTHING in said, said
    orphans = {
        "videos/00000000-0000-4000-8000-000000000000/1/video.mp4",
        "videos/ffffffff-ffff-4fff-bfff-ffffffffffff/1/video.mp4",
        f"videos/{published}/0/video.mp4",  # of a revision that is not its own any more
        "bought/00/00000000-0000-4000-8000-000000000000-1f.mp4",
    }
    foreign = {"videos/stray.mp4", f"videos/{published}/A_film.mp4", "bought/README.txt", "bought/ä/backup.tar"}
    young = f"videos/{published}/0/young.mp4"  # it may be on its way up, and the row on its way to name it
    film, empty = film_of(stack, published), made(stack)
    place = stack.place
    for key in (*orphans, *foreign):
        place.put(key, b"x")
    place.age(3700)
    place.put(young, b"x")
    away = place.take(film)
    lost = {film, *keys_of(stack, empty)}
    for key in keys_of(stack, empty):
        place.take(key)

    code, said, why = check(stack)
    assert code == 1
    found = {kind: {line.split()[1] for line in said.splitlines() if line.startswith(kind + " ")}
             for kind in ("orphan", "missing", "foreign")}
    assert found["orphan"] == orphans
    assert found["foreign"] == {key.encode().decode("ascii", "replace").replace("\ufffd", "?") for key in foreign}
    assert found["missing"] == lost
    assert "missing" in why
    assert orphans <= set(place.keys())  # it only looks

    place.put(film, away)
    assert stack.delete(f"/videos/{empty}").status == 204
    wait_for("its removal", lambda: gone(stack, empty))
    code, said, _ = check(stack, "--repair")
    assert code == 0 and "(to be removed)" in said, said
    wait_for("removal of the orphans", lambda: not orphans & set(place.keys()))
    wait_for("nothing to be removed", lambda: not due(stack))
    code, said, _ = check(stack)
    assert code == 0 and "; 0 orphans; 0 missing; 4 foreign" in said, said
    assert {film, young, *foreign} <= set(place.keys())
    for key in foreign:
        place.take(key)


def due(stack):
    """What is to be removed now; the places of removed videos are looked at once more, long after."""
    return stack.sql("SELECT 1 FROM orphans WHERE due_at < UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE")


def test_an_orphan_that_a_row_names_by_now_stays(stack, published):
    film = film_of(stack, published)
    stack.run("kill", "daemon")
    stack.sql(f"INSERT INTO orphans (storage_key, due_at, created_at) VALUES ('{film}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))")
    stack.run("start", "daemon")
    wait_for("nothing to be removed", lambda: not due(stack))
    assert film in keys_of(stack, published)


def test_a_check_survives_its_daemon(stack, published):
    stack.run("kill", "daemon")
    stack.sql("INSERT INTO storage_checks (repair, state, asked_at, seen_at) "
              "VALUES (0, 'running', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL 61 SECOND)")
    stack.run("start", "daemon")
    wait_for("the check", lambda: stack.sql("SELECT state FROM storage_checks ORDER BY id DESC LIMIT 1") == [["done"]])


def test_misuse_is_said(stack):
    for options in (["--wrong"], ["more"]):
        assert check(stack, *options)[0] == 2
