#!/usr/bin/env bash
# Format, vet, staticcheck, type check of the JavaScript, generated code. All are
# run; the exit status is 1 if any of them found something.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
step() { # step NAME COMMAND…: quiet when it passes
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		echo "lint: $name ok"
	else
		printf 'lint: %s FAILED\n%s\n' "$name" "$out"
		failed=1
	fi
}

formatted() {
	local files
	files=$(find . -name '*.go' -not -path './.cache/*' -not -path './node_modules/*' -print0 | xargs -0 gofmt -l) || return 1
	[ -z "$files" ] || { printf 'not formatted:\n%s\n' "$files"; return 1; }
}
wasm() { GOOS=js GOARCH=wasm "$@"; }

step gofmt formatted
step 'go vet' go vet ./...
step 'go vet (webserial)' go vet -tags webserial ./e2e/...
step 'go vet (js/wasm)' wasm go vet ./wasm/...
step staticcheck go tool staticcheck ./...
step 'staticcheck (js/wasm)' bash -c 'tool=$(mktemp) && trap "rm -f $tool" EXIT && go build -o "$tool" honnef.co/go/tools/cmd/staticcheck && GOOS=js GOARCH=wasm "$tool" ./wasm/...'
step 'tsc --checkJs' npx --no-install tsc --noEmit -p tsconfig.json
step 'generated code' go run ./cmd/ncpgen -check
exit $failed
