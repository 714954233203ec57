#include "cgi/options.h"

#include <getopt.h>
#include <stdio.h>

#include "cgi/pool.h"
#include "lib/base/text.h"

#define DEFAULT_POOL 4

void options_usage(FILE *to)
{
	(void)fprintf(to,
		"usage: videod-cgi [--config FILE] [--listen PATH [--pool N]]\n"
		"       videod-cgi [--config FILE] --check-config\n"
		"       videod-cgi --version | --help\n"
		"\n"
		"  --config FILE    the settings, else $VIDEOD_CONFIG, else /etc/videod/videod.conf\n"
		"  --listen PATH    listen at a unix socket with a pool; else standard input is the socket\n"
		"  --pool N         responders in the pool, 1 to %d (%d)\n"
		"  --check-config   print the settings in force, without secrets, and exit\n",
		POOL_MAX, DEFAULT_POOL);
}

static int usage(void)
{
	options_usage(stderr);
	return -1;
}

int options_read(int argc, char **argv, struct options *ret_options)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"listen", required_argument, NULL, 'l'},
		{"pool", required_argument, NULL, 'p'},
		{"check-config", no_argument, NULL, 'k'},
		{"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct options o = {0};

	for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
		switch (c) {
		case 'c':
			o.config = optarg;
			break;
		case 'l':
			o.listen = optarg;
			break;
		case 'p':
			if (!text_to_i64(optarg, 1, POOL_MAX, &o.pool))
				return usage();
			break;
		case 'k':
			o.check_config = true;
			break;
		case 'v':
			o.version = true;
			break;
		case 'h':
			o.help = true;
			break;
		default:
			return usage();
		}
	}
	if (optind < argc || (o.pool && !o.listen))
		return usage();
	if (!o.pool)
		o.pool = DEFAULT_POOL;
	*ret_options = o;
	return 0;
}
