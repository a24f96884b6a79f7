# make lab        open the course
# make quick      the tests for in between: no browser, no notebooks, a minute on two cores
# make test       the tests for every change: six minutes on two cores
# make test-all   what takes longer: laws on many examples, sweeps, comparisons with PyTorch
# make notebooks  forget outputs, counts and an editor's settings in notebooks, before a commit
# make bench      print the timing ratios
# make clean      forget the environment and all that was built

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A module stays on one worker, so that its tests share one window of the browser. They begin in the
# order of `testpaths`, where the short ones come last, so that no worker waits long for the other.
# Two workers keep two cores busy: more threads in each would only wait for one another.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder
# Where no notebook runs, what would run them takes seconds to load for nothing.
NO_NOTEBOOKS := -p no:nbval -o addopts="-ra --strict-markers --import-mode=importlib --doctest-modules --ignore=tests/bench"
# JupyterLab refuses to run as root unless asked to; in a container there is often no one else.
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab lint quick test test-all notebooks bench clean

lab: $(VENV)/ready
	$(BIN)/jupyter lab $(ROOT_OPTION) notebooks/00_start_here.ipynb

lint: $(VENV)/ready-to-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

quick: lint
	CNNVIZ_EXAMPLES=few $(PYTEST) $(NO_NOTEBOOKS) -m "not browser and not slow and not long" tests cnnviz

test: lint
	$(PYTEST) -m "not long" --durations=20

# Together with `make test` this is everything. The laws run again, on more examples.
test-all: lint
	CNNVIZ_EXAMPLES=many $(PYTEST) -m "long or hypothesis" --durations=20

notebooks: $(VENV)/ready-to-test
	$(BIN)/jupyter nbconvert --inplace --clear-output --ClearMetadataPreprocessor.enabled=True \
	    --ClearMetadataPreprocessor.preserve_nb_metadata_mask='{"kernelspec", ("language_info", "name")}' \
	    notebooks/*.ipynb

bench: $(VENV)/ready-to-test
	$(BIN)/python -m tests.bench

$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'cnnviz needs Python 3.11 or newer. Say which one: make PYTHON=python3.12 lab')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
# Printed and exported notebooks show the static picture beside each widget, not an empty place.
	@mkdir -p $(VENV)/etc/jupyter && cp binder/jupyter_config.json $(VENV)/etc/jupyter/
	@touch $@

$(VENV)/ready-to-test: $(VENV)/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache
