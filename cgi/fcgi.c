/*
 * The one user of libfcgi (FastCGI 1.0, https://fastcgi-archives.github.io/FastCGI_Specification.html).
 *
 * libfcgi's own accept can be interrupted only by luck: a signal between its check and its accept(2) is lost
 * until the next request. So this waits in epoll for the socket or a signalfd, and lets libfcgi accept
 * without blocking. With EPOLLEXCLUSIVE a connection wakes one idle responder of the pool, not all of them.
 */
#include "cgi/fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "cgi/body.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/base/text.h"

/* The body of a request as the peer sends it. */
struct source {
	struct body body;
	FCGX_Stream *in;
};

struct fcgi {
	FCGX_Request request;
	bool in_request;
	int listen_fd; /* the caller's */
	int epoll_fd;
	int signal_fd;
	struct source source;
};

static int check_socket(int fd, struct err *e)
{
	int listening = 0;
	socklen_t len = sizeof(listening);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) < 0 || !listening)
		return err_set(e, ERR_PERM, "descriptor %d is not a listening socket", fd);

	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_set_errno(e, ERR_PERM, errno, "cannot make the socket non-blocking");
	return 0;
}

static int take_signals(struct fcgi *f, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return err_set_errno(e, ERR_PERM, errno, "sigprocmask");
	f->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return f->signal_fd < 0 ? err_set_errno(e, ERR_TEMP, errno, "signalfd") : 0;
}

static int watch(struct fcgi *f, int fd, uint32_t events, struct err *e)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return err_set_errno(e, ERR_TEMP, errno, "epoll_ctl");
	return 0;
}

int fcgi_open(int listen_fd, struct fcgi **ret_fcgi, struct err *e)
{
	AUTO(fcgi) f = xcalloc(1, sizeof(*f));

	*f = (struct fcgi){
		.listen_fd = listen_fd,
		.epoll_fd = epoll_create1(EPOLL_CLOEXEC),
		.signal_fd = -1,
	};
	if (f->epoll_fd < 0)
		return err_set_errno(e, ERR_TEMP, errno, "epoll_create1");
	if (check_socket(listen_fd, e) < 0 || take_signals(f, e) < 0)
		return -1;
	if (watch(f, f->signal_fd, EPOLLIN, e) < 0 || watch(f, listen_fd, EPOLLIN | EPOLLEXCLUSIVE, e) < 0)
		return -1;
	if (FCGX_Init() != 0 || FCGX_InitRequest(&f->request, listen_fd, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return err_set(e, ERR_PERM, "libfcgi does not start");

	*ret_fcgi = steal_ptr(f);
	return 0;
}

static void end_request(struct fcgi *f)
{
	if (!f->in_request)
		return;
	FCGX_Finish_r(&f->request);
	FCGX_Free(&f->request, 1); /* closes the connection, whether or not the peer wanted to keep it */
	f->in_request = false;
}

void fcgi_free(struct fcgi *f)
{
	if (!f)
		return;
	end_request(f);
	macros_closep(&f->epoll_fd);
	macros_closep(&f->signal_fd);
	free(f);
}

/* 1 somebody connects, 0 a signal, -1 failed. A signal goes first, so that a busy responder can be ended. */
static int wait_for_event(const struct fcgi *f, struct err *e)
{
	struct epoll_event events[2];
	int n;

	do
		n = epoll_wait(f->epoll_fd, events, ARRAY_LEN(events), -1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_set_errno(e, ERR_TEMP, errno, "epoll_wait");

	for (int i = 0; i < n; i++)
		if (events[i].data.fd == f->signal_fd)
			return 0;
	return 1;
}

static const char *param(const struct fcgi *f, const char *name)
{
	const char *value = FCGX_GetParam(name, f->request.envp);

	return value ? value : "";
}

static size_t read_some(struct body *b, void *p, size_t n)
{
	struct source *s = (struct source *)b; /* its first member */
	int got = FCGX_GetStr(p, n < INT_MAX ? (int)n : INT_MAX, s->in);

	return got > 0 ? (size_t)got : 0;
}

/* How much of it is said to come; nothing of it is read here. */
static struct source source_of(const struct fcgi *f)
{
	const char *length = param(f, "CONTENT_LENGTH");
	int64_t bytes = 0;

	if (*length && !text_to_i64(length, 0, INT64_MAX, &bytes))
		bytes = -1;
	return (struct source){.body = {.bytes = bytes, .read = read_some}, .in = f->request.in};
}

static void read_request(struct fcgi *f, struct fcgi_request *ret_request)
{
	f->source = source_of(f);
	*ret_request = (struct fcgi_request){
		.method = param(f, "REQUEST_METHOD"),
		.uri = param(f, "REQUEST_URI"),
		.content_type = param(f, "CONTENT_TYPE"),
		.request_id = param(f, "REQUEST_ID"),
		.idempotency_key = FCGX_GetParam("HTTP_IDEMPOTENCY_KEY", f->request.envp),
		.body = &f->source.body,
	};
}

int fcgi_accept(struct fcgi *f, struct fcgi_request *ret_request, struct err *e)
{
	end_request(f);
	for (;;) {
		int r = wait_for_event(f, e);

		if (r <= 0)
			return r;

		r = FCGX_Accept_r(&f->request);
		if (r == 0)
			break;
		/* another responder was quicker, or the peer was gone or spoke something else */
		if (r != -EAGAIN && r != -EINTR && r != -ECONNABORTED)
			return err_set_errno(e, ERR_TEMP, -r, "accept");
	}
	f->in_request = true;
	read_request(f, ret_request);
	return 1;
}

void fcgi_send(struct fcgi *f, const struct buf *head, const struct buf *body)
{
	(void)FCGX_PutStr(head->data, (int)head->len, f->request.out);
	if (body && body->len > 0)
		(void)FCGX_PutStr(body->data, (int)body->len, f->request.out);
	end_request(f);
}
