#ifndef VIDEOD_TESTS_UNIT_SHOP_H
#define VIDEOD_TESTS_UNIT_SHOP_H

/* Our own schema on a real server, with two shops, and videos and claims in them. What fails, fails the test.
 */

#include <stdint.h>

#include "lib/video/jobs.h"
#include "lib/video/settings.h"
#include "lib/video/video.h"
#include "tests/unit/session.h"

extern struct db *shop_db, *shop_other; /* two daemons' connections */
extern const struct settings shop_settings;
extern const struct jobs_rules shop_rules, shop_rival;

/* Group set-up and teardown of cmocka, and a test's own set-up. */
int shop_open(void **state);
int shop_close(void **state);
int shop_empty(void **state);

/* A video of "shop-a" or "shop-b", with a job that waits. */
struct uuid shop_video(const char *store, size_t scenes);
struct job shop_claim(void);                     /* as the first daemon */
struct job shop_claim_rival(void);               /* after the first one's leases ran out */
void shop_expect_claimed(const struct uuid *id); /* the next claim makes it */
struct video shop_read(const struct uuid *id);   /* video_done frees */

/* The claim ends in a pause. */
void shop_pause(const struct job *job, enum pause_reason reason, int64_t need_milli);
/* A clip for each video there is, in that state of a purchase. */
void shop_purchase(const char *state, int item);

#endif
