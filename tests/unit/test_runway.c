/* Runway's client: what each call looks like on the wire, and what each reply, good or not, comes to. */

#include "lib/remote/runway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "tests/unit/peer.h"
#include "tests/unit/wire.h"

#define KEY "key_0123456789abcdef"
#define ID  "17f20503-6c24-4c16-946b-35dbbce2af2f"

struct fixture {
	struct wire wire;
	struct runway *runway;
	struct runway_call *call;
	char text[512]; /* id, output or uri */
	struct runway_created created;
	struct runway_task task;
	struct verdict failed;
	struct runway_account account;
};

static struct err err;

static int set_up(void **state)
{
	static struct fixture f;

	f = (struct fixture){0};
	wire_open(&f.wire);
	const struct runway_options o = {.http = f.wire.http, .url = peer_url(f.wire.peer), .key = KEY};
	assert_int_equal(runway_new(&o, &f.runway, &err), 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	runway_free(f->runway);
	wire_close(&f->wire);
	return 0;
}

static void note(struct fixture *f, const struct verdict *v)
{
	wire_note(&f->wire, v, KEY);
	runway_call_cancel(f->call); /* of no effect: it has ended */
}

static void keep_text(struct fixture *f, const char *text)
{
	(void)snprintf(f->text, sizeof(f->text), "%s", text != NULL ? text : "");
}

static void on_created(const struct runway_created *c, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;

	assert_true((c == NULL) != (v == NULL));
	if (c != NULL) {
		f->created = *c;
		keep_text(f, c->id);
	}
	note(f, v);
}

static void on_task(const struct runway_task *t, const struct verdict *v, void *arg)
{
	struct fixture *f = arg;

	assert_true((t == NULL) != (v == NULL));
	if (t != NULL) {
		f->task = *t;
		keep_text(f, t->output);
		assert_true((t->failed != NULL) == (t->state == RUNWAY_FAILED));
		if (t->failed != NULL)
			f->failed = *t->failed;
	}
	note(f, v);
}

static void on_cancelled(const struct verdict *v, void *arg)
{
	note(arg, v);
}

static void on_uploaded(const char *uri, const struct verdict *v, void *arg)
{
	assert_true((uri == NULL) != (v == NULL));
	keep_text(arg, uri);
	note(arg, v);
}

static void on_account(const struct runway_account *a, const struct verdict *v, void *arg)
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

static const struct runway_order order = {
	.endpoint = "text_to_video",
	.model = "gen4.5",
	.ratio = "1280:720",
	.prompt = "A \"red\" kettle, caf\xc3\xa9",
	.seconds = 5,
	.seed = 4294967295,
};

static void create(struct fixture *f)
{
	run(f, runway_create(f->runway, &order, on_created, f, &f->call, &err));
}

static void ask(struct fixture *f)
{
	run(f, runway_task(f->runway, ID, on_task, f, &f->call, &err));
}

/* What every request to the API has. */
static void expect_request(const struct fixture *f, size_t i, const char *first_line)
{
	static const char *const headers[] = {("Authorization: Bearer " KEY), "X-Runway-Version: 2024-11-06",
		"Accept: application/json", "User-Agent: videod", NULL};

	wire_expect_request(&f->wire, i, first_line, headers);
}

/* seed B5: host, version and ratios of today. */
static void test_create(void **state)
{
	struct fixture *f = *state;

	peer_will_say(f->wire.peer, 200, "", "{\"id\":\"" ID "\",\"estimatedCost\":{\"credits\":60}}");
	create(f);
	assert_false(f->wire.refused);
	assert_string_equal(f->text, ID);
	assert_int_equal(f->created.estimate_milli, 60000);
	expect_request(f, 0, "POST /v1/text_to_video HTTP/1.1\r\n");
	expect_has(peer_request(f->wire.peer, 0), "\r\nContent-Type: application/json\r\n");
	assert_string_equal(peer_body(f->wire.peer, 0),
		"{\"model\":\"gen4.5\",\"promptText\":\"A \\\"red\\\" "
		"kettle, caf\xc3\xa9\",\"ratio\":\"1280:720\","
		"\"duration\":5,\"seed\":4294967295}");
	assert_int_equal(peer_count(f->wire.peer), 1);
}

static void test_create_answers(void **state)
{
	static const struct {
		const char *title;
		int status;
		const char *body;
		int kind; /* -1: accepted */
	} cases[] = {
		{"without estimate", 200, "{\"id\":\"" ID "\"}", -1},
		{"estimate of a wrong type", 200,
			"{\"id\":\"" ID "\",\"estimatedCost\":{\"credits\":\"60\"}}", -1},
		{"absurd estimate", 200, "{\"id\":\"" ID "\",\"estimatedCost\":{\"credits\":1e300}}", -1},
		{"negative estimate", 200, "{\"id\":\"" ID "\",\"estimatedCost\":{\"credits\":-5}}", -1},
		{"no id", 200, "{\"estimatedCost\":{\"credits\":60}}", ERR_UNCERTAIN},
		{"an id that is none", 200, "{\"id\":\"../organization\"}", ERR_UNCERTAIN},
		{"an id of a wrong type", 200, "{\"id\":17}", ERR_UNCERTAIN},
		{"half a JSON", 200, "{\"id\":\"" ID "\"", ERR_UNCERTAIN},
		{"HTML", 200, "<html>welcome</html>", ERR_UNCERTAIN},
		{"nothing", 200, "", ERR_UNCERTAIN},
		{"a list", 200, "[\"" ID "\"]", ERR_UNCERTAIN},
		{"502 in HTML", 502, "<html>502</html>", ERR_UNCERTAIN},
		{"503", 503, "{\"error\":\"overloaded\"}", ERR_UNCERTAIN},
		{"429", 429, "{\"error\":\"too many\"}", ERR_TEMP},
		{"daily limit", 429, "{\"error\":\"Your daily task limit has been reached.\"}", ERR_BLOCKED},
		{"credits", 400, "{\"error\":\"You do not have enough credits to run this task.\"}",
			ERR_BLOCKED},
		{"key", 401, "{\"error\":\"The key " KEY " is not valid\"}", ERR_BLOCKED},
		{"refused", 400, "{\"error\":\"Validation of body failed\",\"issues\":[]}", ERR_PERM},
		{"redirect", 307, "", ERR_TEMP},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		peer_will_say(f->wire.peer, cases[i].status, "Location: /v1/organization\r\n", cases[i].body);
		create(f);
		assert_int_equal(peer_count(f->wire.peer), 1); /* neither repeated nor redirected */
		if (cases[i].kind >= 0)
			wire_expect_verdict(&f->wire, cases[i].title, (enum err_kind)cases[i].kind, "");
		else if (f->wire.refused || strcmp(f->text, ID) != 0 || f->created.estimate_milli != -1)
			fail_msg("%s", cases[i].title);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void test_create_without_answer(void **state)
{
	struct fixture *f = *state;

	peer_will_break_off(f->wire.peer, "{\"id\":\"" ID "\"}");
	create(f);
	wire_expect_verdict(&f->wire, "half an answer", ERR_UNCERTAIN, "");
	peer_will_hang_up(f->wire.peer);
	create(f);
	wire_expect_verdict(&f->wire, "no answer", ERR_UNCERTAIN, "");
	assert_int_equal(peer_count(f->wire.peer), 2);
}

static void test_create_nobody_there(void **state)
{
	struct fixture *f = *state;
	AUTO(runway) nobody = NULL;
	AUTO_FREE char *url = xstrdup(peer_url(f->wire.peer));
	const struct runway_options o = {.http = f->wire.http, .url = url, .key = KEY};

	peer_free(f->wire.peer);
	assert_int_equal(runway_new(&o, &nobody, &err), 0);
	run(f, runway_create(nobody, &order, on_created, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "refused connection", ERR_TEMP, ""); /* surely not sent */
	f->wire.peer = peer_new(f->wire.loop);
}

static void test_cancel_call(void **state)
{
	struct fixture *f = *state;

	peer_will_wait(f->wire.peer);
	assert_int_equal(runway_create(f->runway, &order, on_created, f, &f->call, &err), 0);
	while (peer_count(f->wire.peer) == 0)
		assert_int_equal(loop_step(f->wire.loop, 1000, &err), 0);
	runway_call_cancel(f->call);
	assert_int_equal(f->wire.done_calls, 0);
	runway_call_cancel(NULL);
}

static void test_task(void **state)
{
	static const struct {
		const char *title, *body;
		int state; /* -1: ERR_TEMP */
		unsigned permille;
		int64_t cost_milli;
		const char *output;
	} cases[] = {
		{"pending", "{\"id\":\"" ID "\",\"status\":\"PENDING\",\"estimatedCost\":{\"credits\":5}}",
			RUNWAY_PENDING, 0, -1, ""},
		{"throttled", "{\"status\":\"THROTTLED\"}", RUNWAY_THROTTLED, 0, -1, ""},
		{"running", "{\"status\":\"RUNNING\",\"progress\":0.45,\"new\":[{}]}", RUNWAY_RUNNING, 450,
			-1, ""},
		{"running, a float's digits", "{\"status\":\"RUNNING\",\"progress\":0.30000000000000004}",
			RUNWAY_RUNNING, 300, -1, ""},
		{"running, odd progress", "{\"status\":\"RUNNING\",\"progress\":17}", RUNWAY_RUNNING, 0, -1,
			""},
		{"running, negative progress", "{\"status\":\"RUNNING\",\"progress\":-1}", RUNWAY_RUNNING, 0,
			-1, ""},
		{"running, no progress", "{\"status\":\"RUNNING\",\"progress\":null}", RUNWAY_RUNNING, 0, -1,
			""},
		{"succeeded",
			"{\"status\":\"SUCCEEDED\",\"output\":[\"https://c.example/"
			"a.mp4?_jwt=x\"],\"cost\":{\"credits\":2.5}}",
			RUNWAY_SUCCEEDED, 0, 2500, "https://c.example/a.mp4?_jwt=x"},
		{"refunded", "{\"status\":\"FAILED\",\"failure\":\"x\",\"cost\":{\"credits\":0}}",
			RUNWAY_FAILED, 0, 0, ""},
		{"cancelled", "{\"status\":\"CANCELLED\",\"cost\":{\"credits\":0}}", RUNWAY_CANCELLED, 0, 0,
			""},
		{"no output", "{\"status\":\"SUCCEEDED\",\"output\":[]}", -1, 0, 0, ""},
		{"output null", "{\"status\":\"SUCCEEDED\",\"output\":null}", -1, 0, 0, ""},
		{"output that is no address",
			"{\"status\":\"SUCCEEDED\",\"output\":[\"file:///etc/passwd\"]}", -1, 0, 0, ""},
		{"output with a line end", "{\"status\":\"SUCCEEDED\",\"output\":[\"https://c/\\r\\nX: y\"]}",
			-1, 0, 0, ""},
		{"unknown state", "{\"status\":\"QUEUED\"}", -1, 0, 0, ""},
		{"empty state", "{\"status\":\"\"}", -1, 0, 0, ""},
		{"no state", "{}", -1, 0, 0, ""},
		{"half a JSON", "{\"status\":\"SUCC", -1, 0, 0, ""},
		{"HTML", "<html>", -1, 0, 0, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		peer_will_say(f->wire.peer, 200, "", cases[i].body);
		ask(f);
		expect_request(f, 0, "GET /v1/tasks/" ID " HTTP/1.1\r\n");
		if (cases[i].state < 0)
			wire_expect_verdict(&f->wire, cases[i].title, ERR_TEMP, "");
		else if (f->wire.refused || f->task.state != cases[i].state ||
			 f->task.permille != cases[i].permille || f->task.cost_milli != cases[i].cost_milli ||
			 strcmp(f->text, cases[i].output) != 0)
			fail_msg("%s", cases[i].title);
		(void)tear_down(state);
		(void)set_up(state);
	}
}

static void test_task_ends(void **state)
{
	struct fixture *f = *state;

	peer_will_say(f->wire.peer, 200, "",
		"{\"status\":\"FAILED\",\"failure\":\"Refused " KEY
		"\",\"failureCode\":\"SAFETY.INPUT.TEXT\"}");
	ask(f);
	assert_int_equal(f->failed.err.kind, ERR_PERM);
	expect_has(f->failed.err.text, "SAFETY.INPUT.TEXT");
	assert_null(strstr(f->failed.err.text, KEY));
	peer_will_say(f->wire.peer, 404, "", "{\"error\":\"Could not find Task\"}");
	ask(f);
	assert_int_equal(f->task.state, RUNWAY_GONE);
	assert_int_equal(f->task.cost_milli, -1);
	peer_will_say(f->wire.peer, 404, "", "<html>no such page</html>"); /* not the vendor's word */
	ask(f);
	wire_expect_verdict(&f->wire, "404 in HTML", ERR_TEMP, "");
	peer_will_say(f->wire.peer, 503, "Retry-After: 9\r\n", "");
	ask(f);
	wire_expect_verdict(&f->wire, "503", ERR_TEMP, "");
	assert_int_equal(f->wire.v.wait_ms, 9000);
	peer_will_break_off(f->wire.peer, "{\"status\":\"RUNNING\"}");
	ask(f);
	wire_expect_verdict(&f->wire, "half an answer", ERR_TEMP, "");
}

static void test_ids(void **state)
{
	static const char *const ids[] = {
		"", "..", "../organization", ID "/..", ID " ", "17f205036c244c16946b35dbbce2af2f"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(runway_task(f->runway, ids[i], on_task, f, &f->call, &err), -1);
		assert_int_equal(err.kind, ERR_PERM);
		assert_int_equal(runway_cancel(f->runway, ids[i], on_cancelled, f, &f->call, &err), -1);
	}
	assert_int_equal(f->wire.done_calls, 0);
}

static void cancel(struct fixture *f)
{
	run(f, runway_cancel(f->runway, ID, on_cancelled, f, &f->call, &err));
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;

	peer_will_say(f->wire.peer, 204, "", "");
	cancel(f);
	assert_false(f->wire.refused);
	expect_request(f, 0, "DELETE /v1/tasks/" ID " HTTP/1.1\r\n");
	peer_will_say(f->wire.peer, 404, "", "{\"error\":\"Could not find Task\"}");
	cancel(f);
	assert_false(f->wire.refused);
	peer_will_say(f->wire.peer, 500, "", "{\"error\":\"x\"}");
	cancel(f);
	wire_expect_verdict(&f->wire, "500", ERR_TEMP, "");
	peer_will_hang_up(f->wire.peer);
	cancel(f);
	wire_expect_verdict(&f->wire, "no answer", ERR_TEMP, "");
}

static void test_account(void **state)
{
	static const struct {
		const char *body;
		bool refused;
		struct runway_account want;
	} cases[] = {
		{"{\"creditBalance\":1234.5,\"tier\":{\"maxMonthlyCreditSpend\":1,\"models\":{\"gen4.5\":"
		 "{\"maxConcurrentGenerations\":2,\"maxDailyGenerations\":200}}},\"usage\":{\"models\":"
		 "{\"gen4.5\":{\"dailyGenerations\":7}}}}",
			false, {1234500, 2, 200, 7}},
		{"{\"creditBalance\":0,\"tier\":{\"models\":{\"gen4.5\":{\"maxConcurrentGenerations\":null,"
		 "\"maxDailyGenerations\":null}}},\"usage\":{}}",
			false, {0, -1, -1, 0}},
		{"{\"creditBalance\":5,\"tier\":{\"models\":{\"other\":{\"maxConcurrentGenerations\":9}}}}",
			false, {5000, 0, -1, 0}},
		{"{\"creditBalance\":-3,\"tier\":5,\"usage\":[]}", false, {0, 0, -1, 0}},
		{"{\"creditBalance\":\"5\"}", true, {0}},
		{"{}", true, {0}},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fixture *f = *state;

		peer_will_say(f->wire.peer, 200, "", cases[i].body);
		run(f, runway_account(f->runway, "gen4.5", on_account, f, &f->call, &err));
		expect_request(f, i % 8, "GET /v1/organization HTTP/1.1\r\n");
		assert_int_equal(f->wire.refused, cases[i].refused);
		if (!f->wire.refused)
			assert_memory_equal(&f->account, &cases[i].want, sizeof(f->account));
	}
}

static char *new_picture(void)
{
	char *file = xstrdup("/tmp/videod-picture-XXXXXX");
	int fd = mkstemp(file);

	assert_true(fd >= 0 && fs_write_all(fd, "\x89PNG picture", 12));
	close(fd);
	return file;
}

static void test_upload(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *file = new_picture();
	AUTO_FREE char *slot = xasprintf(
		"{\"uploadUrl\":\"%s/store?sig=hush\",\"fields\":{\"key\":\"a/b\",\"Policy\":\"cG9s\"},"
		"\"runwayUri\":\"runway://u/77\"}",
		peer_url(f->wire.peer));

	peer_will_say(f->wire.peer, 200, "", slot);
	peer_will_say(f->wire.peer, 204, "", "");
	run(f, runway_upload(f->runway, file, "image/png", on_uploaded, f, &f->call, &err));
	assert_false(f->wire.refused);
	assert_string_equal(f->text, "runway://u/77");
	expect_request(f, 0, "POST /v1/uploads HTTP/1.1\r\n");
	assert_string_equal(
		peer_body(f->wire.peer, 0), "{\"filename\":\"picture.png\",\"type\":\"ephemeral\"}");

	const char *form = peer_request(f->wire.peer, 1), *mark = strstr(form, "boundary=");
	assert_int_equal(strncmp(form, "POST /store?sig=hush HTTP/1.1\r\n", 31), 0);
	assert_null(strstr(form, KEY)); /* it is not the storage's business */
	assert_null(strstr(form, "X-Runway-Version"));
	assert_non_null(mark);
	AUTO_FREE char *boundary = xstrndup(mark + 9, strcspn(mark + 9, "\r"));
	AUTO_FREE char *want = xasprintf(
		"--%s\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/b\r\n"
		"--%s\r\nContent-Disposition: form-data; name=\"Policy\"\r\n\r\ncG9s\r\n"
		"--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture.png\"\r\n"
		"Content-Type: image/png\r\n\r\n\x89PNG picture\r\n--%s--\r\n",
		boundary, boundary, boundary, boundary);
	assert_string_equal(peer_body(f->wire.peer, 1), want);
	unlink(file);
}

static void test_upload_fails(void **state)
{
	struct fixture *f = *state;
	AUTO_FREE char *slot =
		xasprintf("{\"uploadUrl\":\"%s/store\",\"fields\":{},\"runwayUri\":\"runway://u/77\"}",
			peer_url(f->wire.peer));
	AUTO_FREE char *file = new_picture();

	peer_will_say(f->wire.peer, 200, "", slot);
	peer_will_say(f->wire.peer, 403, "", "<Error><Code>AccessDenied</Code></Error>");
	run(f, runway_upload(f->runway, file, "image/jpeg", on_uploaded, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "storage", ERR_TEMP, "");
	expect_has(f->wire.v.err.text, "AccessDenied");
	peer_will_say(f->wire.peer, 200, "", "{\"uploadUrl\":7}");
	run(f, runway_upload(f->runway, file, "image/jpeg", on_uploaded, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "slot", ERR_TEMP, "");
	peer_will_say(f->wire.peer, 200, "", slot);
	run(f, runway_upload(f->runway, "/no/such/file", "image/webp", on_uploaded, f, &f->call, &err));
	wire_expect_verdict(&f->wire, "no file", ERR_TEMP, "");
	assert_int_equal(runway_upload(f->runway, file, "image/gif", on_uploaded, f, &f->call, &err), -1);
	peer_will_say(f->wire.peer, 200, "", slot);
	peer_will_wait(f->wire.peer);
	size_t before = peer_count(f->wire.peer);
	assert_int_equal(runway_upload(f->runway, file, "image/jpeg", on_uploaded, f, &f->call, &err), 0);
	while (peer_count(f->wire.peer) < before + 1)
		assert_int_equal(loop_step(f->wire.loop, 1000, &err), 0);
	runway_call_cancel(f->call);
	unlink(file);
}

static void test_options(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *url, *key;
		bool ok;
	} cases[] = {
		{"https://api.dev.runwayml.com", KEY, true},
		{"https://api.dev.runwayml.com/", KEY, true},
		{"http://127.0.0.1:80/", KEY, true},
		{"http://localhost:1", KEY, true},
		{"http://[::1]:1", KEY, true},
		{"http://api.dev.runwayml.com", KEY, false},
		{"http://127.0.0.1.example.com", KEY, false},
		{"http://localhost@evil.example", KEY, false},
		{"http://localhost:x@evil.example", KEY, false},
		{"http://127.0.0.1:80@evil.example/", KEY, false},
		{"http://[::1]:80@evil.example", KEY, false},
		{"http://127.0.0.1:80/a@b", KEY, true},
		{"ftp://127.0.0.1", KEY, false},
		{"", KEY, false},
		{"https://h", "", false},
		{"https://h", "a\r\nX: y", false},
		{"https://h", "a b", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct runway_options o = {
			.http = f->wire.http, .url = cases[i].url, .key = cases[i].key};
		AUTO(runway) r = NULL;

		if ((runway_new(&o, &r, &err) == 0) != cases[i].ok)
			fail_msg("%s, %s", cases[i].url, cases[i].key);
	}
	runway_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),
		TEST(test_create_answers),
		TEST(test_create_without_answer),
		TEST(test_create_nobody_there),
		TEST(test_cancel_call),
		TEST(test_task),
		TEST(test_task_ends),
		TEST(test_ids),
		TEST(test_cancel),
		TEST(test_account),
		TEST(test_upload),
		TEST(test_upload_fails),
		TEST(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
