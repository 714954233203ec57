/*
 * Orders for videod-lettering from short descriptions, by the daemon's own lettering_write: what tests draw
 * is what a film gets. Reads from standard input a line of JSON for each order, and writes it to its file:
 *
 *   {"file","prefix","width","height","style","brand":{as a store's},"look":{as a video's, its textStyle and
 *    captions},"scene":{as a scene's},"overlay","card":{"title","text","action"},"logo",
 *    "captions":[[text, lit from, lit to, from, to], ...]}
 *
 * Prints the ground of its cards, from and to, a line each. "bytes": the overlay in hexadecimal instead, for
 * what is no text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/lettering.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/video/look.h"
#include "lib/video/video.h"

#define ORDER_BYTES (1024 * 1024)

struct described {
	const struct json *root;
	struct look look;
	struct scene_look scene;
	struct brand brand;
	struct lettering_caption *captions;
	char *bytes;
};

static void described_done(struct described *d)
{
	look_done(&d->look);
	scene_look_done(&d->scene);
	brand_done(&d->brand);
	free(d->captions);
	free(d->bytes);
}

static const char *text_of(const struct json *o, const char *key)
{
	return json_string(json_get(o, key));
}

static int read_looks(struct described *d, struct err *e)
{
	AUTO_BUF look = BUF_INIT(ORDER_BYTES);
	AUTO_BUF scene = BUF_INIT(ORDER_BYTES);
	AUTO_BUF brand = BUF_INIT(ORDER_BYTES);

	json_write(json_get(d->root, "look"), &look);
	json_write(json_get(d->root, "scene"), &scene);
	json_write(json_get(d->root, "brand"), &brand);
	if (look_read(json_has(d->root, "look") ? buf_text(&look) : NULL, &d->look, e) < 0 ||
		scene_look_read(json_has(d->root, "scene") ? buf_text(&scene) : NULL, &d->scene, e) < 0)
		return -1;
	return brand_read(json_has(d->root, "brand") ? buf_text(&brand) : NULL, &d->brand, e);
}

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static char *from_hex(const char *hex)
{
	size_t n = strlen(hex) / 2;
	char *out = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	out[n] = '\0';
	return out;
}

static size_t read_captions(struct described *d)
{
	const struct json *list = json_get(d->root, "captions");
	size_t count = json_count(list);

	d->captions = xcalloc(count + 1, sizeof(*d->captions));
	for (size_t i = 0; i < count; i++) {
		const struct json *c = json_at(list, i);

		d->captions[i] = (struct lettering_caption){
			.text = json_string(json_at(c, 0)),
			.lit_from = (size_t)json_int(json_at(c, 1)),
			.lit_to = (size_t)json_int(json_at(c, 2)),
			.from = (unsigned)json_int(json_at(c, 3)),
			.to = (unsigned)json_int(json_at(c, 4)),
		};
	}
	return count;
}

static struct lettering_order order_of(struct described *d)
{
	const struct json *r = d->root, *card = json_get(r, "card");
	const char *bytes = text_of(r, "bytes");
	size_t captions = read_captions(d);

	d->bytes = bytes ? from_hex(bytes) : NULL;
	return (struct lettering_order){
		.size = {(int)json_int(json_get(r, "width")), (int)json_int(json_get(r, "height"))},
		.style = NAMES_FIND(video_style_names, text_of(r, "style")),
		.brand = json_has(r, "brand") ? &d->brand : NULL,
		.video_text = &d->look.text,
		.scene_text = &d->scene.text,
		.overlay = d->bytes ? d->bytes : text_of(r, "overlay"),
		.card = {card != NULL, text_of(card, "title"), text_of(card, "text"),
			text_of(card, "action")},
		.captions = d->look.captions,
		.caption_style = d->look.caption_style,
		.caption_count = captions,
		.caption = d->captions,
		.logo = text_of(r, "logo"),
		.prefix = text_of(r, "prefix"),
	};
}

static int write_order(const char *line, struct err *e)
{
	CLEANUP(described_done) struct described d = {0};
	AUTO(json) root = NULL;
	AUTO_BUF out = BUF_INIT(ORDER_BYTES);

	if (json_parse(line, strlen(line), &root, e) < 0)
		return -1;
	d.root = root;
	if (read_looks(&d, e) < 0)
		return -1;

	struct lettering_order o = order_of(&d);
	struct film_ground ground = film_ground(o.style, o.brand);
	lettering_write(&o, &out);
	if (!buf_ok(&out) || !text_of(root, "file"))
		return err_set(e, ERR_PERM, "the order is too long, or has no file");
	(void)printf("%06X %06X\n", ground.from, ground.to);
	return fs_write_atomic(text_of(root, "file"), out.data, out.len, 0644, e);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (r == 0 && getline(&line, &size, stdin) > 0) {
		struct err e;

		r = write_order(line, &e);
		if (r < 0)
			(void)fprintf(stderr, "order: %s\n", e.text);
	}
	free(line);
	return r < 0;
}
