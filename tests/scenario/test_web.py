"""What nginx answers by itself: progress from memcached, files, the page, and errors in the API's form."""

import contextlib
import socket

import pytest

from stack import ROOT, running, wait_for

VIDEO = "0f0e0d0c-0b0a-4908-8706-050403020100"
STATUS = f"/videos/{VIDEO}/status"
FILM = "/media/videos/x/film.mp4"
FILM_BYTES = bytes(range(256)) * 8


@pytest.fixture(scope="module")
def web():
    with running() as stack:
        folder = stack.folder / "media" / "videos" / "x"
        folder.mkdir(parents=True)
        (folder / "film.mp4").write_bytes(FILM_BYTES)
        (folder / "still.jpg").write_bytes(b"\xff\xd8\xff")
        (folder / ".film.mp4.new").write_bytes(b"half")
        yield stack


def is_error(answer, status, code):
    assert answer.status == status, answer
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    error = answer.json["error"]
    assert error["code"] == code and error["message"] and error["details"] == []
    assert error["requestId"] == answer.headers["X-Request-Id"]


def remember(stack, video, text):
    """Puts a status into memcached, as the daemon does."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as cache:
        cache.connect(stack.env["CACHE_SOCKET"])
        cache.sendall(f"set videod:status:{video} 0 60 {len(text)}\r\n{text}\r\n".encode())
        assert cache.recv(64) == b"STORED\r\n"


def raw(stack, message):
    """What is answered to bytes that no HTTP library would send."""
    host, port = stack.url.removeprefix("http://").split(":")
    with contextlib.closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
        connection.sendall(message)
        with connection.makefile("rb") as answer:
            return answer.read()


def from_memcached(web, method="GET"):
    """No responder knows of the video; where memcached is slow nginx asks one all the same."""
    return wait_for("an answer of memcached's", lambda: (found := web.request(method, STATUS)).status == 200 and found)


def test_status_comes_from_memcached(web):
    remember(web, VIDEO, '{"progress":42}')
    answer = from_memcached(web)
    assert answer.json == {"progress": 42}
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_of_status(web):
    remember(web, VIDEO, '{"progress":42}')
    assert from_memcached(web, "HEAD").body == b""


def test_unknown_status_is_asked_of_the_responders(web):
    is_error(web.get(STATUS.replace(VIDEO, VIDEO.replace("0f", "1f"))), 404, "not_found")


def test_other_methods_of_status_are_refused_by_the_responders(web):
    remember(web, VIDEO, '{"progress":42}')
    answer = web.post(STATUS, {})
    is_error(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_status_without_memcached(web):
    web.run("kill", "memcached")
    try:
        is_error(web.get(STATUS), 404, "not_found")
    finally:
        web.run("start", "memcached")
    remember(web, VIDEO, '{"progress":43}')
    assert from_memcached(web).json == {"progress": 43}


def test_without_responders_it_says_try_again(web):
    remember(web, VIDEO, '{"progress":44}')
    web.run("kill", "cgi")
    try:
        for answer in web.post("/videos", {}), web.get("/videos/music"), web.delete(f"/videos/{VIDEO}"):
            is_error(answer, 503, "unavailable")
            assert answer.headers["Retry-After"] == "1"
        assert from_memcached(web).json == {"progress": 44}
        assert web.get(FILM).status == 200
    finally:
        web.run("start", "cgi")
    assert web.get("/healthz").status == 200


@pytest.mark.parametrize("path, content_type", [
    (FILM, "video/mp4"),
    ("/media/videos/x/still.jpg", "image/jpeg"),
])
def test_files_have_their_type_and_may_be_kept(web, path, content_type):
    answer = web.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("asked, status, first, last", [
    ("bytes=0-9", 206, 0, 9),
    ("bytes=2000-", 206, 2000, 2047),
    ("bytes=-48", 206, 2000, 2047),
])
def test_ranges(web, asked, status, first, last):
    answer = web.get(FILM, headers={"Range": asked})
    assert (answer.status, answer.body) == (status, FILM_BYTES[first:last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(FILM_BYTES)}"


@pytest.mark.parametrize("method, path, status, code", [
    ("GET", "/media/videos/x/", 404, "not_found"),
    ("GET", "/media/videos/x/.film.mp4.new", 404, "not_found"),
    ("GET", "/media/videos/x/other.mp4", 404, "not_found"),
    ("GET", "/media/../etc/videod.conf", 404, "not_found"),
    ("GET", "/media/%2e%2e/etc/videod.conf", 404, "not_found"),
    ("GET", "/media../etc/videod.conf", 404, "not_found"),
    ("GET", "/../../../etc/passwd", 400, "bad_request"),
    ("GET", "/assets/.gitignore", 404, "not_found"),
    ("GET", "/nowhere", 404, "not_found"),
    ("GET", "/videod_error", 404, "not_found"),
    ("POST", FILM, 405, "method_not_allowed"),
    ("DELETE", FILM, 405, "method_not_allowed"),
    ("PUT", "/dashboard/index.html", 405, "method_not_allowed"),
    ("TRACE", "/videos", 405, "method_not_allowed"),
])
def test_errors_are_json(web, method, path, status, code):
    is_error(web.request(method, path), status, code)


def test_unsatisfiable_range(web):
    is_error(web.get(FILM, headers={"Range": "bytes=9999-"}), 416, "range_not_satisfiable")


def test_too_long_an_address(web):
    is_error(web.get("/" + "x" * 9000), 414, "uri_too_long")


def test_too_large_a_body(web):
    is_error(web.post("/videos", b"x" * 600_000, headers={"Content-Type": "application/json"}), 413, "body_too_large")


def test_too_large_a_header(web):
    is_error(web.get("/videos/music", headers={"X-Much": "x" * 9000}), 431, "headers_too_large")


@pytest.mark.parametrize("message, status", [
    (b"NONSENSE\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    (b"GET /media/%00 HTTP/1.0\r\n\r\n", 400),
    (b"POST /videos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: odd\r\n\r\n", 501),
    (b"GET / HTTP/7.5\r\nHost: x\r\n\r\n", 505),
])
def test_what_is_not_http(web, message, status):
    answer = raw(web, message)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b'\r\n\r\n{"error":{"code":"' in answer


def test_page(web):
    answer = web.get("/dashboard/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.body == (ROOT / "dashboard" / "index.html").read_bytes()
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy and "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path, status", [("/", 302), ("/dashboard", 308)])
def test_ways_to_the_page(web, path, status):
    answer = web.get(path)
    assert (answer.status, answer.headers["Location"]) == (status, "/dashboard/")
