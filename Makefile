# `make data` builds a small data set on the embedded simulator, `make tiny` trains a tiny model on such data, `make test`
# runs the tests and `make nightly` those that take minutes; all set up .venv first.
PYTHON ?= python3
OUT ?= data/quickstart
VENV := .venv
BIN := $(VENV)/bin

.PHONY: data tiny test nightly check clean

data: $(VENV)/.sim
	$(BIN)/python -m data_gen.build --config configs/data/quickstart.yaml --out $(OUT) --resume
	$(BIN)/python -m data_gen.report $(OUT)

tiny: $(VENV)/.train
	$(BIN)/python -m data_gen.build --config configs/data/tiny.yaml --out data/tiny --resume
	$(BIN)/python -m data_gen.build --config configs/data/tiny.yaml --format sft-think --out data/tiny-cold-start --resume
	test -d models/tiny || $(BIN)/python -m train.tiny_model --out models/tiny --dataset data/tiny-cold-start
	$(BIN)/accelerate launch train/sft.py --config configs/train/tiny_sft.yaml --resume true
	$(BIN)/accelerate launch train/grpo.py --config configs/train/tiny_grpo.yaml --resume true
	$(BIN)/python -m train.report runs/tiny-grpo

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

nightly: $(VENV)/.dev
	$(BIN)/python -m pytest -m nightly

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

$(VENV)/.train: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[sim,train]"
	touch $@ $(VENV)/.sim

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -e ".[dev]"
	touch $@ $(VENV)/.sim $(VENV)/.train

clean:
	rm -rf $(VENV) data models runs
