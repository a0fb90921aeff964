# PROG is a program of this directory.  Of its SRCS, PROG.c has main(); the
# others are a library, lib and the directory's name, that tests link too
# (libmarsctool.a for marsc/tool).
# The program LINKS what is named there, and is installed in WHERE; MAN are
# its manuals.
LIB:=		$(DIR:%/tool=%tool)
MAIN:=		$(DIR)/$(PROG).o
ALLSRCS:=	$(SRCS)
SRCS:=		$(ALLSRCS:$(PROG).c=)
include $(TOP)/mk/lib.mk

DEPS:=		$(DEPS) $(MAIN:.o=.d)
PROG_$(DIR):=	$(PROG)
WHERE_$(DIR):=	$(WHERE)
MAN_$(DIR):=	$(MAN:%=$(TOP)/$(DIR)/%)

$(MAIN): ../probe.mk

out/$(PROG): $(MAIN) lib$(LIB).a $(LINKS)
	$(CC) $(LINK) -o $@ $(OBJECTS) $(ARCHIVES) $(LIBS)

programs: out/$(PROG)

install: $(DIR)/install
$(DIR)/install: out/$(PROG)
	$(PUT) program '$(WHERE_$(@D))' out/$(PROG_$(@D))
	$(PUT) text '$(MANDIR)' $(MAN_$(@D))

uninstall: $(DIR)/uninstall
$(DIR)/uninstall:
	$(PUT) remove '$(WHERE_$(@D))' $(PROG_$(@D))
	$(PUT) remove '$(MANDIR)' $(MAN_$(@D))

.PHONY: $(DIR)/install $(DIR)/uninstall
