/*
 * videod: takes videos from the queue in MySQL, makes them, publishes them, and says how far they are. One
 * process, one event loop, no threads; more of it is more processes, here or on other hosts, on the same
 * database.
 *
 *   worker     claims jobs, renews leases, drains
 *   engine*    drives the steps of every video under way
 *   run        one video: its plan, and what is done of it
 *   kinds      the table of steps: inputs, weights, who does them
 *   failure    what a failure means; outcome writes down how it went
 *   step_*     what the steps do
 *   vendor/    buying: paid requests, what is kept of them, cancelling them, the vendors' accounts
 *   child      ffmpeg under a deadline, then ffprobe; film/ says what they are told (pure)
 *   storage*   where finished films go
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/dumps.h"
#include "daemon/engine.h"
#include "daemon/fetch.h"
#include "daemon/fonts_check.h"
#include "daemon/keeping/keeping.h"
#include "daemon/notify.h"
#include "daemon/storage.h"
#include "daemon/vendor/accounts.h"
#include "daemon/vendor/calloff.h"
#include "daemon/vendor/keeper.h"
#include "daemon/worker.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/io/cache.h"
#include "lib/io/db.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "lib/remote/elevenlabs.h"
#include "lib/remote/runway.h"
#include "lib/video/settings.h"

#define FETCHES          8
#define UPLOADS          4
#define CACHE_TIMEOUT_MS 200
#define LEASE_PARTS      5

struct options {
	const char *config;
	bool check_config;
};

static void usage(FILE *to)
{
	(void)fputs("usage: videod [--config FILE] [--check-config] [--version] [--help]\n", to);
}

/* 0 go on, 1 done, 2 wrong use. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"check-config", no_argument, NULL, 'C'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", table, NULL)) != -1) {
		if (c == 'c')
			o->config = optarg;
		else if (c == 'C')
			o->check_config = true;
		else if (c == 'V')
			return puts("videod " VIDEOD_VERSION) < 0 ? 2 : 1;
		else
			return usage(c == 'h' ? stdout : stderr), c == 'h' ? 1 : 2;
	}
	return optind < argc ? (usage(stderr), 2) : 0;
}

/* The loop waits for each statement, so none may take more than a part of the lease. */
static struct db_options database_of(const struct settings *s)
{
	struct db_options o = settings_db(s);
	unsigned part_sec = (unsigned)(s->lease_sec / LEASE_PARTS);

	if (part_sec < o.io_timeout_sec)
		o.io_timeout_sec = part_sec;
	if (part_sec < o.connect_timeout_sec)
		o.connect_timeout_sec = part_sec;
	return o;
}

/* The vendors that the settings use; a draft never needs one. */
static int open_vendors(struct engine *en, struct err *e)
{
	const struct settings *s = en->settings;
	struct runway_options scenes = {.http = en->http, .url = s->runway_url, .key = s->runway_api_key};
	struct elevenlabs_options voices = {
		.http = en->http, .url = s->elevenlabs_url, .key = s->elevenlabs_api_key};

	if (s->scene_provider == SCENES_RUNWAY && runway_new(&scenes, &en->runway, e) < 0)
		return -1;
	if (s->voice_provider == VOICES_ELEVENLABS && elevenlabs_new(&voices, &en->elevenlabs, e) < 0)
		return -1;
	if (calloff_new(en, &en->calloff, e) < 0)
		return -1;
	return accounts_new(en, &en->accounts, e) < 0 ? -1 : keeper_new(en, &en->keeper, e);
}

/* After engine_done: what is at work for a step uses them. */
static void close_vendors(struct engine *en)
{
	keeper_free(en->keeper);
	accounts_free(en->accounts);
	calloff_free(en->calloff);
	elevenlabs_free(en->elevenlabs);
	runway_free(en->runway);
}

static int open_storage(
	struct loop *loop, struct http *http, const struct settings *s, struct storage **ret, struct err *e)
{
	if (s->storage == STORAGE_S3)
		return storage_s3_new(loop, http, s, ret, e);
	return storage_local_new(loop, s->media_dir, ret, e);
}

static void say_ready(const struct worker *w, const struct settings *s)
{
	notify_ready();
	log_info("serving", log_text("worker", w->id),
		log_text("scenes", s->scene_provider == SCENES_RUNWAY ? "runway" : "local"),
		log_text("voices", s->voice_provider == VOICES_ELEVENLABS ? "elevenlabs" : "local"));
}

static int serve(const struct settings *s, struct err *e)
{
	AUTO(loop) loop = NULL;
	AUTO(http) http = NULL;
	struct db_options where = database_of(s);
	AUTO(db) db = db_new(&where);
	AUTO(cache) cache = cache_new(s->cache_server, CACHE_TIMEOUT_MS);
	struct storage *storage = NULL;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct engine engine = {
		.db = db,
		.cache = cache,
		.settings = s,
		.places =
			{
				[PLACE_FREE] = UINT_MAX,
				[PLACE_CHILD] = (unsigned)(s->children > 0 ? s->children : processors),
				[PLACE_FETCH] = FETCHES,
				[PLACE_UPLOAD] = UPLOADS,
				[PLACE_RUNWAY] = (unsigned)s->runway_in_flight,
				[PLACE_SPEECH] = (unsigned)s->elevenlabs_in_flight,
			},
	};
	struct worker worker = {.wake_fd = -1, .workdir = {.lock_fd = -1}};
	int r = -1;

	if (loop_new(&loop, e) == 0 && http_new(loop, &http, e) == 0 &&
		open_storage(loop, http, s, &storage, e) == 0) {
		engine.loop = loop;
		engine.http = http;
		engine.storage = storage;
		if (engine_init(&engine, e) == 0 && open_vendors(&engine, e) == 0 &&
			keeping_new(&engine, &engine.keeping, e) == 0 &&
			worker_init(&worker, &engine, e) == 0) {
			loop_watchdog(loop);
			say_ready(&worker, s);
			r = loop_run(loop, e);
			notify_stopping();
		}
	}
	engine_done(&engine);
	close_vendors(&engine);
	keeping_free(engine.keeping);
	worker_done(&worker);
	if (storage)
		storage->ops->free(storage);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	struct settings s = {0};
	struct err e;
	int r = parse_options(argc, argv, &o);

	if (r != 0)
		return r == 1 ? 0 : 2;
	dumps_forbid();                 /* before there is a key in memory */
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is as good as a full disk */
	if (settings_load(o.config, ROLE_DAEMON, &s, &e) < 0) {
		log_error("configuration", log_text("error", e.text));
		return 1;
	}
	if (o.check_config) {
		settings_print(&s, o.config, stdout);
		settings_done(&s);
		return 0;
	}
	log_set_level((enum log_level)s.log_level);
	r = fonts_check(&s, &e) < 0 || fetch_check(&s, &e) < 0 ? -1 : serve(&s, &e);
	if (r < 0)
		log_error("stopping", log_text("error", e.text));
	settings_done(&s);
	db_library_end();
	return r < 0;
}
