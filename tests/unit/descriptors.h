#ifndef VIDEOD_TESTS_UNIT_DESCRIPTORS_H
#define VIDEOD_TESTS_UNIT_DESCRIPTORS_H

#include <stddef.h>

/* How many descriptors this process has: the same before and after, if none was lost. */
size_t descriptors_open(void);

#endif
