#!/bin/sh
# What inside.sh and package.sh have in common: TAP, in /result.
n=0
log=/result.part

# ok NAME COMMAND...: passes if the command does
ok() {
	name=$1
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1); then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "$out" | tail -n 20 | sed 's/^/# /'
	fi >> $log
}

waits() {	# waits COMMAND...: until it succeeds, 30 s at most
	i=0
	until "$@"; do
		i=$((i + 1))
		[ $i -lt 300 ] || return 1
		sleep 0.1
	done
}

finish() {
	echo "1..$n" >> $log
	mv $log /result
	poweroff
}
