/* Addresses of keys, and the wishes for signed ones against a real server. */

#include "lib/video/addresses.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/videos.h"
#include "tests/unit/shop.h"

static char site[] = "https://shop.example", site_slash[] = "https://shop.example//", cdn[] = "cdn.example",
	    empty[] = "", prefix[] = "films/",
	    links[] = "{\"v/a.mp4\":\"https://s3.example/v/a.mp4?X-Amz-Signature=ab\"}";
static struct err err;

static void expect(int rc, int wanted)
{
	expect_rc(rc, wanted, &err);
}

/* seed E5: and never keys from addresses. */
static void addresses_come_from_keys(void **state)
{
	static const struct {
		int storage;
		char *cdn, *site, *prefix, *links;
		int64_t left_sec;
		const char *key, *url;
	} rows[] = {
		{STORAGE_LOCAL, NULL, site, NULL, NULL, 0, "v/a.mp4", "https://shop.example/media/v/a.mp4"},
		{STORAGE_LOCAL, NULL, site_slash, NULL, NULL, 0, "v/a.mp4",
			"https://shop.example/media/v/a.mp4"},
		{STORAGE_LOCAL, empty, empty, NULL, NULL, 0, "v/a.mp4", "/media/v/a.mp4"},
		{STORAGE_LOCAL, NULL, NULL, NULL, links, 60, "v/a.mp4", "/media/v/a.mp4"},
		{STORAGE_LOCAL, cdn, site, prefix, NULL, 0, "v/a.mp4", "https://cdn.example/v/a.mp4"},
		{STORAGE_LOCAL, cdn, site, NULL, NULL, 0, NULL, NULL},
		{STORAGE_S3, cdn, site, empty, links, 60, "v/a.mp4", "https://cdn.example/v/a.mp4"},
		{STORAGE_S3, cdn, site, prefix, NULL, 0, "v/a.mp4", "https://cdn.example/films/v/a.mp4"},
		{STORAGE_S3, empty, site, prefix, links, 60, "v/a.mp4",
			"https://s3.example/v/a.mp4?X-Amz-Signature=ab"},
		{STORAGE_S3, NULL, site, prefix, links, 60, "v/b.mp4", NULL},
		{STORAGE_S3, NULL, site, prefix, links, 0, "v/a.mp4", NULL},
		{STORAGE_S3, NULL, site, prefix, NULL, 60, "v/a.mp4", NULL},
		{STORAGE_S3, NULL, site, prefix, empty, 60, "v/a.mp4", NULL},
		{STORAGE_S3, NULL, site, prefix, links, 60, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct settings s = {.storage = rows[i].storage,
			.cdn_domain = rows[i].cdn,
			.public_url = rows[i].site,
			.s3_prefix = rows[i].prefix};
		const struct video v = {.links = rows[i].links, .links_left_sec = rows[i].left_sec};
		AUTO_ADDRESSES a = addresses_of(&v, &s);
		AUTO_FREE char *url = address_get(&a, rows[i].key);

		if (!url != !rows[i].url || (url && strcmp(url, rows[i].url) != 0))
			fail_msg("row %zu: %s", i, url ? url : "none");
	}
}

static void links_end_at_half_time(void **state)
{
	static const struct {
		int storage;
		char *key;
		int64_t left_sec;
		bool soon;
	} rows[] = {
		{STORAGE_S3, site, 1800, false},
		{STORAGE_S3, site, 1799, true},
		{STORAGE_S3, site, -5, true},
		{STORAGE_S3, NULL, 0, false}, /* nothing is published */
		{STORAGE_LOCAL, site, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct settings s = {.storage = rows[i].storage, .s3_link_sec = 3600};
		const struct video v = {.video_key = rows[i].key, .links_left_sec = rows[i].left_sec};

		if (links_end_soon(&v, &s) != rows[i].soon)
			fail_msg("row %zu", i);
	}
}

static void publish(const struct uuid *id, const char *key)
{
	static const char sql[] = "UPDATE videos SET video_key = ?, outputs = '{}' WHERE id = ?";

	expect(db_exec(shop_db, sql, DB_ARGS(db_text(key), db_uuid(id)), NULL, &err), 0);
}

static void a_wish_stays_until_it_is_fulfilled(void **state)
{
	struct uuid id = shop_video("shop-a", 1), bare = shop_video("shop-a", 1);
	struct link_wish *list = NULL;
	size_t count = 0;

	(void)state;
	publish(&id, "v/a.mp4");
	expect(links_want(shop_db, &id, &err), 1);
	expect(links_want(shop_db, &id, &err), 0);
	expect(links_want(shop_db, &bare, &err), 0);
	expect(links_wanted(shop_db, 10, &list, &count, &err), 0);
	assert_int_equal(count, 1);
	assert_string_equal(list->outputs, "{}");

	publish(&id, "v/b.mp4"); /* made again meanwhile */
	expect(links_put(shop_db, list, links, 3600, &err), 0);
	links_free(list, count);
	expect(links_wanted(shop_db, 10, &list, &count, &err), 0);
	assert_int_equal(count, 1);
	expect(links_put(shop_db, list, links, 3600, &err), 0);
	links_free(list, count);
	expect(links_wanted(shop_db, 10, &list, &count, &err), 0);
	assert_int_equal(count, 0);
	links_free(list, count);

	AUTO_VIDEO v = shop_read(&id);

	assert_string_equal(v.links, links);
	assert_in_range(v.links_left_sec, 3590, 3600);
	assert_int_equal(v.links_wanted_sec, -1);
}

/* Those of a key that lives shorter than half of s3_link_sec always end soon. */
static void new_ones_are_not_made_at_each_look(void **state)
{
#define MADE(when, until)                                                                                    \
	"UPDATE videos SET links_wanted_at = NULL, links_made_at = " when ", links_until = " until           \
	" WHERE id = ?"
#define NOW "UTC_TIMESTAMP(3)"
	static const struct {
		const char *sql;
		int wanted;
	} rows[] = {
		{MADE(NOW, NOW " + INTERVAL 300 SECOND"), 0},
		{MADE(NOW, NOW), 1},
		{MADE(NOW " - INTERVAL 61 SECOND", NOW " + INTERVAL 239 SECOND"), 1},
		{MADE("NULL", "NULL"), 1},
	};
	struct uuid id = shop_video("shop-a", 1);

	(void)state;
	publish(&id, "v/a.mp4");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(db_exec(shop_db, rows[i].sql, DB_ARGS(db_uuid(&id)), NULL, &err), 0);
		if (links_want(shop_db, &id, &err) != rows[i].wanted)
			fail_msg("%s", rows[i].sql);
	}
}

static void a_wish_that_nobody_can_fulfil_is_forgotten(void **state)
{
	struct uuid id = shop_video("shop-a", 1);
	struct link_wish *list = NULL;
	size_t count = 0;

	(void)state;
	publish(&id, "v/a.mp4");
	expect(links_want(shop_db, &id, &err), 1);
	expect(links_wanted(shop_db, 10, &list, &count, &err), 0);
	assert_int_equal(count, 1);
	expect(links_cannot(shop_db, list, &err), 0);
	links_free(list, count);
	expect(links_wanted(shop_db, 10, &list, &count, &err), 0);
	assert_int_equal(count, 0);
	links_free(list, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_from_keys),
		cmocka_unit_test(links_end_at_half_time),
		cmocka_unit_test_setup(new_ones_are_not_made_at_each_look, shop_empty),
		cmocka_unit_test_setup(a_wish_that_nobody_can_fulfil_is_forgotten, shop_empty),
		cmocka_unit_test_setup(a_wish_stays_until_it_is_fulfilled, shop_empty),
	};

	return cmocka_run_group_tests(tests, shop_open, shop_close);
}
