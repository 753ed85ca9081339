# The verbs. Each is the module of its name in skylayer/commands, which reads its NAME=value itself; `make` lists them.
VERBS := up down status predict batch logs train report import export push versions promote rollback prune \
	build deploy start-api destroy key metrics dashboard cost bootstrap-aws doctor audit \
	openapi client diagram formats coverage test lint format bench fuzz slow mutate test-container

.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# What is given to make reaches the verb as GIVEN_NAME in the environment: neither make nor a shell reads a value,
# and nothing that a verb calls inherits one by MAKEFLAGS.
given := $(foreach name,$(.VARIABLES),$(if $(filter command%line,$(subst $() $(),%,$(origin $(name)))),$(name)))
given := $(filter-out MAKEFLAGS MAKEOVERRIDES -*-%,$(given))
define give
override GIVEN_$(1) := $$(value $(1))
export GIVEN_$(1)
unexport $(1)
endef
$(foreach name,$(filter-out UV,$(given)),$(eval $(call give,$(name))))
ifneq ($(filter UV,$(given)),)
override UV := $(value UV)
export UV
endif
MAKEOVERRIDES :=

# All else comes from uv. bin/find-uv finds it, or fetches it into .skylayer.
uv = UV="$$(sh bin/find-uv)" && export UV PATH="$$(dirname "$$UV"):$$PATH" && "$$UV"
groups := --group local
skylayer = $(uv) run --frozen --quiet $(groups) python -m skylayer

.PHONY: help sync develop $(VERBS)

help: ## list the verbs, or explain one with its variables and examples: make help VERB=promote
ifeq ($(filter VERB,$(given)),)
	@awk 'function line(verb, text) { printf "  make %-14s %s\n", verb, text } \
	  /^"""`/ && FNR == 1 { sub(/^"""`/, ""); sub(/\.?"""$$/, ""); at = index($$0, "`: "); \
	    line(substr($$0, 1, at - 1), substr($$0, at + 3)) } \
	  FILENAME == "Makefile" && /^[a-z]+:.*## / { verb = $$1; sub(/:.*/, "", verb); sub(/^.*## /, ""); line(verb, $$0) }' \
	  $(foreach verb,$(VERBS),skylayer/commands/$(subst -,_,$(verb)).py) Makefile
	@printf '\nexamples:\n  make up && make predict FILE=events/predict.csv\n  make train && make report && make up\n  make help VERB=deploy\n'
else
	@$(skylayer) help
endif

sync: ## install the locked environment; make up does it by itself
	@$(uv) sync --frozen --inexact --group local

develop: ## install what tests, linters and benchmarks need; they do it by themselves
	@$(uv) sync --frozen --all-groups

up: sync
audit bench fuzz slow mutate test lint format test-container: develop
audit bench fuzz slow mutate test lint format test-container coverage: groups := --all-groups
import export formats: groups += --group formats --group estimators
client: groups += --group client

$(VERBS):
	@$(skylayer) $@
