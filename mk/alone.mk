# "make -C marsd" is make of the whole, which alone knows what it needs.
all install uninstall clean:
	cd $(TOP) && $(MAKE) $@
