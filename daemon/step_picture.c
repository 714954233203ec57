/*
 * Brings a scene's picture into the work folder: one of our own files below assets_dir, or a download from a
 * public address. Then it must be what it claims to be: a JPEG, PNG or WebP of a sane size.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"
#include "lib/video/limits.h"
#include "lib/video/settings.h"

#define ASSETS_PREFIX    "/assets/"
#define FETCH_TIMEOUT_MS 60000
#define FETCH_REDIRECTS  3

static int look(struct step *s, struct err *e)
{
	char name[STEP_FILE_SIZE];

	(void)snprintf(name, sizeof(name), "picture-%03zu", s->item);
	return step_look(s, name, e);
}

static int copy_asset(struct step *s, const char *url, struct err *e)
{
	AUTO_BUF relative = BUF_INIT(LIMIT_URL);
	AUTO_FREE char *from = NULL, *to = NULL;
	int64_t bytes = 0;
	int found;

	if (!text_url_decode(url, strlen(url), false, &relative) || !fs_is_safe_relative(buf_text(&relative)))
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "scene %zu: the picture's path is not valid",
			s->item + 1);
	from = xasprintf("%s/%s", s->run->engine->settings->assets_dir, buf_text(&relative));
	to = xasprintf("%s/%s", s->run->folder, s->part);
	found = fs_size(from, &bytes, e);
	if (found < 0 && e->kind == ERR_TEMP)
		return -1;
	if (found <= 0) /* a folder, or a name that no file can have, is no picture either */
		return err_set_http(
			e, ERR_PERM, CLIENTS_FAULT, "scene %zu: there is no such picture", s->item + 1);
	if (bytes > LIMIT_PICTURE_BYTES)
		return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "scene %zu: the picture is larger than %d MB",
			s->item + 1, LIMIT_PICTURE_BYTES >> 20);
	return fs_copy_atomic(from, to, 0640, e);
}

static int judge(const struct step *s, const struct http_result *r, struct err *e)
{
	if (r->status >= 200 && r->status < 300)
		return 0;
	return err_set_http(e, r->status == 429 || r->status >= 500 ? ERR_TEMP : ERR_PERM, r->status,
		"scene %zu: the picture's server answered %d", s->item + 1, r->status);
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
		(void)err_prefix(&e, "scene %zu: fetching the picture: ", s->item + 1);
		(void)close(fd);
	} else if (close(fd) < 0) {
		(void)err_set_errno(&e, ERR_TEMP, errno, "writing the picture");
	} else if (judge(s, r, &e) == 0 && look(s, &e) == 0) {
		return;
	}
	step_ended(s, &e);
}

static int fetch(struct step *s, const char *url, struct err *e)
{
	const struct settings *set = s->run->engine->settings;
	AUTO_FREE char *path = xasprintf("%s/%s", s->run->folder, s->part);
	struct http_request q = {
		.method = "GET",
		.url = url,
		.timeout_ms = FETCH_TIMEOUT_MS,
		.max_bytes = LIMIT_PICTURE_BYTES,
		.max_redirects = FETCH_REDIRECTS,
		.https_only = !set->image_allow_private,
		.public_only = !set->image_allow_private,
	};

	s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (s->fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "%s", s->part);
	q.body_fd = s->fd;
	if (http_start(s->run->engine->http, &q, fetched, s, &s->call, e) == 0)
		return 0;
	(void)close(steal_fd(&s->fd));
	e->http_status = CLIENTS_FAULT;
	return err_prefix(e, "scene %zu: fetching the picture: ", s->item + 1);
}

int picture_begin(struct step *s, struct err *e)
{
	const char *url = s->run->video.scenes[s->item].image_url;

	if (strncmp(url, ASSETS_PREFIX, strlen(ASSETS_PREFIX)) != 0)
		return fetch(s, url, e);
	return copy_asset(s, url + strlen(ASSETS_PREFIX), e) < 0 ? -1 : look(s, e);
}

int picture_refuse(const struct step *s, struct err *e)
{
	return err_set_http(
		e, ERR_PERM, CLIENTS_FAULT, "scene %zu: the picture is not a JPEG, PNG or WebP", s->item + 1);
}

int picture_check(struct step *s, const struct media *m, struct err *e)
{
	static const char *const codecs[] = {"mjpeg", "png", "webp"};

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		if (strcmp(m->video_codec, codecs[i]) != 0)
			continue;
		if (m->width < 16 || m->height < 16 || m->width > LIMIT_PICTURE_SIDE ||
			m->height > LIMIT_PICTURE_SIDE)
			return err_set_http(e, ERR_PERM, CLIENTS_FAULT,
				"scene %zu: the picture is %dx%d; 16 to %d pixels a side are allowed",
				s->item + 1, m->width, m->height, LIMIT_PICTURE_SIDE);
		return 0;
	}
	return picture_refuse(s, e);
}
