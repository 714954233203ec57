#!/bin/bash
# Loads the sample store: each file below store/ is the body of a PUT, its name the id. usage: load.sh URL
set -euo pipefail
cd "$(dirname "$0")/store"

# usage: put ADDRESS FILE
put() {
	local answer

	answer=$(curl -sS --max-time 20 -w '\n%{http_code}' -X PUT -H 'Content-Type: application/json' \
		--data-binary "@$2" "$1") || answer="no answer"
	[[ $answer == *$'\n'20? ]] || {
		echo "load: PUT $1 with store/$2: $answer" >&2
		return 1
	}
}

for file in *.json; do
	put "$1/videos/stores/${file%.json}" "$file"
done
for file in products/*.json; do
	id=${file#products/}
	put "$1/videos/products/${id%.json}" "$file"
done
