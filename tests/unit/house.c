/* See house.h. */

#include "tests/unit/house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cgi/fcgi.h"
#include "cgi/reply.h"
#include "cgi/router.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/io/cache.h"
#include "lib/io/db.h"
#include "lib/io/json.h"
#include "lib/video/migrate.h"
#include "tests/unit/sent_body.h"

struct house house;

void house_must(int r, const struct err *e)
{
	if (r < 0)
		fail_msg("%s", e->text);
}

static void settle(void)
{
	static char user[] = "root", name[] = "videod", empty[] = "", model[] = "gen4.5",
		    speech[] = "eleven_multilingual_v2";

	house.app.settings = (struct settings){
		.db_socket = house.db.socket,
		.db_user = user,
		.db_name = name,
		.public_url = empty,
		.wake_socket = house.wake_path,
		.priority = 5,
		.runway_model = model,
		.elevenlabs_model = speech,
		.voice_presets = empty,
	};
}

void house_sql(const char *sql)
{
	struct err e;

	house_must(db_exec(house.app.db, sql, DB_NO_ARGS, NULL, &e), &e);
}

int house_open(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct err e;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	test_db_create(&house.db);
	test_cache_create(&house.cache);

	struct db_options options = test_db_options(&house.db);

	house.app.db = db_new(&options);
	house.app.cache = cache_new(house.cache.socket, 1000);
	house_must(migrate_run(house.app.db, "db", 5, &e), &e);

	(void)snprintf(house.wake_path, sizeof(house.wake_path), "%s/wake", house.db.folder);
	memcpy(at.sun_path, house.wake_path, strlen(house.wake_path));
	house.wake_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(house.wake_fd, (struct sockaddr *)&at, sizeof(at)) < 0)
		return -1;
	settle();
	return 0;
}

int house_close(void **state)
{
	(void)state;
	db_free(house.app.db);
	cache_free(house.app.cache);
	db_library_end();
	(void)close(house.wake_fd);
	test_server_remove(&house.cache);
	test_server_remove(&house.db);
	return 0;
}

void answer_done(struct answer *a)
{
	free(a->location);
	free(a->text);
	json_free(a->body);
}

struct answer house_ask(const char *method, const char *uri, const char *body)
{
	struct sent_body sent = sent_body_of(body ? body : "", body ? strlen(body) : 0, -1);
	struct fcgi_request in = {
		.method = method,
		.uri = uri,
		.content_type = body ? "application/json" : "",
		.request_id = "",
		.body = &sent.body,
	};
	AUTO_REPLY r = {0};
	struct answer a = {0};
	struct err e;

	reply_init(&r, "test");
	router_answer(&house.app, &in, &r);
	a.status = r.status;
	a.location = xstrdup(r.location);
	a.text = xstrdup(buf_text(&r.body));
	if (r.body.len > 0)
		house_must(json_parse(r.body.data, r.body.len, &a.body, &e), &e);
	return a;
}

void house_check(const char *method, const char *uri, const char *body, int status, const char *part)
{
	AUTO_ANSWER a = house_ask(method, uri, body);

	if (a.status != status || (part && !strstr(a.text, part)))
		fail_msg("%s %s: %d %s", method, uri, a.status, a.text);
}

const char *answer_text(const struct answer *a, const char *key)
{
	const char *s = json_string(json_get(a->body, key));

	return s ? s : "";
}

int house_empty(void **state)
{
	static const char *const clean[] = {"DELETE FROM videos", "DELETE FROM purchases",
		"DELETE FROM uploads", "DELETE FROM voices", "DELETE FROM products", "DELETE FROM stores",
		"DELETE FROM music_tracks",
		"INSERT INTO music_tracks (id, name, category, duration_ms, file, preview_url, created_at) "
		"VALUES "
		"(UNHEX('10000000000040008000000000000001'), 'Still', 'calm', 61500, 'a.mp3', "
		"'/assets/a.mp3', "
		"UTC_TIMESTAMP(3)), "
		"(UNHEX('10000000000040008000000000000002'), 'Up', 'upbeat', 30000, 'b.mp3', NULL, "
		"UTC_TIMESTAMP(3))"};
	char drop[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clean); i++)
		house_sql(clean[i]);
	settle();
	house_check("PUT", "/videos/stores/s1", "{\"name\":\"One\",\"currency\":\"EUR\"}", 201, NULL);
	house_check("PUT", "/videos/products/p1",
		"{\"storeId\":\"s1\",\"title\":\"Lamp\",\"sellingPrice\":29.5,"
		"\"images\":[{\"url\":\"/assets/l.jpg\",\"alt\":\"a lamp\"}]}",
		201, NULL);
	house_check("PUT", "/videos/products/p2", "{\"storeId\":\"s1\",\"title\":\"Chair\"}", 201, NULL);
	while (recv(house.wake_fd, drop, sizeof(drop), 0) > 0)
		;
	return 0;
}

bool house_woken(void)
{
	char drop[8];

	return recv(house.wake_fd, drop, sizeof(drop), 0) == 1;
}
