/*
 * What a video would cost, before anybody buys it: the body of an order, and its price for an answer. It
 * reads a product at most and writes nothing, so what the order's own transaction finds out (an unknown
 * store, a day's limit) is not said here.
 */
#include "cgi/estimate.h"

#include <stdlib.h>

#include "cgi/order.h"
#include "cgi/reply.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/video/estimate.h"
#include "lib/video/models.h"
#include "lib/video/request.h"

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

int serve_estimate(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	bool of_product = json_has(q->body, "productId") && !json_has(q->body, "storeId");
	int whole = of_product ? read_product_order(a, q->body, &v, r, e) : read_video_order(q->body, &v, r);

	if (whole <= 0)
		return whole;

	AUTO_FREE struct scene_choice *choices = xcalloc(v.scene_count, sizeof(*choices));
	struct estimate total;

	if (!order_price(a, &v, choices, &total, r))
		return 0;
	return reply_json(r, 200, estimate_json(&v, &a->settings, choices, &total));
}
