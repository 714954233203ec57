#ifndef VIDEOD_CGI_UPLOADS_H
#define VIDEOD_CGI_UPLOADS_H

/* Handler: a file that a store sends. Its route is in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_upload;

#endif
