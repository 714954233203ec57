/* Keys for S3 that are here: configured, in the environment, in the shared file; and what may be asked. */

#include "lib/remote/aws_credentials.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/mem.h"
#include "lib/remote/aws_credentials_priv.h"
#include "tests/unit/keys_world.h"

static void configured_and_environment(void **state)
{
	struct keys_world *w = *state;
	static const struct sigv4_key key = {"CONF", KEYS_HUSH, "tok"};

	keys_set_env("AWS_ACCESS_KEY_ID", xstrdup("ENV"));
	keys_set_env("AWS_SECRET_ACCESS_KEY", xstrdup("env-" KEYS_HUSH));
	assert_int_equal(keys_make(w, &key, &w->failure), 0);
	keys_expect_at_once(w, "CONF");
	assert_string_equal(w->secret, KEYS_HUSH);
	assert_string_equal(w->token, "tok");
	assert_false(aws_credentials_refused(w->c)); /* there is no other one */
	assert_false(aws_credentials_doubted(w->c));
	keys_expect_at_once(w, "CONF");
	aws_credentials_free(steal_ptr(w->c));

	keys_make_ok(w);
	keys_expect_at_once(w, "ENV");
	assert_string_equal(w->secret, "env-" KEYS_HUSH);
	assert_string_equal(w->token, "");
	aws_credentials_free(steal_ptr(w->c));

	keys_set_env("AWS_SESSION_TOKEN", xstrdup("session"));
	keys_make_ok(w);
	keys_expect_at_once(w, "ENV");
	assert_string_equal(w->token, "session");
}

static void half_a_key(void **state)
{
	static const struct {
		const char *id, *secret, *token;
	} rows[] = {
		{"ID", NULL, NULL},
		{NULL, KEYS_HUSH, NULL},
		{"I D", KEYS_HUSH, NULL},
		{"ID", KEYS_HUSH "\nx: y", NULL},
		{"ID", KEYS_HUSH, "tok\r\nx: y"},
		{"ID\xc3\xbc", KEYS_HUSH, NULL},
	};
	struct keys_world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct sigv4_key key = {rows[i].id, rows[i].secret, rows[i].token};
		struct err e = {0};

		assert_int_equal(keys_make(w, &key, &e), -1);
		assert_int_equal(e.kind, ERR_PERM);
		assert_null(strstr(e.text, KEYS_HUSH));
		keys_clear_env();
		keys_set_env("AWS_ACCESS_KEY_ID", xstrdup(rows[i].id));
		keys_set_env("AWS_SECRET_ACCESS_KEY", xstrdup(rows[i].secret));
		keys_set_env("AWS_SESSION_TOKEN", xstrdup(rows[i].token));
		assert_int_equal(keys_make(w, NULL, &e), -1);
		assert_null(strstr(e.text, KEYS_HUSH));
	}
}

static void nothing_anywhere(void **state)
{
	struct keys_world *w = *state;
	struct err e = {0};

	keys_set_env("HOME", xstrdup(w->folder));
	keys_set_env("AWS_EC2_METADATA_DISABLED", xstrdup("TRUE"));
	assert_int_equal(keys_make(w, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_PERM);
	assert_non_null(strstr(e.text, "disabled"));

	keys_set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", xstrdup("http://keys.example/"));
	assert_int_equal(keys_make(w, NULL, &e), -1);
	assert_non_null(strstr(e.text, "FULL_URI"));
	keys_set_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", xstrdup("v2"));
	assert_int_equal(keys_make(w, NULL, &e), -1);
	assert_non_null(strstr(e.text, "RELATIVE_URI"));
}

/* The shared file */

static void profiles(void **state UNUSED)
{
	static const struct {
		const char *title, *text, *profile;
		int r;
		const char *id, *secret, *token;
	} rows[] = {
		{"plain", "[default]\naws_access_key_id = ID\naws_secret_access_key = S\n", "default", 1,
			"ID", "S", NULL},
		{"no blanks, and no line's end",
			"[p]\naws_access_key_id=ID\naws_secret_access_key=S=/+\naws_session_token=T==", "p",
			1, "ID", "S=/+", "T=="},
		{"carriage returns", "[p]\r\naws_access_key_id = ID\r\naws_secret_access_key = S\r\n", "p", 1,
			"ID", "S", NULL},
		{"another profile before and after",
			"[a]\naws_access_key_id=A\naws_secret_access_key=A\n[p]\naws_access_key_id=ID\n"
			"aws_secret_access_key=S\n[z]\naws_session_token=Z\n",
			"p", 1, "ID", "S", NULL},
		{"as the config file says it", "[profile p]\naws_access_key_id=ID\naws_secret_access_key=S\n",
			"p", 1, "ID", "S", NULL},
		{"blanks in brackets", "[ profile\t p ] \naws_access_key_id=ID\naws_secret_access_key=S\n",
			"p", 1, "ID", "S", NULL},
		{"comments",
			"# aws_access_key_id=no\n[p] ; here\n;aws_session_token=no\naws_access_key_id=ID # "
			"me\n"
			"aws_secret_access_key=S#;S\n",
			"p", 1, "ID", "S#;S", NULL},
		{"capitals", "[p]\nAWS_ACCESS_KEY_ID=ID\nAws_Secret_Access_Key=S\n", "p", 1, "ID", "S", NULL},
		{"the last one counts",
			"[p]\naws_access_key_id=X\naws_access_key_id=ID\naws_secret_access_key=S\n", "p", 1,
			"ID", "S", NULL},
		{"other settings",
			"[p]\nregion=r\ns3 =\n  max = 2\naws_access_key_id=ID\naws_secret_access_key=S\nx",
			"p", 1, "ID", "S", NULL},
		{"an empty token is none",
			"[p]\naws_access_key_id=ID\naws_secret_access_key=S\naws_session_token=\n", "p", 1,
			"ID", "S", NULL},
		{"a file's empty", "", "default", 0, NULL, NULL, NULL},
		{"no such profile", "[a]\naws_access_key_id=A\naws_secret_access_key=A\n", "default", 0, NULL,
			NULL, NULL},
		{"the name's beginning", "[pp]\naws_access_key_id=A\naws_secret_access_key=A\n", "p", 0, NULL,
			NULL, NULL},
		{"without brackets' end", "[p\naws_access_key_id=A\naws_secret_access_key=A\n", "p", 0, NULL,
			NULL, NULL},
		{"keys of no profile", "aws_access_key_id=A\naws_secret_access_key=A\n", "default", 0, NULL,
			NULL, NULL},
		{"a profile without keys", "[p]\nrole_arn=x\n", "p", 0, NULL, NULL, NULL},
		{"half a key", "[p]\naws_access_key_id=ID\n", "p", -1, NULL, NULL, NULL},
		{"the other half", "[p]\naws_secret_access_key=" KEYS_HUSH "\n", "p", -1, NULL, NULL, NULL},
		{"a blank inside", "[p]\naws_access_key_id=ID\naws_secret_access_key=" KEYS_HUSH " x\n", "p",
			-1, NULL, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_KEYS k = {0};
		struct err e = {0};
		int r = aws_profile_read(rows[i].text, rows[i].profile, &k, &e);

		if (r != rows[i].r)
			fail_msg("%s: %d %s", rows[i].title, r, e.text);
		assert_null(strstr(e.text, KEYS_HUSH));
		if (r <= 0)
			continue;
		if (strcmp(k.id, rows[i].id) != 0 || strcmp(k.secret, rows[i].secret) != 0 ||
			(k.token == NULL) != (rows[i].token == NULL) ||
			(k.token != NULL && strcmp(k.token, rows[i].token) != 0))
			fail_msg("%s: %s %s %s", rows[i].title, k.id, k.secret, k.token);
	}
}

static void shared_file(void **state)
{
	struct keys_world *w = *state;

	keys_set_env("AWS_SHARED_CREDENTIALS_FILE",
		keys_write_file(
			w, "keys", "[a]\naws_access_key_id=A\naws_secret_access_key=" KEYS_HUSH "\n"));
	assert_int_equal(keys_make(w, NULL, &w->failure), -1);
	assert_non_null(strstr(w->failure.text, "\"default\""));
	keys_set_env("AWS_PROFILE", xstrdup("a"));
	keys_make_ok(w);
	keys_expect_at_once(w, "A");

	/* what the server refuses may have been replaced */
	free(keys_write_file(w, "keys", "[a]\naws_access_key_id=B\naws_secret_access_key=" KEYS_HUSH "\n"));
	keys_expect_at_once(w, "A");
	assert_true(aws_credentials_refused(w->c));
	keys_expect_at_once(w, "B");
	assert_int_equal(unlink(keys_env("AWS_SHARED_CREDENTIALS_FILE")), 0);
	assert_true(aws_credentials_refused(w->c));
	keys_expect_at_once(w, "B");
	aws_credentials_free(steal_ptr(w->c));

	assert_int_equal(keys_make(w, NULL, &w->failure), -1);
	assert_int_equal(w->failure.kind, ERR_PERM);
}

static void home_folder(void **state)
{
	struct keys_world *w = *state;
	struct err e;
	AUTO_FREE char *folder = xasprintf("%s/.aws", w->folder);

	assert_int_equal(fs_mkdirs(folder, 0700, &e), 0);
	free(keys_write_file(
		w, ".aws/credentials", "[default]\naws_access_key_id=H\naws_secret_access_key=S\n"));
	keys_set_env("HOME", xstrdup(w->folder));
	keys_make_ok(w);
	keys_expect_at_once(w, "H");
}

static void container_addresses(void **state UNUSED)
{
	static const struct {
		const char *uri;
		bool ok;
	} rows[] = {
		{"https://keys.example/x", true},
		{"HTTPS://keys.example", true},
		{"http://localhost/x", true},
		{"http://LOCALHOST:80/x", true},
		{"http://127.0.0.1:9/x", true},
		{"http://127.255.0.1", true},
		{"http://[::1]:80/x", true},
		{"http://169.254.170.2/v2", true},
		{"http://169.254.170.23/v1/credentials", true},
		{"http://[fd00:ec2::23]/v1/credentials", true},
		{"http://169.254.169.254/x", false},
		{"http://169.254.170.22/x", false},
		{"http://128.0.0.1/x", false},
		{"http://keys.example/x", false},
		{"http://localhost.example/x", false},
		{"http://127.0.0.1.example/x", false},
		{"http://localhost@keys.example/x", false},
		{"http://localhost:80@keys.example/x", false},
		{"http://localhost\\@keys.example/x", false},
		{"http://keys.example#@localhost/", false},
		{"http://[::2]/x", false},
		{"http://", false},
		{"https://", false},
		{"https://user@keys.example", false},
		{"ftp://localhost/x", false},
		{"/v2/keys", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (aws_container_uri_ok(rows[i].uri) != rows[i].ok)
			fail_msg("%s", rows[i].uri);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, keys_set_up, keys_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HERE(configured_and_environment),
		HERE(half_a_key),
		HERE(nothing_anywhere),
		cmocka_unit_test(profiles),
		HERE(shared_file),
		HERE(home_folder),
		cmocka_unit_test(container_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
