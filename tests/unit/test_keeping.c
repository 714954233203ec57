/* Stores on their way out, videos that are too old, and recorded orphans, against a real server. */

#include "lib/video/keeping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/checks.h"
#include "lib/video/orphans.h"
#include "lib/video/outputs.h"
#include "lib/video/steps.h"
#include "lib/video/stores.h"
#include "lib/video/uploads.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

#define UPLOAD "0123456789abcdef0123456789abcdef.png"

static struct err err;
static char folder[160];
static struct settings settings;

static void expect(int rc, int wanted)
{
	expect_rc(rc, wanted, &err);
}

static int64_t number(const char *sql)
{
	return session_number(shop_db, sql);
}

static int set_up(void **state)
{
	settings = shop_settings;
	(void)snprintf(folder, sizeof(folder), "%s/uploads", session_server.folder);
	settings.uploads_dir = folder;
	settings.upload_store_mb = 1;
	session_exec(shop_db, "DELETE FROM orphans");
	return shop_empty(state);
}

static void put_store(int wanted)
{
	AUTO_STORE s = {.id = xstrdup("shop-c"), .name = xstrdup("Another")};

	expect(stores_put(shop_db, &s, &err), wanted);
}

static void put_upload(void)
{
	struct upload u = {.store = "shop-c", .name = UPLOAD, .bytes = 1};
	AUTO_FREE char *path = xasprintf("%s/shop-c", folder);
	AUTO_FREE char *file = xasprintf("%s/" UPLOAD, path);

	expect(fs_mkdirs(path, 0755, &err), 0);
	expect(fs_write_atomic(file, "x", 1, 0644, &err), 0);
	expect(uploads_put(shop_db, &settings, &u, &err), 1);
}

static void put_product(void)
{
	AUTO_PRODUCT p = {.id = xstrdup("p-c"),
		.store_id = xstrdup("shop-c"),
		.title = xstrdup("A mug"),
		.price_milli = -1};

	expect(products_put(shop_db, &p, &err), 1);
}

static bool upload_is_there(void)
{
	AUTO_FREE char *file = xasprintf("%s/shop-c/" UPLOAD, folder);

	return access(file, F_OK) == 0;
}

/* As the daemon does once the storage has nothing of the video any more. */
static void remove_next(void)
{
	struct job job = shop_claim();

	assert_int_equal(job.kind, JOB_REMOVE);
	expect(steps_remove_video(shop_db, &job, false, &err), 1);
}

static void a_store_takes_all_with_it(void **state)
{
	struct uuid one, running;
	AUTO_VIDEO v = {0};
	AUTO_STORE store = {0};
	AUTO_PRODUCT product = {0};

	(void)state;
	put_store(1);
	put_product();
	put_upload();
	running = shop_video("shop-c", 1);
	struct job job = shop_claim();
	one = shop_video("shop-c", 1);

	expect(stores_delete(shop_db, "shop-c", &err), 1);
	expect(stores_delete(shop_db, "shop-c", &err), 0);
	expect(stores_get(shop_db, "shop-c", &store, &err), 0);
	expect(products_get(shop_db, "p-c", &product, &err), 0);
	expect(videos_get(shop_db, &one, &v, &err), 0);
	put_store(-1);
	assert_int_equal(err.http_status, 409);

	expect(stores_clear(shop_db, &settings, &err), 2);
	remove_next();
	expect(stores_clear(shop_db, &settings, &err), 0); /* one is still being made */
	assert_int_equal(number("SELECT COUNT(*) FROM stores WHERE gone_id = 'shop-c'"), 1);
	assert_true(upload_is_there());
	assert_int_equal(number("SELECT cancel_req FROM jobs"), 1);
	expect(jobs_release(shop_db, &job, 0, "asked to stop", &err), 1);
	remove_next();
	assert_int_equal(number("SELECT COUNT(*) FROM videos"), 0);
	(void)running;

	expect(stores_clear(shop_db, &settings, &err), 1); /* its upload */
	assert_false(upload_is_there());
	put_store(-1);
	expect(stores_clear(shop_db, &settings, &err), 1);
	expect(stores_clear(shop_db, &settings, &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM products WHERE public_id = 'p-c'"), 0);
	put_store(1);
	expect(stores_delete(shop_db, "shop-c", &err), 1);
	expect(stores_clear(shop_db, &settings, &err), 1);
}

static void stores_that_nobody_has(void **state)
{
	static const char *const ids[] = {"shop-x", "~1", "", "shop-a "};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		expect(stores_delete(shop_db, ids[i], &err), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM stores WHERE gone_id IS NULL"), 2);
}

static void deleted_stores_are_not_listed(void **state)
{
	struct store *list = NULL;
	size_t count = 0;
	int64_t total = 0;

	(void)state;
	put_store(1);
	expect(stores_delete(shop_db, "shop-c", &err), 1);
	expect(stores_list(shop_db, 10, 0, &list, &count, &total, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(total, 2);
	stores_list_free(list, count);
	expect(stores_clear(shop_db, &settings, &err), 1);
}

static void make_old(const struct uuid *id, const char *status, int64_t days)
{
	static const char sql[] =
		"UPDATE videos SET status = ?, progress = 100, video_key = 'videos/x/a.mp4', "
		"updated_at = UTC_TIMESTAMP(3) - INTERVAL ? DAY WHERE id = ?";

	expect(db_exec(shop_db, sql, DB_ARGS(db_text(status), db_int(days), db_uuid(id)), NULL, &err), 0);
}

static void old_videos_go(void **state)
{
	static const struct {
		const char *status;
		int64_t days;
		bool goes;
	} rows[] = {
		{"completed", 31, true},
		{"completed", 29, false},
		{"failed", 8, true},
		{"failed", 6, false},
		{"cancelled", 5000, false}, /* for ever */
		{"pending", 5000, false},
		{"composing", 5000, false},
	};
	struct uuid ids[ARRAY_LEN(rows)];

	(void)state;
	settings.keep_completed_days = 30;
	settings.keep_failed_days = 7;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ids[i] = shop_video("shop-a", 1);
		make_old(&ids[i], rows[i].status, rows[i].days);
	}
	expect(videos_expire(shop_db, &settings, &err), 2);
	expect(videos_expire(shop_db, &settings, &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_VIDEO v = {0};
		int found = videos_get(shop_db, &ids[i], &v, &err);

		if (found != !rows[i].goes)
			fail_msg("%s of %d days: %d", rows[i].status, (int)rows[i].days, found);
	}
	settings.keep_completed_days = settings.keep_failed_days = 0;
}

/* Somebody asks for it anew between the looking and the deleting. */
static void what_is_used_again_does_not_go(void **state)
{
	struct uuid id = shop_video("shop-a", 1);

	(void)state;
	make_old(&id, "failed", 8);
	expect(videos_delete_old(shop_db, &id, "completed", 7, &err), 0);
	expect(videos_delete_old(shop_db, &id, "failed", 9, &err), 0);
	expect(videos_delete_old(shop_db, &id, "failed", 7, &err), 1);
	expect(videos_delete_old(shop_db, &id, "failed", 7, &err), 0);
}

static void keys_of_videos_are_read(void **state)
{
	static const struct {
		const char *key;
		bool ours;
	} rows[] = {
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/1/video.mp4", true},
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/1/16x9/sprite.vtt", true},
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/", false}, /* another tool's folder */
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/1/", false},
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b", false},
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5bx/1/video.mp4", false},
		{"videos/0B1E2F3A-4C5D-4E6F-8A9B-0C1D2E3F4A5B/1/video.mp4", false},
		{"videos/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/1/A film.mp4", false},
		{"videos/", false},
		{"videos/stray.mp4", false},
		{"", false},
		{"other/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b/1/video.mp4", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct uuid id;

		if (checks_read_key(rows[i].key, &id) != rows[i].ours)
			fail_msg("%s", rows[i].key);
	}
}

static void keys_of_bought_files_are_read(void **state)
{
#define BOUGHT "0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b"
	static const struct {
		const char *key;
		bool ours;
	} rows[] = {
		{"bought/0b/" BOUGHT "-1f.mp4", true},
		{"bought/0b/" BOUGHT "-0123456789abcdef.mp3.json", true},
		{"bought/0b/" BOUGHT "-1f.mp4.bak", false},
		{"bought/0b/" BOUGHT "-1f.", false},
		{"bought/0b/" BOUGHT "-1f", false},
		{"bought/0b/" BOUGHT "-.mp4", false},
		{"bought/0b/" BOUGHT ".mp4", false},
		{"bought/0b/" BOUGHT, false},
		{"bought/0c/" BOUGHT "-1f.mp4", false},
		{"bought/0b/0B1E2F3A-4C5D-4E6F-8A9B-0C1D2E3F4A5B-1f.mp4", false},
		{"bought/" BOUGHT "-1f.mp4", false},
		{"bought/0b/\xc3\xa9", false},
		{"bought/README.txt", false},
		{"bought/", false},
		{"bought", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (checks_read_bought_key(rows[i].key) != rows[i].ours)
			fail_msg("%s", rows[i].key);
}

static void what_a_row_names_is_no_orphan(void **state)
{
	static const char sql[] = "UPDATE videos SET outputs = ? WHERE id = ?";
	struct uuid id = shop_video("shop-a", 1);
	char prefix[OUTPUTS_PREFIX_SIZE];

	(void)state;
	outputs_prefix(&id, prefix);
	AUTO_FREE char *film = xasprintf("%s1/video.mp4", prefix);
	AUTO_FREE char *old = xasprintf("%s0/video.mp4", prefix);
	AUTO_FREE char *named = xasprintf("{\"films\":[{\"aspectRatio\":\"16:9\",\"film\":\"%s\"}]}", film);

	expect(checks_names(shop_db, film, &err), 1); /* it is being made */
	make_old(&id, "completed", 1);
	expect(db_exec(shop_db, sql, DB_ARGS(db_text(named), db_uuid(&id)), NULL, &err), 0);
	expect(checks_names(shop_db, film, &err), 1);
	expect(checks_names(shop_db, old, &err), 0);
	expect(db_exec(shop_db, sql, DB_ARGS(db_text("[]"), db_uuid(&id)), NULL, &err), 0);
	expect(checks_names(shop_db, old, &err), 1); /* nobody can say */
	expect(checks_names(shop_db, "videos/", &err), 1);
	expect(checks_names(shop_db, "bought/0b/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b-1f.mp4", &err), 0);
	expect(checks_names(shop_db, "bought/0b/0b1e2f3a-4c5d-4e6f-8a9b-0c1d2e3f4a5b-1f.mp3.json", &err), 0);
	expect(checks_names(shop_db, "bought/old/backup.tar", &err), 1); /* none of ours */
}

/* A put that was cut off may take effect after its video was removed: its folder is looked at once more. */
static void a_removed_video_is_looked_at_again(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	char folder_of[OUTPUTS_PREFIX_SIZE];
	struct orphan_due due;
	struct job job;

	(void)state;
	outputs_prefix(&id, folder_of);
	expect(checks_names(shop_db, folder_of, &err), 1);
	expect(videos_delete(shop_db, &id, &err), 1);
	job = shop_claim();
	expect(steps_remove_video(shop_db, &job, true, &err), 1);
	expect(checks_names(shop_db, folder_of, &err), 0);
	expect(checks_names(shop_db, "videos/", &err), 1);
	expect(orphans_take(shop_db, &due, 1, &err), 0);
	session_exec(shop_db, "UPDATE orphans SET due_at = due_at - INTERVAL 4000 SECOND");
	expect(orphans_take(shop_db, &due, 1, &err), 1);
	assert_string_equal(due.key, folder_of);
}

static void orphans_are_removed_until_they_are_gone(void **state)
{
	static const char *const keys[] = {"videos/x/1/a.mp4", "bought/a.mp4"};
	struct orphan_due due[4];

	(void)state;
	expect(orphans_add(shop_db, keys, 2, &err), 0);
	expect(orphans_add(shop_db, &keys[1], 1, &err), 0);
	expect(orphans_take(shop_db, due, 1, &err), 1);
	expect(orphans_take(shop_other, &due[1], 3, &err), 1);
	assert_string_not_equal(due[0].key, due[1].key);
	expect(orphans_take(shop_other, &due[2], 2, &err), 0);

	expect(orphans_done(shop_db, due[0].key, &err), 0);
	expect(orphans_failed(shop_db, due[1].key, 0, "the store is away", &err), 0);
	expect(orphans_take(shop_db, due, 4, &err), 1);
	assert_int_equal(due[0].tries, 1);
	assert_string_equal(due[0].key, due[1].key);
	expect(orphans_failed(shop_db, due[0].key, 3600000, "the store is away", &err), 0);
	expect(orphans_take(shop_db, due, 4, &err), 0);
	assert_int_equal(
		number("SELECT COUNT(*) FROM orphans WHERE tries = 2 AND last_error = 'the store is away'"),
		1);
	expect(orphans_add(shop_db, (const char *[]){due[0].key}, 1, &err), 0); /* asked for anew: now */
	expect(orphans_take(shop_db, due, 4, &err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_store_takes_all_with_it, set_up),
		cmocka_unit_test_setup(stores_that_nobody_has, set_up),
		cmocka_unit_test_setup(deleted_stores_are_not_listed, set_up),
		cmocka_unit_test_setup(old_videos_go, set_up),
		cmocka_unit_test_setup(what_is_used_again_does_not_go, set_up),
		cmocka_unit_test(keys_of_videos_are_read),
		cmocka_unit_test(keys_of_bought_files_are_read),
		cmocka_unit_test_setup(what_a_row_names_is_no_orphan, set_up),
		cmocka_unit_test_setup(a_removed_video_is_looked_at_again, set_up),
		cmocka_unit_test_setup(orphans_are_removed_until_they_are_gone, set_up),
	};

	return cmocka_run_group_tests(tests, shop_open, shop_close);
}
