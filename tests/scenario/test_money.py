"""What a video costs: what is said before, what is refused, what pauses it, and that only what is new is paid for."""

import concurrent.futures
import contextlib

import bought
import pytest
from bought import ask, change, counts, film, ledger, prompts, show, table, videoctl, wait_status
from daemons import rows_of
from stack import scene, wait_for

SCENE = 24  # credits of a scene of a second or two
GOES_ON = "The video goes on by itself when that has changed."


@pytest.fixture(scope="module")
def stack():
    with bought.running() as running:
        yield running


@pytest.fixture(autouse=True)
def quiet(stack):
    bought.begin(stack)


@contextlib.contextmanager
def configured(stack, **settings):
    """Responders and daemon with other settings."""
    with stack.changed(**settings):
        stack.run("start", "cgi")
        yield
    stack.run("start", "cgi")


def make(stack, *scenes, **more):
    video = stack.create(film(*scenes, **more))
    stack.wait_completed(video)
    return video


def make_no_draft(stack, *scenes, **more):
    """A draft that was called off: it can be rendered."""
    video = stack.create(film(*scenes, mode="draft", **more))
    ask(stack, video, "cancel")
    wait_status(stack, video, "cancelled")
    return video


def render(stack, video, mode="full"):
    """What of each vendor was asked for meanwhile."""
    before = counts(stack)
    ask(stack, video, "render", {"mode": mode})
    stack.wait_completed(video)
    return tuple(now - then for now, then in zip(counts(stack), before))


def regenerate(stack, video, number, body=None):
    before = prompts(stack)
    ask(stack, video, f"scenes/{number}/regenerate", body)
    stack.wait_completed(video)
    return prompts(stack) - before


# --- before ---


def test_the_estimate_is_what_is_bought_and_billed(stack):
    """seed A13: known before, and written down after."""
    body = film(scene(1, 3), scene(2, 2.5, imageUrl="/assets/picture.jpg", model="gen4_turbo"),
                scene(3, 1, model="veo3.1_fast"), script="One. Two, three.", aspectRatio="16:9")
    said = stack.post("/videos/estimate", body)
    assert said.status == 200 and counts(stack) == (0, 0)
    assert [s["credits"] for s in said.json["scenes"]] == [3 * 12, 3 * 5, 4 * 10]
    assert (said.json["credits"], said.json["characters"]) == (91, 16)

    video = stack.create(body)
    stack.wait_completed(video)
    assert [bill["charged"] for bill in sorted(stack.runway.billed(), key=lambda bill: bill["prompt"])] == [36, 15, 40]
    assert [bill["characters"] for bill in stack.elevenlabs.billed()] == [16]
    found = show(stack, video)
    assert found["estimate"] == found["cost"] == {"credits": 91, "characters": 16}
    assert [s["generation"]["credits"] for s in found["scenes"]] == [36, 15, 40]


def refusal(stack, body):
    answer = stack.post("/videos", body)
    assert answer.status == 402 and answer.json["error"]["code"] == "budget", answer
    return answer.body.decode()


def test_a_limit_for_each_video(stack):
    """seed A13: no order may spend without bound."""
    with configured(stack, max_video_credits=2 * SCENE, max_video_characters=20):
        assert "no more than 48" in refusal(stack, film("One", "Two", "Three"))
        assert "72 credits" in refusal(stack, film("One", "Two", "Three"))
        assert "no more than 20" in refusal(stack, film("One", script="This is a script that is too long."))
        dear = stack.post("/videos/estimate", film("One", "Two", "Three")).json
        assert (dear["credits"], dear["limits"]["videoCredits"]) == (72, 48)
        video = make(stack, "One", "Two", script="Short enough.")
        scenes = [scene(n, prompt=name) for n, name in enumerate(("One", "Two", "Three"))]
        assert stack.request("PATCH", f"/videos/{video}", {"scenes": scenes}).status == 402
        draft = make_no_draft(stack, "One", "Two", "Three")
        assert ask(stack, draft, "render", status=402).json["error"]["code"] == "budget"
    assert counts(stack) == (2, 1)


def test_a_limit_for_a_store_and_day(stack):
    for store in ("frugal", "spender"):
        stack.put_store(store)
    with configured(stack, max_store_day_credits=100, max_store_day_characters=30):
        make(stack, "One", "Two", "Three", store="frugal", script="Twenty characters...")
        message = refusal(stack, film("Four", "Five", store="frugal"))
        assert "may spend 100 credits a day; 28 are left" in message and "may cost 48" in message
        message = refusal(stack, film("Four", store="frugal", script="And twenty more of them."))
        assert "may spend 30 characters a day; 10 are left" in message
        make(stack, "Four", store="frugal")
        make(stack, "Elsewhere", store="spender")
        ask(stack, make_no_draft(stack, "Five", store="frugal"), "render", status=402)
    assert sum(bill["charged"] for bill in stack.runway.billed()) == 5 * SCENE


def test_orders_at_once_stay_below_the_limit_together(stack):
    stack.put_store("busy")
    blocked = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    with configured(stack, max_store_day_credits=2 * SCENE), stack.session() as session, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        session.ask("BEGIN; SELECT id FROM stores WHERE public_id = 'busy' FOR UPDATE")
        orders = [pool.submit(stack.post, "/videos", film(f"Busy {n}", store="busy")) for n in range(4)]
        wait_for("all four orders to wait", lambda: stack.sql(blocked) == [["4"]], 20)
        session.ask("COMMIT; SELECT 1")
        answers = [order.result(30) for order in orders]
        assert sorted(answer.status for answer in answers) == [202, 202, 402, 402]
        for answer in answers:
            if answer.status == 202:
                stack.wait_completed(answer.json["videoId"])
    assert counts(stack) == (2, 0)


# --- when the vendor does not go on ---


def wait_paused(stack, video, reason):
    now = wait_status(stack, video, "paused")
    assert now["pause"] == reason
    return now["error"]


def test_out_of_credit_and_the_vendor_has_more_again(stack):
    stack.runway.setup(credits=SCENE + 20)
    with stack.changed(probe_sec=1):
        video = stack.create(film("One", "Two"))
        error = wait_paused(stack, video, "out_of_credit")
        assert error.startswith("Scene ") and error.endswith(
            f" waits. Our account at the video service is out of credit. {GOES_ON}")
        asked = counts(stack)
        stack.runway.wait("organization", seen=len(stack.runway.seen("organization")) + 3)
        assert counts(stack) == asked, "20 credits are not enough, so nothing is asked for"
        stack.runway.setup(credits=SCENE)
        stack.wait_completed(video)
    assert sorted(state.split()[2] for state in ledger(stack, video)) == ["kept", "kept", "refused"]
    assert len(stack.runway.billed()) == 2 and counts(stack) == (3, 0)


def test_out_of_characters_and_the_operator_says_when_it_goes_on(stack):
    stack.elevenlabs.setup(credits=3)
    video = stack.create(film("One", script="More than three."))
    error = wait_paused(stack, video, "out_of_credit")
    assert error == f"The voice-over waits. Our account at the voice service is out of credit. {GOES_ON}"
    stack.elevenlabs.setup(credits=1000)
    assert videoctl(stack, "resume", "--vendor", "runway") == "0 videos resumed\n"
    assert videoctl(stack, "resume", "--vendor", "elevenlabs") == "1 video resumed\n"
    stack.wait_completed(video)
    assert ledger(stack, video) == ["scene 0 kept", "voice 0 refused", "voice 0 kept"]
    assert counts(stack) == (1, 2)


def test_a_bad_key(stack):
    key = stack.folder / "another.key"
    key.touch(0o600)
    key.write_text(f"key_{'0' * 128}\n")
    with stack.changed(runway_api_key=key):
        video = stack.create(film("One"))
        error = wait_paused(stack, video, "bad_key")
        assert error == f"Scene 1 waits. The video service does not accept our account. {GOES_ON}"
        wait_for("the operator to be told", lambda: states(stack)["runway"] == "bad_key")
    stack.wait_completed(video)  # the daemon looked when it began
    assert len(stack.runway.billed()) == 1


def test_the_daily_limit(stack):
    stack.runway.setup(dailyLimit=1)
    with stack.changed(probe_sec=1):
        video = stack.create(film("One", "Two"))
        error = wait_paused(stack, video, "daily_limit")
        assert f"Our account at the video service has reached its daily limit. {GOES_ON}" in error
        wait_for("the operator to be told", lambda: states(stack)["runway"] == "daily_limit")
        stack.runway.setup(dailyLimit=10)
        stack.wait_completed(video)
    assert len(stack.runway.billed()) == 2


def states(stack):
    return {row["VENDOR"]: row["STATE"] for row in table(videoctl(stack, "vendors"))}


def test_the_operator_sees_what_the_vendors_say(stack):
    stack.runway.setup(credits=500, concurrency={"gen4.5": 7})
    stack.elevenlabs.setup(credits=600)
    video = make(stack, "One", script="Ten of it.")
    with stack.changed(log_level="debug"):
        wait_for("a look", lambda: " 476 " in videoctl(stack, "vendors"))
        wait_for("another", lambda: " 590 " in videoctl(stack, "vendors"))
    rows = {row["VENDOR"]: row for row in table(videoctl(stack, "vendors"))}
    assert (rows["runway"]["BALANCE"], rows["runway"]["CONCURRENCY"]) == ("476", "7")
    assert float(rows["runway"]["BALANCE"]) == stack.runway.totals()["balance"]
    assert float(rows["elevenlabs"]["BALANCE"]) == stack.elevenlabs.totals()["balance"]
    lines = table(videoctl(stack, "ledger", video))
    assert [(line["WHAT"], line["STATE"], line["COST"]) for line in lines] == [
        ("scene 1", "kept", "24"), ("voice 1", "kept", "10")]
    bills = stack.runway.billed() + stack.elevenlabs.billed()
    assert [line["VENDOR'S ID"] for line in lines] == [bill["id"] for bill in bills]


# --- only what is new ---


def test_a_draft_costs_nothing_and_is_bought_once(stack):
    draft = make(stack, "One", script="Hello.", mode="draft")
    assert counts(stack) == (0, 0) and ledger(stack, draft) == []
    assert render(stack, draft) == (1, 1)
    assert render(stack, draft, "draft") == (0, 0)
    assert render(stack, draft) == (0, 0)
    assert show(stack, draft)["cost"] == {"credits": SCENE, "characters": 6}


@pytest.fixture(scope="module")
def shirt(stack):
    """A film of a product in 9:16, the first scene of a picture, with music and a voice."""
    track = stack.get("/videos/music").json[0]["id"]
    scenes = [scene(1, prompt="A shirt", textOverlay="Only $9"), scene(2, prompt="A shop")]
    return make(stack, *scenes, script="A shirt. Buy it.", aspectRatio="9:16", musicTrackId=track, musicVolume=30)


OVERLAY = [scene(1, prompt="A shirt", textOverlay="Now $5"), scene(2, prompt="A shop", textOverlay="Open")]
LOOK = {"quality": "draft", "fit": "blur", "transition": "fade", "transitionDuration": 0.2, "captions": "lines",
        "textStyle": {"size": "small"}, "sceneVolume": 50, "brand": False}
CHANGES = [
    ("a text and a price", {"scenes": OVERLAY}, (0, 0)),
    ("the music's volume", {"musicVolume": 80}, (0, 0)),
    ("the voice's volume", {"voiceVolume": 50}, (0, 0)),
    ("no music", {"musicTrackId": None}, (0, 0)),
    ("the title and how it looks", {"title": "Another", **LOOK}, (0, 0)),
    ("4:5, which is made in the shape of 9:16", {"aspectRatio": "4:5"}, (0, 0)),
    ("the script", {"voiceoverScript": "A shirt. Do not buy it."}, (0, 1)),
    ("16:9", {"aspectRatio": "16:9"}, (2, 0)),
    ("and back", {"aspectRatio": "9:16", "voiceoverScript": "A shirt. Buy it."}, (0, 0)),
]


@pytest.mark.parametrize("fields,asked", [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_change_buys_what_it_changes(stack, shirt, fields, asked):
    """seed A9, C6, E6: only what is new is paid for."""
    before = show(stack, shirt)["videoUrl"]
    change(stack, shirt, **fields)
    assert render(stack, shirt) == asked
    after = show(stack, shirt)
    assert after["videoUrl"] != before or "title" in fields
    assert stack.get(after["videoUrl"]).status == 200


def test_a_scene_of_five_is_generated_anew(stack):
    """seed A9: one scene, and no other."""
    video = make(stack, "One", "Two", "Three", "Four", "Five")
    assert counts(stack) == (5, 0)
    assert regenerate(stack, video, 3) == {"Three": 1}
    assert regenerate(stack, video, 3, {"prompt": "Another three"}) == {"Another three": 1}
    assert render(stack, video) == (0, 0)
    seeds = [request["body"]["seed"] for request in stack.runway.seen("create")]
    assert len(set(seeds)) == 7


def test_a_retry_buys_only_what_failed(stack):
    """seed A1, A18: a second try pays for nothing that is there."""
    stack.runway.fault("create", match="Bad", fail="SAFETY.INPUT.TEXT")
    video = stack.create(film("One", "Bad", "Three", script="Hello."))
    failed = wait_status(stack, video, "failed")
    assert "scene 2" in failed["error"] and "prompt was refused by the content rules" in failed["error"]
    assert ledger(stack, video) == ["scene 0 kept", "scene 1 failed", "scene 2 kept", "voice 0 kept"]
    ask(stack, video, "retry")
    stack.wait_completed(video)
    assert prompts(stack) == {"One": 1, "Bad": 2, "Three": 1} and counts(stack) == (4, 1)


# --- what the store has bought already ---


def test_an_equal_video_is_bought_once_by_a_store(stack):
    """seed C6: nor does an equal video."""
    stack.put_store("other")
    equal = {"script": "Equal.", "reuse": True}
    first = make(stack, "Equal 1", "Equal 2", **equal)
    second = make(stack, "Equal 1", "Equal 2", **equal)
    assert counts(stack) == (2, 1)
    others = [{"reuse": False}, {"store": "other"}]
    others = [stack.create(film("Equal 1", "Equal 2", **{**equal, **more})) for more in others]
    for video in others:
        stack.wait_completed(video)
    assert counts(stack) == (6, 3)
    found = [show(stack, video) for video in (first, second, *others)]
    assert [video["cost"]["credits"] for video in found] == [2 * SCENE, 0, 2 * SCENE, 2 * SCENE]
    assert [[s["generation"]["reused"] for s in video["scenes"]] for video in found] == [
        [False] * 2, [True] * 2, [False] * 2, [False] * 2]


def test_what_was_bought_stays_as_long_as_a_video_uses_it(stack):
    stack.put_store("tidy")
    before = set(bought.files(stack))
    twice = [make(stack, "Used twice", store="tidy", script="Used.", reuse=True) for _ in range(2)]
    ours = set(bought.files(stack)) - before
    assert len(ours) == 2 and counts(stack) == (1, 1)
    remove(stack, twice[0])
    assert render(stack, twice[1]) == (0, 0)
    assert ours <= set(bought.files(stack))
    remove(stack, twice[1])
    wait_for("the files to go", lambda: not ours & set(bought.files(stack)))


def remove(stack, video):
    """And has the daemon tidy up, which it does when it begins."""
    assert stack.delete(f"/videos/{video}").status == 204
    wait_for("the removal", lambda: rows_of(stack, video) == 0)
    stack.run("stop", "daemon")
    stack.run("start", "daemon")


# --- a possible charge ---


def test_a_possible_charge_is_repeated_only_when_accepted(stack):
    stack.runway.fault("create", match="Lost", drop="after")
    video = stack.create(film("One", scene(2, 3, prompt="Lost")))
    error = wait_paused(stack, video, "possible_charge")
    assert error == ("Scene 2: the request to make it was sent, but no answer came. It may have been charged "
                     "(36 credits). Retry with acceptPossibleCharge to request it again.")
    for body in (None, {}, {"acceptPossibleCharge": False}):
        assert "charged" in ask(stack, video, "retry", body, status=409).body.decode()
    assert videoctl(stack, "resume") == "0 videos resumed\n"
    assert counts(stack) == (2, 0)
    ask(stack, video, "retry", {"acceptPossibleCharge": True})
    stack.wait_completed(video)
    assert ledger(stack, video) == ["scene 0 kept", "scene 1 written_off", "scene 1 kept"]
    assert prompts(stack) == {"One": 1, "Lost": 2} and len(stack.runway.billed()) == 3


@pytest.mark.parametrize("times,status,states", [
    (1, "completed", ["scene 0 written_off", "scene 0 kept"]),
    (2, "paused", ["scene 0 written_off", "scene 0 unknown"]),
])
def test_a_possible_charge_is_repeated_once_where_that_is_set(stack, times, status, states):
    stack.runway.fault("create", times=times, drop="after")
    with stack.changed(unknown_charge="repeat-once"):
        video = stack.create(film("One"))
        wait_status(stack, video, status)
    assert ledger(stack, video) == states
    assert counts(stack) == (2, 0)
