# pfpkit: `make help` lists the targets. Needs git, make, Python 3.11+ and Node.js 20+.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
RUN := scripts/env.sh
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help setup demo test check lock samples clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
