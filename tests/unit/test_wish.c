/* The hash by which an equal clip or voice is found again: every input that decides what comes back changes
 * it, and nothing else does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/vendor/runway_wish.h"
#include "daemon/vendor/speech_wish.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"

#define HASH DIGEST_SHA256_BYTES

/* Scenes */

struct inputs {
	struct scene scene;
	struct video video;
	struct settings settings;
	uint8_t picture[HASH];
	bool has_picture;
	int64_t seed;
};

static char gen45[] = "gen4.5", veo[] = "veo3.1", suffix[] = "cinematic", other_suffix[] = "grainy",
	    prompt[] = "a lamp", other_prompt[] = "a lamp\ntake=1";

static struct inputs usual(void)
{
	return (struct inputs){
		.scene = {.prompt = prompt, .duration_ms = 4000},
		.video = {.aspect = ASPECT_9_16, .scene_count = 1},
		.settings = {.runway_model = gen45, .prompt_enhance = true, .prompt_suffix = suffix},
		.seed = 7,
	};
}

static struct runway_wish wish_of(struct inputs *in)
{
	struct runway_wish w;
	struct err e;

	in->video.scenes = &in->scene;
	in->scene.image_url = in->has_picture ? gen45 : NULL;
	if (runway_wish_make(
		    &in->video, 0, &in->settings, in->has_picture ? in->picture : NULL, in->seed, &w, &e) < 0)
		fail_msg("%s", e.text);
	return w;
}

static void as_is(struct inputs *in)
{
	(void)in;
}
static void with_prompt(struct inputs *in)
{
	in->scene.prompt = other_prompt;
}
static void with_suffix(struct inputs *in)
{
	in->settings.prompt_suffix = other_suffix;
}
static void with_style(struct inputs *in)
{
	in->video.style = STYLE_STORY;
}
static void with_model(struct inputs *in)
{
	in->video.model = veo;
}
static void with_aspect(struct inputs *in)
{
	in->video.aspect = ASPECT_16_9;
}
static void with_duration(struct inputs *in)
{
	in->scene.duration_ms = 5000;
}
static void with_take(struct inputs *in)
{
	in->scene.take = 1;
}
static void with_picture(struct inputs *in)
{
	in->has_picture = true;
}
static void with_other_picture(struct inputs *in)
{
	in->has_picture = true;
	in->picture[31] = 1;
}

/* Another ratio is bought for both. */
static void with_rendition(struct inputs *in)
{
	in->has_picture = true;
	in->video.look.renditions = 1U << ASPECT_16_9;
}

static void (*const changes[])(struct inputs *in) = {as_is, with_prompt, with_suffix, with_style, with_model,
	with_aspect, with_duration, with_take, with_picture, with_other_picture, with_rendition};

static void test_every_input_of_a_scene_counts(void **state)
{
	uint8_t hashes[ARRAY_LEN(changes)][HASH];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct inputs in = usual();
		struct runway_wish w;

		changes[i](&in);
		w = wish_of(&in);
		memcpy(hashes[i], w.hash, HASH);
		runway_wish_done(&w);
		for (size_t k = 0; k < i; k++)
			if (memcmp(hashes[k], hashes[i], HASH) == 0)
				fail_msg("changes %zu and %zu have one hash", k, i);
	}
}

static void text_overlay(struct inputs *in)
{
	in->scene.text_overlay = prompt;
}
static void seed(struct inputs *in)
{
	in->seed = 8;
}
static void music(struct inputs *in)
{
	in->video.music_volume = 9;
}
static void look(struct inputs *in)
{
	in->video.look = (struct look){.quality = QUALITY_HIGH,
		.fit = FIT_BLUR,
		.transition = TRANSITION_FADE,
		.captions = CAPTIONS_WORDS,
		.scene_volume = 100,
		.music_url = prompt};
	in->scene.look =
		(struct scene_look){.narration = prompt, .fit = FIT_CONTAIN, .text = {.size = SIZE_LARGE}};
}
/* That the clip which fits the video's shape serves best. */
static void like_rendition(struct inputs *in)
{
	in->video.look.renditions = 1U << ASPECT_4_5;
}
/* What is shorter than the model can make is trimmed: the same clip will do. */
static void part_of_a_second(struct inputs *in)
{
	in->scene.duration_ms = 3100;
}

static void test_what_is_ours_does_not_count(void **state)
{
	static void (*const free_changes[])(struct inputs * in) = {
		text_overlay, seed, music, part_of_a_second, look, like_rendition};
	struct inputs before = usual();
	struct runway_wish w = wish_of(&before);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(free_changes); i++) {
		struct inputs in = usual();
		struct runway_wish other;

		free_changes[i](&in);
		other = wish_of(&in);
		if (memcmp(w.hash, other.hash, HASH) != 0)
			fail_msg("change %zu", i);
		runway_wish_done(&other);
	}
	runway_wish_done(&w);
}

/* What a video finds its own by: the client's words only. */
struct change {
	void (*make)(struct inputs *in);
	bool counts;
};

static void with_setting(struct inputs *in)
{
	in->settings.runway_model = veo;
}
static void with_plain_prompt(struct inputs *in)
{
	in->settings.prompt_enhance = false;
}

static void test_what_was_asked_for_is_the_clients_words(void **state)
{
	static const struct change words[] = {{as_is, false}, {with_prompt, true}, {with_style, true},
		{with_model, true}, {with_aspect, true}, {with_duration, true}, {with_take, true},
		{with_picture, true}, {text_overlay, false}, {seed, false}, {music, false}, {look, false},
		{like_rendition, false}, {with_suffix, false}, {with_setting, false},
		{with_plain_prompt, false}};
	struct inputs before = usual();
	struct runway_wish w = wish_of(&before);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct inputs in = usual();
		struct runway_wish other;

		words[i].make(&in);
		other = wish_of(&in);
		if ((memcmp(w.request_hash, other.request_hash, HASH) != 0) != words[i].counts)
			fail_msg("change %zu", i);
		runway_wish_done(&other);
	}
	runway_wish_done(&w);
}

static void test_what_the_pictures_server_gives_is_not_asked_for(void **state)
{
	struct inputs first = usual(), second = usual();
	struct runway_wish a, b;

	(void)state;
	with_picture(&first);
	with_other_picture(&second);
	a = wish_of(&first);
	b = wish_of(&second);
	assert_memory_equal(a.request_hash, b.request_hash, HASH);
	assert_memory_not_equal(a.hash, b.hash, HASH);
	runway_wish_done(&a);
	runway_wish_done(&b);
}

static void test_the_request_can_be_made_again(void **state)
{
	struct inputs in = usual();
	struct runway_wish w = wish_of(&in);
	AUTO(json) root = NULL;
	struct err e;

	(void)state;
	if (json_parse(w.request, strlen(w.request), &root, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(json_string(json_get(root, "model")), "gen4.5");
	assert_string_equal(json_string(json_get(root, "endpoint")), "text_to_video");
	assert_string_equal(json_string(json_get(root, "prompt")), w.prompt);
	assert_int_equal(json_int(json_get(root, "seconds")), 4);
	assert_int_equal(json_int(json_get(root, "seed")), 7);
	runway_wish_done(&w);
}

/* Voices */

static char model[] = "eleven_multilingual_v2", flash[] = "eleven_flash_v2_5", mp3[] = "mp3_44100_128",
	    pcm[] = "pcm_44100";

struct speech_inputs {
	struct settings settings;
	const char *script, *asked, *voice;
	size_t piece;
};

static void speech_as_is(struct speech_inputs *in)
{
	(void)in;
}
static void speech_model(struct speech_inputs *in)
{
	in->settings.elevenlabs_model = flash;
}
static void speech_format(struct speech_inputs *in)
{
	in->settings.elevenlabs_format = pcm;
}
static void speech_voice(struct speech_inputs *in)
{
	in->voice = "v2";
}
static void speech_stability(struct speech_inputs *in)
{
	in->settings.voice_stability = 0;
}
static void speech_similarity(struct speech_inputs *in)
{
	in->settings.voice_similarity = 0;
}
static void speech_style(struct speech_inputs *in)
{
	in->settings.voice_style = 1;
}
static void speech_speed(struct speech_inputs *in)
{
	in->settings.voice_speed = 99;
}
static void speech_text(struct speech_inputs *in)
{
	in->script = "One. Due. Three.";
}
static void speech_before(struct speech_inputs *in)
{
	in->script = "Uno. Two. Three.";
}
static void speech_after(struct speech_inputs *in)
{
	in->script = "One. Two. Tre!!.";
}
static void speech_piece(struct speech_inputs *in)
{
	in->piece = 0;
}

static void (*const speech_changes[])(struct speech_inputs *in) = {speech_as_is, speech_model, speech_format,
	speech_voice, speech_stability, speech_similarity, speech_style, speech_speed, speech_text,
	speech_piece};

static void speech_asked(struct speech_inputs *in)
{
	in->asked = "another";
}

static struct speech_wish speech_wish_of(void (*change)(struct speech_inputs *in))
{
	struct speech_inputs in = {
		.settings = {.elevenlabs_model = model,
			.elevenlabs_format = mp3,
			.voice_stability = 50,
			.voice_similarity = 75,
			.voice_speed = 100},
		.script = "One. Two. Three.",
		.voice = "v1",
		.piece = 1,
	};
	struct script_piece *pieces = NULL;
	struct speech_wish w;
	size_t n;

	change(&in);
	n = script_pieces(in.script, 6, &pieces);
	assert_int_equal(n, 3);
	speech_wish_make(in.script, pieces, n, in.piece, in.asked, in.voice, &in.settings, &w);
	free(pieces);
	return w;
}

static void test_every_input_of_a_voice_counts(void **state)
{
	uint8_t hashes[ARRAY_LEN(speech_changes)][HASH];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speech_changes); i++) {
		struct speech_wish w = speech_wish_of(speech_changes[i]);

		memcpy(hashes[i], w.hash, HASH);
		speech_wish_done(&w);
		for (size_t k = 0; k < i; k++)
			if (memcmp(hashes[k], hashes[i], HASH) == 0)
				fail_msg("changes %zu and %zu have one hash", k, i);
	}
}

static void test_what_was_asked_to_be_spoken_is_the_clients_words(void **state)
{
	static const struct {
		void (*make)(struct speech_inputs *in);
		bool counts;
	} words[] = {{speech_as_is, false}, {speech_model, false}, {speech_format, false},
		{speech_voice, false}, {speech_stability, false}, {speech_similarity, false},
		{speech_style, false}, {speech_speed, false}, {speech_text, true}, {speech_before, false},
		{speech_after, false}, {speech_piece, true}, {speech_asked, true}};
	struct speech_wish w = speech_wish_of(speech_as_is);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct speech_wish other = speech_wish_of(words[i].make);

		if ((memcmp(w.request_hash, other.request_hash, HASH) != 0) != words[i].counts)
			fail_msg("change %zu", i);
		speech_wish_done(&other);
	}
	speech_wish_done(&w);
}

/* Else each narration would be bought anew with the one beside it. */
static void test_what_is_spoken_around_it_does_not_count(void **state)
{
	static void (*const free_changes[])(struct speech_inputs * in) = {speech_before, speech_after};
	struct speech_wish w = speech_wish_of(speech_as_is);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(free_changes); i++) {
		struct speech_wish other = speech_wish_of(free_changes[i]);

		assert_memory_equal(w.hash, other.hash, HASH);
		speech_wish_done(&other);
	}
	speech_wish_done(&w);
}

/* The hash of a script that is spoken at once stays what it was when it was bought. */
static void test_a_script_of_one_piece_keeps_its_hash(void **state)
{
	static const char canon[] =
		"elevenlabs voice 1\nmodel=eleven_multilingual_v2\nformat=mp3_44100_128\nvoice=v1\n"
		"stability=0\nsimilarity=0\nstyle=0\nspeed=0\ntext=4:One.\nprevious=0:\nnext=0:\n";
	struct settings s = {.elevenlabs_model = model, .elevenlabs_format = mp3};
	struct script_piece piece = {.len = 4};
	struct speech_wish w;
	uint8_t hash[HASH];

	(void)state;
	speech_wish_make("One.", &piece, 1, 0, NULL, "v1", &s, &w);
	digest_sha256(canon, strlen(canon), hash);
	assert_memory_equal(w.hash, hash, HASH);
	speech_wish_done(&w);
}

static void test_a_piece_knows_its_neighbours(void **state)
{
	static const char script[] = "One. Two. Three.";
	struct settings s = {.elevenlabs_model = model, .elevenlabs_format = mp3};
	struct script_piece *pieces = NULL;
	size_t n = script_pieces(script, 6, &pieces);
	struct speech_wish w[3] = {{.text = NULL}};

	(void)state;
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++)
		speech_wish_make(script, pieces, n, i, NULL, "v1", &s, &w[i]);
	assert_null(w[0].order.previous_text);
	assert_string_equal(w[0].order.next_text, "Two.");
	assert_string_equal(w[1].order.previous_text, "One.");
	assert_string_equal(w[1].order.text, "Two.");
	assert_string_equal(w[1].order.next_text, "Three.");
	assert_null(w[2].order.next_text);
	assert_int_equal(w[2].characters, 6);
	assert_int_equal(w[2].estimate_milli, 6000);
	for (size_t i = 0; i < n; i++)
		speech_wish_done(&w[i]);
	free(pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_input_of_a_scene_counts),
		cmocka_unit_test(test_what_is_ours_does_not_count),
		cmocka_unit_test(test_what_was_asked_for_is_the_clients_words),
		cmocka_unit_test(test_what_the_pictures_server_gives_is_not_asked_for),
		cmocka_unit_test(test_the_request_can_be_made_again),
		cmocka_unit_test(test_every_input_of_a_voice_counts),
		cmocka_unit_test(test_what_was_asked_to_be_spoken_is_the_clients_words),
		cmocka_unit_test(test_what_is_spoken_around_it_does_not_count),
		cmocka_unit_test(test_a_script_of_one_piece_keeps_its_hash),
		cmocka_unit_test(test_a_piece_knows_its_neighbours),
	};

	return cmocka_run_group_tests_name("wish", tests, NULL, NULL);
}
