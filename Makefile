# Everything that people do with the checkout. `make help` lists it.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# Three workers keep two cores busy while servers start and daemons wait; each server is started by one of them only.
# mypy, which uses one core, runs beside them in the first minutes. Slow tests start whole stacks: two at a time.
WORKERS ?= 3
test-slow: WORKERS := 2
SIDE_BY_SIDE = -n $(WORKERS) --dist loadgroup --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help demo setup test test-slow check lint format screenshots bench lock texts snapshot clean system-packages

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## the whole loop on this machine; ONCE=1 ends after the table, FRESH=1 begins anew, SEED=n
	@$(if $(SEED),TRAINPLAT_SEED=$(SEED)) $(BIN)/trainplat demo $(if $(ONCE),--once) $(if $(FRESH),--fresh)

setup: ## the two Python environments, from locks/
	@$(PYTHON) -m scripts.setup

# Tests start hundreds of processes, which need not compile the checkout each time, whatever the machine has set.
test test-slow: export PYTHONDONTWRITEBYTECODE :=

test: setup system-packages lint ## check, with every test but the slow ones, and the coverage gate
	@rm -f .coverage .coverage.*
	@$(BIN)/mypy & types=$$!; \
	$(BIN)/coverage run -m pytest $(SIDE_BY_SIDE) --durations=20 $(ARGS); tests=$$?; \
	wait $$types || { echo "mypy found mistakes: see what it says above" >&2; exit 1; }; exit $$tests
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --fail-under=90

test-slow: setup system-packages ## long tests, and many more examples: SEED= and SHARE= (0 to 1) draw a part
	@$(BIN)/pytest -m "slow or hypothesis" $(SIDE_BY_SIDE) --durations=20 $(if $(SEED),--seed $(SEED)) $(if $(SHARE),--share $(SHARE)) $(ARGS)

check: lint ## formatting, lint and types
	@$(BIN)/mypy

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

format: setup ## put the code into its form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: setup system-packages ## the pictures of README.md, from a real run
	@$(BIN)/python -m scripts.screenshots

bench: setup system-packages ## measure everything again and rewrite docs/benchmarks.md
	@$(BIN)/python -m benchmarks all
	@$(BIN)/python -m benchmarks report

lock: setup ## resolve locks/ again; UPGRADE=1 moves every version, UPGRADE=name one
	@$(PYTHON) -m scripts.lock $(if $(UPGRADE),$(if $(filter 1,$(UPGRADE)),--upgrade,--upgrade-package $(UPGRADE)))

texts: setup ## collect the texts that people read and compile their translations
	@$(BIN)/python -m resources.texts.catalogue

snapshot: setup ## rewrite the snapshot of all definitions that tests compare with
	@$(BIN)/python -m tests.house.snapshot

clean: ## remove caches and results; environments and homes stay
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build dist test-results *.egg-info/SOURCES.txt
	@find . -name __pycache__ -type d -not -path './.venv*' -prune -exec rm -rf {} +

system-packages:
	@$(PYTHON) -m scripts.system_packages
