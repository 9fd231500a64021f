# Everything a contributor runs; `make help` lists it. Python 3.11+ and make are all that must be there.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
PYTEST := env MAKEFLAGS= $(BIN)/python -m pytest -q # tests that run make do so as nobody's part
# Where make can, each part of the tests is shown in one piece.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
PROVEN := tests/contract/test_compiled.py
RIVALS := .cache/rivals/.ready
COMPILED := .cache/compiled/.ready
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help run test check bench soak compiled lock clean form quick clusters brokers worlds

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Show the whole product at work on this machine; Ctrl-C ends it
	@$(BIN)/lead-sla demo

test: quick ## Run every test, also against a real Apache Kafka where Java 17 and Maven are there
	@echo "the other tests, in three parts side by side; each part is shown when it is over"
	@$(MAKE) --no-print-directory --jobs=3 $(SYNC) clusters brokers worlds

check: form quick ## Check form, types, layers and everything that needs no broker, in four minutes

form: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run '$(BIN)/ruff format .'"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --strict monitor bench
	@$(BIN)/lint-imports > .venv/layers.txt || { cat .venv/layers.txt; exit 1; }

# Each test is in exactly one of these four. What starts processes mostly waits; what computes takes what that leaves,
# and takes nothing from it.
quick: $(READY)
	@$(PYTEST) -n auto -m "not processes and not slow"

clusters brokers worlds: $(READY)

clusters:
	@$(PYTEST) -m processes tests/soak

brokers:
	@$(PYTEST) -m processes --ignore tests/soak --ignore $(PROVEN)

worlds:
	@nice -n 10 $(PYTEST) $(PROVEN)
	@nice -n 10 $(PYTEST) -n auto -m "slow and not processes"

bench: $(READY) $(if $(findstring --rivals,$(ARGS)),$(RIVALS)) $(if $(shell command -v $(CC)),$(COMPILED)) ## Measure beside named baselines; ARGS="--quick" needs no broker, "--help" lists more
	@$(BIN)/python -m bench $(ARGS)

soak: $(READY) ## Prove on a real Apache Kafka what clusters do to it; ARGS="--only pause --seed 7 --runs 10" and more
	@$(BIN)/python -m tests.soak $(ARGS)

compiled: $(COMPILED) ## Compile what every event passes through into .cache/compiled; bench and its own test use it

lock: $(READY) ## Write the lock files from pyproject.toml and bench/rivals.in; UPGRADE=--upgrade takes newer versions too
	@$(COMPILE) pyproject.toml --extra embedded --group dev --output-file requirements-dev.lock
	@$(COMPILE) pyproject.toml --constraint requirements-dev.lock --output-file requirements.lock
	@$(COMPILE) bench/rivals.in --output-file bench/rivals.lock

clean: ## Remove the environment and everything else that was made here
	rm -rf .venv .cache .lead-sla build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made once, and brought up to date when the lock file changes.
$(READY): requirements-dev.lock
	@test -n "$(PYTHON)" || { echo "lead-sla needs Python 3.11, 3.12 or 3.13: install one (Debian: apt-get install \
	python3 python3-venv; macOS: brew install python@3.12) or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python cannot make environments: install venv \
	(Debian: apt-get install python3-venv)"; exit 1; }
	@echo "making the environment in .venv (once; a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

# The package as the image has it. Nothing here finds it unless it is put on the path before the source.
$(COMPILED): $(READY) setup.py pyproject.toml $(shell find monitor -name '*.py')
	@echo "compiling into .cache/compiled (half a minute)"
	@rm -rf .cache/compiled build
	@LEAD_SLA_COMPILE=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	--target .cache/compiled .
	@rm -rf build
	@touch $(COMPILED)

# Other people's stream libraries, for `make bench ARGS=--rivals` alone: nothing of ours depends on them.
$(RIVALS): bench/rivals.lock
	@echo "making the rivals' environment in .cache/rivals"
	@$(PYTHON) -m venv --clear .cache/rivals
	@.cache/rivals/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/rivals.lock
	@touch $(RIVALS)
