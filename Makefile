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

.PHONY: demo
demo: build ## the whole workshop on an embedded cluster: only Go is needed (ARGS="--services producer,consumer")
	@exec bin/workshop up $(ARGS)

.PHONY: ecommerce
ecommerce: build ## the e-commerce system on an embedded cluster, http://127.0.0.1:8080/ (HTTP_PORT=18080, ARGS="--data-dir data")
	@exec bin/workshop up --ecommerce $(ARGS)

.PHONY: build
build: ## compile all programs into bin/
	@echo "compiling into bin/ (the first time takes a minute or two)" && go build $(LDFLAGS) -o bin/ work

.PHONY: test
test: ## run all tests that need nothing but Go
	go test $(RACE) $(if $(CI),-count=1) -timeout 20m work

.PHONY: soak
soak: build ## exactly-once under thousands of faults, and each lab ten times on the embedded cluster: about half an hour (SOAK_EVENTS=60000 SOAK_FAULTS=2500 SOAK_SEED=...)
	SOAK_EVENTS=$(or $(SOAK_EVENTS),60000) SOAK_FAULTS=$(or $(SOAK_FAULTS),2500) go test $(RACE) -count=1 -timeout 1h -v -run Soak ./services/scoreboard
	BOOTSTRAP_SERVERS= scripts/repeat-labs 10

.PHONY: soak-brokers
soak-brokers: build ## each lab ten times on real brokers of this machine (make kafka-up), which it kills: three quarters of an hour
	BOOTSTRAP_SERVERS=$${BOOTSTRAP_SERVERS:-localhost:9091,localhost:9092,localhost:9093} scripts/repeat-labs 10

.PHONY: lint
lint: ## gofmt, vet, staticcheck, and builds for other systems
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
logs: ## follow the four services in Docker
	docker compose logs -f producer consumer score-simulator scoreboard

.PHONY: kafka-up kafka-down kafka-status kafka-reset
kafka-up: ## real brokers without Docker, with Java 17 (BROKERS=4, ADVERTISED_HOST=192.168.0.10)
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

bin/tools/staticcheck bin/tools/govulncheck: scripts/lint/go.mod
	GOWORK=off go build -C scripts/lint -o "$(CURDIR)/bin/tools/" tool
