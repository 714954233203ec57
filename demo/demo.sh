#!/bin/bash
# What make demo runs after set-up and build: starts the private stack, loads the sample store, asks for a video as any
# client would, shows its progress, and says where everything is.
# usage: demo.sh [DIR]; PRODUCT, STYLE, ASPECT and PROVIDER (local, or emulated for the vendors' emulators) may be in the
# environment
set -euo pipefail
cd "$(dirname "$0")/.."

DIR=$(realpath -m "${1:-run}")
PRODUCT=${PRODUCT:-mountain-trio}
STYLE=${STYLE:-product_showcase}
ASPECT=${ASPECT:-9:16}

[ -e "demo/store/products/$PRODUCT.json" ] || {
	echo "demo: there is no product $PRODUCT; there are: $(cd demo/store/products && printf '%s ' *.json | sed 's/\.json//g')" >&2
	exit 1
}
case ${PROVIDER:-local} in local | emulated) ;; *) echo "demo: PROVIDER is local or emulated" >&2 && exit 1 ;; esac
STACK_PROVIDER=${PROVIDER:-local} demo/stack.sh start "$DIR"
# shellcheck source=/dev/null
. "$DIR/stack.env"
demo/load.sh "$URL"

control() { VIDEOD_PUBLIC_URL=$URL build/videoctl --config "$CONFIG" "$@"; }

id=$(control create --product "$PRODUCT" --style "$STYLE" --aspect-ratio "$ASPECT" --transition crossfade --captions words)
echo "A video of $PRODUCT, $STYLE, $ASPECT: $URL/videos/$id"
control watch "$id" || {
	echo "demo: no film; the reason may be in $DIR/log/daemon.log" >&2
	exit 1
}

status=$(curl -fsS --max-time 20 "$URL/videos/$id/status")
file_of() { [[ $status =~ \"$1\":\"[^\"]*/media/([^\"]*)\" ]] && echo "$DIR/media/${BASH_REMATCH[1]}"; }
printf '%-13s %s\n' 'videoFile' "$(file_of videoUrl)" 'thumbnailFile' "$(file_of thumbnailUrl)" \
	'dashboard' "$URL/dashboard/"
echo "It all keeps running; make stop ends it."
