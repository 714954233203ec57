/*
 * A store's brand kit: put, read, taken away. It is one thing, so a PUT replaces all of it, and what is left
 * out is as films are without one. Films take it when they are ordered; what is here changes none that is
 * there.
 */
#include "cgi/brand.h"

#include "cgi/files.h"
#include "cgi/reply.h"
#include "lib/base/err.h"
#include "lib/io/json.h"
#include "lib/video/brands.h"
#include "lib/video/fields.h"
#include "lib/video/problems.h"
#include "lib/video/rules.h"

/* With each member, so that one sees what there is. */
static int answer_brand(struct reply *r, int status, const struct brand *b)
{
	struct json *o = json_new_object();

	fields_write(b, &brand_table, NULL, o);
	return reply_json(r, status, o);
}

int serve_brand(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_BRAND b;
	int found;

	brand_init(&b);
	found = brands_get(a->db, q->key, &b, e);
	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	return answer_brand(r, 200, &b);
}

int serve_brand_put(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	AUTO_PROBLEMS problems = {0};
	AUTO_BRAND b;
	int used, created;

	brand_init(&b);
	fields_read(q->body, &brand_table, "", &b, &problems);
	rules_check_source(b.logo_url, q->key, "/logoUrl", &problems);
	if (problems.count > 0)
		return reply_problems(r, &problems);

	used = files_use(a, b.logo_url, "/logoUrl", r, e);
	if (used <= 0)
		return used;
	created = brands_put(a->db, q->key, &b, e);
	if (created < 0 && e->kind == ERR_PERM && e->http_status == 404)
		return reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	return created < 0 ? -1 : answer_brand(r, created ? 201 : 200, &b);
}

int serve_brand_delete(struct app *a, const struct request *q, struct reply *r, struct err *e)
{
	int found = brands_delete(a->db, q->key, e);

	if (found <= 0)
		return found < 0 ? -1 : reply_error(r, REPLY_NOT_FOUND, NO_SUCH_STORE);
	return reply_empty(r);
}
