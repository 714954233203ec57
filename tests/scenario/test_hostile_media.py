"""Malformed and malicious media, as picture, voice, music and clip: each is refused in words and within its limits, and
nothing that it points at is opened."""

import collections
import contextlib
import ctypes
import http.server
import json
import os
import pathlib
import signal
import struct
import subprocess
import threading
import urllib.parse

import pytest

import bought
import hostile_media as hostile
import media
import paid
import stack as stacks
from stack import ROOT, files_below, wait_for

MEMORY_MB = 1024
PROBE_CPU_SEC = 10
SECONDS = 500  # at most, for all of them; an idle machine needs half a minute
OVER = ("completed", "failed", "paused")


class Watch:
    """Who opens what in a folder: inotify(7)."""

    OPEN, EVENT = 0x20, struct.Struct("iIII")

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self.fd >= 0 and libc.inotify_add_watch(self.fd, os.fsencode(folder), self.OPEN) >= 0

    def opened(self):
        """The names, since the last time."""
        try:
            data, at, names = os.read(self.fd, 1 << 16), 0, []
        except BlockingIOError:
            return []
        while at < len(data):
            size = self.EVENT.unpack_from(data, at)[3]
            at += self.EVENT.size + size
            names.append(data[at - size : at].rstrip(b"\0").decode())
        return names


class Site(http.server.ThreadingHTTPServer):
    """Gives what is in files, and takes down what else is asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Visit)
        self.files, self.strangers = {}, []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def put(self, name, data):
        self.files["/" + name] = data
        return f"{self.url}/{urllib.parse.quote(name)}"

    def strange(self):
        found, self.strangers = self.strangers, []
        return found


class Visit(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = self.server.files.get(urllib.parse.unquote(self.path))
        if data is None:
            self.server.strangers.append(self.path)
        self.send_response(404 if data is None else 200)
        self.send_header("Content-Length", str(len(data or b"")))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # it may be more than is taken
            self.wfile.write(data or b"")

    def log_message(self, *what):
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile-media")


@pytest.fixture(scope="module")
def site():
    with Site() as running:
        yield running
        running.shutdown()


@pytest.fixture(scope="module")
def bait(folder, site):
    (folder / "secret").mkdir()
    (folder / "secret" / "film.mp4").write_bytes(b"nobody may see this")
    names = ("picture.jpg", "large.jpg", "picture.webp")
    for name in names:
        media.make_picture(folder / name, (1600, 1200) if name == "large.jpg" else (64, 64), "306090")
    pictures = ((folder / name).read_bytes() for name in names)
    return hostile.Bait(str(folder / "secret" / "film.mp4"), f"{site.url}/secret.mp4", *pictures)


@pytest.fixture(scope="module")
def watch(bait):
    return Watch(pathlib.Path(bait.file).parent)


@pytest.fixture(scope="module")
def stack(folder):
    programs = {name: folder / name for name in ("ffmpeg", "ffprobe")}
    for path in programs.values():
        path.symlink_to(ROOT / "tests" / "measured.py")
    more = {"image_allow_private": "yes", "child_memory_mb": MEMORY_MB, "child_nice": 0, "runway_poll_ms": 100}
    with bought.running(**programs, **more) as running:
        yield running


# --- sending them ---

Sent = collections.namedtuple("Sent", "role case way video door")


def body_of(role, url):
    scene = stacks.scene(1)
    if role == "picture":
        return bought.film({**scene, "imageUrl": url}, mode="draft")
    if role == "voice":
        return bought.film(scene, mode="draft", voiceUrl=url)
    return bought.film(scene, mode="draft", musicUrl=url, musicVolume=50)


def send(stack, site, role, case, data, other):
    """By its address, and in its other role as an upload."""
    if "address" in case.ways:
        url = site.put(f"{role} {case.name} %d", data)
        yield Sent(role, case, "address", stack.create(body_of(role, url)), None)
    kind = case.upload or {"picture": "image/jpeg"}.get(role, "audio/mpeg")
    answer = stack.post("/videos/stores/shop/uploads", data, headers={"Content-Type": kind})
    video = stack.create(body_of(other, answer.json["url"])) if answer.status == 201 else None
    yield Sent(other, case, "upload", video, answer)


def send_clips(stack, folder, bait):
    orders, bodies = [], []
    for number, case in enumerate(hostile.CLIPS):
        prompt, path = f"Clip {number:03d} of the table", folder / f"clip-{number}"
        path.write_bytes(case.make(bait))
        orders.append({"on": "download", "match": prompt, "times": -1, "do": {"clipFile": str(path)}})
        bodies.append((case, bought.film(prompt, seconds=2)))
    stack.runway.setup(faults=orders)
    return [Sent("clip", case, "vendor", stack.create(body), None) for case, body in bodies]


def statuses(stack):
    return {number: more for number, *more in stack.sql("SELECT LOWER(HEX(id)), status, error FROM videos")}


def ended(stack, sent):
    def all_over():
        found = statuses(stack)
        return all(found[s.video.replace("-", "")][0] in OVER for s in sent if s.video) and found

    return wait_for("the end of all", all_over, SECONDS, pause=0.3)


@pytest.fixture(scope="module")
def played(stack, folder, site, bait, watch):
    """All at once: (sent, status, error)."""
    sent = send_clips(stack, folder, bait)
    for case in [*hostile.PICTURES, *hostile.HARMLESS]:
        sent += send(stack, site, "picture", case, case.make(bait), "picture")
    for number, case in enumerate(hostile.SOUNDS):
        roles = ("voice", "music") if number % 2 else ("music", "voice")
        sent += send(stack, site, roles[0], case, case.make(bait), roles[1])
    found = ended(stack, sent)
    return [(s, *found[s.video.replace("-", "")]) if s.video else (s, None, None) for s in sent]


# --- what came of them ---

WHERE = {
    "picture": "A picture could not be used: scene 1: the picture ",
    "voice": "A file could not be used: the voice",
    "music": "A file could not be used: the music",
    "clip": f"A scene could not be made (scene 1). {hostile.UNUSABLE}",
}
ROLES = {"picture": hostile.PICTURES, "voice": hostile.SOUNDS, "music": hostile.SOUNDS, "clip": hostile.CLIPS}
LURES = [case for cases in (hostile.PICTURES, hostile.SOUNDS, hostile.CLIPS) for case in cases if case.lure]


def of(played, cases, *roles):
    return [row for row in played if row[0].case in cases and row[0].role in roles]


def check_refusal(stack, sent, status, error):
    assert status == "failed", (status, error)
    assert error.startswith(WHERE[sent.role]), error
    told = paid.purchases(stack, sent.video, "detail")[0][0] if sent.role == "clip" else error
    assert sent.case.says in told, told


@pytest.mark.parametrize("role", ROLES)
def test_each_is_refused_in_words(stack, played, role):
    wrong = []
    for sent, status, error in of(played, ROLES[role], role):
        if not sent.video:
            continue
        try:
            check_refusal(stack, sent, status, error)
        except AssertionError as problem:
            wrong.append(f"{sent.case.name}, by {sent.way}: {str(problem).splitlines()[0]}")
    assert not wrong, "\n".join(wrong)


def test_what_is_no_medium_is_not_taken_as_an_upload(played):
    for sent, *_ in played:
        if sent.door is None:
            continue
        expected = (201,) if sent.case.upload else (400, 415)
        assert sent.door.status in expected, (sent.case.name, sent.door)


def test_the_harmless_are_used(played):
    for sent, status, error in of(played, hostile.HARMLESS, "picture"):
        assert (status, error) == ("completed", "NULL"), sent.case.name


def test_nothing_is_opened_or_fetched(played, watch, site):
    assert watch.opened() == [] and site.strange() == []


@pytest.mark.parametrize("case", LURES, ids=lambda case: case.name)
def test_a_careless_reader_would_have_been_seen(played, folder, bait, watch, site, case):
    (folder / "lure").write_bytes(case.make(bait))
    subprocess.run(["ffprobe", "-v", "quiet", *case.lure, folder / "lure"], timeout=60, check=False)
    assert watch.opened() or site.strange()


def test_nothing_of_it_is_left(stack, played):
    wait_for("the work folders' end", lambda: not stack.work_folders())
    for path in files_below(stack.folder / "media"):
        assert b"nobody may see this" not in path.read_bytes()


# --- and what it took ---


@pytest.fixture(scope="module")
def notes(folder, played):
    lines = (folder / "measured").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_every_child_is_limited(notes):
    for note in notes:
        assert note["memory_limit"] == MEMORY_MB << 20, note
        assert note["peak"] < MEMORY_MB << 20, note
        assert note["cpu_limit"] > 0, note


def test_what_is_not_known_yet_gets_little_time(played, notes):
    refused = {sent.video for sent, status, _ in played if status == "failed"}
    probes = [note for note in notes if note["folder"] in refused and note["program"] == "ffprobe"]
    assert len(probes) >= 100
    for note in probes:
        assert note["cpu_limit"] == PROBE_CPU_SEC
        # The kernel looks at the clock tick: where the host took the processor away meanwhile, that counts, and is late.
        assert note["cpu"] < PROBE_CPU_SEC + 3 or note["signal"] in (signal.SIGXCPU, signal.SIGKILL), note


def test_the_table_is_shown(played, notes, capfd):
    took = collections.defaultdict(lambda: (0, 0.0))
    for note in notes:
        peak, cpu = took[note["folder"]]
        took[note["folder"]] = (max(peak, note["peak"]), cpu + note["cpu"])
    ways = collections.Counter((sent.role, status or "not taken") for sent, status, _ in played)
    with capfd.disabled():
        print(f"\n{len(notes)} children, {sum(note['cpu'] for note in notes):.0f} s of processor;", ", ".join(
            f"{role} {status} {count}" for (role, status), count in sorted(ways.items())), flush=True)
        for sent, status, error in played:
            peak, cpu = took[sent.video]
            said = f"{status}: {error}" if sent.video else f"{sent.door.status} {sent.door.json['error']['code']}"
            line = f"{sent.role:8}{sent.way:8}{sent.case.name:42}{peak >> 20:5} MB {cpu:5.1f} s  {said}"
            print(line, flush=True)
