/* Stores, products and music against a real server with our own schema. */

#include "lib/video/stores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/limits.h"
#include "lib/video/migrate.h"
#include "lib/video/money.h"
#include "tests/unit/session.h"

static struct test_server server;
static struct db *db; /* one for all tests: each has its own ids */

static struct store example_store(const char *id)
{
	return (struct store){.id = xstrdup(id), .name = xstrdup("A store")};
}

static struct product example_product(const char *id, const char *store_id)
{
	return (struct product){.id = xstrdup(id),
		.store_id = xstrdup(store_id),
		.title = xstrdup("A product"),
		.price_milli = -1};
}

static void put_store(const char *id)
{
	AUTO_STORE s = example_store(id);
	struct err e;

	expect_rc(stores_put(db, &s, &e), 1, &e);
}

static void put_product(const char *id, const char *store_id)
{
	AUTO_PRODUCT p = example_product(id, store_id);
	struct err e;

	expect_rc(products_put(db, &p, &e), 1, &e);
}

static void expect_text(const char *got, const char *wanted)
{
	if (wanted)
		assert_string_equal(got, wanted);
	else
		assert_null(got);
}

static void expect_same_store(const struct store *a, const struct store *b)
{
	expect_text(a->id, b->id);
	expect_text(a->name, b->name);
	expect_text(a->niche, b->niche);
	assert_int_equal(a->currency, b->currency);
	assert_int_equal(a->locale, b->locale);
}

static void expect_same_product(const struct product *a, const struct product *b)
{
	expect_text(a->id, b->id);
	expect_text(a->store_id, b->store_id);
	expect_text(a->title, b->title);
	expect_text(a->description, b->description);
	assert_true(a->price_milli == b->price_milli);
	assert_int_equal(a->image_count, b->image_count);
	for (size_t i = 0; i < a->image_count; i++) {
		expect_text(a->images[i].url, b->images[i].url);
		expect_text(a->images[i].alt, b->images[i].alt);
	}
}

static void test_a_store_is_created_then_replaced(void **state)
{
	AUTO_STORE first = example_store("put.1");
	AUTO_STORE second = {.id = xstrdup("put.1"),
		.name = xstrdup("\xE5\xBA\x97 \xF0\x9F\x9B\x8D"),
		.niche = xstrdup("tea"),
		.currency = 1,
		.locale = 1};
	AUTO_STORE got = {.id = NULL};
	AUTO_STORE again = {.id = NULL};
	struct err e;

	(void)state;
	expect_rc(stores_get(db, "put.1", &got, &e), 0, &e);
	assert_null(got.id);
	expect_rc(stores_put(db, &first, &e), 1, &e);
	expect_rc(stores_get(db, "put.1", &got, &e), 1, &e);
	expect_same_store(&got, &first);
	expect_rc(stores_put(db, &second, &e), 0, &e);
	expect_rc(stores_put(db, &second, &e), 0, &e);
	expect_rc(stores_get(db, "put.1", &again, &e), 1, &e);
	expect_same_store(&again, &second);
}

static void test_every_currency_and_locale(void **state)
{
	(void)state;
	for (int c = 0, l = 0; money_currencies[c] || money_locales[l];
		c += money_currencies[c] != NULL, l += money_locales[l] != NULL) {
		AUTO_STORE s = example_store("currency");
		AUTO_STORE got = {.id = NULL};
		struct err e;

		s.currency = money_currencies[c] ? c : 0;
		s.locale = money_locales[l] ? l : 0;
		assert_true(stores_put(db, &s, &e) >= 0);
		expect_rc(stores_get(db, "currency", &got, &e), 1, &e);
		expect_same_store(&got, &s);
	}
}

static void test_an_unknown_currency_in_the_database_is_no_default(void **state)
{
	AUTO_STORE got = {.id = NULL};
	struct err e;

	(void)state;
	put_store("odd");
	expect_rc(db_exec(db, "UPDATE stores SET currency='XXX' WHERE public_id='odd'", DB_NO_ARGS, NULL, &e),
		0, &e);
	expect_rc(stores_get(db, "odd", &got, &e), -1, &e);
	assert_int_equal(e.kind, ERR_PERM);
	assert_null(got.id);
	expect_rc(db_exec(db, "DELETE FROM stores WHERE public_id='odd'", DB_NO_ARGS, NULL, &e), 0, &e);
}

static void test_ids_are_exact(void **state)
{
	static const char *const others[] = {"Exact", "exact ", " exact", "exact%", "exact\xC3\xA9", "",
		"ex\303\244ct", "exac_", "exact'--", "exact\n"};
	struct err e;

	(void)state;
	put_store("exact");
	put_product("exact", "exact");
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct store s;
		struct product p, *list = NULL;
		size_t count = 1;
		int64_t total = 1;

		expect_rc(stores_get(db, others[i], &s, &e), 0, &e);
		expect_rc(products_get(db, others[i], &p, &e), 0, &e);
		expect_rc(products_list(db, others[i], 10, 0, &list, &count, &total, &e), 0, &e);
		assert_int_equal(count, 0);
		assert_int_equal(total, 0);
		products_list_free(list, count);
	}
}

static void test_a_product_comes_back_whole(void **state)
{
	static const int64_t prices[] = {-1, 0, 1, 29990, LIMIT_PRICE_MILLI};
	AUTO_FREE char *long_text = xcalloc(1, LIMIT_DESCRIPTION * 4 + 1);

	(void)state;
	put_store("whole");
	for (size_t i = 0; i < LIMIT_DESCRIPTION; i++)
		memcpy(long_text + 4 * i, "\xF0\x9F\x8E\xAC", 4);
	for (size_t i = 0; i < ARRAY_LEN(prices); i++) {
		AUTO_PRODUCT p = example_product("whole", "whole");
		AUTO_PRODUCT got = {.id = NULL};
		struct err e;

		p.price_milli = prices[i];
		p.description = i % 2 ? xstrdup(long_text) : NULL;
		p.image_count = i == 0 ? 0 : LIMIT_IMAGES;
		p.images = xcalloc(p.image_count, sizeof(*p.images));
		for (size_t n = 0; n < p.image_count; n++) {
			p.images[n].url =
				xasprintf("https://shop.example/%zu/\"quoted\"/\xC3\xA9?a=1&b=2", n);
			p.images[n].alt = n % 2 ? xstrdup("") : NULL;
		}
		expect_rc(products_put(db, &p, &e), i == 0, &e);
		expect_rc(products_get(db, "whole", &got, &e), 1, &e);
		expect_same_product(&got, &p);
	}
}

static void test_a_product_needs_its_store(void **state)
{
	AUTO_PRODUCT orphan = example_product("needy", "no-such-store");
	AUTO_PRODUCT taken = example_product("needy", "other");
	AUTO_PRODUCT got = {.id = NULL};
	struct err e;

	(void)state;
	expect_rc(products_put(db, &orphan, &e), -1, &e);
	assert_int_equal(e.kind, ERR_PERM);
	assert_int_equal(e.http_status, 404);

	put_store("owner");
	put_store("other");
	put_product("needy", "owner");
	free(taken.title);
	taken.title = xstrdup("Stolen");
	expect_rc(products_put(db, &taken, &e), -1, &e);
	assert_int_equal(e.kind, ERR_PERM);
	assert_int_equal(e.http_status, 409);
	expect_rc(products_put(db, &orphan, &e), -1, &e);
	assert_int_equal(e.http_status, 404);
	expect_rc(products_get(db, "needy", &got, &e), 1, &e);
	expect_text(got.title, "A product");
	expect_text(got.store_id, "owner");
}

static void test_pages_of_products(void **state)
{
	static const struct {
		int64_t limit, offset;
		size_t count;
		const char *first;
	} cases[] = {
		{10, 0, 5, "page-0"},
		{2, 0, 2, "page-0"},
		{2, 2, 2, "page-2"},
		{2, 4, 1, "page-4"},
		{2, 5, 0, NULL},
		{LIMIT_PAGE, LIMIT_OFFSET, 0, NULL},
	};

	(void)state;
	put_store("pages");
	put_store("no-pages");
	for (int i = 4; i >= 0; i--) {
		AUTO_FREE char *id = xasprintf("page-%d", i);

		put_product(id, "pages");
	}
	put_product("page-3-of-another", "no-pages");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct product *list = NULL;
		size_t count = 0;
		int64_t total = 0;
		struct err e;

		expect_rc(products_list(
				  db, "pages", cases[i].limit, cases[i].offset, &list, &count, &total, &e),
			0, &e);
		assert_int_equal(count, cases[i].count);
		assert_int_equal(total, 5);
		if (count > 0)
			assert_string_equal(list[0].id, cases[i].first);
		products_list_free(list, count);
	}
}

static void test_pages_of_stores(void **state)
{
	struct store *all = NULL, *page = NULL;
	size_t count = 0, one = 0;
	int64_t total = 0;
	struct err e;

	(void)state;
	put_store("a-store");
	put_store("z-store");
	expect_rc(stores_list(db, LIMIT_PAGE, 0, &all, &count, &total, &e), 0, &e);
	assert_int_equal(count, total);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(all[i - 1].id, all[i].id) < 0);
	expect_rc(stores_list(db, 1, 1, &page, &one, &total, &e), 0, &e);
	assert_int_equal(one, 1);
	expect_same_store(&page[0], &all[1]);
	stores_list_free(page, one);
	stores_list_free(all, count);
}

static void test_many_put_the_same_at_once(void **state)
{
	enum { PROCESSES = 8, IDS = 20 };
	pid_t pids[PROCESSES];
	int created = 0;

	(void)state;
	put_store("race");
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] > 0)
			continue;

		struct db_options options = test_db_options(&server);
		struct db *own = db_new(&options);
		int mine = 0;

		for (int n = 0; n < IDS; n++) {
			AUTO_FREE char *id = xasprintf("race-%d", n);
			AUTO_PRODUCT p = example_product(id, "race");
			struct err e;
			int rc = products_put(own, &p, &e);

			if (rc < 0)
				_exit(100);
			mine += rc;
		}
		_exit(mine);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= IDS);
		created += WEXITSTATUS(status);
	}
	assert_int_equal(created, IDS);
}

static void test_music(void **state)
{
	static const struct {
		const char *id, *name, *category, *file;
	} tracks[] = {
		{"6d757369-6300-4000-8000-000000000002", "Quiet Harbour", "calm", "quiet-harbour.m4a"},
		{"6d757369-6300-4000-8000-000000000003", "Clear Path", "corporate", "clear-path.m4a"},
		{"6d757369-6300-4000-8000-000000000001", "Bright Morning", "upbeat", "bright-morning.m4a"},
	};
	struct music_track *list = NULL;
	size_t count = 0;
	struct err e;

	(void)state;
	expect_rc(music_list(db, &list, &count, &e), 0, &e);
	assert_int_equal(count, ARRAY_LEN(tracks));
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *file = xasprintf("music/%s", tracks[i].file);
		AUTO_FREE char *preview = xasprintf("/assets/%s", file);
		char id[UUID_TEXT_SIZE];
		struct music_track t;

		uuid_format(&list[i].id, id);
		assert_string_equal(id, tracks[i].id);
		assert_string_equal(list[i].name, tracks[i].name);
		assert_string_equal(list[i].category, tracks[i].category);
		assert_string_equal(list[i].file, file);
		assert_string_equal(list[i].preview_url, preview);
		assert_in_range(list[i].duration_ms, 10000, 120000);
		assert_true(list[i].is_ring);
		expect_rc(music_get(db, tracks[i].id, &t, &e), 1, &e);
		assert_string_equal(t.name, tracks[i].name);
		assert_true(uuid_equal(&t.id, &list[i].id));
		music_track_done(&t);
	}
	music_list_free(list, count);
}

static void test_unknown_music(void **state)
{
	static const char *const ids[] = {"6d757369-6300-4000-8000-000000000009", "", "quiet-harbour",
		"6d757369-6300-4000-8000-00000000000x", "6d757369630040008000000000000001"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct music_track t;
		struct err e;

		expect_rc(music_get(db, ids[i], &t, &e), 0, &e);
	}
}

static void test_lookups_use_an_index(void **state)
{
	static const struct {
		const char *sql, *key;
	} cases[] = {
		{"EXPLAIN SELECT id FROM stores WHERE public_id = ?", "u_public"},
		{"EXPLAIN SELECT id FROM products WHERE public_id = ?", "u_public"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(db_rows) rows = NULL;
		struct err e;

		expect_rc(db_query(db, cases[i].sql, DB_ARGS(db_text("exact")), &rows, &e), 0, &e);
		assert_true(db_next(rows));
		assert_string_equal(db_get_text(rows, 3), "const");
		assert_string_equal(db_get_text(rows, 5), cases[i].key);
	}
}

static int start(void **state)
{
	struct err e;

	(void)state;
	test_db_create(&server);

	struct db_options options = test_db_options(&server);

	db = db_new(&options);
	if (migrate_run(db, "db", 5, &e) < 0) {
		print_error("%s\n", e.text);
		return -1;
	}
	return 0;
}

static int stop(void **state)
{
	(void)state;
	db_free(db);
	test_server_remove(&server);
	db_library_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_store_is_created_then_replaced),
		cmocka_unit_test(test_every_currency_and_locale),
		cmocka_unit_test(test_an_unknown_currency_in_the_database_is_no_default),
		cmocka_unit_test(test_ids_are_exact),
		cmocka_unit_test(test_a_product_comes_back_whole),
		cmocka_unit_test(test_a_product_needs_its_store),
		cmocka_unit_test(test_pages_of_products),
		cmocka_unit_test(test_pages_of_stores),
		cmocka_unit_test(test_many_put_the_same_at_once),
		cmocka_unit_test(test_music),
		cmocka_unit_test(test_unknown_music),
		cmocka_unit_test(test_lookups_use_an_index),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
