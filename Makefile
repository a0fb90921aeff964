# For GNU make and bmake.  Nobody runs a configure step: mk/rules.sh looks at
# the machine and at the tree whenever make starts, and writes the rules.
PREFIX ?=	/usr/local
DESTDIR ?=
SBINDIR ?=	$(PREFIX)/sbin
BINDIR ?=	$(PREFIX)/bin
LIBEXECDIR ?=	$(PREFIX)/libexec/mars
MANDIR ?=	$(PREFIX)/share/man
EXAMPLESDIR ?=	$(PREFIX)/share/examples/mars
# address,undefined: another build, in a directory of its own
SANITIZE ?=

all: programs

RULES != CC='$(CC)' CFLAGS='$(CFLAGS)' SANITIZE='$(SANITIZE)' \
	LIBEXECDIR='$(LIBEXECDIR)' BUILD='$(BUILD)' sh mk/rules.sh
include $(RULES)

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
	@$(MAKE) -s programs
	@sh regress/atm/run.sh $(BUILD)

# The simulator: make sim SEEDS=100000 for a night.
SEEDS ?=	200
sim: $(SIM)
	@$(SIM) -f regress/sim/seeds -n $(SEEDS)

# The SCSP model in its longer form, with bigger budgets of faults.
model:
	@sh etc/prerequisites test
	@sh regress/model/test.sh long

install: programs
	sh mk/install.sh "$(BUILD)" "$(DESTDIR)" "$(SBINDIR)" "$(BINDIR)" \
	    "$(LIBEXECDIR)" "$(MANDIR)" "$(EXAMPLESDIR)"

clean:
	rm -rf build build-*

.PHONY: all programs tests demo regress regress-atm conformance sim model install clean
