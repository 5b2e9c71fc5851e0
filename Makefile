# demo and test do all the set-up on a fresh machine: Java, Maven and for the
# tests a C compiler by apt where they are missing, Spark by Maven into the cache
# folder.

BIN      := build/sparkpipe
GO       ?= go
LINT     := build/bin/golangci-lint
LINT_VERSION := v2.15.0
S3_SERVER := build/bin/versitygw
S3_SERVER_VERSION := v1.8.0
FUZZTIME ?= 30s

.PHONY: demo test bench lint generate fmt fuzz build setup setup-race setup-stores clean

setup:
	@bash .ci/setup

setup-race:
	@bash .ci/setup race

# The servers that checkpoint stores are tested on: PostgreSQL by apt, and one
# for the protocol of S3, built from source once.
setup-stores: $(S3_SERVER)
	@bash .ci/setup-postgres

$(S3_SERVER):
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/versity/versitygw/cmd/versitygw@$(S3_SERVER_VERSION)

build:
	@mkdir -p build
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o $(BIN) ./cmd/sparkpipe

# The flights pipeline, from its configuration file and from Go code, on one
# Spark that is started for it.
demo: setup build
	$(BIN) local -- sh -c '$(BIN) run examples/flights/flights.conf && $(GO) run ./examples/flights'

# All tests against two warm servers, one of each version that internal/sparktest
# names. GOTESTFLAGS adds flags. A server that SPARK_REMOTE or SPARK_REMOTE_NEXT
# names already is used instead. The store on SQLite is tested in a module of its
# own, so that ours does not depend on a database.
SERVER := $(BIN) local --conf spark.sql.shuffle.partitions=2 --conf spark.driver.memory=3g
test: setup-race setup-stores build
	$(SERVER) --spark-version 4.0.1 -- \
	$(SERVER) --spark-version 4.2.0 --env SPARK_REMOTE_NEXT -- \
	$(GO) test -race -shuffle=on -timeout 30m $(GOTESTFLAGS) ./...
	cd pipeline/checkpoint/testdata/sqlite && $(GO) test -race -shuffle=on -timeout 10m $(GOTESTFLAGS) ./...

# Micro benchmarks, then whole programs side by side with what they replace.
bench: setup build
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(BIN) local -- $(GO) run ./internal/bench

lint: $(LINT)
	$(LINT) run

$(LINT):
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

generate:
	protoc --plugin=protoc-gen-go="$$($(GO) tool -n protoc-gen-go)" -I internal/connect/wire \
		--go_out=internal/connect/wire --go_opt=paths=source_relative wire.proto

fmt:
	gofmt -w $$(git ls-files '*.go' ':!*.pb.go')

# Every fuzz target for FUZZTIME.
fuzz:
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x $$pkg; \
		done; \
	done

clean:
	rm -rf build
