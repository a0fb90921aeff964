# For GNU make and bmake.  Nobody runs a configure step: mk/probe.sh asks the
# compiler and the system what they have before the first build, and again
# when something has changed.  What is compiled, and how: mk/tree.mk, and the
# Makefile of each directory.
#
# CC, CFLAGS, CPPFLAGS, LDFLAGS, AR, YACC and PKG_CONFIG are taken as given,
# a cross compiler's as well.
# SANITIZE=address,undefined	another build, in a directory of its own
# WERROR=-Werror		what a developer says: a warning is an error
# BUILD=DIR			where everything goes; default build
TOP=		.
include mk/dirs.mk
SANITIZE ?=
WERROR ?=
PKG_CONFIG ?=	pkg-config
SUITE !=	echo 'build$(SANITIZE:%=-%)' | tr , -
BUILD ?=	$(SUITE)

PROBE=	CC='$(CC)' CFLAGS='$(CFLAGS)' CPPFLAGS='$(CPPFLAGS)' \
	LDFLAGS='$(LDFLAGS)' AR='$(AR)' YACC='$(YACC)' \
	PKG_CONFIG='$(PKG_CONFIG)' SANITIZE='$(SANITIZE)' \
	LIBEXECDIR='$(LIBEXECDIR)' sh mk/probe.sh '$(BUILD)'
# how the tree is made; MAKE_HOST is GNU make's
TREE=	-r $(MAKE_HOST:%=--no-print-directory) WERROR='$(WERROR)' \
	LIBEXECDIR='$(LIBEXECDIR)'

all: programs

programs tests headers linkall benches fuzz-targets install:
	@$(PROBE) && cd '$(BUILD)/obj' && $(MAKE) $(TREE) -f ../probe.mk $@

uninstall:
	@$(MAKE) $(TREE) -f mk/tree.mk TOP=. uninstall

# A Debian package, in build/deb.
deb:
	@sh etc/prerequisites deb
	@sh mk/deb.sh '$(BUILD)'

# The sources as they are handed out, in build/dist: an archive, an SBOM, and
# their sums, signed where SIGNIFY_KEY is a secret key of signify(1).
dist:
	@$(PROBE)
	@SIGNIFY_KEY='$(SIGNIFY_KEY)' sh mk/dist.sh '$(BUILD)'

# Two servers and a few clients on loopback, about 15 seconds.
demo:
	@sh etc/prerequisites build
	@$(MAKE) -s programs
	@sh etc/demo/run.sh $(BUILD)

# Every test; the last line counts them.
regress:
	@sh etc/prerequisites test
	@$(MAKE) -s programs tests
	@sh regress/run.sh $(BUILD)

# What can be said of the sources by reading them, and by two compilers.
lint:
	@sh etc/prerequisites test
	@$(PROBE)
	@sh regress/run.sh $(BUILD) lint

# Every test, and then which requirement is shown by which: coverage by
# section and role.  Fails on an id that is missing and on a test that is.
conformance:
	@sh etc/prerequisites test
	@$(MAKE) -s programs tests
	@sh regress/run.sh $(BUILD) || :
	@python3 -B regress/conformance.py $(BUILD)

# Real ATM sockets and signalling, in a virtual machine: about three minutes.
regress-atm:
	@sh etc/prerequisites atm
	@$(MAKE) -s programs tests
	@sh regress/atm/run.sh $(BUILD)

# Other machines, i386 and s390x, with compilers and an emulator of Debian:
# the unit tests, the simulator, and where it can be the daemons.
regress-machines:
	@sh etc/prerequisites machines
	@$(MAKE) -s programs tests
	@sh regress/machines/run.sh $(BUILD) long

# The simulator: make sim SEEDS=100000 for a night.
SEEDS ?=	200
sim:
	@$(MAKE) -s tests
	@$(BUILD)/regress/sim/sim -f regress/sim/seeds -n $(SEEDS)
	@$(BUILD)/regress/sim/sim -k all -f regress/sim/lieseeds
	@$(BUILD)/regress/sim/sim -l -f regress/sim/lanseeds -n $(SEEDS)

# The SCSP model in its longer form, with bigger budgets of faults.
model:
	@sh etc/prerequisites test
	@sh regress/model/test.sh long

# What each thing costs beside a floor of its own in the same run, as a table
# and in BUILD/bench.json: under three minutes; BENCH=full: all sizes.
BENCH ?=	short
bench:
	@sh etc/prerequisites test
	@$(MAKE) -s programs tests benches
	@BUILD='$(BUILD)' python3 -B regress/bench/bench.py $(BENCH)

# What an edge costs beside a loop of sendto(2), in network namespaces.
bench-edge:
	@$(MAKE) -s programs benches
	@BUILD=$(BUILD) python3 -B regress/bench/edge.py

# What it takes to bring joins to an empty server, beside a floor of its own.
bench-sync:
	@sh etc/prerequisites test
	@$(MAKE) -s programs tests benches
	@BUILD=$(BUILD) python3 -B regress/bench/sync.py

# What a suite bears: floods of two real servers, about twelve minutes.
bench-flood:
	@sh etc/prerequisites test
	@$(MAKE) -s programs tests
	@BUILD='$(BUILD)' python3 -B regress/bench/flood.py

# Fuzzing: make fuzz TIME=28800 for a night, in seconds of all targets.  What
# was done is added to regress/fuzz/log.tsv, whose sums are printed.
TIME ?=		900
fuzz:
	@sh etc/prerequisites test
	@sh regress/fuzz/test.sh '$(BUILD)' $(TIME) regress/fuzz/log.tsv

# Whether each fuzz target notices a fault that is put in: some minutes.
fuzz-mutants:
	@sh etc/prerequisites test
	@python3 -B regress/fuzz/mutants.py

# What static analysis finds that is not known: some minutes.
analyze:
	@sh etc/prerequisites analyze
	@$(PROBE)
	@python3 -B regress/lint/analyze.py '$(BUILD)'

# Which lines of the protocol modules the unit tests and the corpora run.
coverage:
	@sh etc/prerequisites test
	@$(MAKE) -s CC=gcc CFLAGS='--coverage -O1' CPPFLAGS=-U_FORTIFY_SOURCE \
	    LDFLAGS=--coverage BUILD=build-coverage tests fuzz-targets
	@python3 -B regress/coverage.py build-coverage

clean:
	rm -rf build build-*

# one make of the tree at a time; what that does is parallel
.NOTPARALLEL:
.PHONY: all programs tests headers linkall bench benches install uninstall deb dist \
	demo \
	regress lint conformance regress-atm regress-machines sim model \
	bench-edge bench-flood bench-sync fuzz fuzz-mutants fuzz-targets \
	analyze coverage clean
