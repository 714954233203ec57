/* The camera's way: inside the picture, and even from frame to frame, in every shape of window. */

#include "daemon/film/camera.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/base/macros.h"

static const struct camera cameras[] = {
	{1080, 1920, 1226, 2180, 90, 30, 0.15, {0, 0, 0}, {1, 0, 0}},
	{1080, 1920, 1226, 2180, 90, 30, 0.15, {1, 0.1, 0.2}, {0, 0, 0}},
	{1080, 962, 1700, 1092, 90, 30, 0.15, {0.4, -1, 0}, {0.8, 1, 0}},
	{1920, 1080, 2180, 1640, 75, 30, 0.2, {0.5, 0, 1}, {0.8, 0, -1}},
	{1080, 1080, 1420, 1226, 105, 30, 0.1, {0.2, -0.9, -0.9}, {0.9, 0.9, 0.9}},
	{1080, 1350, 1226, 1534, 60, 30, 0.1, {0.8, 1, 0.2}, {0.4, -1, 0}},
	{1440, 1080, 1636, 1226, 1800, 30, 3, {0.8, 1, 0.2}, {0.4, -1, 0}},
};

/* Where in the picture the window's point (0 its beginning, 1 its end) is. */
static double point_at(const struct camera_cut *cut, int window, double part)
{
	return cut->a + (double)cut->n / cut->m * (cut->c + part * window);
}

static void cuts_are_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cameras); i++) {
		const struct camera *cam = &cameras[i];
		const int windows[] = {cam->width, cam->height},
			  sides[] = {cam->picture_width, cam->picture_height};

		struct camera_walk walk = {0};

		for (unsigned frame = 0; frame < cam->frames; frame++) {
			struct camera_cut cuts[2];

			camera_cuts(cam, frame, &walk, cuts);
			for (size_t axis = 0; axis < 2; axis++) {
				const struct camera_cut *cut = &cuts[axis];
				double first = point_at(cut, windows[axis], 0),
				       last = point_at(cut, windows[axis], 1);

				assert_int_equal((cut->n | cut->m | cut->a | cut->c) & 1, 0);
				assert_true(
					cut->a >= 0 && cut->a + cut->n <= sides[axis] + 2 * CAMERA_MARGIN);
				assert_true(cut->c >= 0 && cut->c + windows[axis] <= cut->m);
				/* and what is seen is picture, not margin */
				assert_true(first > CAMERA_MARGIN - 0.5 &&
					    last < CAMERA_MARGIN + sides[axis] + 0.5);
			}
		}
	}
}

#define POINTS 6 /* begin, middle and end on each axis */

/* A point goes as far as the mean of its neighbours' ways: no stepping, which would show as 0 and 1 by turns.
 */
static void steps_are_even(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cameras); i++) {
		const struct camera *cam = &cameras[i];
		const int windows[] = {cam->width, cam->height};
		struct camera_walk walk = {0};
		double at[2][POINTS] = {{0}}, sum = 0, worst = 0;
		size_t n = 0;

		for (unsigned frame = 0; frame < cam->frames; frame++) {
			struct camera_cut cuts[2];

			camera_cuts(cam, frame, &walk, cuts);
			for (size_t point = 0; point < POINTS; point++) {
				size_t axis = point / 3;
				double now = point_at(&cuts[axis], windows[axis], (double)(point % 3) / 2);
				double off = fabs(at[1][point] - (at[0][point] + now) / 2);

				at[0][point] = at[1][point];
				at[1][point] = now;
				if (frame < 2)
					continue;
				sum += off * off;
				worst = fmax(worst, off);
				n++;
			}
		}
		double rms = sqrt(sum / (double)n);
		if (rms > 0.045 || worst > 0.14)
			fail_msg("camera %zu: %.4f pixels off (rms), worst %.4f", i, rms, worst);
	}
}

static void long_scenes_fit_an_argument(void **state)
{
	(void)state;
	AUTO_BUF b = BUF_INIT(128 * 1024 - 2048);

	camera_filters(&cameras[6], &b);
	assert_true(buf_ok(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_are_inside),
		cmocka_unit_test(steps_are_even),
		cmocka_unit_test(long_scenes_fit_an_argument),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
