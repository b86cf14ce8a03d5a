# Each target but gpu makes the environment that it needs. `make help` lists the targets; README gives the plain commands.
PYTHON ?= python3
BIN := .venv/bin
SUBMISSIONS ?=

.DEFAULT_GOAL := help
.PHONY: help env book serve pdf weigh test quick bare exercises grade links elsewhere lock bench bench-grading gpu format
.PHONY: mutants fair processors check clean seconds pyodide

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

env: .venv/.book ## make the environment alone, to work in the notebooks

book: .venv/.book ## build the site into _build/html, every page executed
	$(BIN)/python scripts/build_book.py

serve: book ## build the site and show it on http://localhost:8000
	@echo "The site is on http://localhost:8000 until you press Ctrl+C."
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

pdf: .venv/.test book ## print the whole book: _build/html/neural-networks-computed.pdf
	$(BIN)/python scripts/pdf.py

weigh: .venv/.test book ## what each page costs its reader: requests, bytes, time to the first paint
	$(BIN)/python scripts/site_report.py

seconds: .venv/.test book ## how long each cell takes in a browser, into book/_run/cells.json; half an hour
	$(BIN)/python scripts/cell_seconds.py $(PAGES)
	$(BIN)/python scripts/runnable.py

pyodide: .venv/.test ## another Pyodide: make pyodide VERSION=0.27.7; lock, site, seconds, tests
	$(BIN)/python scripts/pyodide.py --update $(VERSION)
	$(BIN)/python scripts/runnable.py
	$(MAKE) seconds
	$(BIN)/python -m pytest tests/site/test_run.py

test: .venv/.test book ## unit tests, notebooks, a grading round, the built site
	$(BIN)/python -m pytest -n auto --dist loadfile tests book nnlib README.md --nbval --nbval-sanitize-with tests/nbval.cfg

quick: .venv/.test ## in a minute: linter, types, imports, and the tests that a change touches
	$(BIN)/python scripts/quick.py

bare: .venv/.test book ## the same as an ordinary user with nothing installed, beside a sentinel; Linux alone
	$(BIN)/python scripts/bare.py

exercises: .venv/.book ## make exercises/ from solutions/
	$(BIN)/python scripts/release.py

grade: .venv/.book ## grade: make grade ASSIGNMENT=backprop SUBMISSIONS=folder
	@test -n "$(ASSIGNMENT)" || { echo "say which: make grade ASSIGNMENT=backprop SUBMISSIONS=folder"; exit 2; }
	$(BIN)/python -m grading run $(ASSIGNMENT) $(if $(SUBMISSIONS),--submissions "$(SUBMISSIONS)")

links: book ## try the links to other sites; needs a network
	$(BIN)/python -m sphinx --builder linkcheck --conf-dir _build/config --doctree-dir _build/.doctrees book _build/linkcheck

elsewhere: book ## try what Binder installs and what Colab opens, from nothing; needs a network, takes minutes
	$(BIN)/python scripts/elsewhere.py

bench-grading: .venv/.test ## time grading beside plain nbgrader, into benchmarks/grading.md
	$(BIN)/python benchmarks/grading.py

bench: .venv/.test ## time and memory beside scikit-learn and PyTorch, into benchmarks/
	$(BIN)/python benchmarks/bench.py

gpu: ## on a machine with a GPU, with what is installed: tests, parity, times, into benchmarks/gpu/ or OUT=folder
	$(PYTHON) benchmarks/gpu.py $(if $(OUT),--output "$(OUT)")

format: .venv/.test ## format the code, strip pictures from the stored pages
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	$(BIN)/python scripts/nbclean.py book solutions

mutants: .venv/.test ## plant errors in the derivatives, and see that the tests notice each
	$(BIN)/python scripts/mutants.py

fair: .venv/.test ## try every known answer at many seeds: the same code has the same marks
	$(BIN)/python scripts/fair.py $(ASSIGNMENT)

processors: .venv/.test ## the pages as other processors would compute them: which cells differ; half an hour
	$(BIN)/python scripts/processors.py

check: .venv/.test ## linter, formatter, types and who imports whom, changing nothing
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo --no-cache
	$(BIN)/python scripts/nbclean.py --check book solutions exercises
	$(BIN)/codespell . && $(BIN)/python scripts/prose.py

UV := $(BIN)/uv pip compile pyproject.toml grading/pyproject.toml --no-emit-package nnlib --universal --python-version 3.11 --fork-strategy fewest \
	--extra extras --custom-compile-command "make lock" --quiet
lock: .venv/.test ## make requirements*.txt from both pyproject.toml; UPGRADE=--upgrade takes newer versions
	$(UV) $(UPGRADE) --group book --group exercises --group check --output-file requirements.txt
	$(UV) $(UPGRADE) --extra cluster --extra postgres --group test --constraint requirements.txt --output-file requirements-test.txt

clean: ## remove what was built; the environment and the grades stay
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# A stamp is made only after its install succeeded.
.venv/.book: requirements.txt pyproject.toml grading/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is not. Name one: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable . --editable grading
	@touch $@

.venv/.test: .venv/.book requirements-test.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt
	@touch $@
