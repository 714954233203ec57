#!/bin/bash
# Stands in for ffmpeg in a test: does what the files beside it say for this kind of step (scene, encode, ...), then
# becomes the real one. Its calls are in "calls"; the kind is the beginning of the output's name.
here=${0%/*}
out=${*: -1}
kind=${out%%-*}
echo "$kind" >>"$here/calls"

# Each file in fail-KIND is one failure. rm tells the one that gets it from those that do not.
for token in "$here/fail-$kind"/*; do
	if [ -e "$token" ] && rm "$token" 2>/dev/null; then
		echo "told to fail" >&2
		exit 9
	fi
done

# Whoever holds hold-KIND makes this wait.
if [ -e "$here/hold-$kind" ]; then
	exec 8<"$here/hold-$kind"
	flock -s 8
	exec 8<&-
fi
exec /usr/bin/ffmpeg "$@"
