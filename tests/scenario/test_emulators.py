"""The emulator of Runway is what the real service is: to its own client, in what it refuses, in time, and on the bad
days that it can be told to have."""

import concurrent.futures
import http.client
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

import emulators
import media
from emulators import BROKEN
from stack import wait_for

SCENE = {"model": "gen4.5", "promptText": "A kettle", "ratio": "720:1280", "duration": 2}
PICTURE = "https://shop.example.com/kettle.jpg"
IMAGE = {**SCENE, "promptImage": PICTURE}
TURBO = {"model": "gen4_turbo", "ratio": "960:960", "promptImage": PICTURE}
VEO = {"model": "veo3.1", "promptText": "A kettle", "ratio": "1080:1920", "duration": 8}
QUICK = {"pendingMs": 0, "runningMs": 0}
SLOW = {"pendingMs": 0, "runningMs": 600_000}


@pytest.fixture(scope="module")
def emulator():
    with emulators.running("runway") as found:
        yield found.runway


@pytest.fixture
def runway(emulator):
    emulator.setup(reset=True, clock=QUICK)
    yield emulator
    assert emulator.errors("contract") == []


def create(runway, body=SCENE, endpoint="text_to_video", **more):
    return runway.post(f"/v1/{endpoint}", body, **more)


def made(runway, body=SCENE, **more):
    answer = create(runway, body, **more)
    assert answer.status == 200, answer
    return answer.json["id"]


def task(runway, name):
    return runway.get(f"/v1/tasks/{name}").json


def output(runway, name):
    wait_for("the clip", lambda: task(runway, name)["status"] == "SUCCEEDED")
    return task(runway, name)["output"][0]


# --- its own client, and the contracts ---


def test_official_client(runway):
    fails = {"on": "create", "match": "must fail", "do": {"fail": "INTERNAL.BAD_OUTPUT.CODE01"}}
    breaks = {"on": "create", "match": "must break", "do": {"status": 503}}
    runway.setup(dailyLimit={"veo3.1": 0}, faults=[fails, breaks], clock={"pendingMs": 300, "runningMs": 700})
    emulators.prove(runway)


def contract_issues(shape, value):
    """What the emulators' own check says of a value: of Runway's task shapes, the one with this status."""
    script = ("import contract, json, sys; shape, value = json.load(sys.stdin); "
              "shape = contract.variant(contract.load('runway')['endpoints']['task'], 'status', shape); "
              "json.dump(contract.issues(shape, value), sys.stdout)")
    done = subprocess.run([sys.executable, "-B", "-c", script], input=json.dumps([shape, value]), text=True,
                          capture_output=True, check=True, cwd=emulators.PROGRAMS, timeout=30)
    return [(issue["code"], issue["path"]) for issue in json.loads(done.stdout)]


def test_contracts_are_checked():
    good = {"id": "x", "createdAt": "x", "status": "RUNNING", "progress": 0.5, "estimatedCost": {"credits": 5}}
    assert contract_issues("RUNNING", good) == []
    assert contract_issues("RUNNING", {**good, "progress": "0.5", "output": [], "estimatedCost": {}}) == [
        ("invalid_type", ["estimatedCost", "credits"]), ("invalid_type", ["progress"]), ("unrecognized_keys", [])]


# --- what Runway refuses ---

REFUSED = [
    # title, endpoint, body, code of the first issue, its path
    ("no model", "text_to_video", {"promptText": "x"}, "invalid_type", ["model"]),
    ("a retired model", "text_to_video", {**SCENE, "model": "gen3a_turbo"}, "invalid_union", ["model"]),
    ("an image model, text only", "text_to_video", {**SCENE, "model": "gen4_turbo"}, "invalid_union", ["model"]),
    ("an unknown key", "text_to_video", {**SCENE, "watermark": False}, "unrecognized_keys", []),
    ("an image in a text-only call", "text_to_video", IMAGE, "unrecognized_keys", []),
    ("a key of another model", "text_to_video", {**SCENE, "audio": True}, "unrecognized_keys", []),
    ("a ratio in words", "text_to_video", {**SCENE, "ratio": "9:16"}, "invalid_value", ["ratio"]),
    ("a ratio of images only", "text_to_video", {**SCENE, "ratio": "960:960"}, "invalid_value", ["ratio"]),
    ("a ratio of another model", "image_to_video", {**IMAGE, "ratio": "1080:1920"}, "invalid_value", ["ratio"]),
    ("no duration", "text_to_video", {k: SCENE[k] for k in SCENE if k != "duration"}, "invalid_type", ["duration"]),
    ("too short", "text_to_video", {**SCENE, "duration": 1}, "too_small", ["duration"]),
    ("too long", "text_to_video", {**SCENE, "duration": 11}, "too_big", ["duration"]),
    ("half seconds", "text_to_video", {**SCENE, "duration": 2.5}, "invalid_type", ["duration"]),
    ("seconds as text", "text_to_video", {**SCENE, "duration": "5"}, "invalid_type", ["duration"]),
    ("seconds that veo has not", "text_to_video", {**VEO, "duration": 5}, "invalid_value", ["duration"]),
    ("no prompt", "text_to_video", {**SCENE, "promptText": ""}, "too_small", ["promptText"]),
    ("a long prompt", "text_to_video", {**SCENE, "promptText": "x" * 1001}, "too_big", ["promptText"]),
    ("a prompt long in UTF-16", "text_to_video", {**SCENE, "promptText": "😀" * 501}, "too_big", ["promptText"]),
    ("a seed below", "text_to_video", {**SCENE, "seed": -1}, "too_small", ["seed"]),
    ("a seed above", "text_to_video", {**SCENE, "seed": 2**32}, "too_big", ["seed"]),
    ("no image", "image_to_video", SCENE, "invalid_type", ["promptImage"]),
    ("a last frame alone", "image_to_video", {**VEO, "promptImage": [{"uri": PICTURE, "position": "last"}]}, "custom",
     ["promptImage"]),
] + [
    (title, "image_to_video", {**TURBO, "promptImage": uri}, "custom", ["promptImage"]) for title, uri in (
        ("an image by http", "http://shop.example.com/a"),
        ("an image at an IP", "https://10.0.0.1/a.jpg"),
        ("an image at localhost", "https://localhost/a"),
        ("a long URL", PICTURE + "x" * 2048),
        ("no such upload", "runway://nothing"),
        ("data that is no image", "data:image/png;base64,AAAA"),
        ("long data", "data:image/jpeg;base64,/9j/" + "A" * (5 << 20)),
        ("a GIF", "data:image/gif;base64,R0lGODlh"),
    )
]
TAKEN = [
    # title, endpoint, body, credits
    ("text", "text_to_video", SCENE, 24),
    ("1000 units", "text_to_video", {**SCENE, "promptText": "😀" * 500}, 24),
    ("the highest seed", "text_to_video", {**SCENE, "seed": 2**32 - 1}, 24),
    ("a prores file", "text_to_video", {**SCENE, "outputFormat": "prores"}, 34),
    ("veo with sound", "text_to_video", VEO, 320),
    ("veo without sound", "text_to_video", {**VEO, "audio": False}, 160),
    ("veo fast", "text_to_video", {**VEO, "model": "veo3.1_fast", "duration": 4}, 60),
    ("an image", "image_to_video", IMAGE, 24),
    ("an image and no prompt", "image_to_video", {**TURBO, "duration": 10}, 50),
    ("a first and a last frame", "image_to_video",
     {**VEO, "promptImage": [{"uri": PICTURE, "position": p} for p in ("first", "last")]}, 320),
]


@pytest.mark.parametrize("endpoint, body, code, path", [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_runway_refuses(runway, endpoint, body, code, path):
    answer = create(runway, body, endpoint)
    assert answer.status == 400, answer
    assert answer.json["error"] == "Validation of body failed" and answer.json["docUrl"]
    first = answer.json["issues"][0]
    assert (first["code"], first["path"]) == (code, path), first
    assert first["message"]
    assert runway.totals()["tasks"] == 0


@pytest.mark.parametrize("endpoint, body, credits", [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_runway_takes(runway, endpoint, body, credits):
    runway.setup(clock=SLOW)
    assert create(runway, body, endpoint).json["estimatedCost"] == {"credits": credits}


DOORS = [
    # title, method, path, headers, status, text
    ("no key", "GET", "/v1/organization", {"Authorization": None}, 401, "No API key was provided"),
    ("a wrong key", "GET", "/v1/organization", {"Authorization": "Bearer key_00"}, 401, "API key"),
    ("no version", "GET", "/v1/organization", {"X-Runway-Version": None}, 400, "X-Runway-Version header is not valid"),
    ("an old version", "GET", "/v1/organization", {"X-Runway-Version": "2024-09-13"}, 400, "X-Runway-Version"),
    ("no such path", "GET", "/v1/nothing", {}, 404, "Not found"),
    ("a wrong method", "PUT", "/v1/organization", {}, 405, "Method not allowed"),
    ("no such task", "GET", "/v1/tasks/00000000-0000-0000-0000-000000000000", {}, 404, "Could not find Task"),
    ("nothing to cancel", "DELETE", "/v1/tasks/00000000-0000-0000-0000-000000000000", {}, 404, "Could not find Task"),
]


@pytest.mark.parametrize("method, path, headers, status, text", [row[1:] for row in DOORS],
                         ids=[row[0] for row in DOORS])
def test_runway_keeps_its_door(runway, method, path, headers, status, text):
    answer = runway.request(method, path, headers=headers)
    assert answer.status == status and text in answer.json["error"], answer


def test_credits_run_out_after_the_body_was_validated(runway):
    runway.setup(credits=30)
    made(runway)
    assert create(runway, {**SCENE, "ratio": "x"}).json["error"] == "Validation of body failed"
    answer = create(runway)
    assert (answer.status, answer.json["error"]) == (400, "You do not have enough credits to run this task.")
    assert runway.get("/v1/organization").json["creditBalance"] == 6


def test_daily_limit(runway):
    runway.setup(dailyLimit={"gen4.5": 1})
    made(runway)
    answer = create(runway)
    assert (answer.status, answer.json["error"]) == (429, "Your daily task limit has been reached.")
    assert answer.headers["apigw-requestid"]


# --- Runway in time ---


def test_tasks_wait_for_places_and_take_their_time(runway):
    runway.setup(concurrency=2, clock={"pendingMs": 4000, "runningMs": 6000})
    names = [made(runway) for _ in range(3)]
    seen = {name: [] for name in names}

    def ended():
        for name in names:
            found = task(runway, name)
            if not seen[name] or seen[name][-1] != (found["status"], found.get("progress")):
                seen[name].append((found["status"], found.get("progress")))
        return all(seen[name][-1][0] == "SUCCEEDED" for name in names)

    wait_for("all three", ended)
    for name, first in zip(names, ("PENDING", "PENDING", "THROTTLED")):
        states = [state for state, _ in seen[name]]
        progress = [part for _, part in seen[name] if part is not None]
        assert states[0] == first and "RUNNING" in states, states
        assert progress == sorted(progress) and progress[0] < progress[-1] < 1, progress


def test_delete_cancels_then_finds_nothing(runway):
    runway.setup(clock=SLOW, concurrency=1)
    running, waiting = made(runway), made(runway)
    runway.setup(clock=QUICK)
    wait_for("the first to run", lambda: task(runway, running)["status"] == "RUNNING")
    assert task(runway, waiting)["status"] == "THROTTLED"
    for name in (waiting, running):
        assert runway.request("DELETE", f"/v1/tasks/{name}").status == 204
        assert runway.request("DELETE", f"/v1/tasks/{name}").status == 404
        assert runway.get(f"/v1/tasks/{name}").json["error"] == "Could not find Task"
    assert [(bill["state"], bill["charged"]) for bill in runway.billed()] == [("CANCELLED", 24), ("CANCELLED", 0)]


@pytest.mark.parametrize("ratio, seconds, model", [("720:1280", 3, "gen4.5"), ("1584:672", 2, "gen4_turbo"),
                                                   ("1920:1080", 4, "veo3.1_fast")])
def test_clips_are_films(runway, tmp_path, ratio, seconds, model):
    name = made(runway, {**TURBO, "model": model, "ratio": ratio, "duration": seconds, "promptText": "x"},
                endpoint="image_to_video")
    path = tmp_path / "clip.mp4"
    path.write_bytes(runway.get(output(runway, name), headers={"Authorization": None}).body)
    streams = media.probe(path, "-show_streams")["streams"]
    video = next(stream for stream in streams if stream["codec_type"] == "video")
    assert f"{video['width']}:{video['height']}" == ratio
    assert len(media.video_packets(path)) == seconds * 24
    assert len(streams) == (2 if model.startswith("veo") else 1)


def test_urls_expire_and_are_signed_anew(runway):
    name = made(runway)
    url = output(runway, name)
    assert runway.get(url).status == 200
    assert runway.get(url[:-1] + ("a" if url[-1] != "a" else "b")).status == 403
    runway.setup(urlSeconds=-1)
    old = output(runway, name)
    runway.setup(urlSeconds=60)
    assert (runway.get(old).status, runway.get(output(runway, name)).status) == (403, 200)


def test_restart_loses_nothing(runway):
    runway.setup(clock=SLOW, credits=1000)
    names = [made(runway) for _ in range(3)]
    runway.request("DELETE", f"/v1/tasks/{names[0]}")
    before = runway.totals(), runway.billed()
    os.kill(runway.process.pid, signal.SIGKILL)
    runway.process.wait()
    runway.start()
    assert (runway.totals(), runway.billed()) == before
    runway.setup(finish="now")
    assert [task(runway, name).get("status") for name in names] == [None, "SUCCEEDED", "SUCCEEDED"]


def test_five_hundred_tasks_are_polled_at_once(runway):
    runway.setup(clock=SLOW, concurrency=500, minPollMs=600_000)  # the last poll is too soon on any machine
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        names = list(pool.map(lambda _: made(runway), range(500)))
        assert {found["status"] for found in pool.map(lambda name: task(runway, name), names)} == {"RUNNING"}
    assert runway.errors() == []
    task(runway, names[0])
    assert [error["task"] for error in runway.errors("pollTooOften")] == [names[0]]


# --- uploads ---


def form(fields, data, boundary="border", after=()):
    """A multipart body: fields, the file, and what should not come after it."""
    def part(name, value, more=""):
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        return head.encode() + value + b"\r\n"

    parts = [*(part(name, value.encode()) for name, value in fields.items()), part("file", data, '; filename="a.jpg"'),
             *(part(name, b"x") for name in after)]
    return b"".join(parts) + f"--{boundary}--\r\n".encode()


def send(runway, slot, body, **headers):
    headers = {"Authorization": None, "X-Runway-Version": None, "Content-Type": "multipart/form-data; boundary=border",
               **headers}
    return runway.request("POST", slot["uploadUrl"], body, headers=headers)


def new_slot(runway):
    answer = runway.post("/v1/uploads", {"filename": "a.jpg", "type": "ephemeral"})
    assert answer.status == 200, answer
    return answer.json


JPEG = b"\xff\xd8\xff\xe0" + bytes(1000)


def test_upload(runway):
    slot = new_slot(runway)
    wanted = {**TURBO, "promptImage": slot["runwayUri"]}
    assert create(runway, wanted, "image_to_video").status == 400
    assert send(runway, slot, form(slot["fields"], JPEG)).status == 204
    assert send(runway, slot, form(slot["fields"], JPEG)).status == 403
    assert [made(runway, wanted, endpoint="image_to_video") for _ in range(2)]
    runway.setup(expireUploads=True)
    assert create(runway, wanted, "image_to_video").status == 400


WRONG_FORMS = [
    # title, the body made of the slot's fields, headers, status, code
    ("a key", lambda fields: form(fields, JPEG), {"Authorization": "Bearer x"}, 400, b"InvalidArgument"),
    ("no fields", lambda fields: form({}, JPEG), {}, 403, b"AccessDenied"),
    ("another field", lambda fields: form({**fields, "more": "x"}, JPEG), {}, 403, b"AccessDenied"),
    ("a field after the file", lambda fields: form(fields, JPEG, after=["late"]), {}, 400, b"InvalidArgument"),
    ("a small file", lambda fields: form(fields, JPEG[:511]), {}, 400, b"EntityTooSmall"),
    ("no form", lambda fields: JPEG, {"Content-Type": "image/jpeg"}, 412, b"PreconditionFailed"),
]


@pytest.mark.parametrize("make, headers, status, code", [row[1:] for row in WRONG_FORMS],
                         ids=[row[0] for row in WRONG_FORMS])
def test_storage_refuses(runway, make, headers, status, code):
    slot = new_slot(runway)
    answer = send(runway, slot, make(slot["fields"]), **headers)
    assert answer.status == status and code in answer.body, answer


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("sent", ["", '{"model": "gen4.5"'])
def test_half_a_request_is_none(runway, kind, sent):
    with socket.create_connection(("127.0.0.1", runway.port), 30) as client:
        head = f"POST /v1/text_to_video HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 500\r\n\r\n"
        client.sendall((head + sent).encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b""
    assert runway.seen() == [] and runway.errors() == []


def test_slots_are_checked(runway):
    for name, kind in ((None, None), ("a.jpg", None), ("a.jpg", "lasting"), ("a", "ephemeral")):
        body = {key: value for key, value in (("filename", name), ("type", kind)) if value}
        assert runway.post("/v1/uploads", body).status == 400


# --- bad days ---

FAULTS = [
    # title, what is done, what comes of it, tasks that were bought all the same
    ("a status", {"status": 503, "body": "busy", "headers": {"Retry-After": "1"}}, (503, b"busy"), 0),
    ("a status in JSON", {"status": 429, "body": {"error": "x"}}, (429, b'{"error": "x"}'), 0),
    ("a status after accepting", {"status": 502, "after": True}, (502, b""), 1),
    ("a page", {"html": 502}, (502, b"<html>"), 0),
    ("dropped before", {"drop": "before"}, None, 0),
    ("dropped after", {"drop": "after"}, None, 1),
    ("reset", {"reset": True}, None, 0),
    ("reset after", {"reset": "after"}, None, 1),
    ("stalled", {"stall": True}, None, 1),
    ("cut", {"cutAt": 10}, None, 1),
    ("half", {"half": True}, (200, b'{"id":'), 1),
]


@pytest.mark.parametrize("do, expected, bought", [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_faults(runway, do, expected, bought):
    runway.fault("create", **do)
    if expected:
        answer = create(runway)
        assert answer.status == expected[0] and answer.body.startswith(expected[1]), answer
    else:
        with pytest.raises(BROKEN):
            create(runway, timeout=5 if "stall" in do else 60)
    wait_for("what was bought", lambda: runway.totals()["tasks"] == bought)
    assert create(runway).status == 200


def test_faults_choose(runway):
    runway.setup(faults=[{"on": "create", "skip": 1, "times": 2, "match": "one", "do": {"status": 500}},
                         {"on": "organization", "times": -1, "do": {"status": 501}}])
    answers = [create(runway, {**SCENE, "promptText": text}).status for text in ("one", "two", "one", "one", "one")]
    assert answers == [200, 200, 500, 500, 200]
    assert [runway.get("/v1/organization").status for _ in range(3)] == [501] * 3
    assert runway.post("/_setup", {"faults": [{"on": "create", "do": {"stutus": 500}}]}).status == 400
    assert runway.post("/_setup", {"nonsense": 1}).status == 400


def test_replies_can_be_held_and_waited_for(runway):
    runway.fault("create", hold=True, after=True)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        held = pool.submit(create, runway)
        runway.wait("create", seen=1)
        wait_for("the purchase", lambda: runway.totals()["tasks"] == 1)
        assert not held.done()
        runway.setup(release=True)
        assert held.result(60).status == 200
    runway.wait("create", answered=1)


@pytest.mark.parametrize("code, charged", [("SAFETY.INPUT.TEXT", 24), ("SAFETY.OUTPUT.VIDEO", 0),
                                           ("INPUT_PREPROCESSING.SAFETY.TEXT", 24), ("INPUT_PREPROCESSING.INTERNAL", 0),
                                           ("INTERNAL.BAD_OUTPUT.CODE01", 0), ("ASSET.INVALID", 0),
                                           ("THIRD_PARTY.UNAVAILABLE", 0), ("INTERNAL", 0), (None, 0)])
def test_tasks_fail(runway, code, charged):
    runway.fault("create", fail=code)
    found = task(runway, made(runway))
    assert (found["status"], found.get("failureCode"), found["cost"]) == ("FAILED", code, {"credits": charged})
    assert found["failure"] and runway.totals()["charged"] == charged


def test_refund_can_be_chosen(runway):
    runway.fault("create", fail="INTERNAL", failRefund=False)
    assert task(runway, made(runway))["cost"] == {"credits": 24}


def test_downloads_go_wrong(runway, tmp_path):
    url = output(runway, made(runway))
    whole = runway.get(url).body
    runway.fault("download", garbage=True, contentType="text/plain")
    answer = runway.get(url)
    assert answer.headers["Content-Type"] == "text/plain" and b"ftyp" not in answer.body
    runway.fault("download", expireUrl=True)
    assert runway.get(url).status == 403
    runway.fault("download", cutAt=1000)
    with pytest.raises(http.client.IncompleteRead):
        runway.get(url)
    runway.fault("download", clipBytes=len(whole) + 3_000_000)
    path = tmp_path / "large.mp4"
    path.write_bytes(runway.get(url).body)
    assert path.stat().st_size == len(whole) + 3_000_000 and len(media.video_packets(path)) == 48
    assert runway.get(url).body == whole
