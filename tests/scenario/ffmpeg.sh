#!/bin/bash
# Stands in for ffmpeg in a test: does what the files beside it say for this kind of step (scene, encode, ...), then
# becomes the real one. Its calls are in "calls"; the kind is the beginning of the output's name.
here=${0%/*}
out=${*: -1}
kind=${out%%-*}
echo "$kind" >>"$here/calls"

# Each file in end-KIND is one early end, with the status that it holds. Only one process gets to remove it.
for token in "$here/end-$kind"/*; do
	if [ -e "$token" ] && status=$(<"$token") && rm "$token" 2>/dev/null; then
		echo "told to end" >&2
		exit "$status"
	fi
done

# Whoever holds hold-KIND makes this wait.
if [ -e "$here/hold-$kind" ]; then
	exec 8<"$here/hold-$kind"
	flock -s 8
	exec 8<&-
fi
# With a folder "made", what was made before of the same is taken from there. Names of files have the lease in them,
# which is none of the film's business; what is in them counts, and in the texts.
case $kind in
encode | transition | sound)
	if [ -d "$here/made" ]; then
		made=$here/made/$({
			printf '%s\n' "${@:1:$#-1}" | sed -E 's/[-.][0-9a-f]{6,16}([-.])/\1/g'
			for file in "$@"; do [ ! -f "$file" ] || cat "$file"; done
		} | sha256sum | cut -d ' ' -f 1)
		[ -e "$made" ] || /usr/bin/ffmpeg "${@:1:$#-1}" "$made.$$.${out##*.}" || exit
		[ -e "$made" ] || mv "$made.$$.${out##*.}" "$made"
		exec cp "$made" "$out"
	fi
	;;
esac
exec /usr/bin/ffmpeg "$@"
