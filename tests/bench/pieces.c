/*
 * The commands that make a film of a plan, as the daemon's own makers write them, for tests and measurements
 * that are no C. usage: pieces PLAN.json
 *
 * {"size": [w, h], "quality", "threads", "sound": file, "out": file, "parts": [{"clip": file, "frames",
 * "colours", "fit", "focus": [x, y], "ground": [from, to], "text": IMAGE, "entrance", "captions": [IMAGE +
 * "from", "to"], "logo": IMAGE, "transition", "transitionFrames"}]}    IMAGE: {"file", "x", "y", "width",
 * "height"}
 *
 * prints {"files": {name: text}, "pieces": [{"file", "frames", "argv"}], "join": argv}. A part's transition
 * is into the next one. All files are in the current folder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/encode.h"
#include "lib/base/args.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/video/look.h"

#define PLAN_MAX_BYTES (1024 * 1024)

struct part {
	struct film_shot shot;
	unsigned frames, transition_frames; /* of the transition into the next one; 0: a cut */
	int transition;
	char list[32];
};

struct plan {
	struct film_tools tools;
	struct film_size size;
	struct part parts[FILM_PARTS_MAX];
	size_t count;
	const char *sound, *out;
};

static int choice(const struct json *of, const char *key, const char *const *names, size_t count, int without)
{
	int found = names_find(names, count, json_string(json_get(of, key)));

	return found >= 0 ? found : without;
}

static int item(const struct json *of, const char *key, size_t i, int without)
{
	const struct json *list = json_get(of, key);

	return list ? (int)json_int(json_at(list, i)) : without;
}

static unsigned number(const struct json *of, const char *key)
{
	return (unsigned)json_int(json_get(of, key));
}

static struct film_image image(const struct json *v)
{
	const char *file = json_string(json_get(v, "file"));
	struct film_image image = {
		.x = (int)json_int(json_get(v, "x")),
		.y = (int)json_int(json_get(v, "y")),
		.width = (int)json_int(json_get(v, "width")),
		.height = (int)json_int(json_get(v, "height")),
	};

	(void)snprintf(image.file, sizeof(image.file), "%s", file ? file : "");
	return image;
}

static void read_captions(const struct json *list, struct film_layers *l)
{
	struct film_caption *captions = xcalloc(json_count(list) + 1, sizeof(*captions));

	for (size_t i = 0; i < json_count(list); i++) {
		const struct json *v = json_at(list, i);

		captions[i] =
			(struct film_caption){image(v), .from = number(v, "from"), .to = number(v, "to")};
	}
	l->captions = captions;
	l->caption_count = json_count(list);
}

static void read_part(const struct json *v, size_t i, struct part *part)
{
	struct film_shot *shot = &part->shot;

	part->frames = number(v, "frames");
	part->transition = choice(v, "transition", look_transition_names, TRANSITION_COUNT, TRANSITION_CUT);
	part->transition_frames = part->transition == TRANSITION_CUT ? 0 : number(v, "transitionFrames");
	(void)snprintf(part->list, sizeof(part->list), "captions-%zu.txt", i);
	shot->clip = json_string(json_get(v, "clip"));
	shot->colours = (int)json_int(json_get(v, "colours"));
	shot->fit = choice(v, "fit", look_fit_names, FIT_COUNT, FIT_COVER);
	shot->focus_x = item(v, "focus", 0, 500);
	shot->focus_y = item(v, "focus", 1, 500);
	shot->ground_from = (unsigned)item(v, "ground", 0, 0);
	shot->ground_to = (unsigned)item(v, "ground", 1, 0);
	shot->layers.text = image(json_get(v, "text"));
	shot->layers.logo = image(json_get(v, "logo"));
	shot->layers.entrance = choice(v, "entrance", look_entrance_names, ENTRANCE_COUNT, ENTRANCE_NONE);
	read_captions(json_get(v, "captions"), &shot->layers);
	shot->layers.caption_list = part->list;
}

static struct plan read_plan(const struct json *v)
{
	const struct json *parts = json_get(v, "parts");
	struct plan plan = {
		.tools = {.ffmpeg = "ffmpeg", .ffprobe = "ffprobe", .threads = number(v, "threads")},
		.size = {item(v, "size", 0, 0), item(v, "size", 1, 0)},
		.count = json_count(parts),
		.sound = json_string(json_get(v, "sound")),
		.out = json_string(json_get(v, "out")),
	};

	plan.tools.quality = choice(v, "quality", look_quality_names, QUALITY_COUNT, QUALITY_STANDARD);
	if (plan.count > FILM_PARTS_MAX)
		plan.count = FILM_PARTS_MAX;
	for (size_t i = 0; i < plan.count; i++)
		read_part(json_at(parts, i), i, &plan.parts[i]);
	return plan;
}

static struct json *argv_json(const struct args *a)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < a->n; i++)
		json_append_string(list, a->v[i]);
	return list;
}

static void put_piece(struct json *list, const char *file, unsigned frames, const struct args *a)
{
	struct json *piece = json_new_object();

	json_put_string(piece, "file", file);
	json_put_int(piece, "frames", frames);
	json_put(piece, "argv", argv_json(a));
	json_append(list, piece);
}

/* The transition into part i, where there is one, and its body. The pieces' names live as long as the
 * program. */
static size_t put_part(const struct plan *plan, size_t i, struct json *list, struct film_piece *pieces)
{
	const struct part *part = &plan->parts[i], *before = i > 0 ? &plan->parts[i - 1] : NULL;
	unsigned from = before ? before->transition_frames : 0;
	AUTO_ARGS body = {0}, transition = {0};
	size_t n = 0;

	if (from > 0) {
		pieces[n] = (struct film_piece){xasprintf("transition-%zu.mp4", i), from};
		film_transition_args(&plan->tools, &plan->size, &before->shot, before->frames, &part->shot,
			before->transition, from, pieces[n].file, &transition);
		put_piece(list, pieces[n].file, from, &transition);
		n++;
	}
	if (from < part->frames) {
		pieces[n] = (struct film_piece){xasprintf("body-%zu.mp4", i), part->frames - from};
		film_body_args(
			&plan->tools, &plan->size, &part->shot, from, part->frames, pieces[n].file, &body);
		put_piece(list, pieces[n].file, pieces[n].frames, &body);
		n++;
	}
	return n;
}

static struct json *answer(const struct plan *plan)
{
	struct film_piece pieces[2 * FILM_PARTS_MAX];
	struct json *root = json_new_object(), *files = json_new_object(), *list = json_new_array();
	AUTO_BUF text = BUF_INIT(PLAN_MAX_BYTES);
	AUTO_ARGS join = {0};
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++) {
		n += put_part(plan, i, list, pieces + n);
		film_caption_list(&plan->parts[i].shot.layers, &text);
		json_put_string(files, plan->parts[i].list, buf_text(&text));
		buf_clear(&text);
	}
	film_join_list(pieces, n, &text);
	json_put_string(files, "pieces.txt", buf_text(&text));
	film_join_args(&plan->tools, "pieces.txt", plan->sound, plan->out, &join);
	json_put(root, "files", files);
	json_put(root, "pieces", list);
	json_put(root, "join", argv_json(&join));
	return root;
}

int main(int argc, char **argv)
{
	AUTO_BUF text = BUF_INIT(PLAN_MAX_BYTES), out = BUF_INIT(4 * PLAN_MAX_BYTES);
	AUTO(json) root = NULL;
	AUTO(json) printed = NULL;
	struct err e;

	if (argc != 2 || fs_read(argv[1], PLAN_MAX_BYTES, &text, &e) < 0 ||
		json_parse(buf_text(&text), text.len, &root, &e) < 0) {
		(void)fputs("usage: pieces PLAN.json\n", stderr);
		return 2;
	}
	struct plan plan = read_plan(root);

	printed = answer(&plan);
	json_write(printed, &out);
	return puts(buf_text(&out)) < 0 || !buf_ok(&out);
}
