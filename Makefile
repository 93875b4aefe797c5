# Two commands matter: `make play` and `make test`. `make help` lists all.

PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
# torch goes in first and by itself: a lone requirement with an upper bound lets pip take a
# CPU wheel from a local folder (PIP_FIND_LINKS) where there is one. The bounds stand in pyproject.toml.
TORCH   = $$($(BIN)/python -c 'import tomllib; print(*[d for d in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"] if d.startswith("torch")])')

.PHONY: help setup play test check bench pictures clean

help:
	@echo "make play      install what playing needs, and open the window"
	@echo "make test      install what the tests need, check the code, run all tests"
	@echo "make setup     install everything into $(VENV), and do no more"
	@echo "make check     ruff, mypy, import-linter"
	@echo "make bench     measure the renderer, the engine and the latency"
	@echo "make pictures  take the pictures in docs/pictures again; with RECORDINGS=folder the Train page's,"
	@echo "               with NOTES=data-set those of the model's notes"
	@echo "make clean     throw $(VENV) away"

setup: $(VENV)/.test

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Timbrepad needs Python 3.11: install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Stamps: what is installed already is not looked at again until pyproject.toml changes.
$(VENV)/.play: pyproject.toml scripts/system-packages | $(BIN)/python
	scripts/system-packages play
	$(BIN)/pip install --quiet "$(TORCH)"
	$(BIN)/pip install --quiet --editable .
	@echo "Compiling the engine: about a minute, once"
	@$(BIN)/timbrepad doctor >/dev/null 2>&1 || true
	@touch $@

$(VENV)/.test: $(VENV)/.play
	scripts/system-packages test
	$(BIN)/pip install --quiet --editable ".[dev]"
	@touch $@

play: $(VENV)/.play
	@$(BIN)/timbrepad play $(OPTIONS)

# Two processes with one thread each, but one alone for what plays against the clock.
test: setup check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --durations=10 --numprocesses 2 --dist loadfile --ignore tests/main_job
	$(BIN)/python -m pytest --durations=10 tests/main_job

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup
	$(BIN)/timbrepad bench engine
	$(BIN)/timbrepad bench render
	$(BIN)/timbrepad bench latency

pictures: setup
	$(BIN)/python scripts/pictures.py $(if $(RECORDINGS),"$(RECORDINGS)") $(if $(NOTES),--notes "$(NOTES)")

clean:
	rm -rf $(VENV)
