#ifndef VIDEOD_VIDEO_SETTINGS_H
#define VIDEOD_VIDEO_SETTINGS_H

/* One configuration for all programs: videod.conf(5), overridden by the environment. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/base/conf.h"

#define SETTINGS_DEFAULT_FILE "/etc/videod/videod.conf"

/* Who reads them. What has the flag CONF_DAEMON stays unset for the others: see conf_load. */
enum settings_role { ROLE_DAEMON, ROLE_RESPONDER, ROLE_OPERATOR, ROLE_COUNT };
enum settings_scene_provider { SCENES_LOCAL, SCENES_RUNWAY, SCENES_COUNT };
enum settings_voice_provider { VOICES_LOCAL, VOICES_ELEVENLABS, VOICES_COUNT };
enum settings_unknown { UNKNOWN_PAUSE, UNKNOWN_REPEAT_ONCE, UNKNOWN_COUNT };
enum settings_storage { STORAGE_LOCAL, STORAGE_S3, STORAGE_COUNT };
enum settings_disposition { DISPOSITION_NONE, DISPOSITION_INLINE, DISPOSITION_ATTACHMENT, DISPOSITION_COUNT };

struct settings {
	enum settings_role role; /* as given to settings_load; decides which members can be set */

	/* where things are */
	char *db_socket, *db_host, *db_user, *db_password, *db_name;
	int64_t db_port;
	char *cache_server; /* memcached: socket path or host:port */
	char *wake_socket;  /* the daemon's datagram socket */
	char *work_dir;     /* one folder per video under way */
	char *assets_dir;   /* music and our own products' pictures */
	char *media_dir;    /* root of the local storage, served by nginx under /media/ */
	char *uploads_dir;  /* what stores have uploaded: a folder each; responders write, the daemon reads */
	char *public_url;   /* scheme and host that clients use; "" makes URLs that begin with / */
	char *cdn_domain;   /* when set, URLs are https://<cdn_domain>/<key> */
	char *ffmpeg, *ffprobe, *lettering;
	int log_level;

	/* who makes and keeps */
	int scene_provider, voice_provider, storage;
	bool keep_bought; /* also in a remote storage */
	char *bought_dir; /* clips and voices that were paid for: kept while a video is made of them */

	/* Runway */
	char *runway_api_key, *runway_url, *runway_model;
	int64_t runway_in_flight; /* requests of one daemon that wait for the vendor */
	int64_t runway_poll_ms, runway_task_deadline_sec;
	int64_t runway_clip_mb; /* the largest clip that is taken */
	bool prompt_enhance;
	char *prompt_suffix;

	/* ElevenLabs */
	char *elevenlabs_api_key, *elevenlabs_url, *elevenlabs_model, *elevenlabs_format;
	int64_t elevenlabs_in_flight;
	char *voice_presets;                                                 /* "default=ID female=ID ..." */
	int64_t voice_stability, voice_similarity, voice_style, voice_speed; /* per cent */

	/* money */
	int unknown_charge; /* enum settings_unknown: what follows a paid request of which nobody knows */
	int64_t max_video_credits, max_video_characters; /* 0: no limit */
	int64_t max_store_day_credits, max_store_day_characters;
	int64_t probe_sec; /* how often the vendors' accounts are looked at */

	/* storage = s3 */
	char *aws_region, *aws_access_key_id, *aws_secret_access_key, *aws_session_token;
	char *s3_bucket, *s3_endpoint; /* no endpoint: AWS */
	char *s3_prefix;               /* of every key there; "" or with a slash at its end */
	char *s3_ca_file;
	bool s3_path_style, s3_allow_http;
	char *s3_storage_class, *s3_sse, *s3_kms_key, *s3_tags, *s3_cache_control; /* of what is put */
	int s3_disposition;  /* enum settings_disposition */
	int64_t s3_link_sec; /* how long a signed address works */
	int64_t s3_part_mb, s3_parts_at_once, s3_attempts, s3_deadline_sec;

	/* how much at once */
	int64_t videos_in_flight; /* of one daemon */
	int64_t store_in_flight;  /* of one store, over all daemons */
	int64_t children;         /* ffmpeg processes at once; 0: as many as processors */
	int64_t child_deadline_sec;
	int64_t child_nice;
	int64_t child_memory_mb; /* 0: no limit */
	int film_quality;        /* enum look_quality: of films that do not say */

	/* the queue */
	int64_t attempts; /* tries of one step */
	int64_t backoff_ms, backoff_cap_ms;
	int64_t video_deadline_sec;
	int64_t priority;    /* 0 first ... 9 last */
	int64_t lost_leases; /* leases lost in a row, without a step finished, before a video is given up */
	int64_t lease_sec;
	int64_t poll_ms;
	int64_t drain_sec; /* after SIGTERM */
	int64_t keep_completed_jobs, keep_failed_jobs;
	int64_t keep_completed_days, keep_failed_days, keep_cancelled_days; /* of videos; 0: for ever */

	/* uploads */
	int64_t upload_store_mb;  /* of one store, all together */
	int64_t upload_keep_days; /* after nothing refers to them any more */

	/* pictures from elsewhere */
	bool image_allow_private; /* also http and private addresses: a shop in one's own network, tests */
	char *image_ca_file;      /* who signs such a shop's certificate */
};

extern const struct conf_key settings_keys[];
extern const size_t settings_key_count;

/*
 * Reads file, or with NULL $VIDEOD_CONFIG or SETTINGS_DEFAULT_FILE where that exists. As conf_load, plus what
 * spans keys.
 */
int settings_load(const char *file, enum settings_role role, struct settings *out, struct err *e);
/* For --check-config; file as it was given to settings_load. */
void settings_print(const struct settings *s, const char *file, FILE *to);
void settings_done(struct settings *s);
const char *settings_file(const char *file); /* which file settings_load reads; NULL none */

struct db_options;
struct db_options settings_db(const struct settings *s); /* borrows s */

#endif
