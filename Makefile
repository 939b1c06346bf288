# make demo   paint the example drawing into out.png
# make test   run the tests, on all cores (at most 8)
# make lint   check style and types
# Each makes its own environment in .venv first; VENV and PYTHON choose another place or interpreter.

VENV ?= .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.PHONY: demo test lint

demo: $(VENV)/.installed
	$(BIN)/rltn colorize examples/drawing.png --ref examples/reference.png --output out.png --overwrite
	@echo "The painted drawing is in $(CURDIR)/out.png"

test: $(VENV)/.installed-for-development
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

lint: $(VENV)/.installed-for-development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed, and was not found"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-for-development: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed
