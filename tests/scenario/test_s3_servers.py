"""The S3 servers that our client is tested with are strict: what is wrong is refused, and what is right is kept."""

import hashlib
import http.client
import time

import pytest

import sigv4
from s3_faulty import faulty_s3
from s3_radosgw import Radosgw
from s3_swift import Swift
from service import running

KEYS = ["a b+c%~.mp4", "x/../y/./z", "//d//e", "Ä/日本/🎬.mp4", "!*'()&=@:,$?#[];\"<>|\\^`{}", "%41%2F%", "+", "-._~"]
MINUTE = 60


@pytest.fixture(scope="module")
def emulator():
    with faulty_s3() as one:
        yield one


@pytest.fixture(scope="module", params=["emulator", "swift", "radosgw"])
def ways(request):
    if request.param == "emulator":
        yield request.getfixturevalue("emulator").ways()
        return
    with running({"swift": Swift, "radosgw": Radosgw}[request.param]) as server:
        yield server.ways()


@pytest.fixture(scope="module")
def bucket(ways):
    bucket = ways[0].bucket("strict")
    bucket.make()
    return bucket


def test_takes_what_is_right(ways):
    for number, way in enumerate(ways):
        bucket = way.bucket(f"right-{number}")
        bucket.make()
        for key in KEYS:
            bucket.put(key, key.encode())
            assert bucket.get(key) == key.encode(), (way, key)
        assert bucket.keys() == sorted(KEYS), way
        upload = bucket.begin("in parts")
        assert bucket.uploads() == [("in parts", upload)], way
        tags = [bucket.put_part("in parts", upload, number, body) for number, body in ((1, b"x" * (5 << 20)), (2, b"y"))]
        bucket.complete("in parts", upload, tags)
        assert len(bucket.get("in parts")) == (5 << 20) + 1
        signed = sigv4.presign(way, "GET", bucket.path("a b+c%~.mp4"), [], bucket.host, 60)
        assert bucket.send("GET", bucket.path("a b+c%~.mp4"), signed, {"Host": bucket.host}).status == 200
        bucket.begin("given up")
        bucket.empty()
        assert (bucket.keys(), bucket.uploads()) == ([], []), way


def with_secret(bucket, secret):
    return type(bucket)(type(bucket.way)(**{**vars(bucket.way), "secret": secret}), bucket.name)


def put(bucket, sent=b"body", change=None, **more):
    """An object, whose body or headers were changed after it was signed."""
    path, date = bucket.path("wrong"), more.pop("date", None)
    headers = {"Host": bucket.host, "Content-Type": "text/plain", **more}
    signed = sigv4.sign(bucket.way, "PUT", path, [], headers, hashlib.sha256(b"body").hexdigest(), date)
    return bucket.send("PUT", path, "", {**signed, **(change or {})}, sent)


def at(seconds):
    return sigv4.stamp(time.time() + seconds)


WRONG = {  # what is done, and the answers of the servers
    "secret": (lambda b: put(with_secret(b, "another")), {"SignatureDoesNotMatch"}),
    "body": (lambda b: put(b, sent=b"bodY"), {"XAmzContentSHA256Mismatch", "BadDigest"}),
    "hash": (lambda b: put(b, change={"x-amz-content-sha256": "0" * 64}), {"SignatureDoesNotMatch"}),
    "header": (lambda b: put(b, change={"Content-Type": "text/html"}), {"SignatureDoesNotMatch"}),
    "early": (lambda b: put(b, date=at(-16 * MINUTE)), {"RequestTimeTooSkewed"}),
    "late": (lambda b: put(b, date=at(16 * MINUTE)), {"RequestTimeTooSkewed"}),
    "md5": (lambda b: put(b, **{"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}), {"BadDigest"}),
    "nothing signed": (lambda b: b.send("PUT", b.path("wrong"), "", {"Host": b.host}, b"body"), None),  # Swift: no XML
}


@pytest.mark.parametrize("what", WRONG)
def test_refuses_a_wrong(bucket, what):
    act, codes = WRONG[what]
    answer = act(bucket)
    assert answer.status in (400, 403) and (not codes or answer.code in codes), answer
    assert bucket.head("wrong").status == 404


@pytest.mark.parametrize("what, change", [
    ("other key", {"path": "another"}), ("other method", {"method": "PUT"}), ("too late", {"date": at(-100)})])
def test_refuses_a_signed_address(bucket, what, change):
    bucket.put("there", b"body")
    signed = sigv4.presign(bucket.way, "GET", bucket.path("there"), [], bucket.host, 60, change.get("date"))
    path = bucket.path(change.get("path", "there"))
    answer = bucket.send(change.get("method", "GET"), path, signed, {"Host": bucket.host}, None)
    assert answer.status == 403, answer


def test_the_emulator_is_as_strict_as_both(emulator):
    """What only one of the real ones refuses."""
    way = emulator.way()
    assert put(way.bucket("bucket"), change={"x-amz-meta-more": "1"}).code == "AccessDenied"
    assert put(emulator.way(region="eu-west-1").bucket("bucket")).code == "AuthorizationHeaderMalformed"
    assert put(emulator.way(key="AKIDUNKNOWN").bucket("bucket")).code == "InvalidAccessKeyId"
    assert put(emulator.way(token=True).bucket("bucket")).status == 200
    assert put(type(way)(**{**vars(emulator.way(token=True)), "token": "another"}).bucket("bucket")).code == "InvalidToken"
    answer = way.bucket("bucket").request("POST", query={"delete": ""})
    assert answer.code == "InvalidRequest"


FAULTS = [
    ({"error": "SlowDown", "message": "", "headers": {"Retry-After": "1"}}, 503, b"<Message></Message>"),
    ({"error": "InternalError", "status": 200, "spaces": 3}, 200, b"   <?xml"),
    ({"html": 502}, 502, b"<html>"),
    ({"bomb": 500}, 500, b"<!ENTITY e9"),
    ({"fileEntity": 400}, 400, b"file:///etc/passwd"),
    ({"huge": 1 << 20}, 500, b"</Error>"),
    ({"error": "SlowDown", "half": True}, 503, b"<Error>"),
    ({"status": 418, "body": "odd"}, 418, b"odd"),
    ({"readBps": 1 << 20, "sendBps": 1 << 20}, 200, b""),
]


@pytest.mark.parametrize("do, status, text", FAULTS, ids=lambda value: "-".join(value) if isinstance(value, dict) else "")
def test_the_emulator_misbehaves_when_told(emulator, do, status, text):
    emulator.reset(faults=[{"on": "put", "do": do}])
    bucket = emulator.bucket()
    answer = bucket.request("PUT", "key", body=b"body")
    assert (answer.status, text in answer.body) == (status, True), answer
    assert bucket.request("PUT", "key", body=b"body").status == 200
    assert emulator.counts() == {"put": 2}


@pytest.mark.parametrize("do", [{"drop": "before"}, {"drop": "after"}, {"reset": True}, {"resetAt": 1000}],
                         ids=lambda do: "-".join(do))
def test_the_emulator_hangs_up_when_told(emulator, do):
    emulator.reset(faults=[{"on": "put", "do": do}])
    bucket = emulator.bucket()
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        bucket.request("PUT", "key", body=b"x" * 100000)
    assert emulator.state().objects == (["key"] if do.get("drop") == "after" else [])
