"""A private stack for tests: the real programs, started and stopped by demo/stack.sh in a folder of their own."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.parse

from ffmpeg import Ffmpeg

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("TEST_BUILD", ROOT / "build"))
STACK = ROOT / "demo" / "stack.sh"

PATIENCE_SEC = 180  # with what ends by itself, and need not end soon, on a machine that is busy

# Small and quick, so that a test is about what it is about.
QUICK = {"film_quality": "draft", "poll_ms": 200, "backoff_ms": 100, "backoff_cap_ms": 1000}


def files_below(folder):
    """All there are, also while somebody removes some: pathlib's own walk fails where a folder goes away under it."""
    found = (pathlib.Path(at, name) for at, _, names in os.walk(folder) for name in names)
    return [path for path in found if path.is_file()]


def wait_for(what, condition, seconds=PATIENCE_SEC, pause=0.05):
    """The first true value of condition(); fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(pause)


def children(pid):
    """The process ids of a process's children."""
    return sorted(map(int, pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Session:
    """A connection to the database that stays open, for what lasts as long as a connection does."""

    def __init__(self, command):
        self.client = subprocess.Popen([*command, "-n"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, text):
        """The first value of the first row."""
        self.client.stdin.write(f"{text};\n")
        self.client.stdin.flush()
        return self.client.stdout.readline().split("\t")[0].strip()

    def close(self):
        self.client.stdin.close()
        self.client.wait(timeout=30)
        self.client.stdout.close()


class Stack:
    def __init__(self, folder, settings=None, programs=BUILD, environment=None):
        self.folder = pathlib.Path(folder)
        self.environment = {
            **os.environ,
            "STACK_PORT": "any",
            "STACK_BIN": str(programs),
            **(environment or {}),
        }
        (self.folder / "etc").mkdir(parents=True, exist_ok=True)
        self.configure({**QUICK, **(settings or {})})
        self.run("start")
        lines = (self.folder / "stack.env").read_text().splitlines()
        self.env = dict(line.split("=", 1) for line in lines)
        self.url = self.env["URL"]
        self.address = urllib.parse.urlsplit(self.url).netloc

    def configure(self, settings):
        """Counts from the next start of a piece on."""
        self.settings = settings
        lines = [f"{key} = {value}\n" for key, value in settings.items()]
        (self.folder / "etc" / "extra.conf").write_text("".join(lines))

    @contextlib.contextmanager
    def changed(self, **settings):
        """The daemon with other settings."""
        before = self.settings
        self.configure({**before, **settings})
        self.run("start", "daemon")
        try:
            yield
        finally:
            self.configure(before)
            self.run("start", "daemon")

    def run(self, command, *piece):
        subprocess.run([STACK, command, self.folder, *piece], env=self.environment, check=True, timeout=180)

    def pid(self, piece):
        found = subprocess.run([STACK, "pid", self.folder, piece], capture_output=True, text=True, timeout=30)
        return int(found.stdout) if found.returncode == 0 else None

    def log(self, piece):
        path = self.folder / "log" / f"{piece}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    # HTTP through nginx

    def request(self, method, path, body=None, headers=None, timeout=30):
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            return Answer(connection.getresponse())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.request("POST", path, body, **more)

    def put(self, path, body=None, **more):
        return self.request("PUT", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def status(self, video):
        return self.get(f"/videos/{video}/status").json

    def create(self, body):
        answer = self.post("/videos", body)
        assert answer.status == 202, answer
        return answer.json["videoId"]

    def wait_completed(self, video, seconds=PATIENCE_SEC):
        def ended():
            status = self.status(video)
            assert status["status"] != "failed", status
            return status["status"] == "completed" and status

        return wait_for(f"completion of {video}", ended, seconds)

    # the database, as its administrator

    def client(self):
        return ["mariadb", "--no-defaults", "-uroot", "-S", self.env["DB_SOCKET"], "-N", "-B", "videod"]

    def session(self):
        return contextlib.closing(Session(self.client()))

    def sql(self, text):
        """Rows as lists of strings."""
        done = subprocess.run([*self.client(), "-e", text], capture_output=True, text=True, check=True, timeout=60)
        return [line.split("\t") for line in done.stdout.splitlines()]

    def lose_answer(self, video, error):
        """As if the answer to a paid request for the video had been lost; it must not be under way."""
        number = f"UNHEX('{video.replace('-', '')}')"
        asked = ("JSON_OBJECT('model', 'gen4.5', 'endpoint', 'text_to_video', 'ratio', '1280:720', 'seconds', 2, 'seed', 7, "
                 f"'prompt', (SELECT prompt FROM scenes WHERE video_id = {number} AND no = 0))")
        self.sql("INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, input_hash, request_hash, state, token, "
                 "request, estimate_milli, created_at) SELECT UNHEX(REPLACE(UUID(), '-', '')), id, store_id, 'runway', 'scene', "
                 f"0, UNHEX(SHA2('x', 256)), UNHEX(SHA2('y', 256)), 'unknown', 1, {asked}, 60000, UTC_TIMESTAMP(3) "
                 f"FROM videos WHERE id = {number}")
        self.sql(f"UPDATE jobs SET state = 6, finished_at = UTC_TIMESTAMP(3) WHERE video_id = {number}")
        self.sql(f"UPDATE videos SET status = 'paused', pause_reason = 'possible_charge', error = '{error}', "
                 f"progress = 40 WHERE id = {number}")

    def put_store(self, store="shop", **more):
        body = {"name": "A shop", "niche": "prints", "currency": "USD", "locale": "en-US", **more}
        answer = self.put(f"/videos/stores/{store}", body)
        assert answer.status in (200, 201), answer
        return store

    def work_folders(self):
        return [p for p in (self.folder / "work").iterdir() if not p.name.startswith(".")]


def last_lines(folder):
    """Of each log: its name, and how it ends."""
    for log in sorted((folder / "log").glob("*.log")):
        lines = log.read_text(errors="replace").splitlines()[-20:]
        yield log.name, "\n".join(line[:250] for line in lines)


@contextlib.contextmanager
def running(settings=None, real=False, **more):
    """
    A stack that is stopped and removed at the end, with its ffmpeg. settings may be a function of the folder. real:
    everything is made anew, for tests of films or of the time that they take.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="videod-test."))
    try:
        ffmpeg = Ffmpeg(folder / "ffmpeg")
        programs = {} if real else ffmpeg.settings()
        stack = Stack(folder, {**programs, **(settings(folder) if callable(settings) else settings or {})}, **more)
        stack.ffmpeg = ffmpeg
        yield stack
    except BaseException:
        for name, lines in last_lines(folder):
            print(f"--- {name}", lines, sep="\n")
        raise
    finally:
        subprocess.run([STACK, "stop", folder], check=False, timeout=180)
        shutil.rmtree(folder, ignore_errors=True)


def scene(number, duration=1, **more):
    return {"prompt": f"Scene {number}", "duration": duration, **more}


def film(store="shop", scenes=None, **more):
    """The body of a small request."""
    return {
        "storeId": store,
        "title": "A small film",
        "style": "product_showcase",
        "aspectRatio": "9:16",
        "scenes": scenes or [scene(1), scene(2)],
        **more,
    }
