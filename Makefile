# What people do here. Each target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test soak lint bench lock

run: $(VENV)/run.stamp
	$(BIN)/python app.py run

test: $(VENV)/dev.stamp
	$(BIN)/python -m tests.chromium
	$(BIN)/python -m pytest -n 3 --dist worksteal $(ARGS)

# Faults over real processes, 1,000 decisions through each; docs/testing.md says which.
soak: $(VENV)/dev.stamp
	$(BIN)/python -m tests.soak $(ARGS)

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

# Resolve anew what the pinned packages bring along.
lock: $(VENV)/dev.stamp
	$(BIN)/python -m pip freeze --exclude-editable | sed '1i # Everything that the pinned packages bring along. Made by `make lock`.' > constraints.txt

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -r requirements.txt
	touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	touch $@ $(VENV)/run.stamp
