# Aelita: `make run` brings two agencies to life, `make test` proves what it does.

VENV    ?= .venv
PYTHON  ?= $(firstword $(foreach p,python3.14 python3.13 python3.12 python3.11 python3,$(shell command -v $(p) >/dev/null 2>&1 && \
             $(p) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(p))))
BIN      = $(VENV)/bin
FILE    ?=
SPEED   ?=
WORKERS ?= 3
COMPILE  = $(BIN)/python -m compileall -q src/aelita  # as pip does with what it copies: an editable install has no bytecode yet

.PHONY: run demo test lint bench soak clean

run: $(VENV)/.run
	@exec $(BIN)/aelita --data aelita-data$(if $(FILE),"/$$(basename "$(FILE)")") run \
	  --station malargue --station kalyazin --simulate tgo-sim $(if $(FILE),--play "$(FILE)") $(if $(SPEED),--speed $(SPEED))

demo: $(VENV)/.run
	@$(BIN)/aelita --data aelita-data demo $(if $(FILE),"$(FILE)")

test: $(VENV)/.test
	@$(BIN)/python -c "from aelita.dynamics import prepare; prepare()"  # once, not in each process of the tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not soak"

lint: $(VENV)/.test
	$(BIN)/ruff check src tests bench architecture.py
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy

bench: $(VENV)/.bench
	$(BIN)/python -m bench

soak: $(VENV)/.bench
	$(BIN)/python -m pytest -m soak -o timeout=0 -o addopts="-q --strict-markers --import-mode=importlib"

$(VENV)/.python:
	@test -n "$(PYTHON)" || { echo "Aelita needs Python 3.11 or newer with its venv module (Debian: apt install python3 python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.run: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[nav]'
	@$(COMPILE) && touch $@

$(VENV)/.test: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	@$(COMPILE) && touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[bench]'
	@$(COMPILE) && touch $@ $(VENV)/.test $(VENV)/.run

clean:
	rm -rf $(VENV) aelita-data bench/work .pytest_cache .mypy_cache .ruff_cache
