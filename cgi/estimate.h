#ifndef VIDEOD_CGI_ESTIMATE_H
#define VIDEOD_CGI_ESTIMATE_H

/* Handler: what a video would cost. Its route is in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_estimate;

#endif
