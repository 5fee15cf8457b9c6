#!/usr/bin/env bash
# Brings the machine to what a make target needs and says what is missing where it
# cannot. Quick when all is there.
#   scripts/setup.sh [go] [race] [node] [browser] [xvfb]
set -euo pipefail
cd "$(dirname "$0")/.."

die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages, or says how.
install() {
	local cmd="apt-get install -y --no-install-recommends $*"
	have apt-get || die "this machine has no apt-get: install what is in the Debian packages $* in its own way"
	if [ "$(id -u)" != 0 ]; then
		die "needs $*: run \`sudo apt-get update && sudo $cmd\`, then again"
	fi
	printf 'setup: installing %s\n' "$*"
	export DEBIAN_FRONTEND=noninteractive
	{ $cmd || { apt-get update && $cmd; }; } >.cache/apt.log 2>&1 || { tail -n 20 .cache/apt.log >&2; die "\`$cmd\` failed"; }
}

mkdir -p .cache
for part in "$@"; do
	case $part in
	go)
		have go || die "needs Go 1.26 or newer: https://go.dev/dl/"
		go version >/dev/null 2>.cache/go.log || { cat .cache/go.log >&2; die "this Go cannot build the module"; }
		;;
	race) # the race detector is C inside
		have gcc || have clang || install gcc libc6-dev
		;;
	node)
		have node && have npm || install nodejs npm
		if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
			npm ci --no-audit --no-fund --loglevel=error
			touch node_modules/.package-lock.json
		fi
		;;
	browser)
		[ -n "${CHROMIUM:-}" ] && [ -x "$CHROMIUM" ] || have chromium || install chromium fonts-dejavu-core
		;;
	xvfb)
		have Xvfb || install xvfb
		;;
	*) die "unknown part $part" ;;
	esac
done
