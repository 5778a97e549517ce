# Reading the Loss: `make book` and `make test` are all a fresh machine needs (Python >= 3.11, make, git).
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BUILD := _build
WORKERS ?= 2
PORT ?= 8000
CHAPTER ?= 0
# One BLAS thread for each of the notebooks and test workers that share the cores.
export OPENBLAS_NUM_THREADS ?= 1

# Each file stays with one worker, which compiles for it once; the files in the order named.
PYTEST := $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -q
# What was compiled is kept: the chapters that the tests have run take less time in the book.
KEPT = JAX_COMPILATION_CACHE_DIR="$(CURDIR)/$(BUILD)/jax" JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0 \
  JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
# Compiling takes longer than what is run in a chapter, so LLVM is asked for its first level (and
# XLA to leave out a slow stage of jaxlib 0.10, by version: an unknown flag ends the process) ...
SLOW_STAGE := "--xla_cpu_use_fusion_emitters=false" * version("jaxlib").startswith("0.10.")
FLAGS = $(XLA_FLAGS) --xla_backend_optimization_level=1 $$($(BIN)/python -c \
  'from importlib.metadata import version; print($(SLOW_STAGE))')
BRIEFLY = $(KEPT) XLA_FLAGS="$(FLAGS)"
# ... a test runs its programs once, so for most of them XLA leaves out all that makes them fast ...
QUICKLY = $(KEPT) JAX_DISABLE_MOST_OPTIMIZATIONS=1 XLA_FLAGS="$(FLAGS) --xla_cpu_parallel_codegen_split_count=1"
# ... but not for what is marked `exact`: held to its last digits, or trained for long.
WITH_NOTEBOOKS := -o addopts= --import-mode=importlib --strict-markers --nbmake --nbmake-timeout=120

.PHONY: help book test lint types unit quick exact notebooks exact-and-notebooks serve budget look picture parity bench lock clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment: exactly the hashes in requirements.lock, then aelib itself, editable.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; try make PYTHON=python3.12")'
	$(PYTHON) -m venv --clear $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

book: $(READY)  ## execute every chapter and build the book; warnings are errors
	$(BRIEFLY) $(BIN)/jupyter-book build . --path-output . -W -n --keep-going --quiet
	@echo "The book is built. Open $(BUILD)/html/index.html"

serve: book  ## build, then serve the book on localhost (PORT=8000)
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory $(BUILD)/html $(PORT)

test: $(READY)  ## lint, types, unit tests with doctests, every notebook
	$(MAKE) -j3 lint types quick
	$(MAKE) exact-and-notebooks

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/nbstripout --keep-id --verify $$(git ls-files '*.ipynb')

types: $(READY)
	$(BIN)/mypy

unit: quick exact

quick: $(READY)
	$(QUICKLY) $(PYTEST) -m "not exact"

exact: $(READY)
	$(PYTEST) -m exact tests

notebooks: $(READY)
	$(BRIEFLY) $(PYTEST) $(WITH_NOTEBOOKS) book

# The long notebooks first, so that neither worker is left with one at the end.
exact-and-notebooks: $(READY)
	$(BRIEFLY) $(PYTEST) $(WITH_NOTEBOOKS) -m "exact or notebook" book tests

budget: $(READY)  ## what each chapter asks of its reader
	$(BIN)/pytest -q tests/book/test_budget.py

look: $(READY)  ## take pictures of every screen of a built chapter and its lab (CHAPTER=01)
	$(BIN)/python -m tests.look $(CHAPTER)

picture: book  ## renew the README's picture from what the first chapter draws
	cp $(BUILD)/front.svg book/_static/front.svg

# PyTorch comes by pip, beside the lock: only these comparisons need it.
TORCH := $(VENV)/.torch
$(TORCH): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[parity]'
	touch $@

parity: $(TORCH)  ## compare with PyTorch itself, which is installed beside the lock
	$(BIN)/pytest -q tests/perceptual/test_vgg_parity.py

bench: export OPENBLAS_NUM_THREADS = $(WORKERS)
bench: $(TORCH)  ## measure aelib against what one would use instead (installs PyTorch)
	BOOK_XLA_FLAGS="$(FLAGS)" $(BIN)/python -m tests.benchmarks --write

lock: $(READY)  ## resolve the dependencies in pyproject.toml again
	$(BIN)/uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 --extra test \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock

clean:  ## remove everything that was built
	rm -rf $(BUILD) $(VENV)
