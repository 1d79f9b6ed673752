# `make run` and `make test` need Python 3.11 or newer and nothing else.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# Where torch comes from; empty is PyPI. See "PyTorch builds" in README.md.
TORCH_INDEX ?=
ARGS ?=
# How many files of tests run at a time.
TEST_JOBS ?= 2
# How many generated requests `make fuzz` sends.
EXAMPLES ?= 10000

# Tests start hundreds of processes; without its bytecode each would compile the project again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := -m pip install --quiet --disable-pip-version-check
INSTALL := $(BIN)/python $(PIP) --constraint constraints.txt
# torch goes first, without what it needs: its index differs by build, and has nothing else in the pinned versions.
TORCH := $(PIP) --constraint constraints.txt --no-deps $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
# The slow suites: processes, browsers, long comparisons.
SLOW := --ignore=tests/chaos --ignore=tests/load --ignore=tests/e2e --ignore=tests/dashboard --ignore=tests/parity

.DEFAULT_GOAL := help
.PHONY: help run test check format bench bench-peers chaos load fuzz interchange constraints settings clean

help:
	@echo "make run [ARGS=--once]  start everything and train the sample job"
	@echo "make test               format, lint, types, import contracts and every test"
	@echo "make check              the same with the fast tests only"
	@echo "make bench              measure the engine against plain PyTorch, the service against its bare limit"
	@echo "make bench-peers        measure the engine against the real tf_keras and Keras 3"
	@echo "make chaos              kill, stop and starve a running service, and count what is lost"
	@echo "make fuzz               send generated requests, EXAMPLES of them, and try the OpenAPI document for minutes"
	@echo "make load               let many clients and workers act at once, on both kinds of servers"
	@echo "make interchange        exchange models with the real tf_keras and Keras 3"
	@echo "make clean              remove the virtual environment and caches"

.venv/torch.stamp: constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python $(TORCH)
	@touch $@

.venv/run.stamp: .venv/torch.stamp pyproject.toml
	$(INSTALL) --editable '.[sample]'
	@touch $@

.venv/test.stamp: .venv/torch.stamp pyproject.toml
	$(INSTALL) --editable '.[dev]'
	@touch $@ .venv/run.stamp

run: .venv/run.stamp
	@$(BIN)/kerasd up --sample $(ARGS)

test: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder --ignore=tests/load

check: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests -q $(SLOW)

format: .venv/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/run.stamp
	@for name in engine service; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name || exit 1; done

# Ten minutes on SQLite and ten on PostgreSQL and Redis of its own; ARGS="--seconds 60 --backend sqlite" for less.
chaos: .venv/test.stamp
	$(BIN)/python -m tests.chaos $(ARGS)

# Requests that are damaged or made up, then all that the OpenAPI document allows and forbids, without a key and with one.
fuzz: .venv/test.stamp
	$(BIN)/python -m tests.fuzz --examples $(EXAMPLES)
	$(BIN)/python -m tests.fuzz.document $(ARGS)

# Eight clients and four workers at once, on SQLite with the embedded broker and on PostgreSQL with Redis.
load: .venv/test.stamp
	$(BIN)/pytest tests/load -s

# The real later lines, in environments of their own that the project never needs.
.venv-tf_keras/stamp:
	$(PYTHON) -m venv .venv-tf_keras
	.venv-tf_keras/bin/python $(PIP) tf_keras==2.21.0 tensorflow-cpu==2.21.0
	@touch $@

.venv-keras3/stamp:
	$(PYTHON) -m venv .venv-keras3
	.venv-keras3/bin/python $(TORCH)
	.venv-keras3/bin/python $(PIP) --constraint constraints.txt keras==3.15.1 torch
	@touch $@

# Exchange models with them, and rewrite docs/interchange.md.
interchange: .venv/test.stamp .venv-tf_keras/stamp .venv-keras3/stamp
	$(BIN)/python tests/interchange/run.py .venv-tf_keras/bin/python .venv-keras3/bin/python

# The models of the engine's benchmark under them: benchmarks/RESULTS-tf_keras.md and RESULTS-keras.md.
bench-peers: .venv/run.stamp .venv-tf_keras/stamp .venv-keras3/stamp
	$(BIN)/python -m benchmarks.engine --peer tf_keras --python .venv-tf_keras/bin/python $(ARGS)
	$(BIN)/python -m benchmarks.engine --peer keras --python .venv-keras3/bin/python $(ARGS)

# After a dependency changed: pin what is installed now.
constraints: .venv/test.stamp
	@sed -n '/^#/p' constraints.txt > constraints.new
	@$(BIN)/python -m pip freeze --exclude-editable | sed -E 's/^(torch==[^+]+)\+.*/\1/' >> constraints.new
	@mv constraints.new constraints.txt

# After a setting changed: rewrite its table in docs/operations.md.
settings: .venv/run.stamp
	$(BIN)/python docs/settings_table.py

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
