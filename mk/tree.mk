# All that is compiled, as one graph: each directory's Makefile says what is
# in it.  Read by way of BUILD/probe.mk, and in BUILD/obj, where an object has
# the path of its source: marsd/cmi.o is made of $(TOP)/marsd/cmi.c.  The
# compiler runs in the tree, so that it names files as they are called there.
# In what GNU make and bmake have in common.

all: programs

include $(TOP)/mk/dirs.mk

# a directory's Makefile is part of this, and not alone
ALONE=		not
PUT=		DESTDIR='$(DESTDIR)' SBINDIR='$(SBINDIR)' BINDIR='$(BINDIR)' \
		LIBEXECDIR='$(LIBEXECDIR)' EXAMPLESDIR='$(EXAMPLESDIR)' \
		sh $(TOP)/mk/install.sh

.SUFFIXES:
.SUFFIXES: .o .c .y .h .alone
VPATH=		$(TOP)

# What a target is made of: $^ of GNU make, .ALLSRC of bmake.
INPUTS=		$(MAKE_HOST:%=$^)$(.ALLSRC)
OBJECTS=	$(INPUTS:%.a=)
ARCHIVES=	$(INPUTS:%.o=)

# The layers of common/: what one may include, and what a program over it is
# linked with.  Each knows those below it, and none above.
INC_CODEC=	-Icommon/codec
INC_CORE=	-Icommon/core $(INC_CODEC)
INC_VC=		-Icommon/vc $(INC_CORE)
INC_PROC=	-Icommon/proc $(IMSG:%=-Icommon/proc/%) $(INC_VC)
LIB_CODEC=	libcodec.a
LIB_CORE=	libcore.a $(LIB_CODEC)
LIB_VC=		libvc.a $(LIB_CORE)
LIB_PROC=	libproc.a $(IMSG:%=lib%.a) $(LIB_VC)

# KNOWS is what a directory's files may include, and FLAGS what is particular
# to them; KNOWS_DIR/FILE.o and FLAGS_DIR/FILE.o add to that for one file.
FLAGS=		$(CFLAGS_ALL) $(KNOWS_$(@D)) $(KNOWS_$(@:.alone=.o)) \
		$(FLAGS_$(@D)) $(FLAGS_$(@:.alone=.o)) $(WERROR)
COMPILE=	$(CC) $(FLAGS) -MMD -MP -MT $@ -MF $(OBJ)/$(@:.o=.d) \
		-c -o $(OBJ)/$@

.c.o:
	@mkdir -p $(@D)
	cd -P $(TOP) && $(COMPILE) $(@:.o=.c)

.y.o:
	@mkdir -p $(@D)
	cd -P $(TOP) && $(YACC) -o $(OBJ)/$(@:.o=.tab.c) $(@:.o=.y) && \
	    $(COMPILE) -I$(@D) $(MAP) $(OBJ)/$(@:.o=.tab.c)

# a program of regress/: its object, and what else it is said to be made of
.o:
	$(CC) $(LINK) $(LDFLAGS_$(@F)) -o $@ $(OBJECTS) $(ARCHIVES) \
	    $(LDADD_$(@D)) $(LIBS)

# a header must compile alone, and with what its directory may know
.h.alone:
	@mkdir -p $(@D)
	@printf '#include "%s"\n#include "%s"\nextern int one;\n' \
	    $(@:.alone=.h) $(@:.alone=.h) > $@.c
	@cd -P $(TOP) && $(CC) $(FLAGS) -I. -fsyntax-only $(OBJ)/$@.c

include $(TOP)/common/codec/Makefile
include $(TOP)/common/core/Makefile
include $(TOP)/common/vc/Makefile
include $(TOP)/common/proc/Makefile
include $(TOP)/common/proc/imsg/Makefile
include $(TOP)/parent/Makefile
include $(TOP)/marsd/Makefile
include $(TOP)/scspd/Makefile
include $(TOP)/marsctl/Makefile
include $(TOP)/marsc/Makefile
include $(TOP)/marsc/tool/Makefile
include $(TOP)/edged/Makefile
include $(TOP)/etc/Makefile
include $(TOP)/doc/Makefile
include $(TOP)/regress/unit/Makefile
include $(TOP)/regress/system/Makefile
include $(TOP)/regress/sim/Makefile
include $(TOP)/regress/bench/Makefile
include $(TOP)/regress/fuzz/Makefile
include $(TOP)/regress/atm/Makefile

# What each object included when it was compiled last; as a list without
# blanks at its ends, which bmake would take for a name.
-include $(DEPS:.d=.d)

# HEADERS: named by regress/lint/tree.sh
headers: $(HEADERS:.h=.alone)

# all that is in libraries, to see whether a name is defined twice
linkall: libparent.a libmarsd.a libscspd.a libmarsctl.a libmarsc.a libedged.a \
	    $(LIB_PROC)
	$(CC) -r -nostdlib -o linkall.o -Wl,--whole-archive $(INPUTS) \
	    -Wl,--no-whole-archive

.PHONY: all programs tests fuzz-targets install uninstall headers linkall
