/* videoctl cancel, retry, render, regenerate, change: what is asked of a video that is there already, by
 * HTTP.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"
#include "lib/video/limits.h"
#include "lib/video/settings.h"

/* One request for /videos/{id}{action}, which answers with expected; prints the status that the video then
 * has.
 */
static int send(const struct settings *s, const char *method, const char *id, const char *action,
	const struct json *body, int expected, struct err *e)
{
	AUTO_BUF url = BUF_INIT(LIMIT_URL);
	AUTO(json) answer = NULL;
	int http = 0;

	buf_addf(&url, "%s/videos/%s%s", command_base_url(s), id, action);
	if (client_call(method, buf_text(&url), body, &http, &answer, e) < 0)
		return -1;

	const char *status = json_string(json_get(answer, "status"));

	if (http != expected || !status)
		return client_error(http, answer, e);
	return puts(status) < 0 ? err_set(e, ERR_PERM, "standard output is closed") : 0;
}

static int ask(
	const struct settings *s, const char *id, const char *action, const struct json *body, struct err *e)
{
	return send(s, "POST", id, action, body, 202, e);
}

/*
 * Reads options with table, and the id of a video as the first of exactly count other arguments. set is
 * called with each option's value. 0, COMMAND_MISUSED.
 */
static int read_arguments(int argc, char **argv, const struct option *table, int count,
	void (*set)(int option, struct json *body), struct json *body, struct err *e)
{
	struct uuid id;
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == '?')
			return command_misused(e, "%s: see videoctl --help", argv[0]);
		set(c, body);
	}
	if (argc - optind != count || !uuid_parse_text(argv[optind], &id))
		return command_misused(e, "%s: the id of a video is needed; see videoctl --help", argv[0]);
	return 0;
}

static void set_option(int option, struct json *body)
{
	switch (option) {
	case 'a':
		json_put_bool(body, "acceptPossibleCharge", true);
		return;
	case 'p':
		json_put_string(body, "prompt", optarg);
		return;
	case 'i':
		json_put_string(body, "imageUrl", optarg);
		return;
	case 'n':
		json_put_string(body, "imageUrl", NULL);
		return;
	default:
		json_put_string(body, "mode", option == 'd' ? "draft" : "full");
	}
}

int command_cancel(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{0}};

	if (read_arguments(argc, argv, table, 1, set_option, NULL, e) < 0)
		return COMMAND_MISUSED;
	return ask(s, argv[optind], "/cancel", NULL, e);
}

int command_retry(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{"accept-possible-charge", no_argument, NULL, 'a'}, {0}};
	AUTO(json) body = json_new_object();

	if (read_arguments(argc, argv, table, 1, set_option, body, e) < 0)
		return COMMAND_MISUSED;
	return ask(s, argv[optind], "/retry", body, e);
}

int command_render(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {
		{"draft", no_argument, NULL, 'd'}, {"full", no_argument, NULL, 'f'}, {0}};
	AUTO(json) body = json_new_object();

	if (read_arguments(argc, argv, table, 1, set_option, body, e) < 0)
		return COMMAND_MISUSED;
	return ask(s, argv[optind], "/render", body, e);
}

int command_regenerate(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {
		{"prompt", required_argument, NULL, 'p'},
		{"image", required_argument, NULL, 'i'},
		{"no-image", no_argument, NULL, 'n'},
		{0},
	};
	AUTO(json) body = json_new_object();
	AUTO_BUF action = BUF_INIT(64);
	int64_t scene;

	if (read_arguments(argc, argv, table, 2, set_option, body, e) < 0)
		return COMMAND_MISUSED;
	if (!text_to_i64(argv[optind + 1], 1, LIMIT_SCENES, &scene))
		return command_misused(e, "regenerate: scenes are counted from 1");
	buf_addf(&action, "/scenes/%" PRId64 "/regenerate", scene);
	return ask(s, argv[optind], buf_text(&action), body, e);
}

int command_change(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{0}};
	AUTO_BUF text = BUF_INIT(LIMIT_BODY_BYTES);
	AUTO(json) body = NULL;

	if (read_arguments(argc, argv, table, 2, set_option, NULL, e) < 0)
		return COMMAND_MISUSED;

	const char *file = strcmp(argv[optind + 1], "-") == 0 ? "/dev/stdin" : argv[optind + 1];

	if (fs_read(file, LIMIT_BODY_BYTES, &text, e) < 0)
		return -1;
	if (json_parse(buf_text(&text), text.len, &body, e) < 0)
		return err_prefix(e, "%s: ", file);
	return send(s, "PATCH", argv[optind], "", body, 200, e);
}
