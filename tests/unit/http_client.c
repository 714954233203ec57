/* See http_client.h. */

#include "tests/unit/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/io/loop.h"

#define BODY_BYTES (1 << 22)

struct http_server client_server;

int client_begin(void **state)
{
	(void)state;
	http_server_start(&client_server);
	setenv("http_proxy", "http://127.0.0.1:9", 1); /* never to be used */
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	return 0;
}

int client_end(void **state)
{
	(void)state;
	http_server_stop(&client_server);
	return 0;
}

int client_set_up(void **state)
{
	static struct http_client c;

	c = (struct http_client){
		.wanted_calls = 1, .body = BUF_INIT(BODY_BYTES), .content_type = BUF_INIT(100)};
	assert_int_equal(loop_new(&c.loop, &c.err), 0);
	assert_int_equal(http_new(c.loop, &c.http, &c.err), 0);
	*client_server.seen = (struct http_seen){0};
	*state = &c;
	return 0;
}

int client_tear_down(void **state)
{
	struct http_client *c = *state;

	http_free(c->http);
	loop_free(c->loop);
	buf_done(&c->body);
	buf_done(&c->content_type);
	return 0;
}

void client_done(const struct http_result *r, const struct err *e, void *arg)
{
	struct http_client *c = arg;

	assert_true((r == NULL) != (e == NULL));
	c->failed = e != NULL;
	buf_clear(&c->body);
	buf_clear(&c->content_type);
	if (e != NULL) {
		c->failure = *e;
	} else {
		c->result = *r;
		buf_add(&c->body, r->body != NULL ? r->body : "", r->body != NULL ? r->body_len : 0);
		buf_adds(&c->content_type, r->content_type);
		c->result.content_type = buf_text(&c->content_type);
	}
	http_cancel(c->call); /* of no effect: it has ended */
	http_cancel(c->cancel_too);
	c->cancel_too = NULL;
	if (++c->done_calls == c->wanted_calls)
		loop_quit(c->loop);
}

const char *client_url(const char *path)
{
	static char url[512];

	if (strstr(path, "://") != NULL)
		return path;
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%.100s?%s", client_server.port, path,
		HTTP_SERVER_SECRET);
	return url;
}

struct http_request client_request(const char *method, const char *path)
{
	static const char *const headers[] = {"Authorization: Bearer hush-hush", NULL};

	return (struct http_request){
		.method = method,
		.url = client_url(path),
		.headers = headers,
		.timeout_ms = CLIENT_GIVE_UP_MS,
		.max_bytes = 1000000,
	};
}

void client_start(struct http_client *c, const struct http_request *q)
{
	if (http_start(c->http, q, client_done, c, &c->call, &c->err) < 0)
		fail_msg("%s: %s", q->url, c->err.text);
	assert_int_equal(c->done_calls, 0);
}

bool client_give_more_time(struct http_request *q)
{
	if (q->timeout_ms > CLIENT_GIVE_UP_MS / 8)
		return false;
	q->timeout_ms *= 8;
	return true;
}

void client_run(struct http_client *c, const struct http_request *q, bool blocking)
{
	c->done_calls = 0;
	c->wanted_calls = blocking ? 0 : 1;
	c->call = NULL;
	if (blocking) {
		assert_int_equal(http_blocking(q, client_done, c, &c->err), 0);
	} else {
		client_start(c, q);
		assert_int_equal(loop_run(c->loop, &c->err), 0);
	}
	assert_int_equal(c->done_calls, 1);
	if (c->failed && strstr(c->failure.text, "hush") != NULL)
		fail_msg("the error shows a secret: %s", c->failure.text);
}
