/* See keys_world.h. */

#include "tests/unit/keys_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "tests/unit/loopback.h"

int64_t keys_clock;

static int64_t keys_now(void)
{
	return keys_clock;
}

/* The environment */

static struct {
	const char *name;
	char *value;
} environment[8];

const char *keys_env(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(environment); i++)
		if (environment[i].name != NULL && strcmp(environment[i].name, name) == 0)
			return environment[i].value;
	return NULL;
}

/* value is taken over. */
void keys_set_env(const char *name, char *value)
{
	size_t i = 0;

	while (environment[i].name != NULL && strcmp(environment[i].name, name) != 0)
		assert_true(++i < ARRAY_LEN(environment));
	free(environment[i].value);
	environment[i].name = name;
	environment[i].value = value;
}

void keys_clear_env(void)
{
	for (size_t i = 0; i < ARRAY_LEN(environment); i++) {
		free(environment[i].value);
		environment[i].name = environment[i].value = NULL;
	}
}

/* The server */

static void hang_up(struct keys_world *w)
{
	loop_io_free(w->reading);
	w->reading = NULL;
	if (w->peer >= 0)
		(void)close(w->peer);
	w->peer = -1;
}

static void answer(struct keys_world *w)
{
	const struct keys_exchange *x = w->next++;

	if (x->body == NULL)
		return;
	time_t expires = (time_t)(keys_clock + (x->expires_in != 0 ? x->expires_in : 6 * 3600));
	char when[32], body[1024], head[128];
	struct tm tm;

	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&expires, &tm));
	const char *gap = strstr(x->body, "%s");
	(void)snprintf(body, sizeof(body), "%.*s%s%s", gap != NULL ? (int)(gap - x->body) : 0, x->body,
		gap != NULL ? when : "", gap != NULL ? gap + 2 : x->body);
	(void)snprintf(head, sizeof(head),
		"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", x->status, strlen(body));
	assert_true(fs_write_all(w->peer, head, strlen(head)) && fs_write_all(w->peer, body, strlen(body)));
	hang_up(w);
}

static void on_bytes(int fd, uint32_t events UNUSED, void *arg)
{
	struct keys_world *w = arg;
	char piece[4096];
	ssize_t n = recv(fd, piece, sizeof(piece), 0);

	if (n <= 0) {
		hang_up(w);
		return;
	}
	buf_add(&w->request, piece, (size_t)n);
	if (strstr(buf_text(&w->request), "\r\n\r\n") == NULL)
		return;
	if (w->next == NULL || w->next->asks == NULL)
		fail_msg("not expected: %s", buf_text(&w->request));
	size_t asks_n = strlen(w->next->asks);
	if (strncmp(buf_text(&w->request), w->next->asks, asks_n) != 0 || w->request.data[asks_n] != ' ' ||
		(w->next->header != NULL && strstr(buf_text(&w->request), w->next->header) == NULL))
		fail_msg("instead of %s: %s", w->next->asks, buf_text(&w->request));
	buf_clear(&w->request);
	answer(w);
}

static void on_connection(int fd, uint32_t events UNUSED, void *arg)
{
	struct keys_world *w = arg;
	struct err e;

	hang_up(w);
	w->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(w->peer >= 0);
	assert_int_equal(loop_io_new(w->loop, w->peer, EPOLLIN, on_bytes, w, &w->reading, &e), 0);
}

int keys_set_up(void **state)
{
	struct keys_world *w = xcalloc(1, sizeof(*w));
	struct err e;

	*w = (struct keys_world){
		.peer = -1, .request = BUF_INIT(65536), .folder = "/tmp/test_credentials.XXXXXX"};
	assert_non_null(mkdtemp(w->folder));
	w->listener = loopback_bind(&w->port);
	assert_int_equal(listen(w->listener, 8), 0);
	assert_int_equal(loop_new(&w->loop, &e), 0);
	assert_int_equal(http_new(w->loop, &w->http, &e), 0);
	assert_int_equal(loop_io_new(w->loop, w->listener, EPOLLIN, on_connection, w, &w->accepting, &e), 0);
	keys_clock = 1767323045;
	*state = w;
	return 0;
}

int keys_tear_down(void **state)
{
	struct keys_world *w = *state;
	struct err e;

	aws_credentials_free(w->c);
	hang_up(w);
	loop_io_free(w->accepting);
	(void)close(w->listener);
	http_free(w->http);
	loop_free(w->loop);
	buf_done(&w->request);
	assert_int_equal(fs_remove_tree(w->folder, &e), 0);
	free(w);
	keys_clear_env();
	return 0;
}

/* Asking */

void keys_on_key(const struct sigv4_key *key, const struct err *e, void *arg)
{
	struct keys_world *w = arg;

	w->told++;
	assert_true((key == NULL) != (e == NULL));
	(void)snprintf(w->id, sizeof(w->id), "%s", key != NULL ? key->id : "");
	(void)snprintf(w->secret, sizeof(w->secret), "%s", key != NULL ? key->secret : "");
	(void)snprintf(w->token, sizeof(w->token), "%s", key != NULL && key->token != NULL ? key->token : "");
	if (e == NULL)
		return;
	w->failure = *e;
	if (strstr(e->text, KEYS_HUSH) != NULL)
		fail_msg("a secret is shown: %s", e->text);
}

static void step(struct keys_world *w, int64_t give_up_ms)
{
	struct err e;

	assert_int_equal(loop_step(w->loop, 100, &e), 0);
	assert_true(clock_mono_ms() < give_up_ms);
}

void keys_run_until(struct keys_world *w, unsigned told)
{
	int64_t give_up_ms = clock_mono_ms() + KEYS_GIVE_UP_MS;

	while (w->told < told)
		step(w, give_up_ms);
}

void keys_run_until_asked(struct keys_world *w)
{
	int64_t give_up_ms = clock_mono_ms() + KEYS_GIVE_UP_MS;

	while (w->next->asks != NULL)
		step(w, give_up_ms);
}

void keys_run_until_replaced(struct keys_world *w, const char *id)
{
	int64_t give_up_ms = clock_mono_ms() + KEYS_GIVE_UP_MS;
	AUTO_FREE char *old = xstrdup(w->id);

	for (keys_ask(w); strcmp(w->id, old) == 0; keys_ask(w))
		step(w, give_up_ms);
	assert_string_equal(w->id, id);
}

int keys_make(struct keys_world *w, const struct sigv4_key *configured, struct err *e)
{
	const struct aws_credentials_spec spec = {
		.loop = w->loop,
		.http = w->http,
		.id = configured != NULL ? configured->id : NULL,
		.secret = configured != NULL ? configured->secret : NULL,
		.token = configured != NULL ? configured->token : NULL,
		.env = keys_env,
		.now = keys_now,
	};

	return aws_credentials_new(&spec, &w->c, e);
}

void keys_make_ok(struct keys_world *w)
{
	struct err e;

	if (keys_make(w, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

void keys_ask(struct keys_world *w)
{
	aws_credentials_get(w->c, keys_on_key, w);
}

void keys_expect_at_once(struct keys_world *w, const char *id)
{
	unsigned told = w->told;

	keys_ask(w);
	assert_int_equal(w->told, told + 1);
	assert_string_equal(w->id, id);
}

void keys_expect_later(struct keys_world *w, const char *id)
{
	unsigned told = w->told;

	keys_ask(w);
	assert_int_equal(w->told, told);
	keys_run_until(w, told + 1);
	if (strcmp(w->id, id) != 0)
		fail_msg("%s instead of %s: %s", w->id, id, w->failure.text);
}

void keys_expect_error(struct keys_world *w, enum err_kind kind, const char *text)
{
	keys_expect_later(w, "");
	assert_int_equal(w->failure.kind, kind);
	if (strstr(w->failure.text, text) == NULL)
		fail_msg("%s", w->failure.text);
}

char *keys_write_file(const struct keys_world *w, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", w->folder, name);
	struct err e;

	assert_int_equal(fs_write_atomic(path, text, strlen(text), 0600, &e), 0);
	return path;
}
