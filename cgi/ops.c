/*
 * Is this responder of use? Only with a database that lets it in, answers soon and has our tables, so that is
 * what is asked for, over a connection of its own: one that is open already would say nothing about the next.
 */
#include "cgi/ops.h"

#include "cgi/reply.h"
#include "lib/base/err.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/stores.h"

#define HEALTH_TIMEOUT_SEC 2

int serve_health(struct app *a, const struct request *q UNUSED, struct reply *r, struct err *e)
{
	struct db_options options = settings_db(&a->settings);
	AUTO_STORE store = {0};
	struct json *body;

	options.connect_timeout_sec = HEALTH_TIMEOUT_SEC;
	options.io_timeout_sec = HEALTH_TIMEOUT_SEC;

	AUTO(db) db = db_new(&options);

	if (stores_get(db, "healthz", &store, e) < 0) { /* found or not, it was looked for */
		e->kind = ERR_TEMP;
		return -1;
	}
	body = json_new_object();
	json_put_string(body, "status", "ok");
	return reply_json(r, 200, body);
}
