# make book    the rendered site, in _build/html
# make test    lint, the helpers' tests, the site's, and every notebook executed again
# Both set up what they need first, in .venv; a second run does not repeat it.
#
# Other targets: setup data serve test-slow lint notebooks picture pdf dist bench lock matrix clean.
# What each does stands in tools/targets.py; without make: python tools/make.py book
#
# Variables: PYTHON=python3.12  VENV=folder  PORT=8000  PADDLE=keep|install
#            BOOK=book/02_data.ipynb  TESTS=tests/test_make.py  PARTS="recipes"

PYTHON ?= $(firstword $(foreach name,python3 python3.12 python3.11 python3.13 python3.10,\
	$(shell command -v $(name) 2>/dev/null)) python3)
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
export PYTHON_NAMED := 1
endif
export VENV PORT BOOK TESTS PARTS PADDLE

TARGETS := setup here data book serve test test-slow lint notebooks picture pdf dist bench lock matrix clean
.PHONY: $(TARGETS)
.DEFAULT_GOAL := book
.NOTPARALLEL:  # two at once would set up the same environment; each uses all cores anyway

$(TARGETS):
	@command -v "$(PYTHON)" >/dev/null || { \
		echo 'error: there is no $(PYTHON) on this machine; name another: make $@ PYTHON=…' >&2; exit 1; }
	@"$(PYTHON)" tools/make.py $@
