# NCP Web Console. Every target does the set-up that it needs; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

ADDR ?= 127.0.0.1:8080
FUZZTIME ?= 10s

# Everything that is tested without a browser. FLASHING moves megabytes over simulated
# wires: in short under the race detector, and whole without it.
FLASHING = ./flash/esp ./sim/espsim
PACKAGES = $$(go list ./... | grep -v -e /e2e -e /node_modules/ -e ncpweb/flash/esp -e ncpweb/sim/espsim)
# What also runs as wasm on node, where the product runs.
WASM_PACKAGES = ./slip ./firmware/... ./ncp/... ./serial/... ./sim/... ./session/...

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

.PHONY: setup-build setup-page setup-test
setup-build:
	@scripts/setup.sh go
setup-page:
	@scripts/setup.sh go node
setup-test:
	@scripts/setup.sh go race node browser xvfb

.PHONY: run
run: build ## build the page and serve it on loopback, with simulated devices (ADDR=127.0.0.1:8080)
	@go build -o .cache/lab ./cmd/lab && exec .cache/lab -addr $(ADDR)

.PHONY: build
build: setup-page ## build dist/, the page as it is deployed
	go run ./cmd/dist

.PHONY: generate
generate: setup-build ## make the generated code from the interface description
	go generate ./ncp/...

.PHONY: test
test: setup-test ## everything: lint, unit tests, vectors, wasm on node, the built page in Chromium
	@start=$$SECONDS; \
	$(MAKE) --no-print-directory lint test-go test-vectors test-wasm test-page && \
	echo "make test: all passed in $$((SECONDS - start)) s"

.PHONY: test-go
test-go: setup-build
	@scripts/setup.sh race
	go test -race -p 2 $(PACKAGES)
	go test -race -short -p 2 $(FLASHING)
	go test -p 2 $(FLASHING)

.PHONY: test-vectors
test-vectors: setup-build
	@scripts/vectors.sh

.PHONY: test-wasm
test-wasm: setup-build
	@scripts/setup.sh node
	GOOS=js GOARCH=wasm go test -p 2 -exec="$(CURDIR)/scripts/node-exec.sh" $(WASM_PACKAGES)
	GOOS=js GOARCH=wasm go test -short -run 'Connect|Replies|Plan|Continues' -exec="$(CURDIR)/scripts/node-exec.sh" ./flash/esp
	GOOS=js GOARCH=wasm go test -p 2 -exec="node $(CURDIR)/wasm/webserial/testdata/exec.mjs" ./wasm/...
	node --test wasm/webserial/testdata/*.test.mjs

.PHONY: test-page
test-page: build
	@scripts/setup.sh browser xvfb
	go test -count=1 -p 1 -parallel 3 -timeout 14m ./e2e/...

.PHONY: test-webserial
test-webserial: build ## the same flow over real Web Serial in a guest of ../shared/webserial-vm (root, once)
	@scripts/webserial.sh

.PHONY: lint
lint: setup-build ## gofmt, vet, staticcheck, type check of the JavaScript, generated code
	@scripts/setup.sh node
	@scripts/lint.sh

.PHONY: fuzz
fuzz: setup-build ## every fuzz target for FUZZTIME (10s)
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: bench
bench: setup-build ## speed of frames, calls and bring-up, native and as wasm
	@scripts/setup.sh node
	go run ./bench

.PHONY: bench-page
bench-page: build ## weight and speed of the built page in Chromium
	@scripts/setup.sh browser
	go run ./bench -page

.PHONY: bench-flash
bench-flash: build ## speed of flashing, against esptool-js in the same Chromium
	@scripts/setup.sh browser xvfb
	go run ./bench -flash

.PHONY: bench-ota
bench-ota: setup-build ## speed of an MCU's update, in Chromium, and its fault matrix
	@scripts/setup.sh browser
	go run ./bench -ota
	@go test -count=1 -v -run '^TestFaultMatrix$$' ./ncp/ota | grep -E 'figure|sending again|^(FAIL|ok)'

.PHONY: screenshots
screenshots: build ## every view, light, dark and narrow, into docs/screenshots
	@scripts/setup.sh browser
	E2E_SCREENSHOTS=$(CURDIR)/docs/screenshots go test -count=1 -run TestScreenshots ./e2e

.PHONY: clean
clean: ## remove what was built (not the guest of test-webserial, see clean-all)
	rm -rf dist .cache/dist .cache/*.log e2e/out

.PHONY: clean-all
clean-all: clean ## remove caches, node_modules and the guest too
	rm -rf .cache node_modules
