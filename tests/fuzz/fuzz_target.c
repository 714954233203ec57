/* Any bytes as a request's target: routed, its query read, and never a slash more than what was written. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgi/handler.h"
#include "cgi/query.h"
#include "cgi/router.h"
#include "cgi/uri.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/problems.h"
#include "lib/video/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct wanted {
	int status;
	char id[LIMIT_ID + 1];
	int64_t limit;
};

static const struct query_key keys[] = {
	{.name = "status",
		.type = QUERY_NAME,
		.offset = offsetof(struct wanted, status),
		.names = video_status_names,
		.name_count = STATUS_COUNT},
	{.name = "productId", .type = QUERY_ID, .offset = offsetof(struct wanted, id)},
	{.name = "limit",
		.type = QUERY_INT,
		.offset = offsetof(struct wanted, limit),
		.min = 1,
		.max = LIMIT_PAGE},
};

static size_t slashes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '/';
	return n;
}

static void check_query(const char *query)
{
	struct wanted w = {.status = STATUS_INVALID, .limit = DEFAULT_PAGE};
	AUTO_PROBLEMS p = {0};

	if (!query_read(query, keys, ARRAY_LEN(keys), &w, &p))
		return;
	if (w.limit < 1 || w.limit > LIMIT_PAGE || w.status >= STATUS_COUNT ||
		(w.id[0] && !request_id_ok(w.id)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = xstrndup((const char *)data, size);
	AUTO_URI uri = {0};
	struct request q = {0};
	struct err e;

	(void)router_is_json(text);
	if (uri_parse(text, &uri, &e) < 0)
		return 0;
	if (slashes(buf_text(&uri.path)) > slashes(text) || strlen(uri.path.data) != uri.path.len)
		abort();

	struct router_match m = router_find("GET", &uri, &q);

	if (m.route && !m.allowed)
		abort();
	if (m.route && strstr(m.route->pattern, "{key}") && !request_id_ok(q.key))
		abort();
	check_query(uri.query);
	return 0;
}
