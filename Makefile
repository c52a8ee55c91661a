# Kafka workshop stack. `make` alone prints this help. Without make: see README.md.
SHELL := bash
.DEFAULT_GOAL := help

# The race detector needs a C compiler; without one the tests run without it.
RACE := $(shell command -v "$$(go env CC)" >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && echo -race)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -ldflags "-X workshop.example/kit/service.Version=$(VERSION)"

.PHONY: help
help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Without the shop, whose SQLite is a third of the time that a first build takes.
DEMO := $(addprefix ./services/,$(addsuffix /cmd/...,consumer producer score-simulator scoreboard monitor)) \
	$(addprefix ./services/workshop/cmd/,workshop batch-reader broken-board share-worker)
.PHONY: demo
demo: ## the whole workshop on an embedded cluster: only Go is needed (ARGS="--services producer,consumer")
	@echo "compiling into bin/ (the first time takes a minute)" && go build $(LDFLAGS) -o bin/ $(DEMO)
	@exec bin/workshop up $(ARGS)

.PHONY: ecommerce
ecommerce: build ## the e-commerce system on an embedded cluster, http://127.0.0.1:8080/ (HTTP_PORT=18080, ARGS="--data-dir data")
	@exec bin/workshop up --ecommerce $(ARGS)

.PHONY: build
build: ## compile all programs into bin/
	@echo "compiling into bin/ (the first time takes a minute or two)" && go build $(LDFLAGS) -o bin/ work

# The programs that tests start, with the race detector as the tests themselves.
.PHONY: build-race
build-race:
	go build $(RACE) -o bin/race/ work

# Tests that wait for a client or a lab miss their deadlines beside a compiler.
.PHONY: build-tests
build-tests:
	go list $(RACE) -test -deps -export work >/dev/null

# A package per processor at once, the longest first: with more of them labs and soaks miss their deadlines on a slow machine. They
# run without vet, which lint has, and in CI without a cached result. A process with the race detector would sleep for a second at its end.
AT_ONCE = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
LONGEST := $(addprefix ./services/,workshop/lab workshop/lab/controltest workshop/cli kit/kafka/publish scoreboard ecommerce/shoptest kit/kafka/group kit/kafka)
.PHONY: test
test: build-race ## run all tests that need nothing but Go
	GORACE="halt_on_error=1 atexit_sleep_ms=100" WORKSHOP_BIN="$(CURDIR)/bin/race" \
		go test $(RACE) $(if $(CI),-count=1) -vet=off -p $(AT_ONCE) -parallel 4 -timeout 20m $(LONGEST) work

.PHONY: campaign
campaign: build build-race ## every guarantee, drill, lab and page with its repetitions, about 90 minutes, into docs/reliability.md (ARGS="drills faults", ARGS=--list)
	@bin/campaign $(ARGS)

.PHONY: lint
lint: ## gofmt, vet, staticcheck, actionlint, and builds for other systems
	scripts/check

.PHONY: audit
audit: bin/tools/govulncheck ## known vulnerabilities in what we depend on (needs the network)
	bin/tools/govulncheck work

.PHONY: bench
bench: ## benchmarks: the generator, the decoders, and messages a second on the embedded cluster
	go test -run '^$$' -bench . -benchmem work

.PHONY: up
up: ## start the stack in Docker and wait until it is healthy
	docker compose up --build -d --wait

.PHONY: down
down: ## stop the stack in Docker; messages are kept (docker compose down -v erases them)
	docker compose --profile '*' down

.PHONY: logs
logs: ## follow the services in Docker
	docker compose logs -f producer consumer score-simulator scoreboard monitor

.PHONY: kafka-up kafka-down kafka-status kafka-reset
kafka-up: ## real brokers without Docker, with Java 17 (BROKERS=4, KRAFT=1, ADVERTISED_HOST=192.168.0.10)
	@scripts/native-kafka up

kafka-down: ## stop the real brokers, then ZooKeeper; messages are kept
	@scripts/native-kafka down

kafka-status: ## which of the real brokers run
	@scripts/native-kafka status

kafka-reset: ## stop the real brokers and erase their messages
	@scripts/native-kafka reset

.PHONY: clean
clean: ## delete what was built
	rm -rf bin

bin/tools/staticcheck bin/tools/govulncheck bin/tools/actionlint: scripts/lint/go.mod
	GOWORK=off go build -C scripts/lint -o "$(CURDIR)/bin/tools/" tool
