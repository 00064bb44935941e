# pfpkit: `make help` lists the targets. Needs git, make, Python 3.11+ and Node.js 20+.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
export PYTHONDONTWRITEBYTECODE := 1

BIN := .venv/bin
# The first Python on PATH that is new enough; or say which: make PYTHON=/path/to/python3.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3.14 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: help setup demo test check readme lock samples clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv and node_modules from the locks (nothing to do: done at once)
	@[ -n "$(PYTHON)" ] || { echo "setup: Python 3.11 or newer is needed: install it, for example from python.org" >&2; exit 1; }
	@$(PYTHON) tools/setup.py

demo: setup ## from image files to a verified avatar, on a chain of its own
	@$(BIN)/ape run demo

test: setup ## all tests: units, contract, gas, stateful model, scripts
	@tools/test.sh

check: setup ## format, lint, types, import order
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

readme: setup ## run the commands of README.md and compare what they print
	@$(BIN)/python tools/readme.py README.md

lock: ## write requirements*.lock again (needs uv)
	@tools/lock.sh

samples: setup ## draw the sample collection in metadata/ again
	@$(BIN)/python tools/samples/draw.py

clean: ## remove what the other targets made, pins and avatars included
	rm -rf .venv node_modules .build .cache .pfpkit deployments/local *.egg-info
	rm -rf .pytest_cache .hypothesis .mypy_cache .ruff_cache .import_linter_cache
