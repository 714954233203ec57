/* Uploads on a real database: what a responder makes of a body that ends early, the rows, and the sweep. */

#include "lib/video/uploads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgi/fcgi.h"
#include "cgi/reply.h"
#include "cgi/router.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "tests/unit/house.h"
#include "tests/unit/sent_body.h"

#define NAME    "0123456789abcdef0123456789abcdef.png"
#define OTHER   "fedcba9876543210fedcba9876543210.png"
#define PNG     "\x89PNG\r\n\x1a\n and some more"
#define PNG_LEN (sizeof(PNG) - 1)

static char folder[160];

static int set_up(void **state)
{
	if (house_empty(state) < 0)
		return -1;
	(void)snprintf(folder, sizeof(folder), "%s/uploads", house.db.folder);
	house.app.settings.uploads_dir = folder;
	house.app.settings.upload_store_mb = 1;
	house.app.settings.upload_keep_days = 30;
	return 0;
}

static int tear_down(void **state)
{
	struct err e;

	(void)state;
	house_sql("DELETE FROM uploads");
	return fs_remove_tree(folder, &e);
}

static void test_types(void **state)
{
	static const struct {
		const char *content_type, *ending; /* NULL: not taken */
	} cases[] = {
		{"image/png", "png"},
		{"IMAGE/PNG", "png"},
		{"audio/ogg; codecs=opus", "ogg"},
		{"audio/mp4 ;x", "m4a"},
		{"audio/mpeg", "mp3"},
		{"image/pngs", NULL},
		{"image/pn", NULL},
		{"image/svg+xml", NULL},
		{" image/png", NULL},
		{"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct upload_type *type = uploads_type(cases[i].content_type);

		if (!type != !cases[i].ending || (type && strcmp(type->ending, cases[i].ending) != 0))
			fail_msg("%s: %s", cases[i].content_type, type ? type->ending : "none");
	}
}

/* The status of the answer to a PNG for s1 that announces so many bytes. */
static int send_png(int64_t announced, size_t piece)
{
	struct sent_body sent = sent_body_of(PNG, PNG_LEN, announced);
	struct fcgi_request in = {
		.method = "POST",
		.uri = "/videos/stores/s1/uploads",
		.content_type = "image/png",
		.request_id = "",
		.body = &sent.body,
	};
	AUTO_REPLY r = {0};

	sent.piece = piece;
	reply_init(&r, "test");
	router_answer(&house.app, &in, &r);
	return r.status;
}

static bool is_there(const char *path)
{
	AUTO_FREE char *whole = xasprintf("%s/%s", folder, path);

	return access(whole, F_OK) == 0;
}

static void test_body_that_ends_early(void **state)
{
	(void)state;
	assert_int_equal(send_png(PNG_LEN + 1, 0), 400);
	assert_int_equal(send_png(PNG_LEN + 1, 1), 400);
	assert_int_equal(send_png(LIMIT_UPLOAD_BYTES + 1, 0), 413);
	assert_true(is_there(UPLOADS_INCOMING));
	assert_false(is_there("s1"));

	assert_int_equal(send_png(PNG_LEN, 1), 201);
	assert_int_equal(send_png(PNG_LEN, 0), 200);
	assert_true(is_there("s1"));
}

static int put(const char *name, int64_t bytes, struct err *e)
{
	struct upload u = {.store = "s1", .bytes = bytes};

	(void)snprintf(u.name, sizeof(u.name), "%s", name);
	return uploads_put(house.app.db, &house.app.settings, &u, e);
}

static void test_room(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(put(NAME, 1024 * 1024 - 10, &e), 1);
	assert_int_equal(put(OTHER, 11, &e), -1);
	assert_int_equal(e.http_status, 413);
	assert_int_equal(put(NAME, 1024 * 1024 - 10, &e), 0);
	assert_int_equal(put(OTHER, 10, &e), 1);
	assert_int_equal(uploads_touch(house.app.db, "s1", OTHER, &e), 1);
	assert_int_equal(uploads_touch(house.app.db, "s2", OTHER, &e), 0);

	struct upload u = {.store = "nobody", .name = NAME, .bytes = 1};

	assert_int_equal(uploads_put(house.app.db, &house.app.settings, &u, &e), -1);
	assert_int_equal(e.http_status, 404);
}

/* Of what is old only the file goes that nothing refers to; a row without its file goes too. */
static void test_sweep(void **state)
{
	static const char age[] = "UPDATE uploads SET last_used = UTC_TIMESTAMP(3) - INTERVAL 31 DAY";
	struct settings *s = &house.app.settings;
	AUTO_FREE char *path = xasprintf("%s/s1", folder), *file = xasprintf("%s/s1/" NAME, folder);
	struct err e = {0};

	(void)state;
	assert_int_equal(put(NAME, 3, &e), 1);
	assert_int_equal(put(OTHER, 3, &e), 1);
	house_must(fs_mkdirs(path, 0750, &e), &e);
	house_must(fs_write_atomic(file, "abc", 3, 0640, &e), &e);
	assert_int_equal(uploads_sweep(house.app.db, s, &e), 0);

	house_sql(age);
	house_sql(
		"UPDATE stores SET brand = '{\"logoUrl\":\"/uploads/s1/" NAME "\"}' WHERE public_id = 's1'");
	assert_int_equal(uploads_sweep(house.app.db, s, &e), 1);
	assert_int_equal(uploads_touch(house.app.db, "s1", OTHER, &e), 0);
	assert_true(is_there("s1/" NAME));
	assert_int_equal(uploads_sweep(house.app.db, s, &e), 0);

	house_sql("UPDATE stores SET brand = NULL");
	assert_int_equal(uploads_sweep(house.app.db, s, &e), 0);
	house_sql(age);
	assert_int_equal(uploads_sweep(house.app.db, s, &e), 1);
	assert_false(is_there("s1/" NAME));
}

/* A file that cannot be removed keeps its row, or nobody would know of it. */
static void test_file_that_stays(void **state)
{
	AUTO_FREE char *instead = xasprintf("%s/s1/" NAME "/x", folder);
	struct err e = {0};

	(void)state;
	assert_int_equal(put(NAME, 3, &e), 1);
	house_must(fs_mkdirs(instead, 0750, &e), &e);
	house_sql("UPDATE uploads SET last_used = UTC_TIMESTAMP(3) - INTERVAL 31 DAY");
	assert_int_equal(uploads_sweep(house.app.db, &house.app.settings, &e), -1);
	assert_int_equal(e.kind, ERR_TEMP);
	assert_int_equal(uploads_touch(house.app.db, "s1", NAME, &e), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test_setup_teardown(test_body_that_ends_early, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_sweep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_file_that_stays, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, house_open, house_close);
}
