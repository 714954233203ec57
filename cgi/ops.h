#ifndef VIDEOD_CGI_OPS_H
#define VIDEOD_CGI_OPS_H

/* Handlers: the machine behind it. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_health;

#endif
