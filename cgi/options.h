#ifndef VIDEOD_CGI_OPTIONS_H
#define VIDEOD_CGI_OPTIONS_H

/* The command line of videod-cgi(8). */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct options {
	const char *config; /* NULL: the usual place */
	const char *listen; /* NULL: standard input is the socket */
	int64_t pool;       /* responders at listen's socket */
	bool check_config, version, help;
};

/* 0, or -1 when the arguments make no sense: the usage was printed to standard error. */
int options_read(int argc, char **argv, struct options *ret_options);
void options_usage(FILE *to);

#endif
