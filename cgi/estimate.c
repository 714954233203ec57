/*
 * What a video would cost, before anybody buys it: the body of an order, and its price for an answer. What is
 * not there is refused as the order would be; what is too dear is answered, with the refusal that the order
 * would get. Nothing is written.
 */
#include "cgi/estimate.h"

#include <stdlib.h>
#include <string.h>

#include "cgi/order.h"
#include "cgi/reply.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/estimate.h"
#include "lib/video/models.h"
#include "lib/video/request.h"
#include "lib/video/stores.h"

/* 1 with the whole video in *v, 0 answered, -1 failed. */
static int read_product_order(
	struct app *a, const struct json *body, struct video *v, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};

	*v = order_defaults();
	if (!request_read_product_wish(body, v, &problems))
		return reply_problems(r, &problems);

	AUTO_FREE char *product_id = steal_ptr(v->product_id);

	return order_product(a, product_id, v->style, v, r, e);
}

/* As POST /videos takes it. */
static int read_video_order(const struct json *body, struct video *v, struct reply *r)
{
	AUTO_PROBLEMS problems = {0};

	return request_read_video(body, v, &problems) ? 1 : reply_problems(r, &problems);
}

/* Whether all that the body names is there: 1; 0 *ret_field is not; -1. */
static int find_names(struct app *a, const struct video *v, const char **ret_field, struct err *e)
{
	AUTO_STORE store = {0};
	AUTO_PRODUCT product = {0};
	CLEANUP(music_track_done) struct music_track track = {0};
	int found = stores_get(a->db, v->store_id, &store, e);

	*ret_field = "storeId";
	if (found == 1 && v->product_id) {
		*ret_field = "productId";
		found = products_get(a->db, v->product_id, &product, e);
		if (found == 1)
			found = strcmp(product.store_id, v->store_id) == 0;
	}
	if (found == 1 && v->music_track_id) {
		*ret_field = "musicTrackId";
		found = music_get(a->db, v->music_track_id, &track, e);
	}
	return found;
}

/* As the order's own transaction would answer: 1 go on, 0 answered, -1. */
static int check_names(struct app *a, const struct video *v, struct reply *r, struct err *e)
{
	const char *field;
	int found = find_names(a, v, &field, e);

	if (found == 1)
		return order_check_voice(a, v, r, e);
	if (found == 0)
		(void)err_set_http(e, ERR_PERM, 404, "%s", field);
	return found < 0 ? -1 : order_refused(r, e);
}

/* What an order would be refused for: "" nothing. The store's day is looked at as an order does, and left. */
static int find_refusal(
	struct app *a, const struct video *v, const struct estimate *t, struct buf *ret_why, struct err *e)
{
	if (!order_allowed(a, t, ret_why))
		return 0;
	if (db_begin(a->db, e) < 0)
		return -1;

	int over = budget_check(a->db, &a->settings, v->store_id, t, e);

	db_rollback(a->db);
	if (over == 0)
		return 0;
	if (e->kind != ERR_PERM || e->http_status != 402)
		return -1;
	buf_adds(ret_why, e->text);
	return 0;
}

int serve_estimate(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	AUTO_BUF refusal = BUF_INIT(512);
	bool of_product = json_has(q->body, "productId") && !json_has(q->body, "storeId");
	int whole = of_product ? read_product_order(a, q->body, &v, r, e) : read_video_order(q->body, &v, r);

	if (whole <= 0)
		return whole;

	AUTO_FREE struct scene_choice *choices = xcalloc(v.scene_count, sizeof(*choices));
	struct estimate total;

	if (!order_price(a, &v, choices, &total, r))
		return 0;

	int named = check_names(a, &v, r, e);

	if (named <= 0)
		return named;
	if (find_refusal(a, &v, &total, &refusal, e) < 0)
		return -1;

	struct json *answer = estimate_json(&v, &a->settings, choices, &total);

	json_put_bool(answer, "allowed", refusal.len == 0);
	json_put_string(answer, "refusal", refusal.len > 0 ? buf_text(&refusal) : NULL);
	return reply_json(r, 200, answer);
}
