#ifndef VIDEOD_VIDEO_MONEY_H
#define VIDEOD_VIDEO_MONEY_H

/* Prices for people: ISO 4217 currencies and what a locale decides about writing an amount (CLDR). */

#include <stdint.h>

struct buf;

/* NULL-terminated tables of names: "USD", "EUR", ...; "en-US", "de-DE", ... Index 0 is the default. */
extern const char *const money_currencies[];
extern const char *const money_locales[];

/*
 * "$29.99", "29,99 €", "¥2,980". No decimals where the amount has none and the currency's are all zero
 * ("$30"). milli is not negative; both indexes are of the tables above.
 */
void money_write(int64_t milli, int currency, int locale, struct buf *out);
/* For a voice, English: "29 dollars and 99 cents", "2980 yen". */
void money_speak(int64_t milli, int currency, struct buf *out);

#endif
