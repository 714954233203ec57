#ifndef VIDEOD_IO_WAKE_H
#define VIDEOD_IO_WAKE_H

/*
 * Tells the daemon of this machine that there is work: one byte to its datagram socket. Sent and forgotten: a
 * daemon that is down, busy or elsewhere finds the work by polling. path NULL or "": nobody to wake.
 */
void wake_daemon(const char *path);

#endif
