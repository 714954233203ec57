#ifndef VIDEOD_CGI_VIDEOS_H
#define VIDEOD_CGI_VIDEOS_H

/* Handlers: videos. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_video_create, serve_product_video;
handler_fn serve_video, serve_video_status, serve_video_delete;
handler_fn serve_store_videos;

#endif
