"""Files that stores upload: what is taken, what is kept of it, who may use it, and when it goes."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import socket
import subprocess

import pytest

import stack as stacks
from stack import children, film, scene

MB = 1024 * 1024
HEADS = {
    "audio/mpeg": (b"ID3\x04\x00\x00\x00\x00\x00\x00..", "mp3"),
    "audio/wav": (b"RIFF\x24\x08\x00\x00WAVE", "wav"),
    "audio/mp4": (b"\x00\x00\x00\x20ftypM4A ", "m4a"),
    "audio/ogg": (b"OggS\x00\x02........", "ogg"),
    "audio/flac": (b"fLaC\x00\x00\x00\x22....", "flac"),
    "image/jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "jpg"),
    "image/png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d", "png"),
    "image/webp": (b"RIFF\x24\x08\x00\x00WEBP", "webp"),
}
JPEG = HEADS["image/jpeg"][0]


@pytest.fixture(scope="module")
def stack():
    with stacks.running({"upload_store_mb": 33}) as running:
        running.run("stop", "daemon")  # no film is made here
        for store in ("shop", "other", "full"):
            running.put_store(store)
        yield running


def upload(stack, content=JPEG, kind="image/jpeg", store="shop"):
    return stack.post(f"/videos/stores/{store}/uploads", content, headers={"Content-Type": kind} if kind else {})


def uploaded(stack, content, store="shop"):
    answer = upload(stack, JPEG + content, store=store)
    assert answer.status in (200, 201), answer
    return answer.json["url"]


def path_of(stack, url):
    return stack.folder / url.removeprefix("/")


def files(stack):
    return sorted(stacks.files_below(stack.folder / "uploads"))


def code(answer):
    return answer.status, answer.json["error"]["code"]


@pytest.mark.parametrize("kind", HEADS)
def test_each_type_is_kept_as_it_came(stack, kind):
    head, ending = HEADS[kind]
    content = head + kind.encode() * 10000
    answer = upload(stack, content, kind)
    assert answer.status == 201, answer
    url = f"/uploads/shop/{hashlib.sha256(content).hexdigest()[:32]}.{ending}"
    assert answer.json == {"url": url, "bytes": len(content), "type": kind}
    file = path_of(stack, url)
    assert file.read_bytes() == content
    assert file.stat().st_mode & 0o777 == 0o640
    again = upload(stack, content, kind.upper() + "; codecs=x")
    assert (again.status, again.json) == (200, answer.json)
    assert stack.get(url).status == 404, "nobody is served what a store has uploaded"


def videoctl(stack, *arguments, status=0, given=None):
    done = subprocess.run([stacks.BUILD / "videoctl", "--config", stack.env["CONFIG"], *arguments], input=given, text=True,
                          capture_output=True, env={**os.environ, "VIDEOD_PUBLIC_URL": stack.url}, timeout=60)
    assert done.returncode == status, done
    return done.stdout or done.stderr


def test_videoctl(stack, tmp_path):
    logo = tmp_path / "logo"
    logo.write_bytes(HEADS["image/png"][0] + b"a logo")
    url = videoctl(stack, "upload", "shop", logo).strip()
    assert re.fullmatch(r"/uploads/shop/[0-9a-f]{32}\.png", url) and path_of(stack, url).read_bytes() == logo.read_bytes()
    assert videoctl(stack, "upload", "shop", logo).strip() == url
    logo.write_bytes(b"no picture")
    assert "is none of audio/mpeg" in videoctl(stack, "upload", "shop", logo, status=1)
    assert "cannot open" in videoctl(stack, "upload", "shop", tmp_path / "nothing", status=1)
    videoctl(stack, "upload", "shop", status=2)

    kit = json.loads(videoctl(stack, "brand", "shop", "-", given=json.dumps({"logoUrl": url})))
    assert kit["logoUrl"] == url and json.loads(videoctl(stack, "brand", "shop")) == kit
    assert "/font" in videoctl(stack, "brand", "shop", "-", status=1, given='{"font":"x"}')
    assert videoctl(stack, "brand", "shop", "--delete") == ""
    assert json.loads(videoctl(stack, "brand", "shop"))["logoUrl"] is None
    assert "404" in videoctl(stack, "brand", "nobody", status=1)
    videoctl(stack, "brand", status=2)


def test_the_same_content_in_two_stores_is_two_files(stack):
    mine, theirs = uploaded(stack, b"both"), uploaded(stack, b"both", "other")
    assert mine != theirs and path_of(stack, mine).exists() and path_of(stack, theirs).exists()


@pytest.mark.parametrize("what, content, kind, store, expected", [
    ("no type", JPEG, None, "shop", (415, "unsupported_media_type")),
    ("a type that is not taken", b"GIF89a......", "image/gif", "shop", (415, "unsupported_media_type")),
    ("a picture that can hold scripts", b"<svg xmlns=''/>", "image/svg+xml", "shop", (415, "unsupported_media_type")),
    ("a playlist", b"#EXTM3U\nhttp://x/y", "audio/mpeg", "shop", (415, "unsupported_media_type")),
    ("another type's bytes", HEADS["image/png"][0], "image/jpeg", "shop", (415, "unsupported_media_type")),
    ("a film for a picture", HEADS["audio/mp4"][0], "image/webp", "shop", (415, "unsupported_media_type")),
    ("too little to be anything", b"\xff\xd8\xff", "image/jpeg", "shop", (415, "unsupported_media_type")),
    ("JSON", b"{}", "application/json", "shop", (415, "unsupported_media_type")),
    ("nothing", b"", "image/jpeg", "shop", (400, "bad_request")),
    ("an unknown store", JPEG, "image/jpeg", "nobody", (404, "not_found")),
    ("a store from above", JPEG, "image/jpeg", "..", (404, "not_found")),
    ("the folder of what is coming", JPEG, "image/jpeg", ".incoming", (404, "not_found")),
])
def test_what_is_refused_leaves_nothing(stack, what, content, kind, store, expected):
    before = files(stack)
    assert code(upload(stack, content, kind, store)) == expected, what
    assert files(stack) == before


@pytest.mark.parametrize("size", [MB, 20 * MB])
def test_a_large_body_is_refused_in_words(stack, size):
    """However much of it the web server has still to hand over."""
    for kind, store, expected in (("text/plain", "shop", 415), ("image/png", "shop", 415), ("image/jpeg", "nobody", 404)):
        for _ in range(3):
            answer = upload(stack, JPEG + bytes(size), kind, store)
            assert answer.status == expected, answer


def test_other_methods_and_queries(stack):
    answer = stack.get("/videos/stores/shop/uploads")
    assert code(answer) == (405, "method_not_allowed") and answer.headers["Allow"] == "POST"
    assert stack.post("/videos/stores/shop/uploads?x=1", JPEG, headers={"Content-Type": "image/jpeg"}).status == 400


def begin(stack, length, sent, ended=False):
    """An upload that announces length and sends that much of it; what is answered."""
    host, port = stack.address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"POST /videos/stores/shop/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
                           b"Content-Length: %d\r\n\r\n" % length + sent)
        if ended:
            connection.shutdown(socket.SHUT_WR)
        return connection.recv(4096)


def test_a_byte_too_many_is_refused_before_it_is_sent(stack):
    answer = begin(stack, 32 * MB + 1, b"")
    assert answer.startswith(b"HTTP/1.1 413 ") and b'"body_too_large"' in answer


def test_half_an_upload_leaves_nothing(stack):
    before = files(stack), stack.sql("SELECT COUNT(*) FROM uploads")
    begin(stack, 3 * MB, JPEG + bytes(MB), ended=True)
    assert (files(stack), stack.sql("SELECT COUNT(*) FROM uploads")) == before


def peak_kb(stack):
    pids = children(stack.pid("cgi"))
    assert len(pids) == 4
    text = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return max(int(re.search(r"VmHWM:\s+(\d+) kB", t)[1]) for t in text)


def test_the_largest_one_needs_no_memory_and_fills_the_store(stack):
    for _ in range(8):
        upload(stack, JPEG + b"small", store="full")
    before = peak_kb(stack)
    large = JPEG + bytes(32 * MB - len(JPEG))
    answer = upload(stack, large, store="full")
    assert (answer.status, answer.json["bytes"]) == (201, 32 * MB), answer
    assert peak_kb(stack) - before < 4096

    answer = upload(stack, JPEG + bytes(MB), store="full")
    assert code(answer) == (413, "store_full"), answer
    assert upload(stack, large, store="full").status == 200, "what is there already needs no room"
    assert upload(stack, JPEG + bytes(MB), store="other").status == 201


def test_the_same_file_from_many_at_once(stack):
    content = JPEG + b"at once" * 50000
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: upload(stack, content), range(6)))
    assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
    urls = {answer.json["url"] for answer in answers}
    assert len(urls) == 1 and path_of(stack, urls.pop()).read_bytes() == content
    assert not list((stack.folder / "uploads" / ".incoming").iterdir())


def details(answer):
    return [detail["path"] for detail in answer.json["error"]["details"]]


def test_a_store_uses_its_own_only(stack):
    mine, theirs = uploaded(stack, b"mine"), uploaded(stack, b"theirs", "other")
    body = film(scenes=[scene(1, imageUrl=theirs), scene(2, imageUrl=mine)], musicUrl=theirs, voiceUrl=theirs)
    answer = stack.post("/videos", body)
    assert code(answer) == (400, "validation_failed")
    assert sorted(details(answer)) == ["/musicUrl", "/scenes/0/imageUrl", "/voiceUrl"]
    answer = stack.put("/videos/stores/shop/brand", {"logoUrl": theirs})
    assert answer.status == 400 and details(answer) == ["/logoUrl"]
    product = {"storeId": "shop", "title": "A thing", "images": [{"url": mine}, {"url": theirs}]}
    answer = stack.put("/videos/products/thing", product)
    assert answer.status == 400 and details(answer) == ["/images/1/url"]

    video = stack.create(film(scenes=[scene(1, imageUrl=mine)]))
    stack.post(f"/videos/{video}/cancel")
    answer = stack.post(f"/videos/{video}/scenes/1/regenerate", {"imageUrl": theirs})
    assert answer.status == 400 and details(answer) == ["/imageUrl"]
    answer = stack.request("PATCH", f"/videos/{video}", {"musicUrl": theirs})
    assert answer.status == 400 and details(answer) == ["/musicUrl"]


def test_an_upload_that_is_not_there(stack):
    gone = "/uploads/shop/" + "0" * 32 + ".jpg"
    there = uploaded(stack, b"there")
    video = stack.create(film(scenes=[scene(1, imageUrl=there)]))
    stack.post(f"/videos/{video}/cancel")
    for answer, path in (
        (stack.post("/videos", film(scenes=[scene(1, imageUrl=there), scene(2, imageUrl=gone)])), "/scenes/1/imageUrl"),
        (stack.post("/videos", film(musicUrl=gone)), "/musicUrl"),
        (stack.post("/videos", film(voiceUrl=gone)), "/voiceUrl"),
        (stack.put("/videos/stores/shop/brand", {"logoUrl": gone}), "/logoUrl"),
        (stack.put("/videos/products/x", {"storeId": "shop", "title": "X", "images": [{"url": gone}]}), "/images/0/url"),
        (stack.request("PATCH", f"/videos/{video}", {"musicUrl": gone}), "/musicUrl"),
        (stack.post(f"/videos/{video}/scenes/1/regenerate", {"imageUrl": gone}), "/imageUrl"),
    ):
        assert code(answer) == (404, "not_found") and details(answer) == [path], answer


@pytest.mark.parametrize("url", [
    "/uploads/shop/../other/{name}",
    "/uploads/shop/%2e%2e/other/{name}",
    "/uploads/other/../shop/{name}",
    "/uploads/shop/./{name}",
    "/uploads//shop/{name}",
    "/uploads/shop",
    "/uploads/shop/",
    "/uploads/shop/{name}/",
    "/uploads/shop/{name}?x",
    "/uploads/.incoming/{name}",
    "/uploads/shop/.tmp-0123456789abcdef",
    "/uploads/shop/{name}\\",
])
def test_no_way_around_by_names(stack, url):
    name = uploaded(stack, b"around").rsplit("/", 1)[1]
    answer = stack.post("/videos", film(scenes=[scene(1, imageUrl=url.format(name=name))]))
    assert answer.status in (400, 404) and details(answer) == ["/scenes/0/imageUrl"], answer


def age(stack, url, days):
    name = url.rsplit("/", 1)[1]
    stack.sql(f"UPDATE uploads SET last_used = UTC_TIMESTAMP(3) - INTERVAL {days} DAY WHERE name = '{name}'")


def idle_days(stack, url):
    """Since it was last of use; None: there is no such upload."""
    name = url.rsplit("/", 1)[1]
    rows = stack.sql(f"SELECT TIMESTAMPDIFF(DAY, last_used, UTC_TIMESTAMP(3)) FROM uploads WHERE name = '{name}'")
    return int(rows[0][0]) if rows else None


def test_what_a_request_names_is_of_use(stack):
    stack.put_store("user")
    used = {where: uploaded(stack, where.encode(), "user") for where in ("scene", "music", "logo", "product", "priced")}
    for url in used.values():
        age(stack, url, 29)
    assert uploaded(stack, b"scene", "user") == used["scene"] and idle_days(stack, used["scene"]) == 0
    age(stack, used["scene"], 29)
    stack.create(film("user", [scene(1, imageUrl=used["scene"])], musicUrl=used["music"]))
    assert stack.put("/videos/stores/user/brand", {"logoUrl": used["logo"]}).status == 201
    product = {"storeId": "user", "title": "P", "images": [{"url": used["product"]}]}
    assert stack.put("/videos/products/used", product).status == 201
    assert stack.post("/videos/estimate", film("user", [scene(1, imageUrl=used["priced"])])).status == 200
    assert {where: idle_days(stack, url) for where, url in used.items()} == {
        "scene": 0, "music": 0, "logo": 0, "product": 0, "priced": 29}, "an estimate promises nothing"


def test_what_nothing_refers_to_goes(stack):
    stack.put_store("tidy")
    kept = {where: uploaded(stack, where.encode(), "tidy") for where in ("scene", "voice", "logo", "old logo", "product")}
    stray, young = uploaded(stack, b"stray", "tidy"), uploaded(stack, b"young", "tidy")
    assert stack.put("/videos/stores/tidy/brand", {"logoUrl": kept["old logo"]}).status == 201
    stack.create(film("tidy", [scene(1, imageUrl=kept["scene"])], voiceUrl=kept["voice"]))
    assert stack.put("/videos/stores/tidy/brand", {"logoUrl": kept["logo"]}).status == 200
    product = {"storeId": "tidy", "title": "P", "images": [{"url": kept["product"]}]}
    assert stack.put("/videos/products/tidied", product).status == 201
    half = stack.folder / "uploads" / ".incoming" / ".tmp-0123456789abcdef"
    half.write_bytes(b"a responder was killed")
    fresh = half.with_name(".tmp-1")
    fresh.write_bytes(b"somebody writes it")
    two_hours_ago = half.stat().st_mtime - 7200
    os.utime(half, (two_hours_ago, two_hours_ago))
    for url in (*kept.values(), stray):
        age(stack, url, 31)
    age(stack, young, 29)

    stack.run("start", "daemon")  # it begins by tidying up
    try:
        stacks.wait_for("the stray file's end", lambda: not half.exists() and idle_days(stack, stray) is None)
        stacks.wait_for("the others' use", lambda: all(idle_days(stack, url) == 0 for url in kept.values()))
    finally:
        stack.run("stop", "daemon")
    assert not path_of(stack, stray).exists()
    assert idle_days(stack, young) == 29 and fresh.exists()
    assert all(path_of(stack, url).exists() for url in (*kept.values(), young))
    fresh.unlink()
