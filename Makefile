# Every target is a script of scripts/: this file only names them. Variables are given as make arguments.
.DEFAULT_GOAL := help
.PHONY: help dev down status logs demo restart reset test bench chaos contract check fmt docs model eval
export DEMO RELEASE PORT_BASE BILLING VERDICT_PG_PORT VERDICT_MQ_PORT DATABASE_URL AMQP_URL AMQP_ADMIN_URL MODEL_DIR DATA

help: ## what can be made
	@scripts/lib/help.sh

dev: ## start everything, play the demo, stay up until Ctrl-C (DEMO=0, RELEASE=1, PORT_BASE=8080, BILLING=double)
	@scripts/dev.sh up

down: ## stop this checkout's stack from another terminal
	@scripts/dev.sh down

status: ## what runs, where
	@scripts/dev.sh status

logs: ## follow the logs of all services, or of one (SVC=gateway)
	@scripts/dev.sh logs $(SVC)

demo: ## play the demo against the running stack, or a file of yours (FILE=records.csv)
	@scripts/dev.sh demo $(FILE)

restart: ## rebuild and restart one service of the running stack (SVC=processing)
	@scripts/dev.sh restart $(SVC)

reset: ## stop, and delete databases, queues, keys and logs of this checkout
	@scripts/dev.sh reset

test: ## format, lints, layers, and every test on private servers (KEEP=1 leaves them running)
	@scripts/test.sh

check: ## the checks of 'test' that need no server
	@scripts/test.sh check

fmt: ## format the code
	@cargo fmt --all

docs: ## generate proto-docs/errors.md and proto-docs/openapi anew
	@UPDATE_DOCS=1 cargo test --workspace --lib --bins is_current

bench: ## measure speed in release, beside the yardsticks of the same run
	@scripts/bench.sh

model: ## fetch and verify the embedding model's weights (84 MB, into .dev/models; MODEL_DIR=...)
	@scripts/model.sh

eval: ## measure the classifier on a labelled file (DATA=file.csv; columns text,category)
	@scripts/eval.sh

chaos: ## kill -9 every process in turn under load, then count
	@scripts/chaos.sh

contract: ## hold a live stack to the contract that it serves, with generated requests (CONTRACT_EXAMPLES=10)
	@scripts/contract.sh
