/*
 * The table of settings, its rules, and that the manual and the example say what the table says. Runs from
 * the top of the source, whose files it reads.
 */

#include "lib/video/settings.h"

#include <ctype.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"

#define MANUAL    "lib/video/videod.conf.5"
#define EXAMPLE   "systemd/videod.conf.example"
#define DOC_BYTES (64 * 1024)

static char folder[64]; /* of one test */

static int set_up(void **state)
{
	AUTO_FREE char *kept = xstrdup(getenv("CMOCKA_MESSAGE_OUTPUT"));

	(void)state;
	(void)clearenv(); /* the caller's own settings are no part of a test; how to report is */
	if (kept)
		(void)setenv("CMOCKA_MESSAGE_OUTPUT", kept, 1);
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-settings-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err e;

	(void)state;
	return fs_remove_tree(folder, &e);
}

#define AUTO_SETTINGS CLEANUP(settings_done) struct settings

/* Puts text into the test's folder and returns the path; caller frees. */
static char *put_file(const char *text)
{
	char *path = xasprintf("%s/videod.conf", folder);
	struct err e;

	if (fs_write_atomic(path, text, strlen(text), 0644, &e) < 0)
		fail_msg("%s", e.text);
	return path;
}

static int load_text(const char *text, struct settings *s, struct err *e)
{
	AUTO_FREE char *file = put_file(text);

	return settings_load(file, ROLE_DAEMON, s, e);
}

static void read_doc(const char *path, struct buf *out)
{
	struct err e;

	if (fs_read(path, DOC_BYTES, out, &e) < 0)
		fail_msg("%s", e.text);
}

static void test_defaults_suit_an_installation(void **state)
{
	AUTO_SETTINGS s = {0};
	struct err e;

	(void)state;
	if (load_text("", &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(s.db_socket, "/run/mysqld/mysqld.sock");
	assert_null(s.db_host);
	assert_null(s.db_password);
	assert_string_equal(s.public_url, "");
	assert_null(s.cdn_domain);
	assert_int_equal(s.scene_provider, SCENES_LOCAL);
	assert_int_equal(s.voice_provider, VOICES_LOCAL);
	assert_int_equal(s.unknown_charge, UNKNOWN_PAUSE);
	assert_string_equal(s.runway_model, "gen4.5");
	assert_true(s.prompt_enhance);
	assert_int_equal(s.log_level, LOG_LEVEL_INFO);
	assert_int_equal(s.attempts, 4);
	assert_int_equal(s.priority, 5);
	assert_false(s.image_allow_private);
}

static void test_every_member_has_one_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < settings_key_count; i++) {
		const struct conf_key *key = &settings_keys[i];

		if (!key->help || !*key->help || strlen(key->help) > 100 || strchr(key->help, '\n'))
			fail_msg("%s: its help is not one line", key->name);
		if (key->type == CONF_INT && (key->min >= key->max || !key->fallback))
			fail_msg("%s: no range or no default", key->name);
		for (size_t j = 0; j < i; j++) {
			if (settings_keys[j].offset == key->offset ||
				strcmp(settings_keys[j].name, key->name) == 0)
				fail_msg("%s and %s are one", key->name, settings_keys[j].name);
		}
	}
}

static const struct {
	const char *title, *text, *complaint; /* NULL: accepted */
} rule_cases[] = {
	{"no database", "db_socket =", "db_socket, db_host: one of them must be set"},
	{"a host for a socket", "db_socket =\ndb_host = db.example", NULL},
	{"cap under the first wait", "backoff_ms = 2000\nbackoff_cap_ms = 1999",
		"backoff_cap_ms, backoff_ms: the cap must be no less"},
	{"cap at the first wait", "backoff_ms = 2000\nbackoff_cap_ms = 2000", NULL},
	{"media in the swept folder", "work_dir = /srv/v\nmedia_dir = /srv/v/media", "work_dir, media_dir: "},
	{"media is the swept folder", "work_dir = /srv/v/\nmedia_dir = /srv/v", "work_dir, media_dir: "},
	{"everything is swept", "work_dir = /", "work_dir, media_dir: "},
	{"assets in the swept folder", "work_dir = /srv/v\nassets_dir = /srv/v/a", "work_dir, assets_dir: "},
	{"media beside the swept folder", "work_dir = /srv/v\nmedia_dir = /srv/v2", NULL},
	{"swept folder inside media", "work_dir = /srv/v/work\nmedia_dir = /srv/v", NULL},
	{"cache by TCP", "cache_server = 127.0.0.1:11211", NULL},
	{"no cache", "cache_server =", NULL},
	{"cache without a port", "cache_server = localhost", "videod.conf:1: cache_server: must be"},
	{"an origin", "public_url = https://shop.example:8443", NULL},
	{"an origin without TLS", "public_url = http://127.0.0.1:8080", NULL},
	{"an origin with a path", "public_url = https://shop.example/", "videod.conf:1: public_url: must be"},
	{"an origin without a host", "public_url = https://", "videod.conf:1: public_url: must be"},
	{"another scheme", "public_url = ftp://shop.example", "videod.conf:1: public_url: must be"},
	{"no scheme", "public_url = shop.example", "videod.conf:1: public_url: must be"},
	{"a domain", "cdn_domain = cdn.example", NULL},
	{"a URL for a domain", "cdn_domain = https://cdn.example", "videod.conf:1: cdn_domain: must be"},
	{"a relative path", "work_dir = work", "videod.conf:1: work_dir: must be an absolute path"},
	{"a path that must be set", "wake_socket =", "videod.conf:1: wake_socket: must be set"},
	{"a lease too short", "# x\nlease_sec = 29",
		"videod.conf:2: lease_sec: must be a whole number from 30"},
	{"no such provider", "scene_provider = elevenlabs",
		"videod.conf:1: scene_provider: must be one of local, runway"},
	{"a provider that is gone", "provider = local", "videod.conf:1: provider: there is no such key"},
	{"scenes without their key", "scene_provider = runway",
		"scene_provider, runway_api_key: runway needs"},
	{"a voice without its key", "voice_provider = elevenlabs",
		"voice_provider, elevenlabs_api_key: elevenlabs needs"},
	{"bought ones in the swept folder", "work_dir = /srv/v\nbought_dir = /srv/v/b",
		"work_dir, bought_dir: "},
	{"bought ones in public", "media_dir = /srv/v\nbought_dir = /srv/v/b", "bought_dir, media_dir: "},
	{"uploads in the swept folder", "work_dir = /srv/v\nuploads_dir = /srv/v/u",
		"work_dir, uploads_dir: "},
	{"uploads in public", "media_dir = /srv/v\nuploads_dir = /srv/v/u",
		"uploads_dir, media_dir, assets_dir: "},
	{"uploads among the assets", "assets_dir = /srv/v\nuploads_dir = /srv/v",
		"uploads_dir, media_dir, assets_dir: "},
	{"a model", "runway_model = veo3.1_fast", NULL},
	{"a model that is gone", "runway_model = gen3a_turbo",
		"videod.conf:1: runway_model: must be a model"},
	{"voices by name", "voice_presets = default=abc  female=d_E-f ", NULL},
	{"a voice without a name", "voice_presets = default=a =b", "videod.conf:1: voice_presets: must be"},
	{"a name without a voice", "voice_presets = default=", "videod.conf:1: voice_presets: must be"},
	{"speech that is no mp3", "elevenlabs_format = pcm_16000",
		"videod.conf:1: elevenlabs_format: must be one of"},
	{"s3 without a bucket", "storage = s3", "storage, s3_bucket: s3 needs a bucket"},
	{"s3 whose key is found elsewhere", "storage = s3\ns3_bucket = films", NULL},
	{"s3 in one's own network", "s3_endpoint = https://store.example:9000\ns3_path_style = yes", NULL},
	{"an endpoint with a path", "s3_endpoint = https://store.example/films",
		"videod.conf:1: s3_endpoint: must be"},
	{"a bucket's name", "s3_bucket = my.films-2", NULL},
	{"a bucket's name with capitals", "s3_bucket = Films", "videod.conf:1: s3_bucket: must be"},
	{"a bucket's name that ends with a point", "s3_bucket = films.", "videod.conf:1: s3_bucket: must be"},
	{"a prefix", "s3_prefix = shops/films/", NULL},
	{"a prefix without its slash", "s3_prefix = films", "videod.conf:1: s3_prefix: must be"},
	{"a prefix that begins with a slash", "s3_prefix = /films/", "videod.conf:1: s3_prefix: must be"},
	{"a region with a blank", "aws_region = eu west", "videod.conf:1: aws_region: must be"},
	{"encryption", "s3_sse = AES256", NULL},
	{"encryption of another kind", "s3_sse = aes256", "videod.conf:1: s3_sse: must be"},
	{"a key of its own", "s3_sse = aws:kms\ns3_kms_key = alias/films", NULL},
	{"a key that nothing uses", "s3_kms_key = alias/films", "s3_kms_key, s3_sse: the key"},
	{"tags", "s3_tags = project=films&team=a%20b", NULL},
	{"tags with a blank", "s3_tags = project=a b", "videod.conf:1: s3_tags: must be"},
	{"a class in small letters", "s3_storage_class = glacier",
		"videod.conf:1: s3_storage_class: must be"},
	{"an unknown key", "poll = 1", "videod.conf:1: poll: there is no such key"},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rule_cases); i++) {
		AUTO_SETTINGS s = {0};
		struct err e = {0};
		int result = load_text(rule_cases[i].text, &s, &e);

		if (!rule_cases[i].complaint && result < 0)
			fail_msg("%s: %s", rule_cases[i].title, e.text);
		if (rule_cases[i].complaint && result == 0)
			fail_msg("%s: accepted", rule_cases[i].title);
		if (rule_cases[i].complaint && !strstr(e.text, rule_cases[i].complaint))
			fail_msg("%s: %s", rule_cases[i].title, e.text);
	}
}

/* For each key with a second name: that name fills the member of that key. */
static void test_second_names(void **state)
{
	size_t seen = 0;

	(void)state;
	for (size_t i = 0; i < settings_key_count; i++) {
		const struct conf_key *key = &settings_keys[i];
		AUTO_SETTINGS s = {0};
		struct err e;

		if (!key->env_alias)
			continue;
		seen++;
		(void)setenv(key->env_alias, key->type == CONF_PATH ? "/from/it" : "from.it", 1);
		if (load_text("", &s, &e) < 0)
			fail_msg("%s: %s", key->env_alias, e.text);
		(void)unsetenv(key->env_alias);

		const char *value = *(char **)(void *)((char *)&s + key->offset);

		if (!value || strcmp(value, key->type == CONF_PATH ? "/from/it" : "from.it") != 0)
			fail_msg("%s does not set %s", key->env_alias, key->name);
	}
	assert_int_equal(seen, 11);
}

/* The keys that cost money or open the store are the daemon's, and no other program opens their files; the
 * database's password is everybody's. */
static void test_only_the_daemon_has_the_keys(void **state)
{
	AUTO_BUF text = BUF_INIT(DOC_BYTES);
	size_t theirs = 0;

	(void)state;
	for (size_t i = 0; i < settings_key_count; i++)
		if (settings_keys[i].type == CONF_SECRET && strcmp(settings_keys[i].name, "db_password") != 0)
			buf_addf(&text, "%s = /nowhere/%s\n", settings_keys[i].name, settings_keys[i].name);

	AUTO_FREE char *file = put_file(buf_text(&text));

	for (enum settings_role role = 0; role < ROLE_COUNT; role++) {
		AUTO_SETTINGS s = {0};
		struct err e;
		int r = settings_load(file, role, &s, &e);

		if (r != (role == ROLE_DAEMON ? -1 : 0))
			fail_msg("role %d: %s", (int)role, r < 0 ? e.text : "accepted");
		for (size_t i = 0; r == 0 && i < settings_key_count; i++)
			theirs += (settings_keys[i].flags & CONF_DAEMON) != 0;
	}
	assert_true(theirs >= 2 * 5);
	(void)setenv("VIDEOD_DB_PASSWORD", "/nowhere/db_password", 1);

	AUTO_SETTINGS s = {0};
	struct err e;

	assert_int_equal(settings_load(file, ROLE_RESPONDER, &s, &e), -1);
	assert_non_null(strstr(e.text, "db_password: cannot read"));
}

/* A daemon that is to buy must have what it takes; the programs that only estimate need not. */
static void test_providers_need_their_keys_in_the_daemon_only(void **state)
{
	AUTO_FREE char *file = put_file("scene_provider = runway\nvoice_provider = elevenlabs\n");
	AUTO_SETTINGS s = {0};
	struct err e;

	(void)state;
	for (enum settings_role role = 0; role < ROLE_COUNT; role++) {
		AUTO_SETTINGS t = {0};

		assert_int_equal(settings_load(file, role, &t, &e), role == ROLE_DAEMON ? -1 : 0);
	}
	(void)setenv("RUNWAY_API_KEY", "key_of_a_test", 1);
	(void)setenv("ELEVENLABS_API_KEY", "another", 1);
	if (settings_load(file, ROLE_DAEMON, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(s.scene_provider, SCENES_RUNWAY);
	assert_int_equal(s.voice_provider, VOICES_ELEVENLABS);
}

/* Half a key is worse than none: none is looked for elsewhere. */
static void test_keys_of_s3_are_whole(void **state)
{
	static const char *const halves[] = {
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"};
	AUTO_FREE char *file = put_file("storage = s3\ns3_bucket = films\n");
	AUTO_SETTINGS whole = {0};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		AUTO_SETTINGS s = {0}, t = {0};

		(void)setenv(halves[i], "x", 1);
		if (settings_load(file, ROLE_DAEMON, &s, &e) == 0)
			fail_msg("%s alone is accepted", halves[i]);
		assert_int_equal(settings_load(file, ROLE_RESPONDER, &t, &e), 0);
		(void)unsetenv(halves[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(halves); i++)
		(void)setenv(halves[i], "x", 1);
	if (settings_load(file, ROLE_DAEMON, &whole, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(whole.aws_session_token, "x");
	assert_int_equal(whole.storage, STORAGE_S3);
}

static void test_which_file(void **state)
{
	AUTO_FREE char *file = put_file("attempts = 9\n");
	AUTO_SETTINGS s = {0}, none = {0};
	struct err e;

	(void)state;
	assert_string_equal(settings_file("/x"), "/x");
	if (access(SETTINGS_DEFAULT_FILE, F_OK) == 0)
		assert_string_equal(settings_file(NULL), SETTINGS_DEFAULT_FILE);
	else
		assert_null(settings_file(NULL));

	(void)setenv("VIDEOD_CONFIG", file, 1);
	assert_string_equal(settings_file(NULL), file);
	if (settings_load(NULL, ROLE_DAEMON, &s, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(s.attempts, 9);

	(void)setenv("VIDEOD_CONFIG", "/none/videod.conf", 1);
	assert_int_equal(settings_load(NULL, ROLE_DAEMON, &none, &e), -1); /* one that is named must exist */
	assert_non_null(strstr(e.text, "/none/videod.conf"));
}

static void test_database_options(void **state)
{
	AUTO_SETTINGS s = {0}, remote = {0};
	struct err e;

	(void)state;
	assert_int_equal(load_text("db_user = u\ndb_name = n", &s, &e), 0);

	struct db_options o = settings_db(&s);

	assert_string_equal(o.socket, "/run/mysqld/mysqld.sock");
	assert_string_equal(o.user, "u");
	assert_string_equal(o.name, "n");
	assert_null(o.password);
	assert_true(o.connect_timeout_sec > 0 && o.io_timeout_sec > 0);

	assert_int_equal(load_text("db_host = db.example\ndb_port = 3307", &remote, &e), 0);
	o = settings_db(&remote);
	assert_null(o.socket);
	assert_string_equal(o.host, "db.example");
	assert_int_equal(o.port, 3307);
}

/* The text of a key in the manual: from its .It to the next one. Caller frees. NULL where there is none. */
static char *manual_entry(const char *manual, const char *name)
{
	AUTO_FREE char *head = xasprintf("\n.It Ic %s = ", name);
	const char *at = strstr(manual, head);

	if (!at)
		return NULL;

	const char *next = strstr(at + 1, "\n.It "), *end = strstr(at + 1, "\n.El");

	assert_non_null(end);
	return xstrndup(at, (size_t)((next && next < end ? next : end) - at));
}

static void expect(const char *entry, const char *key, char *owned)
{
	if (!strstr(entry, owned))
		fail_msg("%s: %s does not say: %s", key, MANUAL, owned);
	free(owned);
}

static void test_manual_says_what_the_table_says(void **state)
{
	AUTO_BUF manual = BUF_INIT(DOC_BYTES);
	size_t entries = 0;

	(void)state;
	read_doc(MANUAL, &manual);
	for (size_t i = 0; i < settings_key_count; i++) {
		const struct conf_key *key = &settings_keys[i];
		AUTO_FREE char *entry = manual_entry(buf_text(&manual), key->name);

		if (!entry)
			fail_msg("%s is not in %s", key->name, MANUAL);
		if (key->type == CONF_INT)
			expect(entry, key->name,
				xasprintf("= Ar %" PRId64 " No .. Ar %" PRId64 "\n", key->min, key->max));
		if (key->type == CONF_SECRET)
			expect(entry, key->name, xstrdup("= Ar secret\n"));
		if (key->type == CONF_PATH && key->fallback)
			expect(entry, key->name, xasprintf("Default:\n.Pa %s .", key->fallback));
		if (key->type != CONF_PATH && key->fallback && *key->fallback && *key->fallback != '/')
			expect(entry, key->name, xasprintf("Default: %s.", key->fallback));
		if (key->env_alias)
			expect(entry, key->name, xasprintf("Second name:\n.Ev %s .", key->env_alias));
		if (key->flags & CONF_REQUIRED)
			expect(entry, key->name, xstrdup("Must be set."));
		if (key->flags & CONF_DAEMON)
			expect(entry, key->name, xstrdup("The daemon's alone."));
	}
	for (const char *p = buf_text(&manual); (p = strstr(p, "\n.It Ic ")); p++)
		entries++;
	assert_int_equal(entries, settings_key_count); /* none that the table does not have */
}

/* A key's lines in the example. Caller frees. */
static char *example_lines(const struct conf_key *key)
{
	AUTO_BUF b = BUF_INIT(1000);

	buf_addf(&b, "\n# %s", key->help);
	if (key->type == CONF_INT)
		buf_addf(&b, " (%" PRId64 " to %" PRId64 ")", key->min, key->max);
	if (key->type == CONF_BOOL)
		buf_adds(&b, " (yes or no)");
	for (size_t i = 0; key->type == CONF_ENUM && key->names[i]; i++)
		buf_addf(&b, "%s%s%s", i ? ", " : " (", key->names[i], key->names[i + 1] ? "" : ")");
	if (key->type == CONF_SECRET)
		buf_addf(&b, " (the file that holds it)\n#%s = /etc/videod/%s\n", key->name, key->name);
	else if (key->fallback && *key->fallback)
		buf_addf(&b, "\n#%s = %s\n", key->name, key->fallback);
	else
		buf_addf(&b, "\n#%s =\n", key->name);
	assert_true(buf_ok(&b));
	return buf_steal(&b);
}

static void test_example_has_every_key_with_its_default(void **state)
{
	AUTO_BUF example = BUF_INIT(DOC_BYTES);
	size_t lines = 0;

	(void)state;
	read_doc(EXAMPLE, &example);
	for (size_t i = 0; i < settings_key_count; i++) {
		AUTO_FREE char *wanted = example_lines(&settings_keys[i]);

		if (!strstr(buf_text(&example), wanted))
			fail_msg("%s does not have:%s", EXAMPLE, wanted);
	}
	for (const char *p = buf_text(&example); (p = strstr(p, "\n#")); p++)
		lines += islower((unsigned char)p[2]) != 0;
	assert_int_equal(lines, settings_key_count);
}

/* As it is, and with every line but the secrets' put in force, the example is a good configuration. */
static void test_example_loads(void **state)
{
	AUTO_BUF example = BUF_INIT(DOC_BYTES), in_force = BUF_INIT(DOC_BYTES);
	AUTO_SETTINGS s = {0}, same = {0};
	struct err e;

	(void)state;
	read_doc(EXAMPLE, &example);
	if (load_text(buf_text(&example), &s, &e) < 0)
		fail_msg("%s", e.text);

	for (size_t i = 0; i < settings_key_count; i++) {
		AUTO_FREE char *head = xasprintf("\n#%s =", settings_keys[i].name);
		const char *line = strstr(buf_text(&example), head);

		assert_non_null(line);
		if (settings_keys[i].type != CONF_SECRET)
			buf_add(&in_force, line + 2, strcspn(line + 2, "\n") + 1);
	}
	if (load_text(buf_text(&in_force), &same, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(same.work_dir, s.work_dir);
	assert_int_equal(same.keep_failed_jobs, s.keep_failed_jobs);
}

#define SETTINGS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SETTINGS_TEST(test_defaults_suit_an_installation),
		SETTINGS_TEST(test_every_member_has_one_key),
		SETTINGS_TEST(test_rules),
		SETTINGS_TEST(test_second_names),
		SETTINGS_TEST(test_only_the_daemon_has_the_keys),
		SETTINGS_TEST(test_providers_need_their_keys_in_the_daemon_only),
		SETTINGS_TEST(test_keys_of_s3_are_whole),
		SETTINGS_TEST(test_which_file),
		SETTINGS_TEST(test_database_options),
		SETTINGS_TEST(test_manual_says_what_the_table_says),
		SETTINGS_TEST(test_example_has_every_key_with_its_default),
		SETTINGS_TEST(test_example_loads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
