/* Lines that are none of these are passed over, so that other filters may print between. */
#include "daemon/film/readings.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"

#define FRAME_LINE     "frame:"
#define TIME_WORD      "pts_time:"
#define LINE_MAX_BYTES 256

struct readings readings_new(const char *text, size_t n, const char *const *keys, size_t key_count)
{
	assert(key_count <= READINGS_KEYS_MAX);
	return (struct readings){.at = text, .end = text + n, .keys = keys, .key_count = key_count};
}

/* The next line as text of its own, cut; false at the end. */
static bool next_line(struct readings *r, char line[static LINE_MAX_BYTES])
{
	const char *end;

	if (r->at >= r->end)
		return false;
	end = memchr(r->at, '\n', (size_t)(r->end - r->at));
	end = end ? end : r->end;
	(void)snprintf(line, LINE_MAX_BYTES, "%.*s", (int)(end - r->at), r->at);
	r->at = end + 1;
	return true;
}

static bool is_frame(const char *line)
{
	return strncmp(line, FRAME_LINE, strlen(FRAME_LINE)) == 0;
}

static double number(const char *s)
{
	double v;

	return text_to_double(s, &v) ? v : (double)NAN;
}

static void begin(struct readings *r, const char *line)
{
	const char *time = strstr(line, TIME_WORD);
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%.*s", (int)strspn(line + strlen(FRAME_LINE), "0123456789"),
		line + strlen(FRAME_LINE));
	if (!text_to_i64(digits, 0, INT64_MAX, &r->frame))
		r->frame = 0;
	r->seconds = time ? number(time + strlen(TIME_WORD)) : (double)NAN;
	for (size_t i = 0; i < r->key_count; i++)
		r->value[i] = NAN;
}

static void take(struct readings *r, const char *line)
{
	size_t n = strcspn(line, "=");

	for (size_t i = 0; i < r->key_count && line[n]; i++)
		if (strlen(r->keys[i]) == n && strncmp(r->keys[i], line, n) == 0)
			r->value[i] = number(line + n + 1);
}

bool readings_next(struct readings *r)
{
	char line[LINE_MAX_BYTES];
	bool found = false;

	while (!found && next_line(r, line))
		found = is_frame(line);
	if (!found)
		return false;
	begin(r, line);
	for (const char *before = r->at; next_line(r, line); before = r->at) {
		if (is_frame(line)) {
			r->at = before;
			break;
		}
		take(r, line);
	}
	return true;
}
