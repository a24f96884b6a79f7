# make lab    open the course            make test   run every test
# make bench  print the timing ratios    make clean  forget the environment and all that was built

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# JupyterLab refuses to run as root unless asked to; in a container there is often no one else.
ROOT_OPTION := $(if $(filter 0,$(shell id -u)),--allow-root)

.PHONY: lab test bench clean

lab: $(VENV)/ready
	$(BIN)/jupyter lab $(ROOT_OPTION) notebooks/00_start_here.ipynb

test: $(VENV)/ready-to-test
	$(BIN)/python -m pytest

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
	rm -rf $(VENV) build .pytest_cache .hypothesis .ruff_cache
