"""Our S3 client is killed at any moment of an upload: the next put of the key, or a sweep, leaves all as it should be.

TEST_S3_KILLS says how often it is killed at random.
"""

import os
import random

import pytest

from s3_client import PART, S3Client, client
from s3_faulty import faulty_s3
from s3_radosgw import Radosgw
from service import running
from stack import wait_for

KILLS = int(os.environ.get("TEST_S3_KILLS", "15"))
SEED = int(os.environ.get("TEST_SEED", "0")) or random.randrange(1, 1 << 30)
MIB = 1 << 20
SIZE = 24 * MIB
NOW = -5  # seconds ago, for servers that date what is new a little later


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A file, which for each key is another one: the first bytes say which."""
    path = tmp_path_factory.mktemp("film") / "film"
    path.write_bytes(random.Random(1).randbytes(SIZE))

    def make(word):
        with open(path, "r+b") as file:
            file.write(word.encode().ljust(100))
        return path

    return make


def kill_after(way, bucket, path, key, sent):
    """While it puts a file in parts; sent: after so many bytes, or, when more than there are, at its end."""
    one = S3Client(way, bucket, part_bytes=PART, progress=1)
    one.begin("put", path, key)
    told = 0
    while told < min(sent, SIZE):
        line = one.line()
        assert line.startswith("sent "), line
        told = int(line.split()[1])
    one.kill()
    one.process.stdout.close()
    one.process.stdin.close()


def test_at_random(film, tmp_path):
    """A real server, and three keys; every other kill is mended by the next put, the others by a sweep."""
    print(f"TEST_SEED={SEED}")
    chance, last = random.Random(SEED), {}
    with running(Radosgw) as server:
        way = server.ways()[0]
        bucket = way.bucket("killed")
        bucket.make()
        open_after_kill = 0
        for number in range(KILLS):
            key = f"videos/{chance.randrange(3)}.mp4"
            kill_after(way, "killed", film(f"killed {number}"), key, chance.randrange(int(1.2 * SIZE)))
            open_after_kill += bool(bucket.uploads())
            with client(way, "killed") as ours:
                if number % 2:
                    assert int(ours.do("sweep", "videos/", NOW)[0]) <= 1
                    assert bucket.uploads() == []
                ours.do("put", film(f"put {number}"), key)
                last[key] = f"put {number}"
            assert bucket.uploads() == []
        assert bucket.keys() == sorted(last)
        for key, word in last.items():
            assert bucket.get(key) == film(word).read_bytes()
        assert open_after_kill > KILLS / 3  # else it was not killed where it hurts


MOMENTS = [  # the request at whose beginning, or after whose effect, the client dies; whether the object is there
    ("create", False, False), ("create", True, False), ("part", False, False), ("part", True, False),
    ("complete", False, False), ("complete", True, True),
]


@pytest.fixture(scope="module")
def server():
    with faulty_s3() as one:
        yield one


@pytest.mark.parametrize("on, after, there", MOMENTS, ids=[f"{'after' if late else 'before'} {on}" for on, late, _ in MOMENTS])
def test_at_a_request(server, film, on, after, there):
    hold = {"hold": True, "after": True} if after else {"hold": True, "drop": "before"}
    server.reset(faults=[{"on": on, "do": hold}])
    path = film("one")
    one = S3Client(server.way(), part_bytes=PART)
    one.begin("put", path, "key")
    server.wait(on)
    if after:
        wait_for("its effect", lambda: any(request.get("acted") for request in server.seen(on)))
    one.kill()
    server.setup(faults=[], release=True)
    assert server.state().objects == (["key"] if there else [])
    with client(server.way()) as ours:
        ours.do("sweep", "", NOW)
        assert server.state().uploads == []
        ours.do("put", film("two"), "key")
    state = server.state()
    assert (state.objects, state.uploads) == (["key"], [])
    assert server.bucket().get("key") == film("two").read_bytes()
