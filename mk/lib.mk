# LIB is a library of this directory: its SRCS, and what they KNOW.
ALONE ?=	alone
-include $(TOP)/mk/$(ALONE).mk

OBJS:=		$(SRCS:.y=.c)
OBJS:=		$(OBJS:%.c=$(DIR)/%.o)
DEPS:=		$(DEPS) $(OBJS:.o=.d)
KNOWS_$(DIR):=	$(KNOWS)

lib$(LIB).a: $(OBJS)
	rm -f $@
	$(AR) $(ARFLAGS) $@ $(OBJECTS)

$(OBJS): ../probe.mk
