/*
 * What is asked of a video that is there already: stop, go on, make it again, make it differently. Each is
 * one transaction of lib/video/again.c, which knows what a video's status allows. What may cost more than was
 * ordered is priced and checked here first, as an order is.
 */
#include "cgi/again.h"

#include <stdlib.h>

#include "cgi/files.h"
#include "cgi/order.h"
#include "cgi/reply.h"
#include "cgi/videos.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/io/wake.h"
#include "lib/video/again.h"
#include "lib/video/request.h"
#include "lib/video/rules.h"
#include "lib/video/status.h"
#include "lib/video/videos.h"

#define NO_SUCH_SCENE "The video has no scene with this number."

/* 1, 0 answered with 404, -1. */
static int find(struct app *a, const struct request *q, struct video *v, struct reply *r, struct err *e)
{
	int found = videos_get(a->db, &q->id, v, e);

	return found == 0 ? reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO) : found;
}

/* What became of it: 1 done, with the daemon woken; 0 answered; -1. */
static int settle(struct app *a, const struct request *q, int result, struct reply *r, struct err *e)
{
	if (result < 0)
		return order_refused(r, e);
	if (result == 0)
		return reply_error(r, REPLY_NOT_FOUND, NO_SUCH_VIDEO);
	status_forget(a->cache, &q->id);
	wake_daemon(a->settings.wake_socket);
	return 1;
}

/* 202 with the status as it is now, or what became of it instead. */
static int answer_status(struct app *a, const struct request *q, int result, struct reply *r, struct err *e)
{
	AUTO_VIDEO v = {0};
	int done = settle(a, q, result, r, e);

	if (done <= 0)
		return done;

	int found = find(a, q, &v, r, e);

	if (found < 0)
		e->kind = ERR_UNCERTAIN; /* it was done; only that cannot be said now */
	return found <= 0 ? found : reply_json(r, 202, status_json(&v, &a->settings));
}

/* As answer_status, with where to look. */
static int answer_queued(struct app *a, const struct request *q, int result, struct reply *r, struct err *e)
{
	char id[UUID_TEXT_SIZE];
	int answered = answer_status(a, q, result, r, e);

	uuid_format(&q->id, id);
	if (answered == 0 && r->status == 202)
		reply_location(r, "/videos/", id);
	return answered;
}

int serve_video_cancel(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	return answer_status(a, q, videos_cancel(a->db, &q->id, e), r, e);
}

int serve_video_retry(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	bool accept = false;

	if (q->body && !request_read_retry(q->body, &accept, &problems))
		return reply_problems(r, &problems);
	return answer_queued(a, q, videos_retry(a->db, &q->id, accept, e), r, e);
}

int serve_video_render(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	int mode = MODE_FULL;

	if (q->body && !request_read_render(q->body, &mode, &problems))
		return reply_problems(r, &problems);
	return answer_queued(
		a, q, videos_render(a->db, &a->settings, &q->id, (enum video_mode)mode, e), r, e);
}

/* A voice that was withdrawn is in the way only of one who asks for speech. */
static int check_change(
	struct app *a, const struct json *body, struct video *v, struct reply *r, struct err *e)
{
	bool speech = json_has(body, "voiceId") || json_has(body, "voiceoverScript") ||
		      (json_has(body, "scenes") && video_is_narrated(v));

	return speech ? order_check(a, v, r, e) : order_check_price(a, v, r);
}

int serve_video_change(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	AUTO_VIDEO v = {0};
	int found = find(a, q, &v, r, e);

	if (found <= 0)
		return found;
	if (!request_read_change(q->body, &v, &problems))
		return reply_problems(r, &problems);

	int checked = check_change(a, q->body, &v, r, e);

	if (checked > 0)
		checked = files_use_video(a, &v, r, e);
	if (checked <= 0)
		return checked;

	int done = settle(a, q, videos_change(a->db, &v, e), r, e);

	return done <= 0 ? done : serve_video(a, q, r, e);
}

/* The change made in v too, for its price. */
static void apply(const struct request_regenerate *change, struct scene *scene)
{
	if (change->prompt) {
		free(scene->prompt);
		scene->prompt = xstrdup(change->prompt);
	}
	if (change->image_url || change->no_image) {
		free(scene->image_url);
		scene->image_url = xstrdup(change->image_url);
	}
}

int serve_scene_regenerate(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	AUTO_VIDEO v = {0};
	AUTO_REGENERATE change = {0};

	if (q->body && !request_read_regenerate(q->body, &change, &problems))
		return reply_problems(r, &problems);

	int found = find(a, q, &v, r, e);

	if (found <= 0)
		return found;
	if (q->scene > (int64_t)v.scene_count)
		return reply_error(r, REPLY_NOT_FOUND, NO_SUCH_SCENE);
	rules_check_source(change.image_url, v.store_id, "/imageUrl", &problems);
	if (problems.count > 0)
		return reply_problems(r, &problems);
	apply(&change, &v.scenes[q->scene - 1]);

	int checked = order_check_price(a, &v, r);

	if (checked > 0)
		checked = files_use(a, change.image_url, "/imageUrl", r, e);
	if (checked <= 0)
		return checked;

	struct scene_change c = {
		.prompt = change.prompt, .image_url = change.image_url, .no_image = change.no_image};

	return answer_queued(a, q, videos_regenerate(a->db, &a->settings, &q->id, q->scene - 1, &c, e), r, e);
}
