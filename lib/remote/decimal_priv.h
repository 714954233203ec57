#ifndef VIDEOD_REMOTE_DECIMAL_PRIV_H
#define VIDEOD_REMOTE_DECIMAL_PRIV_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A number of JSON's grammar as an integer count of 10^-places (at most 18), rounded half away from zero and
 * never through a double: "0.0715" with 3 places is 72. Vendors print what their floats hold
 * ("0.07100000000000001"), which text_to_scaled refuses. False when it is no number, or its size is above
 * max. s may be NULL.
 */
bool decimal_round(const char *s, unsigned places, int64_t max, int64_t *ret_value);
bool decimal_is_number(const char *s); /* by JSON's grammar */

#endif
