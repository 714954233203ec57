#ifndef VIDEOD_DAEMON_FETCH_H
#define VIDEOD_DAEMON_FETCH_H

/* Brings a client's file here as s->part: one of our own below assets_dir or uploads_dir, or a download. */

#include <stdint.h>

struct err;
struct settings;
struct step;

struct fetch {
	const char *url;
	int64_t max_bytes;
	void (*done)(struct step *s); /* it is there; else the step has ended */
};

/* As http_status of an ERR_PERM: the text is about what the client asked for, and is for it. */
#define CLIENTS_FAULT 422

/* At start: the file of image_ca_file can be read. 0, -1 with ERR_PERM. */
int fetch_check(const struct settings *s, struct err *e);

/* Errors begin with s->what. 0 begun, or done already; -1: not begun, and done is not called. */
int fetch_begin(struct step *s, const struct fetch *f, struct err *e);

#endif
