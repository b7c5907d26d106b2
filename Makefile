# policyscope: two commands matter on a fresh machine, `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PORT ?= 5000
PYTHON ?= python3
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
TORCH := torch==2.13.0

export MUJOCO_GL ?= egl

.PHONY: help setup demo dev test check artifacts types bench parity clean test-backend test-frontend test-e2e bench-video bench-validity bench-sae test-reliability test-security test-postgres

help: ## show this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: backend/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check $(TORCH)
	$(BIN)/pip install --quiet --disable-pip-version-check -e 'backend[test]'
	touch $@

frontend/node_modules/.ready: frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-audit --no-fund
	touch $@

frontend/dist/index.html: frontend/node_modules/.ready $(shell find frontend/src frontend/public frontend/index.html frontend/vite.config.ts -type f 2>/dev/null)
	cd frontend && npm run build
	touch $@

setup: $(VENV)/.ready frontend/node_modules/.ready ## install Python into .venv and Node packages into frontend/node_modules

demo: $(VENV)/.ready frontend/dist/index.html ## set everything up and serve the real thing on PORT (default 5000)
	@echo
	@echo "  policyscope is at  http://127.0.0.1:$(PORT)"
	@echo
	@echo "  1. Pick the demo model \"Walker2d\" (or drop in a policy of your own)."
	@echo "  2. Load SAE, choose a feature, move α, Apply Feature Perturbation."
	@echo "  3. Run Model, and read what changed. Ctrl-C stops the server."
	@echo
	@$(BIN)/policyscope serve --port $(PORT)

dev: setup ## API on 5000 and the frontend with hot reload on 5173
	@trap 'kill 0' EXIT; $(BIN)/policyscope serve --port $(PORT) & cd frontend && VITE_API_URL=http://127.0.0.1:$(PORT) npm run dev

test: check test-backend test-frontend test-e2e ## everything that CI runs

check: setup ## format, lint and types, both sides
	cd backend && $(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy
	cd frontend && npm run lint && npm run typecheck && npm run types:check

test-backend: $(VENV)/.ready  # three at a time also on two cores: many tests wait for processes of their own
	cd backend && $(BIN)/python -m pytest --numprocesses 3 --dist worksteal

test-frontend: frontend/dist/index.html
	cd frontend && npm test

test-e2e: $(VENV)/.ready frontend/dist/index.html ## the five steps in a real browser, and the Postman collection, on a live server
	frontend/e2e/run.sh $(BIN)

types: setup ## regenerate the OpenAPI document, API page, Postman collection and TypeScript types
	$(BIN)/python -m policyscope.api.openapi
	cd frontend && npm run types

artifacts: $(VENV)/.ready ## rebuild the demo bundle from nothing (about half an hour on two cores)
	backend/tools/build_artifacts.sh $(BIN)

bench: $(VENV)/.ready ## measure side by side against peers; writes backend/benchmarks/RESULTS.md
	$(BIN)/pip install --quiet --disable-pip-version-check -e 'backend[bench]'
	cd backend && $(BIN)/python -m benchmarks

bench-video: $(VENV)/.ready ## a video drawn while stepping against one drawn from a recording; writes backend/benchmarks/VIDEO.md
	cd backend && $(BIN)/python -m benchmarks.video

parity: $(VENV)/.ready ## compare files of other libraries with what those libraries compute
	cd backend && $(BIN)/python -m benchmarks.parity

bench-validity: $(VENV)/.ready ## problems with known answers; writes backend/benchmarks/VALIDITY.md
	cd backend && $(BIN)/python -m benchmarks.validity

bench-sae: $(VENV)/.ready ## SAE training against four libraries, in an environment of its own; writes backend/benchmarks/SAE_*.md
	$(PYTHON) -m venv $(VENV)-sae
	$(VENV)-sae/bin/pip install --quiet --disable-pip-version-check -e 'backend[bench-sae]'
	cd backend && $(VENV)-sae/bin/python -m benchmarks.sae_training && $(VENV)-sae/bin/python -m benchmarks.sae_recovery

test-security: $(VENV)/.ready ## hostile files, paths and requests in full number, with one table: test, target, reached
	cd backend && $(BIN)/python -m pytest -m security --long

test-reliability: $(VENV)/.ready ## kill, fill, flood: tests 9 to 18 in full, with one table at the end (about 20 minutes)
	cd backend && $(BIN)/python -m pytest -m reliability --timeout 1800

test-postgres: $(VENV)/.ready ## the job table in Postgres; POLICYSCOPE_TEST_POSTGRES=postgresql+psycopg://… names an empty database
	@test -n "$$POLICYSCOPE_TEST_POSTGRES" || { echo "POLICYSCOPE_TEST_POSTGRES is not set."; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -e 'backend[postgres]'
	cd backend && $(BIN)/python -m pytest tests/store/test_postgres.py

clean: ## remove what was built and installed (artifacts are kept)
	rm -rf $(VENV) $(VENV)-sae frontend/node_modules frontend/dist backend/*.egg-info
	find backend -name __pycache__ -type d -prune -exec rm -rf {} +
