#ifndef VIDEOD_CGI_POOL_H
#define VIDEOD_CGI_POOL_H

/* A pool of responders on one socket, where no service manager provides it. */

struct err;

#define POOL_MAX        64
#define POOL_RESTART_MS 300
#define POOL_STOP_MS    15000 /* from SIGTERM to SIGKILL */

/*
 * Listens at path (its mode follows from the umask) and keeps size responders running: one that ends is
 * started again after POOL_RESTART_MS. SIGTERM or SIGINT ends all and removes the socket. A socket that
 * nobody listens at is replaced. Returns 0 in each responder, with the socket in *ret_fd, which the caller
 * closes; 1 in the parent when all have ended; -1 when it could not begin.
 */
int pool_run(const char *path, unsigned size, int *ret_fd, struct err *e);

#endif
