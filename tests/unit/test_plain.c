/* Plain text out of HTML and of typed lines, word for word; and out of what looks like HTML but is none. */

#include "lib/video/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/macros.h"

static const struct {
	const char *html, *plain;
} cases[] = {
	{"", ""},
	{" \n\t ", ""},
	{"Warm light.", "Warm light."},
	{"  Warm \t light.  ", "Warm light."},
	{"One\nTwo\r\nThree", "One\nTwo\nThree"},
	{"One\n\n\n  Two", "One\nTwo"},
	{"<p>One</p>\n<p>Two <b>bold</b>\nwords</p>", "One\nTwo bold words"},
	{"a<br>b<BR/>c<br />d", "a\nb\nc\nd"},
	{"<ul><li>One</li><li>Two</li></ul>", "One\nTwo"},
	{"co<em>mbi</em>ned", "combined"},
	{"- One\n* Two\n\u2022 Three\n-5 degrees\n\u2014 Four", "One\nTwo\nThree\n-5 degrees\nFour"},
	{"a - b", "a - b"},
	{"<h2>Features</h2>Text", "Text"},
	{"a<h1 class=x>Big</H1>b", "a\nb"},
	{"a<table><tr><td>1</td></tr></table>b", "a\nb"},
	{"<style>p{color:red}</style>x<script>alert('<p>')</script>y", "x\ny"},
	{"<h1>never closed", "never closed"},
	{"a<!-- <p>not this</p> -->b", "ab"},
	{"a<!-- never closed", "a"},
	{"<!DOCTYPE html>a", "a"},
	{"<a title=\"x > y\" href='z'>link</a>", "link"},
	{"<p title=\"odd>text</p>more", "text\nmore"},
	{"less < more", "less < more"},
	{"i <3 lamps", "i <3 lamps"},
	{"cut <p", "cut <p"},
	{"a <", "a <"},
	{"&amp;&lt;b&gt;&quot;&apos;&#39;&#x27;", "&<b>\"'''"},
	{"5&nbsp;cm&nbsp;", "5 cm"},
	{"caf&eacute; &Uuml;ber &euro;5 &frac12; &#8364;&#x1F600;",
		"caf\u00e9 \u00dcber \u20ac5 \u00bd \u20ac\U0001F600"},
	{"R&D, AT&T &co; &unknown; &; &#; &#x; &#xD800; &#x110000; &#99999999999;",
		"R&D, AT&T &co; &unknown; &; &#; &#x; &#xD800; &#x110000; &#99999999999;"},
	{"&amp;lt;", "&lt;"},
	{"a&#7;b&#0;c", "ab&#0;c"},
	{"soft... warm.. end....", "soft\u2026 warm\u2026 end\u2026"},
	{"a. . b", "a. . b"},
	{"a\u2026. b", "a\u2026 b"},
	{"a&#46;&#46;b", "a\u2026b"},
	{"zero\u200bwidth\ufeff and\u00adsoft", "zerowidth andsoft"},
	{"a\u00a0\u3000\u2009b\u2028c", "a b c"},
	{"\u767d\u3044\u6728\u3002<br>\u0645\u0635\u0628\u0627\u062d",
		"\u767d\u3044\u6728\u3002\n\u0645\u0635\u0628\u0627\u062d"},
};

static void test_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_FREE char *plain = plain_text(cases[i].html);

		if (strcmp(plain, cases[i].plain) != 0)
			fail_msg("%s:\n\"%s\", not\n\"%s\"", cases[i].html, plain, cases[i].plain);
	}
}

/* The worst that 20,000 characters can do is to have no end. */
static void test_hostile_texts_end(void **state)
{
	static const char *const parts[] = {
		"<a \"", "<h1>", "&amp", "<!--", "<", "..", "&#46;", "<p title='"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO_BUF text = BUF_INIT(1 << 16);

		while (text.len < 20000)
			buf_adds(&text, parts[i]);
		AUTO_FREE char *plain = plain_text(buf_text(&text));
		assert_true(strlen(plain) <= text.len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hostile_texts_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
