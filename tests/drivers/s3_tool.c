/*
 * The S3 client as a program, for tests: s3_tool COMMAND ARGUMENT... does one thing; without a command, each
 * line of standard input is one, its words separated by tabs, done one after the other in one process until
 * the input ends. A command prints its results as lines, and at last "ok", or "KIND: TEXT" of its failure,
 * with which one command exits with 1.
 *
 *   put FILE KEY                with S3T_PROGRESS set, "sent BYTES" each time that it is told
 *   put-cancel FILE KEY BYTES   cancelled when so many have been sent
 *   put-until FILE KEY          cancelled when another line comes
 *   get KEY FILE [BYTES]
 *   head KEY                    prints BYTES MODIFIED ETAG TYPE, separated by tabs
 *   rm KEY...                   one by DeleteObject, more by DeleteObjects
 *   rm-prefix PREFIX
 *   ls PREFIX [AFTER]           prints BYTES MODIFIED KEY of each object
 *   sweep PREFIX SECONDS        uploads begun at least so long ago; prints how many
 *   presign METHOD KEY SECONDS  prints the address
 *
 * The environment says where: S3T_ENDPOINT, S3T_REGION, S3T_BUCKET, S3T_STYLE (path or host), S3T_CA,
 * S3T_ALLOW_HTTP, S3T_PART_BYTES, S3T_PARTS, S3T_ATTEMPTS, S3T_DEADLINE_MS; what is put: S3T_TYPE,
 * S3T_DISPOSITION, S3T_CACHE_CONTROL, S3T_STORAGE_CLASS, S3T_SSE, S3T_KMS_KEY, S3T_TAGS. The key is found by
 * AWS's own rules.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/http.h"
#include "lib/io/loop.h"
#include "lib/remote/aws_credentials.h"
#include "lib/remote/s3.h"

#define WORDS_MAX  2048
#define LINE_BYTES (1 << 20)

struct tool {
	struct loop *loop;
	struct http *http;
	struct aws_credentials *credentials;
	struct s3 *s3;
	struct loop_timer *timer; /* to cancel, outside the client's own callback */
	struct s3_call *call;     /* under way; NULL none */
	bool reads_lines;
	struct loop_timer *next; /* to go on with the next line */
	struct loop_io *input;   /* NULL while something is under way */
	struct buf line;         /* what was read and not run yet */
	bool has_failed;
	int64_t cancel_at; /* bytes; -1 never */
	size_t count;
};

static _Noreturn void die(const char *what)
{
	(void)fprintf(stderr, "s3_tool: %s\n", what);
	exit(2);
}

static int64_t number(const char *text, int64_t otherwise)
{
	int64_t v = otherwise;

	if (text && !text_to_i64(text, INT64_MIN / 2, INT64_MAX, &v))
		die("not a number");
	return v;
}

static void say(struct tool *t, const struct err *e)
{
	if (e)
		(void)printf("%s: %s\n", err_kind_names[e->kind], e->text);
	else
		(void)puts("ok");
	(void)fflush(stdout);
	t->has_failed = e != NULL;
	t->call = NULL;
	if (t->reads_lines)
		loop_timer_arm(t->next, 0);
	else
		loop_quit(t->loop);
}

static void done(const struct err *e, void *arg)
{
	say(arg, e);
}

/* The commands; each begins a call, or says what came of it at once. */

static void progress(int64_t bytes, void *arg)
{
	struct tool *t = arg;

	if (getenv("S3T_PROGRESS")) {
		(void)printf("sent %" PRId64 "\n", bytes);
		(void)fflush(stdout); /* somebody waits for it */
	}
	if (t->cancel_at >= 0 && bytes >= t->cancel_at)
		loop_timer_arm(t->timer, 0);
}

static void cancel(void *arg)
{
	struct tool *t = arg;

	t->cancel_at = -1;
	if (!t->call)
		return;
	s3_cancel(t->call);
	say(t, NULL);
}

static void put(struct tool *t, char **w)
{
	const struct s3_put p = {
		.file = w[1],
		.key = w[2],
		.content_type = getenv("S3T_TYPE"),
		.content_disposition = getenv("S3T_DISPOSITION"),
		.progress = progress,
	};

	t->cancel_at = strcmp(w[0], "put-cancel") == 0 ? number(w[3], 0) : -1;
	t->call = s3_put_file(t->s3, &p, done, t);
}

/* Whatever the line says. */
static void cancel_by_line(int fd, uint32_t events, void *arg)
{
	struct tool *t = arg;
	char line[4096];

	(void)events;
	if (read(fd, line, sizeof(line)) <= 0)
		die("a put that nobody cancels");
	loop_io_free(steal_ptr(t->input));
	cancel(t);
}

static void put_until(struct tool *t, char **w)
{
	struct err e;

	put(t, w);
	if (loop_io_new(t->loop, STDIN_FILENO, EPOLLIN, cancel_by_line, t, &t->input, &e) < 0)
		die(e.text);
}

static void get(struct tool *t, char **w)
{
	t->call = s3_get_file(t->s3, w[1], number(w[3], -1), w[2], done, t);
}

static void on_head(const struct s3_head *h, const struct err *e, void *arg)
{
	if (h)
		(void)printf("%" PRId64 "\t%" PRId64 "\t%s\t%s\n", h->bytes, h->modified,
			h->etag ? h->etag : "", h->content_type);
	say(arg, e);
}

static void head(struct tool *t, char **w)
{
	t->call = s3_head(t->s3, w[1], on_head, t);
}

static void remove_keys(struct tool *t, char **w)
{
	size_t n = 0;

	while (w[n + 1])
		n++;
	t->call = n == 1 ? s3_delete(t->s3, w[1], done, t)
			 : s3_delete_many(t->s3, (const char *const *)w + 1, n, done, t);
}

static void remove_prefix(struct tool *t, char **w)
{
	t->call = s3_delete_prefix(t->s3, w[1], done, t);
}

static bool on_objects(const struct s3_object *o, size_t n, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < n; i++)
		(void)printf("%" PRId64 "\t%" PRId64 "\t%s\n", o[i].bytes, o[i].modified, o[i].key);
	return true;
}

static void list(struct tool *t, char **w)
{
	t->call = s3_list(t->s3, w[1], w[2], on_objects, done, t);
}

static void on_swept(const struct err *e, void *arg)
{
	struct tool *t = arg;

	if (!e)
		(void)printf("%zu\n", t->count);
	say(t, e);
}

static void sweep(struct tool *t, char **w)
{
	t->call = s3_sweep_uploads(t->s3, w[1], number(w[2], 0), &t->count, on_swept, t);
}

static void presign(struct tool *t, char **w)
{
	AUTO_FREE char *url = s3_presign(t->s3, w[1], w[2], number(w[3], 0), NULL);
	struct err e;

	if (url)
		(void)puts(url);
	else
		(void)err_set(&e, ERR_TEMP, "no address");
	say(t, url ? NULL : &e);
}

static const struct command {
	const char *name;
	size_t words; /* at least, itself included */
	void (*run)(struct tool *t, char **words);
} commands[] = {
	{"put", 3, put},
	{"put-cancel", 4, put},
	{"put-until", 3, put_until},
	{"get", 3, get},
	{"head", 2, head},
	{"rm", 2, remove_keys},
	{"rm-prefix", 2, remove_prefix},
	{"ls", 2, list},
	{"sweep", 3, sweep},
	{"presign", 4, presign},
};

/* words: NULL-terminated, with room for reads behind it. */
static void run(struct tool *t, char **words, size_t count)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, words[0]) != 0 || count < commands[i].words)
			continue;
		commands[i].run(t, words);
		return;
	}
	die("usage: see the head of tests/drivers/s3_tool.c");
}

/* Lines */

static void run_line(struct tool *t, char *line)
{
	char *words[WORDS_MAX + 4] = {NULL};
	size_t n = 0;

	for (char *word; n < WORDS_MAX && (word = strsep(&line, "\t"));)
		words[n++] = word;
	run(t, words, n);
}

/* The first line of what was read; caller frees. NULL: there is none yet. */
static char *take_line(struct tool *t)
{
	const char *text = buf_text(&t->line), *end = strchr(text, '\n');

	if (!end)
		return NULL;

	char *line = xstrndup(text, (size_t)(end - text));
	AUTO_FREE char *rest = xstrdup(end + 1);

	buf_clear(&t->line);
	buf_adds(&t->line, rest);
	return line;
}

static void read_on(int fd, uint32_t events, void *arg)
{
	struct tool *t = arg;
	char piece[65536];
	ssize_t n = read(fd, piece, sizeof(piece));

	(void)events;
	if (n <= 0) {
		loop_quit(t->loop);
		return;
	}
	buf_add(&t->line, piece, (size_t)n);
	if (!buf_ok(&t->line))
		die("a line that is too long");
	loop_timer_arm(t->next, 0);
}

static void next(void *arg)
{
	struct tool *t = arg;
	AUTO_FREE char *line = take_line(t);
	struct err e;

	loop_io_free(steal_ptr(t->input)); /* a pipe that was closed would call all the time */
	if (line)
		run_line(t, line);
	else if (loop_io_new(t->loop, STDIN_FILENO, EPOLLIN, read_on, t, &t->input, &e) < 0)
		die(e.text);
}

static void set_up(struct tool *t)
{
	const char *style = getenv("S3T_STYLE");
	struct s3_spec spec = {
		.endpoint = getenv("S3T_ENDPOINT"),
		.region = getenv("S3T_REGION"),
		.bucket = getenv("S3T_BUCKET"),
		.path_style = style && strcmp(style, "path") == 0,
		.allow_http = getenv("S3T_ALLOW_HTTP") != NULL,
		.ca_file = getenv("S3T_CA"),
		.storage_class = getenv("S3T_STORAGE_CLASS"),
		.sse = getenv("S3T_SSE"),
		.sse_kms_key = getenv("S3T_KMS_KEY"),
		.tags = getenv("S3T_TAGS"),
		.cache_control = getenv("S3T_CACHE_CONTROL"),
		.part_bytes = number(getenv("S3T_PART_BYTES"), 8 << 20),
		.parts_at_once = (unsigned)number(getenv("S3T_PARTS"), 8),
		.attempts = (unsigned)number(getenv("S3T_ATTEMPTS"), 5),
		.deadline_ms = number(getenv("S3T_DEADLINE_MS"), 60000),
	};
	struct aws_credentials_spec keys = {.env = (const char *(*)(const char *))getenv};
	struct err e;

	if (!spec.bucket)
		die("S3T_BUCKET is not set");
	if (loop_new(&t->loop, &e) < 0 || http_new(t->loop, &t->http, &e) < 0 ||
		loop_timer_new(t->loop, cancel, t, &t->timer, &e) < 0 ||
		loop_timer_new(t->loop, next, t, &t->next, &e) < 0)
		die(e.text);
	keys.loop = t->loop;
	keys.http = t->http;
	if (aws_credentials_new(&keys, &t->credentials, &e) < 0)
		die(e.text);
	spec.loop = t->loop;
	spec.http = t->http;
	spec.credentials = t->credentials;
	if (s3_new(&spec, &t->s3, &e) < 0)
		die(e.text);
}

int main(int argc, char **argv)
{
	struct tool t = {.line = BUF_INIT(LINE_BYTES), .reads_lines = argc == 1, .cancel_at = -1};
	struct err e;

	set_up(&t);
	if (argc > 1)
		run(&t, argv + 1, (size_t)argc - 1);
	else
		loop_timer_arm(t.next, 0);
	if ((t.call || t.reads_lines) && loop_run(t.loop, &e) < 0)
		die(e.text);

	loop_io_free(t.input);
	s3_free(t.s3);
	aws_credentials_free(t.credentials);
	loop_timer_free(t.timer);
	loop_timer_free(t.next);
	http_free(t.http);
	loop_free(t.loop);
	buf_done(&t.line);
	return t.has_failed && !t.reads_lines ? 1 : 0;
}
