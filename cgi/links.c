/*
 * Signed addresses are the daemon's to make: the responder has no key. It writes down that it wants them and
 * wakes the daemon. Mostly they are renewed long before they end, and nobody waits. Where they have ended it
 * looks into the database for a moment; a daemon that is not there stalls nobody, and whoever asks again
 * later finds them.
 */
#include "cgi/links.h"

#include <time.h>

#include "cgi/handler.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/wake.h"
#include "lib/video/addresses.h"
#include "lib/video/video.h"
#include "lib/video/videos.h"

#define WAIT_MS   500 /* all together */
#define LOOK_MS   10
#define FRESH_SEC 2 /* a wish that was not fulfilled for so long is not waited for */

static int want(struct app *a, struct video *videos, size_t count, bool *ret_any, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		if (!links_end_soon(&videos[i], &a->settings))
			continue;

		int r = links_want(a->db, &videos[i].id, e);

		if (r < 0)
			return -1;
		if (r > 0) {
			videos[i].links_wanted_sec = 0;
			*ret_any = true;
		}
	}
	return 0;
}

static bool is_worth_waiting(const struct app *a, const struct video *v)
{
	return links_end_soon(v, &a->settings) && v->links_left_sec <= 0 && v->links_wanted_sec >= 0 &&
	       v->links_wanted_sec < FRESH_SEC;
}

/* As the database has it now; a video that is gone meanwhile stays as it was. */
static int read_again(struct app *a, struct video *v, struct err *e)
{
	AUTO_VIDEO now = {0};
	int found = videos_get(a->db, &v->id, &now, e);

	if (found == 1) {
		struct video old = *v;

		*v = now;
		now = old;
	}
	return found < 0 ? -1 : 0;
}

static int wait_for(struct app *a, struct video *v, int64_t until_ms, struct err *e)
{
	while (is_worth_waiting(a, v) && clock_mono_ms() < until_ms) {
		(void)nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
		if (read_again(a, v, e) < 0)
			return -1;
	}
	return 0;
}

int links_renew(struct app *a, struct video *videos, size_t count, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + WAIT_MS;
	bool any = false;

	if (want(a, videos, count, &any, e) < 0)
		return -1;
	if (any)
		wake_daemon(a->settings.wake_socket);
	for (size_t i = 0; i < count; i++)
		if (wait_for(a, &videos[i], until_ms, e) < 0)
			return -1;
	return 0;
}
