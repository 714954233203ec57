/* The cleanup functions behind AUTO_FREE and AUTO_CLOSE. They run on every way out of a scope and keep errno.
 */

#include "lib/base/macros.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

void macros_freep(void *p)
{
	free(*(void **)p); /* glibc's free keeps errno since 2.33 */
}

void macros_closep(int *fd)
{
	if (*fd < 0)
		return;

	int saved = errno;

	(void)close(*fd); /* written files are closed and checked by their writer */
	errno = saved;
}
