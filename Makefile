# Every target sets up what it needs in .venv by itself; nothing outside this folder is changed.
# Needs Python 3.11+ with venv and pip, and any make since GNU make 3.81 (the one of macOS).

PY := .venv/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check --quiet
PACKAGES := engine storage notifications papers bangfu workflows cli.py
# Beside gettext(), ngettext(), _() and N_(): Session.n_() counts, and translate() is handed on.
KEYWORDS := -k n_:1,2 -k translate
LOCK := $(PY) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate

# The newest Python that will do; asked only when .venv is made. `make PYTHON=...` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

.DEFAULT_GOAL := help
.PHONY: help demo test long lint bench mutants browser format catalogs locks

help:            ## what can be made here
	@sed -n 's/^\([a-z]*\): .*## /  make \1|/p' Makefile | awk -F'|' '{printf "%-18s%s\n", $$1, $$2}'

demo: .venv/demo ## a county's households through identification, from the roster to the list
	.venv/bin/bangfu demo

test: .venv/dev  ## all tests but the long ones, on SQLite and PostgreSQL
	$(PY) -m pytest -n 2

long: .venv/dev  ## the tests that take minutes rather than seconds
	$(PY) -m pytest -n 2 -m long

lint: .venv/dev  ## style, types and import contracts
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	.venv/bin/lint-imports

bench: .venv/dev ## bangfu against a raw floor; writes bench/results/latest.json
	$(PY) -m bench

mutants: .venv/dev ## seeds known mistakes one at a time; a named test must catch each
	$(PY) tests/mutants/run.py

browser: .venv/dev ## the web console's tests in a browser, once there is a console
	@if [ -d tests/browser ]; then $(PY) -m pytest tests/browser; \
	else echo "There is no web console yet, so there is nothing to test in a browser."; fi

format: .venv/dev ## order imports and lay out the code
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

catalogs: .venv/dev ## bring the translations up to date with the code; then translate what is empty and run it again
	$(PY) -m babel.messages.frontend -q extract --no-location --sort-output --omit-header $(KEYWORDS) -o .venv/bangfu.pot \
		$(PACKAGES)
	$(PY) -m babel.messages.frontend -q update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		-D bangfu -i .venv/bangfu.pot -d bangfu/locale
	$(PY) -m babel.messages.frontend -q compile -D bangfu -d bangfu/locale

locks: .venv/dev ## settle the exact versions anew, within the ranges of pyproject.toml
	$(LOCK) --upgrade --extra build -o requirements.lock
	$(LOCK) --upgrade --all-extras -c requirements.lock -o requirements-dev.lock

# pip is what a broken or half-made .venv lacks, so that it stands for the whole.
.venv/bin/pip:
	@[ -n "$(PYTHON)" ] || { echo "bangfu needs Python 3.11 or later on the PATH, or make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python cannot make .venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

# What is installed agrees with the lock when the stamp is newer than the lock.
.venv/demo: requirements.lock pyproject.toml | .venv/bin/pip
	@echo "Setting up .venv from requirements.lock (once, under a minute) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock pyproject.toml | .venv/bin/pip
	@echo "Setting up .venv from requirements-dev.lock (once, a minute or two) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/demo $@
