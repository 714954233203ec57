/*
 * Files in a bucket, by lib/remote/s3. Here keys get the configured prefix and lose it again, and the
 * settings become what the client wants to know.
 *
 * Kept here: nothing outside the prefix is ever read, changed or listed.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/storage.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/remote/aws_credentials.h"
#include "lib/remote/s3.h"
#include "lib/video/settings.h"

#define MEBIBYTE          (INT64_C(1) << 20)
#define DISPOSITION_BYTES 2048

struct storage_s3 {
	struct storage base; /* first */
	const struct settings *settings;
	const char *prefix;
	struct aws_credentials *credentials;
	struct s3 *s3;
	struct bucket_call *calls;
};

struct bucket_call {
	struct storage_call base; /* first */
	struct storage_s3 *storage;
	struct bucket_call *prev, *next;
	struct s3_call *call;
	storage_done_fn *done;
	void (*progress)(int64_t sent_bytes, void *arg);
	storage_list_fn *page;
	void *arg;
};

static struct storage_s3 *s3_of(struct storage *s)
{
	return (struct storage_s3 *)(void *)s;
}

/* Caller frees. */
static char *full_key(struct storage *s, const char *key)
{
	return xasprintf("%s%s", s3_of(s)->prefix, key);
}

/* Calls */

static void free_call(struct bucket_call *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->storage->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
	free(c);
}

static void cancel(struct storage_call *call)
{
	struct bucket_call *c = (struct bucket_call *)call;

	s3_cancel(c->call);
	free_call(c);
}

static struct bucket_call *new_call(struct storage *s, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = xcalloc(1, sizeof(*c));

	*c = (struct bucket_call){
		.base.cancel = cancel,
		.storage = s3_of(s),
		.next = s3_of(s)->calls,
		.done = done,
		.arg = arg,
	};
	if (c->next)
		c->next->prev = c;
	c->storage->calls = c;
	return c;
}

static void on_done(const struct err *e, void *arg)
{
	struct bucket_call *c = arg;
	storage_done_fn *done = c->done;
	void *done_arg = c->arg;

	free_call(c);
	done(e, done_arg);
}

/* Putting and getting */

/* RFC 6266: the name as it is for those who read UTF-8, and what is left of it for the others. */
static void name_file(const char *name, struct buf *out)
{
	buf_adds(out, "; filename=\"");
	for (const char *p = name; *p; p++)
		buf_addc(out, *p < ' ' || *p > '~' || strchr("\"\\%", *p) ? '_' : *p);
	buf_adds(out, "\"; filename*=UTF-8''");
	text_url_encode(name, false, out);
}

static void write_disposition(const struct settings *set, const char *file_name, struct buf *out)
{
	static const char *const words[] = {[DISPOSITION_NONE] = "",
		[DISPOSITION_INLINE] = "inline",
		[DISPOSITION_ATTACHMENT] = "attachment"};

	_Static_assert(ARRAY_LEN(words) == DISPOSITION_COUNT, "what a browser is told");
	buf_adds(out, words[set->s3_disposition]);
	if (out->len > 0 && file_name)
		name_file(file_name, out);
	if (!buf_ok(out)) /* it need not be said */
		buf_clear(out);
}

static void on_progress(int64_t sent_bytes, void *arg)
{
	const struct bucket_call *c = arg;

	c->progress(sent_bytes, c->arg);
}

static struct storage_call *put(
	struct storage *s, const struct storage_put *p, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = new_call(s, done, arg);
	AUTO_FREE char *key = full_key(s, p->key);
	AUTO_BUF disposition = BUF_INIT(DISPOSITION_BYTES);

	c->progress = p->progress;
	write_disposition(s3_of(s)->settings, p->file_name, &disposition);

	const struct s3_put what = {
		.file = p->file,
		.key = key,
		.content_type = p->content_type,
		.content_disposition = disposition.len > 0 ? buf_text(&disposition) : NULL,
		.progress = p->progress ? on_progress : NULL,
	};

	c->call = s3_put_file(s3_of(s)->s3, &what, on_done, c);
	return &c->base;
}

static struct storage_call *get(
	struct storage *s, const char *key, int64_t bytes, const char *file, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = new_call(s, done, arg);
	AUTO_FREE char *full = full_key(s, key);

	c->call = s3_get_file(s3_of(s)->s3, full, bytes, file, on_done, c);
	return &c->base;
}

/* Removing and listing */

static struct storage_call *remove_all(
	struct storage *s, const char *prefix, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = new_call(s, done, arg);
	AUTO_FREE char *full = full_key(s, prefix);
	size_t n = strlen(prefix);
	bool is_key = n > 0 && prefix[n - 1] != '/';

	c->call = is_key ? s3_delete(s3_of(s)->s3, full, on_done, c)
			 : s3_delete_prefix(s3_of(s)->s3, full, on_done, c);
	return &c->base;
}

static bool on_page(const struct s3_object *objects, size_t count, void *arg)
{
	struct bucket_call *c = arg;
	size_t skip = strlen(c->storage->prefix), n = 0;
	AUTO_FREE struct storage_object *ours = xcalloc(count, sizeof(*ours));

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(objects[i].key);

		if (strncmp(objects[i].key, c->storage->prefix, skip) != 0 ||
			objects[i].key[length - 1] == '/')
			continue; /* the latter is what other tools call a folder, and no file */
		ours[n++] = (struct storage_object){
			.key = objects[i].key + skip,
			.bytes = objects[i].bytes,
			.modified = objects[i].modified,
		};
	}
	return n == 0 || c->page(ours, n, c->arg);
}

static struct storage_call *list(struct storage *s, const char *prefix, const char *after,
	storage_list_fn *page, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = new_call(s, done, arg);
	AUTO_FREE char *full = full_key(s, prefix);
	AUTO_FREE char *full_after = after ? full_key(s, after) : NULL;

	c->page = page;
	c->call = s3_list(s3_of(s)->s3, full, full_after, on_page, on_done, c);
	return &c->base;
}

static struct storage_call *sweep(
	struct storage *s, int64_t older_sec, size_t *ret_count, storage_done_fn *done, void *arg)
{
	struct bucket_call *c = new_call(s, done, arg);

	c->call = s3_sweep_uploads(s3_of(s)->s3, s3_of(s)->prefix, older_sec, ret_count, on_done, c);
	return &c->base;
}

static char *sign_link(struct storage *s, const char *key, int64_t seconds, int64_t *ret_sec)
{
	AUTO_FREE char *full = full_key(s, key);
	const char *cdn = s3_of(s)->settings->cdn_domain;

	return cdn && *cdn ? NULL : s3_presign(s3_of(s)->s3, "GET", full, seconds, ret_sec);
}

/* The storage */

static void free_s3(struct storage *base)
{
	struct storage_s3 *s = s3_of(base);

	for (struct bucket_call *c = s->calls, *next; c; c = next) {
		next = c->next;
		cancel(&c->base);
	}
	s3_free(s->s3);
	aws_credentials_free(s->credentials);
	free(s);
}

static const struct storage_ops ops = {
	.name = "s3",
	.is_remote = true,
	.put = put,
	.get = get,
	.remove = remove_all,
	.list = list,
	.sweep = sweep,
	.link = sign_link,
	.free = free_s3,
};

static const char *get_env(const char *name)
{
	return getenv(name);
}

/* A setting that is empty is not set. */
static const char *text(const char *setting)
{
	return setting && *setting ? setting : NULL;
}

static struct s3_spec spec_of(const struct settings *set)
{
	return (struct s3_spec){
		.endpoint = text(set->s3_endpoint),
		.region = text(set->aws_region),
		.bucket = set->s3_bucket,
		.path_style = set->s3_path_style,
		.allow_http = set->s3_allow_http,
		.ca_file = text(set->s3_ca_file),
		.storage_class = text(set->s3_storage_class),
		.sse = text(set->s3_sse),
		.sse_kms_key = text(set->s3_kms_key),
		.tags = text(set->s3_tags),
		.cache_control = text(set->s3_cache_control),
		.part_bytes = set->s3_part_mb * MEBIBYTE,
		.parts_at_once = (unsigned)set->s3_parts_at_once,
		.attempts = (unsigned)set->s3_attempts,
		.deadline_ms = set->s3_deadline_sec * 1000,
	};
}

static void set_id(struct storage_s3 *s)
{
	const char *endpoint = s->settings->s3_endpoint ? s->settings->s3_endpoint : "";
	AUTO_FREE char *where = xasprintf("s3:%s/%s/%s", endpoint, s->settings->s3_bucket, s->prefix);

	storage_set_id(&s->base, where);
}

int storage_s3_new(struct loop *loop, struct http *http, const struct settings *settings,
	struct storage **ret_storage, struct err *e)
{
	const struct aws_credentials_spec keys = {
		.loop = loop,
		.http = http,
		.id = settings->aws_access_key_id,
		.secret = settings->aws_secret_access_key,
		.token = settings->aws_session_token,
		.env = get_env,
	};
	struct s3_spec spec = spec_of(settings);
	struct storage_s3 *s = xcalloc(1, sizeof(*s));

	*s = (struct storage_s3){
		.base.ops = &ops,
		.settings = settings,
		.prefix = settings->s3_prefix ? settings->s3_prefix : "",
	};
	set_id(s);
	if (aws_credentials_new(&keys, &s->credentials, e) < 0) {
		free_s3(&s->base);
		return -1;
	}
	spec.loop = loop;
	spec.http = http;
	spec.credentials = s->credentials;
	if (s3_new(&spec, &s->s3, e) < 0) {
		free_s3(&s->base);
		return -1;
	}
	*ret_storage = &s->base;
	return 0;
}
