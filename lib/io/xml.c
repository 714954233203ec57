/*
 * XML answers through libxml2's tree. What costs more than its length is refused before anything is parsed
 * (many elements; many attributes, which libxml2 compares each with each) or at its first sign (a DOCTYPE,
 * and with it every entity that expands, recursively or from a file). Only UTF-8 is read, whatever the
 * document declares.
 *
 * Kept here: time and memory are bounded by max_bytes, and nothing is opened or fetched.
 */

#include "lib/io/xml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"

#define OPTIONS (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)
#define BLANKS  " \t\r\n"

struct xml {
	xmlDoc *doc;
};

static bool is_blank(char c)
{
	return c != '\0' && strchr(BLANKS, c) != NULL;
}

/* A page of a thousand objects has a quarter of what is allowed here. Text that looks like an attribute
 * counts as one. */
static int check_shape(const char *p, size_t n, struct err *e)
{
	size_t tags = 0, attributes = 0;
	char last = '\0'; /* that was no blank */

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\0')
			return err_set(e, ERR_PERM, "no XML: a NUL at byte %zu", i);
		tags += p[i] == '<';
		attributes += last == '=' && (p[i] == '"' || p[i] == '\'');
		if (!is_blank(p[i]))
			last = p[i];
	}
	if (tags > XML_TAGS_MAX || attributes > XML_ATTRIBUTES_MAX)
		return err_set(
			e, ERR_PERM, "XML with too many %s", tags > XML_TAGS_MAX ? "tags" : "attributes");
	return 0;
}

/* Called by libxml2 at "<!DOCTYPE name", before what is in it. */
static void on_doctype(void *arg, const xmlChar *name UNUSED, const xmlChar *external_id UNUSED,
	const xmlChar *system_id UNUSED)
{
	xmlParserCtxt *parser = arg;
	bool *has_doctype = parser->_private;

	*has_doctype = true;
	xmlStopParser(parser);
}

static int parse(const char *p, size_t n, xmlDoc **ret_doc, struct err *e)
{
	bool has_doctype = false;
	xmlParserCtxt *parser = xmlNewParserCtxt();

	if (parser == NULL)
		return err_set(e, ERR_TEMP, "no memory for XML");
	parser->_private = &has_doctype;
	parser->sax->internalSubset = on_doctype;
	xmlDoc *doc = xmlCtxtReadMemory(parser, p, (int)n, NULL, "UTF-8", OPTIONS);
	int line = parser->lastError.line;

	xmlFreeParserCtxt(parser);
	if (doc != NULL && !has_doctype) {
		*ret_doc = doc;
		return 0;
	}
	xmlFreeDoc(doc);
	if (has_doctype)
		return err_set(e, ERR_PERM, "XML with a DOCTYPE");
	return err_set(e, ERR_PERM, "no XML: line %d", line);
}

/* Whether n and its next siblings have no more levels of elements than that; goes no deeper itself. */
static bool is_flat(const xmlNode *n, unsigned levels)
{
	for (; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE && (levels == 0 || !is_flat(n->children, levels - 1)))
			return false;
	return true;
}

int xml_parse(const char *text, size_t n, size_t max_bytes, struct xml **ret_xml, struct err *e)
{
	AUTO(xml) x = NULL;

	if (n > max_bytes || n > INT_MAX)
		return err_set(e, ERR_PERM, "XML of %zu bytes, more than %zu", n, max_bytes);
	for (; n > 0 && is_blank(*text); n--)
		text++; /* libxml2 wants a declaration to be the first thing there is */
	if (check_shape(text, n, e) < 0)
		return -1;

	x = xcalloc(1, sizeof(*x));
	if (parse(text, n, &x->doc, e) < 0)
		return -1;
	if (!is_flat(xmlDocGetRootElement(x->doc), XML_DEPTH_MAX))
		return err_set(e, ERR_PERM, "XML deeper than %d", XML_DEPTH_MAX);
	*ret_xml = steal_ptr(x);
	return 0;
}

void xml_free(struct xml *x)
{
	if (x == NULL)
		return;
	xmlFreeDoc(x->doc);
	free(x);
}

/* A struct xml_node is libxml2's own under another name. */

static const xmlNode *inside(const struct xml_node *n)
{
	return (const xmlNode *)(const void *)n;
}

static const struct xml_node *outside(const xmlNode *n)
{
	return (const struct xml_node *)(const void *)n;
}

const struct xml_node *xml_root(const struct xml *x)
{
	return outside(xmlDocGetRootElement(x->doc));
}

const char *xml_name(const struct xml_node *n)
{
	const char *name = (const char *)inside(n)->name;
	const char *colon = strchr(name, ':'); /* of a prefix that was not declared */

	return colon != NULL ? colon + 1 : name;
}

/* The first of n and its next siblings that is an element of that name. */
static const struct xml_node *find(const xmlNode *n, const char *name)
{
	for (; n != NULL; n = n->next)
		if (n->type == XML_ELEMENT_NODE && (name == NULL || strcmp(xml_name(outside(n)), name) == 0))
			return outside(n);
	return NULL;
}

const struct xml_node *xml_child(const struct xml_node *n, const char *name)
{
	return n != NULL ? find(inside(n)->children, name) : NULL;
}

const struct xml_node *xml_next(const struct xml_node *n, const char *name)
{
	return n != NULL ? find(inside(n)->next, name) : NULL;
}

char *xml_text(const struct xml_node *n)
{
	AUTO_BUF text = BUF_INIT(INT_MAX); /* a document is not longer */

	for (const xmlNode *c = n != NULL ? inside(n)->children : NULL; c != NULL; c = c->next)
		if (c->type == XML_TEXT_NODE && c->content != NULL)
			buf_adds(&text, (const char *)c->content);
	return buf_steal(&text);
}

void xml_escape(const char *text, struct buf *out)
{
	static const char *const entities[] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ARRAY_LEN(entities) && entities[c] != NULL)
			buf_adds(out, entities[c]);
		else if (c < ' ' || c == 0x7f)
			buf_addf(out, "&#%u;", (unsigned)c);
		else
			buf_addc(out, *text);
	}
}
