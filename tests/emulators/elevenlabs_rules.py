"""What ElevenLabs takes beyond the shapes of contracts/elevenlabs.json, and how it says no."""

import contract

SHAPES = contract.load("elevenlabs")["shapes"]
MULTILINGUAL = "eleven_multilingual_v2"

# model_id: characters a request, price of a character, concurrency group, the voice settings it knows (None: all)
MODELS = {
    MULTILINGUAL: (10_000, 1.0, "standard", None),
    "eleven_flash_v2_5": (40_000, 0.5, "turbo", None),
    "eleven_flash_v2": (30_000, 0.5, "turbo", None),
    "eleven_turbo_v2_5": (40_000, 0.5, "turbo", None),
    "eleven_turbo_v2": (30_000, 0.5, "turbo", None),
    "eleven_v3": (5_000, 1.0, "standard", None),
    "eleven_v4": (10_000, 1.0, "standard", {"stability", "similarity_boost"}),
}
REMOVED = {"eleven_monolingual_v1", "eleven_multilingual_v1"}
SPEECHLESS = {"eleven_multilingual_sts_v2"}  # a model that converts, but does not read
RANGES = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
SEED_MAX = 2**32 - 1
NEIGHBOURS_MAX = 3

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
MP3 = ("22050_32", "24000_48", "44100_32", "44100_64", "44100_96", "44100_128", "44100_192")
FORMATS = {f"mp3_{form}" for form in MP3} | {f"{kind}_{rate}" for kind in ("pcm", "wav") for rate in RATES} | \
    {"ulaw_8000", "alaw_8000"} | {f"opus_48000_{kbits}" for kbits in (32, 64, 96, 128, 192)}
TIERS = ("free", "starter", "creator", "pro", "scale")
FORMAT_TIERS = {"mp3_44100_192": "creator", "pcm_44100": "pro", "wav_44100": "pro"}

# code: status and name in the new shape, in the old one, and the type
ERRORS = {
    "invalid_parameters": (400, 400, "invalid_parameters", "validation_error"),
    "text_too_long": (400, 400, "max_character_limit_exceeded", "validation_error"),
    "empty_text": (400, 400, "input_text_empty", "validation_error"),
    "invalid_voice_settings": (400, 400, "invalid_voice_settings", "validation_error"),
    "unsupported_model": (400, 400, "unsupported_model", "validation_error"),
    "invalid_output_format": (400, 400, "invalid_output_format", "validation_error"),
    "invalid_api_key": (401, 401, "invalid_api_key", "authentication_error"),
    "missing_api_key": (401, 401, "needs_authorization", "authentication_error"),
    "insufficient_credits": (402, 401, "quota_exceeded", "payment_required"),
    "paid_plan_required": (402, 402, "payment_required", "payment_required"),
    "subscription_required": (403, 403, "output_format_not_allowed", "authorization_error"),
    "feature_not_available": (403, 403, "feature_not_available", "authorization_error"),
    "voice_not_found": (404, 404, "voice_not_found", "not_found"),
    "model_not_found": (404, 400, "model_not_found", "not_found"),
    "concurrent_limit_exceeded": (429, 429, "too_many_concurrent_requests", "rate_limit_error"),
}


def request_problem(body):
    """(code, message, parameter) of a body whose shape is right; None: it is in order. The model may be anything."""
    model = body.get("model_id") or MULTILINGUAL
    if model in REMOVED | SPEECHLESS:
        return "unsupported_model", f"The model {model} is not supported.", "model_id"
    if model not in MODELS:
        return "model_not_found", f"A model with the id {model} was not found.", "model_id"
    if not body["text"].strip():
        return "empty_text", "The text is empty.", "text"
    seed = body.get("seed")
    if seed is not None and (not isinstance(seed, int) or not 0 <= seed <= SEED_MAX):
        return "invalid_parameters", f"seed must be an integer from 0 to {SEED_MAX}.", "seed"
    return settings_problem(body.get("voice_settings") or {}, MODELS[model][3])


def settings_problem(settings, known):
    for key, value in settings.items():
        low, high = RANGES.get(key, (None, None))
        if known and key not in known:
            return "invalid_voice_settings", f"The model has no setting {key}.", "voice_settings"
        if low is not None and value is not None and not low <= value <= high:
            return "invalid_voice_settings", f"{key} must be from {low} to {high}.", "voice_settings"
    return None


def neighbours_problem(body, known):
    """Requests are joined to others by the ids that we gave them."""
    for key in ("previous_request_ids", "next_request_ids"):
        ids = body.get(key) or []
        if len(ids) > NEIGHBOURS_MAX:
            return "invalid_parameters", f"{key} may have at most {NEIGHBOURS_MAX} entries.", key
        if any(one not in known for one in ids):
            return "invalid_parameters", f"{key} has an id that is not known.", key
    if len(body.get("pronunciation_dictionary_locators") or []) > NEIGHBOURS_MAX:
        return "invalid_parameters", "At most 3 pronunciation dictionaries.", "pronunciation_dictionary_locators"
    return None


def format_problem(output_format, streamed, tier):
    if output_format not in FORMATS or (streamed and output_format.startswith("wav_")):
        return "invalid_output_format", f"The output format {output_format} is not valid here.", "output_format"
    needed = FORMAT_TIERS.get(output_format, "free")
    if TIERS.index(tier) < TIERS.index(needed):
        return "subscription_required", f"{output_format} needs the {needed} plan.", "output_format"
    return None


def validation(found, where="body"):
    """Zod issues as the other framework says them (422)."""
    details = []
    for one in found:
        loc = [where, *one["path"]]
        if one["code"] == "unrecognized_keys":
            details += [{"loc": [*loc, key], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}
                        for key in one["keys"]]
        elif one["message"].endswith("received undefined"):
            details.append({"loc": loc, "msg": "Field required", "type": "missing"})
        else:
            details.append({"loc": loc, "msg": one["message"], "type": one["code"]})
    return {"detail": details}
