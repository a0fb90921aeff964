# GNU make and bmake.  Nobody runs a configure step: mk/rules.sh looks at the
# machine and the tree and writes $(BUILD)/rules.mk whenever make starts.
PREFIX ?=	/usr/local
DESTDIR ?=
MANDIR ?=	$(PREFIX)/share/man
EXAMPLESDIR ?=	$(PREFIX)/share/examples/mars
SANITIZE ?=

all: programs

RULES != CC='$(CC)' CFLAGS='$(CFLAGS)' SANITIZE='$(SANITIZE)' \
	PREFIX='$(PREFIX)' BUILD='$(BUILD)' sh mk/rules.sh
include $(RULES)

clean:
	rm -rf build build-*

.PHONY: all programs tests demo regress clean install
