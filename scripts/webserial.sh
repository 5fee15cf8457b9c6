#!/usr/bin/env bash
# Runs the page's flow over Chromium's real Web Serial and a real USB-serial driver:
# boots the guest of ../shared/webserial-vm (its image is built at the first run, as
# root, from Debian packages) and runs the tests of e2e/webserial against it.
set -euo pipefail
cd "$(dirname "$0")/.."
source=${WEBSERIAL_VM:-../shared/webserial-vm}
vm=$PWD/.cache/webserial-vm
die() { printf 'test-webserial: %s\n' "$*" >&2; exit 1; }

[ -d "$source" ] || die "$source is not there (set WEBSERIAL_VM)"
want=$(cd "$source" && find . -type f | sort | xargs sha256sum | sha256sum | cut -d ' ' -f 1)
have=$(cat "$vm/.built" 2>/dev/null || true)
if [ "$want" != "$have" ]; then
	[ "$(id -u)" = 0 ] || die "building the guest needs root once: run \`sudo make test-webserial\`"
	mkdir -p "$vm"
	cp -r "$source/." "$vm/"
	chmod -R u+w "$vm"
	echo "test-webserial: building the guest (about 90 s)"
	"$vm/build.sh" >"$vm/build.log" 2>&1 || { tail -n 20 "$vm/build.log" >&2; die "the guest was not built"; }
	echo "$want" >"$vm/.built"
fi

run=$vm/run
serial=${SERIAL_PORT:-7000} cdp=${CDP_PORT:-9333} http=${HTTP_PORT:-8000}
trap '"$vm/stop.sh" "$run"' EXIT
"$vm/run.sh" --serial "$serial" --cdp "$cdp" --http "$http" --run "$run" --wait
NCP_WEBSERIAL="serial=127.0.0.1:$serial cdp=127.0.0.1:$cdp http=127.0.0.1:$http run=$run" \
	go test -count=1 -v -timeout 5m -tags webserial ./e2e/webserial
