# `make data` builds a small data set on the embedded simulator, `make test` runs the tests; both set up .venv first.
PYTHON ?= python3
OUT ?= data/quickstart
VENV := .venv
BIN := $(VENV)/bin

.PHONY: data test check clean

data: $(VENV)/.sim
	$(BIN)/python -m data_gen.build --config configs/data/quickstart.yaml --out $(OUT) --resume

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.sim: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[sim]"
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@ $(VENV)/.sim

clean:
	rm -rf $(VENV) data
