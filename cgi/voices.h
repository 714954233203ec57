#ifndef VIDEOD_CGI_VOICES_H
#define VIDEOD_CGI_VOICES_H

/* Handlers: what a video can be given: voices and music. Their routes are in cgi/router.c. */

#include "cgi/handler.h"

handler_fn serve_voices, serve_voice_preview, serve_music;

#endif
