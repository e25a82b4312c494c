SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?=
ARGS ?=
JOBS ?= 2
UV := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
REQUIREMENTS := requirements-build.txt requirements-dev.txt
CODE := rules service tests benchmarks

.PHONY: help
help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## make .venv with kaohe in it (PYTHON=... chooses the interpreter)

$(STAMP): pyproject.toml $(REQUIREMENTS) scripts/find-python scripts/hashed-pip scripts/make-venv
	@scripts/make-venv $(VENV) $(PYTHON)
	@touch $@

.PHONY: run
run: $(STAMP) ## start the service on 127.0.0.1:8000 (KAOHE_PORT=... and the other settings choose otherwise)
	@exec $(BIN)/kaohe serve

.PHONY: test
test: $(STAMP) ## run the tests (ARGS="tests/habits -k lock" chooses; KAOHE_TEST_ALL=1 leaves nothing out)
	@$(BIN)/pytest -n $(JOBS) -p no:benchmark -m "not soak" $(ARGS)

.PHONY: check
check: lint types test ## all that must pass: format, lint, strict types, tests

.PHONY: lint
lint: $(STAMP) ## format and lint
	@$(BIN)/ruff format --quiet --diff $(wildcard $(CODE))
	@$(BIN)/ruff check --quiet $(wildcard $(CODE))

.PHONY: types
types: $(STAMP) ## strict types of rules and service
	@$(BIN)/mypy

.PHONY: format
format: $(STAMP) ## write the code as the formatter and the linter's sure fixes have it
	@$(BIN)/ruff check --quiet --fix-only $(wildcard $(CODE))
	@$(BIN)/ruff format $(wildcard $(CODE))

.PHONY: bench
bench: $(STAMP) ## measure the library and the service beside others
	@$(BIN)/pytest -p no:xdist --timeout 900 $(ARGS) benchmarks

.PHONY: soak
soak: $(STAMP) ## threads and memory for long (KAOHE_SOAK_SECONDS, KAOHE_SOAK_DECISIONS)
	@$(BIN)/pytest -p no:xdist -p no:benchmark --timeout 3600 -m soak $(ARGS)

.PHONY: mutate
mutate: $(STAMP) ## change the evaluators a little, many times: the tests must notice (ARGS=NAME for one change)
	@[[ -n "$(ARGS)" ]] || rm -rf mutants
	@nice -n 5 $(BIN)/mutmut run --max-children $(JOBS) $(ARGS)
	@[[ -n "$(ARGS)" ]] || scripts/mutation-score

.PHONY: pythons
pythons: ## run the evaluators' quick tests on every CPython found here
	@scripts/test-pythons

.PHONY: lock
lock: ## choose the requirements again, hashed (ARGS=--upgrade for newer ones)
	@[[ -x .cache/uv-$(UV)/bin/pip ]] || "$$(scripts/find-python)" -m venv .cache/uv-$(UV)
	@.cache/uv-$(UV)/bin/pip install --quiet uv==$(UV)
	@scripts/lock .cache/uv-$(UV)/bin/uv $(ARGS)

.PHONY: clean
clean: ## take away all that was made here
	rm -rf $(VENV) .cache .hypothesis .benchmarks .mypy_cache .pytest_cache .ruff_cache build dist mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
