/*
 * One request on libcurl: what it is told before it starts, what it asks of us on the way, and what came of
 * it.
 *
 * Kept here: nothing is unbounded (time, bytes, redirects). A request that is not safe (RFC 9110, 9.2.1), nor
 * said to be repeatable, goes out at most once. libcurl repeats a request silently on two occasions: when a
 * kept connection turns out to be closed, and when an HTTP/2 server refuses the stream or asks for HTTP/1.1.
 * So such a request never uses a kept connection, and speaks HTTP/1.1. How many bytes of it libcurl has
 * handed to the socket or to TLS says whether the peer may know of it.
 */

#include "lib/io/http_transfer_priv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/http_priv.h"

#define CONNECT_TIMEOUT_MS 10000
#define LOW_SPEED_BYTES    10 /* a second, on the average of so many seconds: */
#define LOW_SPEED_SEC      60
#define SEND_BYTES         (512L * 1024) /* read at once of a body from a file; libcurl's own is an eighth of it */

struct http_transfer {
	CURL *easy;
	struct curl_slist *headers;
	const struct http_method *method;
	char *where; /* "GET https://host/path", as errors say it */
	struct http_upload upload;
	struct http_answer answer;
	http_sent_fn *on_sent;
	int64_t send_by_ms;
	bool is_once; /* never sent twice */
	bool public_only;
	bool was_cut_short; /* the peer never had the whole request */
	bool refused;       /* by a callback of ours; refusal says why */
	struct err refusal;
	char curl_text[CURL_ERROR_SIZE];
	http_done_fn *done;
	void *arg;
};

/* Everything that is wrong for good. What is not listed may pass, as far as one can know. */
static const CURLcode hopeless[] = {
	CURLE_UNSUPPORTED_PROTOCOL,
	CURLE_URL_MALFORMAT,
	CURLE_LOGIN_DENIED,
	CURLE_FILESIZE_EXCEEDED,
	CURLE_TOO_MANY_REDIRECTS,
	CURLE_BAD_CONTENT_ENCODING,
	CURLE_BAD_FUNCTION_ARGUMENT,
	CURLE_PEER_FAILED_VERIFICATION,
	CURLE_SSL_CACERT_BADFILE,
	CURLE_SSL_CERTPROBLEM,
	CURLE_SSL_CIPHER,
	CURLE_SSL_ISSUER_ERROR,
	CURLE_SSL_PINNEDPUBKEYNOTMATCH,
	CURLE_SSL_INVALIDCERTSTATUS,
	CURLE_USE_SSL_FAILED,
};

static const struct {
	CURLoption option;
	long value;
} fixed_options[] = {
	{CURLOPT_NOSIGNAL, 1},
	{CURLOPT_NOPROGRESS, 1},
	{CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS},
	{CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES},
	{CURLOPT_SSL_VERIFYPEER, 1},
	{CURLOPT_SSL_VERIFYHOST, 2},
	{CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	{CURLOPT_DISALLOW_USERNAME_IN_URL, 1}, /* in redirects, too */
	{CURLOPT_NETRC, CURL_NETRC_IGNORED},
	/* A look-up of a name that was given up is left to its thread: waiting for it would stop the loop. */
	{CURLOPT_QUICK_EXIT, 1},
};

/* Sets an option unless one has failed before; the sum is checked once. A macro: an option's type is its own.
 */
#define SET(s, option, value)                                                                                \
	do {                                                                                                 \
		if ((s)->code == CURLE_OK)                                                                   \
			(s)->code = curl_easy_setopt((s)->easy, option, value);                              \
	} while (0)

struct setter {
	CURL *easy;
	CURLcode code;
};

/* Called by libcurl */

static void refuse(struct http_transfer *t, const struct err *why)
{
	t->refused = true;
	t->refusal = *why;
	(void)err_prefix(&t->refusal, "%s: ", t->where);
}

static void refuse_address(struct http_transfer *t)
{
	struct err e;

	(void)err_set(&e, ERR_PERM, "the address is not a public one");
	refuse(t, &e);
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *a)
{
	struct http_transfer *t = arg;

	if (t->public_only && !http_address_is_public(&a->addr)) {
		refuse_address(t);
		return CURL_SOCKET_BAD;
	}
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

/*
 * The connection is there and nothing has been sent. A kept connection was opened by somebody else, who may
 * have been allowed more; and this process may have slept.
 */
static int on_before_request(
	void *arg, char *ip, char *local_ip UNUSED, int port UNUSED, int local_port UNUSED)
{
	struct http_transfer *t = arg;
	struct err e;

	if (t->send_by_ms != 0 && clock_mono_ms() > t->send_by_ms) {
		(void)err_set(&e, ERR_TEMP, "too late to be sent");
		refuse(t, &e);
		return CURL_PREREQFUNC_ABORT;
	}
	if (!t->public_only || http_text_is_public(ip))
		return CURL_PREREQFUNC_OK;
	refuse_address(t);
	return CURL_PREREQFUNC_ABORT;
}

/* size is 1, here and below. */
static size_t on_send(char *to, size_t size UNUSED, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	struct err e;
	ssize_t sent = http_upload_read(&t->upload, to, n, &e);

	if (sent < 0) {
		t->was_cut_short = true;
		refuse(t, &e);
		return CURL_READFUNC_ABORT;
	}
	if (t->on_sent != NULL)
		t->on_sent(t->upload.at, t->arg);
	return (size_t)sent;
}

/* Called to send it all again, on another connection. */
static int on_rewind(void *arg, curl_off_t at, int whence)
{
	struct http_transfer *t = arg;

	return whence == SEEK_SET && http_upload_seek(&t->upload, at) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t on_receive(char *data, size_t size UNUSED, size_t n, void *arg)
{
	struct http_transfer *t = arg;
	long status = 0;
	curl_off_t declared_bytes = -1;
	struct err e;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared_bytes);
	int r = http_answer_take(&t->answer, (int)status, declared_bytes, data, n, &e);
	if (r < 0)
		refuse(t, &e);
	return r == 0 ? n
		      : CURL_WRITEFUNC_ERROR; /* what is enough is no failure: see http_transfer_conclude */
}

/* Making a transfer */

/* Says whether the address is one of ours to ask, and how errors name it. */
static int check_url(const struct http_request *q, char **ret_where, struct err *e)
{
	struct http_address a = {0};
	const struct {
		CURLUPart part;
		char **to;
	} parts[] = {
		{CURLUPART_SCHEME, &a.scheme},
		{CURLUPART_HOST, &a.host},
		{CURLUPART_PORT, &a.port},
		{CURLUPART_PATH, &a.path},
		{CURLUPART_USER, &a.user},
		{CURLUPART_PASSWORD, &a.password},
	};
	CURLU *url = curl_url();

	if (url == NULL)
		return err_set(e, ERR_TEMP, "%s: out of memory", q->method);
	CURLUcode code = curl_url_set(url, CURLUPART_URL, q->url, CURLU_NON_SUPPORT_SCHEME);
	for (size_t i = 0; i < ARRAY_LEN(parts) && code == CURLUE_OK; i++)
		(void)curl_url_get(url, parts[i].part, parts[i].to, 0); /* what is not there stays NULL */
	int r = http_check_address(q, &a, ret_where, e);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		curl_free(*parts[i].to);
	curl_url_cleanup(url);
	return r;
}

static bool add_header(struct curl_slist **list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(*list, header);

	if (longer == NULL)
		return false;
	*list = longer;
	return true;
}

/* Nothing goes out that the caller did not ask for: no form type for any body, no "Expect" that costs a round
 * trip. */
static bool add_headers(struct http_transfer *t, const struct http_request *q)
{
	const char *const *headers = q->headers;
	bool has_type = false;
	bool ok = add_header(&t->headers, q->expect_ms > 0 ? "Expect: 100-continue" : "Expect:");

	for (; ok && headers != NULL && *headers != NULL; headers++) {
		has_type = has_type || strncasecmp(*headers, "Content-Type:", strlen("Content-Type:")) == 0;
		ok = add_header(&t->headers, *headers);
	}
	return ok && (has_type || add_header(&t->headers, "Content-Type:"));
}

static void set_body(struct setter *s, struct http_transfer *t)
{
	int64_t bytes = http_upload_bytes(&t->upload);

	if (bytes == 0 && strcmp(t->method->name, "DELETE") == 0)
		return;
	SET(s, CURLOPT_POST, 1L);
	SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
	if ((size_t)bytes == t->upload.body_len) { /* all of it in memory: sent together with the head */
		SET(s, CURLOPT_POSTFIELDS, bytes > 0 ? t->upload.body : "");
		return;
	}
	SET(s, CURLOPT_READFUNCTION, on_send);
	SET(s, CURLOPT_READDATA, t);
	SET(s, CURLOPT_SEEKFUNCTION, on_rewind);
	SET(s, CURLOPT_SEEKDATA, t);
	SET(s, CURLOPT_UPLOAD_BUFFERSIZE, SEND_BYTES);
}

static void set_method(struct setter *s, struct http_transfer *t)
{
	if (t->method->is_safe) {
		SET(s, CURLOPT_HTTPGET, 1L);
		SET(s, CURLOPT_NOBODY, strcmp(t->method->name, "HEAD") == 0 ? 1L : 0L);
		return;
	}
	SET(s, CURLOPT_FRESH_CONNECT, t->is_once ? 1L : 0L); /* both: see the head of this file */
	SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set_body(s, t);
	SET(s, CURLOPT_CUSTOMREQUEST, t->method->name);
}

static void set_limits(struct setter *s, const struct http_request *q)
{
	const char *protocols = q->https_only ? "https" : "http,https";

	for (size_t i = 0; i < ARRAY_LEN(fixed_options); i++)
		SET(s, fixed_options[i].option, fixed_options[i].value);
	SET(s, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	if (q->expect_ms > 0)
		SET(s, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)q->expect_ms);
	SET(s, CURLOPT_LOW_SPEED_TIME, (long)(q->low_speed_sec > 0 ? q->low_speed_sec : LOW_SPEED_SEC));
	SET(s, CURLOPT_PROTOCOLS_STR, protocols);
	SET(s, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	SET(s, CURLOPT_FOLLOWLOCATION, q->max_redirects > 0 ? 1L : 0L);
	SET(s, CURLOPT_MAXREDIRS, (long)q->max_redirects);
}

static CURLcode set_options(struct http_transfer *t, const struct http_request *q)
{
	struct setter s = {.easy = t->easy};

	set_limits(&s, q);
	set_method(&s, t);
	SET(&s, CURLOPT_URL, q->url);
	SET(&s, CURLOPT_PATH_AS_IS, q->path_as_is ? 1L : 0L);
	if (q->ca_file != NULL)
		SET(&s, CURLOPT_CAINFO, q->ca_file);
	SET(&s, CURLOPT_HTTPHEADER, t->headers);
	SET(&s, CURLOPT_USERAGENT, "videod");
	SET(&s, CURLOPT_PROXY, ""); /* nor what the environment says */
	SET(&s, CURLOPT_ERRORBUFFER, t->curl_text);
	SET(&s, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(&s, CURLOPT_OPENSOCKETDATA, t);
	SET(&s, CURLOPT_PREREQFUNCTION, on_before_request);
	SET(&s, CURLOPT_PREREQDATA, t);
	SET(&s, CURLOPT_WRITEFUNCTION, on_receive);
	SET(&s, CURLOPT_WRITEDATA, t);
	return s.code;
}

void http_transfer_free(struct http_transfer *t)
{
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	http_upload_close(&t->upload);
	http_answer_done(&t->answer);
	free(t->where);
	free(t);
}

struct http_transfer *http_transfer_new(
	const struct http_request *q, http_done_fn *done, void *arg, struct err *e)
{
	AUTO_FREE char *where = NULL;
	struct http_upload upload;
	const struct http_method *m = http_find_method(q->method);

	if (m == NULL) {
		(void)err_set(e, ERR_PERM, "unknown HTTP method");
		return NULL;
	}
	if (http_check_request(q, m, e) < 0 || check_url(q, &where, e) < 0)
		return NULL;
	if (http_upload_open(&upload, q, e) < 0) {
		(void)err_prefix(e, "%s: ", where);
		return NULL;
	}

	struct http_transfer *t = xcalloc(1, sizeof(*t));
	*t = (struct http_transfer){
		.method = m,
		.where = steal_ptr(where),
		.upload = upload,
		.on_sent = q->on_sent,
		.send_by_ms = q->send_by_ms,
		.is_once = !m->is_safe && !q->repeatable,
		.public_only = q->public_only,
		.done = done,
		.arg = arg,
		.easy = curl_easy_init(),
	};
	http_answer_init(&t->answer, q, arg);

	CURLcode code = CURLE_OUT_OF_MEMORY;
	if (t->easy != NULL && add_headers(t, q))
		code = set_options(t, q);
	if (code != CURLE_OK) {
		(void)err_set(e, code == CURLE_OUT_OF_MEMORY ? ERR_TEMP : ERR_PERM, "%s: %s", t->where,
			curl_easy_strerror(code));
		http_transfer_free(t);
		return NULL;
	}
	return t;
}

void *http_transfer_handle(const struct http_transfer *t)
{
	return t->easy;
}

const char *http_transfer_where(const struct http_transfer *t)
{
	return t->where;
}

/* The end of a transfer */

const char *http_header(const struct http_result *r, const char *name)
{
	struct curl_header *h = NULL;

	if (r->transfer == NULL ||
		curl_easy_header(r->transfer->easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return NULL;
	return *h->value != '\r' ? h->value : ""; /* libcurl leaves that of an empty one */
}

/* libcurl's own words where they are plain: what the peer sent, or an address with its query, is not. */
static const char *reason(const struct http_transfer *t, CURLcode code)
{
	return http_text_is_plain(t->curl_text) ? t->curl_text : curl_easy_strerror(code);
}

static enum err_kind kind_of(CURLcode code, int status)
{
	if (code == CURLE_UNSUPPORTED_PROTOCOL && status == 0)
		return ERR_TEMP; /* an answer that was garbled; a redirect to elsewhere has a status */
	for (size_t i = 0; i < ARRAY_LEN(hopeless); i++)
		if (hopeless[i] == code)
			return ERR_PERM;
	return ERR_TEMP;
}

static void explain(const struct http_transfer *t, CURLcode code, int status, struct err *e)
{
	/* Other addresses may have been tried after one was refused; then that is not why it failed. */
	bool by_us = t->refused && (code == CURLE_WRITE_ERROR || code == CURLE_COULDNT_CONNECT ||
					   code == CURLE_ABORTED_BY_CALLBACK);
	long sent_bytes = 0;

	if (by_us)
		*e = t->refusal;
	else
		(void)err_set(e, kind_of(code, status), "%s: %s", t->where, reason(t, code));

	(void)curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (t->is_once && sent_bytes > 0 && !t->was_cut_short)
		e->kind = ERR_UNCERTAIN;
	e->http_status = status;
}

void http_transfer_conclude(struct http_transfer *t, int curl_code)
{
	CURLcode code = (CURLcode)curl_code;
	long status = 0;
	const char *content_type = NULL;
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &content_type);

	if (code == CURLE_WRITE_ERROR && t->answer.is_cut)
		code = CURLE_OK;
	if (code == CURLE_OK && (status < 100 || status > 599))
		code = CURLE_WEIRD_SERVER_REPLY;
	if (code != CURLE_OK) {
		struct err failure = {0};
		explain(t, code, (int)status, &failure);
		t->done(NULL, &failure, t->arg);
		return;
	}
	struct http_result r = {
		.status = (int)status,
		.body = t->answer.was_given_away ? NULL : buf_text(&t->answer.body),
		.body_len = t->answer.received_bytes,
		.content_type = content_type != NULL ? content_type : "",
		.transfer = t,
	};
	r.retry_after_sec = http_retry_after_sec(http_header(&r, "Retry-After"), http_header(&r, "Date"));
	t->done(&r, NULL, t->arg);
}
