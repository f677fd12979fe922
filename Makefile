# SigWeb's commands. `make` alone builds .venv; everything else does so first when it is missing or out of date.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := .venv/.ready
.PHONY: demo servers secrets test check format soak bench evaluate clean

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PY := .venv/bin/python
DATA ?= ../shared/data/signatures
JOBS ?= 2

# The folder is ready when this stamp is newer than the requirements; a start costs no pip then.
.venv/.ready: requirements.txt requirements-train.txt requirements-web.txt
	@$(PYTHON) -m sigweb.embedded.preflight $(if $(filter demo,$(MAKECMDGOALS)),--demo)
	@echo "Installing into .venv; this takes a few minutes the first time."
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

demo: .venv/.ready
	@exec $(PY) -m sigweb.embedded.demo

servers: .venv/.ready
	@exec $(PY) -m sigweb.embedded.demo --servers-only

# For docker-compose.yml; needs no .venv.
secrets:
	@$(PYTHON) -m sigweb.embedded.secret_files secrets

# Against its own temporary servers. ARGS goes to pytest: make test ARGS="tests/customers -x". The whole suite runs in
# JOBS processes at once, each with a database of its own; a file stays together, since its fixtures are dear.
test: .venv/.ready
	@export CHROMIUM="$$($(PY) -m tests.chromium)"; $(PY) -m coverage erase; \
		$(PY) -m pytest --cov --cov-report= $(if $(strip $(ARGS)),$(ARGS),-n $(JOBS) --dist loadfile)
ifeq ($(strip $(ARGS)),)
	@$(PY) -m coverage report --precision=1
	@for part in mlcore customers verification; do \
		$(PY) -m coverage report --include="$$part/*" --fail-under=90 --format=total --precision=1 | sed "s/^/Branch coverage of $$part: /;s/$$/ %/"; \
	done
endif

check: .venv/.ready
	@echo "ruff"; $(PY) -m ruff check . && $(PY) -m ruff format --check .
	@echo "mypy"; $(PY) -m mypy
	@echo "import-linter"; .venv/bin/lint-imports --no-cache
	@echo "djade"; git ls-files -z --cached --others --exclude-standard '*/templates/*.html' 'templates/*.html' | xargs -0 --no-run-if-empty .venv/bin/djade --check --target-version 5.2
	@echo "system checks of a production start"; $(PY) -m tests.production check --deploy --fail-level WARNING
	@echo "migrations"; $(PY) -W ignore::RuntimeWarning -m tests.production makemigrations --check --dry-run

format: .venv/.ready
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format .
	@git ls-files -z '*/templates/*.html' 'templates/*.html' | xargs -0 --no-run-if-empty .venv/bin/djade --target-version 5.2

# Long runs: real processes killed, load.
soak: .venv/.ready
	@$(PY) -m pytest -m soak -s tests $(ARGS)

bench: .venv/.ready
	@$(PY) -m bench

# ARGS="--card mlcore/artefacts" also keeps the honesty tests of the shipped base in its card and in honesty.json.
evaluate: .venv/.ready
	@$(PY) manage.py evaluate_model --data $(DATA) --split test --references 1,3,5 --honesty \
		--json var/evaluation.json --plots var/plots $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache htmlcov .coverage
