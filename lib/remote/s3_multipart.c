/*
 * A file in parts: CreateMultipartUpload, UploadPart, CompleteMultipartUpload of the Amazon S3 API Reference.
 * What an earlier upload of the same key has left is given up first; then some parts at once are sent from
 * the file and tried again alone, while the ones after them are hashed, one by one, so that no place to send
 * waits for a hash; then the server is told to put them together.
 *
 * Kept here: memory does not grow with the file but for an ETag a part. Whether an upload is complete is
 * believed only when the server says so in as many words, or when the object is there, has its size, and has
 * the ETag of its parts, or where the server's ETags do not tell, is no older than the upload. What fails or
 * is cancelled is aborted, but not while its completion is under way; only where nobody knows what became of
 * it, it is left to the next put of the key, or to a sweep.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/xml.h"
#include "lib/remote/s3_priv.h"

#define MEBIBYTE       (INT64_C(1) << 20)
#define PART_MAX_BYTES (5 * 1024 * MEBIBYTE)
#define UPLOAD_ID_MAX  1024
#define LIST_BYTES     ((size_t)8 << 20) /* of all ETags, escaped */
#define DATE_SLACK_S                                                                                         \
	5 /* of an object, which may be dated by when the upload was begun, before its answer was */

/* One part under way: hashed, then waiting for a place, then sent. */
struct slot {
	struct upload *upload;
	unsigned number; /* 1..; 0: the slot is free */
	char number_text[12];
	struct sigv4_pair query[2];
	struct s3_hash *hash; /* at most one of all slots has one */
	struct s3_hashes hashes;
	struct s3_request *request;
	int64_t sent;
};

struct upload {
	struct s3_call call; /* first; its request is that of one step */
	char *file, *key, *content_type, *content_disposition;
	void (*progress)(int64_t sent_bytes, void *arg);
	int64_t bytes, part_bytes;
	unsigned part_count, begun, done; /* parts */
	int64_t done_bytes, told_bytes;
	char **etags;      /* of each part; NULL: not there yet */
	bool are_md5s;     /* all of them, of what was sent */
	int64_t began_sec; /* when it did, by the server's clock, in seconds since 1970; -1 not known */
	struct slot *slots;
	unsigned slot_count, sending;
	struct s3_sweep *sweep;
	struct sigv4_pair headers[S3_OBJECT_HEADERS];
	char *id; /* NULL: there is no upload, as far as we know */
	struct sigv4_pair id_query[1];
	bool is_alone;      /* no other upload of ours can have been begun by an answer that was lost */
	bool is_given_up;   /* call.failure says why */
	struct buf list;    /* what Complete sends */
	unsigned completes; /* how often it was sent */
	bool is_gone;       /* the upload, says the server: there is nothing to complete again */
	bool is_unresolved; /* one of them had no answer that tells */
	int64_t give_up_ms; /* clock_mono_ms: when it is not sent again */
};

static const struct sigv4_pair create_query[] = {{"uploads", NULL}};
static const struct sigv4_pair list_headers[] = {{"Content-Type", "application/xml"}};

static struct upload *upload_of(struct s3_call *c)
{
	return (struct upload *)(void *)c;
}

static void stop_slot(struct slot *p)
{
	s3_hash_cancel(steal_ptr(p->hash));
	s3_request_cancel(steal_ptr(p->request));
	p->number = 0;
}

static void stop_slots(struct upload *u)
{
	for (unsigned i = 0; i < u->slot_count; i++)
		stop_slot(&u->slots[i]);
}

static void free_upload(struct s3_call *c)
{
	struct upload *u = upload_of(c);

	stop_slots(u);
	s3_sweep_cancel(u->sweep);
	for (unsigned i = 0; i < u->part_count; i++)
		free(u->etags[i]);
	free(u->etags);
	free(u->slots);
	buf_done(&u->list);
	free(u->id);
	free(u->file);
	free(u->key);
	free(u->content_type);
	free(u->content_disposition);
	free(u);
}

/* Giving up */

static void end_given_up(struct upload *u)
{
	const struct err e = u->call.failure;

	s3_call_end(&u->call, &e);
}

static void on_swept_behind(size_t count UNUSED, const struct err *e UNUSED, void *arg)
{
	struct upload *u = arg;

	u->sweep = NULL;
	end_given_up(u);
}

/* Parts that were cut off may still come in after an abort: a sweep that finds the upload again aborts it
 * again, and finds those too whose beginning was lost. */
static void sweep_behind(struct upload *u)
{
	u->sweep = s3_sweep_start(u->call.s, u->key, true, S3_ANY_AGE, on_swept_behind, u);
}

/* Whether nobody can say what became of a request. */
static bool is_unknown(enum s3_what what)
{
	return what == S3_RETRY || what == S3_THROTTLE || what == S3_FOREIGN;
}

static void on_aborted(const struct s3_reply *r, void *arg)
{
	struct upload *u = arg;

	u->call.request = NULL;
	if (is_unknown(r->what))
		end_given_up(u); /* the server is away: nobody can clean up now */
	else
		sweep_behind(u);
}

/* Whatever was under way has ended or is stopped here. */
static void give_up(struct upload *u, const struct err *why)
{
	u->call.failure = *why;
	u->is_given_up = true;
	stop_slots(u);
	s3_not_later(u->call.s, &u->call.due);
	if (u->id == NULL) {
		if (u->is_alone)
			end_given_up(u);
		else
			sweep_behind(u);
		return;
	}

	const struct s3_ask ask = {
		.method = "DELETE",
		.key = u->key,
		.query = u->id_query,
		.query_count = ARRAY_LEN(u->id_query),
	};

	u->call.request = s3_request_start(u->call.s, &ask, on_aborted, u);
}

static void look(struct upload *u, bool is_gone);

/* Whether an answer will say which upload it is, or whether it is complete; or one that would was lost. */
static bool waits_for_an_answer(const struct upload *u)
{
	const struct s3_request *r = u->call.request;

	return u->is_unresolved || (r && (u->id == NULL || (u->completes > 0 && s3_request_was_sent(r))));
}

/* Nobody waits any more, but what is at the server is given up: not before an answer, since nobody knows what
 * an abort would do to an upload that is being completed. */
static void cancel_upload(struct s3_call *c)
{
	struct upload *u = upload_of(c);

	if (u->is_given_up)
		return;
	if (u->id == NULL && u->call.request == NULL) {
		s3_call_free(c);
		return;
	}
	(void)err_set(&u->call.failure, ERR_CANCELED, "the upload was cancelled");
	u->is_given_up = waits_for_an_answer(u);
	if (!u->is_given_up) {
		s3_request_cancel(steal_ptr(u->call.request));
		give_up(u, &u->call.failure);
	} else if (u->call.request == NULL) { /* it was to be completed again */
		s3_not_later(u->call.s, &u->call.due);
		look(u, false);
	}
}

/* The end: all parts are there */

static void finish(struct upload *u)
{
	s3_call_end(&u->call, NULL);
}

static void on_swept_at_last(size_t count UNUSED, const struct err *e UNUSED, void *arg)
{
	struct upload *u = arg;

	u->sweep = NULL;
	finish(u);
}

static void complete_is_done(struct upload *u)
{
	free(steal_ptr(u->id));
	if (u->is_alone)
		finish(u);
	else
		u->sweep = s3_sweep_start(u->call.s, u->key, true, S3_ANY_AGE, on_swept_at_last, u);
}

static void complete(void *arg);

/* The object is not there, or is another one: again, or not at all. call.failure is that of Complete. */
static void complete_again(struct upload *u)
{
	const struct s3 *s = u->call.s;
	const struct err why = u->call.failure;
	int64_t wait_ms = s3_jitter_ms(S3_BASE_MS, u->completes);

	if (u->is_gone || u->is_given_up || u->completes >= s->spec.attempts ||
		clock_mono_ms() + wait_ms >= u->give_up_ms)
		give_up(u, &why);
	else
		s3_later(u->call.s, &u->call.due, wait_ms, complete, u);
}

/* Whether what is there is what we have put. */
static bool is_ours(const struct upload *u, const struct http_result *http)
{
	enum s3_etag etag = s3_etag_of_parts(http_header(http, "ETag"), u->etags, u->part_count, u->are_md5s);

	if (s3_content_length(http) != u->bytes || etag != S3_ETAG_MUTE)
		return s3_content_length(http) == u->bytes && etag == S3_ETAG_THEIRS;
	return u->began_sec >= 0 &&
	       s3_read_time(http_header(http, "Last-Modified")) >= u->began_sec - DATE_SLACK_S;
}

static void on_looked(const struct s3_reply *r, void *arg)
{
	struct upload *u = arg;

	u->call.request = NULL;
	if (is_unknown(r->what)) {
		const struct err unknown = *r->e;

		s3_call_end(&u->call, &unknown); /* an abort could do harm */
	} else if (r->what == S3_FINE && is_ours(u, r->http)) {
		u->is_alone = false; /* nobody has said that the upload is gone */
		complete_is_done(u);
	} else {
		complete_again(u); /* where we may not look, Complete must say it */
	}
}

static void look(struct upload *u, bool is_gone)
{
	const struct s3_ask ask = {.method = "HEAD", .key = u->key, .wants_etag = true};

	u->is_gone = is_gone;
	u->call.request = s3_request_start(u->call.s, &ask, on_looked, u);
}

static void on_complete(const struct s3_reply *r, void *arg)
{
	struct upload *u = arg;

	u->call.request = NULL;
	if (r->what == S3_FINE) {
		complete_is_done(u);
		return;
	}
	u->call.failure = *r->e;
	u->is_unresolved = is_unknown(r->what);
	if (is_unknown(r->what))
		look(u, false);
	else if (r->what == S3_UPLOAD_GONE || (r->what == S3_PART_GONE && u->completes > 1))
		look(u, true); /* perhaps because an answer was lost */
	else
		give_up(u, r->e);
}

static void complete(void *arg)
{
	struct upload *u = arg;
	const struct s3_ask ask = {
		.method = "POST",
		.key = u->key,
		.query = u->id_query,
		.query_count = ARRAY_LEN(u->id_query),
		.headers = list_headers,
		.header_count = ARRAY_LEN(list_headers),
		.body = buf_text(&u->list),
		.body_len = u->list.len,
		.root = "CompleteMultipartUploadResult",
		.is_slow = true,
		.is_counted = true,
		.is_single = true,
	};

	u->completes++;
	u->call.request = s3_request_start(u->call.s, &ask, on_complete, u);
}

static void complete_first(struct upload *u)
{
	const struct s3_spec *spec = &u->call.s->spec;

	buf_adds(&u->list, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (unsigned i = 0; i < u->part_count; i++) {
		buf_addf(&u->list, "<Part><PartNumber>%u</PartNumber><ETag>", i + 1);
		xml_escape(u->etags[i], &u->list);
		buf_adds(&u->list, "</ETag></Part>");
	}
	buf_adds(&u->list, "</CompleteMultipartUpload>");
	if (!buf_ok(&u->list)) {
		struct err e;

		(void)err_set(&e, ERR_PERM, "S3: the parts' ETags are too long to be listed");
		give_up(u, &e);
		return;
	}
	u->give_up_ms = clock_mono_ms() + spec->deadline_ms * spec->attempts;
	complete(u);
}

/* Parts */

static void tell_progress(struct upload *u)
{
	int64_t sent = u->done_bytes;

	for (unsigned i = 0; i < u->slot_count; i++)
		sent += u->slots[i].sent;
	if (sent <= u->told_bytes)
		return;
	u->told_bytes = sent;
	s3_call_progress(&u->call, u->progress, sent);
}

static int64_t bytes_of_part(const struct upload *u, unsigned number)
{
	return number < u->part_count ? u->part_bytes : u->bytes - (number - 1) * u->part_bytes;
}

static void go_on(struct upload *u);

static void part_is_there(struct slot *p, const char *etag)
{
	struct upload *u = p->upload;

	u->etags[p->number - 1] = xstrdup(etag);
	u->are_md5s = u->are_md5s && s3_etag_is_md5(etag, p->hashes.md5);
	u->done_bytes += bytes_of_part(u, p->number);
	u->done++;
	p->sent = 0;
	p->number = 0;
	u->sending--;
	tell_progress(u);
	if (u->call.was_cancelled)
		return;
	if (u->done == u->part_count)
		complete_first(u);
	else
		go_on(u);
}

static void on_part(const struct s3_reply *r, void *arg)
{
	struct slot *p = arg;

	p->request = NULL;
	if (r->what == S3_FINE)
		part_is_there(p, http_header(r->http, "ETag"));
	else
		give_up(p->upload, r->e);
}

static void on_part_sent(int64_t bytes, void *arg)
{
	struct slot *p = arg;

	p->sent = bytes;
	tell_progress(p->upload);
}

static void send_part(struct slot *p)
{
	struct upload *u = p->upload;
	int64_t bytes = bytes_of_part(u, p->number);

	p->query[0] = (struct sigv4_pair){"partNumber", p->number_text};
	p->query[1] = (struct sigv4_pair){"uploadId", u->id};

	const struct s3_ask ask = {
		.method = "PUT",
		.key = u->key,
		.query = p->query,
		.query_count = ARRAY_LEN(p->query),
		.file = u->file,
		.from = (p->number - 1) * u->part_bytes,
		.bytes = bytes,
		.hashes = &p->hashes,
		.wants_etag = true,
		.sent = on_part_sent,
		.deadlines = 1 + (bytes - 1) / u->call.s->spec.part_bytes,
		.arg = p,
	};

	p->request = s3_request_start(u->call.s, &ask, on_part, p);
	u->sending++;
}

static void on_hashed(const struct s3_hashes *h, const struct err *e, void *arg)
{
	struct slot *p = arg;

	p->hash = NULL;
	if (h == NULL) {
		give_up(p->upload, e);
		return;
	}
	p->hashes = *h;
	go_on(p->upload);
}

static void begin_part(struct slot *p)
{
	struct upload *u = p->upload;

	p->number = ++u->begun;
	(void)snprintf(p->number_text, sizeof(p->number_text), "%u", p->number);
	p->hash = s3_hash_start(u->call.s, u->file, (p->number - 1) * u->part_bytes,
		bytes_of_part(u, p->number), on_hashed, p);
}

/* The first part that is hashed and not sent yet, and a free slot if no part is being hashed; NULL none. */
static void look_at_slots(struct upload *u, struct slot **ret_hashed, struct slot **ret_free)
{
	bool hashing = false;

	*ret_hashed = *ret_free = NULL;
	for (struct slot *p = u->slots; p < u->slots + u->slot_count; p++) {
		hashing = hashing || p->hash;
		if (p->number == 0)
			*ret_free = p;
		else if (!p->hash && !p->request && (!*ret_hashed || p->number < (*ret_hashed)->number))
			*ret_hashed = p;
	}
	if (hashing)
		*ret_free = NULL;
}

static void go_on(struct upload *u)
{
	struct slot *hashed, *unused;

	look_at_slots(u, &hashed, &unused);
	if (unused && u->begun < u->part_count)
		begin_part(unused);
	while (hashed && u->sending < u->call.s->spec.parts_at_once) {
		send_part(hashed);
		look_at_slots(u, &hashed, &unused);
	}
}

/* The beginning */

/* NULL where the answer has none that we could send. */
static char *read_upload_id(const struct http_result *r)
{
	AUTO(xml) x = NULL;
	struct err ignored;

	if (xml_parse(r->body, r->body_len, r->body_len, &x, &ignored) < 0)
		return NULL;

	AUTO_FREE char *id = xml_text(xml_child(xml_root(x), "UploadId"));

	return *id != '\0' && strlen(id) <= UPLOAD_ID_MAX ? steal_ptr(id) : NULL;
}

static void on_created(const struct s3_reply *r, void *arg)
{
	struct upload *u = arg;
	struct err e;

	u->call.request = NULL;
	if (r->what == S3_FINE) {
		u->id = read_upload_id(r->http);
		u->began_sec = s3_read_time(http_header(r->http, "Date"));
	}
	u->is_alone = r->attempts <= 1 && !is_unknown(r->what) && (r->what != S3_FINE || u->id != NULL);
	u->id_query[0] = (struct sigv4_pair){"uploadId", u->id};
	if (u->is_given_up) {
		e = u->call.failure; /* cancelled meanwhile */
		give_up(u, &e);
	} else if (r->what != S3_FINE) {
		e = *r->e;
		give_up(u, &e);
	} else if (u->id == NULL) {
		(void)err_set(&e, ERR_TEMP, "S3: an upload that has no id");
		give_up(u, &e);
	} else {
		go_on(u);
	}
}

static void create(struct upload *u)
{
	const struct s3_ask ask = {
		.method = "POST",
		.key = u->key,
		.query = create_query,
		.query_count = ARRAY_LEN(create_query),
		.headers = u->headers,
		.header_count = S3_OBJECT_HEADERS,
		.root = "InitiateMultipartUploadResult",
		.is_counted = true,
	};

	u->call.request = s3_request_start(u->call.s, &ask, on_created, u);
}

/* A server that does not list uploads, or not to us, keeps nobody from putting. */
static void on_swept_before(size_t count UNUSED, const struct err *e, void *arg)
{
	struct upload *u = arg;

	u->sweep = NULL;
	if (e != NULL && e->kind == ERR_TEMP)
		s3_call_end(&u->call, e);
	else
		create(u);
}

/* At least what is configured, and as much more as it takes to have no more parts than are allowed. */
static int64_t choose_part_bytes(const struct s3 *s, int64_t bytes)
{
	int64_t least = (bytes + S3_PARTS_MAX - 1) / S3_PARTS_MAX;

	if (least <= s->spec.part_bytes)
		return s->spec.part_bytes;
	return (least + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
}

struct s3_call *s3_multipart(
	struct s3 *s, const struct s3_put *what, int64_t bytes, s3_done_fn *done, void *arg)
{
	struct upload *u = xcalloc(1, sizeof(*u));
	struct err e;

	s3_call_init(&u->call, s, free_upload, done, arg);
	u->call.cancel = cancel_upload;
	u->file = xstrdup(what->file);
	u->key = xstrdup(what->key);
	u->content_type = xstrdup(what->content_type);
	u->content_disposition = xstrdup(what->content_disposition);
	u->progress = what->progress;
	u->bytes = bytes;
	u->part_bytes = choose_part_bytes(s, bytes);
	u->part_count = (unsigned)((bytes + u->part_bytes - 1) / u->part_bytes);
	u->etags = xcalloc(u->part_count, sizeof(*u->etags));
	u->slot_count = 2 * s->spec.parts_at_once;
	u->slots = xcalloc(u->slot_count, sizeof(*u->slots));
	u->list = BUF_INIT(LIST_BYTES);
	u->are_md5s = true;
	for (unsigned i = 0; i < u->slot_count; i++)
		u->slots[i].upload = u;
	s3_object_headers(s, u->content_type, u->content_disposition, u->headers);
	if (u->part_bytes > PART_MAX_BYTES) {
		(void)err_set(&e, ERR_PERM, "%s is too large", u->file);
		s3_call_end_later(&u->call, &e);
		return &u->call;
	}
	u->sweep = s3_sweep_start(s, u->key, true, S3_ANY_AGE, on_swept_before, u);
	return &u->call;
}
