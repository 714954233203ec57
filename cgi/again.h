#ifndef VIDEOD_CGI_AGAIN_H
#define VIDEOD_CGI_AGAIN_H

/* Handlers: what is asked of a video that is there already. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_video_cancel, serve_video_retry, serve_video_change, serve_video_render;
handler_fn serve_scene_regenerate;

#endif
