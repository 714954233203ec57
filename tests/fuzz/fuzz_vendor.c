/*
 * Any bytes as an answer of a vendor: every reader of replies takes them or not, and every verdict on them
 * has a kind, one printable line, and something to tell the client.
 */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"
#include "lib/io/json.h"
#include "lib/remote/elevenlabs_priv.h"
#include "lib/remote/runway_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_verdict(const struct verdict *v)
{
	size_t n = strlen(v->err.text);

	require(n > 0 && text_utf8_valid(v->err.text, n) && !text_has_control(v->err.text) &&
		strpbrk(v->err.text, "\n\t") == NULL);
	require(v->err.kind == ERR_TEMP || v->err.kind == ERR_PERM || v->err.kind == ERR_BLOCKED ||
		v->err.kind == ERR_UNCERTAIN);
	require((v->reason != NULL) == (v->err.kind == ERR_BLOCKED));
	require(v->told != NULL && v->wait_ms >= 0);
}

static void judge(const char *body, size_t n)
{
	static const int statuses[] = {200, 302, 400, 401, 402, 403, 404, 422, 429, 500, 503};

	for (size_t i = 0; i < ARRAY_LEN(statuses) * 2; i++) {
		const struct http_result r = {
			.status = statuses[i / 2], .body = body, .body_len = n, .content_type = ""};
		enum verdict_call call = i % 2 ? CALL_PAID : CALL_FREE;
		struct verdict v;

		verdict_runway(&r, call, &v);
		check_verdict(&v);
		require(call == CALL_PAID || v.err.kind != ERR_UNCERTAIN);
		verdict_elevenlabs(&r, call, &v);
		check_verdict(&v);
		require(call == CALL_PAID || v.err.kind != ERR_UNCERTAIN);
	}
}

static void read_runway(const struct json *root)
{
	struct verdict failed;
	struct runway_created created;
	struct runway_task task;
	struct runway_account account;
	struct runway_slot slot;

	if (runway_read_created(root, &created))
		require(runway_is_id(created.id) && created.estimate_milli >= -1);
	if (runway_read_task(root, &failed, &task)) {
		require(task.state >= 0 && task.state < RUNWAY_GONE && task.permille <= 1000 &&
			task.cost_milli >= -1);
		require((task.output != NULL) == (task.state == RUNWAY_SUCCEEDED));
		if (task.failed != NULL)
			check_verdict(task.failed);
	}
	if (runway_read_account(root, "gen4.5", &account))
		require(account.balance_milli >= 0 && account.concurrency >= -1 &&
			account.daily_limit >= -1 && account.daily_used >= -1);
	if (runway_read_slot(root, &slot)) {
		AUTO_BUF form = BUF_INIT(1 << 20);

		runway_form_head(&slot, "b", "image/png", &form);
		require(buf_ok(&form) && !text_has_control(slot.uri) && !text_has_control(slot.url));
	}
}

static void read_elevenlabs(const struct json *root)
{
	AUTO_FREE struct elevenlabs_voice *voices = NULL;
	AUTO_FREE struct elevenlabs_model *models = NULL;
	struct elevenlabs_voices page;
	struct elevenlabs_account account;
	size_t count = 0;

	if (elevenlabs_read_voices(root, &voices, &page))
		for (size_t i = 0; i < page.count; i++)
			require(page.list[i].id[0] != '\0' && page.list[i].name[0] != '\0' &&
				page.list[i].category != NULL);
	if (elevenlabs_read_models(root, &models, &count))
		for (size_t i = 0; i < count; i++)
			require(models[i].id[0] != '\0' && models[i].max_characters > 0 &&
				models[i].cost_permille > 0);
	if (elevenlabs_read_account(root, &account))
		require(account.left_milli >= 0 && strlen(account.tier) < sizeof(account.tier));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *body = xstrndup((const char *)data, size);
	AUTO_FREE char *exact = xmalloc(size + 1);
	AUTO(json) root = NULL;
	struct verdict v;
	struct err e;

	memcpy(exact, data, size);
	exact[size] = '\0';
	judge(exact, size);
	verdict_runway_task(body, body, &v);
	check_verdict(&v);
	(void)runway_takes_url(body);
	if (json_parse(exact, size, &root, &e) < 0)
		return 0;
	read_runway(root);
	read_elevenlabs(root);
	return 0;
}
