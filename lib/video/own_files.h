#ifndef VIDEOD_VIDEO_OWN_FILES_H
#define VIDEOD_VIDEO_OWN_FILES_H

/*
 * Addresses that lead to files on our own disks: "/assets/<path>" (settings.assets_dir, everybody's) and
 * "/uploads/<store>/<name>" (settings.uploads_dir, that store's only; uploads.h). All else is elsewhere.
 */

#include <stdbool.h>
#include <stddef.h>

struct settings;

/*
 * The path of the file that url means when store asks for it, which need not be there. NULL where url is
 * elsewhere, is malformed, or is another store's. Caller frees.
 */
char *own_file_path(const struct settings *s, const char *store, const char *url);

bool own_file_is_upload(const char *url); /* it begins like one, well-formed or not */
/*
 * Of a well-formed upload's address: where its name begins; *ret_store_len is the length of the store's id,
 * which stands at url + strlen(OWN_UPLOADS). NULL for anything else.
 */
const char *own_upload_name(const char *url, size_t *ret_store_len);
/* Whether it is an upload of that store, well-formed. */
bool own_upload_is_of(const char *url, const char *store);

#define OWN_ASSETS  "/assets/"
#define OWN_UPLOADS "/uploads/"

#define OWN_UPLOAD_DIGITS 32 /* of an upload's name: hexadecimal, before its point and its ending */
#define OWN_UPLOAD_ENDING 4  /* at most */
#define OWN_UPLOAD_NAME   (OWN_UPLOAD_DIGITS + 1 + OWN_UPLOAD_ENDING)

#endif
