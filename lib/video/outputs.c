/*
 * The list of what was published, by tables as everything that is stored as JSON. A key says where a file is
 * below the storage's root; addresses are made of keys when they are shown, so a move to another host changes
 * no row.
 */

#include "lib/video/outputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/io/json.h"
#include "lib/io/uuid.h"
#include "lib/video/addresses.h"
#include "lib/video/fields.h"
#include "lib/video/problems.h"
#include "lib/video/video.h"

#define KEY(wire, kind) .name = (wire), .type = FIELD_LINE, .offset = offsetof(struct output_film, key[kind])
#define NUMBER(wire, member)                                                                                 \
	.name = (wire), .type = FIELD_NUMBER, .offset = offsetof(struct output_film, member),                \
	.max = INT64_MAX, .what = "a whole number"

static const struct field film_fields[] = {
	{.name = "aspectRatio",
		.type = FIELD_NAME,
		.required = true,
		.offset = offsetof(struct output_film, aspect),
		.names = video_aspect_names,
		.name_count = ASPECT_COUNT},
	{NUMBER("width", width)},
	{NUMBER("height", height)},
	{NUMBER("bytes", bytes)},
	{KEY("film", OUTPUT_FILM)},
	{KEY("thumbnail", OUTPUT_THUMBNAIL)},
	{KEY("preview", OUTPUT_PREVIEW)},
	{KEY("sprite", OUTPUT_SPRITE)},
	{KEY("spriteVtt", OUTPUT_SPRITE_VTT)},
};
static const struct field_table film_table = {
	film_fields, ARRAY_LEN(film_fields), sizeof(struct output_film), NULL};

#define CAPTIONS(wire, kind)                                                                                 \
	.name = (wire), .type = FIELD_LINE, .offset = offsetof(struct outputs, captions[kind])

/* Of the members that are in outputs itself. */
static const struct field caption_fields[] = {
	{CAPTIONS("srt", OUTPUT_SRT)},
	{CAPTIONS("vtt", OUTPUT_VTT)},
};
static const struct field_table caption_table = {
	caption_fields, ARRAY_LEN(caption_fields), sizeof(struct outputs), NULL};

static const struct field output_fields[] = {
	{.name = "films",
		.type = FIELD_LIST,
		.offset = offsetof(struct outputs, films),
		.max = ASPECT_COUNT,
		.what = "films",
		.items = &film_table,
		.count_offset = offsetof(struct outputs, count)},
	{.name = "captions", .type = FIELD_OBJECT, .items = &caption_table},
	{.name = "report", .type = FIELD_LINE, .offset = offsetof(struct outputs, report)},
};
static const struct field_table output_table = {
	output_fields, ARRAY_LEN(output_fields), sizeof(struct outputs), NULL};

void outputs_done(struct outputs *o)
{
	for (size_t i = 0; i < o->count; i++) {
		for (size_t k = 0; k < OUTPUT_KIND_COUNT; k++)
			free(o->films[i].key[k]);
	}
	free(o->films);
	for (size_t k = 0; k < OUTPUT_CAPTIONS_COUNT; k++)
		free(o->captions[k]);
	free(o->report);
	*o = (struct outputs){0};
}

struct json *outputs_json(const struct outputs *o)
{
	static const struct outputs none = {0};
	struct json *all = json_new_object(), *films = json_new_array();

	for (size_t i = 0; i < o->count; i++) {
		struct json *film = json_new_object();

		fields_write(&o->films[i], &film_table, NULL, film);
		json_append(films, film);
	}
	json_put(all, "films", films);
	fields_write(o, &output_table, &none, all);
	return all;
}

int outputs_read(const char *text, struct outputs *ret, struct err *e)
{
	AUTO_OUTPUTS o = {0};
	AUTO(json) all = NULL;
	AUTO_PROBLEMS p = {.count = 0};

	if (text && json_parse(text, strlen(text), &all, e) < 0)
		return err_prefix(e, "the video's outputs: ");
	if (text)
		fields_read(all, &output_table, "", &o, &p);
	if (p.count > 0)
		return err_set(e, ERR_PERM, "the video's outputs: %s %s", p.list[0].path, p.list[0].message);
	*ret = o;
	o = (struct outputs){0};
	return 0;
}

static bool is(const char *key, const char *other)
{
	return other && strcmp(key, other) == 0;
}

bool outputs_have(const struct outputs *o, const char *key)
{
	for (size_t i = 0; i < o->count; i++)
		for (size_t k = 0; k < OUTPUT_KIND_COUNT; k++)
			if (is(key, o->films[i].key[k]))
				return true;
	for (size_t k = 0; k < OUTPUT_CAPTIONS_COUNT; k++)
		if (is(key, o->captions[k]))
			return true;
	return is(key, o->report);
}

void outputs_prefix(const struct uuid *video_id, char out[static OUTPUTS_PREFIX_SIZE])
{
	char id[UUID_TEXT_SIZE];

	uuid_format(video_id, id);
	(void)snprintf(out, OUTPUTS_PREFIX_SIZE, "videos/%s/", id);
}

void outputs_revision_prefix(
	const struct uuid *video_id, int64_t revision, char out[static OUTPUTS_PREFIX_SIZE])
{
	char id[UUID_TEXT_SIZE];

	uuid_format(video_id, id);
	(void)snprintf(out, OUTPUTS_PREFIX_SIZE, "videos/%s/%" PRId64 "/", id, revision);
}

void outputs_keys(const struct outputs *o, void (*fn)(const char *key, void *arg), void *arg)
{
	for (size_t i = 0; i < o->count; i++)
		for (size_t k = 0; k < OUTPUT_KIND_COUNT; k++)
			if (o->films[i].key[k])
				fn(o->films[i].key[k], arg);
	for (size_t k = 0; k < OUTPUT_CAPTIONS_COUNT; k++)
		if (o->captions[k])
			fn(o->captions[k], arg);
	if (o->report)
		fn(o->report, arg);
}

static void put_url(struct json *o, const char *name, const struct addresses *a, const char *key)
{
	AUTO_FREE char *url = address_get(a, key);

	json_put_string(o, name, url);
}

static struct json *film_urls(const struct output_film *f, const struct addresses *a)
{
	static const char *const names[OUTPUT_KIND_COUNT] = {
		[OUTPUT_FILM] = "videoUrl",
		[OUTPUT_THUMBNAIL] = "thumbnailUrl",
		[OUTPUT_PREVIEW] = "previewUrl",
		[OUTPUT_SPRITE] = "spriteUrl",
		[OUTPUT_SPRITE_VTT] = "spriteVttUrl",
	};
	struct json *o = json_new_object();

	json_put_string(o, "aspectRatio", names_get(video_aspect_names, ASPECT_COUNT, f->aspect));
	json_put_int(o, "width", f->width > 0 ? f->width : video_sizes[f->aspect].width);
	json_put_int(o, "height", f->height > 0 ? f->height : video_sizes[f->aspect].height);
	if (f->bytes > 0)
		json_put_int(o, "bytes", f->bytes);
	else
		json_put(o, "bytes", NULL);
	for (size_t k = 0; k < OUTPUT_KIND_COUNT; k++)
		put_url(o, names[k], a, f->key[k]);
	return o;
}

void outputs_put_urls(const struct outputs *o, const struct addresses *a, struct json *object)
{
	struct json *films = json_new_array(), *captions = NULL;

	for (size_t i = 0; i < o->count; i++)
		json_append(films, film_urls(&o->films[i], a));
	if (o->captions[OUTPUT_SRT] || o->captions[OUTPUT_VTT]) {
		captions = json_new_object();
		put_url(captions, "srtUrl", a, o->captions[OUTPUT_SRT]);
		put_url(captions, "vttUrl", a, o->captions[OUTPUT_VTT]);
	}
	json_put(object, "films", films);
	json_put(object, "captionFiles", captions);
	put_url(object, "reportUrl", a, o->report);
}
