/*
 * A step's work with the ffmpeg program: run it, then have ffprobe look at what it made, then give the file
 * its name. Nothing is believed for its exit status alone, and a file under its final name is always whole.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/engine.h"
#include "daemon/fetch.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/args.h"
#include "lib/base/clock.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/proc.h"
#include "lib/video/settings.h"

#define PROBE_CPU_SEC   10 /* several times what the largest picture that we take needs */
#define PROBE_MAX_BYTES 65536
#define MEGABYTE        INT64_C(1048576)
#define FILE_MAX_MB     8192
#define THREADS_OF_EACH 3 /* decoders, filters and encoder have as many each */

/* As long as the processors that it may use are its own. */
static int64_t cpu_sec(const struct step *s)
{
	return s->run->engine->settings->child_deadline_sec * (int64_t)s->run->tools.threads *
	       THREADS_OF_EACH;
}

static int start(
	struct step *s, const struct args *command, struct proc_spec *spec, proc_done_fn *done, struct err *e)
{
	const struct settings *set = s->run->engine->settings;
	/* fontconfig keeps its cache beside the work folders. ffmpeg has a thread for each input, and malloc
	 * reserves 64 MB of addresses for each thread where there are processors enough: the clips of a long
	 * film would be over the limit of memory before any is taken. */
	AUTO_FREE char *cache = xasprintf("XDG_CACHE_HOME=%s/.cache", set->work_dir);
	const char *const env[] = {
		"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", "MALLOC_ARENA_MAX=2", cache, NULL};

	spec->argv = (const char *const *)command->v;
	spec->env = env;
	spec->folder = s->run->folder;
	spec->nice = (int)set->child_nice;
	spec->limits = (struct proc_limits){
		.memory_bytes = set->child_memory_mb * MEGABYTE,
		.cpu_sec = spec->limits.cpu_sec > 0 ? spec->limits.cpu_sec : cpu_sec(s),
		.file_bytes = FILE_MAX_MB * MEGABYTE,
	};
	return proc_start(s->run->engine->loop, spec, done, s, &s->proc, e);
}

static const char *last_line(const char *text)
{
	const char *line = text;

	for (const char *p = text; *p; p++)
		if (p[0] == '\n' && p[1] != '\0')
			line = p + 1;
	return line;
}

/* A command that fails may do better later: memory and disks fill and empty. The number of tries is limited.
 */
static void describe_failure(const struct step *s, const struct proc_result *r, struct err *e)
{
	if (*r->err_tail)
		outcome_log_step(LOG_LEVEL_WARNING, "a child said", s, r->err_tail);
	if (r->timed_out)
		(void)err_set(e, ERR_TEMP, "ran out of time");
	else if (r->signo == SIGXCPU)
		(void)err_set(e, ERR_TEMP, "used up its processor time");
	else if (r->signo)
		(void)err_set(e, ERR_TEMP, "ended by signal %d", r->signo);
	else
		(void)err_set(e, ERR_TEMP, "exit status %d: %s", r->exit_code, last_line(r->err_tail));
}

static int rename_part(struct step *s, struct err *e)
{
	AUTO_FREE char *from = xasprintf("%s/%s", s->run->folder, s->part);
	AUTO_FREE char *to = xasprintf("%s/%s", s->run->folder, s->file);

	if (fs_size(from, &s->bytes, e) != 1)
		return err_set(e, ERR_TEMP, "%s: not written", s->part);
	return fs_rename_durable(from, to, e);
}

/* Whether it was the program's own word, and about the file; or the file is more work than any good one,
 * however busy the machine is. */
static bool said_no(const struct proc_result *r)
{
	return !r->timed_out && (r->signo == 0 || r->signo == SIGXCPU) &&
	       !strstr(r->err_tail, strerror(ENOSPC));
}

/* Who says no about a file from outside will say no again; its words are the operator's. */
static void refuse(struct step *s, const struct proc_result *r, struct err *e)
{
	outcome_log_step(LOG_LEVEL_INFO, "a file is refused", s, e->text);
	if (s->id != STEP_PICTURE && s->id != STEP_FILE)
		e->kind = ERR_PERM;
	else if (r->signo == SIGXCPU)
		(void)err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s takes too long to decode", s->what);
	else if (s->id == STEP_PICTURE)
		(void)picture_refuse(s, e);
	else
		(void)file_refuse(s, e);
}

static void probed(const struct proc_result *r, void *arg)
{
	struct step *s = arg;
	struct media m;
	struct err e;
	bool read = false;

	s->proc = NULL;
	if (r->ok)
		read = film_probe_read(r->out, r->out_len, &m, &e) == 0;
	else
		describe_failure(s, r, &e);
	if (!read && s->fence != FENCE_OURS && said_no(r))
		refuse(s, r, &e);
	s->probed(s, read ? &m : NULL, read ? NULL : &e);
}

int step_probe(struct step *s, enum film_fence fence, const char *path, step_probed_fn *done, struct err *e)
{
	AUTO_ARGS probe = {0};
	struct proc_spec spec = {.deadline_ms = s->run->engine->settings->child_deadline_sec * 1000,
		.limits = {.cpu_sec = PROBE_CPU_SEC},
		.out_max_bytes = PROBE_MAX_BYTES};

	s->probed = done;
	s->fence = fence;
	film_probe_args(&s->run->tools, fence, path, &probe);
	return start(s, &probe, &spec, probed, e);
}

static void printed(const struct proc_result *r, void *arg)
{
	struct step *s = arg;
	struct err e;

	s->proc = NULL;
	if (!r->ok)
		describe_failure(s, r, &e);
	s->output(s, r->out, r->out_len, r->ok ? NULL : &e);
}

int step_run_output(
	struct step *s, const struct args *command, size_t max_bytes, step_output_fn *done, struct err *e)
{
	struct proc_spec spec = {.deadline_ms = s->run->engine->settings->child_deadline_sec * 1000,
		.out_max_bytes = max_bytes};

	s->output = done;
	return start(s, command, &spec, printed, e);
}

static int believe(struct step *s, const struct media *m, struct err *e)
{
	const struct step_kind *k = &step_kinds[s->id];

	if (k->check && k->check(s, m, e) < 0)
		return -1;
	s->media = *m;
	return rename_part(s, e);
}

static void looked(struct step *s, const struct media *m, const struct err *failure)
{
	struct err e;

	if (failure)
		step_ended(s, failure);
	else
		step_ended(s, believe(s, m, &e) < 0 ? &e : NULL);
}

int step_look(struct step *s, enum film_fence fence, const char *name, struct err *e)
{
	(void)snprintf(s->file, sizeof(s->file), "%s", name);
	return step_probe(s, fence, s->part, looked, e);
}

static void made(const struct proc_result *r, void *arg)
{
	struct step *s = arg;
	struct err e;
	char name[STEP_FILE_SIZE];

	s->proc = NULL;
	(void)snprintf(name, sizeof(name), "%s", s->file);
	if (r->ok && step_look(s, FENCE_OURS, name, &e) == 0)
		return;
	if (!r->ok)
		describe_failure(s, r, &e);
	if (!r->ok && s->id == STEP_FILE && said_no(r))
		refuse(s, r, &e);
	step_ended(s, &e);
}

static void on_progress(const char *line, void *arg)
{
	struct step *s = arg;
	int64_t frames = film_progress_frames(line);
	/* media.frames holds the number expected until the file is looked at */
	if (frames >= 0 && s->media.frames > 0)
		step_progress(
			s, (unsigned)(frames < s->media.frames ? frames * 1000 / s->media.frames : 1000));
}

int step_run_child(
	struct step *s, const struct args *command, const char *name, int64_t frames, struct err *e)
{
	struct proc_spec spec = {
		.deadline_ms = s->run->engine->settings->child_deadline_sec * 1000, .on_line = on_progress};

	(void)snprintf(s->file, sizeof(s->file), "%s", name);
	s->media = (struct media){.frames = frames};
	return start(s, command, &spec, made, e);
}
