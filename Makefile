# `make help` lists the targets. Everything is installed into $(VENV); nothing outside this folder is touched.

VENV ?= .venv
CONSTRAINTS ?= constraints.txt
# The first of these that is Python 3.11 or newer and can make a virtual environment. `make demo PYTHON=...` overrides the search.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)

PYTEST_WORKERS ?= auto
PYTEST_ARGS ?=
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -e
# One thread per worker: the workers already use every core.
PYTEST = OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/pytest -n $(PYTEST_WORKERS) --maxprocesses 8 --dist loadgroup --timeout 900 --durations 20
# Marks of what `make test` leaves out. conftest.py sets them, by what a test costs.
COSTLY = compiled or process or brian2 or study or docs or slow

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check thorough coverage mutants fuzz cuda gpu gpu-wheels lint format types layers sanitize docs links clean distclean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

demo: $(VENV)/.installed-core ## train a small network, send it to Brian2 and compare
	$(BIN)/hetsyn demo

test: $(VENV)/.installed-test ## unit tests and the equivalence suite, without what is slow by nature
	$(PYTEST) tests equivalence -m "not ($(COSTLY) or thorough)" $(PYTEST_ARGS)

check: $(VENV)/.installed-test ## the rest: what compiles, starts programs, trains or documents
	$(PYTEST) tests equivalence -m "($(COSTLY)) and not thorough" --hypothesis-profile ci $(PYTEST_ARGS)

thorough: $(VENV)/.installed-test ## every test there is, with forty times the examples of `make test`
	$(PYTEST) tests equivalence --hypothesis-profile thorough $(PYTEST_ARGS)

coverage: $(VENV)/.installed-test ## lines that no test runs: htmlcov/index.html; and the share that `make test` alone runs
	$(PYTEST) tests equivalence -m "not ($(COSTLY) or thorough)" --cov --cov-report= $(PYTEST_ARGS)
	$(BIN)/coverage report --skip-covered | tail -1
	$(PYTEST) tests equivalence -m "($(COSTLY)) and not thorough" --cov --cov-append --cov-report=term --cov-report=html $(PYTEST_ARGS)

mutants: $(VENV)/.installed-test ## plant faults one at a time: does `make test` notice? Goes on where it stopped
	$(BIN)/python -m equivalence.mutants --whole --json equivalence/mutants/results.json --markdown docs/_generated/mutants.md

fuzz: $(VENV)/.installed-test ## look for files that break a reader, for MINUTES (10)
	$(BIN)/pytest -q -s -n 0 tests/reliability/test_fuzz.py --fuzz-minutes $(or $(MINUTES),10)

cuda: $(VENV)/.installed-test ## Brian2CUDA: its code run on the CPU, a part of it compiled by nvcc; no GPU is needed
	$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' && $(INSTALL) ".[cuda]" || $(BIN)/python -m pip install --no-deps brian2cuda==1.0a7
	$(BIN)/python -m pip install nvidia-curand
	$(PYTEST) equivalence/test_cuda.py equivalence/test_agreement.py tests/brian/test_cuda.py -k cuda -m "not thorough" $(PYTEST_ARGS)

# For a machine with a GPU and without the internet: copy this folder there, with the wheels. Python 3.12.
GPU_PACKAGES = nvidia-curand cupy-cuda12x "jax[cuda12]"

gpu-wheels: $(BIN)/python ## all that `make gpu` installs, as wheels in wheels/: some gigabytes; needs the internet, and Python 3.12
	$(BIN)/python -m pip wheel $(if $(CONSTRAINTS),-c $(CONSTRAINTS)) -w wheels ".[test,cuda,peers]" $(GPU_PACKAGES) \
		"hatchling>=1.27" "hatch-fancy-pypi-readme>=24.1" "cmake>=3.18" editables

gpu: $(BIN)/python ## what has to be seen on a GPU, into benchmarks/results/gpu.json and its page (some PARTS); exit code 77 where there is none
	$(INSTALL) ".[test,cuda,peers]" $(GPU_PACKAGES) $(if $(wildcard wheels),--no-index --find-links wheels)
	$(BIN)/python -m benchmarks.gpu --json benchmarks/results/gpu.json --markdown docs/_generated/gpu.md $(if $(PARTS),--parts $(PARTS)) $(GPU_ARGS)

lint: $(VENV)/.installed-dev ## ruff: rules and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed-dev ## ruff: repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed-dev ## mypy, strict
	$(BIN)/mypy

layers: $(VENV)/.installed-dev ## import-linter: who may import whom
	$(BIN)/lint-imports

sanitize: ## the C++ kernels under AddressSanitizer and UndefinedBehaviorSanitizer
	.ci/sanitize

docs: $(VENV)/.installed-dev ## the HTML documentation, warnings are errors
	MPLBACKEND=Agg $(BIN)/sphinx-build -W --keep-going -b html docs docs/_build/html

links: $(VENV)/.installed-dev ## every external link of the documentation is asked for; needs the internet, so CI leaves it out
	$(BIN)/sphinx-build -q -D plot_gallery=0 -b linkcheck docs docs/_build/links

clean: ## remove build products and caches
	rm -rf build dist docs/_build docs/auto_examples docs/generated docs/sg_execution_times.rst
	rm -rf .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache htmlcov
	find . -path './$(VENV)' -prune -o -name __pycache__ -type d -exec rm -rf {} +

distclean: clean ## the same, and the virtual environment .venv
	rm -rf .venv

# --- the virtual environment: one stamp per set of packages, renewed when pyproject.toml or the constraints change -----------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo >&2 "hetsyn-sim needs Python 3.11 or newer with the venv module (Debian, Ubuntu: apt install python3-venv)."; \
		echo >&2 "Found: $$(python3 --version 2>&1). Name another one with: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo >&2 "hetsyn-sim needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1)."; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed-core: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(INSTALL) .
	@touch $@

# A larger set holds the smaller ones, so their stamps are renewed with it.
$(VENV)/.installed-test: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(INSTALL) ".[test]"
	@touch $@ $(VENV)/.installed-core

$(VENV)/.installed-dev: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(INSTALL) ".[dev]"
	@touch $@ $(VENV)/.installed-core $(VENV)/.installed-test
