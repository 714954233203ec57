/*
 * The families, which the packages named here install. Pango takes from a list the first family that has a
 * letter; after the list fontconfig's own choice follows, for scripts that are not promised. The emoji font
 * is in no list, for it has digits as well: Pango finds emoji in a text by itself.
 */
#include "daemon/lettering/fonts.h"

#include <string.h>

#include "lib/base/macros.h"
#include "lib/video/look.h"

#define EMOJI "Noto Color Emoji"

struct ideographs {
	const char *language, *sans, *serif;
};

static const struct ideographs chinese = {"zh-cn", "Noto Sans CJK SC", "Noto Serif CJK SC"};
static const struct ideographs japanese = {"ja", "Noto Sans CJK JP", "Noto Serif CJK JP"};
static const struct ideographs korean = {"ko", "Noto Sans CJK KR", "Noto Serif CJK KR"};

static const struct ideographs *ideographs_of(const char *text)
{
	const struct ideographs *found = NULL;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		switch (g_unichar_get_script(g_utf8_get_char(p))) {
		case G_UNICODE_SCRIPT_HIRAGANA:
		case G_UNICODE_SCRIPT_KATAKANA:
			return &japanese;
		case G_UNICODE_SCRIPT_HANGUL:
			return &korean;
		case G_UNICODE_SCRIPT_HAN:
			found = &chinese;
			break;
		default:
			break;
		}
	}
	return found;
}

void fonts_families(const char *family, const char *text, char out[static FONTS_FAMILIES_SIZE])
{
	const struct ideographs *han = ideographs_of(text);

	han = han ? han : &chinese;
	if (strstr(family, "Serif"))
		(void)snprintf(out, FONTS_FAMILIES_SIZE,
			"%s,Noto Serif,%s,Noto Naskh Arabic,Noto Serif Hebrew,Noto Serif Thai", family,
			han->serif);
	else
		(void)snprintf(out, FONTS_FAMILIES_SIZE,
			"%s,Noto Sans,%s,Noto Sans Arabic,Noto Sans Hebrew,Noto Sans Thai", family,
			han->sans);
}

PangoLanguage *fonts_language(const char *text)
{
	const struct ideographs *han = ideographs_of(text);

	return han ? pango_language_from_string(han->language) : NULL;
}

static const struct {
	const char *script, *family, *sample, *package;
} scripts[] = {
	{"Latin", "Lato", "Grüße, Łódź, ça", "fonts-lato"},
	{"Latin", "Noto Serif", "Grüße, Łódź, ça", "fonts-noto-core"},
	{"Greek", "Noto Sans", "Καλημέρα", "fonts-noto-core"},
	{"Cyrillic", "Noto Sans", "Привет, Київ", "fonts-noto-core"},
	{"Han", "Noto Sans CJK SC", "你好，世界", "fonts-noto-cjk"},
	{"Han", "Noto Serif CJK SC", "你好，世界", "fonts-noto-cjk"},
	{"Kana", "Noto Sans CJK JP", "こんにちは、カタカナ", "fonts-noto-cjk"},
	{"Hangul", "Noto Sans CJK KR", "안녕하세요", "fonts-noto-cjk"},
	{"Arabic", "Noto Sans Arabic", "مرحبا", "fonts-noto-core"},
	{"Arabic", "Noto Naskh Arabic", "مرحبا", "fonts-noto-core"},
	{"Hebrew", "Noto Sans Hebrew", "שלום", "fonts-noto-core"},
	{"Hebrew", "Noto Serif Hebrew", "שלום", "fonts-noto-core"},
	{"Thai", "Noto Sans Thai", "สวัสดี", "fonts-noto-core"},
	{"Thai", "Noto Serif Thai", "สวัสดี", "fonts-noto-core"},
	{"emoji", EMOJI, "👍🏽👨‍👩‍👧‍👦🇩🇪", "fonts-noto-color-emoji"},
};

/* Of the families that a brand may choose. */
static const struct {
	const char *family, *package;
} packages[] = {
	{"Lato", "fonts-lato"},
	{"Noto Sans", "fonts-noto-core"},
	{"Noto Serif", "fonts-noto-core"},
	{"Open Sans", "fonts-open-sans"},
	{"Roboto", "fonts-roboto-unhinted"},
};

/* Whether the family itself is there, for fontconfig has a substitute for everything, and draws the sample.
 */
static bool draws(PangoContext *context, const char *family, const char *sample)
{
	PangoFontDescription *d = pango_font_description_new();
	bool ok = false;

	pango_font_description_set_family(d, family);
	pango_font_description_set_absolute_size(d, 40 * PANGO_SCALE);
	PangoFont *font = pango_context_load_font(context, d);
	if (font) {
		PangoFontDescription *found = pango_font_describe(font);
		PangoLayout *layout = pango_layout_new(context);

		pango_layout_set_font_description(layout, d);
		pango_layout_set_text(layout, sample, -1);
		ok = strcmp(pango_font_description_get_family(found), family) == 0 &&
		     pango_layout_get_unknown_glyphs_count(layout) == 0;
		g_object_unref(layout);
		pango_font_description_free(found);
		g_object_unref(font);
	}
	pango_font_description_free(d);
	return ok;
}

static const char *package_of(const char *family)
{
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		if (strcmp(packages[i].family, family) == 0)
			return packages[i].package;
	return "?";
}

bool fonts_check(PangoContext *context, FILE *to)
{
	bool ok = true;

	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		if (draws(context, scripts[i].family, scripts[i].sample))
			continue;
		(void)fprintf(to, "no font for %s: \"%s\" is missing (package %s)\n", scripts[i].script,
			scripts[i].family, scripts[i].package);
		ok = false;
	}
	for (size_t i = 0; brand_fonts[i]; i++) {
		if (draws(context, brand_fonts[i], "Grüße 29,99 €"))
			continue;
		(void)fprintf(to, "no font for brand kits: \"%s\" is missing (package %s)\n", brand_fonts[i],
			package_of(brand_fonts[i]));
		ok = false;
	}
	return ok;
}

/* LeakSanitizer asks for this: fontconfig keeps what it has read for as long as the process lives. */
const char *__lsan_default_suppressions(void); /* NOLINT: its name */
const char *__lsan_default_suppressions(void)  /* NOLINT */
{
	return "leak:libfontconfig";
}
