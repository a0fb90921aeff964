# Where things are installed; each may be given.  DESTDIR goes before all.
PREFIX ?=	/usr/local
DESTDIR ?=
SBINDIR ?=	$(PREFIX)/sbin
BINDIR ?=	$(PREFIX)/bin
LIBEXECDIR ?=	$(PREFIX)/libexec/mars
MANDIR ?=	$(PREFIX)/share/man
EXAMPLESDIR ?=	$(PREFIX)/share/examples/mars
BASHDIR ?=	$(PREFIX)/share/bash-completion/completions
ZSHDIR ?=	$(PREFIX)/share/zsh/site-functions
