/*
 * Starting and ending private servers. Readiness is an event: mariadbd says READY=1 on a notification socket
 * as it would to systemd; memcached, which cannot, is asked until it answers or ends.
 */

#include "tests/unit/servers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/fs.h"
#include "lib/base/macros.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"

#define START_MS 120000 /* on a machine that is busy with other tests */

static PRINTF_LIKE(1, 2) _Noreturn void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

/*
 * Starts argv with its output in folder/log; notify is for NOTIFY_SOCKET or NULL. The child dies with this
 * process. TMPDIR is its own, because a mariadbd that starts removes the temporary tables of others from a
 * shared one.
 */
static pid_t spawn(const struct test_server *s, const char *const *argv, const char *notify)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;

	char log[sizeof(s->folder) + 8];

	(void)snprintf(log, sizeof(log), "%s/log", s->folder);
	if (!freopen(log, "a", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0 ||
		prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(126);
	if (setenv("TMPDIR", s->folder, 1) ||
		(notify ? setenv("NOTIFY_SOCKET", notify, 1) : unsetenv("NOTIFY_SOCKET")))
		_exit(126);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void make_folder(struct test_server *s, const char *name)
{
	const char *tmp = getenv("TMPDIR");

	*s = (struct test_server){.pid = 0};
	(void)snprintf(s->folder, sizeof(s->folder), "%s/videod-%s.XXXXXX", tmp && *tmp ? tmp : "/tmp", name);
	if (!mkdtemp(s->folder))
		die("mkdtemp %s: %s", s->folder, strerror(errno));
	(void)snprintf(s->socket, sizeof(s->socket), "%s/socket", s->folder);
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(a.sun_path))
		die("%s: too long for a socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return a;
}

static void ended_early(const struct test_server *s)
{
	die("the server in %s ended or did not start: see its log", s->folder);
}

/* Waits until fd can be read (1), the server has ended (-1), or ms have passed (0). */
static int wait_for(const struct test_server *s, int fd, int64_t ms)
{
	AUTO_CLOSE int pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	struct pollfd p[] = {{.fd = pidfd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int n = poll(p, ARRAY_LEN(p), ms > 0 ? (int)ms : 0);

	if (pidfd < 0 || n < 0)
		die("pidfd_open, poll: %s", strerror(errno));
	if (p[0].revents)
		return -1;
	return n > 0;
}

void test_db_start(struct test_server *s)
{
	char notify[sizeof(s->folder) + 8], datadir[sizeof(s->folder) + 16],
		socket_arg[sizeof(s->socket) + 16];

	(void)snprintf(notify, sizeof(notify), "%s/notify", s->folder);
	(void)snprintf(datadir, sizeof(datadir), "--datadir=%s/data", s->folder);
	(void)snprintf(socket_arg, sizeof(socket_arg), "--socket=%s", s->socket);

	const char *argv[] = {"mariadbd", "--no-defaults", datadir, socket_arg, "--skip-networking",
		"--innodb-buffer-pool-size=64M", "--innodb-log-file-size=16M", "--max-connections=50",
		"--character-set-server=latin1", geteuid() == 0 ? "--user=root" : NULL, NULL};
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = address(notify);

	(void)unlink(notify);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		die("%s: %s", notify, strerror(errno));
	s->pid = spawn(s, argv, notify);

	for (int64_t end = clock_mono_ms() + START_MS;;) {
		char message[512];

		if (wait_for(s, fd, end - clock_mono_ms()) != 1)
			ended_early(s);

		ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

		message[n > 0 ? n : 0] = '\0';
		if (strstr(message, "READY=1"))
			return;
	}
}

struct db_options test_db_options(const struct test_server *s)
{
	return (struct db_options){
		.socket = s->socket,
		.user = "root",
		.name = "videod",
		.connect_timeout_sec = 5,
		.io_timeout_sec = 10,
	};
}

void test_db_create(struct test_server *s)
{
	char datadir[sizeof(s->folder) + 16];
	int status = 0;

	make_folder(s, "db");
	(void)snprintf(datadir, sizeof(datadir), "--datadir=%s/data", s->folder);

	const char *argv[] = {"mariadb-install-db", "--no-defaults", "--force", datadir, "--skip-test-db",
		"--auth-root-authentication-method=normal", geteuid() == 0 ? "--user=root" : NULL, NULL};

	if (waitpid(spawn(s, argv, NULL), &status, 0) < 0 || status != 0)
		die("mariadb-install-db failed: see %s/log", s->folder);
	test_db_start(s);

	struct db_options options = test_db_options(s);
	struct err e;

	options.name = NULL;

	AUTO(db) db = db_new(&options);

	if (db_script(db, "CREATE DATABASE videod CHARACTER SET utf8mb4;\n", &e) < 0)
		die("%s", e.text);
}

int test_db_end_session(struct db *admin, int64_t id, struct err *e)
{
	static const char left_sql[] = "SELECT COUNT(*) FROM information_schema.processlist WHERE id=?";
	AUTO_FREE char *kill_sql = xasprintf("KILL CONNECTION %lld;\n", (long long)id);
	int64_t give_up_ms = clock_mono_ms() + START_MS;

	if (db_script(admin, kill_sql, e) < 0)
		return -1;
	for (;;) {
		AUTO(db_rows) rows = NULL;

		if (db_query(admin, left_sql, DB_ARGS(db_int(id)), &rows, e) < 0)
			return -1;
		if (db_next(rows) && db_get_int(rows, 0) == 0)
			return 0;
		if (clock_mono_ms() > give_up_ms)
			return err_set(e, ERR_TEMP, "session %lld is still there", (long long)id);
		(void)poll(NULL, 0, 5);
	}
}

pid_t test_db_strike_while(const struct test_server *s, const char *pattern, enum test_blow blow)
{
	static const char sql[] = "SELECT id FROM information_schema.processlist "
				  "WHERE info LIKE ? AND id <> CONNECTION_ID() AND time_ms > 0";
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;

	struct db_options options = test_db_options(s);
	AUTO(db) db = db_new(&options);
	AUTO(db_rows) rows = NULL;
	struct err e;

	do {
		db_rows_free(rows);
		rows = NULL;
		if (db_query(db, sql, DB_ARGS(db_text(pattern)), &rows, &e) < 0)
			_exit(1);
	} while (!db_next(rows));
	if (blow == KILL_SERVER)
		_exit(kill(s->pid, SIGKILL) == 0 ? 0 : 2);

	_exit(test_db_end_session(db, db_get_int(rows, 0), &e) == 0 ? 0 : 3);
}

void test_db_expect_struck(pid_t pid)
{
	int status = -1;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("the blow failed: status %d", status);
}

void test_cache_start(struct test_server *s)
{
	const char *argv[] = {"memcached", "-s", s->socket, "-t", "1", "-m", "16",
		geteuid() == 0 ? "-u" : NULL, "root", NULL};
	struct sockaddr_un a = address(s->socket);

	(void)unlink(s->socket);
	s->pid = spawn(s, argv, NULL);
	for (int64_t end = clock_mono_ms() + START_MS; clock_mono_ms() < end;) {
		AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return;
		if (wait_for(s, -1, 5) < 0)
			break;
	}
	ended_early(s);
}

void test_cache_create(struct test_server *s)
{
	make_folder(s, "cache");
	test_cache_start(s);
}

void test_server_signal(const struct test_server *s, int signal_no)
{
	if (s->pid <= 0 || kill(s->pid, signal_no) < 0)
		die("kill %d: %s", (int)s->pid, strerror(errno));
	if (signal_no == SIGSTOP && waitpid(s->pid, NULL, WUNTRACED) != s->pid)
		die("waitpid %d: %s", (int)s->pid, strerror(errno));
}

void test_server_kill(struct test_server *s)
{
	test_server_signal(s, SIGKILL);
	(void)waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

void test_server_remove(struct test_server *s)
{
	struct err e;

	if (s->pid > 0)
		test_server_kill(s);
	if (fs_remove_tree(s->folder, &e) < 0)
		die("%s", e.text);
}
