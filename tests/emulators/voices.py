"""The voices of the emulated account: enough for several pages, all of them sayable with flite's four."""

import hashlib
import itertools
import string

ALPHABET = string.ascii_letters + string.digits

# voice_id, name, gender, flite's voice: the four that early accounts have.
PREMADE = (
    ("pNInz6obpgDQGcFmaJgB", "Adam", "male", "rms"),
    ("EXAVITQu4vr4xnSDxMaL", "Sarah", "female", "slt"),
    ("VR6AewLTigWG4xSOukaG", "Arnold", "male", "awb"),
    ("jBpfuIE2acCO8z3wKNLl", "Gigi", "female", "slt"),
)
HOW = ("Calm", "Bright", "Deep", "Quick", "Soft", "Warm", "Clear", "Slow", "Dry", "Bold", "Light", "Low")
WHAT = ("River", "Ember", "Stone", "Harbour", "Meadow", "Copper", "Cedar", "Signal", "Orchard", "Lantern", "Gravel")
GENDERS = (("female", "slt"), ("male", "rms"), ("female", "slt"), ("male", "awb"), ("neutral", "kal16"))
CYCLES = {
    "accent": ("american", "british", "australian", "irish"),
    "age": ("young", "middle_aged", "old"),
    "use_case": ("narration", "advertisement", "conversational", "characters", "social_media"),
    "language": ("en", "de", "fr", "es", "pl", "hi", "ja"),
}
CATEGORIES = ("premade", "professional", "cloned", "generated", "high_quality", "famous")
EVERY = {"category": CATEGORIES, **CYCLES}
CREATED = 1_700_000_000


def identifier(text):
    digest = hashlib.sha256(text.encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:20])


def names():
    yield from PREMADE
    for n, (how, what) in enumerate(itertools.product(HOW, WHAT)):
        gender, flite = GENDERS[n % len(GENDERS)]
        yield identifier(f"{how} {what}"), f"{how} {what}", gender, flite


def table(origin):
    """Every voice as the service describes it; and by id, the voice of flite that says it."""
    found, said_by = [], {}
    for n, (voice_id, name, gender, flite) in enumerate(names()):
        traits = {key: values[n % len(values)] for key, values in EVERY.items()}
        category = "premade" if n < len(PREMADE) else traits.pop("category")
        traits.pop("category", None)
        said_by[voice_id] = flite
        found.append({
            "voice_id": voice_id, "name": name, "samples": None, "category": category,
            "labels": {"gender": gender, **traits}, "description": f"{name}, for {traits['use_case']}.",
            "preview_url": f"{origin}/previews/{voice_id}.mp3", "available_for_tiers": [], "settings": None,
            "high_quality_base_model_ids": ["eleven_multilingual_v2"],
            "verified_languages": [{"language": traits["language"], "model_id": "eleven_multilingual_v2",
                                    "accent": traits["accent"], "locale": None, "preview_url": None}],
            "permission_on_resource": None, "is_owner": False, "is_legacy": False, "is_mixed": False,
            "created_at_unix": CREATED + n * 3600,
        })
    nameless = identifier("nameless")  # only the id is promised; this one has no more
    said_by[nameless] = "slt"
    found.append({"voice_id": nameless, "name": None, "category": None, "labels": None, "description": None,
                  "preview_url": None})
    return found, said_by


# --- GET /v2/voices ---

TYPES = {
    "default": lambda voice: voice["category"] == "premade",
    "non-default": lambda voice: voice["category"] != "premade",
    "personal": lambda voice: voice["category"] in ("cloned", "generated"),
    "community": lambda voice: voice["category"] in ("professional", "high_quality", "famous"),
    "workspace": lambda voice: False,
    "saved": lambda voice: voice["category"] != "premade",
}
SORTS = {"name": lambda voice: voice["name"] or "", "created_at_unix": lambda voice: voice.get("created_at_unix") or 0}
LABELS = {"language": "language", "gender": "gender", "age": "age", "accent": "accent", "use_cases": "use_case"}


def labelled(voice, query):
    labels = voice["labels"] or {}
    return all(query[key] == labels.get(label) for key, label in LABELS.items() if key in query)


def mentions(voice, words):
    text = f"{voice['name']} {voice['description']} {voice['category']} {voice['labels']}".lower()
    return words.lower() in text


def select(voices, query):
    """The voices that a query of /v2/voices asks for, in its order."""
    ids = set(query["voice_ids"].split(",")) if "voice_ids" in query else None
    found = [voice for voice in voices if labelled(voice, query)
             and (ids is None or voice["voice_id"] in ids)
             and query.get("category") in (None, voice["category"])
             and TYPES.get(query.get("voice_type"), lambda voice: True)(voice)
             and mentions(voice, query.get("search", ""))]
    if "sort" in query:
        found.sort(key=SORTS[query["sort"]], reverse=query.get("sort_direction") == "desc")
    return found
