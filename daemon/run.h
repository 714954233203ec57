#ifndef VIDEOD_DAEMON_RUN_H
#define VIDEOD_DAEMON_RUN_H

/*
 * One video under way, as the daemon holds it: the video, its steps, its work folder. The graph of steps is a
 * pure function of the video; the step log says which are done. A step has inputs, one artefact, and a
 * weight.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/engine.h"
#include "daemon/fetch.h"
#include "daemon/film/captions.h"
#include "daemon/film/film.h"
#include "daemon/film/timeline.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/video/jobs.h"
#include "lib/video/look.h"
#include "lib/video/outputs.h"
#include "lib/video/video.h"

struct http_call;
struct proc;
struct run;
struct step;
struct storage_call;
struct verdict;
struct work;

enum step_id {
	STEP_CHECK,      /* what can be known before anything is paid: the voice, the models */
	STEP_PICTURE,    /* bring the scene's picture here */
	STEP_FILE,       /* bring a file of the client's own here: see enum own_file */
	STEP_SCENE,      /* have the provider make the clip */
	STEP_VOICE,      /* have the provider speak the script */
	STEP_LETTERING,  /* texts, captions and logo -> pictures with their places */
	STEP_ENCODE,     /* clip and pictures -> a piece of the film */
	STEP_TRANSITION, /* two clips and their pictures -> the piece between two others */
	STEP_SOUND,      /* voice, music and the clips' sound -> the film's sound */
	STEP_ASSEMBLE,   /* pieces and sound -> the film */
	STEP_STILL,      /* thumbnail, preview, sprites */
	STEP_INSPECT,    /* the film -> what is to be said of it */
	STEP_UPLOAD,     /* put a file where clients find it: see enum upload_kind */
	STEP_PUBLISH,    /* all is there: tell clients */
	STEP_ID_COUNT,
};

/* What the steps of a kind are for; step.item counts it. */
enum step_per {
	PER_VIDEO,
	PER_SCENE,
	PER_FILE,      /* enum own_file */
	PER_RENDITION, /* 0 is the video's own aspect ratio */
	PER_PIECE,     /* a part of a rendition: FILM_ITEM(rendition, part) */
	PER_UPLOAD,    /* rendition * UPLOAD_COUNT + enum upload_kind */
};

enum own_file { FILE_VOICE, FILE_MUSIC, FILE_LOGO, FILE_COUNT };

enum upload_kind {
	UPLOAD_FILM,
	UPLOAD_THUMBNAIL,
	UPLOAD_PREVIEW,
	UPLOAD_SPRITE,
	UPLOAD_SPRITE_VTT,
	UPLOAD_SRT,
	UPLOAD_VTT,
	UPLOAD_REPORT,
	UPLOAD_COUNT,
};

enum step_state {
	STEP_WAITING, /* for its inputs, its time or a free child */
	STEP_RUNNING,
	STEP_ENDED, /* its outcome is known and not yet written */
	STEP_DONE,
	STEP_FAILED, /* for good: it takes the video with it */
};

struct step_kind {
	const char *name;         /* in the step log */
	enum video_status status; /* what clients see while a step of this kind is not done */
	const char *stage;        /* for people; "2 of 4" is added where there are several */
	const char *extension;    /* of its artefact: ffmpeg knows the format by it */
	enum place place; /* what it takes one of while it runs; PLACE_PROVIDER: what its provider says */
	enum step_per per;
	bool (*wanted)(const struct run *r, size_t item); /* NULL: always */
	bool (*ready)(const struct run *r, size_t item);  /* NULL: at once */
	int64_t (*weight)(
		const struct run *r, size_t item); /* about how much work, in milliseconds of one processor */
	/* Begins; ends by step_ended(), perhaps before it returns. -1: it did not begin. */
	int (*begin)(struct step *s, struct err *e);
	/* Looks at the finished file before it is believed; NULL: nothing to look at. */
	int (*check)(struct step *s, const struct media *m, struct err *e);
	/* Whether what lies beside the artefact of a done step is here too; NULL: nothing does. */
	bool (*whole)(const struct step *s);
	const char *blame; /* what the client is told when it fails for good */
};

extern const struct step_kind step_kinds[STEP_ID_COUNT];

#define STEP_FILE_SIZE 96

/* What a command printed, or why it did not: see step_run_output. */
typedef void step_output_fn(struct step *s, const char *out, size_t n, const struct err *failure);
/* What ffprobe says of a file, or why that is not known: see step_probe. */
typedef void step_probed_fn(struct step *s, const struct media *m, const struct err *failure);

struct step {
	struct run *run;
	enum step_id id;
	size_t item; /* scene, or 0 */
	enum step_state state;
	int64_t attempt;    /* tries that failed */
	int64_t due_ms;     /* clock_mono_ms of the next try */
	int64_t started_ms; /* clock_mono_ms of this try */
	unsigned permille;  /* of this try's work */

	char file[STEP_FILE_SIZE]; /* artefact in the work folder, "" before */
	char part[STEP_FILE_SIZE]; /* the name it is made under: not shared with a daemon that lost its lease
				    */
	int64_t bytes;
	struct media media; /* what the artefact is, kept in the step log for later steps */
	char *note;         /* more of what it found out, JSON, kept in the step log; NULL nothing */

	struct work *work; /* a vendor step's own state, NULL otherwise: see provider.h. A step that ends by
			      itself frees it and sets NULL before step_ended */
	struct proc *proc; /* whatever is at work for it, NULL otherwise */
	step_probed_fn *probed; /* who waits for proc, when that is an ffprobe */
	enum film_fence fence;  /* of the file that is probed */
	step_output_fn *output; /* who waits for proc, when that is run for what it prints */
	unsigned pass;          /* of a kind that takes several: which is running */
	unsigned still_frame;   /* STEP_STILL: the thumbnail's */
	struct http_call *call;
	int64_t said_ms;          /* STEP_FILE: how long a sound lasts by what it says itself */
	struct storage_call *put; /* STEP_UPLOAD: under way, NULL otherwise */
	int fd;                   /* being written by call, or -1 */
	struct fetch fetch;       /* what call brings */
	char what[48];            /* "scene 2: the picture": what errors about it begin with */

	bool failed; /* STEP_ENDED: how */
	struct err failure;
	/* of a vendor's refusal; NULL and 0 otherwise. Set by step_refused. */
	const char *told;   /* the client's sentence */
	const char *reason; /* ERR_BLOCKED: "out_of_credit", ... */
	const char *vendor;
	int64_t wait_ms;    /* at least so long before the next try */
	bool outage;        /* a vendor or our own disk is away: that is waited for, and for long */
	int64_t need_milli; /* ERR_BLOCKED: what the refused request was estimated at */
	bool paid; /* it was bought already: what fails now is fetching it, and that is tried for long */
};

enum run_end { RUN_GOES_ON, RUN_COMPLETED, RUN_FAILED, RUN_CANCELLED, RUN_RELEASED, RUN_PAUSED };

struct run {
	struct engine *engine;
	struct job job;
	struct video video;
	const struct provider *scenes_by, *voice_by; /* by the settings, or local for a draft */
	struct film_tools tools;
	struct rendition {
		int aspect; /* enum video_aspect */
		struct film_size size;
	} renditions[ASPECT_COUNT]; /* the video's own first */
	size_t rendition_count;
	bool has_brand;
	struct brand brand;
	struct timeline timeline; /* as far as it is known: see run_update_film */
	struct voice_times times; /* of the voice; none before it is there */
	char *music_path;         /* of a track of ours, NULL none */
	int64_t music_ms;         /* its length */
	bool music_is_ring;       /* it loops as it is */
	char *folder;             /* the work folder */
	char *voice_id;           /* STEP_CHECK: the vendor's; NULL before, and where no
				     vendor speaks */
	int64_t speech_max;       /* STEP_CHECK: characters of one request */
	struct step *steps;
	size_t step_count;
	int64_t claimed_ms;       /* clock_mono_ms */
	int64_t missed_ms;        /* clock_mono_ms when memcached last had no status of it */
	int64_t worked_ms;        /* since then, with a step of it running: what its deadline counts */
	int64_t seen_ms;          /* clock_mono_ms up to which that is counted */
	int64_t lease_ms;         /* clock_mono_ms when our lease was last known to be renewed */
	unsigned start_permille;  /* of the whole work done when it was claimed */
	enum run_end settling;    /* how it will end as soon as what it is paying for has ended: nothing new
				     begins; RUN_GOES_ON before a failure */
	enum run_end end;         /* what is to be written when the database answers */
	int64_t release_ms;       /* RUN_RELEASED: to be claimed again after that */
	char why[512];            /* for the operator */
	const char *pause_vendor; /* RUN_PAUSED; the reason is video.pause */
	int64_t pause_need_milli;
	bool unwritten; /* what clients see has changed since it was last written to MySQL */
	bool stuck;     /* during a pump: the database did not take what was to be written */
	struct run *next;
};

/* Loads the video and its step log, makes the work folder, plans. 1, 0 the video is gone, -1 failed. Caller
 * frees. */
int run_new(struct engine *engine, const struct job *job, struct run **ret_run, struct err *e);
void run_free(struct run *r); /* kills what is at work for it; leaves the folder */
DEFINE_FREEP(run)

const struct step *run_step(
	const struct run *r, enum step_id id, size_t item);       /* NULL: not part of this video */
bool run_done(const struct run *r, enum step_id id, size_t item); /* done, or not part of it */
bool run_all_done(const struct run *r, enum step_id id);

/* daemon/run_film.c: the film as the steps know it so far. */
int run_begin_film(struct run *r, struct err *e); /* what is known from the beginning */
void run_update_film(struct run *r);              /* after a step that others learn from */
/* For a piece that begins now, and counts as a child already: what no other child works with, so that the
 * last piece, which the film waits for, is not left to one processor. */
struct film_tools run_piece_tools(const struct run *r);
bool run_has_voice(const struct run *r);
/* The times of the voice, where something needs them and they are not known yet. 0, -1 ERR_TEMP. */
int run_read_times(struct run *r, struct err *e);
const char *run_file(const struct run *r, enum step_id id, size_t item); /* NULL: it is not there (yet) */
const struct brand *run_brand(const struct run *r);                      /* NULL: none */
const struct film_part *run_part(const struct run *r, size_t piece);     /* of FILM_ITEM */
const struct rendition *run_rendition(const struct run *r, size_t piece);
int64_t run_ms(const struct run *r); /* how long the film is, as far as that is known */
/* The scene that a step is about, or -1. */
int run_scene_of(const struct step *s);

/* clock_mono_ms until which the lease is surely ours: no paid request is sent after it. */
int64_t run_lease_end_ms(const struct run *r);
bool run_has_file(const struct run *r, const char *name); /* in the work folder, and not empty */
bool run_remove_folder(struct run *r); /* false: something is left, and the sweep will take it */
/* False once it is to fail, to pause or to be handed back: no paid request may be begun for it any more. */
bool run_may_buy(const struct run *r);
enum place step_place(const struct step *s);
const struct provider *step_provider(const struct step *s); /* NULL: none has a part in it */

/* daemon/progress.c: what clients see, from what is done. Fills r->video's status, progress, stage and
 * eta_sec. */
void run_update_progress(struct run *r);
unsigned run_permille(const struct run *r);

/* To be called by whatever works for the step; failure NULL: it is done. The engine writes it down. */
void step_ended(struct step *s, const struct err *failure);
void step_progress(struct step *s, unsigned permille);
/* As step_ended with v's failure, and what the client and the operator are to know of it. */
void step_refused(struct step *s, const struct verdict *v, const char *vendor, int64_t need_milli);

/* daemon/outcome.c: writes down how a STEP_ENDED step went (STEP_DONE, STEP_WAITING or STEP_FAILED after),
 * and how a run ended, for the log, the database and clients. 1 written, 0 the lease was lost, -1 not written
 * (see steps.h). */
int outcome_write_step(struct step *s, struct err *e);
int outcome_write_end(struct run *r, struct err *e);
/* MySQL has what clients are to see; now memcached may have it too. */
void outcome_recorded(struct run *r);
/* [{"aspectRatio":"9:16",...}, ...]: what the inspections found. Caller frees. */
char *run_report(const struct run *r);
struct step_ref outcome_ref(const struct step *s);
void outcome_log_run(enum log_level level, const char *what, const struct run *r, const char *why);
void outcome_log_step(enum log_level level, const char *what, const struct step *s, const char *why);

/* daemon/child.c: runs a command that makes s->part, then looks at it (kind->check), renames it to name, ends
 * s. */
int step_run_child(
	struct step *s, const struct args *command, const char *name, int64_t frames, struct err *e);
/* The same for a file that is there already as s->part. */
int step_look(struct step *s, enum film_fence fence, const char *name, struct err *e);
/*
 * Runs a command for what it prints, at most max_bytes; done gets it, and ends the step or goes on with
 * another command. -1: not begun, done is not called.
 */
int step_run_output(
	struct step *s, const struct args *command, size_t max_bytes, step_output_fn *done, struct err *e);
/*
 * Has ffprobe look at a file anywhere (an absolute path, or a name in the work folder), and no more: done
 * gets what it is, or why that is not known (of a file from outside: ERR_PERM when ffprobe itself says no).
 * -1: not begun, done is not called. Stopped with the step.
 */
int step_probe(struct step *s, enum film_fence fence, const char *path, step_probed_fn *done, struct err *e);

#endif
