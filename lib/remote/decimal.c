/* Decimal numbers to integers: see decimal_priv.h. Only digits are looked at, so nothing is lost. */

#include "lib/remote/decimal_priv.h"

#include <stddef.h>
#include <string.h>

#define EXPONENT_MAX 1000 /* a larger one is no amount of anything */

struct decimal {
	const char *whole, *part; /* the digits before and after the point */
	size_t whole_count, part_count;
	int64_t exponent;
};

static size_t count_digits(const char *s)
{
	return strspn(s, "0123456789");
}

/* From behind the 'e' to the end of the text. */
static bool read_exponent(const char *s, int64_t *ret)
{
	bool minus = *s == '-';
	int64_t value = 0;

	if (*s == '-' || *s == '+')
		s++;
	size_t n = count_digits(s);
	if (n == 0 || s[n] != '\0')
		return false;
	for (size_t i = 0; i < n && value <= EXPONENT_MAX; i++)
		value = value * 10 + (s[i] - '0');
	*ret = minus ? -value : value;
	return true;
}

static bool take_apart(const char *s, struct decimal *d)
{
	*d = (struct decimal){.whole = s, .whole_count = count_digits(s)};
	if (d->whole_count == 0 || (*s == '0' && d->whole_count > 1))
		return false;
	s += d->whole_count;
	if (*s == '.') {
		d->part = ++s;
		d->part_count = count_digits(s);
		s += d->part_count;
		if (d->part_count == 0)
			return false;
	}
	if (*s == '\0')
		return true;
	return (*s == 'e' || *s == 'E') && read_exponent(s + 1, &d->exponent);
}

static int digit_at(const struct decimal *d, size_t i)
{
	if (i < d->whole_count)
		return d->whole[i] - '0';
	i -= d->whole_count;
	return i < d->part_count ? d->part[i] - '0' : 0;
}

bool decimal_is_number(const char *s)
{
	struct decimal d;

	return take_apart(*s == '-' ? s + 1 : s, &d);
}

bool decimal_round(const char *s, unsigned places, int64_t max, int64_t *ret_value)
{
	bool minus = s != NULL && *s == '-';
	struct decimal d;
	int64_t value = 0;

	if (s == NULL || !take_apart(s + (minus ? 1 : 0), &d))
		return false;
	int64_t kept =
		(int64_t)d.whole_count + (int64_t)places + d.exponent; /* digits left of the new point */
	for (int64_t i = 0; i < kept && (value > 0 || i < (int64_t)(d.whole_count + d.part_count)); i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, digit_at(&d, (size_t)i), &value))
			return false;
	if (kept >= 0 && digit_at(&d, (size_t)kept) >= 5 && __builtin_add_overflow(value, 1, &value))
		return false;
	if (value > max)
		return false;
	*ret_value = minus ? -value : value;
	return true;
}
