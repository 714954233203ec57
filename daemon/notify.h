#ifndef VIDEOD_DAEMON_NOTIFY_H
#define VIDEOD_DAEMON_NOTIFY_H

/* Tells the service manager where the daemon stands (sd_notify(3)); without one nothing happens. */

void notify_ready(void);
void notify_stopping(void);

#endif
