/* ElevenLabs' client: what each call looks like on the wire, and what each reply, good or not, comes to. */

#include "lib/remote/elevenlabs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/io/loop.h"
#include "lib/remote/elevenlabs_priv.h"
#include "tests/unit/peer.h"
#include "tests/unit/wire.h"

#define KEY       "sk_0123456789abcdef"
#define VOICE     "21m00Tcm4TlvDq8ikWAM"
#define SOUND_MAX 1000

struct fixture {
	struct wire wire;
	struct elevenlabs *elevenlabs;
	struct elevenlabs_call *call;
	int fd;
	struct speech speech;
	char request_id[129];
	size_t times;    /* how many, 0 none */
	size_t count;    /* of voices or models */
	char list[1000]; /* what was in it */
	struct elevenlabs_account account;
};

static struct err err;

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){.fd = memfd_create("sound", MFD_CLOEXEC)};
	wire_open(&f.wire);
	const struct elevenlabs_options o = {.http = f.wire.http, .url = peer_url(f.wire.peer), .key = KEY};
	assert_int_equal(elevenlabs_new(&o, &f.elevenlabs, &err), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	elevenlabs_free(f->elevenlabs);
	wire_close(&f->wire);
	close(f->fd);
	return 0;
}

static void note(struct fixture *f, const struct verdict *v)
{
	wire_note(&f->wire, v, KEY);
	elevenlabs_call_cancel(f->call); /* of no effect: it has ended */
}

static void on_speech(const struct speech *s, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;

	assert_true((s == NULL) != (v == NULL));
	if (s != NULL) {
		f->speech = *s;
		f->times = s->times != NULL ? s->times->count : 0;
		(void)snprintf(f->request_id, sizeof(f->request_id), "%s", s->request_id);
	}
	note(f, v);
}

static void on_voices(const struct elevenlabs_voices *p, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;
	struct buf text = BUF_INIT(sizeof(f->list) - 1);

	assert_true((p == NULL) != (v == NULL));
	for (size_t i = 0; p != NULL && i < p->count; i++)
		buf_addf(&text, "%s|%s|%s|%s|%s\n", p->list[i].id, p->list[i].name, p->list[i].category,
			p->list[i].gender != NULL ? p->list[i].gender : "-",
			p->list[i].preview_url != NULL ? p->list[i].preview_url : "-");
	if (p != NULL && p->next_page_token != NULL)
		buf_addf(&text, "next %s", p->next_page_token);
	(void)snprintf(f->list, sizeof(f->list), "%s", buf_text(&text));
	buf_done(&text);
	note(f, v);
}

static void on_models(const struct elevenlabs_model *list, size_t count, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;
	struct buf text = BUF_INIT(sizeof(f->list) - 1);

	assert_true((list == NULL) != (v == NULL));
	for (size_t i = 0; i < count; i++)
		buf_addf(&text, "%s|%s|%d|%d\n", list[i].id, list[i].name, (int)list[i].max_characters,
			(int)list[i].cost_permille);
	(void)snprintf(f->list, sizeof(f->list), "%s", buf_text(&text));
	buf_done(&text);
	note(f, v);
}

static void on_account(const struct elevenlabs_account *a, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;

	assert_true((a == NULL) != (v == NULL));
	if (a != NULL)
		f->account = *a;
	note(f, v);
}

static void run(struct fixture *f, int started)
{
	wire_run(&f->wire, started, &err);
}

static const struct speech_order order = {
	.voice_id = VOICE,
	.model = "eleven_multilingual_v2",
	.format = "mp3_44100_128",
	.text = "Hi.",
	.stability = 0,
	.similarity = 75,
	.style = 5,
	.speed = 100,
};

static void speak(struct fixture *f)
{
	run(f, elevenlabs_speak(f->elevenlabs, &order, f->fd, SOUND_MAX, on_speech, f, &f->call, &err));
}

static void expect_request(const struct fixture *f, size_t i, const char *first_line)
{
	static const char *const headers[] = {("xi-api-key: " KEY), "Accept: application/json", NULL};

	wire_expect_request(&f->wire, i, first_line, headers);
}

#define REPLY                                                                                                \
	"{\"audio_base64\":\"c291bmQh\",\"alignment\":{\"characters\":[\"H\",\"i\",\".\"],"                  \
	"\"character_start_times_seconds\":[0,0.1,0.2],\"character_end_times_seconds\":[0.1,0.2,0.3]},"      \
	"\"normalized_alignment\":null}"

static void test_speak(void **state)
{
	struct fixture *f = *state;
	char sound[16] = "";

	peer_will_say(f->wire.peer, 200,
		"Request-Id: r-17\r\ncharacter-cost: 3\r\nmaximum-concurrent-requests: 5\r\n", REPLY);
	speak(f);
	assert_false(f->wire.refused);
	assert_string_equal(f->request_id, "r-17");
	assert_int_equal(f->speech.cost_milli, 3000);
	assert_int_equal(f->speech.concurrency, 5);
	assert_int_equal(f->speech.bytes, 6);
	assert_int_equal(f->times, 3);
	assert_int_equal(pread(f->fd, sound, sizeof(sound), 0), 6);
	assert_string_equal(sound, "sound!");
	expect_request(f, 0,
		"POST /v1/text-to-speech/" VOICE "/with-timestamps?output_format=mp3_44100_128 HTTP/1.1\r\n");
	expect_has(peer_request(f->wire.peer, 0), "\r\nContent-Type: application/json\r\n");
	assert_string_equal(peer_body(f->wire.peer, 0),
		"{\"text\":\"Hi.\",\"model_id\":\"eleven_multilingual_"
		"v2\",\"voice_settings\":{\"stability\":0,"
		"\"similarity_boost\":0.75,\"style\":0.05,\"speed\":1}}");
}

static void test_continuity(void **state UNUSED)
{
	struct speech_order o = order;
	AUTO_BUF body = BUF_INIT(10000);

	o.previous_text = "Before \"it\".";
	o.next_text = "After.";
	elevenlabs_speak_body(&o, &body);
	expect_has(buf_text(&body), "\"previous_text\":\"Before \\\"it\\\".\",\"next_text\":\"After.\"}");
}

#define TEN "0123456789"

static void test_speak_says_little(void **state)
{
	static const struct {
		const char *headers;
		int64_t cost_milli, concurrency;
	} cases[] = {
		{"", -1, 0},
		{"character-cost: x\r\nmaximum-concurrent-requests: many\r\n", -1, 0},
		{"character-cost: -1\r\nmaximum-concurrent-requests: -1\r\n", -1, 0},
		{"character-cost: 1e99\r\nmaximum-concurrent-requests: 99999999999999999999\r\n", -1, 0},
		{"character-cost: 2.5\r\n", 2500, 0},
		/* names that are none */
		{"request-id: r\xc3\xa9\r\n", -1, 0},
		{"request-id: \xff\r\n", -1, 0},
		{"request-id: r\t17\r\n", -1, 0},
		{"request-id: " TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN "\r\n", -1, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		peer_will_say(f->wire.peer, 200, cases[i].headers, REPLY);
		speak(f);
		assert_false(f->wire.refused);
		assert_int_equal(f->speech.cost_milli, cases[i].cost_milli);
		assert_int_equal(f->speech.concurrency, cases[i].concurrency);
		assert_string_equal(f->request_id, "");
	}
}

static void test_speak_answers(void **state)
{
	static const struct {
		const char *title;
		int status;
		const char *body;
		enum err_kind kind;
		const char *part;
	} cases[] = {
		{"half a JSON", 200, "{\"audio_base64\":\"c291", ERR_UNCERTAIN, "breaks off"},
		{"HTML", 200, "<html>", ERR_UNCERTAIN, "no JSON"},
		{"nothing", 200, "", ERR_UNCERTAIN, "breaks off"},
		{"no sound", 200, "{\"alignment\":null}", ERR_UNCERTAIN, "no sound"},
		{"unequal times", 200,
			"{\"audio_base64\":\"c291bmQh\",\"alignment\":{\"characters\":[\"a\"]}}",
			ERR_UNCERTAIN, "equally many"},
		{"key", 401, "{\"detail\":{\"status\":\"invalid_api_key\",\"message\":\"Bad " KEY "\"}}",
			ERR_BLOCKED, "Bad ****"},
		{"quota", 401, "{\"detail\":{\"status\":\"quota_exceeded\"}}", ERR_BLOCKED, "quota"},
		{"busy", 429, "{\"detail\":{\"status\":\"too_many_concurrent_requests\"}}", ERR_TEMP, "429"},
		{"refused", 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"m\",\"type\":\"t\"}]}", ERR_PERM,
			"422"},
		{"structured 500", 500, "{\"detail\":{\"code\":\"internal_error\"}}", ERR_TEMP, "500"},
		{"500 in HTML", 500, "<html>oops</html>", ERR_UNCERTAIN, "oops"},
		{"redirect", 302, "", ERR_TEMP, "302"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		peer_will_say(f->wire.peer, cases[i].status, "", cases[i].body);
		speak(f);
		wire_expect_verdict(&f->wire, cases[i].title, cases[i].kind, cases[i].part);
		assert_int_equal(peer_count(f->wire.peer), 1);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void test_speak_without_answer(void **state)
{
	struct fixture *f = *state;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	peer_will_break_off(f->wire.peer, REPLY);
	speak(f);
	wire_expect_verdict(&f->wire, "broken off behind its end", ERR_UNCERTAIN, "");
	peer_will_break_off(f->wire.peer, "{\"audio_base64\":\"c291");
	speak(f);
	wire_expect_verdict(&f->wire, "broken off", ERR_UNCERTAIN, "");
	peer_will_hang_up(f->wire.peer);
	speak(f);
	wire_expect_verdict(&f->wire, "no answer", ERR_UNCERTAIN, "");
	assert_int_equal(lseek(f->fd, 0, SEEK_END), 9); /* 6 + 3 bytes: the caller's to throw away */
	peer_will_say(f->wire.peer, 200, "", REPLY);
	run(f, elevenlabs_speak(f->elevenlabs, &order, full, SOUND_MAX, on_speech, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "full disk", ERR_UNCERTAIN, "No space left");
	peer_will_say(f->wire.peer, 200, "", REPLY);
	run(f, elevenlabs_speak(f->elevenlabs, &order, f->fd, 5, on_speech, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "too large", ERR_UNCERTAIN, "too large");
	close(full);
}

static void test_voice_ids(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"", ".", ".."};
	struct speech_order o = order;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		o.voice_id = bad[i];
		assert_int_equal(
			elevenlabs_speak(f->elevenlabs, &o, f->fd, 100, on_speech, f, &f->call, &err), -1);
		assert_int_equal(err.kind, ERR_PERM);
	}
	o.voice_id = "../../v1/user?x#y";
	o.format = "a&b=c";
	peer_will_say(f->wire.peer, 404, "", "{\"detail\":{\"status\":\"voice_not_found\"}}");
	run(f, elevenlabs_speak(f->elevenlabs, &o, f->fd, 100, on_speech, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "no voice", ERR_PERM, "voice_not_found");
	expect_request(f, 0,
		"POST "
		"/v1/text-to-speech/..%2F..%2Fv1%2Fuser%3Fx%23y/with-timestamps?output_format=a%26b%3Dc ");
}

static void test_cancel_call(void **state)
{
	struct fixture *f = *state;

	peer_will_wait(f->wire.peer);
	assert_int_equal(
		elevenlabs_speak(f->elevenlabs, &order, f->fd, 100, on_speech, f, &f->call, &err), 0);
	while (peer_count(f->wire.peer) == 0)
		assert_int_equal(loop_step(f->wire.loop, 1000, &err), 0);
	elevenlabs_call_cancel(f->call);
	assert_int_equal(f->wire.done_calls, 0);
	elevenlabs_call_cancel(NULL);
}

static void test_voices(void **state)
{
	struct fixture *f = *state;

	peer_will_say(f->wire.peer, 200, "",
		"{\"voices\":[{\"voice_id\":\"a\",\"name\":\"Anna\",\"category\":\"premade\",\"labels\":{"
		"\"gender\":\"female\"},"
		"\"preview_url\":\"https://p.example/a.mp3\",\"samples\":null},"
		"{\"voice_id\":\"b\",\"name\":null,\"category\":null,\"labels\":null,\"preview_url\":null},"
		"{\"name\":\"no id\"},{\"voice_id\":5},null,7,"
		"{\"voice_id\":\"c\",\"name\":\"\",\"labels\":{\"gender\":5}}],"
		"\"has_more\":true,\"total_count\":4,\"next_page_token\":\"t/2=\"}");
	run(f, elevenlabs_voices(f->elevenlabs, NULL, on_voices, f, &f->call, &err));
	assert_false(f->wire.refused);
	assert_string_equal(
		f->list, "a|Anna|premade|female|https://p.example/a.mp3\nb|b||-|-\nc|c||-|-\nnext t/2=");
	expect_request(f, 0, "GET /v2/voices?page_size=50 HTTP/1.1\r\n");
	peer_will_say(f->wire.peer, 200, "",
		"{\"voices\":[],\"has_more\":false,\"total_count\":4,\"next_page_token\":\"left over\"}");
	run(f, elevenlabs_voices(f->elevenlabs, "t/2=", on_voices, f, &f->call, &err));
	assert_false(f->wire.refused);
	assert_string_equal(f->list, "");
	expect_request(f, 1, "GET /v2/voices?page_size=50&next_page_token=t%2F2%3D HTTP/1.1\r\n");
}

static void test_bad_voices(void **state)
{
	static const char *const bodies[] = {"{}", "{\"voices\":null}", "{\"voices\":{}}", "[]",
		"{\"voices\":[", "{\"voices\":[],\"has_more\":true}",
		"{\"voices\":[],\"has_more\":true,\"next_page_token\":\"\"}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		peer_will_say(f->wire.peer, 200, "", bodies[i]);
		run(f, elevenlabs_voices(f->elevenlabs, NULL, on_voices, f, &f->call, &err));
		wire_expect_verdict(&f->wire, bodies[i], ERR_TEMP, "no list of voices");
	}
	peer_will_say(f->wire.peer, 401, "", "{\"detail\":\"Unauthorized\"}");
	run(f, elevenlabs_voices(f->elevenlabs, NULL, on_voices, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "key", ERR_BLOCKED, "Unauthorized");
}

static void test_models(void **state)
{
	struct fixture *f = *state;

	peer_will_say(f->wire.peer, 200, "",
		"[{\"model_id\":\"m1\",\"name\":\"One\",\"can_do_text_to_speech\":true,\"maximum_text_length_"
		"per_request\":10000,"
		"\"model_rates\":{\"character_cost_multiplier\":0.5}},"
		"{\"model_id\":\"m2\",\"can_do_text_to_speech\":true,\"maximum_text_length_per_request\":"
		"40000,"
		"\"model_rates\":null},"
		"{\"model_id\":\"sts\",\"can_do_text_to_speech\":false,\"maximum_text_length_per_request\":1}"
		","
		"{\"model_id\":\"unlimited\",\"can_do_text_to_speech\":true,\"maximum_text_length_per_"
		"request\":null},"
		"{\"model_id\":\"huge\",\"can_do_text_to_speech\":true,\"maximum_text_length_per_request\":"
		"1e18},"
		"{\"can_do_text_to_speech\":true},5]");
	run(f, elevenlabs_models(f->elevenlabs, on_models, f, &f->call, &err));
	assert_false(f->wire.refused);
	assert_string_equal(f->list, "m1|One|10000|500\nm2|m2|40000|1000\n");
	expect_request(f, 0, "GET /v1/models HTTP/1.1\r\n");
	peer_will_say(f->wire.peer, 200, "", "{\"models\":[]}");
	run(f, elevenlabs_models(f->elevenlabs, on_models, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "an object", ERR_TEMP, "no list of models");
	peer_will_say(f->wire.peer, 200, "", "[]");
	run(f, elevenlabs_models(f->elevenlabs, on_models, f, &f->call, &err));
	assert_false(f->wire.refused);
}

static void test_account(void **state)
{
	static const struct {
		const char *body;
		bool refused;
		int64_t left_milli;
		const char *tier;
	} cases[] = {
		{"{\"tier\":\"creator\",\"character_count\":17,\"character_limit\":100000}", false, 99983000,
			"creator"},
		{"{\"tier\":null,\"character_count\":100,\"character_limit\":100}", false, 0, ""},
		{"{\"character_count\":101.5,\"character_limit\":100}", false, 0, ""},
		{"{\"tier\":\"0123456789012345678901234567890123456789\",\"character_count\":0,\"character_"
		 "limit\":1}",
			false, 1000, "01234567890123456789012345678901"},
		{"{\"character_count\":null,\"character_limit\":100}", true, 0, ""},
		{"{\"character_count\":1,\"character_limit\":1e30}", true, 0, ""},
		{"{}", true, 0, ""},
		{"<html>", true, 0, ""},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		peer_will_say(f->wire.peer, 200, "", cases[i].body);
		run(f, elevenlabs_account(f->elevenlabs, on_account, f, &f->call, &err));
		expect_request(f, i, "GET /v1/user/subscription HTTP/1.1\r\n");
		assert_int_equal(f->wire.refused, cases[i].refused);
		if (f->wire.refused)
			continue;
		assert_int_equal(f->account.left_milli, cases[i].left_milli);
		assert_string_equal(f->account.tier, cases[i].tier);
	}
}

static void test_options(void **state)
{
	struct fixture *f = *state;
	const struct elevenlabs_options bad = {
		.http = f->wire.http, .url = "http://api.elevenlabs.io", .key = KEY};
	const struct elevenlabs_options good = {
		.http = f->wire.http, .url = "https://api.elevenlabs.io/", .key = KEY};
	AUTO(elevenlabs) x = NULL;

	assert_int_equal(elevenlabs_new(&bad, &x, &err), -1);
	assert_null(strstr(err.text, KEY));
	assert_int_equal(elevenlabs_new(&good, &x, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_speak),
		cmocka_unit_test(test_continuity),
		TEST(test_speak_says_little),
		TEST(test_speak_answers),
		TEST(test_speak_without_answer),
		TEST(test_voice_ids),
		TEST(test_cancel_call),
		TEST(test_voices),
		TEST(test_bad_voices),
		TEST(test_models),
		TEST(test_account),
		TEST(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
