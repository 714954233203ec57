#ifndef VIDEOD_CGI_PRODUCTS_H
#define VIDEOD_CGI_PRODUCTS_H

/* Handlers: stores and their products. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_stores, serve_store, serve_store_put, serve_store_delete;
handler_fn serve_store_products, serve_product, serve_product_put;

#endif
