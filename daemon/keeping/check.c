/*
 * Compares the storage with the rows, both read in the order of their keys: an object that no row names is an
 * orphan, a key that a row names and the storage does not have is missing, and what is no file of ours by its
 * key is foreign. Nothing is removed here: a repair records the orphans. Films that are missing are only told
 * of, since making one again is the operator's to decide.
 *
 * A page of the listing is looked at in slices, so that nothing else waits, and what is young is left alone:
 * it may be of an upload that the row, read a moment ago, knows nothing of.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/engine.h"
#include "daemon/keeping/keeping_priv.h"
#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"
#include "lib/io/loop.h"
#include "lib/video/checks.h"
#include "lib/video/orphans.h"
#include "lib/video/outputs.h"

#define SLICE          100  /* objects or rows a turn */
#define LISTED_MAX     1000 /* of each kind; all are counted */
#define ALIVE_MS       10000
#define YOUNG_SEC      3600
#define REPORT_MAX_LEN (4 * 1024 * 1024)

enum kind { ORPHAN, MISSING, FOREIGN, KIND_COUNT };

static const struct {
	const char *list, *count; /* in the report */
} kinds[KIND_COUNT] = {
	[ORPHAN] = {"orphans", "orphanCount"},
	[MISSING] = {"missing", "missingCount"},
	[FOREIGN] = {"foreign", "foreignCount"},
};

struct object {
	char *key;
	int64_t bytes, modified;
};

struct check {
	struct engine *engine;
	struct loop_timer *timer;
	const struct phase *phase; /* NULL: nothing is being checked */
	struct storage_call *call; /* of a listing under way */
	int64_t id;
	bool repair;
	struct err failure;

	struct object *page;
	size_t page_count, at; /* those before at are done */
	char *after;           /* the last key that was listed, NULL none */
	bool is_last;          /* page of its phase */

	int64_t objects, bytes, counts[KIND_COUNT];
	struct json *keys[KIND_COUNT];
	const char *orphans[SLICE]; /* of this turn, to be recorded */
	size_t orphan_count;

	struct uuid video_id; /* whose objects are being looked at; all before it are done */
	struct check_video video;
	struct outputs outputs;
	bool is_known;   /* it has a row */
	char **expected; /* what it names and was not met yet; those that were are NULL */
	size_t expected_count;
	bool passes;          /* over rows without any object */
	struct uuid pass_to;  /* up to this one */
	bool pass_to_the_end; /* or all */
	bool passed_the_end;
};

/* What was found */

static void found(struct check *c, enum kind kind, const char *key)
{
	if (c->counts[kind]++ < LISTED_MAX)
		json_append_string(c->keys[kind], key);
}

static void found_orphan(struct check *c, const struct object *o)
{
	if (o->modified < 0 || o->modified > (int64_t)time(NULL) - YOUNG_SEC)
		return;
	found(c, ORPHAN, o->key);
	if (c->repair)
		c->orphans[c->orphan_count++] = o->key;
}

static void found_missing(const char *key, void *arg)
{
	found(arg, MISSING, key);
}

/* In characters that any log and table takes. */
static void found_foreign(struct check *c, const struct object *o)
{
	char key[ORPHANS_KEY_SIZE];
	size_t n = 0;

	for (; o->key[n] && n + 1 < sizeof(key); n++)
		key[n] = o->key[n] > ' ' && o->key[n] <= '~' ? o->key[n] : '?';
	key[n] = '\0';
	found(c, FOREIGN, key);
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

/* What it named cannot be known then, so nothing is said of it. */
static bool read_outputs(const struct check_video *v, struct outputs *ret)
{
	char id[UUID_TEXT_SIZE];
	struct err e;

	if (outputs_read(v->outputs, ret, &e) == 0)
		return true;
	uuid_format(&v->id, id);
	log_error("outputs not read", log_text("video", id), log_text("error", e.text));
	return false;
}

static int enter_video(struct check *c)
{
	int known = checks_video(c->engine->db, c->id, &c->pass_to, &c->video, &c->failure);

	if (known < 0)
		return -1;
	c->video_id = c->pass_to;
	c->is_known = known == 1;
	if (c->video.has_ended && read_outputs(&c->video, &c->outputs))
		outputs_keys(&c->outputs, expect, c);
	else
		c->video.has_ended = false;
	return 1;
}

/* A row that has published something, of which nothing is there. */
static int pass_one(struct check *c)
{
	struct check_video v = {.outputs = NULL};
	AUTO_OUTPUTS o = {0};
	int known = checks_next(
		c->engine->db, c->id, &c->video_id, c->pass_to_the_end ? NULL : &c->pass_to, &v, &c->failure);

	if (known == 1) {
		c->video_id = v.id;
		if (read_outputs(&v, &o))
			outputs_keys(&o, found_missing, c);
	}
	check_video_done(&v);
	if (known != 0)
		return known;
	c->passes = false;
	c->passed_the_end = c->pass_to_the_end;
	return c->pass_to_the_end ? 1 : enter_video(c);
}

static void pass(struct check *c, const struct uuid *to)
{
	leave_video(c);
	c->passes = true;
	c->pass_to_the_end = !to;
	if (to)
		c->pass_to = *to;
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

/* 1 judged, 0 it is to be judged again, -1. Of a video that is being made, or removed, any file may be there.
 */
static int judge_published(struct check *c, const struct object *o)
{
	struct uuid id;

	if (!checks_read_key(o->key, &id)) {
		found_foreign(c, o);
		return 1;
	}
	if (!uuid_equal(&id, &c->video_id)) {
		pass(c, &id);
		return 0;
	}
	if (!meet(c, o->key) && (!c->is_known || (c->video.has_ended && c->video.is_completed)))
		found_orphan(c, o);
	return 1;
}

static int judge_bought(struct check *c, const struct object *o)
{
	int named;

	if (!checks_read_bought_key(o->key)) {
		found_foreign(c, o);
		return 1;
	}
	named = checks_names(c->engine->db, o->key, &c->failure);
	if (named == 0)
		found_orphan(c, o);
	return named < 0 ? -1 : 1;
}

/* The course of it */

static const struct phase {
	const char *prefix;
	int (*judge)(struct check *c, const struct object *o);
	bool has_rows; /* that are passed */
} phases[] = {
	{"videos/", judge_published, true},
	{"bought/", judge_bought, false},
};

static void drop_page(struct check *c)
{
	for (size_t i = 0; i < c->page_count; i++)
		free(c->page[i].key);
	free(steal_ptr(c->page));
	c->page_count = c->at = 0;
}

static char *report_of(struct check *c)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF text = BUF_INIT(REPORT_MAX_LEN);

	json_put_int(root, "objects", c->objects);
	json_put_int(root, "bytes", c->bytes);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		json_put_int(root, kinds[i].count, c->counts[i]);
		json_put(root, kinds[i].list, steal_ptr(c->keys[i]));
	}
	json_write(root, &text);
	return buf_steal(&text);
}

static void forget(struct check *c)
{
	drop_page(c);
	free(steal_ptr(c->after));
	leave_video(c);
	for (size_t i = 0; i < KIND_COUNT; i++)
		json_free(steal_ptr(c->keys[i]));
	c->phase = NULL;
}

static void end(struct check *c, const struct err *failure)
{
	AUTO_FREE char *report = failure ? xstrdup(failure->text) : report_of(c);
	struct err e;

	if (checks_end(c->engine->db, c->id, failure ? CHECK_FAILED : CHECK_DONE, report, &e) < 0)
		log_warning("check of the storage not recorded", log_text("error", e.text)); /* made again */
	log_info("storage checked", log_number("objects", c->objects),
		log_number("orphans", c->counts[ORPHAN]), log_number("missing", c->counts[MISSING]),
		log_text(failure ? "error" : NULL, report));
	forget(c);
	loop_timer_arm(c->timer, 0); /* another one may wait */
}

static bool on_page(const struct storage_object *objects, size_t count, void *arg)
{
	struct check *c = arg;

	c->page = xcalloc(count, sizeof(*c->page));
	c->page_count = count;
	for (size_t i = 0; i < count; i++)
		c->page[i] = (struct object){xstrdup(objects[i].key), objects[i].bytes, objects[i].modified};
	free(c->after);
	c->after = xstrdup(objects[count - 1].key);
	c->is_last = false;
	return false;
}

static void listed(const struct err *failure, void *arg)
{
	struct check *c = arg;

	c->call = NULL;
	if (failure)
		end(c, failure);
	else
		loop_timer_arm(c->timer, 0);
}

static void list_page(struct check *c)
{
	struct storage *s = c->engine->storage;

	drop_page(c);
	c->is_last = true; /* unless there is one */
	c->call = s->ops->list(s, c->phase->prefix, c->after, on_page, listed, c);
	loop_timer_arm(c->timer, ALIVE_MS);
}

/* 1 there is more to do, 0 the page is done, -1. */
static int step(struct check *c)
{
	const struct object *o;
	int judged;

	if (c->passes)
		return pass_one(c);
	if (c->at == c->page_count) {
		if (!c->is_last || !c->phase->has_rows || c->passed_the_end)
			return 0;
		pass(c, NULL);
		return 1;
	}
	o = &c->page[c->at];
	judged = c->phase->judge(c, o);
	if (judged > 0) {
		c->at++;
		c->objects++;
		c->bytes += o->bytes;
	}
	return judged < 0 ? -1 : 1;
}

static int work(struct check *c)
{
	int r = checks_alive(c->engine->db, c->id, &c->failure) < 0 ? -1 : 1;

	c->orphan_count = 0;
	for (size_t i = 0; r > 0 && i < SLICE; i++)
		r = step(c);
	if (r >= 0 && c->orphan_count > 0 &&
		orphans_add(c->engine->db, c->orphans, c->orphan_count, &c->failure) < 0)
		r = -1;
	return r;
}

static void go_on(struct check *c)
{
	int r = work(c);

	if (r < 0) {
		end(c, &c->failure);
	} else if (r > 0) {
		loop_timer_arm(c->timer, 0);
	} else if (!c->is_last) {
		list_page(c);
	} else if (++c->phase < phases + ARRAY_LEN(phases)) {
		free(steal_ptr(c->after));
		list_page(c);
	} else {
		end(c, NULL);
	}
}

static void begin(struct check *c)
{
	struct err e;
	int64_t id;
	bool repair;
	int taken = checks_take(c->engine->db, &id, &repair, &e);

	if (taken < 0)
		log_warning("looking for checks of the storage", log_text("error", e.text));
	if (taken != 1)
		return;
	*c = (struct check){
		.engine = c->engine, .timer = c->timer, .id = id, .repair = repair, .phase = phases};
	for (size_t i = 0; i < KIND_COUNT; i++)
		c->keys[i] = json_new_array();
	list_page(c);
}

static void on_timer(void *arg)
{
	struct check *c = arg;
	struct err e;

	if (!c->phase) {
		begin(c);
	} else if (!c->call) {
		go_on(c);
	} else { /* the listing takes its time; who hears nothing of us for a minute takes over */
		if (checks_alive(c->engine->db, c->id, &e) < 0)
			log_warning("check of the storage", log_text("error", e.text));
		loop_timer_arm(c->timer, ALIVE_MS);
	}
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
	forget(c);
	loop_timer_free(c->timer);
	free(c);
}

void check_soon(struct check *c)
{
	if (!c->phase)
		loop_timer_arm(c->timer, 0);
}
