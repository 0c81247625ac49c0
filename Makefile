# `make` lists what there is. The work of preparing a fresh machine is in scripts/bootstrap.
PORT ?= 8000
DATA ?= data
OUT ?= out
ARGS ?=
PYTEST_ARGS ?= -n 3 --dist loadfile --no-loadscope-reorder
UPGRADE ?=
# Debian packages the tests need beyond PostgreSQL.
EXTRA_PACKAGES ?= $(shell . /etc/os-release 2>/dev/null; [ "$$ID" = debian ] && echo chromium; \
	[ "$$ID" = debian -o "$$ID" = ubuntu ] && echo mariadb-server-core mariadb-client-core openssl)

BIN := .venv/bin
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	$(if $(UPGRADE),--upgrade)
export EXTRA_PACKAGES
.DEFAULT_GOAL := help
.PHONY: help run test lint bench lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start Kept with its demo story (PORT=8000 DATA=data OUT=out)
	@scripts/bootstrap run
	@$(BIN)/kept demo --serve --data "$(DATA)" --out "$(OUT)" --port "$(PORT)"

test: lint ## All checks and tests, on SQLite and on PostgreSQL (ARGS="-k overrun")
	$(BIN)/python -m pytest $(PYTEST_ARGS) $(ARGS)

lint: ## Style, arrows between the rooms, types
	@scripts/bootstrap dev
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: ## Measure, and print the measurements
	@scripts/bootstrap dev
	$(BIN)/python -m benchmarks $(ARGS)

lock: ## Compile both lock files anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@scripts/bootstrap dev
	$(COMPILE) pyproject.toml --output-file requirements.lock
	$(COMPILE) pyproject.toml --group dev --constraints requirements.lock --output-file requirements-dev.lock

clean: ## Remove caches and build leftovers; .venv, data and papers stay
	rm -rf build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find . -path ./.venv -prune -o -type d -name __pycache__ -exec rm -rf {} +
