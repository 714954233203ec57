/* What filters print of each frame is read back, whatever else is printed between. */
#include "daemon/film/readings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/macros.h"

#define FRAMES_MAX 3

static const char *const keys[] = {"lavfi.blur", "lavfi.light"};

struct reading {
	int64_t frame;
	double seconds, blur, light;
};

static bool same(double a, double b)
{
	return (isnan(a) && isnan(b)) || fabs(a - b) < 1e-9;
}

static void check(const char *title, const struct readings *r, const struct reading *wanted)
{
	if (r->frame != wanted->frame || !same(r->seconds, wanted->seconds) ||
		!same(r->value[0], wanted->blur) || !same(r->value[1], wanted->light))
		fail_msg("%s: frame %d at %g: %g %g", title, (int)r->frame, r->seconds, r->value[0],
			r->value[1]);
}

#define LONG                                                                                                 \
	"..............................................................................................."    \
	"..............................................................................................."    \
	"..............................................................................................."

static void what_is_printed_is_read(void **state)
{
	static const struct {
		const char *title, *text;
		size_t count;
		struct reading frames[FRAMES_MAX];
	} cases[] = {
		{"nothing", "", 0, {{0}}},
		{"no frame", "lavfi.blur=1\nlavfi.light=2\n", 0, {{0}}},
		{"one", "frame:0    pts:0   pts_time:0\nlavfi.blur=1.5\nlavfi.light=-2\n", 1,
			{{0, 0, 1.5, -2}}},
		{"its last line has no end", "frame:7 pts:1 pts_time:0.25\nlavfi.light=3", 1,
			{{7, 0.25, (double)NAN, 3}}},
		{"two, and one without values",
			"frame:0 pts_time:0\nlavfi.blur=1\nframe:1 pts_time:1\nframe:2 "
			"pts_time:2\nlavfi.blur=2\n",
			3,
			{{0, 0, 1, (double)NAN}, {1, 1, (double)NAN, (double)NAN}, {2, 2, 2, (double)NAN}}},
		{"others print too",
			"[x] hello\nframe:0 pts_time:0\n[y] lavfi.blur=9\n\nlavfi.blur=1\n=\nlavfi.light\n",
			1, {{0, 0, 1, (double)NAN}}},
		{"keys are whole", "frame:0 pts_time:0\nlavfi.blurs=1\nlavfi.blu=2\nlavfi.lightness=3\n", 1,
			{{0, 0, (double)NAN, (double)NAN}}},
		{"the last of a key counts", "frame:0 pts_time:0\nlavfi.blur=1\nlavfi.blur=2\n", 1,
			{{0, 0, 2, (double)NAN}}},
		{"no numbers", "frame:x pts_time:N/A\nlavfi.blur=much\nlavfi.light=\n", 1,
			{{0, (double)NAN, (double)NAN, (double)NAN}}},
		{"a frame beyond all", "frame:99999999999999999999999999 pts_time:1\nlavfi.blur=1\n", 1,
			{{0, 1, 1, (double)NAN}}},
		{"a long line is cut",
			"frame:0 " LONG " pts_time:1\n" LONG LONG "\nlavfi.light=4\nlavfi.blur=0" LONG "\n",
			1, {{0, (double)NAN, (double)NAN, 4}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct readings r = readings_new(cases[i].text, strlen(cases[i].text), keys, ARRAY_LEN(keys));
		size_t n = 0;

		for (; readings_next(&r); n++) {
			assert_true(n < cases[i].count);
			check(cases[i].title, &r, &cases[i].frames[n]);
		}
		if (n != cases[i].count)
			fail_msg("%s: %zu frames", cases[i].title, n);
		assert_false(readings_next(&r));
	}
}

/* The text ends where its length says, and nothing behind it is read. */
static void the_length_counts(void **state)
{
	static const char text[] = "frame:0 pts_time:0\nlavfi.blur=12\nframe:1 pts_time:1\n";
	struct readings r = readings_new(text, strlen("frame:0 pts_time:0\nlavfi.blur=1"), keys, 1);

	(void)state;
	assert_true(readings_next(&r));
	assert_true(same(r.value[0], 1));
	assert_false(readings_next(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read),
		cmocka_unit_test(the_length_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
