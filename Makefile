# Halfopen: what a developer does. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BINARY := .build/release/halfopen
# All libraries go into the binary: as a guest's first process it starts with a third of the page faults, which are what
# costs there (6 ms against 20), and it runs where the libraries are not installed.
RELEASE := -c release --static-swift-stdlib -Xswiftc -static-executable --product halfopen

.PHONY: help setup build kernel clients demo test check bench storm mutants known-bugs library conformance \
    scorecard comparisons determinism schedules clean

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## installs the Debian packages that are missing (sudo when not root)
	@scripts/setup

build: setup ## builds the release binary
	swift build $(RELEASE)

kernel: build ## builds the lab kernel into the cache, once
	@$(BINARY) kernel build

clients: setup ## installs and builds the real clients of scenarios/library
	@scripts/setup-clients scenarios/library/clients/debian.txt scenarios/library/clients/packages.txt
	@scripts/build-clients

demo: kernel ## sets everything up and runs the demo scenarios
	@$(BINARY) run scenarios/demo; status=$$?; \
	if [ $$status -eq 1 ]; then \
	    echo "Some clients fell short; that is their verdict. The harness did its work."; exit 0; fi; \
	exit $$status

test: kernel ## sets everything up and runs every test, those that need a kernel inside the lab kernel
	@scripts/setup-checks
	swift build --build-tests
	@scripts/tests $(BINARY)

check: setup ## format, warnings as errors, the project's own rules
	swift format lint --strict --recursive --configuration .swift-format Sources Tests Package.swift
	swift build --build-tests -Xswiftc -warnings-as-errors --scratch-path .build/check
	swift test --skip-build --filter TidyTests -Xswiftc -warnings-as-errors --scratch-path .build/check

bench: kernel ## measures what the design promises
	swift build $(RELEASE:halfopen=bench)
	.build/release/bench $(BINARY)

storm: kernel ## plays a storm of 20,000 sessions, and says how long that took
	scripts/storm $(BINARY)

mutants: kernel ## plays every mistake of the reference pair, and says which expectation caught it
	scripts/mutants $(BINARY) --report reports

known-bugs: kernel ## plays documented bugs of real libraries, on releases that have them and on fixed ones
	@scripts/setup-clients scenarios/known-bugs/debian-packages.txt scenarios/known-bugs/packages.txt
	scripts/known-bugs $(BINARY) --report reports
library: kernel ## plays the scenario library, and says which of the written verdicts changed
	scripts/library $(BINARY)

conformance: kernel clients ## plays scenarios from published specifications against real clients
	scripts/conformance $(BINARY)

scorecard: kernel clients ## plays every client in every scenario of the library that fits it: reports/scorecard.*
	scripts/scorecard $(BINARY)

comparisons: kernel ## measures `halfopen compare` on real runs: a worse build, and one build against itself
	scripts/comparisons $(BINARY)

determinism: kernel ## plays the demo 20 times with one seed and compares the recordings
	scripts/determinism $(BINARY) scenarios/demo 20

schedules: kernel ## plays 500 random schedules of overlapping faults; each must heal to what stood before
	swift build --build-tests
	scripts/schedules $(BINARY) 500

clean: ## removes what was built here; the lab kernel stays in its cache
	rm -rf .build
