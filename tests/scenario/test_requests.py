"""Requests through nginx: what is refused and how, what is accepted at the limits, and the wire form of each answer.

The daemon is stopped, so that what is asked for stays as it was asked for.
"""

import concurrent.futures
import re
import unicodedata

import pytest

import stack as stacks
from bad_requests import BAD, PICTURE, encode
from good_requests import GOOD_PRODUCTS, GOOD_STORES, GOOD_VIDEOS, LONGEST_ID, SOUND, UPLOAD, video_read
from hostile_texts import BYTES, texts

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
JSON = "application/json; charset=utf-8"


@pytest.fixture(scope="module")
def stack():
    with stacks.running() as running:
        running.run("stop", "daemon")
        running.put_store("shop", name="The shop")
        running.put_store("other")
        running.put_store(LONGEST_ID)
        sent = running.post("/videos/stores/shop/uploads", SOUND, headers={"Content-Type": "audio/mpeg"})
        assert sent.json["url"] == UPLOAD, sent
        put_product(running, "thing", "shop")
        put_product(running, "theirs", "other")
        running.pending = running.create(stacks.film())
        yield running


def put_product(stack, product, store, **more):
    body = {"storeId": store, "title": "A thing", "sellingPrice": 9.5, "images": [{"url": PICTURE, "alt": "Figs"}]}
    answer = stack.put(f"/videos/products/{product}", {**body, **more})
    assert answer.status in (200, 201), answer


def send(stack, method, path, body=None, headers=None):
    if callable(body):
        body = body()
    elif body is not None and not isinstance(body, bytes):
        body, headers = encode(body), {"Content-Type": "application/json", **(headers or {})}
    return stack.request(method, path.replace("{video}", stack.pending), body, headers)


# --- what is refused ---


def processes(stack):
    """Who serves: the pieces and the responders."""
    pieces = {piece: stack.pid(piece) for piece in ("mariadb", "memcached", "nginx", "cgi")}
    return {**pieces, "responders": stacks.children(pieces["cgi"])}


def rows(stack):
    tables = ("stores", "products", "videos", "scenes", "jobs", "steps", "step_log", "music_tracks", "purchases",
              "idempotency_keys")
    return stack.sql("SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {table})" for table in tables))


@pytest.fixture(scope="module")
def before(stack):
    return processes(stack), rows(stack)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.title)
def test_refused(stack, before, bad):
    """seed D18, D19: no scenes, and a track that is a path or is not there: said at create, before anything is paid."""
    answer = send(stack, bad.method, bad.path, bad.body, bad.headers)

    assert answer.status == bad.status, answer
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Allow"] == bad.allow
    assert set(answer.json) == {"error"}
    error = answer.json["error"]
    assert set(error) == {"code", "message", "requestId", "details"}
    assert error["code"] == bad.code, answer
    assert error["message"].strip()
    assert error["requestId"] and error["requestId"] == answer.headers["X-Request-Id"]
    for detail in error["details"]:
        assert set(detail) == {"path", "message"} and detail["message"].strip()
    places = [detail["path"] for detail in error["details"]]
    assert len(places) == len(set(places)), answer
    assert bad.at is None or set(places) == bad.at, answer


def test_more_problems_than_are_listed(stack):
    body = stacks.film(scenes=[{"prompt": "", "duration": 0, "a": 1}] * 50)
    error = stack.post("/videos", body).json["error"]
    assert "150 problems" in error["message"]
    assert len(error["details"]) == 100


def test_nothing_came_of_what_was_refused(stack, before):
    assert (processes(stack), rows(stack)) == before
    assert stack.get("/healthz").status == 200
    assert "request failed" not in stack.log("cgi")


# --- what is accepted ---


@pytest.mark.parametrize("good", GOOD_VIDEOS, ids=lambda good: good.title)
def test_accepted_video(stack, good):
    answer = send(stack, "POST", "/videos", good.body, good.headers)
    assert answer.status == 202, answer
    video = stack.get(answer.headers["Location"]).json
    assert {key: video[key] for key in good.read_back} == good.read_back


@pytest.mark.parametrize("good", GOOD_STORES, ids=lambda good: good.title)
def test_accepted_store(stack, good):
    answer = send(stack, "PUT", f"/videos/stores/{good.id}", good.body)
    assert answer.status == 201, answer
    assert answer.json == good.read_back
    assert stack.get(answer.headers["Location"]).json == good.read_back
    again = stack.put(answer.headers["Location"], answer.json)
    assert (again.status, again.json) == (200, good.read_back)


@pytest.mark.parametrize("good", GOOD_PRODUCTS, ids=lambda good: good.title)
def test_accepted_product(stack, good):
    answer = send(stack, "PUT", f"/videos/products/{good.id}", good.body)
    assert answer.status == 201, answer
    assert answer.json == good.read_back
    assert stack.get(answer.headers["Location"]).json == good.read_back
    again = stack.put(answer.headers["Location"], answer.json)
    assert (again.status, again.json) == (200, good.read_back)


def may_be_overlay(text):
    return len(text) <= 200 and not any(c < " " and c not in "\t\r\n" or "\x7f" <= c < "\xa0" for c in text)


def is_seen(text):
    """Something of it for certain: it is not all white space, format characters and letters without ink."""
    return any(unicodedata.category(c)[0] not in "ZC" and c not in "\u115f\u1160\u3164\ufe0f\ufffc" for c in text)


def test_hostile_texts_are_kept_as_they_are_or_refused(stack):
    """In each place that is drawn or spoken; what is drawn of those that are kept, test_hostile_text knows."""
    hostile = texts("/etc/passwd")
    kept = [text for text in hostile if may_be_overlay(text)]
    assert len(hostile) >= 190 and 150 < len(kept) < len(hostile)
    for text in hostile:
        body = stacks.film(scenes=[stacks.scene(1, textOverlay=text, narration=text)])
        answer = stack.post("/videos", body)
        if text not in kept:
            places = [detail["path"] for detail in answer.json["error"]["details"]]
            assert answer.status == 400 and "/scenes/0/textOverlay" in places, (text, answer)
            continue
        assert answer.status == 202, (text, answer)
        (scene,) = stack.get(answer.headers["Location"]).json["scenes"]
        read = (scene["textOverlay"], scene["narration"])
        assert read == (text, text) or read == (None, None) and not is_seen(text), text


@pytest.mark.parametrize("raw", BYTES, ids=bytes.hex)
def test_what_is_no_text_is_refused(stack, raw):
    body = encode(stacks.film(scenes=[stacks.scene(1, textOverlay="{raw}")])).replace(b"{raw}", raw)
    answer = stack.request("POST", "/videos", body, {"Content-Type": "application/json"})
    assert answer.status == 400, answer


# --- the wire form of every route ---


def test_create(stack):
    answer = stack.post("/videos", stacks.film())
    assert answer.status == 202
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["Cache-Control"] == "no-store"
    assert ID.fullmatch(answer.json["videoId"])
    assert answer.json == {"videoId": answer.json["videoId"], "status": "pending", "progress": 0}
    assert answer.headers["Location"] == f"/videos/{answer.json['videoId']}"


def test_create_once(stack):
    """seed A10: a double click, and a request that is sent again since its answer was lost, make one video."""
    key = {"Idempotency-Key": "once " + "~" * 195}  # as long as it may be

    def total():
        return stack.get("/videos/store/shop?limit=1").json["total"]

    def post(path, body):
        return send(stack, "POST", path, body, key)

    before = total()
    with concurrent.futures.ThreadPoolExecutor(4) as clicks:
        answers = list(clicks.map(lambda _: post("/videos", stacks.film()), range(8)))
    assert {answer.status for answer in answers} == {202}
    assert len({(answer.body, answer.headers["Location"]) for answer in answers}) == 1
    assert total() == before + 1

    for other in (post("/videos", stacks.film(title="Other")), post("/videos/product/thing", {})):
        assert (other.status, other.json["error"]["code"]) == (422, "idempotency_key_reused"), other
    assert total() == before + 1

    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first, again = post("/videos/product/thing", {}), post("/videos/product/thing", {})
    assert (first.status, first.body) == (202, again.body)
    assert post("/videos/product/thing?style=story", {}).status == 422
    assert post("/videos", stacks.film("other")).status == 202, "another store's keys are its own"
    assert total() == before + 2


def test_read(stack):
    body = stacks.film(
        productId="thing",
        scenes=[stacks.scene(1, 2.5, imageUrl=PICTURE, textOverlay="Figs"), stacks.scene(2)],
        voiceoverScript="Sweet figs.",
        voiceId="female",
        musicTrackId=stack.get("/videos/music").json[0]["id"],
        musicVolume=55,
    )
    video = stack.create(body)
    answer = stack.get(f"/videos/{video}")
    assert answer.status == 200
    read = answer.json
    assert TIME.fullmatch(read.pop("createdAt")) and TIME.fullmatch(read.pop("updatedAt"))
    assert read == {
        **video_read(body),
        "films": [],
        "captionFiles": None,
        "reportUrl": None,
        "report": None,
        "revision": 1,
        "pause": None,
        "estimate": {"credits": 0, "characters": 0},  # made here
        "cost": {"credits": 0, "characters": 0},
        "id": video,
        "videoId": video,
        "status": "pending",
        "progress": 0,
        "stage": None,
        "etaSeconds": None,
        "videoUrl": None,
        "thumbnailUrl": None,
        "duration": None,
        "error": None,
        "completedAt": None,
    }


def test_status(stack):
    video = stack.create(stacks.film())
    for _ in range(2):  # by a responder, then from memcached
        answer = stack.get(f"/videos/{video}/status")
        assert answer.status == 200
        assert answer.json == {"videoId": video, "status": "pending", "progress": 0}
        assert answer.headers["Content-Type"] == JSON
        assert answer.headers["Cache-Control"] == "no-store"


def test_delete(stack):
    video = stack.create(stacks.film())
    stack.status(video)
    answer = stack.delete(f"/videos/{video}")
    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Type" not in answer.headers
    for path in (f"/videos/{video}", f"/videos/{video}/status"):
        assert stack.get(path).status == 404
    assert stack.delete(f"/videos/{video}").status == 404
    assert video not in [v["id"] for v in stack.get("/videos/store/shop?limit=100").json["videos"]]


def test_head_is_get_without_a_body(stack):
    video = stack.create(stacks.film())
    for path in (f"/videos/{video}", f"/videos/{video}/status", "/videos/stores", "/healthz"):
        got, head = stack.get(path), stack.request("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]


def test_store_videos_in_pages(stack):
    stack.put_store("pages")
    put_product(stack, "paged", "pages")
    videos = [stack.create(stacks.film("pages", **({"productId": "paged"} if n % 2 else {}))) for n in range(5)]
    newest_first = videos[::-1]

    def page(query):
        answer = stack.get(f"/videos/store/pages{query}")
        assert answer.status == 200 and set(answer.json) == {"videos", "total", "hasMore"}
        return [video["id"] for video in answer.json["videos"]], answer.json["total"], answer.json["hasMore"]

    assert page("") == (newest_first, 5, False)
    assert page("?limit=2") == (newest_first[:2], 5, True)
    assert page("?limit=2&offset=2") == (newest_first[2:4], 5, True)
    assert page("?limit=2&offset=4") == (newest_first[4:], 5, False)
    assert page("?limit=5") == (newest_first, 5, False)
    assert page("?offset=5") == ([], 5, False)
    assert page("?limit=100&offset=1000000") == ([], 5, False)
    assert page("?status=pending") == (newest_first, 5, False)
    assert page("?status=completed") == ([], 0, False)
    assert page("?productId=paged&limit=1") == ([videos[3]], 2, True)
    assert page("?productId=thing") == ([], 0, False)

    item = stack.get("/videos/store/pages?productId=paged&limit=1").json["videos"][0]
    product = {"id": "paged", "title": "A thing", "images": [{"url": PICTURE, "alt": "Figs"}]}
    whole = stack.get(f"/videos/{videos[3]}").json
    del whole["cost"], whole["report"]  # what was bought is in no list
    for scene in whole["scenes"]:
        del scene["generation"]
    assert item == {**whole, "product": product}
    assert stack.get("/videos/store/pages?limit=1").json["videos"][0]["product"] is None


def test_a_page_has_twenty_unless_asked(stack):
    stack.put_store("many")
    for _ in range(21):
        stack.create(stacks.film("many"))
    page = stack.get("/videos/store/many").json
    assert (len(page["videos"]), page["total"], page["hasMore"]) == (20, 21, True)


def test_product_video(stack):
    answer = stack.post("/videos/product/thing")
    assert answer.status == 202
    video = answer.json["videoId"]
    assert answer.json == {"videoId": video, "status": "pending", "progress": 0}
    assert answer.headers["Location"] == f"/videos/{video}"
    read = stack.get(f"/videos/{video}").json
    assert (read["storeId"], read["productId"]) == ("shop", "thing")
    assert (read["style"], read["aspectRatio"], read["voiceId"]) == ("product_showcase", "9:16", "default")
    assert read["scenes"] and all(1 <= scene["duration"] <= 60 for scene in read["scenes"])
    assert read["musicTrackId"] in [track["id"] for track in stack.get("/videos/music").json]


def test_product_video_with_options(stack):
    track = stack.get("/videos/music").json[-1]["id"]
    body = {"aspectRatio": "1:1", "musicTrackId": track, "musicVolume": 70, "voiceId": "male", "voiceVolume": 80,
            "mode": "draft", "model": "veo3.1", "reuse": False}
    answer = stack.post("/videos/product/thing?style=story", body)
    assert answer.status == 202, answer
    read = stack.get(answer.headers["Location"]).json
    assert {key: read[key] for key in [*body, "style"]} == {**body, "style": "story"}


def test_product_video_in_silence_has_no_track(stack):
    answer = stack.post("/videos/product/thing", {"musicVolume": 0})
    read = stack.get(answer.headers["Location"]).json
    assert (read["musicVolume"], read["musicTrackId"]) == (0, None)


def test_voices(stack):
    answer = stack.get("/videos/voices/available")
    assert answer.status == 200
    assert all(set(voice) == {"id", "name", "category", "preview"} for voice in answer.json)
    assert {"default", "female", "male"} <= {voice["id"] for voice in answer.json}


def test_music(stack):
    answer = stack.get("/videos/music")
    assert answer.status == 200 and len(answer.json) >= 3
    for track in answer.json:
        assert set(track) == {"id", "name", "category", "duration", "previewUrl"}
        assert ID.fullmatch(track["id"]) and track["duration"] > 0 and track["previewUrl"].startswith("/assets/music/")


def test_stores(stack):
    answer = stack.put("/videos/stores/new-store", {"name": "New"})
    created = {"id": "new-store", "name": "New", "niche": None, "currency": "USD", "locale": "en-US"}
    assert (answer.status, answer.json) == (201, created)
    assert answer.headers["Location"] == "/videos/stores/new-store"
    changed = {**created, "name": "Newer", "currency": "EUR"}
    answer = stack.put("/videos/stores/new-store", changed)
    assert (answer.status, answer.json, answer.headers["Location"]) == (200, changed, None)

    listed = stack.get("/videos/stores?limit=100").json
    assert set(listed) == {"stores", "total", "hasMore"}
    assert changed in listed["stores"] and listed["total"] == len(listed["stores"])
    assert [store["id"] for store in listed["stores"]] == sorted(store["id"] for store in listed["stores"])
    first = stack.get("/videos/stores?limit=1").json
    assert (first["stores"], first["hasMore"]) == (listed["stores"][:1], True)


def test_products(stack):
    stack.put_store("shelf")
    images = [{"url": PICTURE, "alt": None}]
    answer = stack.put("/videos/products/b", {"storeId": "shelf", "title": "B", "images": [{"url": PICTURE}]})
    created = {"id": "b", "storeId": "shelf", "title": "B", "description": None, "sellingPrice": None, "images": images}
    assert (answer.status, answer.json) == (201, created)
    assert answer.headers["Location"] == "/videos/products/b"
    put_product(stack, "a", "shelf")
    listed = stack.get("/videos/stores/shelf/products").json
    assert (listed["total"], listed["hasMore"]) == (2, False)
    assert [product["id"] for product in listed["products"]] == ["a", "b"]
    assert listed["products"][1] == stack.get("/videos/products/b").json == created


def test_health(stack):
    answer = stack.get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "ok"})
