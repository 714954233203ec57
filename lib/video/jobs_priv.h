#ifndef VIDEOD_VIDEO_JOBS_PRIV_H
#define VIDEOD_VIDEO_JOBS_PRIV_H

/* The two statements whose plans decide how claiming scales; a test asks the server for their plans. */

extern const char jobs_sql_waiting[]; /* no values */
extern const char jobs_sql_pick[];    /* store, limit */

#endif
