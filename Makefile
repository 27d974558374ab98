# Every target is one script; `make` lists them.
.PHONY: help run start stop status test lint fuzz soak bench clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 10

run: ## Install, build and start everything; stay until Ctrl-C
	@scripts/stack foreground

start: ## The same in the background
	@scripts/stack up

stop: ## Stop everything
	@scripts/stack down

status: ## What runs
	@scripts/stack status

test: ## Every test, with private services; ARGS='--filter Money' picks some
	@scripts/test

lint: ## Format, warnings, scripts
	@scripts/lint

fuzz: ## A million mutated requests, then 10 min of made-up ones; FUZZ_SECONDS=3600 for an hour
	@scripts/fuzz

soak: ## A million requests under watch, then 2,000 payments under faults; SOAK=payments picks
	@scripts/soak

bench: ## Measure, with a table and .run/bench; CASES=faults picks, SECONDS_EACH=5 shortens
	@scripts/bench

clean: stop ## Stop, and drop all data and logs of .run
	@rm -rf .run

export PORT SIM_PORT RUN_DIR ARGS CASES SECONDS_EACH FUZZ_SECONDS SEED
