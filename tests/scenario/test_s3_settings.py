"""What our S3 client is told about a server, and where it finds its keys, on the wire."""

import subprocess

import pytest
import sites
from s3_client import PART, TOOL, client, environment
from s3_faulty import KEY, SECRET, faulty_s3

OBJECT = {  # setting, header, value
    "type": ("content-type", "video/mp4"),
    "disposition": ("content-disposition", 'attachment; filename="a;b.mp4"'),
    "cache_control": ("cache-control", "max-age=31536000, immutable"),
    "storage_class": ("x-amz-storage-class", "STANDARD_IA"),
    "sse": ("x-amz-server-side-encryption", "aws:kms"),
    "kms_key": ("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k"),
    "tags": ("x-amz-tagging", "shop=a%20b&kind=video"),
}


@pytest.fixture(scope="module")
def server():
    with faulty_s3() as one:
        yield one


@pytest.fixture
def small(tmp_path):
    (tmp_path / "small").write_bytes(b"small")
    return tmp_path / "small"


@pytest.fixture
def large(tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 8 * PART)
    return tmp_path / "large"


def test_what_an_object_is_to_have(server, small, large):
    """Is said where the object is made: with a part, servers refuse it."""
    server.reset()
    settings = {name: value for name, (_, value) in OBJECT.items()}
    with client(server.way(), **settings) as ours:
        ours.do("put", small, "small")
        ours.do("put", large, "large")
    wanted = dict(OBJECT.values())
    for one in server.report()["objects"].values():
        assert one["headers"] == wanted
    for request in server.seen():
        said = {name for name in request["headers"] if name in wanted or name.startswith("x-amz-")}
        own = {"x-amz-date", "x-amz-content-sha256"}
        expected = own | (wanted.keys() if request["on"] in ("put", "create") else set())
        assert said - {"content-type"} == expected - {"content-type"}, request["on"]
    assert server.errors() == []


def test_parts_at_once_are_as_many_as_allowed(server, large):
    for count in (1, 3):
        server.reset(faults=[{"on": "part", "times": -1, "do": {"delayMs": 100}}])
        with client(server.way(), parts=count) as ours:
            ours.do("put", large, "large")
        assert server.report()["peak"]["part"] == count


def test_larger_files_have_larger_parts(server, tmp_path):
    """Ten thousand are all that an upload may have. Nothing of such a file is sent: it is only begun."""
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(10001 * PART)
    server.reset(faults=[{"on": "part", "times": -1, "do": {"error": "AccessDenied"}}])
    with client(server.way(), parts=1) as ours:
        assert ours.run("put", tmp_path / "huge", "huge").kind == "blocked"
    received = [request["received"] for request in server.seen() if request["on"] == "part"]
    assert received and PART < received[0] <= 2 * PART


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A server's, and its key; signed by itself, for names and addresses of loopback."""
    folder = tmp_path_factory.mktemp("tls")
    return sites.certificate(folder, "DNS:bucket.s3.localhost", "DNS:s3.localhost", "IP:127.0.0.1")


def test_tls(certificate, small, tmp_path):
    with faulty_s3(certificate) as server:
        for path_style in (True, False):
            with client(server.way(path_style), ca=certificate[0]) as ours:
                ours.do("put", small, "over TLS")
                ours.do("get", "over TLS", tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == b"small"


def test_a_certificate_of_nobody_we_know(certificate, small):
    with faulty_s3(certificate) as server:
        with client(server.way(), attempts=2) as ours:
            outcome = ours.run("put", small, "key")
            assert outcome.kind == "blocked" and "certificate" in outcome.text


@pytest.mark.parametrize("endpoint, bucket", [
    ("http://192.0.2.1", "bucket"), ("http://localhost.example.com", "bucket"), ("ftp://127.0.0.1", "bucket"),
    ("127.0.0.1", "bucket"), ("http://127.0.0.1:0/path", "bucket"), ("http://127.0.0.1", "a/../b"), ("http://127.0.0.1", "")])
def test_what_does_not_fit_together(server, endpoint, bucket):
    """Is refused before anything is sent."""
    way = type(server.way())(**{**vars(server.way()), "endpoint": endpoint})
    done = subprocess.run([TOOL, "ls", ""], env=environment(way, bucket), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stderr, done


# --- keys ---


def keyless(server):
    return server.way(key="", secret="", token="")


def test_keys_of_a_file(server, small, tmp_path):
    server.reset()
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = NOBODY\naws_secret_access_key = nothing\n\n"
        f"[videos]\naws_access_key_id={KEY}\naws_secret_access_key = {SECRET}\n")
    where = {"AWS_SHARED_CREDENTIALS_FILE": tmp_path / "credentials", "AWS_PROFILE": "videos"}
    with client(keyless(server), **where) as ours:
        ours.do("put", small, "key")
    with client(keyless(server), **{**where, "AWS_PROFILE": "default"}) as ours:
        assert ours.run("put", small, "key").kind == "blocked"


def container(server, tmp_path):
    (tmp_path / "token").write_text("Bearer of/this+token==\n")
    return "ecs", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/ecs",
                   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": tmp_path / "token"}


def instance(server, tmp_path):
    return "imds_keys", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url}


@pytest.mark.parametrize("source", [container, instance])
def test_keys_that_are_issued(server, small, tmp_path, source):
    """seed E4: a role's. They are fetched once while they hold, and anew when the server would not have them any more."""
    server.reset(authorization="Bearer of/this+token==")
    on, where = source(server, tmp_path)
    with client(keyless(server), **where) as ours:
        for key in ("one", "two"):
            ours.do("put", small, key)
        assert server.counts()[on] == 1
        server.setup(expire=True)
        ours.do("put", small, "three")
        server.setup(faults=[{"on": "head", "times": 1, "do": {"error": "InvalidAccessKeyId"}}])
        ours.do("head", "three")  # which does not say why it is refused
    counts = server.counts()
    assert (counts[on], counts["put"], counts["head"]) == (3, 4, 2)
    assert server.state().objects == ["one", "three", "two"]


@pytest.mark.parametrize("source", [container, instance])
def test_keys_that_cannot_be_had_now(server, small, tmp_path, source):
    on, where = source(server, tmp_path)
    server.reset(authorization="Bearer of/this+token==", faults=[{"on": on, "times": 2, "do": {"status": 500}}])
    with client(keyless(server), **where) as ours:
        ours.do("put", small, "one")
    server.reset(authorization="Bearer of/this+token==", faults=[{"on": on, "times": -1, "do": {"status": 500}}])
    with client(keyless(server), deadline_ms=3000, **where) as ours:
        assert ours.run("put", small, "one").kind == "temp"
    assert server.counts().get("put") is None
