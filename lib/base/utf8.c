/* UTF-8 as RFC 3629 section 3 has it: the lead byte says how many bytes with six bits each follow. */

#include "lib/base/utf8.h"

#include "lib/base/buf.h"

uint32_t utf8_next(const char **s)
{
	const unsigned char *p = (const unsigned char *)*s;
	unsigned more = p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : p[0] >= 0xC0 ? 1 : 0;
	uint32_t point = more == 0 ? p[0] : p[0] & (0x3FU >> more);

	if (*p == 0)
		return 0;
	for (p++; more > 0 && *p; more--)
		point = point << 6 | (*p++ & 0x3FU);
	*s = (const char *)p;
	return point;
}

uint32_t utf8_peek(const char *s)
{
	return utf8_next(&s);
}

void utf8_add(struct buf *out, uint32_t point)
{
	unsigned more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0x00, 0xC0, 0xE0, 0xF0};
	char bytes[4];

	bytes[0] = (char)(lead[more] | point >> (6 * more));
	for (unsigned i = 1; i <= more; i++)
		bytes[i] = (char)(0x80 | (point >> (6 * (more - i)) & 0x3F));
	buf_add(out, bytes, 1 + more);
}
