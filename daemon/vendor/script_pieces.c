/* The best cut is the last one of the best kind that a piece has room for; see breath.h. */
#include "daemon/vendor/script_pieces.h"

#include <stdint.h>
#include <string.h>

#include "daemon/film/breath.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"

static size_t skip_blanks(const char *s)
{
	const char *p = s;

	while (*p && breath_is_blank(utf8_peek(p)))
		(void)utf8_next(&p);
	return (size_t)(p - s);
}

/* Bytes of s's first n without the white space at their end. */
static size_t without_blanks(const char *s, size_t n)
{
	size_t end = 0;

	for (const char *p = s; p < s + n;)
		if (!breath_is_blank(utf8_next(&p)))
			end = (size_t)(p - s);
	return end;
}

/* Bytes of the best piece at the beginning of s, which is longer than max_points. */
static size_t best_cut(const char *s, size_t max_points)
{
	size_t most = text_utf8_prefix(s, max_points), best[BREATH_COUNT] = {[BREATH_NONE] = most};
	uint32_t mark = 0;

	for (const char *p = s; p < s + most;) {
		uint32_t point = utf8_next(&p);

		if (!breath_is_closer(point))
			mark = point;
		if (!breath_is_blank(point))
			best[breath_between(mark, utf8_peek(p))] = (size_t)(p - s);
	}
	for (int cut = BREATH_SENTENCE; cut > BREATH_NONE; cut--)
		if (best[cut] > 0)
			return best[cut];
	return most;
}

/* Bytes of s that belong to one narration and to one piece. */
static size_t piece_bytes(const char *s, size_t max_points)
{
	size_t narration = strcspn(s, (const char[]){BREATH_SEAM, '\0'}),
	       most = text_utf8_prefix(s, max_points);

	return narration <= most ? narration : best_cut(s, max_points);
}

size_t script_pieces(const char *script, size_t max_points, struct script_piece **ret)
{
	struct script_piece *list = NULL;
	size_t n = 0, max = max_points > 0 ? max_points : 1;

	for (const char *s = script + skip_blanks(script); *s;) {
		size_t take = piece_bytes(s, max);

		list = xreallocarray(list, n + 1, sizeof(*list));
		list[n++] = (struct script_piece){.at = (size_t)(s - script), .len = without_blanks(s, take)};
		s += take;
		s += skip_blanks(s);
	}
	*ret = list;
	return n;
}
