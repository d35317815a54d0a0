# Every command of the project. Plain `make` lists them.
.DEFAULT_GOAL := help
CARGO ?= cargo
PYTHON ?= python3
VENV := target/clients-venv
TEST := $(shell command -v cargo-nextest >/dev/null 2>&1 && echo "nextest run --no-fail-fast" || echo "test --no-fail-fast")

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

CONSOLE := console/dist/index.html

console: $(CONSOLE) ## Build the web console, which the binary embeds (Node.js 20 or newer)

# Without Node.js the program is built all the same; a plain page says what is missing.
$(CONSOLE): $(shell find console/src console/public console/scripts -type f 2>/dev/null) console/index.html console/vite.config.ts console/package-lock.json
	@if command -v npm >/dev/null; then cd console && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; } && npm run --silent build && touch dist/index.html; \
	else echo "make: npm was not found, so this build has no web console; install Node.js 20 or newer for it." >&2; fi

demo: $(CONSOLE) ## Start a gateway, a simulated Gemini and sample keys; print how to call it
	@$(CARGO) run --quiet --bin pollux -- demo

test: $(CONSOLE) ## Run every test: Rust, with private PostgreSQL and Redis servers, then the official SDKs and the console against a real gateway
	@dev/servers install
	dev/servers run $(CARGO) $(TEST) --workspace
	$(CARGO) test --workspace --doc --quiet
	$(CARGO) build --quiet --bin pollux
	$(MAKE) --no-print-directory test-clients
	$(MAKE) --no-print-directory test-console

test-console: $(CONSOLE) ## Check the console: its types, its units, then a browser against a real demo; pictures in target/console-shots
	@dev/servers chromium
	cd console && npm run --silent check && npm run --silent unit
	$(CARGO) build --quiet --bin pollux
	cd console && npm run --silent e2e

test-clients: $(VENV)/ready clients/node/node_modules/.package-lock.json ## Run the official SDKs against a real gateway and the simulator
	$(VENV)/bin/python -m pytest clients/python -q
	npm --prefix clients/node --silent test

clients/node/node_modules/.package-lock.json: clients/node/package-lock.json
	npm --prefix clients/node ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(VENV)/ready: clients/python/requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

lint: ## Formatting, clippy and rustdoc, warnings as errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items --quiet

build: $(CONSOLE) ## Build the release binary: target/release/pollux
	$(CARGO) build --release --bin pollux

SEEDS ?= 10000
simulate-pool: ## Days of virtual time in the pool, SEEDS=10000 of them; a failing seed prints itself
	@POOL_SEEDS=$(SEEDS) $(CARGO) test --quiet --release -p pool --lib virtual_days -- --nocapture

simulate: ## Days of the whole gateway in one seeded time, SEEDS=10000 of them; SEED=7 tells the story of one
	@SIMULATE_SEEDS=$(SEEDS) SIMULATE_SEED=$(SEED) $(CARGO) test --quiet --release -p pollux --test it simulation -- --nocapture

ROUNDS ?=
crash: ## Kill a gateway under load, ROUNDS=200 times, and look for lost or doubled calls
	@CRASH_ROUNDS=$(or $(ROUNDS),200) $(CARGO) test --quiet -p pollux --test it killing_the_gateway -- --nocapture

RUNS ?= 1000000
fuzz: ## Mutated input for everything that reads what strangers send; RUNS=1000000 for each target, TARGET=chat for one, FROM=0 the first seed
	@FUZZ_RUNS=$(RUNS) FUZZ_SEED=$(or $(FROM),0) RUST_BACKTRACE=0 $(CARGO) test --quiet --profile fuzz -p dialect --test fuzz -- $(if $(TARGET),--exact $(TARGET)) --nocapture

bench-choose: ## What choosing a key costs, for 10 to 100,000 keys; the last line is JSON
	@$(CARGO) run --quiet --release -p choose-bench

bench-yield: ## Compare schedulers on virtual traffic (prints a table and one JSON line)
	@$(CARGO) run --quiet --release -p yield-bench

bench: build ## What a call costs beside nginx, in turns on the same cores; the last line is JSON. ROUNDS=5 ONLY=streams
	@dev/servers nginx
	@$(CARGO) build --quiet --release -p overhead-bench
	@{ ulimit -n 65536 2>/dev/null || ulimit -n $$(ulimit -Hn); } && taskset -c 1 $${CARGO_TARGET_DIR:-target}/release/overhead-bench --pollux $${CARGO_TARGET_DIR:-target}/release/pollux \
	  $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only "$(ONLY)")

bench-calls: ## Instructions of each kind of call (valgrind), beside those recorded in bench/instructions.json; RECORD=1 records them
	@dev/servers valgrind
	@$(if $(PROFILES),CARGO_PROFILE_RELEASE_DEBUG=line-tables-only CARGO_PROFILE_RELEASE_STRIP=none )$(CARGO) build --quiet --release --bin pollux --bin overhead-bench
	@taskset -c 1 $${CARGO_TARGET_DIR:-target}/release/overhead-bench --pollux $${CARGO_TARGET_DIR:-target}/release/pollux \
	  $(if $(ONLY),--only "$(ONLY)") count $(if $(RECORD),--record) $(if $(PROFILES),--profiles "$(PROFILES)") $(if $(CALLERS),--callers $(CALLERS))

flame: ## A flame graph of a small chat call, in docs/call.svg
	@$(MAKE) --no-print-directory bench-calls ONLY=chat PROFILES=target/flame CALLERS=10
	dev/flame target/flame/chat.callgrind > docs/call.svg

bench-micro: ## Instructions of each part of a call (valgrind), beside those recorded in bench/micro/instructions.json; RECORD=1 records them, TIME=1 measures nanoseconds instead
	@$(if $(TIME),,dev/servers valgrind)
	@$(CARGO) build --quiet --release -p micro-bench
	@$${CARGO_TARGET_DIR:-target}/release/micro-bench $(if $(TIME),,count $(if $(RECORD),--record))

bench-quick: ## The loads that say most, one short round
	@$(MAKE) --no-print-directory bench QUICK=1

docs: ## Rewrite the generated pages and build the API documentation
	POLLUX_BLESS=1 $(CARGO) test --quiet -p pollux --lib -- config document
	$(CARGO) doc --workspace --no-deps

deny: ## Check licences, sources, bans and duplicates of what we depend on; advisories too with ADVISORIES=1 (network)
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	$(CARGO) deny check bans licenses sources $(if $(ADVISORIES),advisories)

RELEASE := target/dist
release: ## Build for release: the program without paths of this machine, a bill of materials and checksums in target/dist
	RUSTFLAGS="$(RUSTFLAGS) --remap-path-prefix=$(CURDIR)=. --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=cargo" \
	  $(CARGO) build --release --locked --bin pollux
	@mkdir -p $(RELEASE)
	@cp $${CARGO_TARGET_DIR:-target}/release/pollux LICENSE $(RELEASE)/
	@dev/sbom > $(RELEASE)/pollux.cdx.json
	@cd $(RELEASE) && sha256sum pollux pollux.cdx.json LICENSE > SHA256SUMS && cat SHA256SUMS

.PHONY: help fuzz deny release console crash demo test test-console test-clients lint build bench flame bench-calls bench-micro bench-quick bench-choose bench-yield simulate simulate-pool docs
