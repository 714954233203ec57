/*
 * The words of a narration become captions where that costs least: the price of each way to cut them is what
 * it takes from the reader, so a caption ends where the sentence breathes, is long enough to be read, and
 * leaves no word alone. The times are the voice's; only an end may wait, until the next one begins.
 */
#include "daemon/film/captions.h"

#include <stdlib.h>

#include "daemon/film/captions_priv.h"
#include "daemon/film/sound.h"
#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/utf8.h"

#define TEXT_MAX_BYTES (64 * 1024)
#define LINES          2
#define LINE_LEAST     8 /* columns */
#define LATER_MS       INT64_MAX

/* Prices. A caption more costs PRICE_CAPTION, so that a text is not cut without need. */
static const int64_t price_of_cut[BREATH_COUNT] = {
	[BREATH_NONE] = 120, [BREATH_WORD] = 90, [BREATH_CLAUSE] = 25, [BREATH_SENTENCE] = 0};
#define PRICE_CAPTION  60
#define PRICE_SENTENCE 70  /* each that ends inside */
#define PRICE_ORPHAN   60  /* a few words of a sentence that goes on, or began, elsewhere */
#define PRICE_PAUSE    500 /* of the voice, inside */
#define PRICE_SPEED    15  /* each column a second too many */
#define PRICE_LATE     50  /* nearly as long as it may be */

#define PAUSE_MS     1000
#define LONG_MS      6000
#define MS_PER_PRICE 2 /* of too short a time */

/* Narration being cut. */
struct cutting {
	const struct caption_units *u;
	size_t line_max;
	size_t *width_to; /* columns of all units before each, with the blanks between them */
};

static size_t width(const struct cutting *c, size_t first, size_t end)
{
	return c->width_to[end] - c->width_to[first] - c->u->list[first].blank_before;
}

/* Where the second line begins, end where there is one only; false: they do not fit. */
static bool best_line(
	const struct cutting *c, size_t first, size_t end, size_t *ret_second, int64_t *ret_price)
{
	int64_t best = INT64_MAX;

	*ret_second = end;
	*ret_price = 0;
	if (width(c, first, end) <= c->line_max)
		return true;
	for (size_t i = first + 1; i < end; i++) {
		int64_t top = (int64_t)width(c, first, i), low = (int64_t)width(c, i, end),
			price = price_of_cut[c->u->list[i - 1].after] / 2 + llabs(top - low) * 3 / 2;

		if (top > (int64_t)c->line_max || low > (int64_t)c->line_max || price >= best)
			continue;
		best = price;
		*ret_second = i;
	}
	*ret_price = best;
	return best < INT64_MAX;
}

static int64_t time_to_read_ms(size_t columns)
{
	int64_t ms = (int64_t)columns * 1000 / CAPTION_COLUMNS_PER_SEC;

	return ms > CAPTION_MIN_MS ? ms : CAPTION_MIN_MS;
}

static int64_t price_of_time(const struct cutting *c, size_t first, size_t end)
{
	const struct caption_unit *u = c->u->list;
	int64_t start_ms = u[first].start_ms, next_ms = end < c->u->count ? u[end].start_ms : LATER_MS,
		spoken_ms = u[end - 1].end_ms - start_ms, price = spoken_ms > LONG_MS ? PRICE_LATE : 0;
	size_t columns = width(c, first, end);
	int64_t wanted_ms = time_to_read_ms(columns),
		shown_ms = spoken_ms > wanted_ms ? spoken_ms : wanted_ms;

	if (shown_ms > next_ms - start_ms)
		shown_ms = next_ms - start_ms;
	if (shown_ms < CAPTION_MIN_MS)
		price += (CAPTION_MIN_MS - shown_ms) / MS_PER_PRICE;
	if (shown_ms < wanted_ms && shown_ms > 0) {
		int64_t speed = (int64_t)columns * 1000 / shown_ms - CAPTION_COLUMNS_PER_SEC;

		price += (speed < CAPTION_COLUMNS_PER_SEC ? speed : CAPTION_COLUMNS_PER_SEC) * PRICE_SPEED;
	}
	return price;
}

static int64_t price_of_text(const struct cutting *c, size_t first, size_t end)
{
	const struct caption_unit *u = c->u->list;
	bool whole =
		(first == 0 || u[first - 1].after == BREATH_SENTENCE) && u[end - 1].after == BREATH_SENTENCE;
	int64_t price = price_of_cut[u[end - 1].after];

	if (!whole && width(c, first, end) < c->line_max / 2)
		price += PRICE_ORPHAN;
	for (size_t i = first + 1; i < end; i++) {
		if (u[i - 1].after == BREATH_SENTENCE)
			price += PRICE_SENTENCE;
		if (u[i].start_ms - u[i - 1].said_ms > PAUSE_MS)
			price += PRICE_PAUSE;
	}
	return price;
}

/* Whether the units [first, end) may be one caption, and its price. */
static bool price_of(const struct cutting *c, size_t first, size_t end, int64_t *ret)
{
	const struct caption_unit *u = c->u->list;
	size_t second;
	int64_t line;

	if (end - first > 1 && u[end - 1].end_ms - u[first].start_ms > CAPTION_MAX_MS)
		return false;
	if (!best_line(c, first, end, &second, &line))
		return false;
	*ret = PRICE_CAPTION + line + price_of_time(c, first, end) + price_of_text(c, first, end);
	return true;
}

/* cuts[end]: where the caption that ends there begins, in the cheapest way to come to it. */
static void cut(const struct cutting *c, size_t *cuts)
{
	size_t n = c->u->count;
	AUTO_FREE int64_t *paid = xcalloc(n + 1, sizeof(*paid));

	for (size_t end = 1; end <= n; end++) {
		paid[end] = INT64_MAX;
		for (size_t first = end; first-- > 0 && width(c, first, end) <= LINES * c->line_max + 1;) {
			int64_t more;

			if (!price_of(c, first, end, &more) || paid[first] + more >= paid[end])
				continue;
			paid[end] = paid[first] + more;
			cuts[end] = first;
		}
	}
}

/* Filling one */

static int64_t film_time(const struct voice_times *v, const struct film_speech *s, int64_t ms)
{
	int64_t to_ms = s->to_ms > 0 ? s->to_ms : v->duration_ms;

	ms = ms < s->from_ms ? s->from_ms : ms > to_ms ? to_ms : ms;
	return ms - s->from_ms + s->at_ms;
}

static void fill(const struct cutting *c, const struct voice_times *v, const struct film_speech *s,
	size_t first, size_t end, struct caption *ret)
{
	AUTO_BUF text = BUF_INIT(TEXT_MAX_BYTES);
	size_t second;
	int64_t ignored;

	(void)best_line(c, first, end, &second, &ignored);
	*ret = (struct caption){
		.words = xcalloc(end - first, sizeof(*ret->words)), .word_count = end - first};
	for (size_t i = first; i < end; i++) {
		const struct caption_unit *u = &c->u->list[i];

		if (i == second)
			buf_addc(&text, '\n');
		else if (i > first && u->blank_before)
			buf_addc(&text, ' ');
		ret->words[i - first] = (struct caption_word){
			.from = text.len,
			.to = text.len + u->len,
			.start_ms = film_time(v, s, u->start_ms),
			.end_ms = film_time(v, s, u->end_ms),
		};
		buf_add(&text, buf_text(&c->u->text) + u->at, u->len);
	}
	ret->text = buf_steal(&text);
	ret->start_ms = ret->words[0].start_ms;
	ret->end_ms = ret->words[ret->word_count - 1].end_ms;
}

static void add_narration(const struct voice_times *v, const struct film_speech *s, size_t first, size_t end,
	size_t line_max, struct captions *all)
{
	AUTO_CAPTION_UNITS u = {.list = NULL};
	struct cutting c = {.u = &u, .line_max = line_max};

	caption_units_make(v, first, end, line_max, &u);

	AUTO_FREE size_t *width_to = xcalloc(u.count + 1, sizeof(*width_to));
	AUTO_FREE size_t *cuts = xcalloc(u.count + 1, sizeof(*cuts));
	size_t n = 0, at = all->count;

	for (size_t i = 0; i < u.count; i++)
		width_to[i + 1] = width_to[i] + u.list[i].columns + u.list[i].blank_before;
	c.width_to = width_to;
	cut(&c, cuts);
	for (size_t i = u.count; i > 0; i = cuts[i])
		n++;
	all->list = xreallocarray(all->list, at + n + 1, sizeof(*all->list));
	all->count = at + n;
	for (size_t i = u.count; i > 0; i = cuts[i])
		fill(&c, v, s, cuts[i], i, &all->list[at + --n]);
}

/* Times of all of them */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void done(struct caption *c)
{
	free(c->text);
	free(c->words);
}

/* Each begins after the one before it, whatever the voice's times are, and before the film's end. */
static void settle_starts(struct captions *all, int64_t film_ms)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct caption *c = &all->list[i];

		if (n > 0)
			c->start_ms = most(c->start_ms, all->list[n - 1].start_ms + 1);
		if (film_ms > 0 && c->start_ms >= film_ms)
			done(c);
		else
			all->list[n++] = *c;
	}
	all->count = n;
}

static size_t columns_of(const struct caption *c)
{
	size_t n = 0;

	for (const char *p = c->text; *p;)
		n += char_class(utf8_next(&p)).columns;
	return n;
}

static void settle_end(struct caption *c, int64_t next_ms)
{
	int64_t read_ms = c->start_ms + time_to_read_ms(columns_of(c));

	c->end_ms = least(most(c->end_ms, read_ms), least(c->start_ms + CAPTION_MAX_MS, next_ms));
	if (next_ms - c->end_ms < CAPTION_CLOSE_GAP_MS)
		c->end_ms = next_ms;
	for (size_t i = 0; i < c->word_count; i++) {
		struct caption_word *w = &c->words[i];

		w->start_ms = least(most(w->start_ms, c->start_ms), c->end_ms);
		w->end_ms = least(most(w->end_ms, w->start_ms), c->end_ms);
	}
}

void captions_make(const struct voice_times *v, const struct film_speech *speech, size_t speech_count,
	size_t line_max, int64_t film_ms, struct captions *ret)
{
	size_t columns = line_max > LINE_LEAST ? line_max : LINE_LEAST, first, end;

	*ret = (struct captions){.list = NULL};
	for (size_t i = 0; i < speech_count && voice_times_range(v, i, &first, &end); i++)
		add_narration(v, &speech[i], first, end, columns, ret);
	settle_starts(ret, film_ms);
	for (size_t i = 0; i < ret->count; i++) {
		bool last = i + 1 == ret->count;

		settle_end(&ret->list[i], !last         ? ret->list[i + 1].start_ms
					  : film_ms > 0 ? film_ms
							: LATER_MS);
	}
}

void captions_done(struct captions *c)
{
	for (size_t i = 0; i < c->count; i++)
		done(&c->list[i]);
	free(c->list);
	*c = (struct captions){.list = NULL};
}
