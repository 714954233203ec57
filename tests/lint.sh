#!/bin/bash
# Reads the tree without running it. One line for each check with what it found below it, and at the end
# "N passed, N failed". usage: PKG_CFLAGS='where the libraries have their headers' lint.sh [CHECK...]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

LINES_MAX=600
BANNED='strcpy|strcat|sprintf|vsprintf|gets|strtok(_r)?|ato[ilf]|atoll|strto(l|ll|ul|ull|f|d|ld)|alloca|system|popen|mktemp'
WRAPPER='^\./lib/base/text\.c:[0-9]+:.*\<strtod\(' # text_to_double, which checks what it has read
CHECKS='format banned long shell manuals cppcheck tidy'

files() { find . \( -name .git -o -path ./build -o -path ./run \) -prune -o -type f "$@" -print | sort; }
c_files() { files -name '*.[ch]'; }
# succeeds if nothing came in, else shows it
nothing() { ! grep .; }

check_format() { c_files | xargs clang-format --dry-run -Werror; }
check_banned() { c_files | { xargs grep -nE "\<($BANNED)\(" | grep -vE "$WRAPPER" || true; } | nothing; }
check_long() {
	files \( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.js' \) | xargs wc -l |
		awk -v max=$LINES_MAX '$2 != "total" && $1 > max { print $2 ": " $1 " lines, more than " max }' | nothing
}
check_shell() { files -size +0 -exec awk 'NR == 1 { exit !/^#!.*[/ ](ba|da)?sh( |$)/ }' {} \; | xargs shellcheck; }
check_manuals() { files -name '*.[158]' | xargs mandoc -T lint -W warning; }

check_cppcheck() {
	cppcheck --quiet -j "$(nproc)" --error-exitcode=1 --enable=warning,style,performance,portability \
		--suppressions-list=tests/cppcheck.txt --inline-suppr --std=c11 \
		-D_GNU_SOURCE -DVIDEOD_VERSION='""' -I. lib cgi daemon cli tests assets
}

# One file at a time: version 14 invents errors about va_list when it is given several.
check_tidy() { files -name '*.c' | xargs -P "$(nproc)" -n 1 bash "$0" --tidy; }
tidy() {
	local found

	# shellcheck disable=SC2086 # a list of words
	found=$(clang-tidy --quiet "$1" -- -std=gnu11 -D_GNU_SOURCE -DVIDEOD_VERSION='""' -I. $PKG_CFLAGS 2>&1) && return
	printf '%s\n' "$found"
	return 1
}

if [ "${1:-}" = --tidy ]; then
	tidy "$2"
	exit
fi

passed=0 failed=0
for name in "${@:-$CHECKS}"; do
	for check in $name; do
		start=$SECONDS
		if found=$("check_$check" 2>&1); then
			result=ok passed=$((passed + 1))
		else
			result=FAILED failed=$((failed + 1))
		fi
		printf '%-10s %-6s %3d s\n' "$check" "$result" $((SECONDS - start))
		[ $result = ok ] || printf '    %s\n' "${found//$'\n'/$'\n    '}"
	done
done
printf '%d passed, %d failed\n' $passed $failed
((failed == 0 && passed > 0))
