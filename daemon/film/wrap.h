#ifndef VIDEOD_DAEMON_FILM_WRAP_H
#define VIDEOD_DAEMON_FILM_WRAP_H

/*
 * Lays a text out in lines without knowing its font: widths are estimated in ems, on the wide side, so that
 * what fits here fits on the screen in any of our fonts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRAP_MAX_POINTS 600
#define WRAP_MAX_LINES  64

struct wrap {
	uint32_t points[WRAP_MAX_POINTS]; /* what can be shown: no controls, single blanks, '\n' where the
					     text wants a line */
	size_t count;
	struct wrap_line {
		size_t first, end; /* points, without the blanks at the break */
	} lines[WRAP_MAX_LINES];
	size_t line_count;
};

/* Takes the text over, cut at WRAP_MAX_POINTS. Broken UTF-8 becomes U+FFFD. */
void wrap_init(struct wrap *w, const char *text);
/* How many lines of at most width ems it takes. */
size_t wrap_count(struct wrap *w, double width_em);
/* Breaks into lines of at most width ems, as even in length as the same number of lines allows. */
void wrap_lines(struct wrap *w, double width_em);
bool wrap_is_right_to_left(const struct wrap *w); /* by the first letter that has a direction */

#endif
