# make           set up, build; leaves the program at build/bin/bellows
# make amplify   the main job on the built-in simulated experiment
# make test      set up, build, all tests, sanitizers, short fuzz runs
# make test-long the same tests at full length
# make bench     benchmarks
# make docs      docs/cli.md from the program's own help
# make install   program, library, man page and completions under PREFIX (/usr/local)
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
JOBS ?= $(shell nproc)
OUT ?= run
PREFIX ?= /usr/local

.PHONY: all setup setup-test amplify test test-long asan bench docs install clean
all: setup
	@cmake --preset release >/dev/null
	@cmake --build build -j $(JOBS) --target bellows_program bellows

setup:
	@tools/setup

setup-test:
	@tools/setup test

amplify: all
	build/bin/bellows amplify --preset kulikov-2024 --out $(OUT)

test: setup-test
	@cmake --preset release >/dev/null
	@cmake --build build -j $(JOBS)
	ctest --test-dir build -j $(JOBS) --output-on-failure
	$(MAKE) asan

asan: setup-test
	@cmake --preset asan >/dev/null
	@cmake --build build-asan -j $(JOBS)
	BELLOWS_SANITIZED=1 ctest --test-dir build-asan -j $(JOBS) --output-on-failure -LE 'slow|house|install|docs|browser' -E 'second_evaluation|soundness_sees'

test-long: setup-test
	@cmake --preset release >/dev/null
	@cmake --build build -j $(JOBS)
	BELLOWS_LONG=1 ctest --test-dir build -j $(JOBS) --output-on-failure --timeout 36000

bench: setup
	@cmake --preset bench >/dev/null
	@cmake --build build -j $(JOBS)
	bench/run

docs: all
	tools/cli-docs build/bin/bellows

install: all
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build build-asan
