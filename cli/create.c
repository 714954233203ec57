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
	const char *product, *style, *aspect_ratio;
	bool draft;
};

static int read_wish(int argc, char **argv, struct wish *w, struct err *e)
{
	static const struct option table[] = {
		{"product", required_argument, NULL, 'p'},
		{"style", required_argument, NULL, 's'},
		{"aspect-ratio", required_argument, NULL, 'a'},
		{"draft", no_argument, NULL, 'd'},
		{0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == 'p')
			w->product = optarg;
		else if (c == 's')
			w->style = optarg;
		else if (c == 'a')
			w->aspect_ratio = optarg;
		else if (c == 'd')
			w->draft = true;
		else
			return command_misused(e, "create: see videoctl --help");
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
	struct wish w = {0};
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
	if (w.aspect_ratio)
		json_put_string(body, "aspectRatio", w.aspect_ratio);
	if (w.draft)
		json_put_string(body, "mode", "draft");

	if (client_call_once("POST", buf_text(&url), body, &status, &answer, e) < 0)
		return -1;
	id = json_string(json_get(answer, "videoId"));
	if (status != 202 || !id)
		return client_error(status, answer, e);
	return puts(id) < 0 ? err_set(e, ERR_PERM, "standard output is closed") : 0;
}
