/* What a step's failure means, and what the client is told of it. */

#include "daemon/failure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/provider.h"
#include "daemon/run.h"
#include "lib/base/macros.h"

#define ATTEMPTS 4
#define PAID     .buys = true, .paid = true, .pause = PAUSE_NONE
#define OUTAGE   .buys = true, .pause = PAUSE_NONE, .refused = true, .outage = true

static const struct {
	const char *title;
	struct failure failure;
	enum failure_means means;
} meanings[] = {
	{"a passing failure", {ERR_TEMP, .pause = PAUSE_NONE}, MEANS_RETRY},
	{"the last but one try", {ERR_TEMP, .pause = PAUSE_NONE, .attempt = 2}, MEANS_RETRY},
	{"the last try", {ERR_TEMP, .pause = PAUSE_NONE, .attempt = 3}, MEANS_FAIL},
	{"what is paid is fetched for long", {ERR_TEMP, PAID, .attempt = 22}, MEANS_RETRY},
	{"but not for ever", {ERR_TEMP, PAID, .attempt = 23}, MEANS_FAIL},
	{"what is only to be bought is not", {ERR_TEMP, .buys = true, .pause = PAUSE_NONE, .attempt = 3},
		MEANS_FAIL},
	{"a vendor that is busy is waited for", {ERR_TEMP, OUTAGE, .attempt = 3}, MEANS_RETRY},
	{"and long", {ERR_TEMP, OUTAGE, .attempt = 22}, MEANS_RETRY},
	{"but not for ever either", {ERR_TEMP, OUTAGE, .attempt = 23}, MEANS_FAIL},
	{"a lasting failure", {ERR_PERM, .pause = PAUSE_NONE}, MEANS_FAIL},
	{"on the way of what is paid it passes", {ERR_PERM, PAID, .attempt = 22}, MEANS_RETRY},
	{"as long as that is", {ERR_PERM, PAID, .attempt = 23}, MEANS_FAIL},
	{"the vendor's own word does not", {ERR_PERM, PAID, .refused = true}, MEANS_FAIL},
	{"perhaps charged", {ERR_UNCERTAIN, .buys = true, .pause = PAUSE_POSSIBLE_CHARGE}, MEANS_PAUSE},
	{"perhaps charged, whatever the try",
		{ERR_UNCERTAIN, .buys = true, .pause = PAUSE_POSSIBLE_CHARGE, .attempt = 9}, MEANS_PAUSE},
	{"uncertain, but nothing is bought", {ERR_UNCERTAIN, .pause = PAUSE_POSSIBLE_CHARGE}, MEANS_FAIL},
	{"the operator must act", {ERR_BLOCKED, .buys = true, .pause = PAUSE_OUT_OF_CREDIT}, MEANS_PAUSE},
	{"before anything is bought", {ERR_BLOCKED, .pause = PAUSE_BAD_KEY}, MEANS_PAUSE},
	{"blocked, and nobody knows by what", {ERR_BLOCKED, .buys = true, .pause = PAUSE_NONE}, MEANS_FAIL},
	{"the lease is another's", {ERR_CANCELED, PAID}, MEANS_DROP},
};

static void each_kind_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
		enum failure_means is = failure_means(&meanings[i].failure, ATTEMPTS);

		if (is != meanings[i].means)
			fail_msg("%s: %d instead of %d", meanings[i].title, (int)is, (int)meanings[i].means);
	}
}

static const struct provider vendor = {.name = "vendor", .is_vendor = true};

struct text_case {
	const char *title;
	enum step_id id;
	size_t item;
	enum err_kind kind;
	int http_status;
	const char *told, *reason, *vendor, *note;
	int64_t need_milli;
	enum failure_means means;
	const char *text;
};

#define AGAIN " Retry with acceptPossibleCharge to request it again."
#define SENT  "the request to make it was sent, but no answer came. It may have been charged"
#define WAITS " The video goes on by itself when that has changed."

static const struct text_case texts[] = {
	{"a scene", STEP_SCENE, 2, ERR_TEMP, 500, .means = MEANS_FAIL,
		.text = "A scene could not be made (scene 3)."},
	{"a scene, and why", STEP_SCENE, 0, ERR_PERM, 422, .told = "The prompt was refused.",
		.means = MEANS_FAIL, .text = "A scene could not be made (scene 1). The prompt was refused."},
	{"the voice, and why", STEP_VOICE, 0, ERR_PERM, 0, .told = "It is too long.", .means = MEANS_FAIL,
		.text = "The voice-over could not be made. It is too long."},
	{"composing", STEP_SOUND, 0, ERR_TEMP, 0, .means = MEANS_FAIL,
		.text = "The sound could not be mixed."},
	{"a picture that is wrong", STEP_PICTURE, 1, ERR_PERM, 422, .means = MEANS_FAIL,
		.text = "A picture could not be used: raw words."},
	{"a picture that did not come", STEP_PICTURE, 1, ERR_TEMP, 0, .means = MEANS_FAIL,
		.text = "A picture could not be used (scene 2)."},
	{"a voice that is gone", STEP_CHECK, 0, ERR_PERM, 422, .means = MEANS_FAIL,
		.text = "The voice-over could not be made: raw words."},
	{"a model that is gone", STEP_CHECK, 0, ERR_PERM, 0, .means = MEANS_FAIL,
		.text = "The voice-over could not be made."},
	{"a film that is not as it should be", STEP_INSPECT, 0, ERR_PERM, 0, .note = "{}",
		.means = MEANS_FAIL, .text = "The film did not pass its inspection: raw words."},
	{"a film that could not be inspected", STEP_INSPECT, 0, ERR_PERM, 0, .means = MEANS_FAIL,
		.text = "The film did not pass its inspection."},
	{"a scene, perhaps charged", STEP_SCENE, 2, ERR_UNCERTAIN, 0, .vendor = "runway", .need_milli = 60000,
		.means = MEANS_PAUSE, .text = "Scene 3: " SENT " (60 credits)." AGAIN},
	{"half credits", STEP_SCENE, 0, ERR_UNCERTAIN, 0, .vendor = "runway", .need_milli = 12500,
		.means = MEANS_PAUSE, .text = "Scene 1: " SENT " (12.5 credits)." AGAIN},
	{"thousandths", STEP_SCENE, 0, ERR_UNCERTAIN, 0, .vendor = "runway", .need_milli = 12050,
		.means = MEANS_PAUSE, .text = "Scene 1: " SENT " (12.05 credits)." AGAIN},
	{"the voice, perhaps charged", STEP_VOICE, 0, ERR_UNCERTAIN, 0, .vendor = "elevenlabs",
		.need_milli = 450000, .means = MEANS_PAUSE,
		.text = "The voice-over: " SENT " (450 characters)." AGAIN},
	{"perhaps charged, nobody knows what", STEP_SCENE, 0, ERR_UNCERTAIN, 0, .means = MEANS_PAUSE,
		.text = "Scene 1: " SENT "." AGAIN},
	{"no credit", STEP_SCENE, 1, ERR_BLOCKED, 0, .told = "Our account is out of credit.",
		.reason = "out_of_credit", .vendor = "runway", .means = MEANS_PAUSE,
		.text = "Scene 2 waits. Our account is out of credit." WAITS},
	{"a bad key, in our words", STEP_CHECK, 0, ERR_BLOCKED, 0, .reason = "bad_key",
		.vendor = "elevenlabs", .means = MEANS_PAUSE,
		.text = "The voice-over waits. What makes it does not accept our account." WAITS},
};

static void clients_read_our_words(void **state)
{
	struct run r = {.scenes_by = &vendor, .voice_by = &vendor};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct text_case *c = &texts[i];
		struct step s = {.run = &r,
			.id = c->id,
			.item = c->item,
			.failed = true,
			.told = c->told,
			.reason = c->reason,
			.vendor = c->vendor,
			.note = (char *)(uintptr_t)c->note,
			.need_milli = c->need_milli,
			.failure = {.kind = c->kind, .http_status = c->http_status, .text = "raw words"}};
		struct failure f = failure_of(&s);
		AUTO_FREE char *text = failure_text(&s, c->means);

		if (c->means == MEANS_PAUSE)
			assert_int_equal(failure_means(&f, ATTEMPTS), MEANS_PAUSE);
		if (strcmp(text, c->text) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", c->title, text, c->text);
	}
}

static void a_step_says_who_it_is(void **state)
{
	struct run r = {.scenes_by = &vendor, .voice_by = &provider_local};
	struct step scene = {.run = &r, .id = STEP_SCENE, .paid = true, .attempt = 5},
		    voice = {.run = &r, .id = STEP_VOICE}, encode = {.run = &r, .id = STEP_ENCODE};

	(void)state;
	assert_true(failure_of(&scene).buys);
	assert_true(failure_of(&scene).paid);
	assert_int_equal(failure_of(&scene).attempt, 5);
	assert_int_equal(failure_of(&scene).pause, PAUSE_NONE);
	assert_false(failure_of(&voice).buys);
	assert_false(failure_of(&encode).buys);

	scene.reason = "daily_limit";
	assert_int_equal(failure_of(&scene).pause, PAUSE_NONE); /* of whom? */
	assert_false(failure_of(&scene).refused || failure_of(&scene).outage);
	scene.vendor = "runway";
	scene.outage = true;
	assert_true(failure_of(&scene).refused && failure_of(&scene).outage);
	assert_int_equal(failure_of(&scene).pause, PAUSE_DAILY_LIMIT);
	scene.reason = "never heard of";
	assert_int_equal(failure_of(&scene).pause, PAUSE_NONE);
	scene.failure.kind = ERR_UNCERTAIN;
	assert_int_equal(failure_of(&scene).pause, PAUSE_POSSIBLE_CHARGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_meaning),
		cmocka_unit_test(clients_read_our_words),
		cmocka_unit_test(a_step_says_who_it_is),
	};

	return cmocka_run_group_tests_name("failure", tests, NULL, NULL);
}
