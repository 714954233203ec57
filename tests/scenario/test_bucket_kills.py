"""The daemon is killed at random moments while it puts films and clips in parts into a bucket of a real server. After all
is done the bucket has what the rows name, whole, and nothing else; and no upload is open.

TEST_BUCKET_KILLS says how many uploads under way it is to be killed over; `make soak` asks for more of them.
"""

import collections
import contextlib
import itertools
import os
import random
import re
import subprocess
import time

import pytest

import bought
import daemons
import paying
import places
from bought import film, show
from daemons import id_of, rows_of
from s3_radosgw import Radosgw
from service import running
from stack import wait_for

KILLS = int(os.environ.get("TEST_BUCKET_KILLS", "4"))
SEED = int(os.environ.get("TEST_SEED", "0")) or random.randrange(1, 1 << 30)
PART_MB = 5
PREFIXES = ["bought/", "videos/"]  # what is put: clips, and films
FILES = ["preview.webp", "report.json", "sprite.jpg", "sprite.vtt", "thumbnail.jpg", "video.mp4"]
TOO_LATE = 0.7  # of the time that was too long
NEVER_POISON = {"lost_leases": 100, "attempts": 20}  # dying again and again is what this is about


def make_noise(path):
    """A clip that no coder makes smaller: several parts, as is the film that is made of it."""
    picture = "color=gray:s=960x960:r=24,noise=alls=100:allf=t,format=yuv420p"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-t", "4", "-c:v", "libx264", "-preset", "ultrafast",
               "-crf", "37", path]
    subprocess.run(command, check=True, timeout=60)
    assert path.stat().st_size > 2 * PART_MB << 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kills")
    make_noise(folder / "noise.mp4")
    with running(Radosgw) as server:
        way = server.ways()[0]
        bucket = way.bucket("films")
        bucket.make()
        place = places.bucket_settings(way, "films", folder)
        with bought.running(s3_part_mb=PART_MB, s3_parts_at_once=2, **NEVER_POISON, **place) as stack:
            stack.bucket = bucket
            stack.runway.setup(faults=[{"on": "create", "times": -1, "do": {"clipFile": str(folder / "noise.mp4")}}])
            yield stack


@pytest.fixture
def database(stack):
    with contextlib.closing(daemons.Database(stack)) as opened:
        yield opened


TO_STORE = "SELECT 1 FROM purchases WHERE state IN ('intended', 'known') OR (state = 'kept' AND stored_in IS NULL)"


class Deaths:
    """Of the daemon; and the videos for whose files it dies."""

    def __init__(self, stack, database, chance):
        self.stack, self.database, self.chance = stack, database, chance
        self.videos, self.deleted, self.met = [], [], collections.Counter()

    def watch_one(self):
        """Makes one in peace: how long it takes to put a film."""
        video = self.create()
        self.stack.wait_completed(video)
        took = re.search(rf"step done video={video} step=upload item=0 ms=(\d+)", self.stack.log("daemon"))
        self.put_sec = int(took[1]) / 1000

    def create(self):
        self.videos.append(self.stack.create(film(f"film {len(self.videos)}", seconds=4)))
        return self.videos[-1]

    def uploads(self, prefix=""):
        return [key for key, _ in self.stack.bucket.uploads() if key.startswith(prefix)]

    def upload_begun(self, prefix):
        """Makes work for the daemon where there is none left."""
        unfinished = self.go_on()
        if not (unfinished if prefix == "videos/" else self.database.rows(TO_STORE)):
            self.create()
        return self.uploads(prefix)

    def kill_once(self, prefix):
        """At a random moment after an upload has begun. Whether one was under way; of which some videos are then deleted."""
        wait_for(f"an upload below {prefix}", lambda: self.upload_begun(prefix), seconds=180, pause=0.01)
        time.sleep(self.chance.uniform(0, self.put_sec))
        daemons.kill(self.stack)
        cut = self.uploads(prefix)
        self.met.update(["deaths"] + [f"cut {prefix}"] * bool(cut))
        if not cut:
            self.put_sec *= TOO_LATE  # the one that was measured was slow
        elif self.met[f"cut {prefix}"] % 3 == 1:
            self.delete(self.video_of(cut[0]))
        self.stack.run("start", "daemon")
        return bool(cut)

    def video_of(self, key):
        """The one for which an object is."""
        number = re.match(r"videos/([\w-]+)/|bought/../([\w-]+)-\w+\.mp4", key)
        if number[1]:
            return number[1]
        ours = self.database.rows("SELECT LOWER(HEX(video_id)) FROM purchases WHERE id = " + id_of(number[2]))[0][0]
        return next(video for video in self.videos if video.replace("-", "") == ours)

    def delete(self, video):
        """Unless it is already."""
        if video not in self.deleted:
            assert self.stack.delete(f"/videos/{video}").status == 204
            self.deleted.append(video)
            self.met["deleted"] += 1

    def stay(self):
        return [video for video in self.videos if video not in self.deleted]

    def go_on(self):
        """With those that wait for a word, as a request that is paid for may have died too; those not completed yet."""
        return paying.go_on(self.stack, self.database, self.stay())[1] if self.stay() else []

    def wait_settled(self):
        wait_for("completion of all", lambda: not self.go_on())
        wait_for("what was bought to be in the bucket", lambda: not self.database.rows(TO_STORE))
        for video in self.deleted:
            wait_for("its removal", lambda: rows_of(self.stack, video) == 0)
        wait_for("the removal of what was bought", lambda: not self.database.rows(
            "SELECT 1 FROM purchases WHERE state = 'removing' OR cancel_req <> 0"))


def kept(database):
    """What was bought: its key, and its size."""
    return {f"bought/{artefact}": int(size) for artefact, size in
            database.rows("SELECT artefact, bytes FROM purchases WHERE state = 'kept' AND stored_in IS NOT NULL")}


def check_contents(stack, database, videos):
    """All is there and whole, and nothing else."""
    clips = kept(database)
    assert len(clips) == len(videos)
    assert stack.bucket.uploads() == []
    assert stack.bucket.keys() == sorted([*clips, *(f"videos/{video}/1/{name}" for video in videos for name in FILES)])
    for key, size in clips.items():
        whole = stack.bucket.get(key)
        assert len(whole) == size and whole == (stack.folder / key).read_bytes()
    for video in videos:
        size = show(stack, video)["films"][0]["bytes"]
        assert size > 2 * PART_MB << 20, "it is put in parts"
        assert int(stack.bucket.head(f"videos/{video}/1/video.mp4").headers["Content-Length"]) == size
    assert "0 orphans; 0 missing; 0 foreign" in bought.videoctl(stack, "storage", "check")


def test_killed_while_it_puts_files_in_parts(stack, database, capsys):
    with capsys.disabled():
        print(f"\n# TEST_SEED={SEED}")
    deaths = Deaths(stack, database, random.Random(SEED))
    deaths.watch_one()
    for number, prefix in zip(range(KILLS), itertools.cycle(PREFIXES)):
        while not deaths.kill_once(prefix):
            assert deaths.met["deaths"] < 5 * (number + 2), f"it is hardly ever killed over an upload: {deaths.met}"
    deaths.wait_settled()
    assert deaths.met["deleted"] > 0
    with capsys.disabled():
        print(f"# {dict(deaths.met)}; {len(deaths.stay())} videos completed")
    check_contents(stack, database, deaths.stay())

    for video in deaths.stay():
        deaths.delete(video)
    deaths.wait_settled()
    assert (stack.bucket.keys(), stack.bucket.uploads()) == ([], [])
