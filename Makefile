# The verbs. `make` alone lists them; each is one line of Python or of a well-known tool.

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# What may be given as NAME=value.
VARIABLES := VERB TABLES BODIES ANSWERS ENV BUILT ROLE ROTATE PURGE YES APPLY REQUESTS ROWS MEMORY MINUTES PORT ARCHITECTURE CONFIG_ENV FILE LINES TESTS UV LANG QUICK PIPELINES COMPARE STORE LOCAL VERSION WEIGHT HEADER SHADOW KEEP MODEL SAMPLE NAME CLASSES TRUST FORMAT

# Only what is given to make counts: a NAME or VERSION of the shell's environment means something else.
$(foreach name,COMPARE FILE LINES STORE LOCAL VERSION WEIGHT HEADER SHADOW KEEP MODEL SAMPLE NAME CLASSES TRUST FORMAT VERB,\
$(if $(filter environment,$(origin $(name))),$(eval $(name) :=)))

given := $(foreach name,$(.VARIABLES),$(if $(filter command%line,$(subst $() $(),%,$(origin $(name)))),$(name)))
given := $(filter-out MAKEFLAGS MAKEOVERRIDES -*-%,$(given))
unknown := $(filter-out $(VARIABLES),$(given))
ifneq ($(unknown),)
$(error $(firstword $(unknown)) is not a variable of this Makefile; it takes $(VARIABLES))
endif

# A recipe names a value and never holds it: MODEL is the text $GIVEN_MODEL there, which the shell reads from its
# environment. So neither make nor a shell runs what a value says; what a recipe calls inherits no value by MAKEFLAGS.
define take
override GIVEN_$(1) := $$(value $(1))
export GIVEN_$(1)
override $(1) := $$$$GIVEN_$(1)
endef
$(foreach name,$(VARIABLES),$(eval override GIVEN_$(name) :=))
$(foreach name,$(filter-out UV LANG,$(VARIABLES)),$(if $(value $(name)),$(eval $(call take,$(name)))))
$(foreach name,UV LANG,$(if $(filter $(name),$(given)),$(eval $(call take,$(name)))))
MAKEOVERRIDES :=

# These three are read from the environment by their own names.
$(foreach name,UV ARCHITECTURE CONFIG_ENV,$(if $(GIVEN_$(name)),$(eval override $(name) := $$(GIVEN_$(name)))))
ifneq ($(GIVEN_UV),)
export UV
endif

ifneq ($(filter-out x86_64 arm64,$(GIVEN_ARCHITECTURE)),)
$(error ARCHITECTURE is $(GIVEN_ARCHITECTURE); it must be x86_64 or arm64)
endif

ifneq ($(filter-out dev prod,$(GIVEN_ENV)),)
$(error ENV is $(GIVEN_ENV); it must be dev or prod)
endif

# dev is what plain `sam deploy` takes: the section default of samconfig.toml.
CONFIG_ENV ?= $(or $(filter prod,$(GIVEN_ENV)),default)
export CONFIG_ENV
ifneq ($(ARCHITECTURE),)
export ARCHITECTURE
endif

# uv is the one program that everything else comes from; bin/uv finds it, or fetches it into .skylayer.
uv = UV="$$(sh bin/find-uv)" && export UV PATH="$$(dirname "$$UV"):$$PATH" &&
run = $(uv) "$$UV" run --frozen --quiet --group local
formats = $(run) --group formats --group estimators
develop = $(uv) "$$UV" run --frozen --quiet --all-groups
skylayer = $(run) python -m skylayer

ifneq ($(filter-out 1,$(GIVEN_QUICK)),)
$(error QUICK is $(GIVEN_QUICK); it must be 1 or not given)
endif
ifneq ($(filter-out 1,$(GIVEN_LOCAL)),)
$(error LOCAL is $(GIVEN_LOCAL); it must be 1 or not given)
endif
ifneq ($(filter-out 1,$(GIVEN_SHADOW)),)
$(error SHADOW is $(GIVEN_SHADOW); it must be 1 or not given)
endif

# Which stack: of your account, or of the emulator.
stack = --config-env "$(if $(LOCAL),local,$$CONFIG_ENV)"

# Which store, and in whose account: AWS's, or the emulator's that make up started.
store = $(if $(STORE),--store "$(STORE)") $(if $(LOCAL),--local)

.PHONY: report client openapi diagram help sync develop up down status logs train import export push versions promote rollback prune build deploy start-api destroy key metrics dashboard cost doctor audit bootstrap-aws test-container predict bench fuzz mutate test lint format coverage formats

help: ## List the verbs, or explain one with examples [VERB=promote]
ifeq ($(VERB),)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@printf '\nexamples:\n  make up && make predict FILE=events/predict.csv\n  make train && make report && make up\n  make help VERB=deploy\n'
else
	@$(skylayer) "$$(printf %s "$$GIVEN_VERB" | sed 's/^bootstrap-aws$$/bootstrap/; s/-/_/g')" --help
endif

sync: ## Install the locked environment; up does it by itself
	@$(uv) "$$UV" sync --frozen --inexact --group local

develop: ## Install all that tests, lint and benchmarks need; they do it by themselves
	@$(uv) "$$UV" sync --frozen --all-groups

up: sync ## Make it live on this machine: train if needed, build, deploy, ask [PORT=4566]
	@$(skylayer) up $(if $(PORT),--port "$(PORT)")

down: ## Stop what up started
	@$(skylayer) down

status: ## URL=, API_KEY=, MODEL= and ENGINE= of what runs, for a shell to eval; fails when nothing does
	@$(skylayer) status

logs: ## Show what the function logged [LINES=200]
	@$(skylayer) logs $(if $(LINES),--lines "$(LINES)")

train: ## Fit, evaluate and package the estimator of training/pipeline.py
	@$(skylayer) train

import: ## Package a model from a file: MODEL=model.joblib [SAMPLE=rows.csv NAME=… CLASSES=a,b TRUST=sha256]
	@$(if $(MODEL),,echo "make import: give the file as MODEL=model.joblib" >&2; exit 2;) \
	$(formats) python -m skylayer import "$(MODEL)" $(if $(SAMPLE),--sample "$(SAMPLE)") $(if $(NAME),--name "$(NAME)") $(if $(CLASSES),--classes "$(CLASSES)") $(if $(TRUST),--trust "$(TRUST)")

export: ## Write a version as a file: FORMAT=joblib, pickle, skops, hdf5 or onnx [VERSION=… FILE=model.joblib]
	@$(if $(FORMAT),,echo "make export: say FORMAT=joblib, pickle, skops, hdf5 or onnx" >&2; exit 2;) \
	$(formats) python -m skylayer export "$(FORMAT)" $(if $(VERSION),--version "$(VERSION)") $(if $(FILE),--file "$(FILE)")

push: ## Copy a version, the champion if none is given, into a store [STORE=s3://bucket VERSION=… LOCAL=1]
	@$(skylayer) push $(store) $(if $(VERSION),--version "$(VERSION)")

versions: ## List the versions in a store and what each is for [STORE=layer LOCAL=1]
	@$(skylayer) versions $(store)

promote: ## Make a version the champion, or give it a share: VERSION=… [STORE=layer WEIGHT=0.2 HEADER=x-session SHADOW=1 LOCAL=1]
	@$(if $(VERSION),,echo "make promote: give the version as VERSION=…; make versions lists them" >&2; exit 2;) \
	$(skylayer) promote $(store) "$(VERSION)" $(if $(WEIGHT),--weight "$(WEIGHT)") $(if $(HEADER),--header "$(HEADER)") $(if $(SHADOW),--shadow)

rollback: ## End a roll-out, or return to the champion before [STORE=layer LOCAL=1]
	@$(skylayer) rollback $(store)

prune: ## Remove all but the newest versions and those in use: KEEP=5 [STORE=layer LOCAL=1]
	@$(if $(KEEP),,echo "make prune: say how many versions stay as KEEP=5" >&2; exit 2;) $(skylayer) prune $(store) "$(KEEP)"

build: ## Lay layers and function into .aws-sam/build: the real sam build [ARCHITECTURE=x86_64]
	@$(skylayer) build --config-env "$$CONFIG_ENV"

deploy: ## Build and deploy to your AWS account: the real sam deploy [ENV=dev|prod ARCHITECTURE=x86_64 BUILT=1 YES=1 ROLE=arn:…]
	@$(skylayer) deploy --config-env "$$CONFIG_ENV" $(if $(BUILT),--built) $(if $(YES),--yes) $(if $(ROLE),--role "$(ROLE)")

start-api: ## The API in a container, without keys: the real sam local start-api on what make build made [PORT=3000]
	@$(skylayer) start_api $(if $(PORT),--port "$(PORT)")

destroy: ## Delete the stack, after asking, and name what stays [ENV=dev|prod PURGE=1 YES=1 LOCAL=1]
	@$(skylayer) destroy $(stack) $(if $(PURGE),--purge) $(if $(YES),--yes)

key: ## Show the stack's API key, or replace it [ROTATE=1 ENV=dev|prod LOCAL=1]
	@$(skylayer) key $(stack) $(if $(ROTATE),--rotate)

metrics: ## What each model version answered, and how fast [MINUTES=60 ENV=dev|prod LOCAL=1]
	@$(skylayer) metrics $(stack) $(if $(MINUTES),--minutes "$(MINUTES)")

dashboard: ## Metrics, alarms and where AWS shows them [MINUTES=60 ENV=dev|prod LOCAL=1]
	@$(skylayer) dashboard $(stack) $(if $(MINUTES),--minutes "$(MINUTES)")

cost: ## What a month costs, beside other ways to serve [REQUESTS=1000000 ROWS=1 MEMORY=1024]
	@$(skylayer) cost $(if $(REQUESTS),--requests "$(REQUESTS)") $(if $(ROWS),--rows "$(ROWS)") $(if $(MEMORY),--memory "$(MEMORY)")

doctor: ## What this machine lacks, and how to mend it
	@$(skylayer) doctor

audit: develop ## Known vulnerabilities of the lock file, licences, secrets, faults of the templates
	@$(develop) python -m skylayer audit

bootstrap-aws: ## Show what an AWS account needs before the first deployment, or make it [APPLY=owner/repository]
	@$(skylayer) bootstrap $(if $(APPLY),--apply "$(APPLY)")

test-container: develop ## Run the real sam local in containers, where a Docker engine answers
	@$(develop) python -m pytest tests/container -rs

predict: ## Predictions of the champion for the rows of a CSV file: FILE=rows.csv
	@$(if $(FILE),,echo "make predict: give the rows as FILE=rows.csv" >&2; exit 2;) $(skylayer) predict "$(FILE)"

report: ## Open the champion's model card: metrics with intervals, plots, schema, engine
	@$(skylayer) report

openapi: ## Write docs/openapi.json, the document of the champion's API
	@$(skylayer) openapi

diagram: ## Draw template.yaml into docs/architecture.md
	@$(skylayer) diagram

client: ## A typed client of the API into clients/: LANG=python or LANG=typescript
	@$(if $(GIVEN_LANG),,echo "make client: give the language as LANG=python or LANG=typescript" >&2; exit 2;) $(run) --group client env LANG=C.UTF-8 python -m skylayer client "$$GIVEN_LANG"

bench: develop ## Cold start, memory, latency beside other ways to serve; writes docs/benchmarks.md [QUICK=1 PIPELINES=forest,mlp COMPARE=earlier.json]
	@$(develop) python -m benchmarks $(if $(QUICK),--quick) $(if $(PIPELINES),--pipelines "$(PIPELINES)") $(if $(COMPARE),--compare "$(COMPARE)")

formats: ## Export three models in every format, and write the table of docs/formats.md
	@$(formats) python -m skylayer formats

coverage: ## Fit and compile each of scikit-learn's predictors, and write docs/coverage.md
	@$(develop) python -m skylayer coverage

fuzz: develop ## Damaged tables, JSON bodies and answers against the kernel, under sanitizers [TABLES=10000 BODIES=100000 ANSWERS=100000]
	@$(develop) env PYTHONPATH=tests python -m fuzz $(if $(TABLES),--tables "$(TABLES)") $(if $(BODIES),--bodies "$(BODIES)") $(if $(ANSWERS),--answers "$(ANSWERS)")

mutate: develop ## Change the code in small ways, each of which a test has to notice [SAMPLE=40, 0 for all FILE=layers/serving/serving/http.py]
	@$(develop) env PYTHONPATH=tests python -m mutation $(if $(SAMPLE),--sample "$(SAMPLE)") $(if $(FILE),--file "$(FILE)")

test: lint ## Lint, then every test, a deployment's included, and what they run of each folder [TESTS=tests/unit]
	@sh bin/test-tools
	@$(develop) python -m pytest -n 2 --dist loadgroup $(if $(TESTS),"$(TESTS)",--cov --cov-report=)
	@$(if $(TESTS),,$(develop) env PYTHONPATH=tests python -m coverage_floors)

lint: develop ## ruff, mypy, cfn-lint, sam validate, jactionlint and zizmor, strict
	@$(develop) ruff check .
	@$(develop) ruff format --check .
	@$(develop) mypy
	@$(develop) cfn-lint template.yaml deployment/bootstrap.yaml
	@$(develop) env SAM_CLI_TELEMETRY=0 sam validate --lint --region us-east-1
	@$(develop) jactionlint .github/workflows/*.yml
	@$(develop) zizmor --offline --quiet .github

format: ## Format the code and mend what ruff can mend
	@$(develop) ruff check --fix .
	@$(develop) ruff format .
