# Everything a newcomer runs. `make help` is the index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Every process would else compile its imports anew: seconds each time.
export PYTHONDONTWRITEBYTECODE :=
export UV_COMPILE_BYTECODE := 1
# Whoever has another environment active means this one all the same.
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
UV := $(BIN)/uv --quiet
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help setup demo test bench month shots lint check format assets run migrate lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/dev.ok assets tests/browser/html/node_modules/installed.ok ## Create .venv with everything for developing

demo: $(VENV)/run.ok assets ## Run the whole story on this machine: no account, no key
	@$(BIN)/acompana demo

test: setup ## Run all tests (SQLite, PostgreSQL, a real browser)
	@$(BIN)/python tests/browser/find_chromium.py
	@$(BIN)/pytest

bench: $(VENV)/bench.ok ## Measure the hot paths beside their limits; BENCH="--only urgent" for one row
	@$(BIN)/python -m tests.bench $(BENCH)

faults: setup ## Break things on purpose, at full size: hours; FAULTS="--from NAME" goes on where it was
	@$(BIN)/python -W ignore -m tests.faults.run --whole $(FAULTS)

month: setup ## Live through months of an invented network, seeds 1 to 20: hours; MONTH="--seeds 3" for one
	@$(BIN)/python -W ignore -m tests.month $(MONTH)

shots: setup ## A picture of every page, both widths, both languages, in var/shots
	@$(BIN)/python -W ignore -m tests.browser.shots

lint: setup ## Lint, types, import rule
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint ## The same, and the house's guards: migrations without drift, catalogs in step
	@$(BIN)/pytest tests/guards -q -n0

format: $(VENV)/dev.ok ## Rewrite the code in the house's format
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

assets: service/web/static/dist/built.ok ## Bundle styles and scripts for the pages

run: $(VENV)/run.ok assets ## Run web, worker and clock in one process, set up by ACOMPANA_* (docs/runbook.md)
	@$(BIN)/acompana run

migrate: $(VENV)/run.ok ## Bring the database and the keyring to the newest schema
	@$(BIN)/acompana migrate

lock: $(VENV)/tools.ok ## Pin every dependency anew: names, versions and hashes only
	$(LOCK) requirements-tools.in -o requirements-tools.lock
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock
	$(LOCK) --group bench -c requirements.lock -c requirements-dev.lock -o requirements-bench.lock

clean: ## Remove what was built; var/ with its data stays
	rm -rf $(VENV) node_modules service/web/static/dist .mypy_cache .ruff_cache .pytest_cache

# --- what the above are made of ------------------------------------------------------------------

$(VENV)/tools.ok: requirements-tools.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "acompana needs Python 3.11 or newer: make PYTHON=python3.11")'
	@echo "· preparing $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-tools.lock
	@touch $@

$(VENV)/run.ok: $(VENV)/tools.ok requirements.lock pyproject.toml
	@echo "· installing what the service needs"
	@$(UV) pip install --require-hashes -r requirements.lock
	@$(UV) pip install --no-build-isolation --no-deps -e .
	@touch $@

$(VENV)/dev.ok: $(VENV)/run.ok requirements-dev.lock
	@echo "· installing what the tests need"
	@$(UV) pip install --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/bench.ok: $(VENV)/dev.ok requirements-bench.lock
	@echo "· installing what the outbox is measured beside"
	@$(UV) pip install --require-hashes -r requirements-bench.lock
	@touch $@

tests/browser/html/node_modules/installed.ok: $(VENV)/tools.ok tests/browser/html/package-lock.json
	@echo "· installing what judges the pages"
	@npm ci --silent --ignore-scripts --prefix tests/browser/html
	@touch $@

service/web/static/dist/built.ok: $(VENV)/tools.ok package-lock.json assets.mjs $(wildcard service/web/static/src/*)
	@echo "· bundling the page assets"
	@npm ci --silent --ignore-scripts
	@node assets.mjs
	@touch $@
