/* The reader of configurations: every type, every place, every complaint with its place; and no secret in any
 * text. */

#include "lib/base/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"

struct thing {
	char *name, *title, *place, *socket, *key, *other_key;
	int64_t count;
	bool loud;
	int color;
};

static const char *const colors[] = {"red", "green", "blue", NULL};

#define KEY(member, kind) .name = #member, .type = (kind), .offset = offsetof(struct thing, member)

static const struct conf_key keys[] = {
	{KEY(name, CONF_STRING), .fallback = "anna", .min = 2, .max = 5},
	{KEY(title, CONF_STRING)},
	{KEY(place, CONF_PATH), .fallback = "/srv", .flags = CONF_REQUIRED},
	{KEY(socket, CONF_PATH), .fallback = "/run/s", .max = 10, .env_alias = "SOCKET_ALIAS"},
	{KEY(key, CONF_SECRET), .env_alias = "KEY_ALIAS"},
	{KEY(other_key, CONF_SECRET)},
	{KEY(count, CONF_INT), .fallback = "7", .min = 1, .max = 64},
	{KEY(loud, CONF_BOOL), .fallback = "no"},
	{KEY(color, CONF_ENUM), .fallback = "green", .names = colors},
};

static const char *const variables[] = {"VIDEOD_NAME", "VIDEOD_COUNT", "VIDEOD_SOCKET", "VIDEOD_KEY",
	"VIDEOD_CONFIG", "VIDEOD_NONSENSE", "VIDEOD_PLACE", "SOCKET_ALIAS", "KEY_ALIAS",
	"CREDENTIALS_DIRECTORY"};

static char folder[64]; /* of one test */

static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		(void)unsetenv(variables[i]);
	(void)snprintf(folder, sizeof(folder), "/tmp/videod-test-conf-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct err e;

	(void)state;
	return fs_remove_tree(folder, &e);
}

static void thing_done(struct thing *t)
{
	conf_free(keys, ARRAY_LEN(keys), t);
}

#define AUTO_THING CLEANUP(thing_done) struct thing

/* Puts text into the test's folder and returns the path; caller frees. */
static char *put_file(const char *name, const char *text, mode_t mode)
{
	char *path = xasprintf("%s/%s", folder, name);
	struct err e;

	if (fs_write_atomic(path, text, strlen(text), mode, &e) < 0)
		fail_msg("%s", e.text);
	return path;
}

static int load(const char *file, struct thing *t, struct err *e)
{
	return conf_load(keys, ARRAY_LEN(keys), 0, file, t, e);
}

static void test_built_in_values(void **state)
{
	AUTO_THING t = {0};
	struct err e;

	(void)state;
	assert_int_equal(load(NULL, &t, &e), 0);
	assert_string_equal(t.name, "anna");
	assert_null(t.title);
	assert_string_equal(t.place, "/srv");
	assert_null(t.key);
	assert_int_equal(t.count, 7);
	assert_false(t.loud);
	assert_int_equal(t.color, 1);
}

static void test_file_is_read(void **state)
{
	AUTO_FREE char *file = put_file("c",
		"# a comment\n\n  name=ben\r\ntitle = a = b#c, é  # and a comment\n\tplace =\t/a b\nsocket "
		"=\n"
		"count = 64\nloud = yes\ncolor = blue",
		0644);
	AUTO_THING t = {0};
	struct err e;

	(void)state;
	if (load(file, &t, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(t.name, "ben");
	assert_string_equal(t.title, "a = b#c, é");
	assert_string_equal(t.place, "/a b");
	assert_null(t.socket);
	assert_int_equal(t.count, 64);
	assert_true(t.loud);
	assert_int_equal(t.color, 2);
}

static const struct {
	const char *title, *text, *complaint;
} file_cases[] = {
	{"unknown key", "# x\nnme = ben\n", "c:2: nme: there is no such key"},
	{"unknown key, cut inside a letter",
		"xééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé = 1",
		"c:1: xééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé: there is no such key"},
	{"upper case", "NAME = ben", "c:1: NAME: there is no such key"},
	{"no equals sign", "\n\nname ben", "c:3: not of the form"},
	{"no name", " = ben", "c:1: not of the form"},
	{"a name behind a comment sign", "count = 3\nna#me = b", "c:2: na#me: there is no such key"},
	{"twice", "name = ben\ncount = 3\nname = ida", "c:3: name: already set at "},
	{"twice with the built-in value", "name = anna\nname = anna", "c:2: name: already set at "},
	{"string too short", "name = x", "c:1: name: must have 2 to 5 bytes, not 1"},
	{"string too long", "name = abcdef", "c:1: name: must have 2 to 5 bytes, not 6"},
	{"string empty", "name =", "c:1: name: must have 2 to 5 bytes, not 0"},
	{"a control byte", "name = a\x01", "c:1: name: has a byte that cannot be printed"},
	{"an escape sequence in a name", "\x1B[1m = 1", "c:1:  [1m: there is no such key"},
	{"not UTF-8", "name = caf\xE9", "c: is not UTF-8 text"},
	{"relative path", "place = srv", "c:1: place: must be an absolute path, not \"srv\""},
	{"required path empty", "count = 3\nplace =", "c:2: place: must be set"},
	{"path too long", "socket = /0123456789", "c:1: socket: must have 0 to 10 bytes, not 11"},
	{"number too small", "count = 0", "c:1: count: must be a whole number from 1 to 64, not \"0\""},
	{"number too large", "count = 65", "c:1: count: must be a whole number from 1 to 64, not \"65\""},
	{"number with a unit", "count = 10s", "c:1: count: must be a whole number from 1 to 64, not \"10s\""},
	{"number empty", "count =", "c:1: count: must be a whole number from 1 to 64, not \"\""},
	{"not a truth", "loud = maybe", "c:1: loud: must be yes or no, not \"maybe\""},
	{"not a choice", "color = black", "c:1: color: must be one of red, green, blue, not \"black\""},
	{"a choice in upper case", "color = RED", "c:1: color: must be one of red, green, blue, not \"RED\""},
	{"a long wrong value is cut",
		"count = 1234567890123456789012345678901234567890123456789012345678901234567890",
		"not \"123456789012345678901234567890123456789012345678901234567890\""},
	{"a secret for a path", "key = hunter2",
		"c:1: key: must be the absolute path of the file that holds"},
	{"a secret's file is missing", "key = /none/key", "c:1: key: cannot read /none/key: No such file"},
};

static void test_complaints_about_a_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(file_cases); i++) {
		AUTO_FREE char *file = put_file("c", file_cases[i].text, 0644);
		AUTO_THING t = {0};
		struct err e = {0};

		if (load(file, &t, &e) == 0)
			fail_msg("%s: accepted", file_cases[i].title);
		if (e.kind != ERR_PERM || !strstr(e.text, file_cases[i].complaint) ||
			strstr(e.text, "hunter2"))
			fail_msg("%s: %s", file_cases[i].title, e.text);
	}
}

static void test_files_that_cannot_be_read(void **state)
{
	AUTO_FREE char *none = xasprintf("%s/none", folder);
	AUTO_FREE char *nul = xasprintf("%s/nul", folder);
	AUTO_FREE char *big = xcalloc(70000, 1);
	AUTO_THING t = {0};
	struct err e;

	(void)state;
	assert_int_equal(load(none, &t, &e), -1);
	assert_non_null(strstr(e.text, none));
	assert_int_equal(load(folder, &t, &e), -1);
	assert_int_equal(fs_write_atomic(nul, "name = a\0b\n", 11, 0644, &e), 0);
	assert_int_equal(load(nul, &t, &e), -1);

	memset(big, '\n', 69999);

	AUTO_FREE char *file = put_file("big", big, 0644);

	assert_int_equal(load(file, &t, &e), -1);
	assert_non_null(strstr(e.text, "65536 bytes"));
}

static void test_words_of_truth(void **state)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true}, {"true", true}, {"on", true}, {"1", true}, {"no", false},
		{"false", false}, {"off", false}, {"0", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		AUTO_FREE char *text = xasprintf("loud = %s", words[i].word);
		AUTO_FREE char *file = put_file("c", text, 0644);
		AUTO_THING t = {.loud = !words[i].value};
		struct err e;

		if (load(file, &t, &e) < 0 || t.loud != words[i].value)
			fail_msg("%s", words[i].word);
	}
}

static void test_environment_overrides_the_file(void **state)
{
	AUTO_FREE char *file = put_file("c", "count = 3\nsocket = /file\nname = ben", 0644);
	AUTO_THING t = {0}, again = {0};
	struct err e;

	(void)state;
	(void)setenv("VIDEOD_COUNT", "5", 1);
	(void)setenv("SOCKET_ALIAS", "/alias", 1);
	(void)setenv("VIDEOD_CONFIG", "/whatever", 1);
	if (load(file, &t, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(t.count, 5);
	assert_string_equal(t.socket, "/alias");
	assert_string_equal(t.name, "ben");

	(void)setenv("VIDEOD_SOCKET", "/own", 1); /* the own name is over the alias */
	if (load(file, &again, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(again.socket, "/own");
}

static const struct {
	const char *title, *name, *value, *complaint;
} variable_cases[] = {
	{"out of range", "VIDEOD_COUNT", "0", "VIDEOD_COUNT: count: must be a whole number"},
	{"unknown", "VIDEOD_NONSENSE", "1", "VIDEOD_NONSENSE: there is no such key"},
	{"by its alias", "SOCKET_ALIAS", "relative", "SOCKET_ALIAS: socket: must be an absolute path"},
	{"not UTF-8", "VIDEOD_NAME", "\xFF\xFE", "VIDEOD_NAME: name: has a byte that cannot be printed"},
	{"two lines", "VIDEOD_NAME", "a\nb", "VIDEOD_NAME: name: has a byte that cannot be printed"},
	{"required but emptied", "VIDEOD_PLACE", "", "VIDEOD_PLACE: place: must be set"},
	{"a secret for a path", "VIDEOD_KEY", "hunter2", "VIDEOD_KEY: key: must be the absolute path"},
	{"a secret with a line's end", "KEY_ALIAS", "hunter2\nX: y", "KEY_ALIAS: key: has a byte"},
};

static void test_complaints_about_the_environment(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(variable_cases); i++) {
		AUTO_THING t = {0};
		struct err e = {0};

		(void)setenv(variable_cases[i].name, variable_cases[i].value, 1);

		int result = load(NULL, &t, &e);

		(void)unsetenv(variable_cases[i].name);
		if (result == 0)
			fail_msg("%s: accepted", variable_cases[i].title);
		if (strncmp(e.text, variable_cases[i].complaint, strlen(variable_cases[i].complaint)) != 0)
			fail_msg("%s: %s", variable_cases[i].title, e.text);
		assert_null(strstr(e.text, "hunter2"));
	}
}

static const struct {
	const char *title, *text;
	mode_t mode;
	const char *secret; /* NULL: refused */
	const char *complaint;
} secret_cases[] = {
	{"one line", "hunter2\n", 0600, "hunter2", NULL},
	{"no line's end", "hunter2", 0400, "hunter2", NULL},
	{"a DOS line's end", "hunter2\r\n", 0600, "hunter2", NULL},
	{"more lines", "hunter2\nsecond\n", 0640, "hunter2", NULL},
	{"blanks are its own", " hunter 2 \n", 0600, " hunter 2 ", NULL},
	{"readable by others", "hunter2\n", 0644, NULL, "is open to everybody (mode 0644)"},
	{"writable by others", "hunter2\n", 0602, NULL, "is open to everybody (mode 0602)"},
	{"empty", "", 0600, NULL, "first line must be the secret"},
	{"an empty first line", "\nhunter2", 0600, NULL, "first line must be the secret"},
	{"a control byte", "hunter2\x1B", 0600, NULL, "first line must be the secret"},
};

static void test_secrets(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secret_cases); i++) {
		AUTO_FREE char *secret = put_file("secret", secret_cases[i].text, secret_cases[i].mode);
		AUTO_FREE char *text = xasprintf("key = %s\n", secret);
		AUTO_FREE char *file = put_file("c", text, 0644);
		AUTO_THING t = {0};
		struct err e = {0};
		int result = load(file, &t, &e);

		if ((result == 0) != (secret_cases[i].secret != NULL))
			fail_msg("%s: %s", secret_cases[i].title, result < 0 ? e.text : "accepted");
		if (result == 0 && strcmp(t.key, secret_cases[i].secret) != 0)
			fail_msg("%s: read as \"%s\"", secret_cases[i].title, t.key);
		if (result < 0 && (!strstr(e.text, secret_cases[i].complaint) || strstr(e.text, "hunter2") ||
					  !strstr(e.text, "c:1: key: ")))
			fail_msg("%s: %s", secret_cases[i].title, e.text);
	}
}

static void test_credentials_fill_what_is_not_set(void **state)
{
	AUTO_FREE char *own = put_file("own", "own\n", 0400);
	AUTO_THING t = {0}, again = {0};
	struct err e;

	(void)state;
	free(put_file("key", "from the manager\n", 0400));
	(void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_int_equal(load(NULL, &t, &e), 0);
	assert_string_equal(t.key, "from the manager");
	assert_null(t.other_key);

	(void)setenv("VIDEOD_KEY", own, 1);
	assert_int_equal(load(NULL, &again, &e), 0);
	assert_string_equal(again.key, "own");
}

static void test_print_tells_values_and_places(void **state)
{
	AUTO_FREE char *file = put_file("c", "# x\nname = ben\ncolor = blue\n", 0644);
	AUTO_FREE char *printed = NULL;
	AUTO_THING t = {0};
	size_t size = 0;
	struct err e;

	(void)state;
	(void)setenv("VIDEOD_COUNT", "5", 1);
	(void)setenv("KEY_ALIAS", "hunter2", 1);
	assert_int_equal(load(file, &t, &e), 0);
	assert_string_equal(t.key, "hunter2");

	FILE *to = open_memstream(&printed, &size);

	assert_non_null(to);
	conf_print(keys, ARRAY_LEN(keys), 0, file, &t, to);
	assert_int_equal(fclose(to), 0);

	AUTO_FREE char *expected = xasprintf("name = ben   # %s:2\n"
					     "title =    # not set\n"
					     "place = /srv   # built in\n"
					     "socket = /run/s   # built in\n"
					     "key = (set)   # KEY_ALIAS\n"
					     "other_key = (not set)   # not set\n"
					     "count = 5   # VIDEOD_COUNT\n"
					     "loud = no   # built in\n"
					     "color = blue   # %s:3\n",
		file, file);

	assert_string_equal(printed, expected);
}

static void test_required_without_a_value(void **state)
{
	static const struct conf_key required[] = {
		{KEY(name, CONF_STRING), .flags = CONF_REQUIRED},
	};
	AUTO_FREE char *file = put_file("c", "# nothing\n", 0644);
	AUTO_FREE char *complaint = xasprintf("%s: name: must be set", file);
	AUTO_THING t = {0};
	struct err e;

	(void)state;
	assert_int_equal(conf_load(required, 1, 0, file, &t, &e), -1);
	assert_string_equal(e.text, complaint);
	assert_int_equal(conf_load(required, 1, 0, NULL, &t, &e), -1);
	assert_string_equal(e.text, "no configuration file: name: must be set");
}

/* The key's file can be read by nobody or is not there, its second name is set, and a value is out of range:
 * a program without these keys does not care. */
static void test_withheld_keys_are_left_alone(void **state)
{
	static const struct conf_key withheld[] = {
		{KEY(name, CONF_STRING)},
		{KEY(key, CONF_SECRET), .env_alias = "KEY_ALIAS", .flags = CONF_DAEMON},
		{KEY(other_key, CONF_SECRET), .flags = CONF_DAEMON | CONF_REQUIRED},
		{KEY(count, CONF_INT), .fallback = "7", .min = 1, .max = 64, .flags = CONF_DAEMON},
	};
	AUTO_FREE char *unreadable = put_file("other_key", "hunter3", 0);
	AUTO_FREE char *text =
		xasprintf("key = /nowhere\nother_key = %s\ncount = 65\nname = ben\n", unreadable);
	AUTO_FREE char *file = put_file("c", text, 0644);
	AUTO_FREE char *printed = NULL;
	AUTO_THING t = {0}, refused = {0};
	size_t size = 0;
	struct err e;

	(void)state;
	(void)setenv("KEY_ALIAS", "hunter2", 1);
	(void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
	if (conf_load(withheld, ARRAY_LEN(withheld), CONF_DAEMON, file, &t, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(t.name, "ben");
	assert_null(t.key);
	assert_null(t.other_key);
	assert_int_equal(t.count, 0);

	FILE *to = open_memstream(&printed, &size);

	assert_non_null(to);
	conf_print(withheld, ARRAY_LEN(withheld), CONF_DAEMON, file, &t, to);
	assert_int_equal(fclose(to), 0);

	AUTO_FREE char *expected = xasprintf("name = ben   # %s:4\n"
					     "key = (the daemon's)   # not read\n"
					     "other_key = (the daemon's)   # not read\n"
					     "count = (the daemon's)   # not read\n",
		file);

	assert_string_equal(printed, expected);
	assert_int_equal(
		conf_load(withheld, ARRAY_LEN(withheld), 0, file, &refused, &e), -1); /* the owner does */
}

#define CONF_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(test_built_in_values),
		CONF_TEST(test_file_is_read),
		CONF_TEST(test_complaints_about_a_file),
		CONF_TEST(test_files_that_cannot_be_read),
		CONF_TEST(test_words_of_truth),
		CONF_TEST(test_environment_overrides_the_file),
		CONF_TEST(test_complaints_about_the_environment),
		CONF_TEST(test_secrets),
		CONF_TEST(test_credentials_fill_what_is_not_set),
		CONF_TEST(test_print_tells_values_and_places),
		CONF_TEST(test_required_without_a_value),
		CONF_TEST(test_withheld_keys_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
