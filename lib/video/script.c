/*
 * A product becomes scenes and a narration. The styles' texts are styles.c's; here they are filled with what
 * the shop says, and chosen so that every word is known and the narration fits the scenes. All texts go
 * through plain_text(), so that neither HTML nor a control character gets into a prompt, onto a picture or
 * into a voice.
 */

#include "lib/video/script.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"
#include "lib/video/money.h"
#include "lib/video/plain.h"
#include "lib/video/prose.h"
#include "lib/video/styles_priv.h"

#define HEADLINE_POINTS 44  /* a line beside it still makes about 60 */
#define QUIET_MS        500 /* of the film, at its end */
#define SPARE_DETAILS   2   /* where there is one picture or none, but something to say */
#define TEXT_MAX_BYTES  (4 * LIMIT_PROMPT)

#define WITH_PICTURE " Keep the product exactly as it is in the picture; add no words and no logos."
#define WITHOUT_PICTURE                                                                                      \
	" Show a mood and a setting only: no product, no people, no words; leave room for text."

/* What the shop says, as the styles' texts use it; "" where it says nothing. */
struct facts {
	char *title, *headline, *name, *price, *spoken_price, *store, *niche;
	char *feature;              /* of the scene at hand */
	char *description;          /* plain */
	const char *description_at; /* where the next feature is looked for */
};

static const struct {
	const char *name;
	size_t offset;
} words[] = {
	{"title", offsetof(struct facts, title)},
	{"headline", offsetof(struct facts, headline)},
	{"name", offsetof(struct facts, name)},
	{"price", offsetof(struct facts, price)},
	{"spoken_price", offsetof(struct facts, spoken_price)},
	{"store", offsetof(struct facts, store)},
	{"niche", offsetof(struct facts, niche)},
	{"feature", offsetof(struct facts, feature)},
};

static char *spoken_name(const char *text)
{
	AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES);

	prose_add_spoken_name(&out, text);
	return buf_steal(&out);
}

static char *short_text(const char *text, size_t max_points)
{
	AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES);

	prose_add_short(&out, text, max_points);
	return buf_steal(&out);
}

/* A title of tags only is shown as it is, rather than as nothing. One line in any case. */
static char *one_line(const char *text)
{
	char *plain = plain_text(text ? text : "");

	if (!*plain && text) {
		free(plain);
		plain = xstrdup(text);
	}
	for (char *p = plain; *p; p++) {
		if (*p == '\n')
			*p = ' ';
	}
	return plain;
}

/* A price of 0, or one that is rounded to it, is taken for one that is not set: nothing is promised for free.
 */
static void collect_price(struct facts *f, const struct product *p, const struct store *s)
{
	AUTO_BUF price = BUF_INIT(TEXT_MAX_BYTES);
	AUTO_BUF spoken = BUF_INIT(TEXT_MAX_BYTES);

	if (p->price_milli > 0) {
		money_write(p->price_milli, s->currency, s->locale, &price);
		money_speak(p->price_milli, s->currency, &spoken);
	}
	if (strncmp(buf_text(&spoken), "0 ", 2) == 0) {
		buf_clear(&price);
		buf_clear(&spoken);
	}
	f->price = buf_steal(&price);
	f->spoken_price = buf_steal(&spoken);
}

static struct facts collect_facts(const struct product *p, const struct store *s)
{
	struct facts f = {.title = one_line(p->title), .feature = xstrdup("")};
	AUTO_FREE char *store = one_line(s->name), *niche = one_line(s->niche);

	f.headline = short_text(f.title, HEADLINE_POINTS);
	f.name = spoken_name(f.title);
	f.store = spoken_name(store);
	f.niche = spoken_name(niche);
	f.description = plain_text(p->description ? p->description : "");
	f.description_at = f.description;
	collect_price(&f, p, s);
	return f;
}

static void facts_done(struct facts *f)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		free(*(char **)(void *)((char *)f + words[i].offset));
	free(f->description);
}

static const char *word_of(const struct facts *f, const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strlen(words[i].name) == n && memcmp(words[i].name, name, n) == 0)
			return *(char *const *)(const void *)((const char *)f + words[i].offset);
	}
	return "";
}

static void drop_from(struct buf *out, size_t begin)
{
	out->len = begin;
	if (out->data)
		out->data[begin] = '\0';
}

/* False, with out as it was, when the text needs a word that is not known. */
static bool fill(const char *text, const struct facts *f, struct buf *out)
{
	size_t begin = out->len;

	for (const char *p = text; *p;) {
		size_t plain = strcspn(p, "{"), name = strcspn(p + plain, "}");

		buf_add(out, p, plain);
		p += plain;
		if (!*p)
			break;

		const char *word = word_of(f, p + 1, name - 1);
		if (text_is_blank(word)) {
			drop_from(out, begin);
			return false;
		}
		buf_adds(out, word);
		p += name + 1;
	}
	return true;
}

/* The first of the alternatives whose words are known. NULL: none. Caller frees. */
static char *fill_first(const char *const alternatives[STYLE_ALTERNATIVES], const struct facts *f)
{
	AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES);

	for (size_t i = 0; i < STYLE_ALTERNATIVES && alternatives[i]; i++) {
		if (fill(alternatives[i], f, &out))
			return buf_steal(&out);
	}
	return NULL;
}

/* Moves f->feature to the next sentence that can be shown whole: one that is cut could say the opposite. */
static bool next_feature(struct facts *f, size_t max_points)
{
	const char *s;
	size_t n = 0;

	free(f->feature);
	while ((s = prose_next_sentence(&f->description_at, &n))) {
		f->feature = xstrndup(s, prose_line_length(s, n));
		if (text_utf8_points(f->feature) <= max_points && strcmp(f->feature, f->title) != 0)
			return true;
		free(f->feature);
	}
	f->feature = xstrdup("");
	return false;
}

static size_t count_features(struct facts *f, size_t max_points, size_t max_count)
{
	size_t count = 0;

	while (count < max_count && next_feature(f, max_points))
		count++;
	f->description_at = f->description;
	return count;
}

struct pictures {
	const char *urls[LIMIT_IMAGES];
	size_t count;
};

/* The product's pictures in their order, each once. */
static struct pictures choose_pictures(const struct product *p, size_t max)
{
	struct pictures chosen = {.count = 0};

	for (size_t i = 0; i < p->image_count && chosen.count < max; i++) {
		size_t same = 0;

		while (same < chosen.count && strcmp(chosen.urls[same], p->images[i].url) != 0)
			same++;
		if (same == chosen.count)
			chosen.urls[chosen.count++] = p->images[i].url;
	}
	return chosen;
}

static char *make_prompt(const char *text, const struct facts *f, bool picture)
{
	AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES);

	(void)fill(text, f, &out); /* every product has a title */
	(void)fill(" Setting: {niche}.", f, &out);
	buf_adds(&out, picture ? WITH_PICTURE : WITHOUT_PICTURE);
	return buf_steal(&out);
}

static void add_scene(struct video *v, const struct style *style, enum scene_role role, const char *picture,
	char *overlay, const struct facts *f)
{
	struct scene *scene = &v->scenes[v->scene_count++];

	*scene = (struct scene){
		.prompt = make_prompt(style->prompt[role], f, picture != NULL),
		.duration_ms = style->length_ms[role],
		.image_url = xstrdup(picture),
		.text_overlay = overlay,
	};
	scene_look_init(&scene->look);
}

static char *detail_overlay(const struct style *style, size_t i, struct facts *f)
{
	size_t line = 0;

	while (line < i && line + 1 < STYLE_ALTERNATIVES && style->details[line + 1])
		line++;

	const char *const only[STYLE_ALTERNATIVES] = {style->details[line]};
	(void)next_feature(f, style->feature_points);
	return fill_first(only, f);
}

static void write_scenes(const struct style *style, const struct product *p, struct facts *f, struct video *v)
{
	struct pictures pictures = choose_pictures(p, style->pictures);
	size_t details = pictures.count > 1 ? pictures.count - 1
					    : count_features(f, style->feature_points, SPARE_DETAILS);
	const char *first = pictures.count > 0 ? pictures.urls[0] : NULL;

	v->scenes = xcalloc(details + 2, sizeof(*v->scenes));
	add_scene(v, style, ROLE_OPENING, first, fill_first(style->opening, f), f);
	for (size_t i = 0; i < details; i++)
		add_scene(v, style, ROLE_DETAIL, i + 1 < pictures.count ? pictures.urls[i + 1] : first,
			detail_overlay(style, i, f), f);
	add_scene(v, style, ROLE_CLOSING, style->closing_picture ? first : NULL,
		fill_first(style->closing, f), f);
}

/* As fill_first, but what is too long for the words that are left is passed over; what is taken is deducted.
 */
static char *fill_spoken(
	const char *const alternatives[STYLE_ALTERNATIVES], const struct facts *f, size_t *words_left)
{
	for (size_t i = 0; i < STYLE_ALTERNATIVES && alternatives[i]; i++) {
		AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES);
		size_t count;

		if (!fill(alternatives[i], f, &out))
			continue;
		count = prose_spoken_words(buf_text(&out), out.len);
		if (count <= *words_left) {
			*words_left -= count;
			return buf_steal(&out);
		}
	}
	return xstrdup("");
}

/* Whole sentences of the description, in order, those that still fit. */
static char *say_description(const char *description, size_t *words_left)
{
	AUTO_BUF out = BUF_INIT(LIMIT_SCRIPT);
	const char *at = description, *s;
	size_t n = 0;

	while (*words_left > 1 && (s = prose_next_sentence(&at, &n))) {
		AUTO_BUF sentence = BUF_INIT(LIMIT_SCRIPT);

		prose_add_spoken(&sentence, s, n);
		size_t count = prose_spoken_words(buf_text(&sentence), sentence.len);
		if (count == 0 || count > *words_left || !buf_ok(&sentence))
			continue;
		*words_left -= count;
		buf_addf(&out, "%s%s", out.len > 0 ? " " : "", buf_text(&sentence));
	}
	return buf_steal(&out);
}

static size_t spoken_budget(const struct video *v)
{
	int64_t total_ms = -QUIET_MS;

	for (size_t i = 0; i < v->scene_count; i++)
		total_ms += v->scenes[i].duration_ms;
	return (size_t)(total_ms * SCRIPT_WORDS_PER_MIN / 60000);
}

/* What must be said comes first to the words that there are; the description has the rest. */
static char *write_narration(const struct style *style, const struct facts *f, const struct video *v)
{
	size_t words_left = spoken_budget(v);
	AUTO_FREE char *opening = fill_spoken(style->say_opening, f, &words_left);
	AUTO_FREE char *price = fill_spoken(style->say_price, f, &words_left);
	AUTO_FREE char *closing = fill_spoken(style->say_closing, f, &words_left);
	AUTO_FREE char *description = say_description(f->description, &words_left);
	const char *const parts[] = {opening, description, price, closing};
	AUTO_BUF out = BUF_INIT(TEXT_MAX_BYTES + LIMIT_SCRIPT);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (*parts[i])
			buf_addf(&out, "%s%s", out.len > 0 ? " " : "", parts[i]);
	}
	return buf_steal(&out);
}

static char *make_title(const struct facts *f, enum video_style style)
{
	const char *name = video_style_names[style];
	AUTO_FREE char *title = short_text(f->title, LIMIT_TITLE - strlen(" - ") - strlen(name));

	return xasprintf("%s - %s", title, name);
}

void script_write(const struct product *p, const struct store *s, enum video_style style, struct video *v)
{
	CLEANUP(facts_done) struct facts f = collect_facts(p, s);

	v->style = style;
	v->store_id = xstrdup(p->store_id);
	v->product_id = xstrdup(p->id);
	v->title = make_title(&f, style);
	write_scenes(&styles[style], p, &f, v);
	v->voiceover_script = write_narration(&styles[style], &f, v);
}
