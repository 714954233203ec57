#ifndef VIDEOD_VIDEO_VENDORS_H
#define VIDEOD_VIDEO_VENDORS_H

/*
 * What the daemon heard of the vendors, kept in MySQL: the account's state, the voices, the speech models.
 * Responders and operators read it; only the daemon writes, and only the daemon ever asks a vendor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/macros.h"

struct db;
struct err;

struct vendor_account {
	char name[17];                   /* "runway", "elevenlabs" */
	char state[17];                  /* "ok", "bad_key", "out_of_credit", "daily_limit", "unreachable" */
	int64_t balance_milli;           /* -1 unknown */
	int64_t concurrency;             /* 0 unknown */
	char *detail;                    /* for the operator, NULL none */
	int64_t checked_ms, answered_ms; /* Unix time, 0 never; filled by reading */
	int64_t age_ms;                  /* since it answered, -1 never; likewise */
};
void vendor_account_done(struct vendor_account *a);
int vendors_write(struct db *db, const struct vendor_account *a, struct err *e);                /* 0, -1 */
int vendors_list(struct db *db, struct vendor_account **ret, size_t *ret_count, struct err *e); /* 0, -1 */
void vendors_free(struct vendor_account *list, size_t count);

struct vendor_voice {
	char *id, *name, *category;
	char *gender, *preview_url; /* NULL none */
};
/* Replaces the whole list in one transaction: a reader sees the old list or the new one. 0, -1. */
int vendor_voices_write(struct db *db, const struct vendor_voice *list, size_t count, struct err *e);
int vendor_voices_list(
	struct db *db, struct vendor_voice **ret, size_t *ret_count, struct err *e);           /* by name */
int vendor_voices_get(struct db *db, const char *id, struct vendor_voice *ret, struct err *e); /* 1, 0, -1 */
/* Some voice of that gender (NULL: any), premade ones and then by name first. 1, 0, -1 */
int vendor_voices_any(struct db *db, const char *gender, struct vendor_voice *ret, struct err *e);
int vendor_voices_count(struct db *db, int64_t *ret, struct err *e); /* 0: never refreshed */
void vendor_voice_done(struct vendor_voice *v);
void vendor_voices_free(struct vendor_voice *list, size_t count);
#define AUTO_VENDOR_VOICE CLEANUP(vendor_voice_done) struct vendor_voice

struct speech_model {
	char id[65];
	char name[201];
	int64_t max_characters; /* of one request, in characters as the vendor counts: code points */
	int64_t cost_permille;  /* credits for a thousand characters */
};
int speech_models_write(
	struct db *db, const struct speech_model *list, size_t count, struct err *e);          /* 0, -1 */
int speech_models_get(struct db *db, const char *id, struct speech_model *ret, struct err *e); /* 1, 0, -1 */

/*
 * The vendor's id of a voice as a client names it: a preset ("default", "female", ...) by the setting
 * voice_presets, where that says nothing a voice of the account that fits; or a voice's own id.
 * 1 and *ret_id (caller frees), 0 there is no such voice, -1 failed (ERR_TEMP when the list was never
 * refreshed).
 */
struct settings;
int vendor_voices_resolve(
	struct db *db, const struct settings *s, const char *name, char **ret_id, struct err *e);
/* The names of the setting voice_presets, one after the other: *at begins as the setting. NULL: that was all.
 * Caller frees. */
char *vendor_voices_next_preset(const char **at);

#endif
