/*
 * Every address is looked at when it is used: by https from a public address only, few redirects, so many
 * bytes and no more, a deadline. What came is believed by whoever asked for it, not here.
 */
#include "daemon/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/video/own_files.h"
#include "lib/video/settings.h"

#define TIMEOUT_MS    60000
#define MAX_REDIRECTS 3
#define MEGABYTE      (1024 * 1024)

static int copy_own(struct step *s, const struct fetch *f, const char *from, struct err *e)
{
	AUTO_FREE char *to = xasprintf("%s/%s", s->run->folder, s->part);
	int64_t bytes = 0;
	int found = fs_size(from, &bytes, e);

	if (found < 0 && e->kind == ERR_TEMP)
		return -1;
	if (found <= 0) /* a folder, or a name that no file can have, is none either */
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s is not there", s->what);
	if (bytes > f->max_bytes)
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s is larger than %d MB", s->what,
			(int)(f->max_bytes / MEGABYTE));
	return fs_copy_atomic(from, to, 0640, e);
}

static int judge(const struct step *s, const struct http_result *r, struct err *e)
{
	if (r->status >= 200 && r->status < 300)
		return 0;
	return err_set_http(e, r->status == 429 || r->status >= 500 ? ERR_TEMP : ERR_PERM, r->status,
		"%s: its server answered %d", s->what, r->status);
}

static void fetched(const struct http_result *r, const struct err *failure, void *arg)
{
	struct step *s = arg;
	struct err e;
	int fd = steal_fd(&s->fd);

	s->call = NULL;
	if (failure) {
		e = *failure;
		e.http_status = CLIENTS_FAULT;
		(void)err_prefix(&e, "%s: fetching it: ", s->what);
		(void)close(fd);
	} else if (close(fd) < 0) {
		(void)err_set_errno(&e, ERR_TEMP, errno, "writing a file");
	} else if (judge(s, r, &e) == 0) {
		s->fetch.done(s);
		return;
	}
	step_ended(s, &e);
}

static int download(struct step *s, const struct fetch *f, struct err *e)
{
	const struct settings *set = s->run->engine->settings;
	AUTO_FREE char *path = xasprintf("%s/%s", s->run->folder, s->part);
	struct http_request q = {
		.method = "GET",
		.url = f->url,
		.timeout_ms = TIMEOUT_MS,
		.max_bytes = (size_t)f->max_bytes,
		.max_redirects = MAX_REDIRECTS,
		.https_only = !set->image_allow_private,
		.public_only = !set->image_allow_private,
		.ca_file = set->image_ca_file,
	};

	s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (s->fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "%s", s->part);
	q.body_fd = s->fd;
	if (http_start(s->run->engine->http, &q, fetched, s, &s->call, e) == 0)
		return 0;
	(void)close(steal_fd(&s->fd));
	e->http_status = CLIENTS_FAULT;
	return err_prefix(e, "%s: fetching it: ", s->what);
}

int fetch_check(const struct settings *s, struct err *e)
{
	if (!s->image_ca_file || access(s->image_ca_file, R_OK) == 0)
		return 0;
	return err_set_errno(e, ERR_PERM, errno, "image_ca_file: %s", s->image_ca_file);
}

int fetch_begin(struct step *s, const struct fetch *f, struct err *e)
{
	const struct run *r = s->run;
	AUTO_FREE char *own = own_file_path(r->engine->settings, r->video.store_id, f->url);

	s->fetch = *f;
	if (!own && f->url[0] != '/')
		return download(s, f, e);
	if (!own)
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s has no valid path", s->what);
	if (copy_own(s, f, own, e) < 0)
		return -1;
	f->done(s);
	return 0;
}
