#ifndef VIDEOD_DAEMON_DUMPS_H
#define VIDEOD_DAEMON_DUMPS_H

/* Neither a core dump nor another process of the same account gets to see this process's memory. */
void dumps_forbid(void);

#endif
