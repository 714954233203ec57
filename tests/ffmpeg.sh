#!/bin/bash
# Stands in for ffmpeg and ffprobe in a test, by the name that it has: a link in a folder of the test's. It does what
# the files beside it say for this kind of step (scene, encode, ...: the beginning of the last output's name; print: it
# only says something) and then becomes the real one. What was made before of the same, in whatever test, is taken from
# the folder "made" there: most tests are not about pictures, and make the same ones. It came there when somebody went
# on with it, so that it is whole. With few processes, because a film takes dozens of calls.
here=${0%/*}
program=/usr/bin/${0##*/}
made=$here/made
last=${*: -1}
kind=${last%%-*}
[ "$last" != - ] || kind=print
notes=$here/note-${PWD##*/} # on a video's files: as what, and with which others, they are to be kept

# Names of files have the lease in them, which is no part of what is in them. Sets plain; whether there is one.
is_leased() {
	plain=$1
	[[ $1 =~ ^([^/]*[-.])[0-9a-f]{6,16}([-.].*)?$ ]] && plain=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
}

is_list() {
	local head

	read -r -n 8 head <"$1" && [ "$head" = ffconcat ]
}

# Sets outputs, and name: what is made of these arguments. The files that they name count, and those of a list that they
# name, by what is in them; a list by its words.
read_arguments() {
	local texts="$*" recipe='' before='' lists='' file word sum files=() note plain

	outputs=()
	for file; do
		if [[ $file == /* && -f $file ]]; then
			files+=("$file")
		elif [[ $before != *threads ]]; then # how many make it is no part of what is made
			! is_leased "$file" || [ "$before" = -i ] || outputs+=("$file")
			recipe+=${plain/lookahead-threads=[0-9]/}$'\n'
		fi
		before=$file
	done
	for file in *; do
		if [[ ! -f $file || $texts != *"$file"* ]] || ! is_list "$file"; then continue; fi
		lists+=" $file "
		for word in $(<"$file"); do
			is_leased "$word"
			recipe+=$plain$'\n'
			texts+=" $word"
		done
	done 2>/dev/null
	for file in *; do
		[[ -f $file && $texts == *"$file"* && " ${outputs[*]} $lists" != *" $file "* ]] || continue
		files+=("$file")
		if [ -f "$notes-$file" ]; then
			mapfile -t note <"$notes-$file"
			rm "$notes-$file"
			keep "${note[0]}" "" "${note[@]:1}"
		fi
	done
	name=$(b2sum -l 64 - "${files[@]}" <<<"$recipe" | while read -r sum _; do echo -n "$sum"; done)
	[ ${#name} -lt 200 ] || read -r name _ < <(b2sum -l 256 <<<"$name")
}

# Keeps a name's outputs, and what was said; whole or not at all, because others look there too.
keep() {
	local whole=$made/$1 new=$made/$1.$$ said=$2 number=0 file
	shift 2

	mkdir "$new" || return
	for file; do
		cp "$file" "$new/$((++number))" || return
	done
	[ -z "$said" ] || echo "$said" >"$new/said" || return
	mv -T "$new" "$whole" || rm -r "$new"
} 2>/dev/null

# Takes its time, as the real one does, and says how far it is.
work() {
	local frame

	for frame in 5 10 15 20 25 30; do
		sleep "$1"
		echo "frame=$frame"
	done
}

if [ "${0##*/}" = ffmpeg ]; then
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
fi

read_arguments "${0##*/}" "$@"
if [ -d "$made/$name" ]; then
	[ ! -f "$here/pace" ] || [ ${#outputs[@]} = 0 ] || work "$(<"$here/pace")"
	for ((number = 0; number < ${#outputs[@]}; number++)); do
		cp "$made/$name/$((number + 1))" "${outputs[number]}" || exit
	done
	[ ! -f "$made/$name/said" ] || exec cat "$made/$name/said"
elif [[ ${0##*/} == ffprobe || $* == *file=-* ]]; then # what it says is wanted
	said=$("$program" "$@") || exit
	echo "$said"
	keep "$name" "$said" "${outputs[@]}"
elif [ ${#outputs[@]} -gt 1 ]; then # they are renamed one after the other: later not all are found
	"$program" "$@" || exit
	keep "$name" "" "${outputs[@]}"
else
	[ ${#outputs[@]} = 0 ] || printf '%s\n' "$name" "${outputs[@]}" >"$notes-$last"
	exec "$program" "$@"
fi
exit 0
