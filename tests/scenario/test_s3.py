"""Our S3 client and two real servers, and the emulated one: by path and by host, with a session token and without.

What we write is read back by others, and what they write by us, byte for byte. Both real servers check every signature;
what only a bad day shows is in test_s3_faults.py.
"""

import hashlib
import random
import urllib.parse

import pytest

from s3_client import PART, client
from s3_faulty import faulty_s3
from s3_others import S3cmd
from s3_radosgw import Radosgw
from s3_swift import Swift
from service import running

MIB = 1 << 20
KEYS = [
    "videos/0f/1/video.mp4", "a b+c%41%2F~.mp4", "x/../y/./z", "//d//e/", "Ä/日本/🎬.mp4", "e\u0301-\u00e9", "+",
    "!*'()&=@:,$?#[];\"<>|\\^`{}", "日本 🎬..mp4", "...", "k" * 500,
]
SERVERS = {"swift": Swift, "radosgw": Radosgw}
NOW = -5  # seconds ago: Swift dates what is new a little later
WAYS = ["path-plain", "path-token", "host-plain", "host-token"]


@pytest.fixture(scope="module", params=["emulator", *SERVERS])
def ways(request):
    if request.param == "emulator":
        with faulty_s3() as server:
            yield server.ways()
            assert [one for one in server.errors() if one["what"] in ("unwanted", "contract")] == []
    else:
        with running(SERVERS[request.param]) as server:
            yield server.ways()


def way_of(ways, name):
    return next(way for way in ways if str(way).endswith(name))


@pytest.fixture(params=WAYS)
def way(ways, request):
    return way_of(ways, request.param)


@pytest.fixture
def plain(ways):
    return way_of(ways, "path-plain")


@pytest.fixture
def bucket(request, ways):
    """A new one, which is empty again at the end."""
    name = "b-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    one = way_of(ways, "path-plain").bucket(name)
    one.make()
    yield one
    one.empty()


def make_file(path, size, seed=7):
    """Of bytes that no compression, and no mistake of a piece for another, leaves as they are."""
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def test_keys(way, bucket, tmp_path):
    """seed E5: whatever a key consists of, it is the same one for all."""
    theirs = way.bucket(bucket.name)
    with client(way, bucket.name, type="video/mp4") as ours:
        for number, key in enumerate(KEYS):
            one = make_file(tmp_path / "one", 1000 + number, number)
            ours.do("put", one, key)
            assert theirs.get(key) == one.read_bytes(), key
            size, _, etag, kind = ours.do("head", key)[0].split("\t")
            assert (int(size), kind) == (1000 + number, "video/mp4")
            assert etag == f'"{hashlib.md5(one.read_bytes()).hexdigest()}"'
            theirs.put(key, b"theirs: " + key.encode())
            ours.do("get", key, tmp_path / "got")
            assert (tmp_path / "got").read_bytes() == b"theirs: " + key.encode()
        assert ours.keys() == bucket.keys() == sorted(KEYS)
        ours.do("rm", KEYS[0])
        assert bucket.keys() == sorted(KEYS[1:])
        ours.do("rm", *KEYS)  # the first is not there any more, which is well
        assert bucket.keys() == []


def test_parts(way, bucket, tmp_path):
    """seed E2: of bounded size, and each of them by itself."""
    whole = make_file(tmp_path / "whole", 2 * PART + 12345)
    with client(way, bucket.name, type="video/mp4", disposition="attachment; filename=\"a b.mp4\"",
                cache_control="max-age=31536000, immutable", progress=1) as ours:
        told = [int(line.split()[1]) for line in ours.do("put", whole, "a b+c%/日本.mp4")]
        assert told == sorted(told) and told[-1] == whole.stat().st_size and len(told) > 2
        ours.do("get", "a b+c%/日本.mp4", tmp_path / "got", whole.stat().st_size)
    assert (tmp_path / "got").read_bytes() == whole.read_bytes()
    assert way.bucket(bucket.name).get("a b+c%/日本.mp4") == whole.read_bytes()
    headers = bucket.head("a b+c%/日本.mp4").headers
    assert headers["ETag"].strip('"').endswith("-3")
    assert [headers[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control")] == [
        "video/mp4", "attachment; filename=\"a b.mp4\"", "max-age=31536000, immutable"]
    assert bucket.uploads() == []


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1])
def test_sizes(plain, bucket, tmp_path, size):
    """Around those where one request becomes several."""
    one = make_file(tmp_path / "one", size)
    with client(plain, bucket.name) as ours:
        ours.do("put", one, "one")
        assert ours.do("head", "one")[0].split("\t")[0] == str(size)
        ours.do("get", "one", tmp_path / "got", size)
    assert bucket.get("one") == one.read_bytes() == (tmp_path / "got").read_bytes()
    assert bucket.head("one").headers["ETag"].endswith('-1"' if size == PART else '-2"' if size > PART else '"')


def test_signed_addresses(way, bucket, tmp_path):
    theirs = way.bucket(bucket.name)
    with client(way, bucket.name) as ours:
        for key in KEYS[:5]:
            for method, body in (("PUT", key.encode()), ("GET", None)):
                address = urllib.parse.urlsplit(ours.do("presign", method, key, 60)[0])
                answer = theirs.send(method, address.path, address.query, {"Host": address.netloc}, body)
                assert answer.status == 200, (key, answer)
            assert answer.body == key.encode()
            assert theirs.send("GET", address.path + "x", address.query, {"Host": address.netloc}).status == 403


def test_cancelled_upload_leaves_nothing(plain, bucket, tmp_path):
    whole = make_file(tmp_path / "whole", 4 * PART)
    with client(plain, bucket.name) as ours:
        ours.do("put-cancel", whole, "cancelled", PART)
        ours.do("put", whole, "another")  # it goes on
        ours.do("rm", "cancelled")  # after whatever was still to be done
        assert ours.keys() == ["another"]
    assert bucket.uploads() == []


def test_sweep(way, bucket, tmp_path):
    """Uploads that are old enough, below a prefix, whoever began them."""
    for key in ("in/a b+c%", "in/日本", "in/日本", "out/1"):
        upload = bucket.begin(key)
        bucket.put_part(key, upload, 1, b"x")
    with client(way, bucket.name) as ours:
        assert ours.do("sweep", "in/", 3600) == ["0"]
        assert ours.do("sweep", "in/", NOW) == ["3"]
        assert [key for key, _ in bucket.uploads()] == ["out/1"]
        assert ours.do("sweep", "", NOW) == ["1"]
    assert (bucket.uploads(), bucket.keys()) == ([], [])


def test_an_upload_that_was_left_is_given_up(plain, bucket, tmp_path):
    """By the next put of its key or by its removal, and by no other."""
    for key in ("one", "one.more", "two", "two.more"):
        bucket.put_part(key, bucket.begin(key), 1, b"x")
    with client(plain, bucket.name) as ours:
        ours.do("put", make_file(tmp_path / "one", PART + 1), "one")
        ours.do("rm", "two")
    assert ([key for key, _ in bucket.uploads()], bucket.keys()) == (["one.more", "two.more"], ["one"])


def test_many(ways, plain, bucket, tmp_path):
    """More keys than a page of a listing has."""
    one = make_file(tmp_path / "one", 10)
    many = [f"many/{number:03} +%" for number in range(45)]
    with client(plain, bucket.name) as ours:
        for key in [*many, "many", "more"]:
            ours.do("put", one, key)
        bucket.begin("many/open")
        assert ours.keys("many/") == many
        assert len(ours.do("ls", "", "many/024 +%")) == 21  # with "more"
        ours.do("rm", *many[:25])
        assert bucket.keys("many/") == many[25:]
        ours.do("rm-prefix", "many/")
    assert (bucket.keys(), bucket.uploads()) == (["many", "more"], [])


@pytest.mark.parametrize("name", ["path-plain", "path-token"])
def test_s3cmd(ways, bucket, tmp_path, name):
    """Reads what we wrote, in one piece and in parts, and writes what we read."""
    way, files = way_of(ways, name), [key for key in KEYS if "/" not in key and len(key) < 100]
    if way.server == "emulator":
        return  # which is not what it should be read by
    theirs, got = S3cmd(way, bucket.name, tmp_path), tmp_path / "got"
    got.mkdir()
    (tmp_path / "made").mkdir()
    with client(way, bucket.name) as ours:
        made = [make_file(tmp_path / "made" / key, 1000, key) for key in files]
        made.append(make_file(tmp_path / "made" / "parts +%.mp4", 2 * PART + 1))
        for one in made:
            ours.do("put", one, f"ours//{one.name}")
        theirs.get([f"ours//{one.name}" for one in made], got)
        assert all((got / one.name).read_bytes() == one.read_bytes() for one in made)
        theirs.put(made, "theirs/../")
        for one in made:
            ours.do("get", f"theirs/../{one.name}", tmp_path / "back")
            assert (tmp_path / "back").read_bytes() == one.read_bytes(), one.name
        assert ours.keys("theirs/") == sorted(f"theirs/../{one.name}" for one in made)


def test_what_is_not_there(plain, bucket, tmp_path):
    kept = make_file(tmp_path / "kept", 10)
    with client(plain, bucket.name) as ours:
        assert ours.run("head", "nothing").kind == "perm"
        assert ours.run("get", "nothing", kept).kind == "perm"
        ours.do("rm", "nothing")
        ours.do("rm-prefix", "nothing/")
        assert (ours.keys(), ours.do("sweep", "", 0)) == ([], ["0"])
        assert ours.run("put", tmp_path / "nothing", "nothing").kind == "perm"
        bucket.put("there", b"twelve bytes")
        assert ours.run("get", "there", tmp_path / "got", 13).kind == "perm"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept"] and kept.stat().st_size == 10


def other(way, **change):
    return type(way)(**{**vars(way), **change})


@pytest.mark.parametrize("what", ["secret", "key", "token", "bucket"])
def test_what_the_operator_must_mend(ways, bucket, tmp_path, what):
    """A failure that says so."""
    if what == "token" and way_of(ways, "path-token").server == "swift":
        return  # it needs none
    way = way_of(ways, "path-token" if what == "token" else "path-plain")
    change = {"secret": {"secret": "another"}, "key": {"key": "ANOTHER"}, "token": {"token": ""}}.get(what, {})
    one = make_file(tmp_path / "one", 2 * PART)
    with client(other(way, **change), "not-there" if what == "bucket" else bucket.name) as ours:
        for words in (("put", one, "one"), ("get", "one", tmp_path / "got"), ("head", "one"), ("ls", ""), ("rm", "one"),
                      ("rm", "one", "two"), ("rm-prefix", "one/"), ("sweep", "", 0)):
            outcome = ours.run(*words)
            if what == "bucket" and words[0] == "head":
                assert outcome.kind == "perm", outcome  # no body says what is not there
                continue
            assert outcome.kind == "blocked", (words, outcome)
            assert way.secret not in outcome.text and "Signature=" not in outcome.text
    assert (bucket.keys(), bucket.uploads()) == ([], [])


def test_another_region(plain, bucket, tmp_path):
    """Swift and the emulator say which; radosgw does not mind."""
    one = make_file(tmp_path / "one", 2 * PART)
    with client(other(plain, region="eu-central-1"), bucket.name) as ours:
        ours.do("put", one, "one")
        ours.do("get", "one", tmp_path / "got")
    assert bucket.get("one") == one.read_bytes() == (tmp_path / "got").read_bytes()
