#!/bin/bash
# Every test there is; ends with one line "N passed, N failed". usage: run.sh BUILD SANBUILD [SUITE...]
#
# A suite is a command that speaks TAP. One that ends badly without saying what failed, or says nothing at all, counts
# as one failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2
build=$1 san=$2
shift 2
logs=$build/log
mkdir -p "$logs"
# Suites that run at once: most of them wait for others most of the time, and each has its own folders and ports.
at_once=${TEST_JOBS:-$(($(nproc) < 4 ? 4 : $(nproc) + 1))}
begun=0 results=$(mktemp -d)
export TEST_MADE=$results/made # films, for who needs the same ones
mkdir "$TEST_MADE"
trap 'rm -rf "$results"' EXIT

run_suite() {
	local name=$1 log="$logs/${1//\//-}.log" start=$SECONDS status ok bad
	shift
	timeout -k 10 "${TEST_SECONDS:-1800}" "$@" >"$log" 2>&1 </dev/null
	status=$?
	ok=$(grep -c '^ok ' "$log")
	bad=$(grep -c '^not ok ' "$log")
	if ((bad == 0 && (status != 0 || ok == 0))); then bad=1; fi
	{
		printf '%-28s %4d passed %4d failed  %3d s\n' "$name" "$ok" "$bad" $((SECONDS - start))
		if ((bad > 0)); then
			{ grep -A 12 '^not ok ' "$log" || tail -40 "$log"; } | head -80 | sed 's/^/    /'
		fi
	} >"$results/said.$BASHPID"
	cat "$results/said.$BASHPID" # in one piece
	echo "$ok $bad" >>"$results/counts"
}
suite() {
	while (($(jobs -rp | wc -l) >= at_once)); do wait -n; done
	run_suite "$@" &
	((++begun))
}

units() {
	local test
	for test in "$1"/tests/test_*; do
		[[ -x $test && $test != *.o && $test != *.d ]] || continue
		suite "$2$(basename "$test")" env CMOCKA_MESSAGE_OUTPUT=TAP "$test"
	done
}
fuzz() {
	local target
	for target in "$1"/fuzz/fuzz_*; do
		suite "$(basename "$target")" "$target" "tests/fuzz/corpus/$(basename "$target" | sed s/^fuzz_//)"
	done
}
# The longest ones begin, so that none of them runs alone at the end.
longest='film pieces s3 s3_faults chaos faults paying_boundaries money paying_chaos settling paid_film leases'
in_order() {
	local name

	{
		for name in $longest; do [ ! -e "$1/test_$name.py" ] || echo "$1/test_$name.py"; done
		ls "$1"/test_*.py
	} | awk '!seen[$0]++'
}
python_suites() {
	local file
	for file in $(in_order "$1"); do
		suite "$(basename "$1")/$(basename "$file" .py)" env TEST_BUILD="$PWD/$build" PYTHONDONTWRITEBYTECODE=1 \
			/usr/bin/python3 -m pytest -q -p no:cacheprovider "$file"
	done
}

# What every stack begins with: a copy of a database that is there already.
prepare_database() {
	[ -z "${STACK_DB:-}" ] || return 0
	if STACK_PORT=any STACK_BIN=$build demo/stack.sh start "$results/stack"; then
		demo/stack.sh stop "$results/stack" && export STACK_DB=$results/stack/db
	fi
}

for part in "${@:-layers browser scenario units sanitized fuzz}"; do
	for one in $part; do
		case $one in
		layers) suite layers tests/check-layers-test.sh; suite units-of-systemd tests/check-units.sh ;;
		units) units "$build" "" ;;
		sanitized) units "$san" "san/" ;;
		fuzz) fuzz "$san" ;;
		scenario | browser) prepare_database; python_suites "tests/$one" ;;
		*) echo "no such part: $one" >&2 && exit 2 ;;
		esac
	done
done

wait
passed=0 failed=$begun # what says nothing has failed
while read -r ok bad; do passed=$((passed + ok)) failed=$((failed + bad - 1)); done <"$results/counts"
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0 && passed > 0))
