/* videoctl create: asks for a product video over HTTP, as a shop would. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"
#include "lib/video/settings.h"

struct wish {
	const char *product, *style;
	struct json *body;       /* the options */
	struct json *renditions; /* the body's; NULL: none yet */
};

/* Options that are members of the body; whether their values are good the server says. */
static const struct {
	const char *option, *key;
} members[] = {
	{"aspect-ratio", "aspectRatio"},
	{"quality", "quality"},
	{"fit", "fit"},
	{"transition", "transition"},
	{"captions", "captions"},
};

static void add_rendition(struct wish *w, const char *ratio)
{
	if (!w->renditions) {
		w->renditions = json_new_array();
		json_put(w->body, "renditions", w->renditions);
	}
	json_append_string(w->renditions, ratio);
}

static void set_option(struct wish *w, const char *name, int c)
{
	if (c == 'p')
		w->product = optarg;
	else if (c == 's')
		w->style = optarg;
	else if (c == 'r')
		add_rendition(w, optarg);
	else if (c == 'd')
		json_put_string(w->body, "mode", "draft");
	for (size_t i = 0; c == 'm' && i < ARRAY_LEN(members); i++) {
		if (strcmp(members[i].option, name) == 0)
			json_put_string(w->body, members[i].key, optarg);
	}
}

static int read_wish(int argc, char **argv, struct wish *w, struct err *e)
{
	static const struct option table[] = {
		{"product", required_argument, NULL, 'p'},
		{"style", required_argument, NULL, 's'},
		{"aspect-ratio", required_argument, NULL, 'm'},
		{"rendition", required_argument, NULL, 'r'},
		{"quality", required_argument, NULL, 'm'},
		{"fit", required_argument, NULL, 'm'},
		{"transition", required_argument, NULL, 'm'},
		{"captions", required_argument, NULL, 'm'},
		{"draft", no_argument, NULL, 'd'},
		{0},
	};
	int c, index = 0;

	while ((c = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (c == '?')
			return command_misused(e, "create: see videoctl --help");
		set_option(w, table[index].name, c);
	}
	if (!w->product || optind < argc)
		return command_misused(e, "create: --product ID is needed, and nothing else");
	return 0;
}

int command_create(const struct settings *s, int argc, char **argv, struct err *e)
{
	AUTO_BUF url = BUF_INIT(LIMIT_URL);
	AUTO(json) body = json_new_object();
	AUTO(json) answer = NULL;
	struct wish w = {.body = body};
	const char *id;
	int status = 0, read = read_wish(argc, argv, &w, e);

	if (read < 0)
		return read;
	buf_addf(&url, "%s/videos/product/", command_base_url(s));
	text_url_encode(w.product, false, &url);
	if (w.style) {
		buf_adds(&url, "?style=");
		text_url_encode(w.style, false, &url);
	}

	if (client_call_once("POST", buf_text(&url), body, &status, &answer, e) < 0)
		return -1;
	id = json_string(json_get(answer, "videoId"));
	if (status != 202 || !id)
		return client_error(status, answer, e);
	return puts(id) < 0 ? err_set(e, ERR_PERM, "standard output is closed") : 0;
}
