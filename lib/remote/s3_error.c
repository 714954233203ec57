/*
 * What S3 servers' answers mean. The codes are those of "Error responses" in the Amazon S3 API Reference and
 * what Ceph, Swift, MinIO and others say besides; a code that is not known, and an answer without one (of
 * HEAD, of a proxy's HTML), goes by its HTTP status.
 *
 * Kept here: of a server's own words only code, message, request id and region are taken, each printable and
 * short, and nothing of them that looks like a key, a token or a signature.
 */

#include "lib/remote/s3_error_priv.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/err.h"
#include "lib/base/macros.h"
#include "lib/io/http.h"
#include "lib/io/xml.h"
#include "lib/remote/s3_endpoint_priv.h"
#include "lib/remote/words_priv.h"

#define BODY_MAX     (4 << 20) /* of a success that is looked at */
#define SKEW_S       (15 * 60) /* what servers allow */
#define SECRET_CHARS 32        /* a run of so many letters and digits may be one */
#define KEY_ID_CHARS 3         /* what is shorter is not worth hiding, and may be a part of any word */

static const struct {
	const char *code;
	enum s3_what what;
} codes[] = {
	/* passes */
	{"InternalError", S3_RETRY},
	{"RequestTimeout", S3_RETRY}, /* with status 400 */
	{"RequestTimeoutException", S3_RETRY},
	{"IncompleteBody", S3_RETRY},
	{"BadDigest", S3_RETRY}, /* the body was changed on its way */
	{"XAmzContentSHA256Mismatch", S3_RETRY},
	{"OperationAborted", S3_RETRY}, /* somebody else's request is in the way */
	{"ConditionalRequestConflict", S3_RETRY},
	{"SlowDown", S3_THROTTLE},
	{"SlowDownRead", S3_THROTTLE},
	{"SlowDownWrite", S3_THROTTLE},
	{"ServiceUnavailable", S3_THROTTLE},
	{"Busy", S3_THROTTLE},
	{"Throttling", S3_THROTTLE},
	{"ThrottlingException", S3_THROTTLE},
	{"ThrottledException", S3_THROTTLE},
	{"RequestThrottled", S3_THROTTLE},
	{"RequestThrottledException", S3_THROTTLE},
	{"RequestLimitExceeded", S3_THROTTLE},
	{"BandwidthLimitExceeded", S3_THROTTLE},
	{"TooManyRequests", S3_THROTTLE},
	{"TooManyRequestsException", S3_THROTTLE},
	{"PriorRequestNotComplete", S3_THROTTLE},
	/* signed wrongly */
	{"PermanentRedirect", S3_REGION},
	{"TemporaryRedirect", S3_REGION},
	{"Redirect", S3_REGION},
	{"AuthorizationHeaderMalformed", S3_REGION},
	{"IllegalLocationConstraintException", S3_REGION},
	{"RequestTimeTooSkewed", S3_CLOCK},
	{"InvalidAccessKeyId", S3_KEY},
	{"SignatureDoesNotMatch", S3_KEY},
	{"ExpiredToken", S3_KEY},
	{"ExpiredTokenException", S3_KEY},
	{"InvalidToken", S3_KEY},
	{"InvalidSecurity", S3_KEY},
	{"TokenRefreshRequired", S3_KEY},
	{"InvalidClientTokenId", S3_KEY},
	/* not allowed */
	{"AccessDenied", S3_DENIED},
	{"AccountProblem", S3_DENIED},
	{"AllAccessDisabled", S3_DENIED},
	{"NotSignedUp", S3_DENIED},
	{"RequestExpired", S3_DENIED},
	/* not there */
	{"NoSuchKey", S3_NOT_FOUND},
	{"NoSuchVersion", S3_NOT_FOUND},
	{"NoSuchUpload", S3_UPLOAD_GONE},
	{"InvalidPart", S3_PART_GONE},
	{"NoSuchBucket", S3_NO_BUCKET},
	{"InvalidBucketName", S3_NO_BUCKET},
	/* what the operator has chosen */
	{"AccessControlListNotSupported", S3_MISSET},
	{"InvalidStorageClass", S3_MISSET},
	{"InvalidEncryptionAlgorithmError", S3_MISSET},
	{"ServerSideEncryptionConfigurationNotFoundError", S3_MISSET},
	{"InvalidLocationConstraint", S3_MISSET},
	{"InvalidTag", S3_MISSET},
	{"NotImplemented", S3_MISSET},
	{"QuotaExceeded", S3_FULL},
	{"XMinioStorageFull", S3_FULL},
	{"XMinioAdminBucketQuotaExceeded", S3_FULL},
};

/*
 * HTTP statuses; the first row that fits. What has a body, but no error of S3's in it, was said by a proxy or
 * by another server, or was cut off: it shows nothing of our object.
 */
static const struct {
	int from, to;
	enum s3_what what;
	enum s3_what page; /* with such a body */
} statuses[] = {
	{200, 299, S3_FINE, S3_FINE},
	{307, 307, S3_RETRY, S3_RETRY}, /* a new bucket's name is not known everywhere yet */
	{300, 399, S3_REGION, S3_REGION},
	{401, 401, S3_KEY, S3_KEY},
	{403, 403, S3_DENIED, S3_DENIED},
	{404, 404, S3_NOT_FOUND, S3_FOREIGN},
	{408, 408, S3_RETRY, S3_RETRY},
	{409, 409, S3_RETRY, S3_RETRY},
	{425, 425, S3_RETRY, S3_RETRY},
	{429, 429, S3_THROTTLE, S3_THROTTLE},
	{400, 499, S3_REFUSED, S3_FOREIGN},
	{501, 501, S3_MISSET, S3_MISSET},
	{503, 503, S3_THROTTLE, S3_THROTTLE},
	{507, 507, S3_FULL, S3_FULL},
	{0, 999, S3_RETRY, S3_RETRY},
};

static const struct {
	enum err_kind kind;
	const char *means; /* said where the server said nothing */
} meanings[] = {
	[S3_FINE] = {ERR_TEMP, "a success that is none"},
	[S3_RETRY] = {ERR_TEMP, "the server could not do it now"},
	[S3_THROTTLE] = {ERR_TEMP, "the server is too busy"},
	[S3_REGION] = {ERR_BLOCKED, "the bucket is in another region or at another endpoint"},
	[S3_CLOCK] = {ERR_BLOCKED, "the clocks differ"},
	[S3_KEY] = {ERR_BLOCKED, "the access key is not accepted"},
	[S3_DENIED] = {ERR_BLOCKED, "the access key does not allow it"},
	[S3_NOT_FOUND] = {ERR_PERM, "it is not there"},
	[S3_UPLOAD_GONE] = {ERR_TEMP, "the upload is not there any more"},
	[S3_PART_GONE] = {ERR_TEMP, "a part of the upload is not there any more"},
	[S3_NO_BUCKET] = {ERR_BLOCKED, "there is no such bucket"},
	[S3_MISSET] = {ERR_BLOCKED, "the server does not know how to do what is configured"},
	[S3_FULL] = {ERR_BLOCKED, "there is no space left for us"},
	[S3_FOREIGN] = {ERR_BLOCKED, "this is not an S3 server's answer, or half of one"},
	[S3_REFUSED] = {ERR_PERM, "the request was refused"},
};
_Static_assert(ARRAY_LEN(meanings) == S3_WHAT_COUNT, "each meaning has its row");

/* Taking a server's words */

static bool is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("+/=", c) != NULL);
}

/* Puts an ellipsis in the place of each long run of what keys are made of. In place: it gets shorter. */
static void hide_secrets(char *text)
{
	char *to = text;

	for (const char *p = text; *p != '\0';) {
		size_t run = 0;

		while (is_key_char(p[run]))
			run++;
		if (run >= SECRET_CHARS) {
			memcpy(to, "...", 3);
			to += 3;
			p += run;
			continue;
		}
		run += run == 0;
		memmove(to, p, run);
		to += run;
		p += run;
	}
	*to = '\0';
}

/* Puts an ellipsis in the place of the key's id, wherever it is. In place: it gets no longer. */
static void hide_key_id(char *text, const char *id)
{
	size_t n = id != NULL ? strlen(id) : 0;

	if (n < KEY_ID_CHARS)
		return;
	for (char *at = text; (at = strstr(at, id)) != NULL; at += 3) {
		memcpy(at, "...", 3);
		memmove(at + 3, at + n, strlen(at + n) + 1);
	}
}

/* One printable line, cut between code points where it does not fit. text may be NULL. */
static void take_words(const char *text, char *out, size_t size)
{
	char words[WORDS_SIZE];
	size_t n;

	words_clean(text, text != NULL ? strlen(text) : 0, words);
	n = strlen(words);
	if (n >= size)
		for (n = size - 1; n > 0 && ((unsigned char)words[n] & 0xc0) == 0x80;)
			n--;
	memcpy(out, words, n);
	out[n] = '\0';
}

/* "" unless it is a name: letters, digits and a little between them. */
static void take_name(const char *text, char *out, size_t size)
{
	size_t n = text != NULL
			   ? strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
					  "-_.:/+=")
			   : 0;

	out[0] = '\0';
	if (n == 0 || text[n] != '\0' || n >= size)
		return;
	memcpy(out, text, n + 1);
}

static void take_child_name(const struct xml_node *error, const char *name, char *out, size_t size)
{
	AUTO_FREE char *text = xml_text(xml_child(error, name));

	take_name(text, out, size);
}

/* Judging */

static void take_region(const char *region, struct s3_verdict *v)
{
	if (v->region[0] == '\0' && region != NULL && s3_region_ok(region))
		(void)snprintf(v->region, sizeof(v->region), "%s", region);
}

static void take_error(const struct xml_node *error, const char *key_id, struct s3_verdict *v)
{
	AUTO_FREE char *region = xml_text(xml_child(error, "Region"));
	AUTO_FREE char *time = xml_text(xml_child(error, "ServerTime"));
	AUTO_FREE char *message = xml_text(xml_child(error, "Message"));

	take_child_name(error, "Code", v->code, sizeof(v->code));
	hide_key_id(message, key_id); /* of which the end might be cut off */
	take_words(message, v->message, sizeof(v->message));
	hide_secrets(v->message);
	if (v->request_id[0] == '\0')
		take_child_name(error, "RequestId", v->request_id, sizeof(v->request_id));
	take_region(region, v);
	if (v->server_time < 0)
		v->server_time = clock_read_rfc3339(time);
}

static enum s3_what by_status(int status, bool has_body)
{
	size_t i = 0;

	while (status < statuses[i].from || status > statuses[i].to)
		i++; /* the last row fits any */
	return has_body ? statuses[i].page : statuses[i].what;
}

static enum s3_what by_code(const char *code, enum s3_what otherwise)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].what;
	return strncmp(code, "KMS.", 4) == 0 ? S3_MISSET : otherwise;
}

/* NULL where it is none. */
static struct xml *read_xml(const struct s3_answer *a)
{
	struct xml *x = NULL;
	struct err ignored;

	if (a->body != NULL && a->body_n > 0)
		(void)xml_parse(a->body, a->body_n, BODY_MAX, &x, &ignored);
	return x;
}

/* A success is one unless its body is an error, or is not what it should be. */
static enum s3_what judge_success(const struct s3_answer *a, const struct xml *x, struct s3_verdict *v)
{
	const char *name = x != NULL ? xml_name(xml_root(x)) : "";

	if (strcmp(name, "Error") == 0) {
		take_error(xml_root(x), a->key_id, v);
		return by_code(v->code, S3_RETRY);
	}
	return a->root == NULL || strcmp(name, a->root) == 0 ? S3_FINE : S3_RETRY;
}

static bool is_signed_for(const struct s3_answer *a, const char *region)
{
	return a->signed_for != NULL && strcmp(a->signed_for, region) == 0;
}

static enum s3_what judge_failure(const struct s3_answer *a, const struct xml *x, struct s3_verdict *v)
{
	if (x != NULL && strcmp(xml_name(xml_root(x)), "Error") == 0)
		take_error(xml_root(x), a->key_id, v);
	if (v->code[0] != '\0') /* a 404 of a code that nobody knows does not say that it is the object */
		return by_code(v->code, by_status(a->status, a->status == 404));
	/* HEAD has no body; its header says where the bucket is */
	if (v->region[0] != '\0' &&
		(a->status / 100 == 3 || (a->status == 400 && !is_signed_for(a, v->region))))
		return S3_REGION;
	if (a->status == 403 && v->server_time >= 0 && llabs(v->server_time - a->now) > SKEW_S)
		return S3_CLOCK;
	/* to HEAD too, where nothing but the key can be wrong: a token that has expired or is none */
	if (a->status == 400 && a->body_n == 0)
		return S3_KEY;
	v->may_be_key = a->status == 403 && a->body_n == 0;
	return by_status(a->status, a->body_n > 0);
}

/* What can only be mended with something that the server did not say. */
static enum s3_what within_means(enum s3_what what, const struct s3_verdict *v)
{
	if (what == S3_CLOCK && v->server_time < 0)
		return S3_DENIED;
	if (what == S3_REGION && v->region[0] == '\0' && v->status == 307)
		return S3_RETRY;
	return what;
}

void s3_judge(const struct s3_answer *a, struct s3_verdict *ret)
{
	bool is_success = a->status >= 200 && a->status <= 299;
	AUTO(xml) x = read_xml(a);
	struct s3_verdict v = {
		.status = a->status,
		.server_time = clock_read_http(a->date),
		.wait_s = a->retry_after_s > 0 ? a->retry_after_s : 0,
	};

	take_name(a->request_id, v.request_id, sizeof(v.request_id));
	take_region(a->region, &v);
	v.what = within_means(is_success ? judge_success(a, x, &v) : judge_failure(a, x, &v), &v);
	*ret = v;
}

void s3_judge_error(const struct xml_node *error, const char *key_id, struct s3_verdict *ret)
{
	struct s3_verdict v = {.status = 200, .server_time = -1};

	take_error(error, key_id, &v);
	v.what = by_code(v.code, S3_RETRY);
	*ret = v;
}

void s3_answer_of(const struct http_result *r, struct s3_answer *ret)
{
	*ret = (struct s3_answer){
		.status = r->status,
		.body = r->body,
		.body_n = r->body != NULL ? r->body_len : 0,
		.region = http_header(r, "x-amz-bucket-region"),
		.request_id = http_header(r, "x-amz-request-id"),
		.date = http_header(r, "Date"),
		.retry_after_s = r->retry_after_sec,
	};
}

int s3_verdict_err(const struct s3_verdict *v, const char *asked, struct err *e)
{
	const char *says = v->message[0] != '\0' ? v->message : meanings[v->what].means;

	(void)err_set_http(e, meanings[v->what].kind, v->status, "%s: status %d%s%s: %s%s%s%s", asked,
		v->status, v->code[0] != '\0' ? ", " : "", v->code, says,
		v->request_id[0] != '\0' ? " (request " : "", v->request_id,
		v->request_id[0] != '\0' ? ")" : "");
	return -1;
}
