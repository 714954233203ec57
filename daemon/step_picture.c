/* Brings a scene's picture here. It must be what it claims to be: a JPEG, PNG or WebP of a sane size. */
#include <stdio.h>
#include <string.h>

#include "daemon/fetch.h"
#include "daemon/run.h"
#include "daemon/steps_priv.h"
#include "lib/base/err.h"
#include "lib/video/limits.h"

static void here(struct step *s)
{
	char name[STEP_FILE_SIZE];
	struct err e;

	(void)snprintf(name, sizeof(name), "picture-%03zu", s->item);
	if (step_look(s, FENCE_PICTURE, name, &e) < 0)
		step_ended(s, &e);
}

int picture_begin(struct step *s, struct err *e)
{
	(void)snprintf(s->what, sizeof(s->what), "scene %zu: the picture", s->item + 1);
	return fetch_begin(s,
		&(struct fetch){.url = s->run->video.scenes[s->item].image_url,
			.max_bytes = LIMIT_PICTURE_BYTES,
			.done = here},
		e);
}

int picture_refuse(const struct step *s, struct err *e)
{
	return err_set_http(e, ERR_PERM, CLIENTS_FAULT, "%s is not a JPEG, PNG or WebP", s->what);
}

int picture_check(struct step *s, const struct media *m, struct err *e)
{
	static const char *const codecs[] = {"mjpeg", "png", "webp"};

	for (size_t i = 0; i < ARRAY_LEN(codecs); i++) {
		if (strcmp(m->video_codec, codecs[i]) != 0)
			continue;
		if (!m->has_frame)
			return err_set_http(e, ERR_PERM, CLIENTS_FAULT,
				"%s cannot be decoded: it is damaged, animated, or larger than %dx%d pixels",
				s->what, LIMIT_PICTURE_SIDE, LIMIT_PICTURE_SIDE);
		if (m->width < 16 || m->height < 16 || m->width > LIMIT_PICTURE_SIDE ||
			m->height > LIMIT_PICTURE_SIDE)
			return err_set_http(e, ERR_PERM, CLIENTS_FAULT,
				"%s is %dx%d; 16 to %d pixels a side are allowed", s->what, m->width,
				m->height, LIMIT_PICTURE_SIDE);
		return 0;
	}
	return picture_refuse(s, e);
}
