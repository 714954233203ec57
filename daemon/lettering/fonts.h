#ifndef VIDEOD_LETTERING_FONTS_H
#define VIDEOD_LETTERING_FONTS_H

/* Which fonts draw which script, and whether they are installed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <pango/pangocairo.h>

#define FONTS_FAMILIES_SIZE 256

/* The families for a text whose font is family: it, then one of the same kind for each other script. */
void fonts_families(const char *family, const char *text, char out[static FONTS_FAMILIES_SIZE]);
/* Of Chinese, Japanese and Korean, which share ideographs but not their shapes, the one a text is in; or
 * NULL. */
PangoLanguage *fonts_language(const char *text);
/* Says on to, a line each, what is missing and the Debian package that has it. True: nothing is. */
bool fonts_check(PangoContext *context, FILE *to);

#endif
