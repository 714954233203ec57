/*
 * A page of a listing: ListObjectsV2 and ListMultipartUploads of the Amazon S3 API Reference. Keys of
 * objects are asked for percent-encoded, because XML cannot hold every key, and decoded where the server says
 * that it did so. Those of uploads are not: radosgw 16 encodes them without saying so, and it and Swift 2.30
 * leave the marker of the next page as it is.
 *
 * Kept here: a listing ends, whatever the server says. Objects come in the order of their keys, each once.
 * Uploads need not (Swift sorts them by key, slash and id): they have a limit.
 */

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"
#include "lib/io/xml.h"
#include "lib/remote/s3_priv.h"

#define PAGE_BYTES ((size_t)4 << 20)
#define KEY_BYTES  4096
#define QUERY_MAX  6
#define IDLE_MAX   100 /* pages in a row with nothing in them */
#define PAGES_MAX  200 /* of uploads, with a thousand on each */

struct s3_paging {
	const struct form *form;
	char *prefix;
	struct s3_place place;
	struct sigv4_pair query[QUERY_MAX];
	size_t query_count;
	struct s3_request *request;
	s3_page_fn *done;
	void *arg;
};

/* What differs between the two. */
static const struct form {
	struct sigv4_pair kind;
	const char *encoding; /* of keys; NULL: none */
	const char *root, *item, *when;
	const char *after, *token, *upload_marker; /* in the query; NULL: not there */
	const char *next_after, *next_token, *next_upload_marker;
} forms[] = {
	{
		.kind = {"list-type", "2"},
		.encoding = "url",
		.root = "ListBucketResult",
		.item = "Contents",
		.when = "LastModified",
		.after = "start-after",
		.token = "continuation-token",
		.next_token = "NextContinuationToken",
	},
	{
		.kind = {"uploads", NULL},
		.root = "ListMultipartUploadsResult",
		.item = "Upload",
		.when = "Initiated",
		.after = "key-marker",
		.upload_marker = "upload-id-marker",
		.next_after = "NextKeyMarker",
		.next_upload_marker = "NextUploadIdMarker",
	},
};

void s3_place_done(struct s3_place *p)
{
	free(p->after);
	free(p->token);
	free(p->upload_marker);
	free(p->last);
	*p = (struct s3_place){0};
}

void s3_place_move(struct s3_place *to, struct s3_place *from)
{
	s3_place_done(to);
	*to = *from;
	*from = (struct s3_place){0};
}

static void page_done(struct s3_page *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].key);
		free(p->items[i].upload_id);
	}
	free(p->items);
	s3_place_done(&p->next);
}

static void free_paging(struct s3_paging *p)
{
	free(p->prefix);
	s3_place_done(&p->place);
	free(p);
}

/* Reading */

/* The text of a child; NULL where it is not there, or empty. */
static char *text_of(const struct xml_node *n, const char *name)
{
	const struct xml_node *child = name != NULL ? xml_child(n, name) : NULL;
	AUTO_FREE char *text = child != NULL ? xml_text(child) : NULL;

	return text != NULL && *text != '\0' ? steal_ptr(text) : NULL;
}

static bool says(const struct xml_node *n, const char *name, const char *expected)
{
	AUTO_FREE char *text = text_of(n, name);

	return text != NULL && strcmp(text, expected) == 0;
}

/* NULL where it is not there, or broken. A blank is '+' for AWS, and "%20" for others; '+' is "%2B" for all.
 */
static char *key_of(const struct xml_node *n, const char *name, bool is_encoded)
{
	AUTO_FREE char *text = text_of(n, name);
	AUTO_BUF key = BUF_INIT(KEY_BYTES);

	if (text == NULL || !is_encoded)
		return steal_ptr(text);
	return text_url_decode(text, strlen(text), true, &key) && buf_ok(&key) ? buf_steal(&key) : NULL;
}

static bool read_item(const struct xml_node *n, const struct form *f, bool is_encoded, struct s3_item *ret)
{
	AUTO_FREE char *size = text_of(n, "Size"), *when = text_of(n, f->when);
	bool is_upload = f->upload_marker != NULL;

	*ret = (struct s3_item){
		.key = key_of(n, "Key", is_encoded),
		.upload_id = is_upload ? text_of(n, "UploadId") : NULL,
		.modified = s3_read_time(when),
	};
	if (ret->key == NULL)
		return false;
	return is_upload ? ret->upload_id != NULL
			 : size != NULL && text_to_i64(size, 0, INT64_MAX, &ret->bytes);
}

static bool read_page(const struct xml_node *root, const struct form *f, struct s3_page *page)
{
	bool is_encoded = says(root, "EncodingType", "url");
	const struct xml_node *n;
	size_t count = 0;

	for (n = xml_child(root, f->item); n != NULL; n = xml_next(n, f->item))
		count++;
	page->items = xcalloc(count + 1, sizeof(*page->items));
	for (n = xml_child(root, f->item); n != NULL; n = xml_next(n, f->item))
		if (!read_item(n, f, is_encoded, &page->items[page->count++]))
			return false;
	page->is_last = !says(root, "IsTruncated", "true");
	page->next = (struct s3_place){
		.after = key_of(root, f->next_after, is_encoded),
		.token = text_of(root, f->next_token),
		.upload_marker = text_of(root, f->next_upload_marker),
	};
	return true;
}

static bool is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* A listing that leads back to where it was would never end. */
static bool leads_on(const struct s3_paging *p, const struct s3_page *page)
{
	if (page->is_last)
		return true;
	return p->form->next_token != NULL
		       ? page->next.token != NULL && !is_same(page->next.token, p->place.token)
		       : page->next.after != NULL &&
				 !(is_same(page->next.after, p->place.after) &&
					 is_same(page->next.upload_marker, p->place.upload_marker));
}

/* A server that does not know where it was to go on would begin from the first again and again. */
static bool is_in_order(const struct s3_paging *p, const struct s3_page *page)
{
	const char *last = p->place.last != NULL ? p->place.last : p->place.after;

	if (p->form->upload_marker != NULL)
		return true;
	for (size_t i = 0; i < page->count; i++) {
		if (last != NULL && strcmp(page->items[i].key, last) <= 0)
			return false;
		last = page->items[i].key;
	}
	return true;
}

/* What the next page has to know of those before it. False: there have been too many. */
static bool count_page(const struct s3_paging *p, struct s3_page *page)
{
	struct s3_place *next = &page->next;

	next->pages = p->place.pages + 1;
	next->idle = page->count > 0 ? 0 : p->place.idle + 1;
	if (p->form->upload_marker != NULL)
		return page->is_last || (next->pages < PAGES_MAX && next->idle < IDLE_MAX);
	next->after = xstrdup(p->place.after);
	next->last = xstrdup(page->count > 0 ? page->items[page->count - 1].key : p->place.last);
	return page->is_last || next->idle < IDLE_MAX;
}

static int parse(const struct s3_paging *p, const struct http_result *r, struct s3_page *page, struct err *e)
{
	AUTO(xml) x = NULL;

	if (xml_parse(r->body, r->body_len, PAGE_BYTES, &x, e) < 0)
		return err_prefix(e, "S3: a listing: ");
	if (!read_page(xml_root(x), p->form, page) || !leads_on(p, page) || !is_in_order(p, page) ||
		!count_page(p, page))
		return err_set(e, ERR_BLOCKED, "S3: the server's listing makes no sense, or has no end");
	return 0;
}

static void on_page(const struct s3_reply *r, void *arg)
{
	struct s3_paging *p = arg;
	struct s3_page page = {0};
	struct err e;

	p->request = NULL;
	if (r->what != S3_FINE)
		p->done(NULL, r->e, p->arg);
	else if (parse(p, r->http, &page, &e) < 0)
		p->done(NULL, &e, p->arg);
	else
		p->done(&page, NULL, p->arg);
	page_done(&page);
	free_paging(p);
}

/* Asking */

static void add(struct s3_paging *p, const char *name, const char *value)
{
	if (name != NULL && value != NULL)
		p->query[p->query_count++] = (struct sigv4_pair){name, value};
}

struct s3_paging *s3_page_start(struct s3 *s, bool of_uploads, const char *prefix,
	const struct s3_place *place, s3_page_fn *done, void *arg)
{
	struct s3_paging *p = xcalloc(1, sizeof(*p));

	*p = (struct s3_paging){
		.form = &forms[of_uploads],
		.prefix = xstrdup(prefix),
		.place = {.after = xstrdup(place->after),
			.token = xstrdup(place->token),
			.upload_marker = xstrdup(place->upload_marker),
			.last = xstrdup(place->last),
			.pages = place->pages,
			.idle = place->idle},
		.query = {forms[of_uploads].kind},
		.query_count = 1,
		.done = done,
		.arg = arg,
	};
	add(p, "prefix", p->prefix);
	add(p, "encoding-type", p->form->encoding);
	add(p, p->form->after, p->place.after);
	add(p, p->form->token, p->place.token);
	add(p, p->form->upload_marker, p->place.upload_marker);

	const struct s3_ask ask = {
		.method = "GET",
		.query = p->query,
		.query_count = p->query_count,
		.max_bytes = PAGE_BYTES,
		.root = p->form->root,
	};

	p->request = s3_request_start(s, &ask, on_page, p);
	return p;
}

void s3_page_cancel(struct s3_paging *p)
{
	if (p == NULL)
		return;
	s3_request_cancel(p->request);
	free_paging(p);
}
