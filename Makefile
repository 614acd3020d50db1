# Everything starts here. Needs Python 3.11 or newer, make and a network; no environment has to be
# active. `make help` lists the targets.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
PYTEST_WORKERS ?= 2

.PHONY: help install demo dev test check format tools bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

# Nothing is done when neither the lock nor the project's metadata has changed.
$(STAMP): requirements.lock pyproject.toml scripts/bootstrap scripts/find-python
	@scripts/bootstrap

install: $(STAMP) ## Create .venv from requirements.lock

demo: $(STAMP) ## Make a film from the reference's payload: start all, render, save, stop
	@$(BIN)/fvs demo

dev: $(STAMP) ## Run the stack on fixed ports until Ctrl-C; state is kept in .fvs/
	@exec $(BIN)/fvs dev

check: $(STAMP) ## Lint, formatting, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## Format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tools: $(STAMP) ## Get what the tests need beyond Python packages
	@scripts/install-tools

test: check tools ## Check, then run the whole suite
	$(BIN)/pytest -n $(PYTEST_WORKERS) --dist worksteal

bench: $(STAMP) ## Run the benchmarks, or one: make bench NAME=orchestration
	$(BIN)/python -m bench $(NAME)

lock: $(STAMP) ## Resolve requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --custom-compile-command "make lock" --extra dev --upgrade \
		--output-file requirements.lock pyproject.toml

clean: ## Remove what was made here, but for .fvs/ and out/
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
