#include "lib/io/wake.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/base/macros.h"

void wake_daemon(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (!path || !*path || strlen(path) >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, strlen(path));

	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		(void)sendto(fd, "w", 1, MSG_NOSIGNAL, (const struct sockaddr *)&to, sizeof(to));
}
