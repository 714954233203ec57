/*
 * Claims, leases and upkeep. Nothing here fails the daemon: when the database does not answer, the next tick
 * asks again, and a lease that could not be renewed in time stops the work it covered.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/keeping/keeping.h"
#include "daemon/vendor/bought.h"
#include "daemon/vendor/buy.h"
#include "daemon/vendor/calloff.h"
#include "daemon/vendor/keeper.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/loop.h"
#include "lib/video/again.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"
#include "lib/video/uploads.h"

#define UPKEEP_MS 10000
#define ORDERS_MS                                                                                            \
	200 /* while a drain waits for answers to paid requests, or for what is bought to be stored */
#define ANSWER_SEC 600    /* no answer to a paid request comes later */
#define PAID_MS    260000 /* how long a drain waits for one: the longest call takes 240 s */
#define RENEW_MS   5000 /* also how late a video may learn that it is to stop, should the datagram be lost */

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

/* Claiming */

static bool has_room(const struct worker *w)
{
	return !w->draining && engine_count(w->engine) < (size_t)w->engine->settings->videos_in_flight;
}

static void claim_soon(void *arg)
{
	struct worker *w = arg;

	loop_timer_arm(w->claim, 0);
}

/* Leases. Who asked a video to stop is seen here too. */

/* A claim or a release whose answer was lost, a video dropped while the database was away: ours by name, and
 * renewed with the others as long as we live. */
static void disown_strays(struct worker *w, const struct job_lease *leases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct err e;
		int n = 0;

		if (!engine_has(w->engine, &leases[i]))
			n = jobs_disown(w->engine->db, &w->rules, &leases[i], &e);
		if (n < 0)
			log_trouble("giving back a job", &e);
		else if (n > 0)
			log_warning("gave back a job that nobody worked on", log_number("job", leases[i].id));
	}
}

static void renew_leases(struct worker *w)
{
	struct engine *en = w->engine;
	struct job_lease *leases = NULL;
	int64_t asked_ms = clock_mono_ms();
	size_t n = 0;
	struct err e;

	if (engine_count(en) == 0)
		return;
	if (jobs_renew(en->db, &w->rules, &leases, &n, &e) < 0) {
		log_trouble("renewing leases", &e);
	} else {
		engine_leases(en, leases, n, asked_ms);
		disown_strays(w, leases, n);
	}
	free(leases);
	engine_drop_stale(en);
}

static void renew(void *arg)
{
	struct worker *w = arg;

	renew_leases(w);
	loop_timer_arm(w->renew, RENEW_MS);
}

/* After a claim the leases are looked at before anything begins: a job may have been asked to stop while it
 * waited. */
static void claim(void *arg)
{
	struct worker *w = arg;
	struct job job;
	struct err e;
	bool any = false;
	int c = has_room(w) ? jobs_promote(w->engine->db, &e) : 0;

	while (c >= 0 && has_room(w) && (c = jobs_claim(w->engine->db, &w->rules, &job, &e)) == 1) {
		any = true;
		if (engine_add(w->engine, &job, &e) < 0)
			log_trouble("job not begun", &e);
	}
	if (c < 0)
		log_trouble("claiming", &e);
	if (any)
		renew_leases(w);
	loop_timer_arm(w->claim, w->engine->settings->poll_ms);
}

static void woken(int fd, uint32_t events, void *arg)
{
	struct worker *w = arg;
	char bytes[64];

	(void)events;
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		continue;
	keeping_soon(w->engine->keeping);
	claim_soon(w);
	loop_timer_arm(w->renew, 0); /* it may be a cancel or a delete */
}

/* Upkeep */

static bool take_back(const char *dead_worker, void *arg)
{
	struct worker *w = arg;
	struct err e;
	int n, all = 0;

	while ((n = jobs_take_back(w->engine->db, &w->rules, dead_worker, &e)) > 0)
		all += n;
	if (n < 0)
		log_trouble("taking back jobs", &e);
	if (all > 0)
		log_warning("took back jobs of a dead daemon", log_text("worker", dead_worker),
			log_number("jobs", all));
	return n == 0;
}

static int in_use(const struct uuid *video, void *arg)
{
	const struct worker *w = arg;
	struct err e;
	int r = jobs_in_use(w->engine->db, video, &e);

	return r < 0 ? 1 : r; /* when in doubt it stays */
}

static void tidy(struct worker *w)
{
	const struct settings *s = w->engine->settings;
	struct db *db = w->engine->db;
	struct err e;

	workdir_find_dead(&w->workdir, take_back, w);
	if (jobs_reap(db, &w->rules, &e) < 0 ||
		jobs_prune(db, s->keep_completed_jobs, s->keep_failed_jobs, &e) < 0)
		log_trouble("upkeep", &e);
}

/* What was bought, and what waits for a word about it. */
static void tidy_purchases(struct worker *w)
{
	struct engine *en = w->engine;
	struct err e;

	if (purchases_settle(en->db, ANSWER_SEC, &e) < 0 || purchases_release(en->db, &e) < 0 ||
		videos_resume_known(en->db, &e) < 0 || videos_resume_new_day(en->db, &e) < 0)
		log_trouble("upkeep of purchases", &e);
	calloff_soon(en->calloff);
	bought_sweep(en);
}

static void tidy_uploads(struct worker *w)
{
	const struct engine *en = w->engine;
	struct err e;
	int removed = uploads_sweep(en->db, en->settings, &e),
	    abandoned = removed < 0 ? -1 : uploads_sweep_incoming(en->settings, &e);

	if (abandoned < 0)
		log_trouble("upkeep of uploads", &e);
	else if (removed + abandoned > 0)
		log_info("uploads removed", log_number("files", removed + abandoned));
}

static void upkeep(void *arg)
{
	struct worker *w = arg;

	tidy(w);
	tidy_purchases(w);
	tidy_uploads(w);
	keeping_soon(w->engine->keeping);
	workdir_sweep(&w->workdir, in_use, w);
	claim_soon(w);
	loop_timer_arm(w->upkeep, UPKEEP_MS);
}

/* Stopping */

static void idle_or_room(void *arg)
{
	struct worker *w = arg;

	if (!w->draining) {
		claim_soon(w);
		return;
	}
	if (engine_count(w->engine) > 0)
		return;
	if (w->drained || !(orders_pending(w->engine) || keeper_is_busy(w->engine->keeper)))
		loop_quit(w->engine->loop);
	else
		loop_timer_arm(w->answers, ORDERS_MS);
}

/* Nothing is paid for any more once a drain has begun, so what is waited for was asked for before. */
static bool waits_for_answers(const struct worker *w)
{
	return orders_pending(w->engine) && clock_mono_ms() < w->answers_by_ms;
}

static void drain_over(void *arg)
{
	struct worker *w = arg;

	if (waits_for_answers(w)) {
		loop_timer_arm(w->drain, ORDERS_MS);
		return;
	}
	log_warning("drain time is over", log_number("videos", (int64_t)engine_count(w->engine)));
	w->drained = true;
	engine_hand_back(w->engine);
	idle_or_room(w);
}

static void terminate(void *arg)
{
	struct worker *w = arg;

	if (w->draining) { /* asked twice: now */
		w->answers_by_ms = 0;
		drain_over(w);
		return;
	}
	log_info("draining", log_number("videos", (int64_t)engine_count(w->engine)));
	w->draining = true;
	w->answers_by_ms = clock_mono_ms() + PAID_MS;
	loop_timer_arm(w->drain, w->engine->settings->drain_sec * 1000);
	engine_drain(w->engine);
	keeper_close(w->engine->keeper);
	idle_or_room(w);
}

/* Beginning and ending */

static int open_wake(struct worker *w, struct err *e)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	AUTO_CLOSE int fd = -1;

	if (strlen(w->wake_path) >= sizeof(a.sun_path))
		return err_set(e, ERR_PERM, "wake_socket: the path is longer than %zu bytes",
			sizeof(a.sun_path) - 1);
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", w->wake_path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "socket");
	(void)unlink(w->wake_path); /* a hint only: whoever bound it before falls back to polling */
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 || stat(w->wake_path, &st) < 0)
		return err_set_errno(e, ERR_PERM, errno, "wake_socket %s", w->wake_path);
	w->wake_inode = st.st_ino;
	w->wake_fd = steal_fd(&fd);
	return loop_io_new(w->engine->loop, w->wake_fd, EPOLLIN, woken, w, &w->wake, e);
}

static void make_id(struct worker *w)
{
	char host[48] = "host";

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(w->id, sizeof(w->id), "%s:%d:%016" PRIx64, host, (int)getpid(), clock_random());
}

static int add_timers(struct worker *w, struct err *e)
{
	struct loop *l = w->engine->loop;
	struct {
		loop_fn *fn;
		struct loop_timer **timer;
	} timers[] = {{claim, &w->claim}, {renew, &w->renew}, {upkeep, &w->upkeep}, {drain_over, &w->drain},
		{idle_or_room, &w->answers}};

	for (size_t i = 0; i < ARRAY_LEN(timers); i++)
		if (loop_timer_new(l, timers[i].fn, w, timers[i].timer, e) < 0)
			return -1;
	if (loop_on_signal(l, SIGTERM, terminate, w, e) < 0)
		return -1;
	return loop_on_signal(l, SIGINT, terminate, w, e);
}

static bool uses_vendors(const struct engine *en)
{
	return en->runway || en->elevenlabs;
}

int worker_init(struct worker *w, struct engine *en, struct err *e)
{
	const struct settings *s = en->settings;

	*w = (struct worker){.engine = en,
		.wake_fd = -1,
		.workdir = {.lock_fd = -1},
		.wake_path = xstrdup(s->wake_socket)};
	make_id(w);
	w->rules = (struct jobs_rules){
		.worker = w->id,
		.lease_sec = s->lease_sec,
		.store_in_flight = s->store_in_flight,
		.lost_leases = s->lost_leases,
	};
	en->worker = w->id;
	en->freed = idle_or_room;
	en->freed_arg = w;

	if (uses_vendors(en) && bought_check_folder(en, e) < 0)
		return -1;
	if (workdir_open(&w->workdir, s->work_dir, w->id, e) < 0 || add_timers(w, e) < 0 ||
		open_wake(w, e) < 0)
		return -1;
	loop_timer_arm(w->renew, RENEW_MS);
	loop_timer_arm(w->upkeep, 0); /* sweeps, takes back what was left, then claims */
	return 0;
}

/* Another daemon may have bound the path since. */
static void close_wake(struct worker *w)
{
	struct stat st;

	if (w->wake_inode && stat(w->wake_path, &st) == 0 && st.st_ino == w->wake_inode)
		(void)unlink(w->wake_path);
}

void worker_done(struct worker *w)
{
	loop_timer_free(w->claim);
	loop_timer_free(w->renew);
	loop_timer_free(w->upkeep);
	loop_timer_free(w->drain);
	loop_timer_free(w->answers);
	loop_io_free(w->wake);
	macros_closep(&w->wake_fd);
	close_wake(w);
	free(w->wake_path);
	workdir_close(&w->workdir);
}
