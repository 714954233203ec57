#ifndef VIDEOD_BASE_MACROS_H
#define VIDEOD_BASE_MACROS_H

/* Attributes, scope-bound cleanup and explicit hand-over of ownership. */

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define UNUSED            __attribute__((unused))
#define CLEANUP(fn)       __attribute__((cleanup(fn)))

/* Whether this was compiled with AddressSanitizer, and with it LeakSanitizer. */
#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#define IS_SANITIZED __has_feature(address_sanitizer)
#else
#define IS_SANITIZED false
#endif

/* AUTO(db_rows) rows = NULL;  is  struct db_rows *rows  freed by db_rows_freep() at the end of its scope. */
#define AUTO(type) CLEANUP(type##_freep) struct type *
#define DEFINE_FREEP(type)                                                                                   \
	static inline UNUSED void type##_freep(struct type **p)                                              \
	{                                                                                                    \
		type##_free(*p);                                                                             \
	}

#define AUTO_FREE  CLEANUP(macros_freep)
#define AUTO_CLOSE CLEANUP(macros_closep)

void macros_freep(void *p);  /* p points to the pointer that is freed */
void macros_closep(int *fd); /* closes *fd unless negative; errno is kept */

/* Gives a pointer away: the variable becomes NULL, so that its scope no longer frees it. */
#define steal_ptr(p)                                                                                         \
	__extension__({                                                                                      \
		__typeof__(p) *from_ = &(p), given_ = *from_;                                                \
		*from_ = NULL;                                                                               \
		given_;                                                                                      \
	})

static inline UNUSED int steal_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#endif
