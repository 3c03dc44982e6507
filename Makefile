# Kaiwa: two commands are enough. `make up` starts the local cluster, `make test` runs every check.
# Needs make 3.81 or later and Python 3.11 or later, nothing else.

.DEFAULT_GOAL := help
.PHONY: help setup page up test test-long test-deploy fuzz bench chaos lint lock clean
SHELL := /bin/sh

# The newest Python on the PATH that is new enough; a name that is there and does not run (a pyenv shim) is passed over.
FIND_PYTHON = for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { python=$$name; break; }; \
	done; \
	test -n "$$python" || { echo "kaiwa: no Python 3.11 or later on the PATH: install one (python.org, your package manager) and run make again, or name it: make PYTHON=/path/to/python3." >&2; exit 1; }

V := .venv/bin

# Tests run side by side: they wait for engines more than for a processor.
WORKERS := 3

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: ## make .venv from the lock (the other commands do it themselves)
	@$(FIND_PYTHON); $$python -m deploy.local.setup

page: setup ## build the web page, if its sources have changed (`make up` does it itself)
	@$(V)/python -m deploy.local.page

up: page ## start the local cluster; Ctrl-C stops it (ARGS="--detach" and other options of `kaiwa up`)
	@$(V)/kaiwa up $(ARGS)

lint: setup ## formatting, style, types, the architecture's rules, and that generated files are current
	@$(V)/ruff check .
	@$(V)/ruff format --check .
	@$(V)/mypy
	@$(V)/mypy tests
	@$(V)/lint-imports
	@$(V)/python -m contracts.schema --check
	@$(V)/python -m services.persistence.api.openapi_file --check
	@$(V)/python -m deploy.kubernetes --check
	@$(V)/python -m deploy.observability.metrics_page --check
	@$(V)/python -m deploy.observability.dashboards --check
	@$(V)/python -m deploy.local.page run lint --silent

test: lint page ## every check and every test that takes seconds (KAIWA_SKIP_BROWSER=1: without those in a browser)
	@$(V)/python -m tests.browser.chromium
	@$(V)/python -m deploy.local.fetch
	@$(V)/python -m deploy.local.page test --silent
	@$(V)/pytest -m "not long and not deploy" -n $(WORKERS) --dist loadscope --no-loadscope-reorder $(ARGS)

test-long: page ## the tests that take minutes
	@$(V)/python -m deploy.local.fetch
	@$(V)/pytest -m long $(ARGS)

test-deploy: setup ## the image by Docker Compose, and in a cluster that KAIWA_TEST_KUBECTL reaches (what is there)
	@$(V)/pytest -m deploy $(ARGS)

fuzz: setup ## look for inputs that break decoders and verifiers (ARGS="--seconds 600", "frames", "--keep")
	@$(V)/python -m tests.fuzz $(ARGS)

bench: setup ## measure Kaiwa beside its peers, and its start, memory and latency (ARGS="--quick", "--alone")
	@$(V)/python -m deploy.local.fetch
	@$(V)/python -m bench $(ARGS)

chaos: setup ## kill, pause and fool a cluster under load for ten minutes, and judge it (KILLS=200, SEED=7, ARGS="--rate 60")
	@$(V)/python -m deploy.local.fetch
	@$(V)/python -m tests.chaos run $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

lock: setup ## write the locks anew after a change of dependencies
	@$(V)/python -m deploy.local.relock

clean: ## remove .venv and what tools leave behind (not .kaiwa: that is `kaiwa down --wipe`)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -not -path './web/*' -prune -exec rm -rf {} +
