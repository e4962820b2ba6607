# The project's commands. `make demo` and `make test` set up everything that they need by themselves.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev optional demo serve test lint bench soak pages lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help:          ## what there is
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## *' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.runtime       ## a virtual environment with what running needs

setup-dev: $(VENV)/.dev       ## the same with what testing needs

$(VENV)/.runtime: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Tests of what these programs do skip, with the reason, where there is no apt or no right to use it.
optional:      ## programs that some tests use: QEMU (by apt, as root)
	@if command -v qemu-system-x86_64 >/dev/null && command -v qemu-img >/dev/null; then echo "QEMU is there"; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends \
	    qemu-system-x86 qemu-utils >/dev/null; } || echo "QEMU could not be installed: its tests will skip"; \
	else echo "QEMU is not there, and only root can install it by apt: its tests will skip"; fi

demo: setup    ## the main job on a simulated cluster, as a story
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/demo.py

serve: setup   ## a server with a simulated cluster behind it, at port 5109
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/proxmox-cli serve --simulate

# Three at a time, on two cores: most tests wait for a simulated cluster, a process or thread of its own. In the order of
# the folders: the small ones come last, so that all three end together.
test: setup-dev lint          ## everything that must be true
	$(BIN)/python -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

lint: setup-dev               ## style, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev              ## speed, as ratios against a floor measured beside
	$(BIN)/python -m benchmarks

soak: setup-dev               ## the long versions of the tests
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -q -n 2 --dist worksteal tests

pages: setup-dev             ## make the generated pages and dashboards anew
	$(BIN)/python tools/generate_simulated_api.py
	$(BIN)/python tools/generate_kind_index.py
	$(BIN)/python tools/generate_coverage.py
	$(BIN)/python tools/generate_kind_pages.py
	$(BIN)/python tools/generate_dashboards.py

lock: setup-dev               ## pin the newest versions that fit, with hashes
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header \
	  --extra build --extra server --python-version 3.11 pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --no-header \
	  --extra build --extra server --extra dev -c requirements.lock --python-version 3.11 pyproject.toml -o requirements-dev.lock

clean:         ## remove what setup made
	rm -rf $(VENV)
