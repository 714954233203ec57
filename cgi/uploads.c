/*
 * Uploads. The body goes to a file in uploads_dir as it comes, so a responder needs no more memory for a
 * large one, and gets its name, which is its content's, only when it is whole, on the disk and written down.
 * What can be refused is refused before the first byte is read: its type, its announced size, an unknown
 * store; and after the first piece a file that is something else than its type says. Whether there is room
 * for it is known at the end only, because what is there already takes none.
 */
#include "cgi/uploads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cgi/body.h"
#include "cgi/reply.h"
#include "lib/base/err.h"
#include "lib/base/filetype.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/digest.h"
#include "lib/io/json.h"
#include "lib/video/stores.h"
#include "lib/video/uploads.h"

#define PIECE_BYTES (64 * 1024)
#define FOLDER_MODE 0750
#define FILE_MODE   0640

/* True: go on. False: it was answered. */
static bool refuse(struct reply *r, enum reply_error error, const char *message)
{
	(void)reply_error(r, error, message);
	return false;
}

static bool accept_announced(const struct request *q, const struct upload_type *type, struct reply *r)
{
	if (!type)
		return refuse(r, REPLY_UNSUPPORTED_MEDIA_TYPE,
			"A file must be sent with its Content-Type: " UPLOADS_TYPES ".");
	if (q->file->bytes > LIMIT_UPLOAD_BYTES)
		return refuse(r, REPLY_BODY_TOO_LARGE, NULL);
	if (q->file->bytes < 0)
		return refuse(r, REPLY_BAD_REQUEST, BODY_IS_CUT);
	if (q->file->bytes == 0)
		return refuse(r, REPLY_BAD_REQUEST, "The body is empty; a file is expected.");
	return true;
}

/* As many bytes as there are, up to n: a piece may come in pieces. -1: the body is cut. */
static ssize_t fill(struct body *from, char *p, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = body_next(from, p + have, n - have);

		if (got < 0)
			return -1;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static bool is_type(const struct upload_type *type, const char *head, size_t n)
{
	const char *found = filetype_of(head, n);

	return found && strcmp(found, type->name) == 0;
}

static int answer_wrong_type(struct reply *r, const struct upload_type *type)
{
	char message[96];

	(void)snprintf(message, sizeof(message), "The file is not %s, as its Content-Type says.", type->name);
	return reply_error(r, REPLY_UNSUPPORTED_MEDIA_TYPE, message);
}

/* 1 all of it is in file, with *digest of it; 0 it was answered; -1. */
static int receive(const struct request *q, const struct upload_type *type, const struct fs_pending *file,
	uint8_t digest[static DIGEST_SHA256_BYTES], struct reply *r, struct err *e)
{
	AUTO_FREE char *piece = xmalloc(PIECE_BYTES);
	AUTO(digest) sum = digest_new();
	bool first = true;
	ssize_t n;

	while ((n = fill(q->file, piece, PIECE_BYTES)) > 0) {
		if (first && !is_type(type, piece, (size_t)n))
			return answer_wrong_type(r, type);
		first = false;
		digest_add(sum, piece, (size_t)n);
		if (!fs_write_all(file->fd, piece, (size_t)n))
			return err_set_errno(e, ERR_TEMP, errno, "cannot write %s", file->path);
	}
	digest_end(sum, digest);
	return n == 0 ? 1 : reply_error(r, REPLY_BAD_REQUEST, BODY_IS_CUT);
}

static int open_incoming(const struct settings *s, struct fs_pending *file, struct err *e)
{
	AUTO_FREE char *folder = xasprintf("%s/" UPLOADS_INCOMING, s->uploads_dir);

	if (fs_mkdirs(folder, FOLDER_MODE, e) < 0)
		return -1;
	return fs_pending_open(file, folder, FILE_MODE, e);
}

/* The row goes first: a file that nobody knows of would never be removed. */
static int keep(struct app *a, const struct upload *u, struct fs_pending *file, struct err *e)
{
	AUTO_FREE char *folder = xasprintf("%s/%s", a->settings.uploads_dir, u->store);
	AUTO_FREE char *path = xasprintf("%s/%s", folder, u->name);
	int is_new;

	if (fs_mkdirs(folder, FOLDER_MODE, e) < 0 || fs_pending_sync(file, e) < 0)
		return -1;
	is_new = uploads_put(a->db, &a->settings, u, e);
	return is_new < 0 || fs_pending_publish(file, path, e) < 0 ? -1 : is_new;
}

static int answer_kept(const struct upload *u, const struct upload_type *type, bool is_new, struct reply *r)
{
	AUTO_FREE char *url = xasprintf(OWN_UPLOADS "%s/%s", u->store, u->name);
	struct json *o = json_new_object();

	json_put_string(o, "url", url);
	json_put_int(o, "bytes", u->bytes);
	json_put_string(o, "type", type->name);
	return reply_json(r, is_new ? 201 : 200, o);
}

static int answer_refused(struct reply *r, const struct err *e)
{
	if (e->kind == ERR_PERM && e->http_status == 404)
		return reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	if (e->kind == ERR_PERM && e->http_status == 413)
		return reply_error(r, REPLY_STORE_FULL, NULL);
	return -1;
}

int serve_upload(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	const struct upload_type *type = uploads_type(q->file_type);
	struct upload u = {.store = q->key, .bytes = q->file->bytes};
	uint8_t digest[DIGEST_SHA256_BYTES];
	AUTO_PENDING file = {.fd = -1};
	AUTO_STORE store = {0};
	int so_far;

	if (!accept_announced(q, type, r))
		return 0;
	so_far = stores_get(a->db, q->key, &store, e);
	if (so_far <= 0)
		return so_far < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	if (open_incoming(&a->settings, &file, e) < 0)
		return -1;
	so_far = receive(q, type, &file, digest, r, e);
	if (so_far <= 0)
		return so_far;

	text_hex_encode(digest, OWN_UPLOAD_DIGITS / 2, u.name);
	(void)snprintf(u.name + OWN_UPLOAD_DIGITS, sizeof(u.name) - OWN_UPLOAD_DIGITS, ".%s", type->ending);
	so_far = keep(a, &u, &file, e);
	return so_far < 0 ? answer_refused(r, e) : answer_kept(&u, type, so_far > 0, r);
}
