# videod: what there is, how it is built, and the commands. `make help` lists them.

VERSION := 0.1.0
export PATH := $(PATH):/usr/sbin:/sbin
CC      ?= gcc
SAN     ?=
O       := build$(if $(SAN),/san)
comma   := ,

PACKAGES := libmariadb libmemcached libcurl json-c libxml-2.0 libcrypto libsystemd uuid
ifneq ($(filter-out help setup demo stop clean,$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACKAGES)))
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES)) -lfcgi -lm
# of videod-lettering alone
DRAW_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags pangocairo fontconfig))
DRAW_LIBS   := $(shell pkg-config --libs pangocairo fontconfig)
endif

WARN := -Wall -Wextra -Wformat=2 -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wwrite-strings -Wpointer-arith -Wcast-align -Wcast-qual -Wundef -Wvla -Wdate-time \
	-Wimplicit-fallthrough -Wdouble-promotion -Werror
ifneq (,$(findstring gcc,$(CC))$(filter cc,$(CC)))
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init -Wformat-signedness -Walloca
endif
# What is not optimised in full is warned about without need; the other build has all warnings.
WARN    += $(if $(SAN),-Wno-format-truncation)
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -fno-common -fno-strict-aliasing
CFLAGS  ?= $(if $(SAN),-O1,-O2) -g
CFLAGS_ALL := -std=gnu11 -D_GNU_SOURCE -DVIDEOD_VERSION='"$(VERSION)"' -I. $(PKG_CFLAGS) $(CFLAGS) $(WARN) $(HARDEN) -MMD -MP \
	-ffile-prefix-map=$(CURDIR)=. $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2)
LDFLAGS_ALL := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

# Each folder is an archive; a program is its main.c and the archives below it. Tests link the same archives.
LIB_DIRS  := lib/base lib/io lib/remote lib/video
PROG_DIRS := cgi daemon cli
objects    = $(patsubst %.c,$(O)/%.o,$(filter-out %/main.c,$(sort $(wildcard $(1)/*.c))))
LIBS      := $(O)/libvideo.a $(O)/libremote.a $(O)/libio.a $(O)/libbase.a
PROGRAMS  := $(O)/videod $(O)/videod-cgi $(O)/videod-lettering $(O)/videoctl
UNITS     := $(patsubst tests/unit/%.c,$(O)/tests/%,$(sort $(wildcard tests/unit/test_*.c)))
UNIT_HELP := $(patsubst %.c,$(O)/%.o,$(sort $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))))
DRIVERS   := $(patsubst tests/drivers/%.c,$(O)/drivers/%,$(sort $(wildcard tests/drivers/*.c)))
BENCH     := $(patsubst tests/bench/%.c,$(O)/tests/%,$(sort $(wildcard tests/bench/*.c)))
FUZZERS   := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))

# V=1 shows the commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-5s %s\n' $(1) $@)

all: $(PROGRAMS) ## build the programs

$(O)/videod:     $(O)/daemon/main.o $(O)/libdaemon.a $(LIBS)
$(O)/videod-cgi: $(O)/cgi/main.o    $(O)/libcgi.a    $(LIBS)
$(O)/videod-lettering: $(O)/daemon/lettering/main.o $(O)/liblettering.a $(LIBS)
$(O)/videoctl:   $(O)/cli/main.o    $(O)/libcli.a    $(LIBS)
$(O)/videod-lettering: PKG_LIBS += $(DRAW_LIBS)
$(O)/daemon/lettering/%.o: CFLAGS_ALL += $(DRAW_CFLAGS)
$(O)/libbase.a:   $(call objects,lib/base)
$(O)/libio.a:     $(call objects,lib/io)
$(O)/libremote.a: $(call objects,lib/remote)
$(O)/libvideo.a:  $(call objects,lib/video)
$(O)/libdaemon.a: $(foreach d,daemon daemon/film daemon/keeping daemon/vendor,$(call objects,$(d)))
$(O)/liblettering.a: $(call objects,daemon/lettering)
$(O)/libcgi.a:    $(call objects,cgi)
$(O)/libcli.a:    $(call objects,cli)

$(PROGRAMS):
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
$(UNITS): $(O)/tests/%: $(O)/tests/unit/%.o $(UNIT_HELP) $(O)/libdaemon.a $(O)/libcgi.a $(O)/libcli.a $(LIBS)
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS) -lcmocka
$(DRIVERS): $(O)/drivers/%: $(O)/tests/drivers/%.o $(O)/libdaemon.a $(LIBS)
	$(call say,link)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
$(FUZZERS): $(O)/fuzz/%: $(O)/tests/fuzz/%.o $(O)/tests/fuzz/replay.o $(O)/libdaemon.a $(O)/libcgi.a $(LIBS)
	$(call say,link)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)
$(O)/%.a:
	$(call say,ar)
	$(Q)rm -f $@ && ar rcsD $@ $^
$(O)/%.o: %.c
	$(call say,cc)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<
-include $(shell find $(O) -name '*.d' 2>/dev/null)

$(BENCH): $(O)/tests/%: $(O)/tests/bench/%.o $(O)/libdaemon.a $(LIBS)
	$(call say,link)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(PKG_LIBS)

units: $(UNITS) $(DRIVERS) $(BENCH)
fuzzers: $(FUZZERS)

# A sub-make, because what set-up installs decides the flags above.
BUILD := $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

setup: ## install the Debian packages that building, running and checking need
	demo/setup.sh run build check
demo: ## make a film in a private stack: PRODUCT= STYLE= ASPECT= PROVIDER=emulated
	@demo/setup.sh run build
	@$(BUILD) all music
	@demo/demo.sh
check: ## run every test; ends with: N passed, N failed
	@demo/setup.sh run build check
	@$(BUILD) sdk & $(BUILD) all music units && $(BUILD) SAN=address,undefined all units fuzzers; built=$$?; \
		wait; exit $$built # where sdk fails, the test that needs it does too, and says so
	@tests/run.sh build build/san
golden: all $(O)/drivers/lettering_order $(O)/tests/pieces ## make the reference pictures of texts anew
	@TEST_BUILD=$(CURDIR)/$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/golden/golden.py make
contact-sheet: all $(O)/drivers/lettering_order $(O)/tests/pieces ## all texts and fits of the reference pictures on one: build/contact-sheet.png
	@TEST_BUILD=$(CURDIR)/$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/golden/golden.py sheet $(O)/contact-sheet.png
soak: ## kill the daemon 200 times while it buys for 40 videos, 50 times while it puts files in parts, and our S3 client 100 times
	@demo/setup.sh run build check
	@$(BUILD) all music units
	@TEST_S3_KILLS=100 PYTHONDONTWRITEBYTECODE=1 TEST_BUILD=$(CURDIR)/$(O) \
		/usr/bin/python3 -m pytest -q tests/scenario/test_s3_crash.py
	@TEST_BUCKET_KILLS=50 PYTHONDONTWRITEBYTECODE=1 TEST_BUILD=$(CURDIR)/$(O) \
		/usr/bin/python3 -m pytest -q tests/scenario/test_bucket_kills.py
	@TEST_KILLS=200 TEST_VIDEOS=40 PYTHONDONTWRITEBYTECODE=1 TEST_BUILD=$(CURDIR)/$(O) \
		/usr/bin/python3 -m pytest -q tests/scenario/test_paying_chaos.py -k random
bench-compose: ## film of five clips: time, processor and likeness, against other ways to make it; fails where a bound is broken
	@demo/setup.sh run build
	@$(BUILD) all music $(BENCH)
	@TEST_BUILD=$(CURDIR)/$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/compose.py
bench-presets: ## what each encoder preset costs and gives
	@demo/setup.sh run build
	@$(BUILD) $(BENCH)
	@TEST_BUILD=$(CURDIR)/$(O) PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/bench/presets.py
bench-s3: ## 3 GiB to a real S3 server, by our client and by AWS's, by turns: throughput, memory; fails where a bound is broken
	@demo/setup.sh run build check bench
	@$(BUILD) $(O)/drivers/s3_tool
	@PYTHONPATH=tests:tests/servers:tests/scenario PYTHONDONTWRITEBYTECODE=1 TEST_BUILD=$(CURDIR)/$(O) \
		/usr/bin/python3 tests/bench/s3_upload.py
lint: ## read the sources: formatting, cppcheck, clang-tidy, banned functions, shellcheck, man pages
	@demo/setup.sh build check lint
	@PKG_CFLAGS="$$(pkg-config --cflags $(PACKAGES) pangocairo fontconfig | sed 's/-I/-isystem /g')" tests/lint.sh
stop: ## end what make demo started
	@demo/stack.sh stop run
include assets/music/music.mk
include tests/emulators/sdk/sdk.mk
include install.mk

clean: ## remove what was built
	rm -rf build
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | expand -t 14

.PHONY: all units fuzzers setup demo check golden contact-sheet soak bench-compose bench-presets bench-s3 lint stop clean help
.SECONDARY:
