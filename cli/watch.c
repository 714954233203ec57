/* videoctl watch: a live bar on a terminal, a line for each change elsewhere. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"
#include "lib/video/limits.h"
#include "lib/video/video.h"

#define BAR_WIDTH   32
#define POLL_MS     300
#define TROUBLE_MAX 100 /* polls in a row without an answer */

static void show(const struct json *status, bool live, char **last)
{
	int64_t percent = json_int(json_get(status, "progress"));
	const struct json *eta = json_get(status, "etaSeconds");
	const char *stage = json_string(json_get(status, "stage"));
	AUTO_BUF line = BUF_INIT(400);

	if (!stage)
		stage = json_string(json_get(status, "status"));
	if (live) {
		buf_adds(&line, "[");
		for (int64_t i = 0; i < BAR_WIDTH; i++)
			buf_adds(&line, i < percent * BAR_WIDTH / 100 ? "#" : ".");
		buf_adds(&line, "] ");
	}
	buf_addf(&line, "%3" PRId64 " %%  %s", percent, stage ? stage : "");
	if (eta && json_type_of(eta) == JSON_INT)
		buf_addf(&line, ", about %" PRId64 " s left", json_int(eta));
	if (*last && strcmp(*last, buf_text(&line)) == 0)
		return;
	(void)printf(live ? "\r\033[K%s" : "%s\n", buf_text(&line));
	(void)fflush(stdout);
	free(*last);
	*last = buf_steal(&line);
}

/* 1 ended well, 0 goes on, -1 ended badly. */
static int judge(const struct json *status, struct err *e)
{
	const char *error = json_string(json_get(status, "error"));

	switch (NAMES_FIND(video_status_names, json_string(json_get(status, "status")))) {
	case STATUS_COMPLETED:
		return 1;
	case STATUS_FAILED:
		return err_set(e, ERR_PERM, "the video failed: %s", error ? error : "no reason given");
	case STATUS_PAUSED:
		return err_set(e, ERR_BLOCKED, "the video is paused: %s", error ? error : "no reason given");
	case STATUS_CANCELLED:
		return err_set(e, ERR_CANCELED, "the video was cancelled");
	default:
		return 0;
	}
}

static void wait_a_little(void)
{
	const struct timespec t = {.tv_nsec = POLL_MS * 1000000L};

	(void)nanosleep(&t, NULL);
}

static int poll_until_end(const char *url, bool live, struct json **ret_status, struct err *e)
{
	AUTO_FREE char *last = NULL;

	for (int trouble = 0; trouble < TROUBLE_MAX;) {
		AUTO(json) status = NULL;
		int http = 0, r;

		if (client_call("GET", url, NULL, &http, &status, e) < 0 || http >= 500) {
			trouble++;
			wait_a_little();
			continue;
		}
		if (http != 200)
			return client_error(http, status, e);
		trouble = 0;
		show(status, live, &last);
		r = judge(status, e);
		if (r != 0 && live)
			(void)putchar('\n');
		if (r < 0)
			return -1;
		if (r > 0) {
			*ret_status = steal_ptr(status);
			return 0;
		}
		wait_a_little();
	}
	return err_prefix(e, "no answer for a long time: ");
}

int command_watch(const struct settings *s, int argc, char **argv, struct err *e)
{
	static const char *const results[] = {"videoUrl", "thumbnailUrl"};
	AUTO_BUF url = BUF_INIT(LIMIT_URL);
	AUTO(json) status = NULL;
	struct uuid id;

	if (argc != 2 || !uuid_parse_text(argv[1], &id))
		return command_misused(e, "watch: the id of a video is needed, and nothing else");
	buf_addf(&url, "%s/videos/%s/status", command_base_url(s), argv[1]);
	*e = (struct err){.kind = ERR_TEMP};
	if (poll_until_end(buf_text(&url), isatty(STDOUT_FILENO), &status, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		const char *where = json_string(json_get(status, results[i]));

		if (where) /* without public_url a server names its own paths only */
			(void)printf("%-13s %s%s\n", results[i], where[0] == '/' ? command_base_url(s) : "",
				where);
	}
	return 0;
}
