#!/bin/bash
# The units as systemd reads them, where nothing is installed and no systemd runs: any remark is a failure, and so is
# an exposure score above MAX_TENTHS. Speaks TAP. usage: check-units.sh [MAX_TENTHS]
set -euo pipefail
cd "$(dirname "$0")/../systemd/system"

MAX_TENTHS=${1:-15}
COPY=$(mktemp -d)
trap 'rm -rf "$COPY"' EXIT

# The programs need not be there, and a template is checked as an instance of it.
cp -- * "$COPY"
sed -i -E 's#^(ExecStart(Pre)?=)/usr/(sbin|lib/videod)/[a-z-]+#\1/bin/true#' "$COPY"/*.service
cp "$COPY/videod-cgi@.service" "$COPY/videod-cgi@1.service"

# its exit status is 0 for a line that it ignores
remarks=$(SYSTEMD_UNIT_PATH="$COPY:" systemd-analyze verify --man=no \
	"$COPY"/*.target "$COPY"/*.socket "$COPY"/*[!@].service 2>&1) || true
report() {
	echo "$1 - $2"
	[ "$1" = ok ] || status=1
}

status=0
if [ -z "$remarks" ]; then
	report ok 'systemd-analyze verify has no remarks'
else
	report 'not ok' "systemd-analyze verify: $(sort -u <<<"$remarks" | tr '\n' ';')"
fi
for unit in *.service; do
	result=ok
	systemd-analyze security --offline=true --no-pager --threshold="$MAX_TENTHS" "$unit" >"$COPY/score" || result='not ok'
	report "$result" "$unit: $(sed -n 's/.*: \([0-9.]* [A-Z]*\).*/\1/p' "$COPY/score" | tail -n 1)"
done
exit $status
