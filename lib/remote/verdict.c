/*
 * What vendors' answers mean. Everything that is known of them is a row of a table here: a code (or a status,
 * or a few words) and its meaning, and for each meaning what is to be done and what the client is told.
 *
 * Kept here: a paid request is called refused only when the vendor, or anybody in front of it, said so. What
 * is neither a refusal nor a valid acceptance leaves it unknown.
 */

#include "lib/remote/verdict.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/macros.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/remote/words_priv.h"

#define WAIT_MAX_MS (15 * 60 * 1000) /* of what Retry-After may ask for */

enum meaning {
	/* Runway */
	PROMPT_REFUSED,
	PICTURE_REFUSED,
	CLIP_REFUSED,
	CONTENT_REFUSED,
	CLIP_SPOILT,
	PICTURE_UNUSABLE,
	PROMPT_INVALID,
	SCENE_INVALID,
	SCENE_FAILED,
	VIDEO_KEY,
	VIDEO_VERSION,
	VIDEO_CREDIT,
	VIDEO_DAILY,
	VIDEO_BUSY,
	VIDEO_DOWN,
	VIDEO_UNKNOWN,
	/* ElevenLabs */
	SPEECH_INVALID,
	SPEECH_LONG,
	SPEECH_EMPTY,
	VOICE_MISSING,
	VOICE_PLAN,
	VOICE_KEY,
	VOICE_RIGHTS,
	VOICE_CREDIT,
	VOICE_BUSY,
	VOICE_DOWN,
	VOICE_UNKNOWN,
	MEANING_COUNT,
};

static const struct {
	enum err_kind kind;
	const char *reason;
	bool image, outage;
	const char *told;
} meanings[] = {
	[PROMPT_REFUSED] = {ERR_PERM, .told = "The scene's prompt was refused by the content rules."},
	[PICTURE_REFUSED] = {ERR_PERM, .told = "The scene's picture was refused by the content rules."},
	[CLIP_REFUSED] = {ERR_PERM,
		.told = "What was generated for the scene was withheld by the content rules."},
	[CONTENT_REFUSED] = {ERR_PERM, .told = "The scene was refused by the content rules."},
	[CLIP_SPOILT] = {ERR_PERM,
		.told = "The scene cannot be generated like this; another prompt or picture may help."},
	[PICTURE_UNUSABLE] = {ERR_PERM, .image = true,
		.told = "The scene's picture cannot be used by the video service."},
	[PROMPT_INVALID] = {ERR_PERM, .told = "The scene's prompt is not accepted by the video service."},
	[SCENE_INVALID] = {ERR_PERM, .told = "The scene is not accepted by the video service."},
	[SCENE_FAILED] = {ERR_TEMP, .told = "The video service could not generate the scene."},
	[VIDEO_KEY] = {ERR_BLOCKED, "bad_key", .told = "The video service does not accept our account."},
	[VIDEO_VERSION] = {ERR_BLOCKED, "bad_key",
		.told = "The video service does not accept how it is asked."},
	[VIDEO_CREDIT] = {ERR_BLOCKED, "out_of_credit",
		.told = "Our account at the video service is out of credit."},
	[VIDEO_DAILY] = {ERR_BLOCKED, "daily_limit",
		.told = "Our account at the video service has reached its daily limit."},
	[VIDEO_BUSY] = {ERR_TEMP, .outage = true, .told = "The video service is too busy now."},
	[VIDEO_DOWN] = {ERR_TEMP, .outage = true, .told = "The video service is not available now."},
	[VIDEO_UNKNOWN] = {ERR_UNCERTAIN,
		.told = "It is not known whether the video service took the order."},
	[SPEECH_INVALID] = {ERR_PERM, .told = "The narration is not accepted by the voice service."},
	[SPEECH_LONG] = {ERR_PERM, .told = "The narration is too long for the voice service."},
	[SPEECH_EMPTY] = {ERR_PERM, .told = "The narration has nothing that can be spoken."},
	[VOICE_MISSING] = {ERR_PERM, .told = "The voice service has no such voice."},
	[VOICE_PLAN] = {ERR_PERM, .told = "Our account at the voice service may not use this voice."},
	[VOICE_KEY] = {ERR_BLOCKED, "bad_key", .told = "The voice service does not accept our account."},
	[VOICE_RIGHTS] = {ERR_BLOCKED, "bad_key",
		.told = "The voice service does not let our account do this."},
	[VOICE_CREDIT] = {ERR_BLOCKED, "out_of_credit",
		.told = "Our account at the voice service is out of credit."},
	[VOICE_BUSY] = {ERR_TEMP, .outage = true, .told = "The voice service is too busy now."},
	[VOICE_DOWN] = {ERR_TEMP, .outage = true, .told = "The voice service is not available now."},
	[VOICE_UNKNOWN] = {ERR_UNCERTAIN,
		.told = "It is not known whether the voice service took the order."},
};
_Static_assert(ARRAY_LEN(meanings) == MEANING_COUNT, "each meaning has its row");

/*
 * Runway's failureCode. The set is open, so a row stands for every code that begins with it, the first one
 * that fits; what fits none may pass, unless there is SAFETY in it. A repeat of CLIP_SPOILT is allowed, but
 * does not help and may cost.
 */
static const struct code_row {
	const char *code;
	enum meaning meaning;
} failure_codes[] = {
	{"SAFETY.INPUT.IMAGE", PICTURE_REFUSED},
	{"SAFETY.INPUT.TEXT", PROMPT_REFUSED},
	{"SAFETY.INPUT", CONTENT_REFUSED},
	{"SAFETY.OUTPUT", CLIP_REFUSED},
	{"INPUT_PREPROCESSING.SAFETY.TEXT", PROMPT_REFUSED},
	{"INPUT_PREPROCESSING.SAFETY.IMAGE", PICTURE_REFUSED},
	{"INPUT_PREPROCESSING.INTERNAL", SCENE_FAILED},
	{"INTERNAL.BAD_OUTPUT", CLIP_SPOILT},
	{"INTERNAL", SCENE_FAILED},
	{"ASSET.INVALID", PICTURE_UNUSABLE},
	{"THIRD_PARTY.UNAVAILABLE", SCENE_FAILED},
};

/* ElevenLabs' detail.code and, older, detail.status. They decide before the HTTP status. */
static const struct code_row speech_codes[] = {
	{"invalid_parameters", SPEECH_INVALID},
	{"text_too_long", SPEECH_LONG},
	{"max_character_limit_exceeded", SPEECH_LONG},
	{"empty_text", SPEECH_EMPTY},
	{"invalid_voice_id", VOICE_MISSING},
	{"invalid_voice_settings", SPEECH_INVALID},
	{"unsupported_model", SPEECH_INVALID},
	{"invalid_output_format", SPEECH_INVALID},
	{"invalid_api_key", VOICE_KEY},
	{"missing_api_key", VOICE_KEY},
	{"quota_exceeded", VOICE_CREDIT},
	{"insufficient_credits", VOICE_CREDIT},
	{"paid_plan_required", VOICE_PLAN},
	{"subscription_required", VOICE_PLAN},
	{"feature_not_available", VOICE_PLAN},
	{"voice_access_denied", VOICE_PLAN},
	{"insufficient_permissions", VOICE_RIGHTS},
	{"voice_not_found", VOICE_MISSING},
	{"model_not_found", SPEECH_INVALID},
	{"concurrent_limit_exceeded", VOICE_BUSY},
	{"too_many_concurrent_requests", VOICE_BUSY},
	{"rate_limit_exceeded", VOICE_BUSY},
	{"system_busy", VOICE_BUSY},
	{"internal_error", VOICE_DOWN},
	{"service_unavailable", VOICE_DOWN},
};

/*
 * HTTP statuses; the first row that fits. A redirect to where to ask again is said by somebody between us and
 * the vendor. Of the statuses from 400 on some speak of the moment, not of the request (408, 409, 425), and
 * those that no standard has (460, 499) say that somebody between us did not wait for the vendor: they refuse
 * nothing.
 */
struct status_row {
	int from, to;
	const char *says;  /* words of the body's error, NULL any */
	const char *about; /* the key that an issue of the body is about, NULL any */
	enum meaning free, paid;
};
#define ALWAYS(m)           .free = (m), .paid = (m)
#define UNLESS_PAID(vendor) .free = vendor##_DOWN, .paid = vendor##_UNKNOWN

static const struct status_row video_statuses[] = {
	{301, 302, ALWAYS(VIDEO_DOWN)},
	{307, 308, ALWAYS(VIDEO_DOWN)},
	{400, 400, .says = "enough credits", ALWAYS(VIDEO_CREDIT)},
	{400, 400, .says = "X-Runway-Version", ALWAYS(VIDEO_VERSION)},
	{400, 400, .about = "promptImage", ALWAYS(PICTURE_UNUSABLE)},
	{400, 400, .about = "promptText", ALWAYS(PROMPT_INVALID)},
	{401, 401, ALWAYS(VIDEO_KEY)}, /* also "Incorrect hostname for API key" */
	{402, 402, ALWAYS(VIDEO_CREDIT)},
	{408, 409, UNLESS_PAID(VIDEO)},
	{425, 425, UNLESS_PAID(VIDEO)},
	{429, 429, .says = "daily task limit", ALWAYS(VIDEO_DAILY)},
	{429, 429, ALWAYS(VIDEO_BUSY)},
	{400, 451, ALWAYS(SCENE_INVALID)},
	{0, 999, UNLESS_PAID(VIDEO)},
};

static const struct status_row voice_statuses[] = {
	{301, 302, ALWAYS(VOICE_DOWN)},
	{307, 308, ALWAYS(VOICE_DOWN)},
	{401, 401, ALWAYS(VOICE_KEY)},
	{402, 402, ALWAYS(VOICE_CREDIT)},
	{403, 403, ALWAYS(VOICE_PLAN)},
	{408, 409, UNLESS_PAID(VOICE)},
	{425, 425, UNLESS_PAID(VOICE)},
	{429, 429, ALWAYS(VOICE_BUSY)},
	{400, 451, ALWAYS(SPEECH_INVALID)},
	{0, 999, UNLESS_PAID(VOICE)},
};

/* An answer's err and wait_ms are not here yet. */
static void mean(enum meaning m, struct verdict *ret)
{
	*ret = (struct verdict){
		.err = {.kind = meanings[m].kind},
		.told = meanings[m].told,
		.reason = meanings[m].reason,
		.image = meanings[m].image,
		.outage = meanings[m].outage,
	};
}

static bool is_video(const char *vendor)
{
	return strcmp(vendor, "runway") == 0;
}

static enum meaning down(const char *vendor, enum verdict_call call)
{
	if (is_video(vendor))
		return call == CALL_PAID ? VIDEO_UNKNOWN : VIDEO_DOWN;
	return call == CALL_PAID ? VOICE_UNKNOWN : VOICE_DOWN;
}

/* Puts the vendor's own words behind ours, and what it says of waiting. */
static void quote(const struct http_result *r, const char *vendor, const char *what, struct verdict *ret)
{
	char words[WORDS_SIZE];
	enum err_kind kind = ret->err.kind;

	words_clean(r->body, r->body != NULL ? r->body_len : 0, words);
	(void)err_set_http(&ret->err, kind, r->status, "%s: status %d%s%s%s%s", vendor, r->status,
		what != NULL ? ": " : "", what != NULL ? what : "", words[0] != '\0' ? ": " : "", words);
	if (kind == ERR_TEMP && r->retry_after_sec > 0)
		ret->wait_ms =
			r->retry_after_sec * 1000 < WAIT_MAX_MS ? r->retry_after_sec * 1000 : WAIT_MAX_MS;
}

static bool is_about(const struct json *root, const char *key)
{
	const struct json *issues = json_get(root, "issues");

	for (size_t i = 0; i < json_count(issues); i++) {
		const char *first = json_string(json_at(json_get(json_at(issues, i), "path"), 0));

		if (first != NULL && strcmp(first, key) == 0)
			return true;
	}
	return false;
}

static bool row_fits(const struct status_row *row, int status, const char *says, const struct json *root)
{
	return status >= row->from && status <= row->to &&
	       (row->says == NULL || (says != NULL && strcasestr(says, row->says) != NULL)) &&
	       (row->about == NULL || is_about(root, row->about));
}

/* The tables' last rows fit anything. */
static enum meaning by_status(const struct status_row *rows, const struct http_result *r,
	enum verdict_call call, const char *says, const struct json *root)
{
	while (!row_fits(rows, r->status, says, root))
		rows++;
	return call == CALL_PAID ? rows->paid : rows->free;
}

/* What has not the vendor's form comes from somebody between us: of a free call it decides nothing for good.
 */
static enum meaning soften(enum meaning m, enum verdict_call call, bool has_form, enum meaning instead)
{
	return call == CALL_FREE && !has_form && meanings[m].kind == ERR_PERM ? instead : m;
}

/* NULL where it is no JSON. */
static struct json *parse_body(const struct http_result *r)
{
	struct json *root = NULL;
	struct err ignored;

	if (r->body != NULL)
		(void)json_parse(r->body, r->body_len, &root, &ignored);
	return root;
}

void verdict_runway(const struct http_result *r, enum verdict_call call, struct verdict *ret)
{
	AUTO(json) root = parse_body(r);
	const char *says = json_string(json_get(root, "error"));
	enum meaning m = by_status(video_statuses, r, call, says, root);

	mean(soften(m, call, says != NULL, VIDEO_DOWN), ret);
	quote(r, "runway", NULL, ret);
}

static bool find_speech_code(const char *code, enum meaning *ret)
{
	for (size_t i = 0; code != NULL && i < ARRAY_LEN(speech_codes); i++) {
		if (strcmp(speech_codes[i].code, code) != 0)
			continue;
		*ret = speech_codes[i].meaning;
		return true;
	}
	return false;
}

void verdict_elevenlabs(const struct http_result *r, enum verdict_call call, struct verdict *ret)
{
	AUTO(json) root = parse_body(r);
	const struct json *detail = json_get(root, "detail");
	enum meaning m = by_status(voice_statuses, r, call, NULL, root);

	m = soften(m, call, detail != NULL, VOICE_DOWN);
	if (!find_speech_code(json_string(json_get(detail, "code")), &m) &&
		!find_speech_code(json_string(json_get(detail, "status")), &m))
		(void)find_speech_code(json_string(detail), &m);
	mean(m, ret);
	quote(r, "elevenlabs", NULL, ret);
}

void verdict_no_answer(const struct err *e, enum verdict_call call, const char *vendor, struct verdict *ret)
{
	bool unknown = call == CALL_PAID && e->kind == ERR_UNCERTAIN;

	mean(down(vendor, unknown ? CALL_PAID : CALL_FREE), ret);
	/* Nobody refused the request, so it may be sent again even where this try was hopeless. */
	ret->err = *e;
	ret->err.kind = unknown ? ERR_UNCERTAIN : ERR_TEMP;
	(void)err_prefix(&ret->err, "%s: ", vendor);
}

void verdict_bad_body(const struct http_result *r, enum verdict_call call, const char *vendor,
	const char *what, struct verdict *ret)
{
	mean(down(vendor, call), ret);
	quote(r, vendor, what, ret);
}

/* "INTERNAL" begins "INTERNAL.X", but not "INTERNALS". */
static bool begins_with(const char *code, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(code, prefix, n) == 0 && (code[n] == '\0' || code[n] == '.');
}

static bool has_segment(const char *code, const char *segment)
{
	size_t n = strlen(segment);

	for (const char *s = code; *s != '\0'; s += *s == '.') {
		size_t len = strcspn(s, ".");

		if (len == n && strncmp(s, segment, n) == 0)
			return true;
		s += len;
	}
	return false;
}

static enum meaning meaning_of_failure(const char *code)
{
	enum meaning m = SCENE_FAILED;

	for (size_t i = ARRAY_LEN(failure_codes); i-- > 0;)
		if (begins_with(code, failure_codes[i].code))
			m = failure_codes[i].meaning;
	return meanings[m].kind != ERR_PERM && has_segment(code, "SAFETY") ? CONTENT_REFUSED : m;
}

void verdict_runway_task(const char *failure_code, const char *failure, struct verdict *ret)
{
	char code[WORDS_SIZE], words[WORDS_SIZE];

	words_clean(failure_code, failure_code != NULL ? strlen(failure_code) : 0, code);
	words_clean(failure, failure != NULL ? strlen(failure) : 0, words);
	mean(meaning_of_failure(failure_code != NULL ? failure_code : ""), ret);
	(void)err_set(&ret->err, ret->err.kind, "runway: the task failed: %s: %s",
		code[0] != '\0' ? code : "no code", words);
}
