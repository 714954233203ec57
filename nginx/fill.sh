#!/bin/bash
# Fills the templates beside it into FOLDER, laid out as in /etc/nginx. usage: fill.sh FOLDER NAME=VALUE...
# CONF is where nginx will find the folder; the other names are those of the templates, @NAME@.
set -euo pipefail

FROM=$(dirname "$0")
TO=$1
shift

FILES='
http.conf.in       conf.d/videod.conf
site.conf.in       sites-available/videod
locations.conf.in  snippets/videod.conf
headers.conf.in    snippets/videod-headers.conf
private.conf.in    nginx.conf
'

while read -r template file; do
	[ -n "$template" ] || continue
	# the frame of a private nginx, and nothing else, needs a folder to run in
	[[ $template != private.conf.in || " $*" == *" RUN="* ]] || continue
	text=$(<"$FROM/$template")
	for pair; do
		text=${text//"@${pair%%=*}@"/"${pair#*=}"}
	done
	if [[ $text =~ @[A-Z]+@ ]]; then
		echo "fill.sh: $template: ${BASH_REMATCH[0]} has no value" >&2
		exit 1
	fi
	mkdir -p "$(dirname "$TO/$file")"
	printf '%s\n' "$text" >"$TO/$file"
done <<<"$FILES"
