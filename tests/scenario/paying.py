"""What the tests of a daemon that dies while it buys share: films, the ledger, going on with what has paused, and the
audit, which lays what the vendors have billed beside what the ledger says."""

import collections
import contextlib

import paid
import stack as stacks
from daemons import id_of
from stack import wait_for

ACCEPT = {"acceptPossibleCharge": True}
UNDER_WAY = {"pending", "generating_scenes", "generating_voiceover", "composing", "processing", "completed"}
LOST = {"unknown", "written_off"}  # of these the vendor may have billed each, or not

Purchase = collections.namedtuple("Purchase", "video kind item input state vendor_id seed artefact token")

# The daemon's death again and again is what these tests are about; to videod it would be a poisonous video. Composing
# is as nice as anything else, or on a busy machine a step would never end before the next death.
NO_POISON = {"lost_leases": 100, "children": 2, "child_nice": 0}


@contextlib.contextmanager
def running(**settings):
    with paid.running(**NO_POISON, **settings) as stack:
        yield stack


def film(name, scenes=2, script=True, pictures=False, seconds=1):
    """A film in which nothing is equal to what another one has. Every second scene, or each, has our own picture."""
    body = [{"prompt": f"{name}, scene {n + 1}.", "duration": seconds} for n in range(scenes)]
    for scene in body if pictures else body[1::2]:
        scene["imageUrl"] = "/assets/picture.jpg"
    spoken = {"voiceoverScript": script if isinstance(script, str) else f"This is {name}. That was {name}."} if script else {}
    return stacks.film(scenes=body, aspectRatio="1:1", musicVolume=0, **spoken)


def wait_completed(stack, database, *videos, seconds=stacks.PATIENCE_SEC):
    """Of videos that must not pause."""

    def completed():
        found = [status_of(database, video)[0] for video in videos]
        assert not {"failed", "cancelled", "paused"} & set(found), [stack.status(video) for video in videos]
        return set(found) == {"completed"}

    wait_for("their completion", completed, seconds)


def wait_gone_on(database, video):
    """Of one that is paused, and that nobody has to tell."""
    wait_for("what is paused to go on", lambda: status_of(database, video)[0] == "completed")


def status_of(database, video):
    return database.rows(f"SELECT status, COALESCE(pause_reason, '-') FROM videos WHERE id = {id_of(video)}")[0]


def accept(stack, video):
    """Goes on with a video that is paused because of a possible charge; without a word about that it does not."""
    refused = stack.post(f"/videos/{video}/retry")
    assert (refused.status, refused.json["error"]["code"]) == (409, "conflict"), refused
    assert stack.post(f"/videos/{video}/retry", ACCEPT).status == 202


def go_on(stack, database, videos):
    """Accepts what is paused, and says which videos that are; and which are not completed yet."""
    rows = database.rows("SELECT LOWER(HEX(id)), status, COALESCE(pause_reason, '-') FROM videos"
                         f" WHERE id IN ({ids(videos)})")
    found = {video: (status, reason) for video, status, reason in rows}
    assert len(found) == len(videos)
    assert set(found.values()) <= {(status, "-") for status in UNDER_WAY} | {("paused", "possible_charge")}, found
    paused = [video for video in videos if found[video.replace("-", "")][0] == "paused"]
    for video in paused:
        accept(stack, video)
    return paused, [video for video, (status, _) in found.items() if status != "completed"]


def ids(videos):
    return ", ".join(map(id_of, videos))


def ledger(database, *videos):
    """The purchases of some videos, in the order in which they were intended."""
    return [Purchase(*row) for row in database.rows(
        "SELECT LOWER(HEX(video_id)), kind, item, HEX(input_hash), state, COALESCE(vendor_id, ''),"
        " COALESCE(JSON_VALUE(request, '$.seed'), ''), COALESCE(artefact, ''), token"
        f" FROM purchases WHERE video_id IN ({ids(videos)}) ORDER BY created_at, id")]


def wait_state(database, video, kind, *states):
    wait_for(f"{kind} {states}", pause=0.002, condition=lambda: [
        row for row in ledger(database, video) if row.kind == kind and row.state in states])


# --- the audit ---

# For each kind of purchase: the vendor, its paid request, what in a bill tells for what it is.
KINDS = {"scene": ("runway", "create", "prompt"), "voice": ("elevenlabs", "speech", "text")}

Counts = collections.namedtuple("Counts", "seen billed kept lost lost_billed refused")


def what_was_kept(rows):
    """Of each input its one purchase: nothing is kept twice."""
    kept = {}
    for row in rows:
        if row.state == "kept":
            thing = row.video, row.item, row.input
            assert thing not in kept, f"bought twice: {kept[thing]} and {row}"
            kept[thing] = row
    return kept


def audit(stack, database, videos, late=frozenset()):
    """
    Everything that the vendors have billed is in the ledger, and nothing was billed again but where it had been
    unknown. For completed videos; Counts by kind of purchase. late: states that an answer led to which came after the
    repeat had been accepted.
    """
    counts, rows = {}, ledger(database, *videos)
    for kind, (name, request, text) in KINDS.items():
        vendor, ours = getattr(stack, name), [row for row in rows if row.kind == kind]
        bills = {bill["id"]: bill for bill in vendor.billed()}
        kept = what_was_kept(ours)
        lost = collections.Counter((row.video, row.item, row.input) for row in ours
                                   if row.state in LOST | late)
        billed = collections.Counter(bill[text] for bill in bills.values())

        assert {row.state for row in ours} <= {"kept", "refused"} | LOST | late, ours
        assert {row.vendor_id for row in kept.values()} <= bills.keys()
        bought = {bills[row.vendor_id][text]: thing for thing, row in kept.items()}
        assert len(bought) == len(kept) and set(billed) == set(bought)
        for what, times in billed.items():
            assert times <= 1 + lost[bought[what]], f"{what}: billed {times} times, lost {lost[bought[what]]}"
        if kind == "scene":  # each bill by itself: the seed is in both
            assert {str(bill["seed"]) for bill in bills.values()} <= {row.seed for row in ours}
        counts[kind] = Counts(len(vendor.seen(request)), len(bills), len(kept), sum(lost.values()),
                              len(bills) - len(kept), sum(row.state == "refused" for row in ours))
    return counts


def check_requests(stack):
    """Neither vendor had to refuse anything."""
    for vendor in (stack.runway, stack.elevenlabs):
        assert not vendor.errors(), vendor.errors()


def show(counts):
    print(f"{'':8}" + "".join(f"{name.replace('_', ' and '):>16}" for name in Counts._fields))
    for kind, row in counts.items():
        print(f"{kind:8}" + "".join(f"{number:16}" for number in row))
