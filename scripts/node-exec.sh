#!/usr/bin/env bash
# Runs a Go test binary for js/wasm on node, for `go test -exec`. The environment is
# cut down to what tests read: the wasm runtime takes 8 kB of it and no more.
set -euo pipefail
keep=(PATH="$PATH" HOME="${HOME:-/}" TMPDIR="${TMPDIR:-/tmp}")
[ -z "${NCP_VECTORS:-}" ] || keep+=(NCP_VECTORS="$NCP_VECTORS")
exec env -i "${keep[@]}" node --stack-size=8192 "$(go env GOROOT)/lib/wasm/wasm_exec_node.js" "$@"
