#!/bin/bash
# Plants wrong includes into a copy of the tree, one at a time, and expects each to be found. TAP.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r lib cgi daemon cli tests "$copy"/
n=0
tap() { n=$((n + 1)); printf '%s %d - layers: %s\n' "$1" "$n" "$2"; }

if tests/check-layers.sh; then tap ok "the tree is clean"; else tap "not ok" "the tree is clean"; fi

while IFS='|' read -r file line what; do
	cp "$copy/$file" "$copy/kept"
	printf '%s\n' "$line" >>"$copy/$file"
	if tests/check-layers.sh "$copy" >/dev/null 2>&1; then tap "not ok" "$what"; else tap ok "$what"; fi
	mv "$copy/kept" "$copy/$file"
done <<'PLANTED'
lib/base/buf.c|#include "lib/io/db.h"|the base does not see io
lib/io/db.c|#include "lib/video/video.h"|io does not see the domain
lib/video/videos.c|#include <mysql.h>|the domain does not see a library
cgi/main.c|#include "daemon/engine.h"|programs do not see each other
cgi/main.c|#include "lib/io/json_priv.h"|private headers stay private
daemon/main.c|#include <curl/curl.h>|curl has one home
daemon/film/film.c|#include <pango/pangocairo.h>|only videod-lettering draws
daemon/main.c|#include "engine.h"|paths start at the top
daemon/main.c|#include "tests/unit/servers.h"|nothing includes tests
lib/io/db.c|#include <gnutls/gnutls.h>|a new library needs a home
daemon/main.c|static const char sql[] = "SELECT 1 FROM videos";|SQL has one home
PLANTED
