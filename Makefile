# Two commands: `make demo` shows a synthetic clinic, `make test` runs every test.
# Both set up what they need; see scripts/setup.sh for the pieces.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo demo-reset test check-fast lint format lock bench docs screenshots clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 16

setup: $(STAMP) ## Create the virtual environment with the locked versions

$(STAMP): pyproject.toml requirements.lock scripts/setup.sh
	@bash scripts/setup.sh $(VENV)
	@touch $(STAMP)

demo: setup ## Serve the synthetic clinic on http://127.0.0.1:8000
	@$(BIN)/attunement demo

demo-reset: setup ## Forget what was entered and make the synthetic clinic anew
	@$(BIN)/attunement demo --reset

test: setup ## Run every check and every test, installing the browser and database they need
	@bash scripts/test.sh $(VENV)

lint: setup ## Style, types and the walls between rooms
	@bash scripts/lint.sh $(VENV)

format: setup ## Rewrite the code in the house style
	@$(BIN)/ruff format src tests bench rigs scripts
	@$(BIN)/ruff check --fix src tests bench rigs scripts

lock: setup ## Choose new versions of every dependency and write requirements.lock
	@bash scripts/lock.sh $(VENV)

bench: setup ## Measure, both sides of each comparison in one run
	@$(BIN)/python -m bench

docs: setup ## Regenerate the measure pages and the command reference
	@$(BIN)/python -m scripts.docs

screenshots: setup ## Take the pictures in docs/pictures with a real browser
	@$(BIN)/python -m scripts.screenshots

clean: ## Remove the virtual environment and everything generated
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
