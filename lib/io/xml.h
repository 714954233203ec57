#ifndef VIDEOD_IO_XML_H
#define VIDEOD_IO_XML_H

/*
 * Small XML answers of servers (libxml2): read whole, within limits, and looked through by name. No network,
 * no entities but the five of XML itself, no DTD; namespaces are ignored.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct buf;
struct err;
struct xml;      /* a document */
struct xml_node; /* an element; belongs to its document */

#define XML_DEPTH_MAX      16
#define XML_TAGS_MAX       (100 * 1000) /* of one document, opening and closing ones */
#define XML_ATTRIBUTES_MAX 2000         /* likewise */

/* -1 ERR_PERM: no XML, not UTF-8, cut off, too deep, a DOCTYPE, a NUL, or more of anything than max_bytes and
 * the limits above allow; ERR_TEMP: no memory for it. White space at both ends is fine. */
int xml_parse(const char *text, size_t n, size_t max_bytes, struct xml **ret_xml, struct err *e);
void xml_free(struct xml *x);
DEFINE_FREEP(xml)

const struct xml_node *xml_root(const struct xml *x);
const char *xml_name(const struct xml_node *n); /* without its prefix */
/* The first child element of that name, name NULL: of any; NULL where there is none. n may be NULL. */
const struct xml_node *xml_child(const struct xml_node *n, const char *name);
const struct xml_node *xml_next(const struct xml_node *n, const char *name); /* the next sibling, likewise */
/* All text directly in it; "" for none and for a NULL n. Caller frees. */
char *xml_text(const struct xml_node *n);

/* Adds text as an element's or an attribute's content; control bytes as references, which XML 1.0 has no
 * other form for. */
void xml_escape(const char *text, struct buf *out);

#endif
