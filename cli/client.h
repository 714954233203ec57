#ifndef VIDEOD_CLI_CLIENT_H
#define VIDEOD_CLI_CLIENT_H

/* One HTTP request to a videod, JSON in and out, blocking. */

struct err;
struct json;

/*
 * body NULL: none. 0 with the answer's status (any) and its JSON (an object even where the answer had none),
 * which the caller frees; -1 when there was no answer.
 */
int client_call(const char *method, const char *url, const struct json *body, int *ret_status,
	struct json **ret_json, struct err *e);
/* As client_call with POST, and a file of that media type for its body. */
int client_send_file(const char *url, const char *file, const char *type, int *ret_status,
	struct json **ret_json, struct err *e);
/*
 * As client_call, for what must not be done twice: with a key of its own, by which the server knows it again,
 * and therefore sent once more where no answer came.
 */
int client_call_once(const char *method, const char *url, const struct json *body, int *ret_status,
	struct json **ret_json, struct err *e);
/* The server's own words for an error answer: its message and each detail. Fills *e, returns -1. */
int client_error(int status, const struct json *answer, struct err *e);

#endif
