#ifndef VIDEOD_TESTS_UNIT_BODIES_H
#define VIDEOD_TESTS_UNIT_BODIES_H

/* Request bodies as tests write them down, and all that is wrong with one. What cannot be read fails the
 * test. */

struct json;
struct problems;

struct json *body_parse(const char *text); /* caller frees */
/* expected is "/path: message\n" for each problem, in their order. */
void body_problems(const char *title, const struct problems *p, const char *expected);

#endif
