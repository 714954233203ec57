/* A picture of any kind that we take -> PNG with its alpha, the right way up, no side longer than asked for.
 */
#include "daemon/film/film_priv.h"

void film_png_args(
	const struct film_tools *t, const char *picture, int max_side, const char *out, struct args *a)
{
	film_add_program(t, a);
	film_add_input(t, FENCE_PICTURE, picture, a);
	args_add(a, "-vf");
	args_addf(a, "scale=w='min(%d,iw)':h='min(%d,ih)':force_original_aspect_ratio=decrease,format=rgba",
		max_side, max_side);
	args_adds(a, (const char *const[]){"-frames:v", "1", "-c:v", "png", "-update", "1", NULL});
	film_add_output("image2", out, a);
}
