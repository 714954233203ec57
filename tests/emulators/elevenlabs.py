#!/usr/bin/env python3
"""ElevenLabs' API on loopback: strict, with real speech and true times, programmable (see README.md)."""

import base64
import json
import math
import threading
import time
import uuid

import contract
import elevenlabs_rules as rules
import speech
import voices
from control import WAIT_MS, Service, main, now, setting
from wire import Refused, Reply

PAGE_SIZE, PAGE_MAX, IDS_MAX, V1_MAX = 10, 100, 100, 500
VOICE_QUERY = {"page_size", "next_page_token", "search", "sort", "sort_direction", "voice_type", "category", "language",
               "gender", "age", "accent", "use_cases", "voice_ids", "include_total_count"}
SPEECH_QUERY = {"output_format", "enable_logging", "optimize_streaming_latency"}
TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "opus": "audio/ogg", "pcm": "audio/pcm", "ulaw": "audio/basic",
         "alaw": "audio/basic"}
STREAM_PIECES = 4
BEFORE_US = 1200  # characters that the account has used already
LANGUAGES = (("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish"))


class ElevenLabs(Service):
    """An emulator of ElevenLabs' API."""

    DEFAULT_KEY = "sk_" + "0123456789abcdef" * 3

    def __init__(self, options):
        self.busy, self.place_free = 0, threading.Condition()
        super().__init__(options)
        self.speaker = speech.Speaker(self.cache)

    def clear(self):
        self.spoken = {}  # request id: bill
        self.clock, self.style, self.tier, self.hidden = {"speechMs": 0}, "new", "creator", []
        self.character_limit, self.concurrency, self.queue = 10_000_000, 10, 20
        self.waiting, self.max_length = 0, {model: row[0] for model, row in rules.MODELS.items()}

    def leave(self, characters):
        self.character_limit = self.used() + characters

    SETUP = {
        "clock": setting("clock", update=True), "credits": leave, "concurrency": setting("concurrency"),
        "queue": setting("queue"), "maxTextLength": setting("max_length", update=True), "errors": setting("style"),
        "tier": setting("tier"), "hideVoices": setting("hidden"),
    }

    # --- the state ---

    def on_speech(self, bill):
        self.spoken[bill["id"]] = bill

    def used(self):
        return BEFORE_US + sum(bill["credits"] for bill in self.spoken.values())

    def bills(self):
        return list(self.spoken.values())

    def totals(self, bills):
        return {"requests": len(bills), "characters": sum(bill["characters"] for bill in bills),
                "credits": sum(bill["credits"] for bill in bills), "balance": self.character_limit - self.used()}

    def subject(self, request):
        body = request.json if isinstance(request.json, dict) else {}
        return str(body.get("text") or request.path)

    # --- saying no ---

    def error(self, code, message, param=None):
        status, old_status, old_name, kind = rules.ERRORS[code]
        if self.style == "old":
            return Reply(old_status, {"detail": {"status": old_name, "message": message}})
        return Reply(status, {"detail": {"type": kind, "code": code, "message": message, "status": old_name,
                                         "request_id": uuid.uuid4().hex[:20], "param": param}})

    def refuse(self, problem):
        if problem:
            raise Refused(problem[0], self.error(*problem))

    def validate(self, found, where="body"):
        if found:
            raise Refused("validation", Reply(422, rules.validation(found, where)))

    def validate_query(self, request, known):
        strangers = sorted(request.query.keys() - known)
        self.validate([contract.unknown_keys([], strangers)] if strangers else [], "query")

    def authorize(self, request):
        if request.kind == "preview":
            return
        key = request.headers.get("xi-api-key")
        if not key:
            self.refuse(("missing_api_key", "No xi-api-key was received, please provide one."))
        if key not in self.keys:
            self.refuse(("invalid_api_key", "Invalid API key"))

    def refusal(self, status):
        return Reply(status, {"detail": "Method Not Allowed" if status == 405 else "Not Found"})

    # --- speech ---

    def speak(self, request):
        """All four forms; the last parts of the path say which one."""
        voice_id, form = request.args
        streamed = form.startswith("/stream")
        output_format = self.check_speech(request, voice_id, streamed)
        self.take_place()
        try:
            bill = self.bill(request.json, voice_id)
            time.sleep(self.clock["speechMs"] / 1000)
            sound, times = self.sound(request.json, voice_id, output_format)
            return self.speech_reply(request, form, sound, times, self.speech_headers(bill, output_format))
        finally:
            self.leave_place()

    def check_speech(self, request, voice_id, streamed):
        """The output format, when everything is in order."""
        self.validate_query(request, SPEECH_QUERY)
        body, shape = request.json, rules.SHAPES["tts_stream_request" if streamed else "tts_request"]
        self.validate(contract.issues(shape, body))
        output_format = request.query.get("output_format", "mp3_44100_128")
        self.refuse(rules.format_problem(output_format, streamed, self.tier))
        voice = self.find_voice(voice_id)
        self.refuse(rules.request_problem(body) or rules.neighbours_problem(body, self.spoken))
        limit = self.max_length[body.get("model_id") or rules.MULTILINGUAL]
        if len(body["text"]) > limit:
            self.refuse(("text_too_long", f"The text has {len(body['text'])} characters; at most {limit}.", "text"))
        if self.tier == "free" and voice["category"] != "premade":
            self.refuse(("paid_plan_required", "Free users cannot use library voices via the API."))
        if request.query.get("enable_logging") == "false":
            self.refuse(("feature_not_available", "Zero retention is for enterprises.", "enable_logging"))
        return output_format

    def take_place(self):
        with self.place_free:
            if self.busy >= self.concurrency and self.waiting >= self.queue:
                self.refuse(("concurrent_limit_exceeded", "Too many concurrent requests."))
            self.waiting += 1
            self.place_free.wait_for(lambda: self.busy < self.concurrency, WAIT_MS / 1000)
            self.waiting -= 1
            self.busy += 1

    def leave_place(self):
        with self.place_free:
            self.busy -= 1
            self.place_free.notify_all()

    def bill(self, body, voice_id):
        model, characters = body.get("model_id") or rules.MULTILINGUAL, len(body["text"])
        credits = math.ceil(characters * rules.MODELS[model][1])
        with self.lock:
            left = self.character_limit - self.used()
            if credits > left:
                self.refuse(("insufficient_credits", f"This request costs {credits} credits; {left} are left."))
            bill = {"id": uuid.uuid4().hex[:20], "at": now(), "model": model, "voice": voice_id, "text": body["text"],
                    "characters": characters, "credits": credits, "charged": credits, "refunded": False,
                    "state": "SUCCEEDED"}
            self.commit({"speech": bill})
        return bill

    def sound(self, body, voice_id, output_format):
        """Encoded, and (text, starts, ends); the same again comes from the cache."""
        speed = (body.get("voice_settings") or {}).get("speed") or 1.0
        flite, text = self.flite[voice_id], body["text"]
        kept = self.cache / f"speech-{speech.key_of(text, flite, speed, output_format)}"
        samples, starts, ends = self.speaker.say(text, flite, speed)
        if not kept.exists():
            part = kept.with_suffix(f".{uuid.uuid4().hex}")
            part.write_bytes(self.speaker.encode(samples, output_format))
            part.rename(kept)
        return kept.read_bytes(), (text, starts, ends)

    def speech_headers(self, bill, output_format):
        return {"Content-Type": TYPES[output_format.split("_")[0]], "request-id": bill["id"],
                "character-cost": bill["credits"], "current-concurrent-requests": self.busy,
                "maximum-concurrent-requests": self.concurrency}

    def speech_reply(self, request, form, sound, times, headers):
        if not form.endswith("/with-timestamps"):
            headers["Content-Type"] = request.fault.get("contentType", headers["Content-Type"])
            return Reply(200, b"This is no sound. " * 200 if request.fault.get("garbage") else sound, headers)
        pieces = STREAM_PIECES if form.startswith("/stream") else 1
        shape = rules.SHAPES["stream_with_timestamps_chunk" if pieces > 1 else "with_timestamps"]
        bodies = [timed(part, *share) for part, share in zip(shares(sound, pieces), timed_shares(times, pieces))]
        found = [issue for body in bodies for issue in contract.issues(shape, body)]
        if found or pieces == 1:
            return self.checked(request, found, bodies[0], headers={**headers, "Content-Type": "application/json"})
        lines = "".join(json.dumps(body) + "\n" for body in bodies)
        return Reply(200, lines.encode(), {**headers, "Content-Type": "application/json"})

    # --- voices ---

    @property
    def flite(self):
        return voices.table(self.origin)[1]

    def voices(self):
        return [voice for voice in voices.table(self.origin)[0] if voice["voice_id"] not in self.hidden]

    def find_voice(self, voice_id):
        voice = next((voice for voice in self.voices() if voice["voice_id"] == voice_id), None)
        if not voice:
            self.refuse(("voice_not_found", f"A voice with the voice_id {voice_id} was not found.", "voice_id"))
        return voice

    def list_v1(self, request):
        self.validate_query(request, {"show_legacy"})
        body = {"voices": self.voices()}
        return self.checked(request, contract.issues(rules.SHAPES["voices_v1"], body), body)

    def get_voice(self, request):
        body = self.find_voice(request.args[0])
        return self.checked(request, contract.issues(rules.SHAPES["voice"], body), body)

    def list_v2(self, request):
        query = request.query
        self.validate_query(request, VOICE_QUERY)
        self.validate(page_issues(query), "query")
        found = voices.select(self.voices(), query)
        start = int(base64.urlsafe_b64decode(query["next_page_token"])) if "next_page_token" in query else 0
        end = start + int(query.get("page_size", PAGE_SIZE))
        more = end < len(found)
        body = {"voices": found[start:end], "has_more": more, "total_count": len(found),
                "next_page_token": base64.urlsafe_b64encode(str(end).encode()).decode() if more else None}
        return self.checked(request, contract.issues(rules.SHAPES["voices_v2"], body), body)

    def preview(self, request):
        voice = self.find_voice(request.args[0])
        text = f"Hello, I am {voice['name'] or 'a voice'}."
        sound, _ = self.sound({"text": text}, voice["voice_id"], "mp3_44100_64")
        return Reply(200, sound, {"Content-Type": "audio/mpeg"})

    # --- the account ---

    def models(self, request):
        rows = [{"model_id": model, "name": model.replace("_", " ").title(), "can_do_text_to_speech": True,
                 "can_do_voice_conversion": False, "can_use_style": settings is None, "description": None,
                 "can_use_speaker_boost": settings is None, "requires_alpha_access": False, "token_cost_factor": price,
                 "languages": [{"language_id": key, "name": name} for key, name in LANGUAGES],
                 "maximum_text_length_per_request": self.max_length[model], "concurrency_group": group,
                 "model_rates": {"character_cost_multiplier": price}}
                for model, (_, price, group, settings) in rules.MODELS.items()]
        converter = {"model_id": next(iter(rules.SPEECHLESS)), "name": None, "can_do_text_to_speech": False,
                     "languages": None, "maximum_text_length_per_request": None, "model_rates": None}
        body = [*rows, converter]
        return self.checked(request, contract.issues({"array": rules.SHAPES["model"]}, body), body)

    def subscription(self, request):
        body = {
            "tier": self.tier, "status": "active", "character_count": self.used(), "max_credit_limit_extension": 0,
            "character_limit": self.character_limit, "can_extend_character_limit": False,
            "allowed_to_extend_character_limit": False, "next_character_count_reset_unix": now() // 1000 + 14 * 86400,
            "voice_slots_used": 0, "professional_voice_slots_used": 0, "professional_voice_slots_used_in_workspace": 0,
            "voice_limit": 30, "voice_add_edit_counter": 0, "professional_voice_limit": 1,
            "can_extend_voice_limit": False, "can_use_instant_voice_cloning": True,
            "can_use_professional_voice_cloning": True, "current_overage": {"amount": "0", "currency": "usd"},
            "open_invoices": [], "has_open_invoices": False, "currency": "usd",
        }
        return self.checked(request, contract.issues(rules.SHAPES["subscription"], body), body)

    ROUTES = [
        ("POST", r"/v1/text-to-speech/([^/]+)((?:/stream)?(?:/with-timestamps)?)", "speech", speak),
        ("GET", r"/v2/voices", "voices", list_v2),
        ("GET", r"/v1/voices", "voices", list_v1),
        ("GET", r"/v1/voices/([^/]+)", "voices", get_voice),
        ("GET", r"/previews/([^/]+)\.mp3", "preview", preview),
        ("GET", r"/v1/models", "models", models),
        ("GET", r"/v1/user/subscription", "subscription", subscription),
    ]


def page_issues(query):
    """What a query of /v2/voices says that cannot be."""
    size = query.get("page_size", str(PAGE_SIZE))
    choices = {"sort": list(voices.SORTS), "sort_direction": ["asc", "desc"], "voice_type": list(voices.TYPES),
               "category": list(voices.CATEGORIES)[:4]}
    found = [contract.wrong_value([key], values) for key, values in choices.items()
             if key in query and query[key] not in values]
    if not size.isdigit() or not 1 <= int(size) <= PAGE_MAX:
        found.append({"code": "less_than_equal", "path": ["page_size"], "message": f"Input should be 1 to {PAGE_MAX}"})
    if len(query.get("voice_ids", "").split(",")) > IDS_MAX:
        found.append({"code": "too_long", "path": ["voice_ids"], "message": f"At most {IDS_MAX}"})
    return found


def shares(whole, number):
    """A sequence in so many parts."""
    edges = [len(whole) * n // number for n in range(number + 1)]
    return [whole[a:b] for a, b in zip(edges, edges[1:])]


def timed_shares(times, number):
    return zip(*(shares(part, number) for part in times))


def timed(sound, text, starts, ends):
    return {"audio_base64": base64.b64encode(sound).decode(),
            "alignment": speech.alignment(text, starts, ends) if text else None,
            "normalized_alignment": speech.normalized(text, starts, ends) if text else None}


if __name__ == "__main__":
    main(ElevenLabs)
