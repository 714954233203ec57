/*
 * What a video can be given: the voices, and the music library.
 */
#include "cgi/voices.h"

#include "cgi/reply.h"
#include "cgi/view.h"
#include "lib/base/macros.h"
#include "lib/io/json.h"
#include "lib/video/stores.h"
#include "lib/video/voices.h"

int serve_voices(struct app *a UNUSED, const struct request *q UNUSED, struct reply *r, struct err *e UNUSED)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < voices_local_count; i++) {
		struct json *o = json_new_object();

		json_put_string(o, "id", voices_local[i].id);
		json_put_string(o, "name", voices_local[i].name);
		json_put_string(o, "category", voices_local[i].category);
		json_put_string(o, "preview", NULL);
		json_append(list, o);
	}
	return reply_json(r, 200, list);
}

int serve_music(struct app *a, const struct request *q UNUSED, struct reply *r, struct err *e)
{
	struct json *list;
	struct music_track *tracks = NULL;
	size_t count = 0;

	if (music_list(a->db, &tracks, &count, e) < 0)
		return -1;

	list = json_new_array();
	for (size_t i = 0; i < count; i++)
		json_append(list, view_track(&tracks[i]));
	music_list_free(tracks, count);
	return reply_json(r, 200, list);
}
