#!/usr/bin/env bash
# Runs the tests that read the golden vectors and prints how many cases ran. The
# folder is $NCP_VECTORS, or ../shared/vectors beside the project.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${NCP_VECTORS:-../shared/vectors}
if [ ! -d "$folder" ]; then
	echo "vectors: skipped, $folder is not there (set NCP_VECTORS)"
	exit 0
fi
log=.cache/vectors.log
mkdir -p .cache
mapfile -t packages < <(grep -rlE --include='*_test.go' '^func TestVectors' ncp sim serial session 2>/dev/null | xargs -r -n 1 dirname | sort -u | sed 's|^|./|')
[ ${#packages[@]} -gt 0 ] || { echo "vectors: no test reads them"; exit 1; }
if ! go test -count=1 -v -run '^TestVectors' "${packages[@]}" >"$log" 2>&1; then
	cat "$log"
	exit 1
fi
awk '
	/^=== RUN +TestVectors[^\/]*$/ { name = $3 }
	/[0-9]+ cases/ {
		for (i = 2; i <= NF; i++) if ($i ~ /^cases/ && $(i-1) ~ /^[0-9]+$/) n = $(i-1)
		printf "vectors: %-32s %5d cases\n", name, n; total += n; tests++
	}
	/^ *--- SKIP: TestVectors/ { printf "vectors: %-32s skipped\n", $3; skipped++ }
	END {
		printf "vectors: %d cases in %d tests passed\n", total, tests
		if (skipped || !total) { print "vectors: something was skipped although the folder is there"; exit 1 }
	}' "$log"
