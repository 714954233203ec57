/*
 * HTTP calls on the loop. libcurl's multi_socket interface tells us which sockets to watch and when to call
 * again; the CLI just waits. What a call is, and what came of it: http_transfer.c.
 *
 * Kept here: done is called once for each call that was started, unless it was cancelled before.
 */

#include "lib/io/http.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include <curl/curl.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/http_transfer_priv.h"
#include "lib/io/loop.h"

#define KEPT_CONNECTIONS 16

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct http_call *first;
	bool in_callback; /* of a user */
};

struct http_call {
	struct http *http;
	struct http_call *prev, *next;
	struct http_transfer *transfer;
	bool finished;
};

static void link_call(struct http_call *c)
{
	c->next = c->http->first;
	if (c->next != NULL)
		c->next->prev = c;
	c->http->first = c;
}

static void unlink_call(struct http_call *c)
{
	struct http *h = c->http;

	(void)curl_multi_remove_handle(h->multi, http_transfer_handle(c->transfer));
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		h->first = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
}

static void free_call(struct http_call *c)
{
	http_transfer_free(c->transfer);
	free(c);
}

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
		http_transfer_conclude(c->transfer, (int)code);
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

/* 0, or -1 with *e filled. */
static int add_to_multi(struct http_call *c, struct err *e)
{
	CURL *easy = http_transfer_handle(c->transfer);
	CURLMcode code = CURLM_OUT_OF_MEMORY;

	if (curl_easy_setopt(easy, CURLOPT_PRIVATE, c) == CURLE_OK)
		code = curl_multi_add_handle(c->http->multi, easy);
	if (code != CURLM_OK)
		return err_set(
			e, ERR_TEMP, "%s: %s", http_transfer_where(c->transfer), curl_multi_strerror(code));
	return 0;
}

int http_start(struct http *h, const struct http_request *q, http_done_fn *done, void *arg,
	struct http_call **ret_call, struct err *e)
{
	struct http_transfer *t = http_transfer_new(q, done, arg, e);

	if (t == NULL)
		return -1;
	struct http_call *c = xcalloc(1, sizeof(*c));
	*c = (struct http_call){.http = h, .transfer = t};
	if (add_to_multi(c, e) < 0) {
		free_call(c);
		return -1;
	}
	link_call(c);
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

	struct http_transfer *t = http_transfer_new(q, done, arg, e);
	bool started = t != NULL;

	if (started) {
		http_transfer_conclude(t, (int)curl_easy_perform(http_transfer_handle(t)));
		http_transfer_free(t);
	}
	curl_global_cleanup();
	return started ? 0 : -1;
}
