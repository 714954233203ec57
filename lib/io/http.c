/*
 * HTTP on libcurl. One function sets up a transfer for both users: the daemon, where libcurl's multi_socket
 * interface tells us which sockets to watch and when to call again, and the CLI, which just waits.
 *
 * Kept here: nothing is unbounded (time, bytes, redirects). A request that is not safe (RFC 9110, 9.2.1) goes
 * out at most once. libcurl repeats a request silently on two occasions: when a kept connection turns out to
 * be closed, and when an HTTP/2 server refuses the stream or asks for HTTP/1.1. So such a request never uses
 * a kept connection, and speaks HTTP/1.1. How many bytes of it libcurl has handed to the socket or to TLS
 * says whether the peer may know of it.
 */

#include "lib/io/http.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/http_priv.h"
#include "lib/io/loop.h"

#define CONNECT_TIMEOUT_MS 10000
#define LOW_SPEED_BYTES    10 /* a second, on the average of so many seconds: */
#define LOW_SPEED_SEC      60
#define KEPT_CONNECTIONS   16

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct http_call *first;
	bool in_callback; /* of a user */
};

struct http_call {
	struct http *http; /* NULL: blocking */
	struct http_call *prev, *next;
	CURL *easy;
	struct curl_slist *headers;
	const struct http_method *method;
	char *where; /* "GET https://host/path", as errors say it */
	struct http_upload upload;
	struct http_answer answer;
	int64_t send_by_ms;
	bool public_only;
	bool was_cut_short; /* the peer never had the whole request */
	bool refused;       /* by a callback of ours; refusal says why */
	struct err refusal;
	bool finished;
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

static void refuse(struct http_call *c, const struct err *why)
{
	c->refused = true;
	c->refusal = *why;
	(void)err_prefix(&c->refusal, "%s: ", c->where);
}

static void refuse_address(struct http_call *c)
{
	struct err e;

	(void)err_set(&e, ERR_PERM, "the address is not a public one");
	refuse(c, &e);
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *a)
{
	struct http_call *c = arg;

	if (c->public_only && !http_address_is_public(&a->addr)) {
		refuse_address(c);
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
	struct http_call *c = arg;
	struct err e;

	if (c->send_by_ms != 0 && clock_mono_ms() > c->send_by_ms) {
		(void)err_set(&e, ERR_TEMP, "too late to be sent");
		refuse(c, &e);
		return CURL_PREREQFUNC_ABORT;
	}
	if (!c->public_only || http_text_is_public(ip))
		return CURL_PREREQFUNC_OK;
	refuse_address(c);
	return CURL_PREREQFUNC_ABORT;
}

/* size is 1, here and below. */
static size_t on_send(char *to, size_t size UNUSED, size_t n, void *arg)
{
	struct http_call *c = arg;
	struct err e;
	ssize_t sent = http_upload_read(&c->upload, to, n, &e);

	if (sent >= 0)
		return (size_t)sent;
	c->was_cut_short = true;
	refuse(c, &e);
	return CURL_READFUNC_ABORT;
}

static size_t on_receive(char *data, size_t size UNUSED, size_t n, void *arg)
{
	struct http_call *c = arg;
	long status = 0;
	curl_off_t declared_bytes = -1;
	struct err e;

	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &declared_bytes);
	int r = http_answer_take(&c->answer, (int)status, declared_bytes, data, n, &e);
	if (r < 0)
		refuse(c, &e);
	return r == 0 ? n : CURL_WRITEFUNC_ERROR; /* what is enough is no failure: see conclude() */
}

/* Making a call */

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
static bool add_headers(struct http_call *c, const char *const *headers)
{
	bool has_type = false;
	bool ok = add_header(&c->headers, "Expect:");

	for (; ok && headers != NULL && *headers != NULL; headers++) {
		has_type = has_type || strncasecmp(*headers, "Content-Type:", strlen("Content-Type:")) == 0;
		ok = add_header(&c->headers, *headers);
	}
	return ok && (has_type || add_header(&c->headers, "Content-Type:"));
}

static void set_body(struct setter *s, struct http_call *c)
{
	int64_t bytes = http_upload_bytes(&c->upload);

	if (bytes == 0 && strcmp(c->method->name, "DELETE") == 0)
		return;
	SET(s, CURLOPT_POST, 1L);
	SET(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes);
	if ((size_t)bytes == c->upload.body_len) { /* all of it in memory: sent together with the head */
		SET(s, CURLOPT_POSTFIELDS, bytes > 0 ? c->upload.body : "");
		return;
	}
	SET(s, CURLOPT_READFUNCTION, on_send);
	SET(s, CURLOPT_READDATA, c);
}

static void set_method(struct setter *s, struct http_call *c)
{
	if (c->method->is_safe) {
		SET(s, CURLOPT_HTTPGET, 1L);
		SET(s, CURLOPT_NOBODY, strcmp(c->method->name, "HEAD") == 0 ? 1L : 0L);
		return;
	}
	SET(s, CURLOPT_FRESH_CONNECT, 1L); /* both: see the head of this file */
	SET(s, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	set_body(s, c);
	SET(s, CURLOPT_CUSTOMREQUEST, c->method->name);
}

static void set_limits(struct setter *s, const struct http_request *q)
{
	const char *protocols = q->https_only ? "https" : "http,https";

	for (size_t i = 0; i < ARRAY_LEN(fixed_options); i++)
		SET(s, fixed_options[i].option, fixed_options[i].value);
	SET(s, CURLOPT_TIMEOUT_MS, (long)q->timeout_ms);
	SET(s, CURLOPT_LOW_SPEED_TIME, (long)(q->low_speed_sec > 0 ? q->low_speed_sec : LOW_SPEED_SEC));
	SET(s, CURLOPT_PROTOCOLS_STR, protocols);
	SET(s, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	SET(s, CURLOPT_FOLLOWLOCATION, q->max_redirects > 0 ? 1L : 0L);
	SET(s, CURLOPT_MAXREDIRS, (long)q->max_redirects);
}

static CURLcode set_options(struct http_call *c, const struct http_request *q)
{
	struct setter s = {.easy = c->easy};

	set_limits(&s, q);
	set_method(&s, c);
	SET(&s, CURLOPT_URL, q->url);
	SET(&s, CURLOPT_HTTPHEADER, c->headers);
	SET(&s, CURLOPT_USERAGENT, "videod");
	SET(&s, CURLOPT_PROXY, ""); /* nor what the environment says */
	SET(&s, CURLOPT_ERRORBUFFER, c->curl_text);
	SET(&s, CURLOPT_PRIVATE, c);
	SET(&s, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SET(&s, CURLOPT_OPENSOCKETDATA, c);
	SET(&s, CURLOPT_PREREQFUNCTION, on_before_request);
	SET(&s, CURLOPT_PREREQDATA, c);
	SET(&s, CURLOPT_WRITEFUNCTION, on_receive);
	SET(&s, CURLOPT_WRITEDATA, c);
	return s.code;
}

static void free_call(struct http_call *c)
{
	curl_easy_cleanup(c->easy);
	curl_slist_free_all(c->headers);
	http_upload_close(&c->upload);
	http_answer_done(&c->answer);
	free(c->where);
	free(c);
}

/* NULL with *e filled. */
static struct http_call *new_call(const struct http_request *q, http_done_fn *done, void *arg, struct err *e)
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

	struct http_call *c = xcalloc(1, sizeof(*c));
	*c = (struct http_call){
		.method = m,
		.where = steal_ptr(where),
		.upload = upload,
		.send_by_ms = q->send_by_ms,
		.public_only = q->public_only,
		.done = done,
		.arg = arg,
		.easy = curl_easy_init(),
	};
	http_answer_init(&c->answer, q, arg);

	CURLcode code = CURLE_OUT_OF_MEMORY;
	if (c->easy != NULL && add_headers(c, q->headers))
		code = set_options(c, q);
	if (code != CURLE_OK) {
		(void)err_set(e, code == CURLE_OUT_OF_MEMORY ? ERR_TEMP : ERR_PERM, "%s: %s", c->where,
			curl_easy_strerror(code));
		free_call(c);
		return NULL;
	}
	return c;
}

/* The end of a call */

const char *http_header(const struct http_result *r, const char *name)
{
	struct curl_header *h = NULL;

	if (r->call == NULL || curl_easy_header(r->call->easy, name, 0, CURLH_HEADER, -1, &h) != CURLHE_OK)
		return NULL;
	return *h->value != '\r' ? h->value : ""; /* libcurl leaves that of an empty one */
}

/* libcurl's own words where they are plain: what the peer sent, or an address with its query, is not. */
static const char *reason(const struct http_call *c, CURLcode code)
{
	return http_text_is_plain(c->curl_text) ? c->curl_text : curl_easy_strerror(code);
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

static void explain(const struct http_call *c, CURLcode code, int status, struct err *e)
{
	/* Other addresses may have been tried after one was refused; then that is not why it failed. */
	bool by_us = c->refused && (code == CURLE_WRITE_ERROR || code == CURLE_COULDNT_CONNECT ||
					   code == CURLE_ABORTED_BY_CALLBACK);
	long sent_bytes = 0;

	if (by_us)
		*e = c->refusal;
	else
		(void)err_set(e, kind_of(code, status), "%s: %s", c->where, reason(c, code));

	(void)curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	if (!c->method->is_safe && sent_bytes > 0 && !c->was_cut_short)
		e->kind = ERR_UNCERTAIN;
	e->http_status = status;
}

static void conclude(struct http_call *c, CURLcode code)
{
	long status = 0;
	const char *content_type = NULL;
	(void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(c->easy, CURLINFO_CONTENT_TYPE, &content_type);

	if (code == CURLE_WRITE_ERROR && c->answer.is_cut)
		code = CURLE_OK;
	if (code == CURLE_OK && (status < 100 || status > 599))
		code = CURLE_WEIRD_SERVER_REPLY;
	if (code != CURLE_OK) {
		struct err failure = {0};
		explain(c, code, (int)status, &failure);
		c->done(NULL, &failure, c->arg);
		return;
	}
	struct http_result r = {
		.status = (int)status,
		.body = c->answer.was_given_away ? NULL : buf_text(&c->answer.body),
		.body_len = c->answer.received_bytes,
		.content_type = content_type != NULL ? content_type : "",
		.call = c,
	};
	r.retry_after_sec = http_retry_after_sec(http_header(&r, "Retry-After"));
	c->done(&r, NULL, c->arg);
}

static void unlink_call(struct http_call *c)
{
	struct http *h = c->http;

	(void)curl_multi_remove_handle(h->multi, c->easy);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		h->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

/* Between libcurl and the loop */

static void finish_calls(struct http *h)
{
	CURLMsg *m;
	int left = 0;

	while ((m = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct http_call *c = NULL;
		CURLcode code = m->data.result; /* m is gone once its handle is removed */
		if (m->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
		c->finished = true;
		unlink_call(c);
		h->in_callback = true;
		conclude(c, code);
		h->in_callback = false;
		free_call(c);
	}
}

static void act(struct http *h, curl_socket_t fd, int events)
{
	int running = 0;

	(void)curl_multi_socket_action(h->multi, fd, events, &running); /* what fails is told for each call */
	finish_calls(h);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void on_socket_ready(int fd, uint32_t epoll_events, void *arg)
{
	int events = 0;

	if (epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		events |= CURL_CSELECT_IN; /* reading finds out which error it was */
	if (epoll_events & (EPOLLOUT | EPOLLERR))
		events |= CURL_CSELECT_OUT;
	act(arg, fd, events);
}

static int on_timer_wish(CURLM *multi UNUSED, long timeout_ms, void *arg)
{
	struct http *h = arg;

	if (timeout_ms < 0)
		loop_timer_disarm(h->timer);
	else
		loop_timer_arm(h->timer, timeout_ms);
	return 0;
}

static int on_socket_wish(CURL *easy UNUSED, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http *h = arg;
	struct loop_io *io = socket_arg;
	uint32_t events = ((what & CURL_POLL_IN) ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
	struct err e;

	if (what == CURL_POLL_REMOVE) {
		loop_io_free(io);
		(void)curl_multi_assign(h->multi, fd, NULL);
	} else if (io != NULL) {
		loop_io_set(io, events);
	} else if (loop_io_new(h->loop, fd, events, on_socket_ready, h, &io, &e) == 0) {
		(void)curl_multi_assign(h->multi, fd, io);
	}
	/* Without a watch the call ends by its timeout. An error here would end all calls for ever. */
	return 0;
}

static bool set_up_multi(struct http *h)
{
	return curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish) == CURLM_OK &&
	       curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h) == CURLM_OK &&
	       curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish) == CURLM_OK &&
	       curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h) == CURLM_OK &&
	       curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) == CURLM_OK;
}

int http_new(struct loop *l, struct http **ret_http, struct err *e)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_PERM, "libcurl does not start");
	(void)signal(SIGPIPE, SIG_IGN); /* a TLS library may write to a connection that was closed */

	struct http *h = xcalloc(1, sizeof(*h));
	*h = (struct http){.loop = l, .multi = curl_multi_init()};
	if (loop_timer_new(l, on_timer, h, &h->timer, e) < 0) {
		http_free(h);
		return -1;
	}
	if (h->multi == NULL || !set_up_multi(h)) {
		http_free(h);
		return err_set(e, ERR_TEMP, "libcurl does not start");
	}
	*ret_http = h;
	return 0;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	assert(!h->in_callback);
	for (struct http_call *c = h->first, *next; c != NULL; c = next) {
		next = c->next;
		http_cancel(c);
	}
	if (h->multi != NULL)
		(void)curl_multi_cleanup(h->multi);
	loop_timer_free(h->timer);
	free(h);
	curl_global_cleanup();
}

int http_start(struct http *h, const struct http_request *q, http_done_fn *done, void *arg,
	struct http_call **ret_call, struct err *e)
{
	struct http_call *c = new_call(q, done, arg, e);

	if (c == NULL)
		return -1;
	CURLMcode code = curl_multi_add_handle(h->multi, c->easy);
	if (code != CURLM_OK) {
		(void)err_set(e, ERR_TEMP, "%s: %s", c->where, curl_multi_strerror(code));
		free_call(c);
		return -1;
	}
	c->http = h;
	c->next = h->first;
	if (c->next != NULL)
		c->next->prev = c;
	h->first = c;
	*ret_call = c;
	return 0;
}

void http_cancel(struct http_call *c)
{
	if (c == NULL || c->finished)
		return;
	unlink_call(c);
	free_call(c);
}

int http_blocking(const struct http_request *q, http_done_fn *done, void *arg, struct err *e)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_PERM, "libcurl does not start");

	struct http_call *c = new_call(q, done, arg, e);
	bool started = c != NULL;

	if (started) {
		conclude(c, curl_easy_perform(c->easy));
		free_call(c);
	}
	curl_global_cleanup();
	return started ? 0 : -1;
}
