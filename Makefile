# What can be done here; `make` alone lists it. Everything is made under .venv/ and var/.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo demo-fresh demo-env packages dev-packages test test-long bench lint format
# A real Python, found by running it: a version manager's shim can be there and still fail.
NEW_ENOUGH := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := $(PYTHON) python3.11 python3.12 python3.13 python3.14 python3
OURS := .venv/bin/python
PIP := $(OURS) -m pip --disable-pip-version-check install -qq --require-hashes -r

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-11s %s\n", $$1, $$2}' Makefile

demo: demo-env packages ## an invented practice to try, on http://localhost:8000 (PORT=8123 make demo: elsewhere)
	@$(OURS) manage.py prepare
	@$(OURS) manage.py demo
	@exec $(OURS) manage.py up

demo-fresh: FRESH := --fresh
demo-fresh: demo ## the same, starting over from nothing

test: dev-packages ## all checks and tests; what is missing here is skipped by name
	@$(OURS) tests/passes.py

test-long: dev-packages ## simulations and storms
	@$(OURS) tests/passes.py --long

bench: dev-packages ## time the main pages, one JSON line each
	@DJANGO_SETTINGS_MODULE=tests.settings $(OURS) manage.py bench

lint: dev-packages ## style, types and missing migrations only
	@$(OURS) tests/passes.py --lint

format: dev-packages ## put the code into shape
	@$(OURS) -m ruff check --quiet --fix-only .
	@$(OURS) -m ruff format .

demo-env: .venv
	@$(OURS) -m counselor.management.demo_env $(FRESH)

# The lock that was installed lies in .venv: packages are installed again only when the lock has changed.
packages: .venv
	@cmp -s requirements.lock .venv/requirements.lock || { \
	  echo "Installing packages (once, about half a minute) ..."; \
	  $(PIP) requirements.lock || { echo "The packages could not be installed; the lines above say why." >&2; exit 1; }; \
	  cp requirements.lock .venv/requirements.lock; }

dev-packages: .venv
	@cmp -s requirements-dev.lock .venv/requirements-dev.lock || { \
	  echo "Installing packages for the tests (once, about a minute) ..."; \
	  $(PIP) requirements-dev.lock || { echo "The packages could not be installed; the lines above say why." >&2; exit 1; }; \
	  cp requirements-dev.lock .venv/requirements-dev.lock; cp requirements.lock .venv/requirements.lock; }

.PHONY: .venv
.venv:
	@$(OURS) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  for python in $(CANDIDATES); do \
	    if "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null; then \
	      echo "Making .venv with $$("$$python" --version) ..."; \
	      exec "$$python" -m venv --clear .venv; \
	    fi; \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && bare="$$python"; \
	  done; \
	  if [ -n "$$bare" ]; then \
	    echo "$$bare has no venv module with pip: install it (Debian, Ubuntu: apt install python3-venv) and try again." >&2; \
	  else \
	    echo "Python 3.11 or newer is needed and none runs here. Install one, or name it: make demo PYTHON=/path/to/python3" >&2; \
	  fi; \
	  exit 1; }
