#include "tests/unit/ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "tests/unit/shop.h"

const uint8_t ledger_sunset[DIGEST_SHA256_BYTES] = {1, 0, 255};
const uint8_t ledger_harbour[DIGEST_SHA256_BYTES] = {2};
const uint8_t ledger_garden[DIGEST_SHA256_BYTES] = {3};

static void expect(int rc, int wanted, const struct err *e)
{
	if (rc != wanted)
		fail_msg("%d instead of %d: %s", rc, wanted, rc < 0 ? e->text : "");
}

struct purchase ledger_wish(int64_t item, const uint8_t *hash)
{
	struct purchase p = {.id = uuid_new(),
		.vendor = "runway",
		.kind = "scene",
		.item = item,
		.request = xstrdup("{\"model\":\"gen4.5\"}"),
		.estimate_milli = 60000,
		.cost_milli = -1};

	memcpy(p.request_hash, hash, sizeof(p.request_hash));
	memcpy(p.hash, hash, sizeof(p.hash));
	return p;
}

struct purchase ledger_intend(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = ledger_wish(item, hash);
	struct err e;

	expect(purchases_intend(shop_db, &shop_settings, job, &p, &e), 1, &e);
	p.token = job->token;
	p.video_id = job->video_id;
	return p;
}

void ledger_answer(struct purchase *p, enum purchase_state state, int wanted)
{
	struct err e;

	p->state = (int)state;
	(void)snprintf(p->vendor_id, sizeof(p->vendor_id), "%s", state == PURCHASE_KNOWN ? "task-1" : "");
	expect(purchases_answered(shop_other, p, &e), wanted, &e);
}

struct purchase ledger_know(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = ledger_intend(job, item, hash);

	ledger_answer(&p, PURCHASE_KNOWN, 1);
	return p;
}

struct purchase ledger_keep(const struct job *job, int64_t item, const uint8_t *hash)
{
	struct purchase p = ledger_know(job, item, hash);
	char id[UUID_TEXT_SIZE];
	struct err e;

	uuid_format(&p.id, id);
	(void)snprintf(p.artefact, sizeof(p.artefact), "ab/%s-1.mp4", id);
	p.bytes = 4711;
	p.result = xstrdup("{\"width\":3}");
	p.cost_milli = 50000;
	expect(purchases_kept(shop_db, job, &p, &e), 1, &e);
	return p;
}

void ledger_expect(const struct purchase *p, enum purchase_state wanted)
{
	static const char sql[] = "SELECT state FROM purchases WHERE id = ?";
	AUTO(db_rows) rows = NULL;
	struct err e;

	expect_ok(db_query(shop_db, sql, DB_ARGS(db_uuid(&p->id)), &rows, &e), &e);
	assert_true(db_next(rows));
	assert_string_equal(db_get_text(rows, 0), purchase_state_names[wanted]);
}
