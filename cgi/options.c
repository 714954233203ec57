#include "cgi/options.h"

#include <getopt.h>
#include <stdio.h>

#include "cgi/pool.h"
#include "lib/base/text.h"

#define DEFAULT_POOL 4

static int usage(void)
{
	(void)fprintf(stderr, "usage: videod-cgi [--config file] [--listen path [--pool n]]\n"
			      "       videod-cgi [--config file] --check-config\n"
			      "       videod-cgi --version\n");
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
