#ifndef VIDEOD_CGI_BRAND_H
#define VIDEOD_CGI_BRAND_H

/* Handlers: how a store's films look. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_brand, serve_brand_put, serve_brand_delete;

#endif
