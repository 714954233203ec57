/*
 * As runway_wish.c: a text of lines "name=value" in a fixed order; the texts, which may hold anything, come
 * last with their lengths.
 */
#include "daemon/vendor/speech_wish.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/io/json.h"
#include "lib/video/settings.h"

#define CANON_MAX_BYTES   (256 * 1024)
#define REQUEST_MAX_BYTES 4000
#define AROUND_POINTS     500 /* of the pieces before and after: what the voice needs to know of them */

static void add_text(const char *name, const char *text, struct buf *out)
{
	buf_addf(out, "%s=%zu:%s\n", name, text ? strlen(text) : 0, text ? text : "");
}

/*
 * What comes before and after is told to the vendor for the tone and does not count: a narration that was
 * written anew would have its neighbours spoken, and paid for, again. The last two lines are what the hash of
 * a script of one piece always had.
 */
static void add_words(const struct speech_wish *w, struct buf *out)
{
	add_text("text", w->text, out);
	add_text("previous", NULL, out);
	add_text("next", NULL, out);
}

static void hash_wish(struct speech_wish *w)
{
	const struct speech_order *o = &w->order;
	AUTO_BUF canon = BUF_INIT(CANON_MAX_BYTES);

	buf_addf(&canon, "elevenlabs voice 1\nmodel=%s\nformat=%s\nvoice=%s\n", o->model, o->format,
		o->voice_id);
	buf_addf(&canon, "stability=%d\nsimilarity=%d\nstyle=%d\nspeed=%d\n", o->stability, o->similarity,
		o->style, o->speed);
	add_words(w, &canon);
	digest_sha256(buf_text(&canon), canon.len, w->hash);
}

/* The client's own words for it, and nothing of what our settings make of them. */
static void hash_request(const char *asked_voice, struct speech_wish *w)
{
	AUTO_BUF canon = BUF_INIT(CANON_MAX_BYTES);

	buf_adds(&canon, "elevenlabs voice request 1\n");
	add_text("voice", asked_voice, &canon);
	add_words(w, &canon);
	digest_sha256(buf_text(&canon), canon.len, w->request_hash);
}

static char *request_text(const struct speech_wish *w, size_t piece, size_t pieces)
{
	AUTO(json) root = json_new_object();
	AUTO_BUF out = BUF_INIT(REQUEST_MAX_BYTES);

	json_put_string(root, "model", w->order.model);
	json_put_string(root, "format", w->order.format);
	json_put_string(root, "voice", w->order.voice_id);
	json_put_int(root, "characters", w->characters);
	json_put_int(root, "piece", (int64_t)piece + 1);
	json_put_int(root, "pieces", (int64_t)pieces);
	json_write(root, &out);
	return buf_steal(&out);
}

static char *piece_text(const char *script, const struct script_piece *p)
{
	return xstrndup(script + p->at, p->len);
}

/* The end of the piece before. */
static char *text_before(const char *script, const struct script_piece *p)
{
	AUTO_FREE char *text = piece_text(script, p);
	size_t points = text_utf8_points(text), skip = points > AROUND_POINTS ? points - AROUND_POINTS : 0;

	return xstrdup(text + text_utf8_prefix(text, skip));
}

/* The beginning of the piece after. */
static char *text_after(const char *script, const struct script_piece *p)
{
	AUTO_FREE char *text = piece_text(script, p);

	return xstrndup(text, text_utf8_prefix(text, AROUND_POINTS));
}

void speech_wish_make(const char *script, const struct script_piece *pieces, size_t count, size_t i,
	const char *asked_voice, const char *voice_id, const struct settings *s, struct speech_wish *ret)
{
	struct speech_wish w = {
		.text = piece_text(script, &pieces[i]),
		.previous = i > 0 ? text_before(script, &pieces[i - 1]) : NULL,
		.next = i + 1 < count ? text_after(script, &pieces[i + 1]) : NULL,
	};

	w.order = (struct speech_order){
		.voice_id = voice_id,
		.model = s->elevenlabs_model,
		.format = s->elevenlabs_format,
		.text = w.text,
		.previous_text = w.previous,
		.next_text = w.next,
		.stability = (int)s->voice_stability,
		.similarity = (int)s->voice_similarity,
		.style = (int)s->voice_style,
		.speed = (int)s->voice_speed,
	};
	w.characters = (int64_t)text_utf8_points(w.text);
	w.estimate_milli = w.characters * 1000;
	hash_request(asked_voice, &w);
	hash_wish(&w);
	w.request = request_text(&w, i, count);
	*ret = w;
}

void speech_wish_done(struct speech_wish *w)
{
	free(w->text);
	free(w->previous);
	free(w->next);
	free(w->request);
	*w = (struct speech_wish){.text = NULL};
}
