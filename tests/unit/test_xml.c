/* Small XML: what is read of answers, and what is refused before it costs anything. */

#include "lib/io/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"

#define MAX      (4 << 20)
#define DECLARED "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"

static struct xml *parsed(const char *text)
{
	struct xml *x = NULL;
	struct err e;

	if (xml_parse(text, strlen(text), MAX, &x, &e) < 0)
		fail_msg("%s: %s", text, e.text);
	return x;
}

static void a_list(void **state UNUSED)
{
	static const char text[] =
		DECLARED "\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n"
			 "  <Name>bkt</Name><Prefix/><IsTruncated>true</IsTruncated>\n"
			 "  <!-- between --><Contents><Key>a b</Key><Size>1</Size></Contents>\n"
			 "  <Contents><Key>&lt;&#38;&#x65E5;</Key><Size>22</Size></Contents>\n"
			 "</ListBucketResult>\n\n";
	static const char *const keys[] = {"a b", "<&\xe6\x97\xa5"};
	AUTO(xml) x = parsed(text);
	const struct xml_node *root = xml_root(x), *c = xml_child(root, "Contents");

	assert_string_equal(xml_name(root), "ListBucketResult");
	assert_string_equal(xml_name(xml_child(root, NULL)), "Name");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		AUTO_FREE char *key = xml_text(xml_child(c, "Key"));

		assert_string_equal(key, keys[i]);
		c = xml_next(c, "Contents");
	}
	assert_null(c);
	assert_null(xml_child(root, "contents"));
	assert_null(xml_child(root, "Key"));
	assert_null(xml_next(root, NULL));
	assert_string_equal(xml_name(xml_next(xml_child(root, "IsTruncated"), NULL)), "Contents");
}

static void texts(void **state UNUSED)
{
	static const struct {
		const char *title, *text, *wanted;
	} rows[] = {
		{"empty", "<a><t></t></a>", ""},
		{"short", "<a><t/></a>", ""},
		{"missing", "<a/>", ""},
		{"blanks are kept", "<a><t> \n x </t></a>", " \n x "},
		{"in pieces", "<a><t>x<b>no</b>y<!-- no -->z</t></a>", "xyz"},
		{"CDATA", "<a><t>1<![CDATA[<&]]>2</t></a>", "1<&2"},
		{"references", "<a><t>&amp;&lt;&gt;&quot;&apos;&#65;&#x42;</t></a>", "&<>\"'AB"},
		{"a namespace", "<a xmlns=\"urn:x\"><t>x</t></a>", "x"},
		{"a prefix", "<p:a xmlns:p=\"urn:x\"><p:t>x</p:t></p:a>", "x"},
		{"a prefix that nobody declared", "<a><p:t>x</p:t></a>", "x"},
		{"an attribute", "<a><t y=\"no\">x</t></a>", "x"},
		{"blanks before the declaration", " \r\n\t" DECLARED "<a><t>x</t></a>", "x"},
		{"a mark of its bytes' order", "\xef\xbb\xbf" DECLARED "<a><t>x</t></a>", "x"},
		{"it says another encoding",
			"<?xml version='1.0' encoding='ISO-8859-1'?><a><t>\xc3\xbc</t></a>", "\xc3\xbc"},
		{"an instruction", "<?x y?><a><t>x</t></a><?x?>", "x"},
		{"a page", "<html><t>x</t></html>", "x"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(xml) x = parsed(rows[i].text);
		AUTO_FREE char *text = xml_text(xml_child(xml_root(x), "t"));

		if (strcmp(text, rows[i].wanted) != 0)
			fail_msg("%s: \"%s\"", rows[i].title, text);
	}
}

/* Nothing of what is not there. */
static void nothing(void **state UNUSED)
{
	AUTO_FREE char *text = xml_text(NULL);

	assert_string_equal(text, "");
	assert_null(xml_child(NULL, NULL));
	assert_null(xml_next(NULL, "a"));
	xml_free(NULL);
}

static void refuse(const char *title, const char *text, size_t n, const char *says)
{
	struct xml *x = NULL;
	struct err e = {0};
	int64_t begun = clock_mono_ms();

	if (xml_parse(text, n, MAX, &x, &e) == 0)
		fail_msg("%s: taken", title);
	if (x != NULL || e.kind != ERR_PERM || strstr(e.text, says) == NULL)
		fail_msg("%s: %s", title, e.text);
	if (clock_mono_ms() - begun > 5000)
		fail_msg("%s: took too long", title);
}

static void broken(void **state UNUSED)
{
	static const struct {
		const char *title, *text, *says;
	} rows[] = {
		{"nothing", "", "no XML"},
		{"blanks", " \n\t ", "no XML"},
		{"text", "Service Unavailable", "no XML"},
		{"JSON", "{\"a\": 1}", "no XML"},
		{"a page as they are written", "<html><head><meta><br></head></html>", "no XML"},
		{"a page with its type", "<!DOCTYPE html>\n<html><body>Sorry</body></html>", "DOCTYPE"},
		{"cut in a tag", "<a><b>x</b", "no XML"},
		{"cut in a text", "<a><b>x", "no XML"},
		{"cut in a reference", "<a>&am", "no XML"},
		{"cut in CDATA", "<a><![CDATA[x", "no XML"},
		{"two roots", "<a/><b/>", "no XML"},
		{"text after it", "<a/>x", "no XML"},
		{"the wrong end", "<a></b>", "no XML"},
		{"an entity that nobody declared", "<a>&x;</a>", "no XML"},
		{"not UTF-8", "<a>\xff\xfe</a>", "no XML"},
		{"a control byte", "<a>\x01</a>", "no XML"},
		{"a reference to a control", "<a>&#1;</a>", "no XML"},
		{"the same attribute twice", "<a b='1' b='2'/>", "no XML"},
		{"a billion laughs",
			"<?xml version='1.0'?><!DOCTYPE l [<!ENTITY a 'lol'>"
			"<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c "
			"'&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>"
			"<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e "
			"'&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;'>"
			"<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;'><!ENTITY g "
			"'&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;'>"
			"<!ENTITY h '&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;'>]><l>&h;</l>",
			"DOCTYPE"},
		{"laughs in an attribute", "<!DOCTYPE l [<!ENTITY a 'lol'>]><l x='&a;'/>", "DOCTYPE"},
		{"a definition elsewhere", "<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\"><a/>", "DOCTYPE"},
		{"a parameter's entity", "<!DOCTYPE a [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><a/>",
			"DOCTYPE"},
		{"a DOCTYPE that is cut", "<!DOCTYPE", "no XML"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		refuse(rows[i].title, rows[i].text, strlen(rows[i].text), rows[i].says);
	refuse("a NUL", "<a>\0</a>", 8, "NUL");
	refuse("a NUL after it", "<a/>\0", 5, "NUL");
	refuse("UTF-16", "\xff\xfe<\0a\0/\0>\0", 10, "NUL");
}

/* A file that an entity names is not opened: reading it as a pipe would never end. */
static void a_file(void **state UNUSED)
{
	char folder[] = "/tmp/test_xml.XXXXXX", text[200];
	struct err e;

	assert_non_null(mkdtemp(folder));
	AUTO_FREE char *path = xasprintf("%s/secret", folder);
	assert_int_equal(fs_write_atomic(path, "hush", 4, 0600, &e), 0);
	(void)snprintf(text, sizeof(text), "<!DOCTYPE a [<!ENTITY x SYSTEM \"file://%s\">]><a>&x;</a>", path);
	refuse("an entity that is a file", text, strlen(text), "DOCTYPE");
	assert_int_equal(fs_remove_tree(folder, &e), 0);
}

static void repeat(struct buf *b, const char *piece, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_adds(b, piece);
}

static void limits(void **state UNUSED)
{
	static const struct {
		const char *title, *before, *piece;
		size_t times;
		const char *after;
		const char *says; /* NULL: taken */
	} rows[] = {
		{"deep enough", "", "<a>", XML_DEPTH_MAX - 1, "<a/>", NULL},
		{"too deep", "", "<a>", XML_DEPTH_MAX, "<a/>", "deep"},
		{"much too deep", "", "<a>", XML_TAGS_MAX / 2 - 1, "", "no XML"},
		{"a list of what there may be", "<r>", "<a/>", XML_TAGS_MAX - 2, "</r>", NULL},
		{"a longer one", "<r>", "<a/>", XML_TAGS_MAX - 1, "</r>", "tags"},
		{"attributes", "<r>", "<a b='1'/>", XML_ATTRIBUTES_MAX, "</r>", NULL},
		{"more of them", "<r>", "<a b= \"1\"/>", XML_ATTRIBUTES_MAX + 1, "</r>", "attributes"},
		{"a long text", "<r>", "0123456789", MAX / 10 - 1, "</r>", NULL},
		{"too long", "<r>", "0123456789", MAX / 10, "</r>", "bytes"},
		{"a long attribute", "<r a='", "0123456789", 20000, "'/>", NULL},
		{"a long name", "<", "abcdefghij", 4000, "/>", NULL},
		{"references", "<r>", "&lt;", 200000, "</r>", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_BUF b = BUF_INIT(2 * MAX);
		AUTO(xml) x = NULL;
		struct err e;

		buf_adds(&b, rows[i].before);
		repeat(&b, rows[i].piece, rows[i].times);
		buf_adds(&b, rows[i].after);
		if (strcmp(rows[i].piece, "<a>") == 0 && *rows[i].after != '\0')
			repeat(&b, "</a>", rows[i].times);
		if (rows[i].says != NULL)
			refuse(rows[i].title, buf_text(&b), b.len, rows[i].says);
		else if (xml_parse(buf_text(&b), b.len, MAX, &x, &e) < 0)
			fail_msg("%s: %s", rows[i].title, e.text);
	}
}

/* Each attribute of an element is compared with each other one: a megabyte of them would take minutes. */
static void one_tag_of_attributes(void **state UNUSED)
{
	AUTO_BUF b = BUF_INIT(MAX);

	buf_adds(&b, "<r");
	for (unsigned i = 0; i < 250 * 1000; i++)
		buf_addf(&b, " a%u=''", i);
	buf_adds(&b, "/>");
	assert_true(buf_ok(&b));
	refuse("a tag of attributes", buf_text(&b), b.len, "attributes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list),
		cmocka_unit_test(texts),
		cmocka_unit_test(nothing),
		cmocka_unit_test(broken),
		cmocka_unit_test(a_file),
		cmocka_unit_test(limits),
		cmocka_unit_test(one_tag_of_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
