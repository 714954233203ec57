/* Whether a clip from outside can be used: what it is, by ffprobe, against what is decoded and shown here. */
#include <inttypes.h>
#include <string.h>

#include "daemon/film/film.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/video/limits.h"

#define SHORT_MS 250 /* a clip may be a few frames short; encode holds its last one */
#define SIDE_MIN 16
#define RATE_MIN 5

static bool decodable(const char *codec)
{
	static const char *const codecs[] = {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores"};

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++)
		if (strcmp(codecs[i], codec) == 0)
			return true;
	return false;
}

static bool is_sane(int side)
{
	return side >= SIDE_MIN && side <= LIMIT_CLIP_SIDE;
}

int film_clip_check(const struct media *m, int64_t wanted_ms, struct err *e)
{
	if (!m->has_video)
		return err_set(e, ERR_PERM, "the clip has no picture");
	if (!decodable(m->video_codec))
		return err_set(e, ERR_PERM, "the clip's coding (%s) is none that is known here",
			m->video_codec[0] ? m->video_codec : "unknown");
	if (!is_sane(m->width) || !is_sane(m->height))
		return err_set(e, ERR_PERM, "the clip is %dx%d; %d to %d pixels a side will do", m->width,
			m->height, SIDE_MIN, LIMIT_CLIP_SIDE);
	if (!m->has_frame)
		return err_set(e, ERR_PERM, "the clip's pictures cannot be decoded");
	if (m->duration_ms + SHORT_MS < wanted_ms)
		return err_set(e, ERR_PERM, "the clip lasts %" PRId64 " ms instead of %" PRId64,
			m->duration_ms, wanted_ms);
	if (m->duration_ms > LIMIT_CLIP_MS)
		return err_set(e, ERR_PERM, "the clip lasts %" PRId64 " s; at most %d will do",
			m->duration_ms / 1000, LIMIT_CLIP_MS / 1000);
	if (m->rate != 0 && (m->rate < RATE_MIN || m->rate > LIMIT_CLIP_RATE))
		return err_set(e, ERR_PERM, "the clip has %d frames a second; %d to %d will do", m->rate,
			RATE_MIN, LIMIT_CLIP_RATE);
	return 0;
}
