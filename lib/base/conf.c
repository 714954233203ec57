/*
 * The reader of configurations. First everything that is said about a key is collected as text together with
 * where it was said: built in, then the file, then the environment, each over the one before; then each text
 * is read into its member by the reader of its type. So a complaint can always tell the place, and conf_print
 * where a value came from. The text of a secret is never part of a message.
 */

#include "lib/base/conf.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/base/names.h"
#include "lib/base/text.h"

#define FILE_BYTES   (64 * 1024)
#define VALUE_BYTES  4096 /* of a text without its own maximum, of a path, of a secret */
#define SHOWN_POINTS 60   /* of a wrong value or name in a message */
#define NAME_BYTES   64

#define ENV_PREFIX "VIDEOD_"
#define ENV_CONFIG "VIDEOD_CONFIG" /* names the file itself: see the callers of conf_load */

static const char built_in[] = "built in";

/* What is said about one key, and where. */
struct said {
	char *text;  /* owned; NULL: nothing */
	char *where; /* owned; "file:line", a variable's name, or built_in */
	bool is_secret_itself;
};

struct sayings {
	const struct conf_key *keys;
	size_t count;
	unsigned withheld; /* flags */
	struct said *said; /* count of them */
};

/* Of a key that is withheld nothing is noted, wherever something is said of it. */
static bool is_withheld(const struct sayings *s, size_t i)
{
	return (s->keys[i].flags & s->withheld) != 0;
}

static void sayings_done(struct sayings *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->said[i].text);
		free(s->said[i].where);
	}
	free(s->said);
}

#define AUTO_SAYINGS CLEANUP(sayings_done) struct sayings

/* How much of a text from outside a message shows: whole code points, and nothing from the first broken one
 * on. */
static int shown_bytes(const char *text)
{
	size_t n = text_utf8_prefix(text, SHOWN_POINTS);

	if (n > 4 * SHOWN_POINTS)
		n = 4 * SHOWN_POINTS;
	while (n > 0 && !text_utf8_valid(text, n))
		n--;
	return (int)n;
}

static void say(struct said *said, const char *text, const char *where, bool is_secret_itself)
{
	free(said->text);
	free(said->where);
	*said = (struct said){xstrdup(text), xstrdup(where), is_secret_itself};
}

static ssize_t find_key(const struct sayings *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->keys[i].name, name) == 0)
			return (ssize_t)i;
	}
	return -1;
}

/* The file: lines of "key = value", blank lines, and comments from a '#' at a line's start or after a blank.
 */

static char *trim(char *s)
{
	size_t n = strlen(s += strspn(s, " \t\r"));

	while (n > 0 && strchr(" \t\r", s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

static void cut_comment(char *line)
{
	for (char *p = line; (p = strchr(p, '#')); p++) {
		if (p == line || p[-1] == ' ' || p[-1] == '\t') {
			*p = '\0';
			return;
		}
	}
}

static int read_line(struct sayings *s, char *line, const char *where, struct err *e)
{
	cut_comment(line);
	line = trim(line);
	if (!*line)
		return 0;

	char *equals = strchr(line, '=');

	if (!equals || equals == line)
		return err_set(e, ERR_PERM, "%s: not of the form \"key = value\"", where);
	*equals = '\0';

	const char *name = trim(line);
	ssize_t i = find_key(s, name);

	if (i < 0)
		return err_set(e, ERR_PERM, "%s: %.*s: there is no such key", where, shown_bytes(name), name);
	if (is_withheld(s, (size_t)i))
		return 0;
	if (s->said[i].where && strcmp(s->said[i].where, built_in) != 0)
		return err_set(e, ERR_PERM, "%s: %s: already set at %s", where, name, s->said[i].where);
	say(&s->said[i], trim(equals + 1), where, false);
	return 0;
}

static int read_file(struct sayings *s, const char *file, struct err *e)
{
	AUTO_BUF text = BUF_INIT(FILE_BYTES);
	unsigned number = 0;

	if (fs_read(file, FILE_BYTES, &text, e) < 0)
		return -1;
	if (strlen(buf_text(&text)) != text.len || !text_utf8_valid(buf_text(&text), text.len))
		return err_set(e, ERR_PERM, "%s: is not UTF-8 text", file);

	for (char *line = text.data, *next; line; line = next) {
		AUTO_FREE char *where = xasprintf("%s:%u", file, ++number);

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (read_line(s, line, where, e) < 0)
			return -1;
	}
	return 0;
}

/* The environment. */

static const char *env_name(const struct conf_key *key, char out[static NAME_BYTES])
{
	int n = snprintf(out, NAME_BYTES, ENV_PREFIX "%s", key->name);

	assert(n > 0 && n < NAME_BYTES);
	for (char *p = out; *p; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	}
	return out;
}

static bool is_known_variable(const struct sayings *s, const char *name)
{
	char known[NAME_BYTES];

	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(name, env_name(&s->keys[i], known)) == 0)
			return true;
	}
	return strcmp(name, ENV_CONFIG) == 0;
}

static int check_variables(const struct sayings *s, struct err *e)
{
	for (char **v = environ; v && *v; v++) { /* NULL after clearenv(3) */
		if (strncmp(*v, ENV_PREFIX, strlen(ENV_PREFIX)) != 0)
			continue;

		AUTO_FREE char *name = xstrndup(*v, strcspn(*v, "="));

		if (!is_known_variable(s, name))
			return err_set(e, ERR_PERM, "%.*s: there is no such key", shown_bytes(name), name);
	}
	return 0;
}

static void read_variables(struct sayings *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct conf_key *key = &s->keys[i];
		char name[NAME_BYTES];

		if (is_withheld(s, i))
			continue;

		const char *alias = key->env_alias ? getenv(key->env_alias) : NULL;
		const char *own = getenv(env_name(key, name));

		if (alias)
			say(&s->said[i], alias, key->env_alias, key->type == CONF_SECRET);
		if (own)
			say(&s->said[i], own, name, false);
	}
}

/* A secret of which nothing is said is taken from the service manager: systemd.exec(5), LoadCredential=. */
static void read_credentials(struct sayings *s)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	for (size_t i = 0; folder && i < s->count; i++) {
		struct said *said = &s->said[i];

		if (s->keys[i].type != CONF_SECRET || is_withheld(s, i) || (said->text && *said->text))
			continue;

		AUTO_FREE char *path = xasprintf("%s/%s", folder, s->keys[i].name);

		if (access(path, F_OK) == 0)
			say(said, path, path, false);
	}
}

static int collect(struct sayings *s, const char *file, struct err *e)
{
	s->said = xcalloc(s->count, sizeof(*s->said));
	for (size_t i = 0; i < s->count; i++) {
		if (s->keys[i].fallback && !is_withheld(s, i))
			say(&s->said[i], s->keys[i].fallback, built_in, false);
	}

	if (file && read_file(s, file, e) < 0)
		return -1;
	if (check_variables(s, e) < 0)
		return -1;
	read_variables(s);
	read_credentials(s);
	return 0;
}

/* One line that can be shown as it is: nothing in a configuration needs more. */
static bool is_printable(const char *text)
{
	return text_utf8_valid(text, strlen(text)) && !text_has_control(text) && !strpbrk(text, "\n\t");
}

/* The types. Each reader fills its member from a text, or says in *e what the text must be.
 */

static int must_be(struct err *e, const char *what, const char *text)
{
	return err_set(e, ERR_PERM, "must be %s, not \"%.*s\"", what,
		(int)text_utf8_prefix(text, SHOWN_POINTS), text);
}

static int read_string(const struct conf_key *key, const char *text, void *member, struct err *e)
{
	size_t min = key->min > 0 ? (size_t)key->min : 0, max = key->max > 0 ? (size_t)key->max : VALUE_BYTES;

	if (strlen(text) < min || strlen(text) > max)
		return err_set(e, ERR_PERM, "must have %zu to %zu bytes, not %zu", min, max, strlen(text));

	const char *wrong = key->check ? key->check(text) : NULL;

	if (wrong)
		return err_set(e, ERR_PERM, "%s", wrong);
	*(char **)member = xstrdup(text);
	return 0;
}

static int read_int(const struct conf_key *key, const char *text, void *member, struct err *e)
{
	if (text_to_i64(text, key->min, key->max, member))
		return 0;

	AUTO_FREE char *range = xasprintf("a whole number from %" PRId64 " to %" PRId64, key->min, key->max);

	return must_be(e, range, text);
}

static int read_bool(const struct conf_key *key UNUSED, const char *text, void *member, struct err *e)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
	int i = NAMES_FIND(words, text);

	if (i < 0)
		return must_be(e, "yes or no", text);
	*(bool *)member = i % 2 == 1;
	return 0;
}

static int read_enum(const struct conf_key *key, const char *text, void *member, struct err *e)
{
	AUTO_BUF list = BUF_INIT(400);

	for (int i = 0; key->names[i]; i++) {
		if (strcmp(key->names[i], text) == 0) {
			*(int *)member = i;
			return 0;
		}
		buf_addf(&list, "%s%s", i > 0 ? ", " : key->names[1] ? "one of " : "", key->names[i]);
	}
	return must_be(e, buf_text(&list), text);
}

static int read_path(const struct conf_key *key, const char *text, void *member, struct err *e)
{
	if (*text != '/')
		return must_be(e, "an absolute path", text);
	return read_string(key, text, member, e);
}

static int check_secret_file(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set_errno(e, ERR_PERM, errno, "cannot read %s", path);
	if (st.st_mode & S_IRWXO)
		return err_set(e, ERR_PERM, "%s is open to everybody (mode %04o): chmod o= it", path,
			(unsigned)(st.st_mode & 07777));
	return 0;
}

static int read_secret(const struct conf_key *key, const char *path, void *member, struct err *e)
{
	AUTO_BUF text = BUF_INIT(VALUE_BYTES);

	if (*path != '/')
		return err_set(e, ERR_PERM, "must be the absolute path of the file that holds the secret");
	if (check_secret_file(path, e) < 0 || fs_read(path, VALUE_BYTES, &text, e) < 0)
		return -1;
	if (strlen(buf_text(&text)) != text.len)
		return err_set(e, ERR_PERM, "%s: holds a NUL byte", path);

	AUTO_FREE char *secret = xstrndup(buf_text(&text), strcspn(buf_text(&text), "\r\n"));

	if (!*secret || !is_printable(secret))
		return err_set(e, ERR_PERM, "%s: its first line must be the secret, in printable text", path);
	return read_string(key, secret, member, e);
}

typedef int reader(const struct conf_key *key, const char *text, void *member, struct err *e);

static reader *const readers[] = {
	[CONF_STRING] = read_string,
	[CONF_INT] = read_int,
	[CONF_BOOL] = read_bool,
	[CONF_ENUM] = read_enum,
	[CONF_PATH] = read_path,
	[CONF_SECRET] = read_secret,
};
_Static_assert(ARRAY_LEN(readers) == CONF_TYPE_COUNT, "a reader for each type");

static bool is_text(enum conf_type type)
{
	return type == CONF_STRING || type == CONF_PATH || type == CONF_SECRET;
}

/* Where nothing may be said, an empty text says nothing: "cdn_domain =" is no domain, "public_url =" is "".
 */
static bool is_unset(const struct conf_key *key, const char *text)
{
	if (!text)
		return true;
	if (*text || !is_text(key->type))
		return false;
	return key->type != CONF_STRING || !key->fallback;
}

static int read_said(const struct conf_key *key, const struct said *said, void *out, struct err *e)
{
	void *member = (char *)out + key->offset;

	if (is_unset(key, said->text))
		return key->flags & CONF_REQUIRED ? err_set(e, ERR_PERM, "must be set") : 0;
	if (!is_printable(said->text))
		return err_set(e, ERR_PERM, "has a byte that cannot be printed");
	if (said->is_secret_itself)
		return read_string(key, said->text, member, e);
	return readers[key->type](key, said->text, member, e);
}

int conf_load(const struct conf_key *keys, size_t count, unsigned withheld, const char *file, void *out,
	struct err *e)
{
	AUTO_SAYINGS s = {.keys = keys, .count = count, .withheld = withheld};

	if (collect(&s, file, e) < 0)
		return -1;

	for (size_t i = 0; i < count; i++) {
		const char *nowhere = file ? file : "no configuration file";

		if (!is_withheld(&s, i) && read_said(&keys[i], &s.said[i], out, e) < 0)
			return err_prefix(
				e, "%s: %s: ", s.said[i].where ? s.said[i].where : nowhere, keys[i].name);
	}
	return 0;
}

static void print_value(const struct conf_key *key, const void *member, FILE *to)
{
	const char *text = is_text(key->type) ? *(char *const *)member : NULL;

	switch (key->type) {
	case CONF_STRING:
	case CONF_PATH:
		(void)fputs(text ? text : "", to);
		break;
	case CONF_SECRET:
		(void)fputs(text ? "(set)" : "(not set)", to);
		break;
	case CONF_INT:
		(void)fprintf(to, "%" PRId64, *(const int64_t *)member);
		break;
	case CONF_BOOL:
		(void)fputs(*(const bool *)member ? "yes" : "no", to);
		break;
	case CONF_ENUM:
		(void)fputs(key->names[*(const int *)member], to);
		break;
	case CONF_TYPE_COUNT:
		break;
	}
}

void conf_print(const struct conf_key *keys, size_t count, unsigned withheld, const char *file,
	const void *in, FILE *to)
{
	AUTO_SAYINGS s = {.keys = keys, .count = count, .withheld = withheld};
	struct err ignored;

	(void)collect(&s, file, &ignored); /* conf_load has told what is wrong with it */
	for (size_t i = 0; i < count; i++) {
		if (is_withheld(&s, i)) {
			(void)fprintf(to, "%s = (the daemon's)   # not read\n", keys[i].name);
			continue;
		}
		(void)fprintf(to, "%s = ", keys[i].name);
		print_value(&keys[i], (const char *)in + keys[i].offset, to);
		(void)fprintf(to, "   # %s\n", s.said[i].where ? s.said[i].where : "not set");
	}
}

void conf_free(const struct conf_key *keys, size_t count, void *in)
{
	for (size_t i = 0; i < count; i++) {
		void *member = (char *)in + keys[i].offset;

		if (!is_text(keys[i].type))
			continue;
		if (keys[i].type == CONF_SECRET && *(char **)member)
			explicit_bzero(*(char **)member, strlen(*(char **)member));
		free(steal_ptr(*(char **)member));
	}
}
