# Everything that a developer types. `make run` and `make test` do all their own set-up.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RECORD := run/day.record

.PHONY: help run test soak lint types imports tests bench lock format clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(READY): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Everycall needs Python 3.11 or later. On Debian: apt-get install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is missing. On Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## a synthetic day through the whole of Everycall, its balance and one story
	@mkdir -p run && rm -f $(RECORD) $(RECORD)-* $(RECORD).*
	@$(BIN)/everycall day -o $(RECORD)
	@echo; echo "everycall is $(BIN)/everycall; '. $(BIN)/activate' makes it everycall."

test: $(READY) lint types imports tests ## all checks and all tests

tests: $(READY)
	@command -v strace >/dev/null \
	  || { echo "The power-loss test needs strace. On Debian: apt-get install strace"; exit 1; }
	$(BIN)/pytest --cov --cov-report=term:skip-covered --cov-report=json:.coverage.json -m "not soak"
	$(BIN)/python tools/core_coverage.py .coverage.json 95

soak: $(READY) ## the long tests: hundreds of kills, long hypothesis runs
	EVERYCALL_HYPOTHESIS=soak $(BIN)/pytest -m soak

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy
	$(BIN)/mypy --warn-unreachable src

imports: $(READY)
	$(BIN)/lint-imports

bench: $(READY) ## the benchmarks of bench/RESULTS.md
	$(BIN)/python bench/core.py
	$(BIN)/python bench/append.py
	$(BIN)/python bench/import_rows.py
	$(BIN)/python bench/policy_call.py
	$(BIN)/python bench/policy_check.py
	$(BIN)/python bench/policy_diff.py
	$(BIN)/python bench/record_tree.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## resolve the dependencies anew (needs uv)
	uv pip compile -q pyproject.toml --all-extras --group dev --generate-hashes --no-emit-index-url \
	  --no-emit-find-links --no-header --python-version 3.11 -o requirements/dev.lock

clean: ## remove what was made here
	rm -rf $(VENV) run .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
