/* What a file really is: ffprobe's arguments, and reading its answer, which is as foreign as the file it
 * looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/film/encode.h"
#include "daemon/film/film_priv.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"

#define SIDE_MAX     100000
#define BT709_SIDE   720
#define DURATION_MAX (INT64_C(1000000) * 3600 * 24 * 365) /* microseconds */
#define FRAMES_MAX   (INT64_C(1) << 40)
#define CHANNELS_MAX 1024
#define RATE_MAX     10000000

/* Packets that are read and decoded: enough that one of a clip's has a picture. */
static const char *const first_packets[FENCE_COUNT] = {
	[FENCE_PICTURE] = "%+#1",
	[FENCE_SOUND] = "%+#1",
	[FENCE_CLIP] = "%+#8",
	[FENCE_OURS] = "%+#1",
};

void film_probe_args(const struct film_tools *t, enum film_fence fence, const char *file, struct args *a)
{
	args_add(a, t->ffprobe);
	args_adds(a, (const char *const[]){"-hide_banner", "-loglevel", "error", "-of", "json", NULL});
	film_add_fence(fence, a);
	if (fence == FENCE_PICTURE) /* half a picture is none */
		args_adds(a, (const char *const[]){"-err_detect", "explode", NULL});
	/* a picture says how it is turned in its first frame only */
	args_adds(a, (const char *const[]){"-read_intervals", first_packets[fence], "-show_entries",
			     "format=format_name,duration:stream=codec_type,codec_name,width,height,pix_fmt,"
			     "color_space,color_transfer,nb_frames,avg_frame_rate,"
			     "sample_rate,channels:stream_disposition=attached_pic:stream_side_data=rotation:"
			     "frame=media_type:frame_side_data=rotation",
			     "-i", file, NULL});
}

static void copy(char *to, size_t size, const struct json *v)
{
	(void)snprintf(to, size, "%s", json_string(v) ? json_string(v) : "");
}

/* ffprobe writes most numbers as strings. 0 for what is none or out of range. */
static int64_t number(const struct json *v, unsigned places, int64_t max)
{
	const char *s = json_string(v) ? json_string(v) : json_number_text(v);
	int64_t n = 0;

	return s && text_to_scaled(s, places, 0, max, &n) ? n : 0;
}

/* Whether one of the side data turns the picture by a quarter. */
static bool turns(const struct json *side_data)
{
	for (size_t i = 0; i < json_count(side_data); i++)
		if (llabs(json_int(json_get(json_at(side_data, i), "rotation"))) % 180 == 90)
			return true;
	return false;
}

/* "30000/1001", rounded up; 0 for what is none. */
static int rate(const struct json *v)
{
	const char *s = json_string(v);
	const char *slash = s ? strchr(s, '/') : NULL;
	AUTO_FREE char *over = slash ? xstrndup(s, (size_t)(slash - s)) : NULL;
	int64_t frames, seconds;

	if (!over || !text_to_i64(over, 0, INT32_MAX, &frames) ||
		!text_to_i64(slash + 1, 1, INT32_MAX, &seconds))
		return 0;
	return (int)((frames + seconds - 1) / seconds);
}

/* Those of high dynamic range are known by their transfer. What says nothing is BT.709 where it is large: so
 * do players. */
static int colours_of(const struct json *stream, const struct media *m)
{
	const char *transfer = json_string(json_get(stream, "color_transfer"));
	const char *matrix = json_string(json_get(stream, "color_space"));

	if (transfer && strcmp(transfer, "smpte2084") == 0)
		return COLOURS_HDR_PQ;
	if (transfer && strcmp(transfer, "arib-std-b67") == 0)
		return COLOURS_HDR_HLG;
	if (!matrix && m->width >= BT709_SIDE && m->height >= BT709_SIDE)
		return COLOURS_BT709;
	return COLOURS_SAID;
}

static void read_video(const struct json *stream, struct media *m)
{
	bool turned = turns(json_get(stream, "side_data_list"));
	int width = (int)number(json_get(stream, "width"), 0, SIDE_MAX);
	int height = (int)number(json_get(stream, "height"), 0, SIDE_MAX);

	m->has_video = true;
	m->width = turned ? height : width;
	m->height = turned ? width : height;
	m->frames = number(json_get(stream, "nb_frames"), 0, FRAMES_MAX);
	m->rate = rate(json_get(stream, "avg_frame_rate"));
	copy(m->video_codec, sizeof(m->video_codec), json_get(stream, "codec_name"));
	copy(m->pixel_format, sizeof(m->pixel_format), json_get(stream, "pix_fmt"));
	m->colours = colours_of(stream, m);
}

static void read_audio(const struct json *stream, struct media *m)
{
	m->has_audio = true;
	m->sample_rate = (int)number(json_get(stream, "sample_rate"), 0, RATE_MAX);
	m->channels = (int)number(json_get(stream, "channels"), 0, CHANNELS_MAX);
	copy(m->audio_codec, sizeof(m->audio_codec), json_get(stream, "codec_name"));
}

/* The first stream of each kind counts; a song's cover is no video. */
static void read_stream(const struct json *stream, struct media *m)
{
	const char *type = json_string(json_get(stream, "codec_type"));
	bool cover = json_int(json_get(json_get(stream, "disposition"), "attached_pic")) != 0;

	if (type && strcmp(type, "video") == 0 && !m->has_video && !cover)
		read_video(stream, m);
	else if (type && strcmp(type, "audio") == 0 && !m->has_audio)
		read_audio(stream, m);
}

/* NULL: there is none. */
static const struct json *first_frame(const struct json *frames)
{
	for (size_t i = 0; i < json_count(frames); i++) {
		const char *type = json_string(json_get(json_at(frames, i), "media_type"));

		if (type && strcmp(type, "video") == 0)
			return json_at(frames, i);
	}
	return NULL;
}

int film_probe_read(const char *json, size_t n, struct media *ret_media, struct err *e)
{
	AUTO(json) root = NULL;
	struct media m = {0};
	bool stream_turned = false;

	if (json_parse(json, n, &root, e) < 0)
		return err_prefix(e, "ffprobe: ");

	const struct json *format = json_get(root, "format"), *streams = json_get(root, "streams");
	if (!json_string(json_get(format, "format_name")) || json_type_of(streams) != JSON_ARRAY)
		return err_set(e, ERR_PERM, "ffprobe: the answer has no format or no streams");
	copy(m.format, sizeof(m.format), json_get(format, "format_name"));
	m.duration_ms = number(json_get(format, "duration"), 6, DURATION_MAX) / 1000;
	for (size_t i = 0; i < json_count(streams); i++) {
		read_stream(json_at(streams, i), &m);
		stream_turned |= turns(json_get(json_at(streams, i), "side_data_list"));
	}

	const struct json *frame = first_frame(json_get(root, "frames"));

	m.has_frame = frame != NULL;
	if (frame && !stream_turned && turns(json_get(frame, "side_data_list"))) {
		int width = m.width;

		m.width = m.height;
		m.height = width;
	}
	*ret_media = m;
	return 0;
}
