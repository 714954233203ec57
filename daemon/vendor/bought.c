/*
 * What was paid for, on disk. Invariant: a file under its name is whole and synced, and a name is written by
 * one claim only; what the database says is kept was sealed before it said so.
 */
#include "daemon/vendor/bought.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/engine.h"
#include "daemon/vendor/keeper.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/log.h"
#include "lib/base/mem.h"
#include "lib/video/purchases.h"
#include "lib/video/settings.h"

#define PART          ".part"
#define BESIDE        ".json"
#define FILE_MODE     0640
#define FOLDER_MODE   0750
#define FOLDERS       256
#define STRAY_AGE_SEC (24 * 3600)
#define SWEEP_MAX     50 /* files a call, each of which may be looked up */
#define REMOVE_MAX    20 /* artefacts a call */

void bought_name(
	const struct purchase *p, uint64_t token, const char *extension, char out[static BOUGHT_NAME_SIZE])
{
	char id[UUID_TEXT_SIZE];

	uuid_format(&p->id, id);
	(void)snprintf(out, BOUGHT_NAME_SIZE, "%.2s/%s-%" PRIx64 ".%s", id, id, token, extension);
}

static void path_of(const struct engine *en, const char *name, const char *suffix, char *out)
{
	(void)snprintf(out, BOUGHT_PATH_SIZE, "%s/%s%s", en->settings->bought_dir, name, suffix);
}

void bought_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE])
{
	path_of(en, name, "", out);
}

void bought_part_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE])
{
	path_of(en, name, PART, out);
}

void bought_beside_path(const struct engine *en, const char *name, char out[static BOUGHT_PATH_SIZE])
{
	path_of(en, name, BESIDE, out);
}

/* Writing */

/* What a disk does not do now, full or not ours to write, it does when somebody has seen to it. */
static int failed(struct err *e, const char *verb, const char *path)
{
	return err_set_errno(e, ERR_TEMP, errno, "cannot %s %s", verb, path);
}

static int passes(struct err *e)
{
	e->kind = ERR_TEMP;
	return -1;
}

/* The folder is synced too when it is new, or a crash would take the file with it. */
static int make_folder_of(const char *path, struct err *e)
{
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	AUTO_CLOSE int above = -1;

	if (access(folder, F_OK) == 0)
		return 0;
	if (fs_mkdirs(folder, FOLDER_MODE, e) < 0)
		return passes(e);
	*strrchr(folder, '/') = '\0';
	above = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return above >= 0 && fsync(above) == 0 ? 0 : failed(e, "sync", folder);
}

int bought_make_folder(const struct engine *en, const char *name, struct err *e)
{
	char path[BOUGHT_PATH_SIZE];

	bought_path(en, name, path);
	return make_folder_of(path, e);
}

int bought_check_folder(const struct engine *en, struct err *e)
{
	const char *folder = en->settings->bought_dir;

	if (fs_mkdirs(folder, FOLDER_MODE, e) < 0)
		return err_prefix(e, "bought_dir: ");
	if (access(folder, W_OK | X_OK) < 0)
		return err_set_errno(e, ERR_PERM, errno, "bought_dir: cannot write in %s", folder);
	return 0;
}

/* Not by O_TRUNC, which gives back what was set aside. */
static int empty(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	return st.st_size > 0 ? ftruncate(fd, 0) : 0;
}

int bought_open(const struct engine *en, const char *name, int64_t reserve_bytes, struct err *e)
{
	char path[BOUGHT_PATH_SIZE];
	AUTO_CLOSE int fd = -1;

	bought_part_path(en, name, path);
	if (make_folder_of(path, e) < 0)
		return -1;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0 || empty(fd) < 0)
		return failed(e, "make", path);
	/* a file system that cannot set disk aside is no reason to buy nothing */
	if (reserve_bytes > 0 && fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, reserve_bytes) < 0 &&
		errno != EOPNOTSUPP && errno != ENOSYS) {
		(void)failed(e, "set disk aside for", path);
		(void)unlink(path);
		return -1;
	}
	return steal_fd(&fd);
}

int bought_seal(const struct engine *en, const char *name, int64_t bytes, struct err *e)
{
	char part[BOUGHT_PATH_SIZE], path[BOUGHT_PATH_SIZE];
	int64_t is = 0;

	bought_part_path(en, name, part);
	bought_path(en, name, path);
	if (access(part, F_OK) < 0 && fs_size(path, &is, e) == 1 && is == bytes)
		return 0;
	if (fs_size(part, &is, e) != 1 || is < bytes)
		return err_set(e, ERR_TEMP, "%s has %" PRId64 " bytes instead of %" PRId64, part, is, bytes);
	if (truncate(part, bytes) < 0)
		return failed(e, "cut", part);
	return fs_rename_durable(part, path, e) < 0 ? passes(e) : 0;
}

void bought_discard(const struct engine *en, const char *name)
{
	static const char *const suffixes[] = {PART, BESIDE, ""};
	char path[BOUGHT_PATH_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		path_of(en, name, suffixes[i], path);
		(void)unlink(path);
	}
}

/* Taking */

int bought_take(const struct engine *en, const char *name, int64_t bytes, const char *to, struct err *e)
{
	char path[BOUGHT_PATH_SIZE];
	int64_t is = 0;
	int found;

	bought_path(en, name, path);
	found = fs_size(path, &is, e);
	if (found < 0) {
		e->kind = ERR_TEMP;
		return -1;
	}
	if (found == 0)
		return err_set(e, ERR_PERM, "%s is not there any more", name);
	if (is != bytes)
		return err_set(e, ERR_PERM, "%s has %" PRId64 " bytes instead of %" PRId64, name, is, bytes);
	if (unlink(to) < 0 && errno != ENOENT)
		return failed(e, "replace", to);
	if (link(path, to) == 0)
		return 0;
	if (fs_copy_atomic(path, to, FILE_MODE, e) == 0)
		return 0;
	e->kind = ERR_TEMP;
	return -1;
}

/* Upkeep */

static void log_trouble(const char *what, const struct err *e)
{
	log_warning(what, log_text("kind", err_kind_names[e->kind]), log_text("error", e->text));
}

static void remove_released(struct engine *en)
{
	struct purchase *list = NULL;
	size_t n = 0;
	struct err e;

	if (purchases_to_remove(en->db, REMOVE_MAX, &list, &n, &e) < 0) {
		log_trouble("sweeping what was bought", &e);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		bought_discard(en, list[i].artefact);
		if (purchases_removed(en->db, &list[i].id, &e) < 0)
			log_trouble("sweeping what was bought", &e);
	}
	purchases_free(list, n);
}

/* The purchase that the file, or what it lies beside, was named for. */
static bool purchase_of(const char *file, struct uuid *ret)
{
	char id[UUID_TEXT_SIZE];

	(void)snprintf(id, sizeof(id), "%s", file);
	return uuid_parse_text(id, ret);
}

static bool is_old(int folder, const char *file)
{
	struct stat st;

	return fstatat(folder, file, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_mtime < time(NULL) - STRAY_AGE_SEC;
}

static bool is_part(const char *file)
{
	size_t n = strlen(file), k = strlen(PART);

	return n > k && strcmp(file + n - k, PART) == 0;
}

/* A part whose writer is alive is young, however long the disk refuses it: each try is a change of it. */
static bool is_of_use(const struct engine *en, const char *file)
{
	struct uuid id;
	struct err e;

	return !is_part(file) && purchase_of(file, &id) && purchases_knows(en->db, &id, &e) != 0;
}

/* True: it is gone. */
static bool sweep_file(const struct engine *en, int folder, const char *file)
{
	if (!is_old(folder, file) || is_of_use(en, file) || unlinkat(folder, file, 0) < 0)
		return false;
	log_info("stray file removed", log_text("file", file));
	return true;
}

/* Begins where the last call ended. True: that was the rest of it. */
static bool sweep_some(struct engine *en, DIR *dir)
{
	const struct dirent *entry = NULL;
	unsigned seen = 0, gone = 0;

	for (unsigned i = 0; i < en->bought_seen && readdir(dir); i++)
		continue;
	while (seen < SWEEP_MAX && (entry = readdir(dir))) {
		seen++;
		gone += sweep_file(en, dirfd(dir), entry->d_name);
	}
	en->bought_seen += seen - gone;
	return !entry;
}

static void sweep_folder(struct engine *en)
{
	AUTO_FREE char *path = xasprintf("%s/%02x", en->settings->bought_dir, en->bought_swept);
	DIR *dir = opendir(path);

	if (!dir || sweep_some(en, dir)) {
		en->bought_swept = (en->bought_swept + 1) % FOLDERS;
		en->bought_seen = 0;
	}
	if (dir)
		(void)closedir(dir);
}

void bought_sweep(struct engine *en)
{
	if (en->keeper) /* the storage has it too */
		keeper_soon(en->keeper);
	else
		remove_released(en);
	sweep_folder(en);
}
