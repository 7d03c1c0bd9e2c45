# `make` lists the targets. Every command needs Go alone, but for `race`, which needs a C compiler.
.DEFAULT_GOAL := help
SHELL := /bin/sh
export CGO_ENABLED := 0

LINT_VERSION := v2.15.0
LINT := bin/golangci-lint-$(LINT_VERSION)
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
FERRET := store/mongodb/ferrettest
FUZZTIME ?= 20s
# Tests wait for each other's clocks and sockets more than they compute, so more run at once than there are processors; binaries that
# nobody debugs are linked without symbols, which is half of a warm run's linking.
TESTED := -timeout 60m -parallel 4 -ldflags '-s -w'

.PHONY: help build run test race lint cover bench attack sample-data docs fuzz tidy

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

build: ## compile the one binary, ./xinyi
	go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o xinyi ./server

run: build ## serve the demo city on :8080, data under ./data
	./xinyi demo

test: ## everything CI runs but the linter: vet and all tests, the MongoDB wire tests too
	go vet ./...
	go test $(TESTED) ./...
	@if [ -f $(FERRET)/go.mod ]; then cd $(FERRET) && go vet ./... && go test $(TESTED) ./...; fi

race: ## all tests under the race detector (needs gcc or clang)
	@command -v gcc >/dev/null || command -v clang >/dev/null || { echo 'make race needs a C compiler'; exit 1; }
	CGO_ENABLED=1 go test -race -timeout 60m ./...

lint: $(LINT) ## golangci-lint with the rules of .golangci.yml
	$(LINT) run ./...

$(LINT):
	GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv bin/golangci-lint $(LINT)

cover: ## test coverage per function, the least covered first
	go test -coverprofile=coverage.out -coverpkg=./... ./...
	go tool cover -func=coverage.out | sort -t '	' -k 3 -n | tail -n 60

bench: ## requests per second and processor time, API and bare engine, about eight minutes
	go run ./bench

attack: ## what is known against it, against the real program: a table, and an exit of 1 on any fault; five minutes
	go run ./attack

sample-data: build ## 100,000 made-up penalties with planted faults, in ./data/sample
	./xinyi sample-data

docs: ## write what the program says of itself into docs: routes, events, settings
	go test ./server -run TestPages -update -count=1

fuzz: ## every fuzz test for FUZZTIME each (20s)
	@for pkg in $$(go list ./...); do \
		for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg || exit 1; \
		done; \
	done

tidy: ## format, and tidy both modules
	gofmt -w $$(git ls-files '*.go')
	go mod tidy
	@if [ -f $(FERRET)/go.mod ]; then cd $(FERRET) && go mod tidy; fi
