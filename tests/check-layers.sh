#!/bin/bash
# Who may include whom. usage: check-layers.sh [ROOT]; silent and 0 when all is well, else a line for each wrong include.
#
#   daemon cgi cli   programs; they never include each other; daemon/film is pure, and sees nothing of the daemon;
#                    daemon/lettering is a program of its own, and the only one that draws
#   lib/video        the domain, all SQL      lib/remote   vendors; siblings that do not see each other
#   lib/io           one module for each foreign library
#   lib/base         libc only
#   tests            may include anything that is not private; nothing includes tests
set -euo pipefail
cd "${1:-.}"

# folder: the folders its files may include from (besides itself)
declare -A MAY=(
	[lib/base]=''
	[lib/io]='lib/base'
	[lib/video]='lib/base lib/io'
	[lib/remote]='lib/base lib/io'
	[daemon]='lib/base lib/io lib/video lib/remote daemon/film daemon/keeping daemon/vendor'
	[daemon/film]='lib/base lib/io lib/video'
	[daemon/lettering]='lib/base lib/io lib/video'
	[daemon/keeping]='lib/base lib/io lib/video daemon'
	[daemon/vendor]='lib/base lib/io lib/video lib/remote daemon daemon/film'
	[cgi]='lib/base lib/io lib/video'
	[cli]='lib/base lib/io lib/video lib/remote'
	[assets/music]=''
	[tests/drivers]='lib/base lib/io lib/video lib/remote daemon/film'
	[tests/unit]='lib/base lib/io lib/video lib/remote daemon daemon/film daemon/keeping daemon/vendor cgi cli'
	[tests/bench]='lib/base lib/io lib/video daemon/film'
	[tests/fuzz]='lib/base lib/io lib/video lib/remote daemon daemon/film daemon/keeping daemon/vendor cgi cli'
)

# third-party header: the one file that may include it, or a pattern for those of one module
declare -A HOME_OF=(
	[mysql.h]=lib/io/db.c
	[libmemcached/memcached.h]=lib/io/cache.c
	[curl/curl.h]='lib/io/http?(_transfer).c'
	[json-c/json.h]=lib/io/json.c
	[json.h]=lib/io/json.c
	[libxml/parser.h]=lib/io/xml.c
	[libxml/tree.h]=lib/io/xml.c
	[openssl/evp.h]=lib/io/digest.c
	[openssl/hmac.h]=lib/io/digest.c
	[uuid/uuid.h]=lib/io/uuid.c
	[uuid.h]=lib/io/uuid.c
	[systemd/sd-event.h]=lib/io/loop.c
	[systemd/sd-daemon.h]=daemon/notify.c
	[glib.h]='daemon/lettering/*'
	[cairo.h]='daemon/lettering/*'
	[pango/pangocairo.h]='daemon/lettering/*'
	[fcgiapp.h]=cgi/fcgi.c
	[cmocka.h]='tests/unit/*'
)

wrong=0
say() {
	printf '%s: %s\n' "$1" "$2"
	wrong=1
}

while IFS=: read -r file line; do
	file=${file#./} folder=${file%/*}
	[[ -n ${MAY[$folder]+known} ]] || { say "$file" "is in a folder that has no place in the layers"; continue; }
	if [[ $line =~ \"([^\"]+)\" ]]; then
		target=${BASH_REMATCH[1]} from=${BASH_REMATCH[1]%/*}
		[[ -e $target ]] || { say "$file" "\"$target\" does not start at the top"; continue; }
		if [[ $target == *_priv.h && $from != "$folder" && $folder != tests/* ]]; then
			say "$file" "\"$target\" is private to $from"
		fi
		[[ $from == "$folder" || " ${MAY[$folder]} " == *" $from "* ]] || say "$file" "\"$target\" is not below it"
		[[ $target == *.c ]] && say "$file" "\"$target\" is not a header"
	elif [[ $line =~ \<([^>]+)\> ]]; then
		header=${BASH_REMATCH[1]} home=${HOME_OF[${BASH_REMATCH[1]}]-}
		if [[ -n $home ]]; then
			# shellcheck disable=SC2053
			[[ $file == $home ]] || say "$file" "<$header> belongs into $home alone"
		elif [[ $header == */* && $header != sys/* && $header != netinet/* && $header != arpa/* && $header != linux/* && $header != net/* ]]; then
			say "$file" "<$header> has no home in the layers"
		fi
	fi
done < <(find lib cgi daemon cli tests assets -name '*.[ch]' -print0 2>/dev/null | sort -z | xargs -0 -r grep -HE '^[[:space:]]*#[[:space:]]*include' | sed 's/:[[:space:]]*#[[:space:]]*include/:/')

# SQL has one home
while IFS= read -r hit; do
	say "${hit%%:*}" "speaks SQL; only lib/video does"
done < <(grep -rlE '"(SELECT|INSERT INTO|UPDATE [a-z]+ SET|DELETE FROM) ' --include='*.c' cgi daemon cli lib/base lib/io lib/remote 2>/dev/null | grep -v '^lib/io/db' || true)

exit $wrong
