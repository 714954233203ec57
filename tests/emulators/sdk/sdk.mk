# The vendors' own clients, from npm, each with its checksum: they prove tests/emulators. Only this needs npm.
sdk: $(O)/emulators/sdk/installed

# Node brings its own list of authorities; what the system trusts besides is trusted too.
export NODE_EXTRA_CA_CERTS ?= $(wildcard /etc/ssl/certs/ca-certificates.crt)

# It may wait for ever for a file that stopped half-way: a second try then goes on from its cache.
NPM_CI := timeout -k 5 240 npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --fetch-timeout=60000

$(O)/emulators/sdk/installed: tests/emulators/sdk/package.json tests/emulators/sdk/package-lock.json
	$(call say,npm)
	@mkdir -p $(@D)
	$(Q)cp $^ $(@D)
	$(Q)cd $(@D) && { $(NPM_CI) || $(NPM_CI); } </dev/null >npm.log 2>&1 || { tail -n 20 npm.log >&2; exit 1; }
	$(Q)touch $@

.PHONY: sdk
