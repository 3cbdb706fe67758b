# make run    a virtual environment, the installation, and the main job: a sweep over optimizers
# make test   the same for the tests
# make test-integrations    the tests that need a browser, which `make browser` says how to get

# TensorFlow's range, newest first. A name on the PATH may be a shim that starts nothing: each one is tried.
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3 python; do \
	"$$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo "$$name"; break; }; done)
GPU ?=
EXTRAS := $(if $(GPU),[gpu])
BIN := .venv/bin

.PHONY: run test test-all test-integrations browser check bench calibrate clean

run: .venv/installed$(EXTRAS)
	$(BIN)/python -m ablate +sweep=optimizers

# Two processes, a file of tests always in one of them: what a file has compiled serves the whole of it.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

test: check
	$(PYTEST) -m "not slow and not browser and not integration"

test-all: check
	$(PYTEST)

test-integrations: .venv/installed[dev] .venv/installed[integrations]
	$(BIN)/python -m pytest -m "browser or integration"

# Playwright drives the system's browser, and downloads none.
browser:
	@command -v chromium chromium-browser google-chrome || { \
	echo "There is no Chromium here. Debian and Ubuntu: apt-get install chromium; Fedora: dnf install chromium;"; \
	echo "elsewhere ABLATE_CHROMIUM=/path/to/chromium says where one is. Tests that need it are skipped without it."; \
	exit 1; }

check: .venv/installed[dev]
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "ablate needs Python 3.11, 3.12 or 3.13, and none of them is on the PATH."; \
	echo "Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

# One stamp for each set of extras: reinstalled when the dependencies change.
.venv/installed%: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.$*'
	@touch '$@'

.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch '$@'

bench: .venv/installed[dev]
	$(BIN)/python -m tests.benchmarks

# How often the verdicts are wrong, where the truth is known: writes tests/benchmarks/calibration.md.
calibrate: .venv/installed[dev]
	$(BIN)/python -m tests.benchmarks.calibration

clean:
	rm -rf .venv build dist
