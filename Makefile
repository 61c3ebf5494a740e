# make book    the rendered site, in _build/html
# make test    lint, the helpers' tests, the site's, and every notebook executed again
# Both set up what they need first, in .venv; a second run does not repeat it.
# Other targets: setup data serve notebooks bench lint clean

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Its script is not in an environment that sees another one's packages; the package is
JUPYTER_BOOK := $(BIN)/python -c "from jupyter_book.cli.main import main; main()"
PORT ?= 8000
BOOK := $(shell find book -name '*.ipynb' -not -path '*/.ipynb_checkpoints/*' | sort)
PAGES := $(BOOK) $(wildcard book/*.md book/bench/* book/_static/* book/_extensions/*.py) _config.yml _toc.yml
SAY := @printf '\n== %s\n'

.PHONY: setup data book serve test lint notebooks bench clean

setup: $(READY)

# The stamp is older than a changed requirements file: then, and only then, set up again
$(READY): requirements.txt requirements-dev.txt constraints.txt pyproject.toml tools/setup_env.py
	$(SAY) "setup: the environment in $(VENV) (once; about two minutes)"
	$(PYTHON) tools/setup_env.py $(VENV)
	@touch $@

data: $(READY)
	$(SAY) "data: where the digits come from, and whether they are sound"
	$(BIN)/python -m mnist_helpers data

book: data _build/html/index.html
	$(SAY) "book: the site is in _build/html (make serve shows it)"

_build/html/index.html: $(READY) $(PAGES)
	$(SAY) "book: rendering the stored notebooks (nothing is executed)"
	$(JUPYTER_BOOK) build . --all --warningiserror --keep-going --quiet
	@touch $@

serve: book
	$(SAY) "serve: http://127.0.0.1:$(PORT)/ (Ctrl-C stops it)"
	$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

# Two files at a time; with more threads than one each, they would wait for each other
test: lint book
	$(SAY) "test: the helpers, the rendered site, then every notebook under nbval"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests book --nbval-lax -p tests.nbval_tolerance -n 2 --dist loadfile

lint: $(READY)
	$(SAY) "lint: ruff, on code and notebooks"
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

# For authors: execute chapters and store their outputs (MNIST itself, or an error)
notebooks: $(READY)
	$(SAY) "notebooks: executing $(BOOK)"
	MNIST_SOURCE=mnist $(BIN)/python tools/store_outputs.py $(BOOK)

bench: $(READY)
	$(SAY) "bench: against the course's way, in one run (about 45 minutes)"
	$(BIN)/python -m benchmarks $(PARTS)

clean:
	rm -rf _build book/output
