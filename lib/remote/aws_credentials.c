/*
 * Keys for S3 and how long they hold. The sources are a table, tried in its order once; the first one that
 * has keys stays the source.
 *
 * Kept here: whoever asks is answered once. Keys that expire are replaced before they do, and by one fetch at
 * a time; while fetching fails, the old ones are given out as long as they hold.
 */

#include "lib/remote/aws_credentials.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/remote/aws_credentials_priv.h"

#define AHEAD_S  300         /* so long before they expire, keys are fetched anew */
#define AGAIN_MS (30 * 1000) /* after a fetch that failed, while the old keys hold */
#define STALE_S  60          /* given out so long though they have expired when they come: see keep */
#define FILE_MAX (1 << 20)

struct waiter {
	struct waiter *next;
	aws_credentials_fn *fn;
	void *arg;
};

struct aws_credentials {
	int64_t (*now)(void);
	struct aws_keys keys;    /* id NULL: none yet */
	int64_t fetch_at;        /* seconds since 1970 from when on they are to be replaced */
	int64_t good_until;      /* and from when on they are not given out any more */
	char *file, *profile;    /* the shared credentials file, where that is the source */
	struct aws_fetch *fetch; /* where that is the source */
	bool is_fetching;
	bool refused;           /* by the server */
	bool doubted;           /* whoever asks waits for what a fetch says */
	int64_t quiet_until_ms; /* clock_mono_ms before which no fetch is begun that nobody waits for */
	struct waiter *waiting; /* for the fetch; the last one first */
	struct waiter *served;  /* being told now */
};

static int64_t system_now(void)
{
	return (int64_t)time(NULL);
}

/* Sources */

static const char *setting(const struct aws_credentials_spec *spec, const char *name)
{
	const char *value = spec->env(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static void hold_for_good(struct aws_credentials *c, struct aws_keys *keys)
{
	aws_keys_done(&c->keys);
	c->keys = *keys;
	*keys = (struct aws_keys){0};
	c->fetch_at = c->good_until = INT64_MAX;
	c->refused = c->doubted = false;
}

/* 1; 0 where neither is there. */
static int take_plain(struct aws_credentials *c, const char *id, const char *secret, const char *token,
	const char *where, struct err *e)
{
	AUTO_KEYS k = {.id = xstrdup(id), .secret = xstrdup(secret), .token = xstrdup(token)};

	if (id == NULL && secret == NULL)
		return 0;
	if (!aws_keys_ok(&k))
		return err_set(e, ERR_PERM, "%s: not a whole key for S3", where);
	hold_for_good(c, &k);
	return 1;
}

static int from_spec(const struct aws_credentials_spec *spec, struct aws_credentials *c, struct err *e)
{
	return take_plain(c, spec->id, spec->secret, spec->token, "the configuration", e);
}

static int from_environment(const struct aws_credentials_spec *spec, struct aws_credentials *c, struct err *e)
{
	return take_plain(c, setting(spec, "AWS_ACCESS_KEY_ID"), setting(spec, "AWS_SECRET_ACCESS_KEY"),
		setting(spec, "AWS_SESSION_TOKEN"), "the environment", e);
}

/* 1; 0: it has no such profile. */
static int read_shared_file(struct aws_credentials *c, struct err *e)
{
	AUTO_BUF text = BUF_INIT(FILE_MAX);
	AUTO_KEYS k = {0};

	if (fs_read(c->file, FILE_MAX, &text, e) < 0)
		return -1;
	char *all = buf_steal(&text);
	int r = aws_profile_read(all, c->profile, &k, e);
	aws_wipe(all);
	if (r < 0)
		return err_prefix(e, "%s: ", c->file);
	if (r > 0)
		hold_for_good(c, &k);
	return r;
}

/* That of the home folder need not be there; what the environment asks for must. */
static int from_shared_file(const struct aws_credentials_spec *spec, struct aws_credentials *c, struct err *e)
{
	const char *file = setting(spec, "AWS_SHARED_CREDENTIALS_FILE");
	const char *home = setting(spec, "HOME");
	const char *profile = setting(spec, "AWS_PROFILE");
	int64_t ignored;

	if (file == NULL && home == NULL)
		return 0;
	c->file = file != NULL ? xstrdup(file) : xasprintf("%s/.aws/credentials", home);
	c->profile = xstrdup(profile != NULL ? profile : "default");
	if (file == NULL && fs_size(c->file, &ignored, e) <= 0)
		return 0;
	int r = read_shared_file(c, e);
	if (r == 0 && (file != NULL || profile != NULL))
		return err_set(e, ERR_PERM, "%s: no keys in profile \"%s\"", c->file, c->profile);
	return r;
}

static int from_endpoint(const struct aws_credentials_spec *spec, struct aws_credentials *c, struct err *e)
{
	return aws_fetch_new(spec->loop, spec->http, spec->env, &c->fetch, e);
}

static int (*const sources[])(
	const struct aws_credentials_spec *spec, struct aws_credentials *c, struct err *e) = {
	from_spec,
	from_environment,
	from_shared_file,
	from_endpoint,
};

int aws_credentials_new(const struct aws_credentials_spec *spec, struct aws_credentials **ret, struct err *e)
{
	AUTO(aws_credentials) c = xcalloc(1, sizeof(*c));
	int r = 0;

	c->now = spec->now != NULL ? spec->now : system_now;
	for (size_t i = 0; i < ARRAY_LEN(sources) && r == 0; i++)
		r = sources[i](spec, c, e);
	if (r < 0) {
		e->kind = ERR_PERM;
		return -1;
	}
	if (r == 0)
		return err_set(e, ERR_PERM,
			"no key for S3: not in the configuration, the environment, the shared credentials "
			"file; "
			"no container's endpoint; and the instance's metadata service is disabled");
	*ret = steal_ptr(c);
	return 0;
}

static void free_waiters(struct waiter *w)
{
	while (w != NULL) {
		struct waiter *next = w->next;

		free(w);
		w = next;
	}
}

void aws_credentials_free(struct aws_credentials *c)
{
	if (c == NULL)
		return;
	aws_fetch_free(c->fetch);
	free_waiters(c->waiting);
	free_waiters(c->served);
	aws_keys_done(&c->keys);
	free(c->file);
	free(c->profile);
	free(c);
}

/* Fetching */

static bool is_good(const struct aws_credentials *c)
{
	return c->keys.id != NULL && !c->refused && c->now() < c->good_until;
}

/*
 * Keys with little time left are replaced after half of it. A metadata service that is cut off from what
 * gives it keys hands out expired ones, and AWS may take them for longer than it said: they are used, and
 * asked for again soon.
 */
static void keep(struct aws_credentials *c, struct aws_keys *keys)
{
	int64_t expires = keys->expires, left = expires - c->now();

	hold_for_good(c, keys);
	if (expires == 0)
		return;
	c->good_until = left > 0 ? expires : c->now() + STALE_S;
	c->fetch_at = left > 2 * AHEAD_S ? expires - AHEAD_S : left > 0 ? c->now() + left / 2 : c->good_until;
}

static void tell(const struct aws_credentials *c, const struct waiter *w, const struct err *e)
{
	const struct sigv4_key key = {.id = c->keys.id, .secret = c->keys.secret, .token = c->keys.token};

	w->fn(e == NULL ? &key : NULL, e, w->arg);
}

/* Whoever is told may ask again, or cancel others. */
static void serve(struct aws_credentials *c, const struct err *e)
{
	for (struct waiter *w = c->waiting; w != NULL;) { /* the first one first */
		struct waiter *next = w->next;

		w->next = c->served;
		c->served = w;
		w = next;
	}
	c->waiting = NULL;
	while (c->served != NULL) {
		struct waiter *w = c->served;

		c->served = w->next;
		tell(c, w, e);
		free(w);
	}
}

static void on_fetched(struct aws_keys *keys, const struct err *e, void *arg)
{
	struct aws_credentials *c = arg;

	struct err failure = {0};

	c->is_fetching = c->doubted = false;
	if (keys != NULL) {
		keep(c, keys);
		serve(c, NULL);
		return;
	}
	failure = *e;
	(void)err_prefix(&failure, "no key for S3: ");
	c->quiet_until_ms = clock_mono_ms() + AGAIN_MS;
	serve(c, is_good(c) ? NULL : &failure);
}

static void fetch(struct aws_credentials *c)
{
	if (c->is_fetching)
		return;
	c->is_fetching = true;
	aws_fetch_start(c->fetch, on_fetched, c);
}

/* The file may have been written anew. While it cannot be read, the old keys are as good as any. */
static void read_again(struct aws_credentials *c)
{
	struct err ignored;

	if (c->file != NULL)
		(void)read_shared_file(c, &ignored);
	c->refused = c->doubted = false;
}

void aws_credentials_get(struct aws_credentials *c, aws_credentials_fn *fn, void *arg)
{
	if ((c->refused || c->doubted) && c->fetch == NULL)
		read_again(c);
	if (is_good(c) && !c->doubted) {
		if (c->now() >= c->fetch_at && clock_mono_ms() >= c->quiet_until_ms)
			fetch(c);
		tell(c, &(struct waiter){.fn = fn, .arg = arg}, NULL);
		return;
	}

	struct waiter *w = xcalloc(1, sizeof(*w));

	*w = (struct waiter){.next = c->waiting, .fn = fn, .arg = arg};
	c->waiting = w;
	fetch(c);
}

static void drop(struct waiter **list, const void *arg)
{
	while (*list != NULL) {
		struct waiter *w = *list;

		if (w->arg != arg) {
			list = &w->next;
			continue;
		}
		*list = w->next;
		free(w);
	}
}

void aws_credentials_cancel(struct aws_credentials *c, void *arg)
{
	drop(&c->waiting, arg);
	drop(&c->served, arg);
}

int64_t aws_credentials_left_sec(const struct aws_credentials *c)
{
	return c->good_until == INT64_MAX ? INT64_MAX : c->good_until - c->now();
}

static bool has_another(const struct aws_credentials *c)
{
	return c->fetch != NULL || c->file != NULL;
}

bool aws_credentials_refused(struct aws_credentials *c)
{
	c->refused = has_another(c);
	return c->refused;
}

bool aws_credentials_doubted(struct aws_credentials *c)
{
	c->doubted = has_another(c);
	return c->doubted;
}
