"""What is killed, stopped and started again while films are made: nothing is lost, and nothing is done twice."""

import collections
import contextlib
import os
import pathlib
import random
import signal
import threading
import time

import pytest

import daemons
import stack as stacks
from daemons import Database, id_of, second_daemon
from stack import film, scene, wait_for

LONGEST_ANSWER_SEC = 30


# --- looking on ---


@pytest.fixture
def database(stack):
    with contextlib.closing(Database(stack)) as opened:
        yield opened


def steps_of(database, video):
    """The step log: (kind, item, event, worker) in order."""
    return database.rows(f"SELECT kind, item, event, worker FROM step_log WHERE video_id = {id_of(video)} ORDER BY id")


def at_work(stack):
    """The processes whose folder is a work folder of this stack: its ffmpeg and ffprobe."""
    work, found = str(stack.folder.resolve() / "work"), []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "cwd").startswith(work):
                found.append(int(process.name))
    return found


def stopped(children):
    """The first of them that stands; they are stopped one by one until one has not ended before."""
    for child in children:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGSTOP)
            if wait_for("a stop", lambda: state_of(child) in "TZX") and state_of(child) == "T":
                return child
    return None


def state_of(process):
    """The letter that ps shows; X where there is none."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def check_done_once(database, video):
    """Every step has been done exactly once, and was not begun again after that. Returns how often each was begun."""
    begun, done = collections.Counter(), set()
    for kind, item, event, _ in steps_of(database, video):
        step = kind, item
        if event == "start":
            assert step not in done, f"{step} ran again after it was done"
            begun[step] += 1
        elif event == "done":
            assert step not in done, f"{step} was done twice"
            done.add(step)
    assert done == set(begun)
    assert ("publish", "0") in done
    return begun


def check_nothing_left(stack):
    wait_for("the work folder's end", lambda: not stack.work_folders())
    wait_for("the end of all ffmpeg", lambda: not at_work(stack))
    assert len(list((stack.folder / "work" / ".workers").iterdir())) == 1  # the lock of the daemon that lives


def check_files(stack, status):
    for key in ("videoUrl", "thumbnailUrl"):
        answer = stack.get(status[key].removeprefix(stack.url))
        assert answer.status == 200 and len(answer.body) > 1000


@pytest.fixture
def stack(request):
    settings, real = request.param
    with daemons.running(real=real, **settings) as running:
        yield running


def killed_daemon(stack):
    daemons.kill(stack)
    stack.run("start", "daemon")


# --- kill -9 of the daemon ---

# The daemon's death again and again is what these tests are about; to videod it would be a poisonous video.
# Composing is as nice as anything else, or on a busy machine a step would never end before the next death.
KILLED = {"lost_leases": 100, "children": 2, "child_nice": 0}, True
KILLS = 30
FILES = ["video.mp4", "thumbnail.jpg", "preview.webp", "sprite.jpg", "sprite.vtt", "captions.srt", "captions.vtt",
         "report.json"]  # in the order of their steps
UPLOADS = len(FILES)
PATIENCE_SEC = 15  # with work that does not get on, before the next death


@pytest.mark.parametrize("stack", [KILLED], indirect=True, ids=[""])
def test_killed_at_30_random_moments(stack, database):
    seed = int(os.environ.get("CHAOS_SEED", random.randrange(2**32)))
    chance = random.Random(seed)
    print(f"seed {seed}")
    body = film(scenes=[scene(n, textOverlay=f"Scene {n}") for n in range(12)], voiceoverScript="Some words.")
    steps = 3 * 12 + len(("voice", "sound", "assemble", "inspect", "still"))  # and what is published, all at the end
    video = stack.create({**body, "aspectRatio": "1:1"})

    def wait_done(steps, seconds):
        latest = time.monotonic() + seconds
        while time.monotonic() < latest and done() < steps:
            time.sleep(0.01)

    def done():
        kinds = [kind for kind, _, event, _ in steps_of(database, video) if event == "done"]
        return sum(kind not in ("upload", "publish") for kind in kinds)

    for kill in range(KILLS):
        # As far as the kills are and no further, so that they spread over all of the work, on machines fast and slow.
        enough, most = (steps * n // (KILLS + 10) for n in (kill, kill + 1))
        wait_done(enough, PATIENCE_SEC)
        wait_done(most, chance.uniform(0, 1))
        killed_daemon(stack)
        print(f"kill {kill + 1}: {done()} of {steps} steps done")
    assert done() < steps, "the film was ready before the last kill"

    check_files(stack, stack.wait_completed(video))
    begun = check_done_once(database, video)
    assert len(begun) == steps + UPLOADS + 1
    assert sum(begun.values()) - len(begun) >= 10, "too few kills hit a step"
    check_nothing_left(stack)


@pytest.mark.parametrize("stack", [KILLED], indirect=True, ids=[""])
def test_killed_at_each_boundary(stack, database):
    """Once right after each step's beginning was written, and once after its end was. What was put where clients find
    it stays there: nothing is put again."""
    scenes = [scene(1, imageUrl="/assets/picture.jpg"), scene(2, textOverlay="Two")]
    video = stack.create(film(scenes=scenes, voiceoverScript="Some words.", aspectRatio="1:1"))
    folder = stack.folder / "media" / "videos" / video / "1"
    seen, kills, put = set(), 0, {}

    def boundaries():
        return {(kind, item, event) for kind, item, event, _ in steps_of(database, video) if event in ("start", "done")}

    while ("publish", "0", "done") not in seen:
        wait_for("the next boundary", lambda: boundaries() - seen, pause=0.001)
        seen |= boundaries()
        killed_daemon(stack)
        kills += 1
        done = {int(item) for kind, item, event in seen if (kind, event) == ("upload", "done")}
        put = {item: (folder / FILES[item]).stat().st_ino for item in done} | put

    assert put == {item: (folder / name).stat().st_ino for item, name in enumerate(FILES)}
    check_files(stack, stack.wait_completed(video))
    assert len(check_done_once(database, video)) == 12 + UPLOADS + 1
    print(f"{kills} kills at {len(seen)} boundaries")
    assert len(seen) == 2 * (12 + UPLOADS + 1)
    assert kills >= 10
    check_nothing_left(stack)


@pytest.mark.parametrize("stack", [KILLED], indirect=True, ids=[""])
def test_children_die_with_their_daemon(stack):
    """seed D17: no ffmpeg works for nobody."""
    stack.create(film(scenes=[scene(1, 60)]))
    child = wait_for("a child that stands, and does not end by itself", lambda: stopped(at_work(stack)))
    stack.run("kill", "daemon")
    wait_for("its end", lambda: child not in at_work(stack))


# --- a daemon that sleeps past its lease ---

ASLEEP = {"lease_sec": 30, "children": 2}, True


def fall_asleep(stack, daemon):
    """The daemon does while it has two children, and the first of them with it; the other one ends, and nobody takes
    notice. Both; else it goes on."""
    os.kill(daemon, signal.SIGSTOP)
    children = at_work(stack)
    if len(children) == 2:
        os.kill(children[0], signal.SIGSTOP)
        if children[0] in at_work(stack):
            return children
    os.kill(daemon, signal.SIGCONT)
    return None


@pytest.mark.parametrize("stack", [ASLEEP], indirect=True, ids=[""])
def test_stopped_past_its_lease(stack, database):
    """seed A3: the lease fences. Awake again it changes nothing: neither what it had finished nor what it was at counts any more."""
    first = stack.pid("daemon")
    video = stack.create(film(scenes=[scene(n, 4) for n in range(3)], aspectRatio="4:5"))
    children = wait_for("two ffmpeg", lambda: fall_asleep(stack, first), pause=0.01)
    try:
        worker = steps_of(database, video)[0][3]
        with second_daemon(stack):
            wait_for(
                "a step done by the second daemon",
                lambda: any(event == "done" and by != worker for *_, event, by in steps_of(database, video)),
                120,
            )
            assert children[0] in at_work(stack)
            os.kill(first, signal.SIGCONT)
            wait_for("the end of what the first one was at", lambda: not set(children) & set(at_work(stack)))
            wait_for("the first daemon's insight", lambda: "lease lost" in stack.log("daemon"))
            check_files(stack, stack.wait_completed(video))
            log = steps_of(database, video)
            assert stack.pid("daemon") == first and stack.status(video)["status"] == "completed"
    finally:
        for pid in (first, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    lost = next(i for i, row in enumerate(log) if row[2] == "lost")
    assert worker not in [by for *_, by in log[lost + 1 :]]
    assert [row[2] for row in log].count("lost") == 1
    assert [row[:3] for row in log].count(("publish", "0", "done")) == 1
    check_done_once(database, video)
    assert database.rows(f"SELECT state FROM jobs WHERE video_id = {id_of(video)}") == [("3",)]
    assert sorted(path.name for path in (stack.folder / "media" / "videos" / video / "1").iterdir()) == sorted(set(FILES) - {"captions.srt", "captions.vtt"})
    check_nothing_left(stack)


@pytest.mark.parametrize("stack", [ASLEEP], indirect=True, ids=[""])
def test_who_lost_a_lease_writes_nothing(stack, database):
    """Not even before it has noticed: between the moment at which another one has the video and its next renewal."""
    video = stack.create(film(scenes=[scene(n) for n in range(8)], aspectRatio="1:1"))
    seen = f"SELECT status, progress, updated_at FROM videos WHERE id = {id_of(video)}"
    wait_for("a finished step", lambda: any(row[2] == "done" for row in steps_of(database, video)))
    worker = steps_of(database, video)[0][3]
    database.rows("BEGIN")
    database.rows(
        "UPDATE jobs SET worker = 'another', lease_token = lease_token + 1, "
        f"lease_until = UTC_TIMESTAMP(3) + INTERVAL 25 SECOND WHERE video_id = {id_of(video)}"
    )
    # Whoever writes must have the job's row, which is locked until the commit.
    log, before = steps_of(database, video), database.rows(seen)
    database.rows("COMMIT")

    wait_for("the end of its ffmpeg", lambda: not at_work(stack), pause=0.01)
    assert database.rows(seen) == before
    assert steps_of(database, video) == log
    wait_for("the end of its lease in the log", lambda: "lease lost" in stack.log("daemon"))
    stack.wait_completed(video)
    assert steps_of(database, video)[len(log)] == ("job", "0", "lost", worker)  # found by the same daemon's upkeep
    check_done_once(database, video)
    check_nothing_left(stack)


# --- everything around the daemon ---

WITHOUT = {"videos_in_flight": 3, "children": 2}, False
UNDER_WAY = 4
STEP_SEC = 1  # so that some film is being made all the time


class Clients:
    """Threads that ask without end. Whatever is not right is noted, and so are clear refusals."""

    def __init__(self, stack, store):
        self.stack, self.store = stack, store
        self.accepted = []  # videos that were answered with 202
        self.completed = set()
        self.wrong = []
        self.counts = collections.Counter()  # of answers by status, and of those of memcached
        self.longest = 0
        self.goes_on = True
        self.lock = threading.Lock()
        work = [self.poll] * 3 + [self.read, self.list, self.create]
        self.threads = [threading.Thread(target=self.repeat, args=(each,)) for each in work]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.goes_on = False
        for thread in self.threads:
            thread.join()

    def repeat(self, work):
        state = {}
        while self.goes_on:
            try:
                work(state)
            except Exception as problem:  # a refused connection, half an answer, a hang: all wrong
                self.wrong.append(f"{work.__name__}: {problem!r}")
            time.sleep(0.02)

    def ask(self, method, path, body=None):
        """The answer where it is none of the clear refusals, else None."""
        began = time.monotonic()
        answer = self.stack.request(method, path, body, timeout=LONGEST_ANSWER_SEC)
        with self.lock:
            self.counts[answer.status] += 1
            self.counts["from memcached"] += answer.status == 200 and "X-Request-Id" not in answer.headers
            self.longest = max(self.longest, time.monotonic() - began)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8", answer
        if answer.status != 503:
            return answer
        assert int(answer.headers["Retry-After"]) >= 1, answer
        assert set(answer.json["error"]) == {"code", "message", "requestId", "details"}, answer
        assert answer.json["error"]["code"] == "unavailable", answer
        return None

    def poll(self, last):
        for video in list(self.accepted):
            answer = self.ask("GET", f"/videos/{video}/status")
            if answer:
                assert answer.status == 200 and answer.json["videoId"] == video, answer
                assert answer.json["status"] != "failed", answer
                assert answer.json["progress"] >= last.get(video, 0), (answer, last.get(video))
                last[video] = answer.json["progress"]
                if answer.json["status"] == "completed":
                    self.completed.add(video)

    def read(self, _):
        for video in list(self.accepted):
            answer = self.ask("GET", f"/videos/{video}")
            if answer:
                assert answer.status == 200 and answer.json["id"] == video, answer
                assert len(answer.json["scenes"]) == 1, answer

    def list(self, _):
        known = set(self.accepted)
        answer = self.ask("GET", f"/videos/store/{self.store}?limit=100")
        if answer:
            assert answer.status == 200, answer
            assert known <= {video["id"] for video in answer.json["videos"]}, "a video is not listed"

    def create(self, _):
        if len(self.accepted) - len(self.completed) >= UNDER_WAY:
            return
        answer = self.ask("POST", "/videos", film(self.store, [scene(1)], aspectRatio="1:1"))
        if answer:
            assert answer.status == 202, answer
            assert answer.headers["Location"] == f"/videos/{answer.json['videoId']}"
            self.accepted.append(answer.json["videoId"])

    def wait_for(self, answers, *statuses):
        """Until so many more answers of these kinds have come."""

        def count():
            return sum(self.counts[status] for status in statuses)

        enough = count() + answers
        wait_for(f"{answers} answers {statuses}", lambda: count() >= enough, 90)


def restart(stack, clients, piece, how):
    stack.run(how, piece)
    if piece == "mariadb":
        before = clients.counts["from memcached"]
        clients.wait_for(20, 503)
        wait_for("progress, from memcached", lambda: clients.counts["from memcached"] > before)
    else:
        clients.wait_for(100, 200)
    stack.run("start", piece)
    clients.wait_for(100, 200)
    clients.wait_for(1, "from memcached")


def kill_responder(stack, clients, chance):
    pool = stack.pid("cgi")
    before = stacks.children(pool)
    os.kill(chance.choice(before), signal.SIGKILL)
    clients.wait_for(50, 200)
    wait_for("a new responder", lambda: len(stacks.children(pool)) == len(before))


@pytest.mark.parametrize("stack", [WITHOUT], indirect=True, ids=[""])
def test_cache_database_and_responders_come_and_go(stack):
    """seed A14: a cache that is down is no failure."""
    chance = random.Random(0)
    stack.ffmpeg.take(STEP_SEC)
    with Clients(stack, "shop") as clients:
        wait_for("some videos", lambda: len(clients.accepted) >= UNDER_WAY)
        for turn in range(20):
            restart(stack, clients, "memcached", "stop")
            restart(stack, clients, "mariadb", "kill")
            for _ in range(5):
                kill_responder(stack, clients, chance)
            restart(stack, clients, "memcached", "kill")
            restart(stack, clients, "mariadb", "stop")
            if turn > 0 and len(clients.completed) >= 2 * UNDER_WAY:
                break
    for video in clients.accepted:
        stack.wait_completed(video)
    print(f"{len(clients.accepted)} videos, answers {dict(clients.counts)}, the longest took {clients.longest:.1f} s")

    assert not clients.wrong, "\n".join(clients.wrong[:20])
    assert set(clients.counts) <= {200, 202, 503, "from memcached"}
    assert clients.longest < LONGEST_ANSWER_SEC
    # also those whose answer was lost
    not_completed = "SELECT COUNT(*) FROM videos WHERE status <> 'completed'"
    wait_for("completion of all", lambda: stack.sql(not_completed) == [["0"]])
    with contextlib.closing(Database(stack)) as database:
        for video in clients.accepted:
            assert stack.status(video)["progress"] == 100
            check_files(stack, stack.status(video))
            check_done_once(database, video)
    check_nothing_left(stack)
