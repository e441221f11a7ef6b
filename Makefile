# Each target installs what it needs into .venv; PYTHON can be any Python from 3.11 on.
PYTHON ?= python3
VENV := .venv
BENCH := .venv-bench
TORCH := torch==2.13.0
COMPARED := $(TORCH) jax==0.10.2 onnx==1.23.2 onnxruntime==1.32.0
RUN := $(VENV)/bin
LESSON_CELLS := feedforward rnn gru lstm

.PHONY: help demo lesson tour test test-mpi test-all check lint types messages dist smoke torture bench clean

help:
	@echo "make demo      train on corpora/tenki.txt and continue 今日は (about 3 minutes)"
	@echo "make lesson    four cells on corpora/tenki.txt, in runs/live.html and runs/lesson.html (three minutes)"
	@echo "make tour      every command of docs/tour.md, and its pictures in English and Japanese (ten minutes)"
	@echo "make test      the tests without MPI; what is not installed on this machine is skipped"
	@echo "make test-mpi  the tests with 2 and 4 MPI ranks"
	@echo "make test-all  all tests, with PyTorch (about 900 MB); a skipped test is a failure"
	@echo "make check     lint, types and tests; NO_SKIPS=1 runs test-all, as continuous integration does"
	@echo "make messages  collect the messages in the catalogues, charrnn/locale, and compile these"
	@echo "make dist      a wheel and a source distribution, in dist/"
	@echo "make smoke     both of them tested, the wheel in a fresh environment of PYTHON (half a minute)"
	@echo "make torture   kills, damaged files, full disks, two owners: what a training survives (20 minutes)"
	@echo "make bench     the speed compared with PyTorch, JAX and ONNX Runtime (an hour, idle machine)"
	@echo "make clean     remove .venv and caches, but not runs/"

demo: $(VENV)/charrnn
	$(RUN)/charrnn train corpora/tenki.txt
	$(RUN)/charrnn sample --prime 今日は --length 200 --seed 1

lesson: $(VENV)/charrnn
	$(RUN)/charrnn train corpora/tenki.txt $(LESSON_CELLS:%=--cell %) --hidden 128 --minutes 0.5 --out runs/lesson --overwrite
	$(RUN)/charrnn inspect report $(LESSON_CELLS:%=runs/lesson/%) --html runs/lesson.html > /dev/null
	$(RUN)/charrnn inspect live $(LESSON_CELLS:%=runs/lesson/%) --html runs/live.html
	@echo "open runs/live.html and runs/lesson.html in a browser"

tour: $(VENV)/development
	PATH="$(CURDIR)/$(RUN):$$PATH" docs/tour.sh

test: $(VENV)/development
	$(RUN)/python -m pytest -m "not mpi"

test-mpi: $(VENV)/development
	$(RUN)/python -m pytest -m mpi

# The tests with PyTorch compare its results with charrnn's. Shells and chromium are the system's.
test-all: $(VENV)/cross-check
	$(RUN)/python -m pytest --no-skips

check: lint types $(if $(NO_SKIPS),test-all,test test-mpi)

lint: $(VENV)/development
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .

types: $(VENV)/development
	$(RUN)/mypy

# The messages of the package are collected, and each catalogue gets those that it does not have yet.
POT := build/charrnn.pot
MARKS := gettext_noop ngettext:1,2 Phrase
messages: $(VENV)/development
	mkdir -p build
	$(RUN)/pybabel --quiet extract $(MARKS:%=--keyword=%) --add-comments=Translators: --add-location=file \
		--sort-by-file --no-wrap --project=charrnn --output=$(POT) charrnn
	for catalogue in charrnn/locale/*/LC_MESSAGES/charrnn.po; do \
		$(RUN)/pybabel --quiet update --input-file=$(POT) --output-file=$$catalogue \
			--locale=$$(basename $$(dirname $$(dirname $$catalogue))) \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --no-wrap || exit 1; \
	done
	$(RUN)/pybabel --quiet compile --directory=charrnn/locale --domain=charrnn

# The files in both have the time of the last commit, so that it always makes the same bytes.
dist: SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2> /dev/null)
dist: $(VENV)/development
	$(if $(SOURCE_DATE_EPOCH),SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH)) $(RUN)/python -m build

smoke: $(VENV)/development
	SMOKE_PYTHON="$(PYTHON)" $(RUN)/python -m pytest tests/test_packaging.py

torture: $(VENV)/development
	$(RUN)/python tests/torture.py kills
	$(RUN)/python tests/torture.py damage
	$(RUN)/python tests/torture.py full
	$(RUN)/python tests/torture.py owners

# charrnn is installed as users install it: an editable installation delays every start of Python.
bench: $(BENCH)/ready
	$(BENCH)/bin/pip install --quiet --no-deps .
	$(BENCH)/bin/python benchmarks/startup.py
	$(BENCH)/bin/python benchmarks/compare.py

clean:
	rm -rf $(VENV) $(BENCH) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(BENCH)/ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/pip install --quiet . $(COMPARED)
	@touch $@

# Empty files record when each set of packages was installed; pyproject.toml makes them out of date.
$(VENV)/charrnn: pyproject.toml | $(VENV)/bin/python
	$(RUN)/pip install --quiet --editable .
	@touch $@

$(VENV)/development: pyproject.toml | $(VENV)/bin/python
	$(RUN)/pip install --quiet --editable ".[dev]"
	@touch $@ $(VENV)/charrnn

$(VENV)/cross-check: $(VENV)/development
	$(RUN)/pip install --quiet $(TORCH)
	@touch $@
