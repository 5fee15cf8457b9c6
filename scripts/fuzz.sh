#!/usr/bin/env bash
# Runs every fuzz target of the project for $FUZZTIME each (10s).
set -euo pipefail
cd "$(dirname "$0")/.."
n=0
while read -r dir; do
	for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go | sed 's/^func //' | sort -u); do
		echo "fuzz: ./$dir $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-10s}" "./$dir"
		n=$((n + 1))
	done
done < <(grep -rlE --include='*_test.go' '^func Fuzz' --exclude-dir=node_modules --exclude-dir=.cache . | xargs -r -n 1 dirname | sort -u | sed 's|^\./||')
echo "fuzz: $n targets passed"
