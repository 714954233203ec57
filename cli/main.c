/*
 * videoctl: the operator's hand. A table of subcommands; what any client can ask for is asked for by HTTP,
 * the others use the database.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/db.h"
#include "lib/video/settings.h"

static const struct command {
	const char *name, *arguments, *help;
	int (*run)(const struct settings *s, int argc, char **argv, struct err *e);
} commands[] = {
	{"migrate", "[--dir DIR]", "bring the database up to date", command_migrate},
	{"create",
		"--product ID [--style STYLE] [--aspect-ratio W:H] [--rendition W:H ...] [--quality PRESET]\n"
		"      [--fit HOW] [--transition KIND] [--captions KIND] [--draft]",
		"ask for a product video; prints its id", command_create},
	{"watch", "ID", "show a video's progress until it ends or waits for somebody", command_watch},
	{"cancel", "ID", "stop a video; what was bought is kept", command_cancel},
	{"retry", "ID [--accept-possible-charge]", "let a failed, cancelled or paused video go on",
		command_retry},
	{"render", "ID [--draft | --full]", "make a video again, as its request now is", command_render},
	{"regenerate", "ID SCENE [--prompt TEXT] [--image URL | --no-image]",
		"generate one scene anew; scenes count from 1", command_regenerate},
	{"change", "ID FILE", "change a video's request as FILE says, JSON; - is standard input",
		command_change},
	{"upload", "STORE FILE", "send a picture, a voice or music for a store's films; prints its address",
		command_upload},
	{"brand", "STORE [FILE | --delete]",
		"show a store's brand kit, or set it as FILE says, JSON; - is standard input", command_brand},
	{"resume", "[--vendor runway|elevenlabs] [--video ID]", "let videos go on that a vendor had refused",
		command_resume},
	{"vendors", "", "the vendors' accounts as the daemon last saw them", command_vendors},
	{"ledger", "ID", "what was bought for a video, and what it cost", command_ledger},
	{"storage", "check [--repair]", "compare the storage with the database", command_storage},
};

static void usage(FILE *to)
{
	(void)fputs("usage: videoctl [--config FILE] COMMAND ...\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		(void)fprintf(
			to, "  %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].help);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int run(const struct command *c, const char *config, int argc, char **argv)
{
	struct settings s = {0};
	struct err e;
	int r = settings_load(config, ROLE_OPERATOR, &s, &e);

	if (r == 0)
		r = c->run(&s, argc, argv, &e);
	if (r < 0)
		(void)fprintf(stderr, "videoctl: %s\n", e.text);
	settings_done(&s);
	return r == COMMAND_MISUSED ? 2 : r < 0;
}

int main(int argc, char **argv)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"version", no_argument, NULL, 'V'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const struct command *command;
	const char *config = NULL;
	int c, first;

	while ((c = getopt_long(argc, argv, "+c:h", table, NULL)) != -1) {
		if (c == 'V')
			return puts("videoctl " VIDEOD_VERSION) < 0;
		if (c != 'c') {
			usage(c == 'h' ? stdout : stderr);
			return c == 'h' ? 0 : 2;
		}
		config = optarg;
	}
	first = optind;
	command = first < argc ? find(argv[first]) : NULL;
	if (!command) {
		usage(stderr);
		return 2;
	}
	optind = 0; /* begins anew, and options may stand behind other arguments again */
	c = run(command, config, argc - first, argv + first);
	db_library_end();
	return c;
}
