/*
 * Compares the storage with the rows, both read in the order of their keys: an object that no row names is an
 * orphan, a key that a completed video names and the storage does not have is missing. Nothing is removed
 * here: a repair records the orphans. Films that are missing are only told of, since making one
 * again is the operator's to decide.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/io/loop.h"
#include "lib/video/checks.h"
#include "lib/video/orphans.h"
#include "lib/video/outputs.h"

#define LISTED_MAX       1000 /* of each kind; all are counted */
#define REPORT_MAX_BYTES (1024 * 1024)

#define VIDEOS_PREFIX "videos/"
#define BOUGHT_PREFIX "bought/"

struct check {
	struct engine *engine;
	struct loop_timer *timer;
	const struct phase *phase; /* NULL: nothing is being checked */
	struct storage_call *call;
	int64_t id;
	bool repair;
	bool failed; /* in a page; why is in failure */
	struct err failure;
	int64_t objects, bytes, orphan_count, missing_count;
	struct json *orphans, *missing; /* keys */

	struct uuid at; /* the video whose objects are being listed; all before it are done */
	struct check_video video;
	struct outputs outputs;
	bool is_known;   /* it has a row */
	char **expected; /* what it names and was not met yet; those that were are NULL */
	size_t expected_count;
};

/* What was found */

static int found_orphan(struct check *c, const char *key)
{
	if (c->orphan_count++ < LISTED_MAX)
		json_append_string(c->orphans, key);
	return c->repair ? orphans_add(c->engine->db, key, &c->failure) : 0;
}

static void found_missing(const char *key, void *arg)
{
	struct check *c = arg;

	if (c->missing_count++ < LISTED_MAX)
		json_append_string(c->missing, key);
}

/* Videos, one after the other */

static void expect(const char *key, void *arg)
{
	struct check *c = arg;

	c->expected = xreallocarray(c->expected, c->expected_count + 1, sizeof(*c->expected));
	c->expected[c->expected_count++] = xstrdup(key);
}

static void leave_video(struct check *c)
{
	for (size_t i = 0; i < c->expected_count; i++) {
		if (c->expected[i])
			found_missing(c->expected[i], c);
		free(c->expected[i]);
	}
	free(steal_ptr(c->expected));
	c->expected_count = 0;
	check_video_done(&c->video);
	outputs_done(&c->outputs);
}

/* Completed videos between the one that was listed last and the next one (NULL: the end) have nothing at all.
 */
static int pass_empty(struct check *c, const struct uuid *before)
{
	struct check_video v = {.outputs = NULL};
	int found;

	while ((found = checks_next(c->engine->db, &c->at, before, &v, &c->failure)) == 1) {
		AUTO_OUTPUTS o = {0};
		struct err unreadable;

		c->at = v.id;
		if (outputs_read(v.outputs, &o, &unreadable) == 0)
			outputs_keys(&o, found_missing, c);
	}
	check_video_done(&v);
	return found;
}

static int enter_video(struct check *c, const struct uuid *id)
{
	struct err unreadable;
	int found;

	leave_video(c);
	if (pass_empty(c, id) < 0)
		return -1;
	c->at = *id;
	found = checks_video(c->engine->db, id, &c->video, &c->failure);
	if (found < 0)
		return -1;
	c->is_known = found == 1;
	if (c->video.is_completed && outputs_read(c->video.outputs, &c->outputs, &unreadable) == 0)
		outputs_keys(&c->outputs, expect, c);
	return 0;
}

/* True: the current video names it. */
static bool meet(struct check *c, const char *key)
{
	for (size_t i = 0; i < c->expected_count; i++) {
		if (c->expected[i] && strcmp(c->expected[i], key) == 0) {
			free(steal_ptr(c->expected[i]));
			return true;
		}
	}
	return false;
}

/* Of a video that is being made, or removed, any file may be there. */
static int judge_published(struct check *c, const char *key)
{
	const char *name = key + strlen(VIDEOS_PREFIX);
	char text[UUID_TEXT_SIZE] = "";
	struct uuid id;

	if (strlen(name) >= sizeof(text))
		memcpy(text, name, sizeof(text) - 1);
	if (!uuid_parse_text(text, &id))
		return found_orphan(c, key);
	uuid_format(&id, text); /* in the form that we write, and no other */
	if (strncmp(text, name, strlen(text)) != 0)
		return found_orphan(c, key);
	if (!uuid_equal(&id, &c->at) && enter_video(c, &id) < 0)
		return -1;
	if (meet(c, key) || (c->is_known && !c->video.is_completed))
		return 0;
	return found_orphan(c, key);
}

/* Beside an artefact may lie what is known of it. */
static int judge_bought(struct check *c, const char *key)
{
	AUTO_FREE char *artefact = xstrdup(key + strlen(BOUGHT_PREFIX));
	char *beside = strstr(artefact, ".json");
	int known;

	if (beside && beside[strlen(".json")] == '\0')
		*beside = '\0';
	known = checks_bought(c->engine->db, artefact, &c->failure);
	return known == 0 ? found_orphan(c, key) : known < 0 ? -1 : 0;
}

/* The course of it */

static const struct phase {
	const char *prefix;
	int (*judge)(struct check *c, const char *key);
} phases[] = {
	{VIDEOS_PREFIX, judge_published},
	{BOUGHT_PREFIX, judge_bought},
};

static char *report_of(struct check *c)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF text = BUF_INIT(REPORT_MAX_BYTES);

	json_put_int(root, "objects", c->objects);
	json_put_int(root, "bytes", c->bytes);
	json_put_int(root, "orphanCount", c->orphan_count);
	json_put_int(root, "missingCount", c->missing_count);
	json_put(root, "orphans", steal_ptr(c->orphans));
	json_put(root, "missing", steal_ptr(c->missing));
	json_write(root, &text);
	return buf_steal(&text);
}

static void end(struct check *c, const struct err *failure)
{
	AUTO_FREE char *report = failure ? xstrdup(failure->text) : report_of(c);
	struct err e;

	if (checks_end(c->engine->db, c->id, failure ? CHECK_FAILED : CHECK_DONE, report, &e) < 0)
		log_warning("check of the storage not recorded", log_text("error", e.text)); /* made again */
	log_info("storage checked", log_number("objects", c->objects), log_number("orphans", c->orphan_count),
		log_number("missing", c->missing_count), log_text(failure ? "error" : NULL, report));
	leave_video(c);
	json_free(steal_ptr(c->orphans));
	json_free(steal_ptr(c->missing));
	c->phase = NULL;
}

static void begin_phase(struct check *c);

static bool page(const struct storage_object *objects, size_t count, void *arg)
{
	struct check *c = arg;

	c->failed = checks_alive(c->engine->db, c->id, &c->failure) < 0;
	for (size_t i = 0; !c->failed && i < count; i++) {
		c->objects++;
		c->bytes += objects[i].bytes;
		c->failed = c->phase->judge(c, objects[i].key) < 0;
	}
	return !c->failed;
}

static void listed(const struct err *failure, void *arg)
{
	struct check *c = arg;

	c->call = NULL;
	if (failure) {
		end(c, failure);
		return;
	}
	if (!c->failed && c->phase == &phases[0]) {
		leave_video(c);
		c->failed = pass_empty(c, NULL) < 0;
	}
	if (c->failed) {
		end(c, &c->failure);
		return;
	}
	if (++c->phase == phases + ARRAY_LEN(phases))
		end(c, NULL);
	else
		begin_phase(c);
}

static void begin_phase(struct check *c)
{
	struct storage *s = c->engine->storage;

	c->call = s->ops->list(s, c->phase->prefix, NULL, page, listed, c);
}

static void on_timer(void *arg)
{
	struct check *c = arg;
	struct err e;
	int64_t id;
	bool repair;
	int found;

	if (c->phase)
		return;
	found = checks_take(c->engine->db, &id, &repair, &e);
	if (found < 0)
		log_warning("looking for checks of the storage", log_text("error", e.text));
	if (found != 1)
		return;
	*c = (struct check){.engine = c->engine,
		.timer = c->timer,
		.id = id,
		.repair = repair,
		.orphans = json_new_array(),
		.missing = json_new_array(),
		.phase = phases};
	begin_phase(c);
}

int check_new(struct engine *en, struct check **ret, struct err *e)
{
	struct check *c = xcalloc(1, sizeof(*c));

	c->engine = en;
	if (loop_timer_new(en->loop, on_timer, c, &c->timer, e) < 0) {
		free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void check_free(struct check *c)
{
	if (!c)
		return;
	storage_cancel(c->call);
	leave_video(c);
	json_free(c->orphans);
	json_free(c->missing);
	loop_timer_free(c->timer);
	free(c);
}

void check_soon(struct check *c)
{
	loop_timer_arm(c->timer, 0);
}
