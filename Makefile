# make run and make test are all that a newcomer needs; make help lists the rest.
export CGO_ENABLED = 0
# one setting for build and tests, so that they share what is compiled; the
# compiler optimizes by what make profile measured
export GOFLAGS = -trimpath '-pgo=$(CURDIR)/cmd/tripod/default.pgo'
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GO_BUILD = go build -ldflags "-s -w -X main.version=$(VERSION)"
# own packages only: vet of everything foreign takes minutes
OURS = ./cmd/... ./appliance/... ./dashboard/... ./planner/... ./store/... ./ui/... ./web/... ./alerting/... ./testdata/weblog ./testdata/webshop
ISLANDS = $(wildcard ui/islands/*.ts) ui/package.json
FUZZTIME ?= 30s
# without make crash the tests take 3, in CI 20
CRASHROUNDS ?= 200
ARGS ?=
ROWS ?= 1000000

.PHONY: help run build generate test race fuzz crash bench bench-logs bench-traces bench-metrics profile lint check browser producers amtool logcli prometheus

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: build ## build and run the demo: the planner, simulated users, all screens
	bin/tripod demo $(ARGS)

build: ui/assets/dist/app.js ## build bin/tripod, one static binary
	$(GO_BUILD) -o bin/tripod ./cmd/tripod

ui/node_modules/.package-lock.json: ui/package-lock.json
	npm ci --prefix ui --no-fund --no-audit --loglevel=error

ui/assets/dist/app.js: ui/node_modules/.package-lock.json $(ISLANDS)
	npm run --silent --prefix ui build

generate: ## write the Go code of the templ components
	go tool templ generate -path ui

test: build check ## all tests: Go, real Node.js producers, real amtool, browser
	go test -timeout 15m $(OURS)
	$(MAKE) producers amtool
	ui/browser/once $(MAKE) browser

amtool: bin/amtool ## Alertmanager's own client works with the appliance
	go test -count=1 -run TestAmtoolItself ./cmd/tripod

logcli: bin/logcli ## Loki's own client works with the appliance; it is large to build, so make test leaves it out
	go test -count=1 -run TestLogcliItself ./cmd/tripod

bin/logcli: testdata/logcli/go.mod testdata/logcli/go.sum
	go build -C testdata/logcli -o ../../bin/logcli github.com/grafana/loki/v3/cmd/logcli

prometheus: bin/prometheus ## Prometheus's own server and promtool work with the appliance; they are large to build, so make test leaves them out
	go test -count=1 -run TestPrometheusItself ./cmd/tripod

# without the kinds of discovery, whose libraries are most of it
bin/prometheus: testdata/prometheus/go.mod testdata/prometheus/go.sum
	go build -C testdata/prometheus -tags remove_all_sd -o ../../bin/ github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool

bin/amtool: testdata/amtool/go.mod testdata/amtool/go.sum
	go build -C testdata/amtool -o ../../bin/amtool github.com/prometheus/alertmanager/cmd/amtool

producers: testdata/producers/node_modules/.package-lock.json ## a real Node.js program sends to the appliance
	go test -count=1 -run TestProducers ./appliance

testdata/producers/node_modules/.package-lock.json: testdata/producers/package-lock.json
	npm ci --prefix testdata/producers --no-fund --no-audit --loglevel=error

browser: build ## drive every screen in headless Chromium; pictures go to out/shots
	npm run --silent --prefix ui browser

race: ## all Go tests under the race detector (wants a C compiler)
	CGO_ENABLED=1 go test -race -timeout 45m $(OURS)

fuzz: ## fuzz every decoder and parser for FUZZTIME each
	@for target in $$(grep -rlE '^func Fuzz' --include='*_test.go' $(OURS:./%/...=%) | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$target/*_test.go | cut -c6-); do \
			echo "$$target $$name"; go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) ./$$target || exit 1; \
		done; \
	done

crash: ## kill writers at random moments and at every step, cut their power: CRASHROUNDS rounds
	TEST_TRIPOD_CRASH_ROUNDS=$(CRASHROUNDS) go test -count=1 -timeout 60m -run 'Crash' ./store/... ./alerting/... ./web/promwrite/... ./appliance/... ./cmd/...

bench: build bench-logs bench-traces bench-metrics ## start, memory, size, and ingest of each pillar
	go test -run '^$$' -bench '^Benchmark(Start|Idle|Ingest)' -benchmem ./appliance
	go test -run '^$$' -bench . -benchmem ./store/... ./web/...

bench-logs: build ## logs over HTTP: ROWS lines (1000000) in, then questions; what is reached and what is wanted
	BENCH_ROWS=$(ROWS) go test -run '^$$' -bench '^BenchmarkLogs$$' -timeout 3h ./appliance

bench-traces: build ## traces over OTLP: ROWS spans (1000000) in, then questions; what is reached and what is wanted
	BENCH_ROWS=$(ROWS) go test -run '^$$' -bench '^BenchmarkTraces$$' -timeout 3h ./appliance

bench-metrics: build ## samples by remote-write and by scraping, then questions beside the stock engine's
	go test -run '^$$' -bench '^BenchmarkMetrics$$' -timeout 1h ./appliance

profile: ui/assets/dist/app.js ## measure by which functions time goes under every load, for the compiler: takes 40 minutes
	$(GO_BUILD) -tags profile -o bin/tripod ./cmd/tripod
	rm -rf out/profiles
	for load in Logs/loki Logs/otlp Traces/http Traces/grpc Metrics/write Metrics/scrape; do \
		dir=$(CURDIR)/out/profiles/$$(echo $$load | tr / -) && mkdir -p $$dir && \
		PROFILE_DIR=$$dir BENCH_ROWS=$(ROWS) go test -run '^$$' -bench "^Benchmark$${load%/*}$$/^$${load#*/}$$" -timeout 1h ./appliance || exit 1; \
	done
	go run -C testdata/profile . $(CURDIR)/out/profiles $(CURDIR)/cmd/tripod/default.pgo
	$(MAKE) build

lint: ## formatting, vet, generated code up to date
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'not formatted: run gofmt -w'; exit 1; }
	go vet $(OURS)

check: lint ui/node_modules/.package-lock.json ## lint, and what the generators and the type checker say
	@go tool templ generate -path ui >/dev/null 2>&1 || go tool templ generate -path ui
	@git diff --exit-code --stat -- '*_templ.go' || { echo 'generated code was out of date: commit it'; exit 1; }
	npm run --silent --prefix ui check
