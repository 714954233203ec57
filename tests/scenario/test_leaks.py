"""The responders and the daemon, built with AddressSanitizer, LeakSanitizer and UBSan: no error, no leak, a clean end.

The programs are started here and not by the stack, because how they end is what counts.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import threading

import pytest

import daemons
import stack as stacks
from bad_requests import BAD, encode
from daemons import events
from stack import BUILD, film, scene, wait_for

PROGRAMS = BUILD / "san"  # made by: make SAN=address,undefined all
REQUESTS = 2000
VIDEOS = 8
CLIENTS = 6
POOL = 3

LEAKY = """
#include <stdlib.h>
int main(int argc, char **argv)
{
	char *volatile lost = malloc(1000);
	lost[0] = argv[0][0];
	lost = NULL;
	return argc > 9;
}
"""


def options(reports):
    """atexit: each process whose end was looked at says so, so that its silence about leaks means something."""
    return {
        **os.environ,
        "ASAN_OPTIONS": f"detect_leaks=1:atexit=1:log_path={reports}/asan",
        "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={reports}/ubsan",
    }


def reports_of(folder):
    return {int(path.suffix[1:]): path.read_text() for path in folder.iterdir()}


BAD_WORDS = ("ERROR: ", "SUMMARY: ", "runtime error: ", "LeakSanitizer has encountered")


def check_clean(process, reports, pids, log):
    status = process.wait(60)
    found = reports_of(reports)
    for text in (*found.values(), log):
        assert not any(word in text for word in BAD_WORDS), text[:5000]
    assert status == 0, log
    unseen = [pid for pid in pids if "exit stats" not in found.get(pid, "")]
    assert not unseen, f"nobody looked at the end of {unseen} of {pids}"


@pytest.fixture
def reports(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


@pytest.fixture
def stack():
    with daemons.running(videos_in_flight=4) as running:
        running.put_store("other")
        (running.assets / "no-picture.jpg").write_text("This is none.")
        for product, store in (("thing", "shop"), ("theirs", "other")):
            body = {"storeId": store, "title": "A thing", "sellingPrice": 9.5, "images": []}
            assert running.put(f"/videos/products/{product}", body).status in (200, 201)
        yield running


@contextlib.contextmanager
def started(stack, reports, name, *arguments):
    """The program in place of the stack's own."""
    piece = {"videod": "daemon", "videod-cgi": "cgi"}[name]
    stack.run("stop", piece)
    config = stack.folder / "etc" / "videod.conf"
    with open(stack.folder / "log" / f"sanitized-{piece}.log", "w") as log:
        command = [PROGRAMS / name, "--config", config, *arguments]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=options(reports))
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_leaks_would_be_seen(tmp_path, reports):
    """The control: here, and with these options, a leak is reported. Where it cannot be, this fails."""
    (tmp_path / "leaky.c").write_text(LEAKY)
    subprocess.run(["cc", "-fsanitize=address", "-g", "-o", tmp_path / "leaky", tmp_path / "leaky.c"], check=True)
    process = subprocess.Popen([tmp_path / "leaky"], env=options(reports), stderr=subprocess.DEVNULL)
    assert process.wait(30) != 0
    assert "ERROR: LeakSanitizer: detected memory leaks" in reports_of(reports)[process.pid]


# --- the responders ---


def good_requests():
    video = encode(film(scenes=[scene(1), scene(2, textOverlay="Ünï 漢字 😀")]))
    json = {"Content-Type": "application/json"}
    return [
        ("POST", "/videos", video, json),
        ("POST", "/videos/product/thing?style=story", b'{"aspectRatio":"1:1"}', json),
        ("POST", "/videos/product/thing", None, {}),
        ("GET", "/videos/{video}", None, {}),
        ("GET", "/videos/{video}/status", None, {}),
        ("POST", "/videos/{video}/status", None, {}),
        ("GET", "/videos/store/shop?limit=100", None, {}),
        ("GET", "/videos/store/shop?status=pending&limit=3&offset=2", None, {}),
        ("GET", "/videos/voices/available", None, {}),
        ("GET", "/videos/music", None, {}),
        ("GET", "/videos/stores", None, {}),
        ("GET", "/videos/stores/shop/products", None, {}),
        ("PUT", "/videos/products/thing", encode({"storeId": "shop", "title": "A thing", "images": []}), json),
        ("GET", "/videos/products/thing", None, {}),
        ("GET", "/healthz", None, {}),
        ("DELETE", "/videos/{video}", None, {}),
    ]


def bad_request(bad):
    if callable(bad.body):
        return bad.method, bad.path, b"".join(bad.body()), bad.headers
    if bad.body is None or isinstance(bad.body, bytes):
        return bad.method, bad.path, bad.body, bad.headers
    return bad.method, bad.path, encode(bad.body), {"Content-Type": "application/json", **bad.headers}


def mixed_requests():
    """A bad one and a good one in turn."""
    bad, good = itertools.cycle(map(bad_request, BAD)), itertools.cycle(good_requests())
    both = itertools.chain.from_iterable(zip(bad, good))
    return list(itertools.islice(both, REQUESTS))


class Client(threading.Thread):
    """Sends requests; {video} is the last one that it was given."""

    def __init__(self, stack, requests):
        super().__init__()
        self.stack, self.requests = stack, requests
        self.video = "00000000-0000-4000-8000-000000000000"
        self.statuses, self.problem = [], None

    def run(self):
        try:
            for method, path, body, headers in self.requests:
                answer = self.stack.request(method, path.replace("{video}", self.video), body, headers, timeout=60)
                self.statuses.append(answer.status)
                if answer.status == 202:
                    self.video = answer.json["videoId"]
        except Exception as problem:
            self.problem = problem


def test_responders(stack, reports):
    stack.run("stop", "daemon")
    socket = stack.env["CGI_SOCKET"]
    with started(stack, reports, "videod-cgi", "--listen", socket, "--pool", str(POOL)) as pool:
        wait_for("the responders", lambda: stack.get("/healthz").status == 200)
        responders = stacks.children(pool.pid)
        requests = mixed_requests()
        clients = [Client(stack, requests[n::CLIENTS]) for n in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
            assert client.problem is None, repr(client.problem)
        statuses = [status for client in clients for status in client.statuses]
        assert len(statuses) == REQUESTS
        print({status: statuses.count(status) for status in sorted(set(statuses))})
        assert {200, 202, 204, 400, 404, 405} <= set(statuses) and max(statuses) < 500
        assert stacks.children(pool.pid) == responders  # none died on the way
        pool.send_signal(signal.SIGTERM)
        check_clean(pool, reports, [pool.pid, *responders], stack.log("sanitized-cgi"))


# --- the daemon ---


def test_daemon(stack, reports):
    """Films of all kinds, one that cannot be made, one that is deleted while it is made, and a stop."""
    with started(stack, reports, "videod") as daemon:
        wait_for("the daemon", lambda: "serving" in stack.log("sanitized-daemon"))
        kinds = itertools.cycle(
            [
                {"scenes": [scene(1, textOverlay="It's {\\b1} 100%")]},
                {"scenes": [scene(1, imageUrl="/assets/picture.jpg"), scene(2)]},
                # pieces that end between two passes of the sound
                {"scenes": [scene(1), scene(2)], "renditions": ["9:16"], "voiceoverScript": "Some words."},
            ]
        )
        with stack.ffmpeg.hold("print"):  # the sound is begun first, and everything else is done meanwhile
            told = stack.create(film(aspectRatio="1:1", scenes=[scene(n, narration="Some words.") for n in range(2)]))
            wait_for("the sound", lambda: events(stack, told, "sound") == ["start"])
            wait_for("the pieces", lambda: all(events(stack, told, "encode", n)[-1:] == ["done"] for n in range(2)))
        videos = [told] + [stack.create(film(aspectRatio="1:1", **kind)) for kind in itertools.islice(kinds, VIDEOS)]
        broken = stack.create(film(scenes=[scene(1, imageUrl="/assets/no-picture.jpg")]))
        deleted = stack.create(film(scenes=[scene(1, 5)]))
        wait_for("the last one's begin", lambda: stack.status(deleted)["status"] != "pending", 240)
        assert stack.delete(f"/videos/{deleted}").status == 204
        for video in videos:
            stack.wait_completed(video, 240)
        wait_for("a failure", lambda: stack.status(broken)["status"] == "failed")
        wait_for("a removal", lambda: stack.sql("SELECT COUNT(*) FROM videos WHERE deleted_at IS NOT NULL") == [["0"]])
        daemon.send_signal(signal.SIGTERM)
        check_clean(daemon, reports, [daemon.pid], stack.log("sanitized-daemon"))
