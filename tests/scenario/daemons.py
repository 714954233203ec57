"""What the tests of the daemon share: small films, and looking at who is at work."""

import contextlib
import os
import pathlib
import signal
import subprocess
import threading

import stack as stacks
from stack import wait_for


def make_picture(path, size):
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s={size}", "-frames:v", "1", path]
    subprocess.run(command, check=True, timeout=60)


@contextlib.contextmanager
def running(real=False, **settings):
    """A stack that has picture.jpg and the music in its assets, stack.assets; real: see stacks.running()."""

    def prepare(folder):
        (folder / "assets").mkdir()
        make_picture(folder / "assets" / "picture.jpg", "800x600")
        return {"assets_dir": folder / "assets", **settings}

    with stacks.running(prepare, real) as stack:
        stack.assets = stack.folder / "assets"
        (stack.assets / "music").symlink_to(stack.folder / "share" / "music")
        stack.put_store()
        yield stack


def quick(number=1, **more):
    """The body of the smallest film."""
    return stacks.film(scenes=[stacks.scene(n) for n in range(number)], aspectRatio="1:1", musicVolume=0, **more)


def children(stack):
    """The processes that work for this stack: each is in a video's work folder."""
    found = []
    for process in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if process.name.isdigit() and os.readlink(process / "cwd").startswith(str(stack.folder / "work") + "/"):
                found.append(int(process.name))
    return found


def rows_of(stack, video):
    """How many rows the database has of a video, in all tables."""
    tables = {"videos": "id", "scenes": "video_id", "jobs": "video_id", "steps": "video_id", "step_log": "video_id"}
    number = video.replace("-", "")
    counts = [f"(SELECT COUNT(*) FROM {table} WHERE {column} = UNHEX('{number}'))" for table, column in tables.items()]
    return int(stack.sql("SELECT " + " + ".join(counts))[0][0])


def log_of(stack, video):
    """The step log of a video: (kind, item, event, worker)."""
    number = video.replace("-", "")
    return [tuple(row) for row in
            stack.sql(f"SELECT kind, item, event, worker FROM step_log WHERE video_id = UNHEX('{number}') ORDER BY id")]


def events(stack, video, kind, item=0):
    return [event for k, i, event, _ in log_of(stack, video) if (k, i) == (kind, str(item))]


def job_of(stack, video):
    """state, worker and attempt of a video's job."""
    number = video.replace("-", "")
    return stack.sql(f"SELECT state, worker, attempt FROM jobs WHERE video_id = UNHEX('{number}')")[0]


QUEUED, RUNNING, SCHEDULED, DONE, FAILED = "01234"


class Database:
    """A client that stays connected, so that a look takes a millisecond; also one that can hold a lock."""

    def __init__(self, stack):
        command = [*stack.client(), "-n"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                        errors="backslashreplace")  # ids are bytes

    def rows(self, sql):
        self.process.stdin.write(f"{sql}; SELECT 'the end';\n")
        return [tuple(line.rstrip("\n").split("\t")) for line in iter(self.process.stdout.readline, "the end\n")]

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def kill(stack):
    """Until it is dead: a signal takes its time, and stack.sh would find it alive and start none."""
    os.kill(stack.pid("daemon"), signal.SIGKILL)
    wait_for("the daemon's death", lambda: stack.pid("daemon") is None, pause=0.01)


def id_of(video):
    return f"UNHEX('{video.replace('-', '')}')"


@contextlib.contextmanager
def second_daemon(stack):
    """Another one of the same stack; it wakes by polling only."""
    config = stack.folder / "etc" / "second.conf"
    config.write_text((stack.folder / "etc" / "videod.conf").read_text().replace("/wake.sock", "/second.sock"))
    with open(stack.folder / "log" / "second.log", "w") as log:
        process = subprocess.Popen([stacks.BUILD / "videod", "--config", config], stdout=log, stderr=log)
    try:
        wait_for("the second daemon", lambda: "serving" in stack.log("second"))
        yield process
    finally:
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGKILL), "it ends as it should, or the test killed it"


class Sampler(threading.Thread):
    """Calls look() again and again while its block runs; its results are in seen."""

    def __init__(self, look, pause=0.03):
        super().__init__(daemon=True)
        self.look, self.pause = look, pause
        self.seen = []
        self.failure = None
        self.over = threading.Event()

    def run(self):
        try:
            while not self.over.wait(self.pause):
                self.seen.append(self.look())
        except Exception as failure:  # whatever it is, it is the test's
            self.failure = failure

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *what):
        self.over.set()
        self.join()
        if self.failure and not what[0]:
            raise self.failure
