/* Marks the uploads that a request names as being of use: see lib/video/uploads.h. */
#include "cgi/files.h"

#include "cgi/reply.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/video/uploads.h"

#define NO_SUCH_UPLOAD "There is no such upload; what nobody used for long was removed."

int files_use(struct app *a, const char *url, const char *path, struct reply *r, struct err *e)
{
	AUTO_FREE char *store = NULL;
	const char *name;
	size_t n = 0;
	int found;

	if (!url || !own_file_is_upload(url))
		return 1;
	name = own_upload_name(url, &n);
	store = name ? xstrndup(url + sizeof(OWN_UPLOADS) - 1, n) : NULL;
	found = name ? uploads_touch(a->db, store, name, e) : 0;
	return found == 0 ? reply_error_at(r, REPLY_NOT_FOUND, path, NO_SUCH_UPLOAD) : found;
}

int files_use_video(struct app *a, const struct video *v, struct reply *r, struct err *e)
{
	int good = files_use(a, v->look.voice_url, "/voiceUrl", r, e);

	if (good == 1)
		good = files_use(a, v->look.music_url, "/musicUrl", r, e);
	for (size_t i = 0; good == 1 && i < v->scene_count; i++) {
		AUTO_FREE char *path = xasprintf("/scenes/%zu/imageUrl", i);

		good = files_use(a, v->scenes[i].image_url, path, r, e);
	}
	return good;
}
