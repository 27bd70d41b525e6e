# Everything a developer or an operator types; `make help` lists it.
# Words for the command behind a target go in ARGS: make test ARGS="-k gate -x"

PYTHON ?= python3
ARGS   ?=
BIN    := .venv/bin
ROOTS  := hub device_drivers rules simulators

# Some machines forbid Python to keep what it has compiled; then each hub that a test starts compiles
# the whole project anew, half a second of it.
export PYTHONDONTWRITEBYTECODE :=

# One environment, one stamp per set. A stamp carries the hash of what was installed and where, so
# an unchanged lock installs nothing, and a changed one or a moved folder is never overlooked.
hash = $(firstword $(shell { pwd; cat requirements/$(1).txt pyproject.toml; } | sha256sum))
DEMO_STAMP := .venv/.demo-$(call hash,demo)
DEV_STAMP  := .venv/.dev-$(call hash,dev)
FUZZ_STAMP := .venv/.fuzz-$(call hash,fuzz)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test screens check lint types format bench bench-peers chaos fuzz lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO_STAMP) ## a whole community on this machine, with simulated devices
	@exec $(BIN)/lingdang demo $(ARGS)

test: $(DEV_STAMP) ## all tests but the slow ones
	@bash .ci/servers
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder -m "not slow and not bench" $(ARGS)

screens: $(DEV_STAMP) ## every page in every size, language, letters and light, and its picture
	@bash .ci/servers
	@SCREENS=docs/screens $(BIN)/pytest tests/acceptance tests/screens -m "browser and not slow" -n 2 --dist loadfile
	@$(BIN)/pytest -m screens tests/screens -n 2 $(ARGS)

check: lint types test ## what has to pass before a change is merged

lint: $(DEV_STAMP) ## style, formatting, and the import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo

types: $(DEV_STAMP) ## mypy, strict
	@$(BIN)/mypy

format: $(DEV_STAMP) ## put the source in order
	@$(BIN)/ruff check --fix --exit-zero --silent .
	@$(BIN)/ruff format .

bench: $(DEV_STAMP) ## print the figures of the design, side by side with the goals
	@bash .ci/servers
	@$(BIN)/pytest -m bench -o python_files='test_*.py bench_*.py' -s --timeout 900 $(ARGS)

bench-peers: $(DEV_STAMP) ## the hub beside Node-RED, which npm installs below bench/
	@bash .ci/servers
	@$(BIN)/pytest -m peers tests/benchmarks/bench_peers.py -s $(ARGS)

chaos: $(DEV_STAMP) ## kill, cut, fill and flood, for as long as it takes
	@bash .ci/servers
	@$(BIN)/pytest -m chaos --timeout 900 $(ARGS)

fuzz: $(DEV_STAMP) $(FUZZ_STAMP) ## guided by coverage, FUZZ_SECONDS for each decoder
	@$(BIN)/python -m tests.fuzz.hunt $(ARGS)

lock: ## renew requirements/*.txt from pyproject.toml
	@PYTHON="$(PYTHON)" bash requirements/lock

clean: ## remove what can be made again
	@rm -rf .venv .uv .fuzz build dist htmlcov .coverage* .*_cache .hypothesis
	@find $(ROOTS) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): the set. Only Python packages, only with the locked hashes, no root.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Lingdang needs Python 3.11 or newer; say which: make PYTHON=python3.11" >&2; exit 1; }
	@$(BIN)/pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv \
		|| { echo "Python cannot make an environment here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing the locked packages ($(1)) into .venv ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes --no-deps -r requirements/$(1).txt
	@$(BIN)/pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f .venv/.$(1)-* && touch $@
endef

$(DEMO_STAMP):
	$(call install,demo)

$(DEV_STAMP):
	$(call install,dev)

$(FUZZ_STAMP):
	$(call install,fuzz)
