/* Prices as people of each locale write them, and as a voice says them. Expectations: CLDR 48. */

#include "lib/video/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"
#include "lib/base/names.h"
#include "lib/base/text.h"
#include "lib/video/limits.h"

static size_t count_of(const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

static int index_of(const char *const *names, const char *name)
{
	int i = names_find(names, count_of(names), name);

	assert_true(i >= 0);
	return i;
}

static const struct {
	int64_t milli;
	const char *currency, *locale, *text;
} written[] = {
	{1234500, "USD", "en-US", "$1,234.50"},
	{29990, "EUR", "en-US", "€29.99"},
	{12345250, "GBP", "en-US", "£12,345.25"},
	{2980000, "JPY", "en-US", "¥2,980"},
	{12345678250, "CHF", "en-US", "CHF\u00a012,345,678.25"},
	{199900, "SEK", "en-US", "SEK\u00a0199.90"},
	{1234500, "USD", "en-GB", "US$1,234.50"},
	{29990, "EUR", "en-GB", "€29.99"},
	{12345250, "GBP", "en-GB", "£12,345.25"},
	{2980000, "JPY", "en-GB", "JP¥2,980"},
	{12345678250, "CHF", "en-GB", "CHF\u00a012,345,678.25"},
	{199900, "SEK", "en-GB", "SEK\u00a0199.90"},
	{1234500, "USD", "de-DE", "1.234,50\u00a0$"},
	{29990, "EUR", "de-DE", "29,99\u00a0€"},
	{12345250, "GBP", "de-DE", "12.345,25\u00a0£"},
	{2980000, "JPY", "de-DE", "2.980\u00a0¥"},
	{12345678250, "CHF", "de-DE", "12.345.678,25\u00a0CHF"},
	{199900, "SEK", "de-DE", "199,90\u00a0SEK"},
	{1234500, "USD", "fr-FR", "1\u202f234,50\u00a0$US"},
	{29990, "EUR", "fr-FR", "29,99\u00a0€"},
	{12345250, "GBP", "fr-FR", "12\u202f345,25\u00a0£GB"},
	{2980000, "JPY", "fr-FR", "2\u202f980\u00a0JPY"},
	{12345678250, "CHF", "fr-FR", "12\u202f345\u202f678,25\u00a0CHF"},
	{199900, "SEK", "fr-FR", "199,90\u00a0SEK"},
	{1234500, "USD", "es-ES", "1234,50\u00a0US$"},
	{29990, "EUR", "es-ES", "29,99\u00a0€"},
	{12345250, "GBP", "es-ES", "12.345,25\u00a0GBP"},
	{2980000, "JPY", "es-ES", "2980\u00a0JPY"},
	{12345678250, "CHF", "es-ES", "12.345.678,25\u00a0CHF"},
	{199900, "SEK", "es-ES", "199,90\u00a0SEK"},
	{1234500, "USD", "it-IT", "1234,50\u00a0USD"},
	{29990, "EUR", "it-IT", "29,99\u00a0€"},
	{12345250, "GBP", "it-IT", "12.345,25\u00a0£"},
	{2980000, "JPY", "it-IT", "2980\u00a0JPY"},
	{12345678250, "CHF", "it-IT", "12.345.678,25\u00a0CHF"},
	{199900, "SEK", "it-IT", "199,90\u00a0SEK"},
	{1234500, "USD", "nl-NL", "US$\u00a01.234,50"},
	{29990, "EUR", "nl-NL", "€\u00a029,99"},
	{12345250, "GBP", "nl-NL", "£\u00a012.345,25"},
	{2980000, "JPY", "nl-NL", "JP¥\u00a02.980"},
	{12345678250, "CHF", "nl-NL", "CHF\u00a012.345.678,25"},
	{199900, "SEK", "nl-NL", "SEK\u00a0199,90"},
	{1234500, "USD", "pt-BR", "US$\u00a01.234,50"},
	{29990, "EUR", "pt-BR", "€\u00a029,99"},
	{12345250, "GBP", "pt-BR", "£\u00a012.345,25"},
	{2980000, "JPY", "pt-BR", "JP¥\u00a02.980"},
	{12345678250, "CHF", "pt-BR", "CHF\u00a012.345.678,25"},
	{199900, "SEK", "pt-BR", "SEK\u00a0199,90"},
	{1234500, "USD", "pl-PL", "1234,50\u00a0USD"},
	{29990, "EUR", "pl-PL", "29,99\u00a0€"},
	{12345250, "GBP", "pl-PL", "12\u00a0345,25\u00a0GBP"},
	{2980000, "JPY", "pl-PL", "2980\u00a0JPY"},
	{12345678250, "CHF", "pl-PL", "12\u00a0345\u00a0678,25\u00a0CHF"},
	{199900, "SEK", "pl-PL", "199,90\u00a0SEK"},
	{1234500, "USD", "sv-SE", "1\u00a0234,50\u00a0US$"},
	{29990, "EUR", "sv-SE", "29,99\u00a0€"},
	{12345250, "GBP", "sv-SE", "12\u00a0345,25\u00a0GBP"},
	{2980000, "JPY", "sv-SE", "2\u00a0980\u00a0JPY"},
	{12345678250, "CHF", "sv-SE", "12\u00a0345\u00a0678,25\u00a0CHF"},
	{199900, "SEK", "sv-SE", "199,90\u00a0kr"},
	{1234500, "USD", "ja-JP", "$1,234.50"},
	{29990, "EUR", "ja-JP", "€29.99"},
	{12345250, "GBP", "ja-JP", "£12,345.25"},
	{2980000, "JPY", "ja-JP", "￥2,980"},
	{12345678250, "CHF", "ja-JP", "CHF\u00a012,345,678.25"},
	{199900, "SEK", "ja-JP", "SEK\u00a0199.90"},
	{1234500, "USD", "ar-AE", "\u200f1,234.50\u00a0US$"},
	{29990, "EUR", "ar-AE", "\u200f29.99\u00a0€"},
	{12345250, "GBP", "ar-AE", "\u200f12,345.25\u00a0UK£"},
	{2980000, "JPY", "ar-AE", "\u200f2,980\u00a0JP¥"},
	{12345678250, "CHF", "ar-AE", "\u200f12,345,678.25\u00a0CHF"},
	{199900, "SEK", "ar-AE", "\u200f199.90\u00a0SEK"},
	{29990, "AED", "ar-AE", "\u200f29.99\u00a0\u062f.\u0625.\u200f"},
	{1234500, "CNY", "ja-JP", "元\u00a01,234.50"},
	{30000, "USD", "en-US", "$30"},
	{30000, "EUR", "de-DE", "30\u00a0€"},
	{30500, "USD", "en-US", "$30.50"},
	{0, "USD", "en-US", "$0"},
	{5, "USD", "en-US", "$0.01"},
	{4, "USD", "en-US", "$0"},
	{29995, "USD", "en-US", "$30"},
	{29994, "USD", "en-US", "$29.99"},
	{2980499, "JPY", "en-US", "¥2,980"},
	{2980500, "JPY", "en-US", "¥2,981"},
	{1234567, "KWD", "en-US", "KWD\u00a01,234.567"},
	{5250, "KWD", "en-US", "KWD\u00a05.250"},
	{5000, "KWD", "en-US", "KWD\u00a05"},
	{999990, "USD", "en-US", "$999.99"},
	{LIMIT_PRICE_MILLI, "USD", "en-US", "$10,000,000"},
	{LIMIT_PRICE_MILLI, "KWD", "en-US", "KWD\u00a09,999,999.999"},
};

static void test_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		AUTO_BUF out = BUF_INIT(128);

		money_write(written[i].milli, index_of(money_currencies, written[i].currency),
			index_of(money_locales, written[i].locale), &out);
		if (strcmp(buf_text(&out), written[i].text) != 0)
			fail_msg("%s in %s: \"%s\", not \"%s\"", written[i].currency, written[i].locale,
				buf_text(&out), written[i].text);
	}
}

static const struct {
	int64_t milli;
	const char *currency, *text;
} spoken[] = {
	{29990, "USD", "29 dollars and 99 cents"},
	{1000, "USD", "1 dollar"},
	{1010, "USD", "1 dollar and 1 cent"},
	{990, "USD", "99 cents"},
	{10, "GBP", "1 penny"},
	{2020, "GBP", "2 pounds and 2 pence"},
	{0, "EUR", "0 euros"},
	{30000, "EUR", "30 euros"},
	{2980000, "JPY", "2980 yen"},
	{5250, "KWD", "5 Kuwaiti dinars and 250 fils"},
	{29995, "USD", "30 dollars"},
};

static void test_spoken(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spoken); i++) {
		AUTO_BUF out = BUF_INIT(128);

		money_speak(spoken[i].milli, index_of(money_currencies, spoken[i].currency), &out);
		assert_string_equal(buf_text(&out), spoken[i].text);
	}
}

static void test_defaults_come_first(void **state)
{
	(void)state;
	assert_string_equal(money_currencies[0], "USD");
	assert_string_equal(money_locales[0], "en-US");
	assert_true(count_of(money_currencies) >= 25);
	assert_true(count_of(money_locales) >= 12);
}

/* Every pair gives one short line of valid text with all the digits in it. */
static void test_every_pair(void **state)
{
	(void)state;
	for (int c = 0; money_currencies[c]; c++) {
		for (int l = 0; money_locales[l]; l++) {
			AUTO_BUF out = BUF_INIT(128);

			money_write(1234500, c, l, &out);
			assert_true(buf_ok(&out) && out.len < 40);
			assert_true(text_utf8_valid(buf_text(&out), out.len));
			assert_false(text_has_control(buf_text(&out)));
			assert_non_null(strchr(buf_text(&out), '1'));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_spoken),
		cmocka_unit_test(test_defaults_come_first),
		cmocka_unit_test(test_every_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
