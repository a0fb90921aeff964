#!/bin/sh
# install.sh BUILD DESTDIR SBINDIR BINDIR LIBEXECDIR MANDIR EXAMPLESDIR
set -eu
build=$1 dest=$2 sbin=$3 bin=$4 libexec=$5 man=$6 examples=$7

put() {		# put MODE FILE DIR
	mkdir -p "$dest$3"
	install -m "$1" "$2" "$dest$3/"
}

put 755 "$build/mars" "$sbin"
put 755 "$build/marsctl" "$sbin"
put 755 "$build/marsc" "$bin"
put 755 "$build/marsd" "$libexec"
put 755 "$build/scspd" "$libexec"
for page in */*.[1-8]; do
	put 644 "$page" "$man/man${page##*.}"
done
for file in etc/*.conf etc/*.service etc/*.sysusers etc/*.tmpfiles etc/mars.rc \
    etc/mars.lua; do
	[ ! -f "$file" ] || put 644 "$file" "$examples"
done
