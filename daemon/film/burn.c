/* Times are rounded to the nearest frame, so a caption is at most half a frame away from its words. */
#include "daemon/film/burn.h"

#include <string.h>

#include "lib/base/mem.h"
#include "lib/video/video.h"

struct burn {
	const struct film_part *part;
	struct lettering_caption *list;
	size_t count;
};

static int64_t frame_of(int64_t ms)
{
	return (ms * VIDEO_FPS + 500) / 1000;
}

/* What of it falls into the part. */
static void add(
	struct burn *b, const char *text, size_t lit_from, size_t lit_to, int64_t start_ms, int64_t end_ms)
{
	int64_t at = (int64_t)b->part->at, from = frame_of(start_ms) - at, to = frame_of(end_ms) - at;

	from = from > 0 ? from : 0;
	to = to < (int64_t)b->part->frames ? to : (int64_t)b->part->frames;
	if (from >= to)
		return;
	b->list = xreallocarray(b->list, b->count + 1, sizeof(*b->list));
	b->list[b->count++] =
		(struct lettering_caption){text, lit_from, lit_to, (unsigned)from, (unsigned)to};
}

/* Each word stays lit until the next one begins; before the first none is. */
static void add_words(struct burn *b, const struct caption *c)
{
	if (c->word_count == 0 || c->words[0].start_ms > c->start_ms)
		add(b, c->text, 0, 0, c->start_ms, c->word_count ? c->words[0].start_ms : c->end_ms);
	for (size_t i = 0; i < c->word_count; i++) {
		const struct caption_word *w = &c->words[i];

		add(b, c->text, w->from, w->to, w->start_ms,
			i + 1 < c->word_count ? w[1].start_ms : c->end_ms);
	}
}

struct lettering_caption *burn_part(
	const struct captions *c, const struct film_part *p, bool words, size_t *ret_count)
{
	struct burn b = {.part = p};

	for (size_t i = 0; i < c->count; i++) {
		const struct caption *one = &c->list[i];

		if (words)
			add_words(&b, one);
		else
			add(&b, one->text, 0, 0, one->start_ms, one->end_ms);
	}
	*ret_count = b.count;
	return b.list;
}
