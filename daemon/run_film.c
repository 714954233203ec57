/*
 * The film that a run makes, as its steps know it so far: renditions, brand and parts from the beginning,
 * lengths and times as soon as the voice is there.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/film/voice_note.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "lib/base/buf.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/video/settings.h"

#define TIMES_MAX_BYTES (4 * 1024 * 1024)
#define DRAFT_DIVISOR   2
#define PIECE_THREADS   8 /* more make a piece hardly sooner, and each keeps frames */

/* Drafts have half the width and height; yuv420p wants even ones. */
static struct film_size size_of(int aspect, int quality)
{
	const struct video_size *full = &video_sizes[aspect];
	int divisor = quality == QUALITY_DRAFT ? DRAFT_DIVISOR : 1;

	return (struct film_size){full->width / divisor & ~1, full->height / divisor & ~1};
}

static int quality_of(const struct run *r)
{
	if (r->video.look.quality != LOOK_UNSET)
		return r->video.look.quality;
	return r->video.mode == MODE_DRAFT ? QUALITY_DRAFT : r->engine->settings->film_quality;
}

static void add_rendition(struct run *r, int aspect)
{
	r->renditions[r->rendition_count++] = (struct rendition){aspect, size_of(aspect, r->tools.quality)};
}

static void choose_renditions(struct run *r)
{
	add_rendition(r, r->video.aspect);
	for (int aspect = 0; aspect < ASPECT_COUNT; aspect++)
		if (aspect != r->video.aspect && r->video.look.renditions & 1U << aspect)
			add_rendition(r, aspect);
}

/* What each of so many children has of the processors. */
static unsigned threads_of(unsigned children)
{
	unsigned processors = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);

	return processors > children ? processors / children : 1;
}

int run_begin_film(struct run *r, struct err *e)
{
	const struct settings *s = r->engine->settings;

	r->tools = (struct film_tools){
		.ffmpeg = s->ffmpeg,
		.ffprobe = s->ffprobe,
		.lettering = s->lettering,
		.threads = threads_of(r->engine->places[PLACE_CHILD]),
		.quality = quality_of(r),
	};
	r->has_brand = r->video.brand != NULL;
	if (brand_read(r->video.brand, &r->brand, e) < 0)
		return -1;
	choose_renditions(r);
	timeline_make(&r->video, run_brand(r), &(struct timeline_voice){.duration_ms = 0}, &r->timeline);
	return 0;
}

struct film_tools run_piece_tools(const struct run *r)
{
	struct film_tools t = r->tools;
	unsigned threads = threads_of(r->engine->used[PLACE_CHILD]);

	if (threads > PIECE_THREADS)
		threads = PIECE_THREADS;
	if (threads > t.threads)
		t.threads = threads;
	return t;
}

const struct brand *run_brand(const struct run *r)
{
	return r->has_brand ? &r->brand : NULL;
}

const char *run_file(const struct run *r, enum step_id id, size_t item)
{
	const struct step *s = run_step(r, id, item);

	return s && s->state == STEP_DONE ? s->file : NULL;
}

const struct film_part *run_part(const struct run *r, size_t piece)
{
	return &r->timeline.parts[piece % FILM_PARTS_MAX];
}

int64_t run_ms(const struct run *r)
{
	return (int64_t)r->timeline.frames * 1000 / VIDEO_FPS;
}

const struct rendition *run_rendition(const struct run *r, size_t piece)
{
	return &r->renditions[piece / FILM_PARTS_MAX];
}

int run_scene_of(const struct step *s)
{
	enum step_per per = step_kinds[s->id].per;
	const struct film_part *p;

	if (per == PER_SCENE)
		return (int)s->item;
	if (per != PER_PIECE)
		return -1;
	p = run_part(s->run, s->item);
	return p->kind == PART_SCENE ? (int)p->scene : -1;
}

/* The voice, which may be one of ours, a vendor's, or the client's own file. */
static const struct step *voice_step(const struct run *r)
{
	const struct step *spoken = run_step(r, STEP_VOICE, 0);

	return spoken ? spoken : run_step(r, STEP_FILE, FILE_VOICE);
}

bool run_has_voice(const struct run *r)
{
	return voice_step(r) != NULL;
}

static bool needs_times(const struct run *r)
{
	return run_step(r, STEP_VOICE, 0) &&
	       (!r->video.voiceover_script || r->video.look.captions != CAPTIONS_NONE);
}

/* Whoever speaks writes them down beside the voice. */
int run_read_times(struct run *r, struct err *e)
{
	AUTO_FREE char *path = xasprintf("%s/" VOICE_NOTE, r->folder);
	AUTO_BUF b = BUF_INIT(TIMES_MAX_BYTES);

	if (r->times.count > 0)
		return 0;
	if (fs_read(path, TIMES_MAX_BYTES, &b, e) < 0 ||
		voice_times_read(buf_text(&b), b.len, &r->times, e) < 0)
		return needs_times(r) ? err_set(e, ERR_TEMP, "the times of the voice are not known") : 0;
	return 0;
}

void run_update_film(struct run *r)
{
	const struct step *voice = voice_step(r);
	bool here = voice && voice->state == STEP_DONE;
	struct err ignored;
	struct timeline_voice known = {.duration_ms = here ? voice->media.duration_ms : 0};

	if (here && run_read_times(r, &ignored) < 0)
		known.duration_ms = 0; /* the voice will be made again: see run_new */
	known.times = r->times.count > 0 ? &r->times : NULL;
	timeline_done(&r->timeline);
	timeline_make(&r->video, run_brand(r), &known, &r->timeline);
}
