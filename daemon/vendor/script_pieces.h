#ifndef VIDEOD_DAEMON_VENDOR_SCRIPT_PIECES_H
#define VIDEOD_DAEMON_VENDOR_SCRIPT_PIECES_H

/* Cuts a script into pieces that a vendor speaks one after the other. Pure; the same script is always cut the
 * same. */

#include <stddef.h>

struct script_piece {
	size_t at, len; /* bytes of the script, without white space at both ends */
};

/*
 * Pieces of at most max_points code points (at least 1), each as long as can be: it ends with a sentence,
 * where there is none with a clause, then with a word, and in the middle of one only where a word is longer
 * than a piece. No piece goes over the seam of two narrations (U+000C). How many; 0 for a script of white
 * space only. Caller frees *ret.
 */
size_t script_pieces(const char *script, size_t max_points, struct script_piece **ret);

#endif
