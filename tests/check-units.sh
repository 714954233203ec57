#!/bin/bash
# The units as systemd reads them, where nothing is installed and no systemd runs: any remark is a failure, and so is
# an exposure score above MAX_TENTHS. usage: check-units.sh [MAX_TENTHS]
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
if [ -n "$remarks" ]; then
	printf '%s\n' "$remarks" | sort -u >&2
	exit 1
fi
for unit in *.service; do
	systemd-analyze security --offline=true --no-pager --threshold="$MAX_TENTHS" "$unit" | tail -n 1
done
