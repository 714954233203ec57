/*
 * The keys of the vendors' accounts are in the daemon's memory from its start to its end, and whoever has
 * them spends money. A core dump would put them on a disk, and a debugger of the same account could read
 * them. Our children inherit the limit, but not the mark: execve(2) takes it off.
 */
#include "daemon/dumps.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "lib/base/macros.h"

void dumps_forbid(void)
{
	if (IS_SANITIZED)
		return; /* LeakSanitizer looks at its process as a debugger does */
	/* Neither can fail: less is always allowed. */
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	(void)prctl(PR_SET_DUMPABLE, 0);
}
