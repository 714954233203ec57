/*
 * The finished film is looked at from beginning to end before anybody else sees it. What is found is kept as
 * the step's note, for the video's record; a film that is not what it should be goes no further.
 */
#include <stdlib.h>

#include "daemon/film/lettering.h"
#include "daemon/film/report.h"
#include "daemon/provider.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/json.h"

/* Of an hour, and more: it is 4.4 and 2.7 kB a second. */
#define PACKETS_MAX_BYTES  (32 * 1024 * 1024)
#define FINDINGS_MAX_BYTES (16 * 1024 * 1024)
#define REPORT_MAX_BYTES   (16 * 1024)

struct inspection {
	struct work work;
	struct film_findings found;
	struct film_expected expected;
	unsigned cuts[FILM_PARTS_MAX];
};

static void stop(struct work *w)
{
	free(w);
}

static struct inspection *inspection_of(const struct step *s)
{
	return (struct inspection *)s->work;
}

/* Texts that were asked for, those that were drawn, and what no font has. */
static int count_texts(const struct step *s, struct film_expected *x, struct err *e)
{
	const struct run *r = s->run;

	for (size_t i = 0; i < r->timeline.part_count; i++) {
		const struct film_part *p = &r->timeline.parts[i];
		struct film_layers layers;
		int64_t missing = 0;

		if (layers_load(r, FILM_ITEM(s->item, i), &layers, &missing, e) < 0)
			return -1;
		x->texts += p->kind == PART_SCENE && r->video.scenes[p->scene].text_overlay;
		x->texts_drawn += p->kind == PART_SCENE && layers.text.file[0] != '\0';
		x->missing_characters += missing;
		lettering_done(&layers);
	}
	return 0;
}

static bool is_heard(const struct run *r)
{
	return (run_has_voice(r) && r->video.voice_volume > 0) ||
	       ((r->music_path || run_file(r, STEP_FILE, FILE_MUSIC)) && r->video.music_volume > 0);
}

static int expect(const struct step *s, struct inspection *i, struct err *e)
{
	const struct run *r = s->run;
	const struct timeline *t = &r->timeline;

	i->expected = (struct film_expected){
		.size = r->renditions[s->item].size,
		.frames = t->frames,
		.voice = run_has_voice(r) && r->video.voice_volume > 0,
		.sound = is_heard(r),
		.cuts = i->cuts,
		.cut_count = t->part_count - 1,
	};
	for (size_t part = 1; part < t->part_count; part++)
		i->cuts[part - 1] = t->parts[part].at;
	return count_texts(s, &i->expected, e);
}

static int report(struct step *s, struct err *e)
{
	struct inspection *i = inspection_of(s);
	AUTO(json) root = NULL;
	AUTO_BUF text = BUF_INIT(REPORT_MAX_BYTES);
	bool passes = film_report(&i->expected, &i->found, &root, e);

	json_write(root, &text);
	free(s->note);
	s->note = buf_steal(&text);
	return passes ? 0 : -1;
}

static void end(struct step *s, const struct err *failure)
{
	stop(steal_ptr(s->work));
	step_ended(s, failure);
}

static void inspected(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct err e;

	if (failure)
		end(s, failure);
	else if (film_inspect_read(out, n, &inspection_of(s)->found, &e) < 0 || report(s, &e) < 0)
		end(s, &e);
	else
		end(s, NULL);
}

static int look_inside(struct step *s, struct err *e)
{
	AUTO_ARGS a = {0};

	film_inspect_args(&s->run->tools, run_file(s->run, STEP_ASSEMBLE, s->item), &a);
	return step_run_output(s, &a, FINDINGS_MAX_BYTES, inspected, e);
}

static void counted(struct step *s, const char *out, size_t n, const struct err *failure)
{
	struct inspection *i = inspection_of(s);
	struct err e;

	if (failure)
		end(s, failure);
	else if (film_packets_read(out, n, &i->expected, &i->found, &e) < 0 || look_inside(s, &e) < 0)
		end(s, &e);
}

int inspect_begin(struct step *s, struct err *e)
{
	AUTO_FREE struct inspection *i = xcalloc(1, sizeof(*i));
	AUTO_ARGS a = {0};

	i->work.stop = stop;
	if (expect(s, i, e) < 0)
		return -1;
	film_packets_args(&s->run->tools, run_file(s->run, STEP_ASSEMBLE, s->item), &a);
	if (step_run_output(s, &a, PACKETS_MAX_BYTES, counted, e) < 0)
		return -1;
	s->work = &steal_ptr(i)->work;
	return 0;
}
