/*
 * The one configuration of all programs, as a table. A new key is a line here, a member in settings.h, an
 * entry in videod.conf(5) and one in systemd/videod.conf.example; tests/unit/test_settings.c compares the
 * four. What spans keys is a rule in the second table.
 */

#include "lib/video/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/err.h"
#include "lib/base/log.h"
#include "lib/base/macros.h"
#include "lib/io/db.h"
#include "lib/video/look.h"
#include "lib/video/models.h"

#define SOCKET_PATH_MAX 107 /* sun_path of unix(7), less its NUL */

#define DB_CONNECT_SEC 5
#define DB_IO_SEC      30

static const char *const scene_provider_names[] = {
	[SCENES_LOCAL] = "local", [SCENES_RUNWAY] = "runway", [SCENES_COUNT] = NULL};
static const char *const voice_provider_names[] = {
	[VOICES_LOCAL] = "local", [VOICES_ELEVENLABS] = "elevenlabs", [VOICES_COUNT] = NULL};
static const char *const unknown_names[] = {
	[UNKNOWN_PAUSE] = "pause", [UNKNOWN_REPEAT_ONCE] = "repeat-once", [UNKNOWN_COUNT] = NULL};
static const char *const storage_names[] = {
	[STORAGE_LOCAL] = "local", [STORAGE_S3] = "s3", [STORAGE_COUNT] = NULL};
static const char *const disposition_names[] = {[DISPOSITION_NONE] = "none",
	[DISPOSITION_INLINE] = "inline",
	[DISPOSITION_ATTACHMENT] = "attachment",
	[DISPOSITION_COUNT] = NULL};

static const char *const film_quality_names[] = {[QUALITY_DRAFT] = "draft",
	[QUALITY_STANDARD] = "standard",
	[QUALITY_HIGH] = "high",
	[QUALITY_COUNT] = NULL};

static const char *check_cache_server(const char *s)
{
	return *s == '\0' || *s == '/' || strchr(s, ':')
		       ? NULL
		       : "must be the absolute path of a socket, or host:port";
}

static const char *check_public_url(const char *s)
{
	const char *host = strstr(s, "://");
	size_t scheme = host ? (size_t)(host - s) : 0;
	bool is_http = (scheme == 4 || scheme == 5) && strncmp(s, "https", scheme) == 0;

	if (*s == '\0' || (is_http && host[3] && !strpbrk(host + 3, "/?#@ ")))
		return NULL;
	return "must be http:// or https:// and a host, without a path";
}

static const char *check_cdn_domain(const char *s)
{
	return strpbrk(s, "/?#@: ") ? "must be a host's name alone" : NULL;
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_made_of(const char *s, const char *allowed)
{
	return s[strspn(s, allowed)] == '\0';
}

/* What every S3 server takes, in a path as in a host's name. */
static const char *check_bucket(const char *s)
{
	bool is_one = is_made_of(s, LOWER DIGITS ".-") && strlen(s) >= 3 && isalnum((unsigned char)*s) &&
		      isalnum((unsigned char)s[strlen(s) - 1]) && !strstr(s, "..");

	return *s == '\0' || is_one ? NULL : "must be a bucket's name";
}

/* Begins keys: "", or parts that each end with a slash. */
static const char *check_prefix(const char *s)
{
	size_t n = strlen(s);
	bool has_parts = n > 0 && *s != '/' && !strstr(s, "//") && s[n - 1] == '/';

	if (n == 0 || (has_parts && is_made_of(s, LOWER DIGITS "._-/")))
		return NULL;
	return "must be lower-case parts that each end with a slash, such as films/";
}

static const char *check_region(const char *s)
{
	return is_made_of(s, LOWER UPPER DIGITS "._-") ? NULL : "must be a region's name";
}

static const char *check_sse(const char *s)
{
	return *s == '\0' || strcmp(s, "AES256") == 0 || strcmp(s, "aws:kms") == 0
		       ? NULL
		       : "must be AES256 or aws:kms";
}

static const char *check_storage_class(const char *s)
{
	return is_made_of(s, UPPER DIGITS "_") ? NULL : "must be a storage class, such as STANDARD_IA";
}

static const char *check_tags(const char *s)
{
	return is_made_of(s, LOWER UPPER DIGITS "-._~%+=&") && (*s == '\0' || strchr(s, '='))
		       ? NULL
		       : "must be name=value pairs with & between them, percent-encoded";
}

/* It becomes a header's value as it is. */
static const char *check_header_value(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			return "must be plain ASCII";
	return NULL;
}

static const char *check_model(const char *s)
{
	return models_find(s) ? NULL : "must be a model that videod knows: see videod.conf(5)";
}

static const char *check_speech_format(const char *s)
{
	return strncmp(s, "mp3_", 4) == 0 ? NULL
					  : "must be one of the vendor's mp3 formats, such as mp3_44100_128";
}

/* "name=ID name=ID": what vendor_voices_resolve reads. */
static const char *check_voice_presets(const char *s)
{
	for (const char *p = s + strspn(s, " "); *p; p += strspn(p, " ")) {
		size_t word = strcspn(p, " "), name = strcspn(p, "= ");

		if (name == 0 || p[name] != '=' || word < name + 2)
			return "must be name=ID pairs, with blanks between them";
		p += word;
	}
	return NULL;
}

#define KEY(member, kind)        .name = #member, .type = (kind), .offset = offsetof(struct settings, member)
#define STRING(member)           KEY(member, CONF_STRING)
#define SECRET(member)           KEY(member, CONF_SECRET)
#define DAEMON_SECRET(member)    KEY(member, CONF_SECRET), .flags = CONF_DAEMON
#define PATH(member)             KEY(member, CONF_PATH)
#define INT(member, first, last) KEY(member, CONF_INT), .min = (first), .max = (last)

const struct conf_key settings_keys[] = {
	{PATH(db_socket), .fallback = "/run/mysqld/mysqld.sock", .max = SOCKET_PATH_MAX,
		.help = "the database server's socket; not used when db_host is set"},
	{STRING(db_host), .max = 255, .help = "the database server's host, to reach it by TCP"},
	{INT(db_port, 1, 65535), .fallback = "3306", .help = "the port at db_host"},
	{STRING(db_user), .fallback = "videod", .min = 1, .max = 128, .help = "the database account"},
	{SECRET(db_password), .help = "the database account's password"},
	{STRING(db_name), .fallback = "videod", .min = 1, .max = 64, .help = "the database's name"},
	{STRING(cache_server), .fallback = "/run/memcached/memcached.sock", .max = 255,
		.check = check_cache_server,
		.help = "memcached: the path of a socket, or host:port; empty for none"},
	{PATH(wake_socket), .fallback = "/run/videod/wake.sock", .max = SOCKET_PATH_MAX,
		.flags = CONF_REQUIRED, .help = "where the daemon hears of new work at once"},
	{PATH(work_dir), .fallback = "/var/cache/videod/work", .env_alias = "TEMP_DIR",
		.flags = CONF_REQUIRED,
		.help = "one folder for each video under way; those left behind are swept away"},
	{PATH(assets_dir), .fallback = "/usr/share/videod/assets", .env_alias = "ASSETS_DIR",
		.flags = CONF_REQUIRED, .help = "the music and the pictures that come with videod"},
	{PATH(media_dir), .fallback = "/var/lib/videod/media", .flags = CONF_REQUIRED,
		.help = "the finished files of storage = local"},
	{PATH(uploads_dir), .fallback = "/var/lib/videod/uploads", .flags = CONF_REQUIRED,
		.help = "pictures, voices and music that stores have uploaded"},
	{STRING(public_url), .fallback = "", .max = 255, .check = check_public_url,
		.help = "scheme and host in the URLs of finished files; empty for URLs that begin with /"},
	{STRING(cdn_domain), .env_alias = "CDN_DOMAIN", .max = 253, .check = check_cdn_domain,
		.help = "the host that delivers the finished files by https, instead of public_url"},
	{PATH(ffmpeg), .fallback = "/usr/bin/ffmpeg", .env_alias = "FFMPEG_PATH", .flags = CONF_REQUIRED,
		.help = "the ffmpeg program"},
	{PATH(ffprobe), .fallback = "/usr/bin/ffprobe", .flags = CONF_REQUIRED,
		.help = "the ffprobe program"},
	{PATH(lettering), .fallback = "/usr/lib/videod/videod-lettering", .flags = CONF_REQUIRED,
		.help = "the program that draws texts"},
	{KEY(log_level, CONF_ENUM), .fallback = "info", .names = log_level_names,
		.help = "what is logged: this and what is worse"},

	{KEY(scene_provider, CONF_ENUM), .fallback = "local", .names = scene_provider_names,
		.help = "who makes the scenes of videos that are no drafts"},
	{KEY(voice_provider, CONF_ENUM), .fallback = "local", .names = voice_provider_names,
		.help = "who speaks the scripts of videos that are no drafts"},
	{PATH(bought_dir), .fallback = "/var/lib/videod/bought", .flags = CONF_REQUIRED,
		.help = "clips and voices that were paid for, kept while a video is made of them"},
	{KEY(keep_bought, CONF_BOOL), .fallback = "yes",
		.help = "copy what was paid for to a storage that is not on this host"},
	{STRING(runway_url), .fallback = "https://api.dev.runwayml.com", .max = 255,
		.check = check_public_url, .help = "Runway's server"},
	{STRING(runway_model), .fallback = "gen4.5", .max = 32, .check = check_model,
		.help = "the model of scenes that name none"},
	{INT(runway_in_flight, 1, 1000), .fallback = "20",
		.help = "clips that one daemon waits for at once; the account may allow less"},
	{INT(runway_poll_ms, 100, 60000), .fallback = "6000",
		.help = "least time between two questions for a clip; Runway wants no less than 5000"},
	{INT(runway_task_deadline_sec, 10, 86400), .fallback = "3600",
		.help = "time that a clip may take before it is cancelled"},
	{INT(runway_clip_mb, 1, 100000), .fallback = "1024", .help = "the largest clip that is taken"},
	{KEY(prompt_enhance, CONF_BOOL), .fallback = "yes",
		.help = "add to prompts what the style and prompt_suffix say"},
	{STRING(prompt_suffix), .fallback = "Photorealistic, sharp focus, smooth camera movement, no text",
		.max = 500, .help = "what is added to each prompt, where there is room"},
	{STRING(elevenlabs_url), .fallback = "https://api.elevenlabs.io", .max = 255,
		.check = check_public_url, .help = "ElevenLabs' server"},
	{STRING(elevenlabs_model), .fallback = "eleven_multilingual_v2", .min = 1, .max = 64,
		.help = "the model that speaks"},
	{STRING(elevenlabs_format), .fallback = "mp3_44100_128", .min = 1, .max = 32,
		.check = check_speech_format, .help = "what it is asked to answer with"},
	{INT(elevenlabs_in_flight, 1, 100), .fallback = "2",
		.help = "scripts that one daemon has spoken at once; the account may allow less"},
	{STRING(voice_presets), .fallback = "", .max = 1000, .check = check_voice_presets,
		.help = "names for voices: default=ID female=ID ...; others are chosen from the account"},
	{INT(voice_stability, 0, 100), .fallback = "50", .help = "how even the voice is, per cent"},
	{INT(voice_similarity, 0, 100), .fallback = "75",
		.help = "how near it stays to the original, per cent"},
	{INT(voice_style, 0, 100), .fallback = "0",
		.help = "how much the original's manner is exaggerated, per cent"},
	{INT(voice_speed, 70, 120), .fallback = "100", .help = "per cent of the voice's own speed"},
	{KEY(unknown_charge, CONF_ENUM), .fallback = "pause", .names = unknown_names,
		.help = "after a paid request whose answer was lost: ask, or repeat it once"},
	{INT(max_video_credits, 0, 1000000000), .fallback = "3000",
		.help = "credits that one video may cost; 0 for no limit"},
	{INT(max_video_characters, 0, 1000000000), .fallback = "10000",
		.help = "characters that one video may have spoken; 0 for no limit"},
	{INT(max_store_day_credits, 0, 1000000000), .fallback = "0",
		.help = "credits that one store may spend in a day (UTC); 0 for no limit"},
	{INT(max_store_day_characters, 0, 1000000000), .fallback = "0",
		.help = "characters that one store may have spoken in a day (UTC); 0 for no limit"},
	{INT(probe_sec, 1, 86400), .fallback = "300",
		.help = "how often the vendors' accounts, voices and models are looked at"},
	{KEY(storage, CONF_ENUM), .fallback = "local", .names = storage_names,
		.help = "where finished files are kept"},
	{DAEMON_SECRET(runway_api_key), .env_alias = "RUNWAY_API_KEY", .help = "the Runway account's key"},
	{DAEMON_SECRET(elevenlabs_api_key), .env_alias = "ELEVENLABS_API_KEY",
		.help = "the ElevenLabs account's key"},
	{STRING(aws_region), .env_alias = "AWS_REGION", .max = 64, .check = check_region,
		.help = "the region of s3_bucket"},
	{DAEMON_SECRET(aws_access_key_id), .env_alias = "AWS_ACCESS_KEY_ID",
		.help = "the id of the key for s3_bucket"},
	{DAEMON_SECRET(aws_secret_access_key), .env_alias = "AWS_SECRET_ACCESS_KEY",
		.help = "the key for s3_bucket"},
	{DAEMON_SECRET(aws_session_token), .env_alias = "AWS_SESSION_TOKEN",
		.help = "the token of a temporary key"},
	{STRING(s3_bucket), .env_alias = "S3_VIDEO_BUCKET", .max = 63, .check = check_bucket,
		.help = "the bucket for finished files"},
	{STRING(s3_endpoint), .max = 255, .check = check_public_url,
		.help = "an S3 server that is not AWS: its scheme, host and port"},
	{KEY(s3_path_style, CONF_BOOL), .fallback = "no",
		.help = "the bucket is the first part of the path, not of the host's name"},
	{PATH(s3_ca_file), .help = "who signs the S3 server's certificate, where the system does not know"},
	{KEY(s3_allow_http, CONF_BOOL), .fallback = "no",
		.help = "speak to s3_endpoint without TLS, also where it is not this machine"},
	{STRING(s3_prefix), .fallback = "", .max = 200, .check = check_prefix,
		.help = "what every key in the bucket begins with, such as films/"},
	{STRING(s3_storage_class), .max = 64, .check = check_storage_class,
		.help = "the storage class of what is put there; the bucket's own when empty"},
	{STRING(s3_sse), .max = 16, .check = check_sse,
		.help = "encryption by the server: AES256 or aws:kms; the bucket's own when empty"},
	{STRING(s3_kms_key), .max = 2048, .check = check_header_value,
		.help = "the key's id for s3_sse = aws:kms; the account's own when empty"},
	{STRING(s3_tags), .max = 2000, .check = check_tags,
		.help = "tags of what is put there: name=value&name=value, percent-encoded"},
	{STRING(s3_cache_control), .fallback = "public, max-age=31536000, immutable", .max = 200,
		.check = check_header_value,
		.help = "what caches are told of what is put there; its keys never change their content"},
	{KEY(s3_disposition, CONF_ENUM), .fallback = "inline", .names = disposition_names,
		.help = "what a browser is told to do with a film whose URL it opens"},
	{INT(s3_link_sec, 3600, 604800), .fallback = "86400",
		.help = "how long a signed address works; they are used where cdn_domain is not set"},
	{INT(s3_part_mb, 5, 5120), .fallback = "8",
		.help = "mebibytes from which on a file is put in parts, and of one part"},
	{INT(s3_parts_at_once, 1, 64), .fallback = "8", .help = "parts of one file that are sent at once"},
	{INT(s3_attempts, 1, 20), .fallback = "5", .help = "tries of one request, the first one included"},
	{INT(s3_deadline_sec, 1, 3600), .fallback = "300", .help = "time for one request with all its tries"},

	{INT(videos_in_flight, 1, 1000), .fallback = "16", .help = "videos that one daemon makes at once"},
	{INT(store_in_flight, 1, 1000), .fallback = "16",
		.help = "videos of one store made at once, over all daemons"},
	{INT(children, 0, 256), .fallback = "0",
		.help = "ffmpeg processes at once; 0 for as many as processors"},
	{INT(child_deadline_sec, 1, 86400), .fallback = "900",
		.help = "time that one ffmpeg process may take"},
	{INT(child_nice, 0, 19), .fallback = "5", .help = "how nice(2) the ffmpeg processes are"},
	{INT(child_memory_mb, 0, 1048576), .fallback = "3072",
		.help = "address space of one ffmpeg process, in megabytes; 0 for no limit"},
	{KEY(film_quality, CONF_ENUM), .fallback = "standard", .names = film_quality_names,
		.help = "how well films are encoded that do not say it themselves"},

	{INT(attempts, 1, 20), .fallback = "4", .help = "tries of one step, the first one included"},
	{INT(backoff_ms, 1, 3600000), .fallback = "10000",
		.help = "wait before the second try; doubles with each"},
	{INT(backoff_cap_ms, 1, 86400000), .fallback = "300000",
		.help = "the longest wait between two tries"},
	{INT(video_deadline_sec, 1, 604800), .fallback = "21600",
		.help = "time that a daemon may work on a video"},
	{INT(priority, 0, 9), .fallback = "5", .help = "the rank of a new video: 0 first, 9 last"},
	{INT(lost_leases, 1, 100), .fallback = "5",
		.help = "leases lost in a row, no step finished between them, before a video is given up"},
	{INT(lease_sec, 30, 3600), .fallback = "60",
		.help = "a daemon silent for so long has lost its videos"},
	{INT(poll_ms, 10, 60000), .fallback = "1000", .help = "how often the daemon looks for work unasked"},
	{INT(drain_sec, 0, 3600), .fallback = "60", .help = "time for running steps to end after SIGTERM"},
	{INT(keep_completed_jobs, 0, 10000000), .fallback = "10000",
		.help = "completed jobs kept in the queue's history"},
	{INT(keep_failed_jobs, 0, 10000000), .fallback = "10000",
		.help = "failed jobs kept in the queue's history"},
	{INT(keep_completed_days, 0, 36500), .fallback = "0",
		.help = "how long a completed video stays with all its files; 0 for ever"},
	{INT(keep_failed_days, 0, 36500), .fallback = "0",
		.help = "how long a failed video stays with what was bought for it; 0 for ever"},
	{INT(keep_cancelled_days, 0, 36500), .fallback = "0",
		.help = "how long a cancelled video stays with what was bought for it; 0 for ever"},

	{INT(upload_store_mb, 1, 10000000), .fallback = "2048",
		.help = "how much one store may have uploaded, all together"},
	{INT(upload_keep_days, 1, 36500), .fallback = "30",
		.help = "how long an upload stays that nothing refers to"},

	{KEY(image_allow_private, CONF_BOOL), .fallback = "no",
		.help = "take pictures also by http and from private addresses"},
	{PATH(image_ca_file),
		.help = "who signs the certificates of pictures' servers, where the system does "
			"not know"},
};
const size_t settings_key_count = ARRAY_LEN(settings_keys);

static bool has_database(const struct settings *s)
{
	return s->db_socket || s->db_host;
}

static bool cap_is_no_less_than_first(const struct settings *s)
{
	return s->backoff_cap_ms >= s->backoff_ms;
}

/* Whether path is folder or in it, as they are written. */
static bool is_within(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	while (n > 1 && folder[n - 1] == '/')
		n--;
	if (strncmp(path, folder, n) != 0)
		return false;
	return path[n] == '\0' || path[n] == '/' || n == 1;
}

static bool media_outlives_sweep(const struct settings *s)
{
	return !is_within(s->media_dir, s->work_dir);
}

static bool assets_outlive_sweep(const struct settings *s)
{
	return !is_within(s->assets_dir, s->work_dir);
}

static bool bought_outlives_sweep(const struct settings *s)
{
	return !is_within(s->bought_dir, s->work_dir);
}

static bool bought_is_not_public(const struct settings *s)
{
	return !is_within(s->bought_dir, s->media_dir);
}

static bool uploads_outlive_sweep(const struct settings *s)
{
	return !is_within(s->uploads_dir, s->work_dir);
}

static bool uploads_are_not_public(const struct settings *s)
{
	return !is_within(s->uploads_dir, s->media_dir) && !is_within(s->uploads_dir, s->assets_dir);
}

/* The other programs buy nothing, and know of no key. */
static bool runway_has_its_key(const struct settings *s)
{
	return s->role != ROLE_DAEMON || s->scene_provider != SCENES_RUNWAY || s->runway_api_key;
}

static bool elevenlabs_has_its_key(const struct settings *s)
{
	return s->role != ROLE_DAEMON || s->voice_provider != VOICES_ELEVENLABS || s->elevenlabs_api_key;
}

static bool s3_has_a_bucket(const struct settings *s)
{
	return s->storage != STORAGE_S3 || (s->s3_bucket && *s->s3_bucket);
}

static bool s3_key_is_whole(const struct settings *s)
{
	return s->role != ROLE_DAEMON || s->storage != STORAGE_S3 ||
	       !s->aws_access_key_id == !s->aws_secret_access_key;
}

static bool s3_token_has_its_key(const struct settings *s)
{
	return s->role != ROLE_DAEMON || s->storage != STORAGE_S3 || !s->aws_session_token ||
	       s->aws_access_key_id;
}

static bool s3_kms_key_is_used(const struct settings *s)
{
	return !s->s3_kms_key || !*s->s3_kms_key || (s->s3_sse && strcmp(s->s3_sse, "aws:kms") == 0);
}

/* What no key can say alone. The first rule that does not hold stops the start. */
static const struct rule {
	const char *keys;
	bool (*holds)(const struct settings *s);
	const char *text;
} rules[] = {
	{"db_socket, db_host", has_database, "one of them must be set"},
	{"backoff_cap_ms, backoff_ms", cap_is_no_less_than_first,
		"the cap must be no less than the first wait"},
	{"work_dir, media_dir", media_outlives_sweep, "work_dir is swept: it must not hold media_dir"},
	{"work_dir, assets_dir", assets_outlive_sweep, "work_dir is swept: it must not hold assets_dir"},
	{"work_dir, bought_dir", bought_outlives_sweep, "work_dir is swept: it must not hold bought_dir"},
	{"bought_dir, media_dir", bought_is_not_public,
		"media_dir is served to everybody: it must not hold bought_dir"},
	{"work_dir, uploads_dir", uploads_outlive_sweep, "work_dir is swept: it must not hold uploads_dir"},
	{"uploads_dir, media_dir, assets_dir", uploads_are_not_public,
		"media_dir and assets_dir are served to everybody: they must not hold uploads_dir"},
	{"scene_provider, runway_api_key", runway_has_its_key, "runway needs the account's key"},
	{"voice_provider, elevenlabs_api_key", elevenlabs_has_its_key, "elevenlabs needs the account's key"},
	{"storage, s3_bucket", s3_has_a_bucket, "s3 needs a bucket"},
	{"aws_access_key_id, aws_secret_access_key", s3_key_is_whole, "one is of no use without the other"},
	{"aws_session_token, aws_access_key_id", s3_token_has_its_key, "a token belongs to a key"},
	{"s3_kms_key, s3_sse", s3_kms_key_is_used, "the key is used with s3_sse = aws:kms only"},
};

const char *settings_file(const char *file)
{
	if (file)
		return file;

	const char *named = getenv("VIDEOD_CONFIG");

	if (named && *named)
		return named;
	if (access(SETTINGS_DEFAULT_FILE, F_OK) < 0 && errno == ENOENT)
		return NULL;
	return SETTINGS_DEFAULT_FILE;
}

/* Flags of the keys that are not for it. */
static const unsigned withheld_from[] = {
	[ROLE_DAEMON] = 0,
	[ROLE_RESPONDER] = CONF_DAEMON,
	[ROLE_OPERATOR] = CONF_DAEMON,
};
_Static_assert(ARRAY_LEN(withheld_from) == ROLE_COUNT, "what each role does without");

int settings_load(const char *file, enum settings_role role, struct settings *out, struct err *e)
{
	*out = (struct settings){.role = role};
	if (conf_load(settings_keys, settings_key_count, withheld_from[role], settings_file(file), out, e) <
		0)
		return -1;

	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		if (!rules[i].holds(out))
			return err_set(e, ERR_PERM, "%s: %s", rules[i].keys, rules[i].text);
	}
	return 0;
}

void settings_print(const struct settings *s, const char *file, FILE *to)
{
	conf_print(settings_keys, settings_key_count, withheld_from[s->role], settings_file(file), s, to);
}

void settings_done(struct settings *s)
{
	conf_free(settings_keys, settings_key_count, s);
}

struct db_options settings_db(const struct settings *s)
{
	return (struct db_options){
		.socket = s->db_host ? NULL : s->db_socket,
		.host = s->db_host,
		.port = (unsigned)s->db_port,
		.user = s->db_user,
		.password = s->db_password,
		.name = s->db_name,
		.connect_timeout_sec = DB_CONNECT_SEC,
		.io_timeout_sec = DB_IO_SEC,
		.log_outages = s->role != ROLE_OPERATOR, /* who sees the error of each command */
	};
}
