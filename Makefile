# The habits of this repository, one verb each. `make` alone lists them; `make check` is what CI runs.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Two jobs fit a small machine; Swift's compiler takes about 1 GB each.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Tests run on the very build that users run, so that the two commands of the README share one compilation.
BUILD := swift build -c release --jobs $(JOBS) --explicit-target-dependency-import-check error
CLIP := .build/release/clip
PYTHON := python3
CLIENTS := .venv/clients

.PHONY: help deps build run test clients examples lint format check goldens clean

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

deps: ## install the missing system packages (Debian, Ubuntu; Homebrew on macOS)
	@Scripts/install-deps.sh

build: deps ## build the command, optimised
	$(BUILD) --product clip

run: build ## build, and start the server on 127.0.0.1:9001; CLIP_MODEL=NAME=DIRECTORY names another model
	$(CLIP) serve

test: deps ## build and run all Swift tests
	$(BUILD) --build-tests
	swift test -c release --skip-build --parallel

clients: build ## run the real client library against the server, and compare it with recorded answers
	@test -x $(CLIENTS)/bin/python || $(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r Tests/Clients/requirements.txt
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_inference_sdk.py
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_contract.py

examples: build ## run the walk-through of Examples/ and check that the right labels are on top
	Examples/check.sh $(abspath $(CLIP))

lint: ## check formatting, imports and fixtures
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	Scripts/check-imports.sh
	$(PYTHON) Scripts/make-goldens.py --check

format: ## format all Swift sources in place
	swift format --in-place --recursive --parallel Package.swift Sources Tests

check: deps lint test clients examples ## everything that CI checks

goldens: ## make the test fixtures anew from the reference implementations
	$(PYTHON) Scripts/make-goldens.py

clean: ## remove what was built
	rm -rf .build .venv
