#include "tests/unit/shop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/video/migrate.h"
#include "lib/video/steps.h"
#include "lib/video/stores.h"
#include "lib/video/videos.h"

static char no_presets[] = "";

struct db *shop_db, *shop_other;
const struct settings shop_settings = {.priority = 5, .voice_presets = no_presets};
const struct jobs_rules shop_rules = {
	.worker = "here:1:a", .lease_sec = 60, .store_in_flight = 20, .lost_leases = 99};
const struct jobs_rules shop_rival = {
	.worker = "there:2:b", .lease_sec = 60, .store_in_flight = 20, .lost_leases = 99};

static void put_store(const char *id)
{
	AUTO_STORE s = {.id = xstrdup(id), .name = xstrdup("A shop")};
	struct err e;
	int rc = stores_put(shop_db, &s, &e);

	expect_ok(rc < 0 ? -1 : 0, &e);
}

int shop_open(void **state)
{
	struct err e;

	if (session_start(state) != 0)
		return -1;
	shop_db = session_new(20);
	shop_other = session_new(20);
	expect_ok(migrate_run(shop_db, "db", 5, &e) < 0 ? -1 : 0, &e);
	put_store("shop-a");
	put_store("shop-b");
	return 0;
}

int shop_close(void **state)
{
	db_free(shop_db);
	db_free(shop_other);
	return session_stop(state);
}

int shop_empty(void **state)
{
	static const char *const statements[] = {"DELETE FROM videos", "DELETE FROM purchases",
		"DELETE FROM vendors", "DELETE FROM voices", "DELETE FROM speech_models"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		session_exec(shop_db, statements[i]);
	return 0;
}

struct uuid shop_video(const char *store, size_t scenes)
{
	AUTO_VIDEO v;
	struct err e;

	video_init(&v);
	v.store_id = xstrdup(store);
	v.title = xstrdup("A film");
	v.scenes = xcalloc(scenes, sizeof(*v.scenes));
	for (; v.scene_count < scenes; v.scene_count++) {
		struct scene *s = &v.scenes[v.scene_count];

		scene_init(s);
		s->prompt = xasprintf("scene %zu", v.scene_count);
		s->duration_ms = 1000;
	}
	expect_ok(videos_create(shop_db, &shop_settings, &v, NULL, &e), &e);
	return v.id;
}

static struct job claim(struct db *db, const struct jobs_rules *rules)
{
	struct job job = {.id = 0};
	struct err e;
	int c = jobs_claim(db, rules, &job, &e);

	if (c != 1)
		fail_msg("claim gave %d %s", c, c < 0 ? e.text : "");
	return job;
}

struct job shop_claim(void)
{
	return claim(shop_db, &shop_rules);
}

struct job shop_claim_rival(void)
{
	struct err e;

	session_exec(shop_db,
		"UPDATE jobs SET lease_until = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE state = 1");
	expect_ok(jobs_reap(shop_other, &shop_rival, &e) < 0 ? -1 : 0, &e);
	return claim(shop_other, &shop_rival);
}

struct video shop_read(const struct uuid *id)
{
	struct video v = {.title = NULL};
	struct err e;
	int found = steps_load_video(shop_db, id, &v, &e);

	if (found != 1)
		fail_msg("reading a video gave %d %s", found, found < 0 ? e.text : "");
	return v;
}

void shop_purchase(const char *state, int item)
{
	struct err e;
	AUTO_FREE char *sql = xasprintf(
		"INSERT INTO purchases (id, video_id, store_id, vendor, kind, item, input_hash, "
		"request_hash, state, token, "
		"vendor_id, artefact, request, estimate_milli, created_at) "
		"SELECT UNHEX(MD5(CONCAT('%s', %d, HEX(id)))), id, store_id, 'runway', 'scene', %d, "
		"UNHEX(SHA2('x', 256)), UNHEX(SHA2('y', 256)), '%s', 1, 'task', 'ab/x', '{}', 1000, "
		"UTC_TIMESTAMP(3) FROM videos",
		state, item, item, state);

	expect_ok(db_script(shop_db, sql, &e), &e);
}

void shop_pause(const struct job *job, enum pause_reason reason, int64_t need_milli)
{
	AUTO_VIDEO v = {.error = xstrdup("It waits.")};
	bool removal;
	struct err e;

	expect_rc(steps_pause(shop_db, job, &v, reason, reason == PAUSE_POSSIBLE_CHARGE ? NULL : "runway",
			  need_milli, "why", &removal, &e),
		1, &e);
}

void shop_expect_claimed(const struct uuid *id)
{
	struct job job = shop_claim();

	assert_int_equal(job.kind, JOB_MAKE);
	assert_true(uuid_equal(&job.video_id, id));
}
