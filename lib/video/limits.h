#ifndef VIDEOD_VIDEO_LIMITS_H
#define VIDEOD_VIDEO_LIMITS_H

/*
 * Every limit a client can run into, in one place. Texts are counted in code points, times in milliseconds.
 * They are repeated as CHECKs or column widths in db/: a change here needs a migration there.
 */

#define LIMIT_BODY_BYTES     (512 * 1024) /* the largest valid video, in characters of four bytes, fits */
#define LIMIT_ID             64           /* store and product ids: [A-Za-z0-9._-], first a letter or digit */
#define LIMIT_CLIENT_KEY     200          /* an Idempotency-Key */
#define LIMIT_SCENES         50
#define LIMIT_PROMPT         1000
#define LIMIT_TITLE          200
#define LIMIT_OVERLAY        200
#define LIMIT_SCRIPT         5000
#define LIMIT_NARRATION      1500 /* of one scene: more cannot be said in LIMIT_SCENE_MAX_MS */
#define LIMIT_VOICE_ID       64
#define LIMIT_MODEL          32 /* name of a vendor's video model */
#define LIMIT_URL            2048
#define LIMIT_SCENE_MIN_MS   1000
#define LIMIT_SCENE_MAX_MS   60000
#define LIMIT_MUSIC_VOLUME   100
#define DEFAULT_MUSIC_VOLUME 30
#define LIMIT_VOICE_VOLUME   100
#define DEFAULT_VOICE_VOLUME 100
#define LIMIT_SCENE_VOLUME   100
#define LIMIT_CARD_MIN_MS    1000 /* an intro or end card */
#define LIMIT_CARD_MAX_MS    10000
#define DEFAULT_CARD_MS      3000
#define LIMIT_LOGO_MIN       4 /* percent of the film's shorter side */
#define LIMIT_LOGO_MAX       40
#define DEFAULT_LOGO_SIZE    14
#define LIMIT_STORE_NAME     200
#define LIMIT_NICHE          100
#define LIMIT_DESCRIPTION    20000
#define LIMIT_IMAGES         20
#define LIMIT_ALT            200
#define LIMIT_PRICE_MILLI    9999999999 /* 9,999,999.999 */
#define LIMIT_PAGE           100
#define DEFAULT_PAGE         20
#define LIMIT_OFFSET         1000000
#define LIMIT_PROBLEMS       100 /* listed in one answer */

#define LIMIT_UPLOAD_BYTES  (32 * 1024 * 1024) /* client_max_body_size of uploads in nginx/ repeats it */
#define LIMIT_PICTURE_BYTES (16 * 1024 * 1024)
#define LIMIT_SOUND_BYTES   (64 * 1024 * 1024)
#define LIMIT_PICTURE_SIDE  8192 /* pixels */

/* Of a clip from outside, which is made to be shown as a scene of LIMIT_SCENE_MAX_MS. */
#define LIMIT_CLIP_SIDE 4096 /* pixels */
#define LIMIT_CLIP_MS   300000
#define LIMIT_CLIP_RATE 240 /* frames a second */

#endif
