/*
 * videod-cgi: a FastCGI responder. It answers one request at a time and needs nothing but the database and
 * memcached; more at once is more processes, from systemd (the socket on standard input) or from its own pool
 * (--listen).
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgi/fcgi.h"
#include "cgi/handler.h"
#include "cgi/options.h"
#include "cgi/pool.h"
#include "cgi/reply.h"
#include "cgi/router.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/io/cache.h"
#include "lib/io/db.h"

#define LARGE_ANSWER_BYTES   (128 * 1024)
#define CACHE_TIMEOUT_MS     500 /* more than nginx waits: what is only busy is agreed with all the same */
#define DATABASE_TIMEOUT_SEC 10  /* of a statement: with one repetition less than the web server waits */

enum { EXIT_USAGE = 2 };

/* The web server's id of the request where it is fit for a header, else one of our own. */
static const char *request_id(const char *given, char own[static 17])
{
	static const char fit[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
	size_t n = strlen(given);

	if (n > 0 && n <= 64 && strspn(given, fit) == n)
		return given;
	(void)snprintf(own, 17, "%016" PRIx64, clock_random());
	return own;
}

/* Returns the answer's size. */
static size_t answer(struct app *a, struct fcgi *f, const struct fcgi_request *in)
{
	AUTO_BUF head = BUF_INIT(4096);
	AUTO_REPLY reply = {0};
	char own_id[17];

	reply_init(&reply, request_id(in->request_id, own_id));
	router_answer(a, in, &reply);
	reply_head(&reply, &head);
	fcgi_send(f, &head, reply.head_only ? NULL : &reply.body);
	return reply.body.len;
}

/* Serves until a signal asks to end: 0, or -1. */
static int serve(struct app *a, int listen_fd, struct err *e)
{
	AUTO(fcgi) f = NULL;
	struct fcgi_request in;
	int r;

	if (fcgi_open(listen_fd, &f, e) < 0)
		return -1;
	while ((r = fcgi_accept(f, &in, e)) > 0)
		if (answer(a, f, &in) > LARGE_ANSWER_BYTES)
			(void)malloc_trim(0); /* they are rare, and a responder stays small */
	return r;
}

static int fail(const struct err *e)
{
	log_error("videod-cgi ends", log_text("error", e->text));
	return EXIT_FAILURE;
}

/* Becomes the pool or one responder of it, or serves standard input. */
static int run(const struct options *o, struct app *a)
{
	AUTO_CLOSE int pool_fd = -1;
	struct err e = {0};
	struct db_options database = settings_db(&a->settings);

	database.io_timeout_sec = DATABASE_TIMEOUT_SEC;
	if (o->listen) {
		int r = pool_run(o->listen, (unsigned)o->pool, &pool_fd, &e);

		if (r != 0)
			return r < 0 ? fail(&e) : EXIT_SUCCESS;
	}

	a->db = db_new(&database);
	a->cache = cache_new(a->settings.cache_server, CACHE_TIMEOUT_MS);
	int r = serve(a, o->listen ? pool_fd : STDIN_FILENO, &e);

	cache_free(a->cache);
	db_free(a->db);
	db_library_end();
	return r < 0 ? fail(&e) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options o;
	struct app a = {0};
	struct err e = {0};
	int status = EXIT_SUCCESS;

	if (options_read(argc, argv, &o) < 0)
		return EXIT_USAGE;
	if (o.help) {
		options_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (o.version)
		return puts("videod-cgi " VIDEOD_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

	if (settings_load(o.config, ROLE_RESPONDER, &a.settings, &e) < 0) {
		status = fail(&e);
	} else if (o.check_config) {
		settings_print(&a.settings, o.config, stdout);
	} else {
		log_set_level((enum log_level)a.settings.log_level);
		status = run(&o, &a);
	}
	settings_done(&a.settings);
	return status;
}
