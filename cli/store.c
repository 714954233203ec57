/* videoctl upload, brand: a store's own files and how its films look, by HTTP. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/filetype.h"
#include "lib/base/fs.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/limits.h"
#include "lib/video/settings.h"
#include "lib/video/uploads.h"

static void store_url(const struct settings *s, const char *store, const char *what, struct buf *out)
{
	buf_addf(out, "%s/videos/stores/", command_base_url(s));
	text_url_encode(store, false, out);
	buf_adds(out, what);
}

static int print(const char *text, struct err *e)
{
	return puts(text) < 0 ? err_set(e, ERR_PERM, "standard output is closed") : 0;
}

/* What the file is, as its Content-Type says it. */
static int read_type(const char *file, const char **ret_type, struct err *e)
{
	AUTO_CLOSE int fd = -1;
	char head[FILETYPE_BYTES];
	int64_t bytes;
	const char *type;

	if (fs_open(file, &fd, &bytes, e) < 0)
		return -1;

	ssize_t n = read(fd, head, sizeof(head));

	type = n > 0 ? filetype_of(head, (size_t)n) : NULL;
	if (!type || !uploads_type(type))
		return err_set(e, ERR_PERM, "%s is none of " UPLOADS_TYPES, file);
	*ret_type = type;
	return 0;
}

int command_upload(const struct settings *s, int argc, char **argv, struct err *e)
{
	AUTO_BUF url = BUF_INIT(LIMIT_URL);
	AUTO(json) answer = NULL;
	const char *type = NULL, *address;
	int status = 0;

	if (argc != 3)
		return command_misused(e, "upload: a store's id and a file are needed, and nothing else");
	store_url(s, argv[1], "/uploads", &url);
	if (read_type(argv[2], &type, e) < 0 ||
		client_send_file(buf_text(&url), argv[2], type, &status, &answer, e) < 0)
		return -1;
	address = json_string(json_get(answer, "url"));
	if ((status != 200 && status != 201) || !address)
		return client_error(status, answer, e);
	return print(address, e);
}

static int read_kit(const char *file, struct json **ret_kit, struct err *e)
{
	AUTO_BUF text = BUF_INIT(LIMIT_BODY_BYTES);

	if (fs_read(strcmp(file, "-") == 0 ? "/dev/stdin" : file, LIMIT_BODY_BYTES, &text, e) < 0)
		return -1;
	return json_parse(buf_text(&text), text.len, ret_kit, e) < 0 ? err_prefix(e, "%s: ", file) : 0;
}

/* One request; what it answers is printed. */
static int ask(const struct settings *s, const char *method, const char *store, const struct json *kit,
	struct err *e)
{
	AUTO_BUF url = BUF_INIT(LIMIT_URL);
	AUTO_BUF text = BUF_INIT(LIMIT_BODY_BYTES);
	AUTO(json) answer = NULL;
	int status = 0;

	store_url(s, store, "/brand", &url);
	if (client_call(method, buf_text(&url), kit, &status, &answer, e) < 0)
		return -1;
	if (status == 204)
		return 0;
	if (status != 200 && status != 201)
		return client_error(status, answer, e);
	json_write(answer, &text);
	return print(buf_text(&text), e);
}

int command_brand(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const struct option table[] = {{"delete", no_argument, NULL, 'd'}, {0}};
	AUTO(json) kit = NULL;
	bool gone = false;
	int c, count;

	while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (c == '?')
			return command_misused(e, "brand: see videoctl --help");
		gone = true;
	}
	count = argc - optind;
	if (count < 1 || count > (gone ? 1 : 2))
		return command_misused(e, "brand: a store's id is needed; see videoctl --help");
	if (count == 1)
		return ask(s, gone ? "DELETE" : "GET", argv[optind], NULL, e);
	if (read_kit(argv[optind + 1], &kit, e) < 0)
		return -1;
	return ask(s, "PUT", argv[optind], kit, e);
}
