# Blanko: `make run` and `make test` need nothing but Python 3.11 or newer and make.
SHELL := /bin/sh
PYTHON ?= python3
ROLE ?= storekeeper
REGION ?= 17.71

BIN := .venv/bin
INSTALLED := .venv/installed

.DEFAULT_GOAL := help
.PHONY: help run demo simulate test test-long check bench token lock verify reconcile clean

help: ## Lists every target with what it does.
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name does; do printf '  make %-10s %s\n' "$$name" "$$does"; done

run: $(INSTALLED) ## Runs everything on this machine: PostgreSQL, Kafka and the four services. Ctrl-C stops it.
	@$(BIN)/python -m deploy.local --with-parent

demo: $(INSTALLED) ## Plays Kota Bengkulu, November 2024, over HTTP and Kafka, and checks every event.
	@$(BIN)/python -m examples.demo

simulate: $(INSTALLED) ## Plays offices in virtual time, and checks all of it: PLAY="--province 65 --days 30", the nation without.
	@$(BIN)/python -m examples.simulator $(PLAY)

test: $(INSTALLED) ## Tests everything on the real PostgreSQL and Kafka, on private ports.
	@$(BIN)/python -m pytest --durations=15

test-long: $(INSTALLED) ## The same with the long runs.
	@BLANKO_LONG=1 $(BIN)/python -m pytest --durations=30

check: $(INSTALLED) ## Checks format, style, types and the walls between services.
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: $(INSTALLED) ## Measures the ratios that matter, all of them or ONLY=name,name.
	@$(BIN)/python -m bench $(ONLY)

token: $(INSTALLED) ## Prints a development token, e.g. ROLE=head REGION=17.71.
	@$(BIN)/python -m deploy.local.tokens --role '$(ROLE)' --region '$(REGION)'

verify: $(INSTALLED) ## Checks every log's chain of hashes, and Kafka against it, while `make run` runs.
	@$(BIN)/python -m deploy.local.verify

reconcile: $(INSTALLED) ## Compares states, read tables and Kafka with the facts, while `make run` runs.
	@$(BIN)/python -m deploy.local.reconcile

lock: $(INSTALLED) ## Resolves the dependencies anew into both lock files.
	@$(BIN)/uv pip compile pyproject.toml $(RESOLVE) -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml $(RESOLVE) --group local --group test --group bench -c requirements.lock -o requirements-dev.lock

RESOLVE := --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header -q

clean: ## Removes the environment, all local state and every cache.
	@rm -rf .venv .local build bench/out .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamped by the lock's hash: a moved or touched lock installs nothing anew, a changed one does.
$(INSTALLED): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo 'Blanko needs Python 3.11 or newer as "$(PYTHON)"; name another one with: make PYTHON=python3.12 …' >&2; exit 1; }
	@$(PYTHON) deploy/local/install.py
