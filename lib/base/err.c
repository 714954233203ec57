/*
 * Filling a struct err. A text is always one printable line: control bytes from outside become blanks, and
 * what is too long is cut between two code points. Nothing here allocates, so that a failure can always be
 * told.
 */

#include "lib/base/err.h"

#include <stdio.h>
#include <string.h>

const char *const err_kind_names[ERR_KIND_COUNT] = {
	[ERR_TEMP] = "temp",
	[ERR_PERM] = "perm",
	[ERR_UNCERTAIN] = "uncertain",
	[ERR_CANCELED] = "canceled",
	[ERR_BLOCKED] = "blocked",
};

/* Cuts text[0..wanted) to what fits in size bytes with its NUL, and makes it one line. */
static void tidy(char *text, size_t size, size_t wanted)
{
	if (wanted >= size) {
		size_t at = size - 1;

		while (at > 0 && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
			at--;
		if (at > 0 && (unsigned char)text[at - 1] >= 0xC0)
			at--; /* a lead byte that may have lost its tail */
		text[at] = '\0';
	}

	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = ' ';
	}
}

/* The arguments may point into e->text. */
static PRINTF_LIKE(2, 0) void set_text(struct err *e, const char *fmt, va_list ap)
{
	char text[sizeof(e->text)];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		text[0] = '\0';
	else
		tidy(text, sizeof(text), (size_t)n);
	memcpy(e->text, text, strlen(text) + 1);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->sys_errno = 0;
	e->http_status = 0;
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	return -1;
}

int err_set_errno(struct err *e, enum err_kind kind, int sys_errno, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->sys_errno = sys_errno;
	e->http_status = 0;
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);

	size_t len = strlen(e->text);
	char why[128];
	int n = snprintf(
		e->text + len, sizeof(e->text) - len, ": %s", strerror_r(sys_errno, why, sizeof(why)));

	tidy(e->text + len, sizeof(e->text) - len, n < 0 ? 0 : (size_t)n);
	return -1;
}

int err_set_http(struct err *e, enum err_kind kind, int http_status, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->sys_errno = 0;
	e->http_status = http_status;
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;

	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	set_text(e, fmt, ap);
	va_end(ap);

	size_t len = strlen(e->text);
	int n = snprintf(e->text + len, sizeof(e->text) - len, "%s", old);

	tidy(e->text + len, sizeof(e->text) - len, n < 0 ? 0 : (size_t)n);
	return -1;
}
