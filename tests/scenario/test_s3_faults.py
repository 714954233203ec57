"""Our S3 client on a bad day of the server's: what comes of it, how often it asks, how long it takes, what is left.

Whatever happens, there is no upload left open, nothing half in its place, the client takes no more memory for it, and it
goes on with the next thing that it is told.
"""

import dataclasses
import random

import pytest

from s3_client import PART, client
from s3_faulty import KEY, faulty_s3

ATTEMPTS = 3
DEADLINE_S = 30
SLACK_S = 20  # of a machine that is busy
MEMORY_KIB = 48 << 10  # of which the program itself is half
MIB = 1 << 20
SIZES = {"small": 1000, "large": 4 * MIB, "parts": 2 * PART}  # the first two in one request


@dataclasses.dataclass
class Case:
    title: str
    do: str  # put SIZE, get SIZE, head, ls, rm, rm-many
    faults: list
    kind: str  # of the outcome
    counts: dict  # of the requests: a number, or a range where several are under way at once
    setup: dict = dataclasses.field(default_factory=dict)
    settings: dict = dataclasses.field(default_factory=dict)
    least_s: float = 0  # that it takes
    most_s: float = DEADLINE_S
    text: str = ""  # in the failure
    there: bool = None  # whether the object is, afterwards; None: as the outcome says


def fault(on, times=1, skip=0, match="", **do):
    return {"on": on, "times": times, "skip": skip, "match": match, "do": do}


ALWAYS = -1
SILENCE = {"deadline_ms": 15000, "attempts": 6}  # given up after 2 s; curl's average takes 5 more to see it
ABORTED = {"list_uploads": 2, "abort": 1}  # looked for before, and in case that more than one was begun
LOOKED = {"head": 1, "list_uploads": 2}  # after an answer that was lost: the upload may still be there, too
PARTS = {"list_uploads": 1, "create": 1, "part": 2, "complete": 1}


def passing(title, on, **do):
    """A fault that comes once: the request is made again."""
    return Case(title, "put small", [fault(on, **do)], "ok", {"put": 2})


def parts(title, faults, kind="ok", more=None, **rest):
    """more: in place of the counts of a good upload."""
    counts = {name: count for name, count in {**PARTS, **(more or {})}.items() if count}
    return Case(title, "put parts", faults, kind, counts, **rest)


ONE_REQUEST = [
    passing("500", "put", error="InternalError"),
    passing("500 without a message", "put", error="InternalError", message=""),
    passing("slow down", "put", error="SlowDown"),
    passing("slow down, and nobody reads the body", "put", error="SlowDown", early=True),
    passing("request timeout, which is a 400", "put", error="RequestTimeout"),
    passing("a body that came to harm", "put", error="BadDigest"),
    passing("a proxy's page", "put", html=502),
    passing("an error in half", "put", error="SlowDown", half=True),
    passing("an error that is cut off", "put", error="InternalError", cutAt=100),
    passing("a lost answer", "put", drop="after"),
    passing("closed before", "put", drop="before"),
    passing("reset", "put", reset=True),
    passing("reset in the middle of the body", "put", resetAt=500),
    passing("a bomb of entities", "put", bomb=500),
    passing("a huge error", "put", huge=100 * MIB),
    passing("an error without an end", "put", endless=500),
    Case("500 for ever", "put small", [fault("put", ALWAYS, error="InternalError")], "temp", {"put": ATTEMPTS}),
    Case("slow down for ever", "put small", [fault("put", ALWAYS, error="SlowDown")], "temp", {"put": ATTEMPTS}),
    Case("no answers", "put small", [fault("put", ALWAYS, drop="before")], "temp", {"put": ATTEMPTS}),
    Case("come again in a second", "put small", [fault("put", error="SlowDown", headers={"Retry-After": "1"})], "ok",
         {"put": 2}, least_s=0.9),
    Case("come again in an hour", "put small", [fault("put", ALWAYS, error="SlowDown", headers={"Retry-After": "3600"})],
         "temp", {"put": 1}, most_s=5),
    Case("endless bad answers", "put small", [fault("put", ALWAYS, endless=500)], "temp", {"put": ATTEMPTS}),
    Case("no answer, ever", "put small", [fault("put", ALWAYS, hold=True, drop="before")], "temp", {"put": range(2, 6)}, settings=SILENCE),
    Case("nobody reads on", "put large", [fault("put", stallAt=100000)], "ok", {"put": range(2, 5)}, settings=SILENCE),
    Case("read slowly", "put large", [fault("put", readBps=2 * MIB)], "ok", {"put": 1}, least_s=1.5),
    Case("reset in the middle of a large body", "put large", [fault("put", resetAt=2 * MIB)], "ok", {"put": 2}),
    Case("100 Continue is never said", "put large", [fault("put", silentExpect=True)], "ok", {"put": 1}),
    Case("refused before the body", "put large", [fault("put", error="AccessDenied", early=True)], "blocked", {"put": 1}),
    Case("not allowed", "put small", [fault("put", ALWAYS, error="AccessDenied")], "blocked", {"put": 1}),
    Case("not allowed, without a message", "put small", [fault("put", ALWAYS, error="AccessDenied", message="")], "blocked",
         {"put": 1}),
    Case("not allowed, by a page", "put small", [fault("put", ALWAYS, html=403)], "blocked", {"put": 1}),
    Case("no such bucket", "put small", [fault("put", ALWAYS, error="NoSuchBucket")], "blocked", {"put": 1}),
    Case("too large", "put small", [fault("put", ALWAYS, error="EntityTooLarge")], "perm", {"put": 1}),
    Case("an odd status", "put small", [fault("put", ALWAYS, status=418, body="odd")], "blocked", {"put": ATTEMPTS}),
    Case("an odd status of nobody's", "put small", [fault("put", ALWAYS, status=418)], "perm", {"put": 1}),
    Case("too large for a proxy", "put small", [fault("put", ALWAYS, html=413)], "blocked", {"put": ATTEMPTS}),
    Case("a file of ours wanted", "put small", [fault("put", ALWAYS, fileEntity=400)], "blocked", {"put": ATTEMPTS}),
    Case("our key, told", "put small", [fault("put", ALWAYS, error="InvalidAccessKeyId", message=f"key {KEY}, unknown")],
         "blocked", {"put": 1}, text="key ..., unknown"),
    Case("HEAD: 500", "head", [fault("head", error="InternalError")], "ok", {"head": 2}),
    Case("HEAD: 503", "head", [fault("head", error="SlowDown")], "ok", {"head": 2}),
    Case("HEAD: 403", "head", [fault("head", ALWAYS, error="AccessDenied")], "blocked", {"head": 1}),
    Case("HEAD: 404", "head", [fault("head", ALWAYS, error="NoSuchKey")], "perm", {"head": 1}),
    Case("GET: 500", "get small", [fault("get", error="InternalError")], "ok", {"head": 1, "get": 2}),
    Case("GET: cut off", "get large", [fault("get", cutAt=3 * MIB)], "ok", {"head": 1, "get": 2}),
    Case("GET: cut off for ever", "get large", [fault("get", ALWAYS, cutAt=3 * MIB)], "temp", {"head": 1, "get": ATTEMPTS}),
    Case("GET: no body comes", "get small", [fault("get", stall=True)], "ok", {"head": 1, "get": 2}, settings=SILENCE),
    Case("GET: slow, but it comes", "get large", [fault("get", sendBps=2 * MIB)], "ok", {"head": 1, "get": 1}, least_s=1.5),
    Case("GET: without an end", "get small", [fault("get", ALWAYS, endless=200)], "perm", {"head": 1, "get": 1}),
    Case("GET: a proxy knows of nothing", "get small", [fault("get", html=404)], "ok", {"head": 1, "get": 2}),
    Case("GET: a proxy knows of nothing, for ever", "get small", [fault("get", ALWAYS, html=404)], "blocked",
         {"head": 1, "get": ATTEMPTS}),
    Case("GET: it was lost", "get small", [fault("get", ALWAYS, error="NoSuchKey")], "perm", {"head": 1, "get": 1}),
    Case("list: half of it", "ls", [fault("list", half=True)], "ok", {"list": 2}),
    Case("list: cut off", "ls", [fault("list", cutAt=100)], "ok", {"list": 2}),
    Case("list: a page of a proxy, as 200", "ls", [fault("list", html=200)], "ok", {"list": 2}),
    Case("list: a bomb, as 200", "ls", [fault("list", bomb=200)], "ok", {"list": 2}),
    Case("list: an error, as 200", "ls", [fault("list", error="InternalError", status=200)], "ok", {"list": 2}),
    Case("list: without an end", "ls", [fault("list", ALWAYS, endless=200)], "temp", {"list": ATTEMPTS}),
    Case("list: nothing, for ever", "ls", [fault("list", ALWAYS, half=True)], "temp", {"list": ATTEMPTS}),
    Case("list: it leads back", "ls", [fault("list", ALWAYS, astray="back")], "blocked", {"list": 2}, text="no sense"),
    Case("list: it leads nowhere", "ls", [fault("list", ALWAYS, astray="nowhere")], "blocked", {"list": 100}, text="no end"),
    Case("sweep: it leads nowhere", "sweep", [fault("list_uploads", ALWAYS, astray="nowhere")], "blocked", {"list_uploads": 100}),
    Case("delete all: nothing goes, and it leads back", "rm-prefix", [
        fault("delete_many", ALWAYS, failKeys=1), fault("list", ALWAYS, astray="back")], "blocked",
         {"list_uploads": 1, "list": 2, "delete_many": ATTEMPTS}, there=True),
    Case("delete all: uploads are listed to nobody", "rm-prefix", [fault("list_uploads", ALWAYS, error="NotImplemented")], "ok",
         {"list_uploads": 1, "list": 2, "delete_many": 1}, there=False),
    Case("delete all: nobody knows of uploads", "rm-prefix", [fault("list_uploads", ALWAYS, error="InternalError")], "temp",
         {"list_uploads": ATTEMPTS}, there=True),
    Case("delete: 500", "rm", [fault("delete", error="InternalError")], "ok", {"list_uploads": 1, "delete": 2}, there=False),
    Case("delete: a lost answer", "rm", [fault("delete", drop="after")], "ok", {"list_uploads": 1, "delete": 2}, there=False),
    Case("delete: a proxy knows of nothing", "rm", [fault("delete", html=404)], "ok", {"list_uploads": 1, "delete": 2},
         there=False),
    Case("delete: a proxy knows of nothing, for ever", "rm", [fault("delete", ALWAYS, html=404)], "blocked",
         {"list_uploads": 1, "delete": ATTEMPTS}, there=True),
    Case("delete: it was not there", "rm", [fault("delete", ALWAYS, status=404)], "ok", {"list_uploads": 1, "delete": 1},
         there=True),
    Case("delete: uploads are listed to nobody", "rm", [fault("list_uploads", ALWAYS, error="NotImplemented")], "ok",
         {"list_uploads": 1, "delete": 1}, there=False),
    Case("delete: nobody knows of uploads", "rm", [fault("list_uploads", ALWAYS, error="InternalError")], "temp",
         {"list_uploads": ATTEMPTS}, there=True),
    Case("delete many: 500", "rm-many", [fault("delete_many", error="InternalError")], "ok", {"delete_many": 2}, there=False),
    Case("delete many: all fail", "rm-many", [fault("delete_many", failKeys=1)], "ok", {"delete_many": 2}, there=False),
    Case("delete many: all fail for ever", "rm-many", [fault("delete_many", ALWAYS, failKeys=1)], "temp",
         {"delete_many": ATTEMPTS}, there=True),
    Case("delete many: an error, as 200", "rm-many", [fault("delete_many", error="InternalError", status=200)], "ok",
         {"delete_many": 2}, there=False),
]
REGIONS = [
    Case(f"another region: {status} in the {told}", do, [], "ok", {do.split()[0]: 2},
         setup={"region": "eu-central-1", "redirect": {"status": status, "in": told}})
    for status, told in ((301, "header"), (301, "body"), (301, "both"), (307, "both"), (400, "body"), (400, "header"))
    for do in (["put small", "head"] if told == "header" else ["put small"])
] + [
    Case("another region, not told", "put small", [], "blocked", {"put": 1},
         setup={"region": "eu-central-1", "redirect": {"status": 301, "in": "none"}}),
    Case("another region, and a lie", "put small", [], "blocked", {"put": 2},
         setup={"region": "eu-central-1", "redirect": {"status": 301, "in": "both", "to": "eu-north-1"}}),
    Case("another region, in parts", "put parts", [], "ok", {**PARTS, "list_uploads": 2}, setup={"region": "eu-central-1"}),
]
CLOCKS = [
    Case(f"a clock that is {hours} h ahead", do, [], "ok", {do.split()[0]: 2}, setup={"skewMs": hours * 3600_000})
    for hours in (1, -1, 24 * 400) for do in ("put small", "head")
] + [
    Case("a clock that nobody can follow", "put small", [fault("put", ALWAYS, error="RequestTimeTooSkewed")], "blocked",
         {"put": 2}),
]
IN_PARTS = [
    parts("all is well", []),
    parts("create: 500", [fault("create", error="InternalError")], more={"create": 2, "list_uploads": 2}),
    parts("create: a lost answer", [fault("create", drop="after")], more={"create": 2, **ABORTED}),
    parts("create: half of the answer", [fault("create", half=True)], more={"create": 2, **ABORTED}),
    parts("create: an error, as 200", [fault("create", error="SlowDown", status=200)],
          more={"create": 2, "list_uploads": 2}),
    parts("part: 500", [fault("part", skip=1, error="InternalError")], more={"part": 3}),
    parts("part: reset in the middle", [fault("part", skip=1, resetAt=MIB)], more={"part": 3}),
    parts("part: slow down", [fault("part", error="SlowDown")], more={"part": 3}),
    parts("part: a lost answer", [fault("part", drop="after")], more={"part": 3}),
    parts("part: nobody reads on", [fault("part", stallAt=MIB)], more={"part": range(3, 6)}, settings=SILENCE),
    parts("part: 500 for ever", [fault("part", ALWAYS, error="InternalError")], "temp",
          {"part": range(3, 7), "complete": 0, **ABORTED}),
    parts("part: not allowed", [fault("part", ALWAYS, error="AccessDenied")], "blocked",
          {"part": range(1, 3), "complete": 0, **ABORTED}),
    parts("complete: an error, as 200", [fault("complete", error="InternalError", status=200, spaces=3)],
          more={"complete": 2, "head": 1}),
    parts("complete: an error, as 200, for ever", [fault("complete", ALWAYS, error="InternalError", status=200)], "temp",
          {"complete": ATTEMPTS, "head": ATTEMPTS, **ABORTED}),
    parts("complete: it takes a while", [fault("complete", spaces=25)], least_s=0.5),
    parts("complete: a lost answer", [fault("complete", drop="after")], more=LOOKED),
    parts("complete: a lost answer of a server with ETags that show nothing", [fault("complete", drop="after")], more=LOOKED,
          setup={"oddEtags": True}),
    parts("complete: half of the answer", [fault("complete", half=True, after=True)], more=LOOKED),
    parts("complete: 500 after it was done", [fault("complete", after=True, error="InternalError")], more=LOOKED),
    parts("complete: a lost answer, and a key that may not look", [
        fault("complete", drop="after"), fault("head", ALWAYS, error="AccessDenied")], more={"complete": 2, "head": 1}),
    parts("complete: a lost answer, and a server that does not say", [
        fault("complete", drop="after"), fault("head", ALWAYS, error="InternalError")], "temp", {"head": ATTEMPTS}, there=True),
    parts("complete: lost before", [fault("complete", drop="before")], more={"complete": 2, "head": 1}),
    parts("complete: a lost answer, and nobody knows", [
        fault("complete", drop="after"), fault("head", error="NoSuchKey")],
          more={**LOOKED, "complete": 2, "head": 2}, setup={"forgets": True}),
    parts("complete: not allowed", [fault("complete", ALWAYS, error="AccessDenied")], "blocked", ABORTED),
    parts("a part is lost", [fault("part", losePart=True)], "temp", ABORTED),
    parts("an upload that is gone", [fault("part", error="NoSuchUpload")], "temp",
          {"part": range(1, 3), "complete": 0, **ABORTED}),
    parts("abort: 500", [fault("part", ALWAYS, error="AccessDenied"), fault("abort", error="InternalError")], "blocked",
          {"part": range(1, 3), "complete": 0, **ABORTED, "abort": 2}),
    parts("abort: a proxy knows of nothing", [fault("part", ALWAYS, error="AccessDenied"), fault("abort", html=404)], "blocked",
          {"part": range(1, 3), "complete": 0, **ABORTED, "abort": 2}),
    parts("complete: a proxy knows of nothing", [fault("complete", html=404)], more={"complete": 2, "head": 1}),
]


@pytest.fixture(scope="module")
def server():
    with faulty_s3() as one:
        yield one


def make_file(path, size):
    path.write_bytes(random.Random(size).randbytes(size))
    return path


def told(case, folder, server):
    """What the client is told to do."""
    verb, _, size = case.do.partition(" ")
    if verb == "put":
        return "put", make_file(folder / "file", SIZES[size]), "key"
    server.bucket().put("key", random.Random(1).randbytes(SIZES[size or "small"]))
    server.setup(faults=case.faults)
    return {"get": ("get", "key", folder / "got"), "head": ("head", "key"), "ls": ("ls", ""), "rm": ("rm", "key"),
            "rm-many": ("rm", "key", "another"), "rm-prefix": ("rm-prefix", "k"), "sweep": ("sweep", "", 0)}[verb]


def check_what_is_left(case, words, state, folder, bucket):
    there = case.there if case.there is not None else case.kind == "ok" or case.do[:3] != "put"
    assert state.objects == (["key"] if there else [])
    assert state.uploads == []
    assert [error for error in state.errors if error["what"] in ("unwanted", "contract")] == []
    if there and case.do[:3] == "put":
        assert bucket.get("key") == (folder / "file").read_bytes()
    if case.do[:3] == "get":
        left = [path.name for path in folder.iterdir()]
        assert left == (["got"] if case.kind == "ok" else []), left
        assert case.kind != "ok" or (folder / "got").read_bytes() == bucket.get("key")


def counted(state, case):
    """The requests of the client: what we have put there is not one."""
    counts = dict(state.counts)
    if case.do[:3] != "put":
        counts["put"] -= 1
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("case", [*ONE_REQUEST, *REGIONS, *CLOCKS, *IN_PARTS], ids=lambda case: case.title.replace(" ", "-"))
def test_fault(server, case, tmp_path):
    """seed E2: tried again, in bounded time and memory, and no half of it stays."""
    server.reset()
    words = told(case, tmp_path, server)
    server.setup(faults=case.faults, **case.setup)
    deadline_s = case.settings.get("deadline_ms", DEADLINE_S * 1000) / 1000
    with client(server.way(), **{"attempts": ATTEMPTS, "deadline_ms": DEADLINE_S * 1000, **case.settings}) as ours:
        outcome = ours.run(*words)
        state = server.state()
        server.setup(faults=[], release=True)
        assert outcome.kind == case.kind, outcome
        seen = counted(state, case)
        assert seen.keys() == case.counts.keys(), seen
        assert all(seen[name] in (count if isinstance(count, range) else [count]) for name, count in case.counts.items()), seen
        assert case.least_s <= outcome.seconds < min(case.most_s, deadline_s) + SLACK_S
        assert "root:" not in outcome.text and case.text in outcome.text
        assert ours.peak_kib() < MEMORY_KIB
        server.setup(skewMs=0, region="us-east-1", redirect={})
        check_what_is_left(case, words, server.state(), tmp_path, server.bucket())
        ours.do("ls", "")


def test_what_is_denied_when_the_clock_is_followed(server, tmp_path):
    """Is not taken for another clock that is wrong."""
    server.reset(skewMs=3600_000)
    with client(server.way()) as ours:
        ours.do("put", make_file(tmp_path / "file", SIZES["small"]), "key")
        server.setup(faults=[fault("head", ALWAYS, error="AccessDenied")])
        outcome = ours.run("head", "key")
        assert (outcome.kind, server.counts()["head"]) == ("blocked", 1) and "clock" not in outcome.text


@pytest.mark.parametrize("begun, swept", [("", 0), ("2020-01-02T03:04:05+09:00", 0), ("2020-01-02T03:04:05Z", 1)])
def test_an_upload_of_unknown_age(server, begun, swept):
    """May be under way, and is not swept; a put of its key gives it up."""
    server.reset(uploads=[{"key": "key"}], faults=[fault("list_uploads", ALWAYS, begun=begun)])
    with client(server.way()) as ours:
        assert ours.do("sweep", "", 3600) == [str(swept)]
        assert len(server.state().uploads) == 1 - swept
        ours.do("rm-prefix", "k")
    assert server.state().uploads == []


def test_ages_are_those_of_the_servers_clock(server):
    """Which is an hour behind: what was begun an hour ago by ours was begun just now."""
    server.reset(skewMs=-3600_000, uploads=[{"key": "new", "ageSec": 3600}, {"key": "old", "ageSec": 7200}])
    with client(server.way()) as ours:
        assert ours.do("sweep", "", 1800) == ["1"]
    assert [upload["key"] for upload in server.state().uploads] == ["new"]


def test_uploads_without_end(server):
    """The same ones, page after page: some time it is enough."""
    server.reset(uploads=[{"key": "key"}], faults=[fault("list_uploads", ALWAYS, astray="back")])
    with client(server.way()) as ours:
        assert ours.run("sweep", "", 3600).kind == "blocked"
    assert server.counts()["list_uploads"] == 200


@pytest.mark.parametrize("odd", [False, True], ids=["plain-ETags", "odd-ETags"])
def test_another_object_of_the_same_size(server, tmp_path, odd):
    """That was there before is not taken for what was put."""
    server.reset(oddEtags=odd)
    first, second = tmp_path / "first", tmp_path / "second"
    for seed, path in enumerate((first, second)):
        path.write_bytes(random.Random(seed).randbytes(SIZES["parts"]))
    with client(server.way(), attempts=ATTEMPTS) as ours:
        ours.do("put", first, "key")
        server.setup(ageSec=3600, faults=[fault("part", losePart=True)])
        assert ours.run("put", second, "key").kind == "temp"
        assert server.bucket().get("key") == first.read_bytes()
        server.setup(faults=[fault("complete", drop="before")])
        ours.do("put", second, "key")
        assert server.bucket().get("key") == second.read_bytes()
    assert server.state().uploads == []


def test_cancelled_while_it_is_begun(server, tmp_path):
    """And the answer does not say which upload it is: it is looked for."""
    server.reset(faults=[fault("create", after=True, hold=True, status=200, body="<InitiateMultipartUploadResult/>")])
    with client(server.way()) as ours:
        ours.begin("put-until", make_file(tmp_path / "file", SIZES["parts"]), "key")
        server.wait("create")
        assert ours.run("cancel").kind == "ok"
        server.setup(release=True)
        server.wait("abort", answered=1)
    assert server.state().uploads == []


@pytest.mark.parametrize("fate", ["done", "lost"])
def test_cancelled_while_it_is_completed(server, tmp_path, fate):
    """Is not aborted before it is known what became of it."""
    server.reset(faults=[fault("complete", hold=True, **({"drop": "before"} if fate == "lost" else {}))])
    with client(server.way(), attempts=ATTEMPTS) as ours:
        ours.begin("put-until", make_file(tmp_path / "file", SIZES["parts"]), "key")
        server.wait("complete")
        assert ours.run("cancel").kind == "ok"
        ours.do("ls", "")
        assert server.counts().get("abort") is None and len(server.state().uploads) == 1
        server.setup(release=True)
        if fate == "lost":
            server.wait("list_uploads", 2, answered=2)
        else:
            server.wait("complete", answered=1)
    state = server.state()
    assert (state.objects, state.uploads) == (["key"] if fate == "done" else [], [])
    assert (state.counts["complete"], state.counts.get("abort", 0)) == (1, 0 if fate == "done" else 1)


def test_twenty_thousand_deletes(server):
    """Half of the requests fail, and half of the keys of the first that do not: at the end there is nothing."""
    count, half = 20_000, 0.5
    server.reset(fill={"prefix": "videos/", "count": count}, uploads=[{"key": "videos/half"}], faults=[
        {**fault(["list", "list_uploads", "delete_many", "abort"], ALWAYS, error="InternalError"), "odds": half},
        fault("delete_many", 20, failKeys=half)])
    server.bucket().put("video", b"is not one of them")
    with client(server.way(), attempts=12, deadline_ms=240_000) as ours:
        ours.do("rm-prefix", "videos/")
        assert ours.peak_kib() < MEMORY_KIB
    state = server.state()
    assert (state.objects, state.uploads) == (["video"], [])
    assert 40 <= state.counts["delete_many"] < 200  # of a thousand keys each
