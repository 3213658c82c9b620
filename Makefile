.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo up test interop analytics monitoring browser page fuzz check scenarios simulation chaos coverage lint fmt lock bench clean

PYTHON ?= python3
BIN := .venv/bin

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: .venv/run.stamp ## the virtual environment to run in

setup-dev: .venv/dev.stamp ## the virtual environment to work in

demo: setup ## the whole loop on this machine, judged: ARGS="--messages 500 --kill binder"
	@$(BIN)/heliograph demo $(ARGS)

up: setup ## run everything until Ctrl-C, Kafka on 127.0.0.1:9092
	@$(BIN)/heliograph up $(ARGS)

test: setup-dev ## all tests, those on a real Apache Kafka included: ARGS="-k binder"
	@$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

interop: setup-dev ## SMPP with other people's stacks, which it installs: ARGS="-k node"
	@$(BIN)/pytest -m interop tests/interop $(ARGS)

analytics: .venv/analytics.stamp ## the SQL of infra/analytics on ClickHouse, which it installs
	@$(BIN)/pytest tests/analytics $(ARGS)

monitoring: setup-dev ## alert rules and dashboards, by promtool and Prometheus, which it installs
	@$(BIN)/pytest -m "" tests/monitoring $(ARGS)

browser: .venv/page.stamp ## the live page in a browser, which it installs: ARGS="-k hostile"
	@$(BIN)/pytest -m browser tests/page $(ARGS)

page: browser ## the same, then a minute of 5,000 events a second: LOAD="--seconds 10"
	@$(BIN)/python -m benchmarks.page $(LOAD)

scenarios: setup-dev ## what the sandbox can do, each behaviour played and told in a line
	@TELL=1 $(BIN)/pytest -q tests/demonstrations $(ARGS)

simulation: setup-dev ## binder, correlator, tracker: ten thousand seeds of faults: ARGS="--seeds 500"
	@$(BIN)/python -m tests.simulation $(ARGS)

chaos: setup ## the fault table in its long form, hours: ARGS="--scenario A1 --seed 2"
	@$(BIN)/heliograph chaos --long $(or $(ARGS),--scenario all)

coverage: setup-dev ## of each module of smpp by its own test
	@$(BIN)/python -m tests.tidy.coverage

fuzz: setup-dev ## hostile octets for every decoder: ARGS="pdu --runs 1000000"
	@$(BIN)/python -m tests.fuzz $(ARGS)

check: lint interop analytics monitoring browser ## what CI runs beside the tests

lint: setup-dev ## style, types, import contracts, compose file
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec infra/compose.yaml

fmt: setup-dev ## format and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: setup-dev ## resolve pyproject.toml anew into requirements/
	@rm -f requirements/run.txt requirements/dev.txt requirements/analytics.txt requirements/page.txt
	@$(BIN)/uv pip compile pyproject.toml --extra docker --extra setup -o requirements/run.txt $(LOCK)
	@$(BIN)/uv pip compile pyproject.toml --all-extras -o requirements/dev.txt $(LOCK)
	@$(BIN)/uv pip compile --group analytics -c requirements/dev.txt -o requirements/analytics.txt $(LOCK)
	@$(BIN)/uv pip compile --group page -c requirements/dev.txt -o requirements/page.txt $(LOCK)

LOCK := --quiet --generate-hashes --no-emit-index-url --no-header \
	--python-version 3.11 --override requirements/overrides.txt

bench: setup ## SMPP clients of this and other projects at the same work: ARGS="--rounds 1"
	@$(BIN)/python -m benchmarks.smpp $(ARGS)

clean: ## remove the virtual environment and every cache
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/run.stamp: pyproject.toml requirements/run.txt
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/run.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements/dev.txt
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

.venv/analytics.stamp: .venv/dev.stamp requirements/analytics.txt
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/analytics.txt
	@touch $@

.venv/page.stamp: .venv/dev.stamp requirements/page.txt
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements/page.txt
	@touch $@
