#ifndef VIDEOD_TESTS_UNIT_LOOPBACK_H
#define VIDEOD_TESTS_UNIT_LOOPBACK_H

/* A TCP socket on 127.0.0.1 with a free port, which stays its own: the caller listens on it, and closes it.
 */
int loopback_bind(unsigned *ret_port);

#endif
