/*
 * What captions need to know of each character: where it may be parted from the next one, and its room. The
 * blocks of Unicode by what their letters do; where a block has several kinds of them, what most are.
 */
#include "daemon/film/captions_priv.h"
#include "lib/base/macros.h"

/* The last row at or below a point counts. */
static const struct {
	uint32_t first;
	struct char_class is;
} classes[] = {
	{0x0000, {CHAR_GONE, 0}},
	{0x0009, {CHAR_BLANK, 1}},
	{0x000E, {CHAR_GONE, 0}},
	{0x0020, {CHAR_BLANK, 1}},
	{0x0021, {CHAR_SIGN, 1}},
	{0x0030, {CHAR_LETTER, 1}},
	{0x003A, {CHAR_SIGN, 1}},
	{0x0041, {CHAR_LETTER, 1}},
	{0x005B, {CHAR_SIGN, 1}},
	{0x0061, {CHAR_LETTER, 1}},
	{0x007B, {CHAR_SIGN, 1}},
	{0x007F, {CHAR_GONE, 0}},
	{0x0085, {CHAR_BLANK, 1}},
	{0x0086, {CHAR_GONE, 0}},
	{0x00A0, {CHAR_SIGN, 1}},
	{0x00AA, {CHAR_LETTER, 1}},
	{0x00AB, {CHAR_SIGN, 1}},
	{0x00AD, {CHAR_GONE, 0}},
	{0x00AE, {CHAR_SIGN, 1}},
	{0x00B5, {CHAR_LETTER, 1}},
	{0x00B6, {CHAR_SIGN, 1}},
	{0x00BA, {CHAR_LETTER, 1}},
	{0x00BB, {CHAR_SIGN, 1}},
	{0x00C0, {CHAR_LETTER, 1}},
	{0x0300, {CHAR_MARK, 0}},
	{0x0370, {CHAR_LETTER, 1}},
	{0x037E, {CHAR_SIGN, 1}},
	{0x037F, {CHAR_LETTER, 1}},
	{0x0483, {CHAR_MARK, 0}},
	{0x048A, {CHAR_LETTER, 1}},
	{0x055A, {CHAR_SIGN, 1}},
	{0x0560, {CHAR_LETTER, 1}},
	{0x0589, {CHAR_SIGN, 1}},
	{0x0591, {CHAR_MARK, 0}}, /* Hebrew */
	{0x05BE, {CHAR_SIGN, 1}},
	{0x05BF, {CHAR_MARK, 0}},
	{0x05C0, {CHAR_SIGN, 1}},
	{0x05C1, {CHAR_MARK, 0}},
	{0x05C3, {CHAR_SIGN, 1}},
	{0x05C4, {CHAR_MARK, 0}},
	{0x05D0, {CHAR_LETTER, 1}},
	{0x05F3, {CHAR_SIGN, 1}},
	{0x0610, {CHAR_MARK, 0}}, /* Arabic */
	{0x061B, {CHAR_SIGN, 1}},
	{0x061C, {CHAR_GONE, 0}},
	{0x061D, {CHAR_SIGN, 1}},
	{0x0620, {CHAR_LETTER, 1}},
	{0x064B, {CHAR_MARK, 0}},
	{0x0660, {CHAR_LETTER, 1}},
	{0x066A, {CHAR_SIGN, 1}},
	{0x066E, {CHAR_LETTER, 1}},
	{0x0670, {CHAR_MARK, 0}},
	{0x0671, {CHAR_LETTER, 1}},
	{0x06D4, {CHAR_SIGN, 1}},
	{0x06D5, {CHAR_LETTER, 1}},
	{0x06D6, {CHAR_MARK, 0}},
	{0x06EE, {CHAR_LETTER, 1}},
	{0x08CA, {CHAR_MARK, 0}},
	{0x0904, {CHAR_LETTER, 1}}, /* Devanagari, and the others of India */
	{0x093A, {CHAR_MARK, 0}},
	{0x0950, {CHAR_LETTER, 1}},
	{0x0951, {CHAR_MARK, 0}},
	{0x0958, {CHAR_LETTER, 1}},
	{0x0962, {CHAR_MARK, 0}},
	{0x0964, {CHAR_SIGN, 1}},
	{0x0966, {CHAR_LETTER, 1}},
	{0x0E00, {CHAR_DENSE, 1}}, /* Thai */
	{0x0E2F, {CHAR_TAIL, 1}},
	{0x0E31, {CHAR_MARK, 0}},
	{0x0E32, {CHAR_TAIL, 1}},
	{0x0E34, {CHAR_MARK, 0}},
	{0x0E3F, {CHAR_SIGN, 1}},
	{0x0E40, {CHAR_LEAD, 1}},
	{0x0E45, {CHAR_TAIL, 1}},
	{0x0E47, {CHAR_MARK, 0}},
	{0x0E4F, {CHAR_SIGN, 1}},
	{0x0E50, {CHAR_LETTER, 1}},
	{0x0E80, {CHAR_DENSE, 1}}, /* Lao */
	{0x0EB0, {CHAR_TAIL, 1}},
	{0x0EB1, {CHAR_MARK, 0}},
	{0x0EB2, {CHAR_TAIL, 1}},
	{0x0EB4, {CHAR_MARK, 0}},
	{0x0EBD, {CHAR_TAIL, 1}},
	{0x0EC0, {CHAR_LEAD, 1}},
	{0x0EC6, {CHAR_TAIL, 1}},
	{0x0EC8, {CHAR_MARK, 0}},
	{0x0ED0, {CHAR_LETTER, 1}},
	{0x1000, {CHAR_DENSE, 1}}, /* Burmese */
	{0x102B, {CHAR_MARK, 0}},
	{0x103F, {CHAR_DENSE, 1}},
	{0x1040, {CHAR_LETTER, 1}},
	{0x104A, {CHAR_SIGN, 1}},
	{0x1050, {CHAR_DENSE, 1}},
	{0x10A0, {CHAR_LETTER, 1}},
	{0x1100, {CHAR_LETTER, 2}}, /* Hangul in parts */
	{0x1160, {CHAR_MARK, 0}},
	{0x1200, {CHAR_LETTER, 1}},
	{0x1780, {CHAR_DENSE, 1}}, /* Khmer */
	{0x17B4, {CHAR_MARK, 0}},
	{0x17D4, {CHAR_SIGN, 1}},
	{0x17E0, {CHAR_LETTER, 1}},
	{0x1AB0, {CHAR_MARK, 0}},
	{0x1B00, {CHAR_LETTER, 1}},
	{0x1DC0, {CHAR_MARK, 0}},
	{0x1E00, {CHAR_LETTER, 1}},
	{0x2000, {CHAR_BLANK, 1}},
	{0x2007, {CHAR_SIGN, 1}},
	{0x2008, {CHAR_BLANK, 1}},
	{0x200B, {CHAR_BREAK, 0}},
	{0x200C, {CHAR_MARK, 0}},
	{0x200E, {CHAR_GONE, 0}},
	{0x2010, {CHAR_SIGN, 1}},
	{0x2028, {CHAR_BLANK, 1}},
	{0x202A, {CHAR_GONE, 0}},
	{0x202F, {CHAR_SIGN, 1}},
	{0x205F, {CHAR_BLANK, 1}},
	{0x2060, {CHAR_GONE, 0}},
	{0x2070, {CHAR_SIGN, 1}},
	{0x20D0, {CHAR_MARK, 0}},
	{0x2100, {CHAR_SIGN, 1}},
	{0x2600, {CHAR_SIGN, 2}},
	{0x27C0, {CHAR_SIGN, 1}},
	{0x2C00, {CHAR_LETTER, 1}},
	{0x2DE0, {CHAR_MARK, 0}},
	{0x2E00, {CHAR_SIGN, 1}},
	{0x2E80, {CHAR_HAN, 2}},
	{0x3000, {CHAR_BLANK, 2}},
	{0x3001, {CHAR_CLOSE, 2}},
	{0x3003, {CHAR_TAIL, 2}},
	{0x3006, {CHAR_HAN, 2}},
	{0x3008, {CHAR_OPEN, 2}},
	{0x3009, {CHAR_CLOSE, 2}},
	{0x300A, {CHAR_OPEN, 2}},
	{0x300B, {CHAR_CLOSE, 2}},
	{0x300C, {CHAR_OPEN, 2}},
	{0x300D, {CHAR_CLOSE, 2}},
	{0x300E, {CHAR_OPEN, 2}},
	{0x300F, {CHAR_CLOSE, 2}},
	{0x3010, {CHAR_OPEN, 2}},
	{0x3011, {CHAR_CLOSE, 2}},
	{0x3012, {CHAR_SIGN, 2}},
	{0x3014, {CHAR_OPEN, 2}},
	{0x3015, {CHAR_CLOSE, 2}},
	{0x3016, {CHAR_OPEN, 2}},
	{0x3017, {CHAR_CLOSE, 2}},
	{0x3018, {CHAR_OPEN, 2}},
	{0x3019, {CHAR_CLOSE, 2}},
	{0x301D, {CHAR_OPEN, 2}},
	{0x301E, {CHAR_CLOSE, 2}},
	{0x3020, {CHAR_SIGN, 2}},
	{0x302A, {CHAR_MARK, 0}},
	{0x3030, {CHAR_SIGN, 2}},
	{0x3041, {CHAR_HIRAGANA, 2}},
	{0x3099, {CHAR_MARK, 0}},
	{0x309B, {CHAR_TAIL, 2}},
	{0x30A0, {CHAR_KATAKANA, 2}},
	{0x30FB, {CHAR_CLOSE, 2}},
	{0x30FC, {CHAR_TAIL, 2}},
	{0x3100, {CHAR_HAN, 2}},
	{0x3130, {CHAR_LETTER, 2}},
	{0x3190, {CHAR_HAN, 2}},
	{0x31F0, {CHAR_KATAKANA, 2}},
	{0x3200, {CHAR_HAN, 2}},
	{0xA4D0, {CHAR_LETTER, 1}},
	{0xA960, {CHAR_LETTER, 2}},
	{0xA980, {CHAR_LETTER, 1}},
	{0xAC00, {CHAR_LETTER, 2}}, /* Hangul, which writes blanks */
	{0xD7B0, {CHAR_MARK, 0}},
	{0xE000, {CHAR_SIGN, 1}},
	{0xF900, {CHAR_HAN, 2}},
	{0xFB00, {CHAR_LETTER, 1}},
	{0xFB1E, {CHAR_MARK, 0}},
	{0xFB1F, {CHAR_LETTER, 1}},
	{0xFE00, {CHAR_MARK, 0}},
	{0xFE10, {CHAR_CLOSE, 2}},
	{0xFE20, {CHAR_MARK, 0}},
	{0xFE30, {CHAR_SIGN, 2}},
	{0xFE70, {CHAR_LETTER, 1}},
	{0xFEFF, {CHAR_GONE, 0}},
	{0xFF01, {CHAR_CLOSE, 2}}, /* the wide forms of ASCII */
	{0xFF02, {CHAR_SIGN, 2}},
	{0xFF08, {CHAR_OPEN, 2}},
	{0xFF09, {CHAR_CLOSE, 2}},
	{0xFF0A, {CHAR_SIGN, 2}},
	{0xFF0C, {CHAR_CLOSE, 2}},
	{0xFF0D, {CHAR_SIGN, 2}},
	{0xFF0E, {CHAR_CLOSE, 2}},
	{0xFF0F, {CHAR_SIGN, 2}},
	{0xFF10, {CHAR_LETTER, 2}},
	{0xFF1A, {CHAR_CLOSE, 2}},
	{0xFF1C, {CHAR_SIGN, 2}},
	{0xFF1F, {CHAR_CLOSE, 2}},
	{0xFF20, {CHAR_SIGN, 2}},
	{0xFF21, {CHAR_LETTER, 2}},
	{0xFF3B, {CHAR_OPEN, 2}},
	{0xFF3D, {CHAR_CLOSE, 2}},
	{0xFF3E, {CHAR_SIGN, 2}},
	{0xFF41, {CHAR_LETTER, 2}},
	{0xFF5B, {CHAR_OPEN, 2}},
	{0xFF5D, {CHAR_CLOSE, 2}},
	{0xFF5F, {CHAR_OPEN, 2}},
	{0xFF60, {CHAR_CLOSE, 2}},
	{0xFF61, {CHAR_CLOSE, 1}},
	{0xFF62, {CHAR_OPEN, 1}},
	{0xFF63, {CHAR_CLOSE, 1}},
	{0xFF66, {CHAR_KATAKANA, 1}},
	{0xFF9E, {CHAR_TAIL, 1}},
	{0xFFA0, {CHAR_LETTER, 1}},
	{0xFFE0, {CHAR_SIGN, 2}},
	{0xFFF0, {CHAR_GONE, 0}},
	{0xFFFC, {CHAR_SIGN, 1}},
	{0xFFFE, {CHAR_GONE, 0}},
	{0x10000, {CHAR_LETTER, 1}},
	{0x1F000, {CHAR_SIGN, 2}}, /* emoji */
	{0x1F3FB, {CHAR_MARK, 0}},
	{0x1F400, {CHAR_SIGN, 2}},
	{0x20000, {CHAR_HAN, 2}},
	{0x40000, {CHAR_GONE, 0}},
	{0xE0020, {CHAR_MARK, 0}},
	{0xE0080, {CHAR_GONE, 0}},
	{0xE0100, {CHAR_MARK, 0}},
	{0xE01F0, {CHAR_GONE, 0}},
};

struct char_class char_class(uint32_t point)
{
	size_t low = 0, high = ARRAY_LEN(classes);

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (classes[middle].first <= point)
			low = middle;
		else
			high = middle;
	}
	return classes[low].is;
}

bool char_may_part(enum char_kind before, enum char_kind after)
{
	/* '+' where they may; columns in the order of the rows. Endings in Hiragana stay with their stems. */
	static const char table[CHAR_BASE_COUNT][CHAR_BASE_COUNT + 1] = {
		[CHAR_LETTER] = "....+.+..",
		[CHAR_SIGN] = ".........",
		[CHAR_OPEN] = ".........",
		[CHAR_CLOSE] = "+.+.+++++",
		[CHAR_HAN] = "+.+.+.+++",
		[CHAR_HIRAGANA] = "+.+.+.+++",
		[CHAR_KATAKANA] = "+.+.+..++",
		[CHAR_DENSE] = "....+++.+",
		[CHAR_LEAD] = ".........",
	};

	return before < CHAR_BASE_COUNT && after < CHAR_BASE_COUNT && table[before][after] == '+';
}

bool char_is_lower_case(uint32_t p)
{
	return (p >= 'a' && p <= 'z') || (p >= 0xDF && p <= 0xFF && p != 0xF7) ||
	       (p >= 0x3AC && p <= 0x3CE) || (p >= 0x430 && p <= 0x45F);
}
