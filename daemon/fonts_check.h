#ifndef VIDEOD_DAEMON_FONTS_CHECK_H
#define VIDEOD_DAEMON_FONTS_CHECK_H

struct err;
struct settings;

/*
 * Before the first film: whether videod-lettering is there and has a font for each script that is promised.
 * -1 with what is missing, and the package that has it. Takes a fifth of a second.
 */
int fonts_check(const struct settings *s, struct err *e);

#endif
