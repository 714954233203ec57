#ifndef VIDEOD_REMOTE_RUNWAY_PRIV_H
#define VIDEOD_REMOTE_RUNWAY_PRIV_H

/* Runway's replies and bodies, without a network: what of a parsed reply is what. All texts borrow from it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "lib/remote/runway.h"

struct json;

bool runway_is_id(const char *s); /* a UUID: nothing else goes into an address */

/* False: it is not what it should be. *ret is then as it was. */
bool runway_read_created(const struct json *root, struct runway_created *ret);
/* *failed is filled, and ret->failed points to it, where the task has FAILED. */
bool runway_read_task(const struct json *root, struct verdict *failed, struct runway_task *ret);
bool runway_read_account(const struct json *root, const char *model, struct runway_account *ret);
/* 404 with the vendor's own body: there is no such task. */
bool runway_read_gone(const struct json *root);

struct runway_slot {
	const char *url, *uri;     /* where the picture goes, and what it is called then */
	const struct json *fields; /* texts by name, to be sent before it */
};
const char *runway_file_name(const char *content_type); /* NULL: not a picture that Runway takes */
void runway_slot_body(const char *content_type, struct buf *out);
bool runway_read_slot(const struct json *root, struct runway_slot *ret);
/* What goes before the file in the form that the slot wants, and what after it. */
void runway_form_head(
	const struct runway_slot *s, const char *boundary, const char *content_type, struct buf *out);
void runway_form_tail(const char *boundary, struct buf *out);

#endif
