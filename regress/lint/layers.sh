#!/bin/sh
# layers.sh: include edges go down only.  As TAP; prints how many there are.
#
#	common/codec < common/core < common/vc < common/proc < the programs
#
# A program knows no other program's directory, but for the client library,
# of which others know marsc.h.  The core of a daemon or of
# the client knows codecs, common/core and vc.h, and nothing else of common/;
# only its shell, the files named below, knows the rest.
set -u
cd "$(dirname "$0")/../.." || exit 1

shells='marsd/marsd.c marsd/marsd.h marsd/control.c marsd/latency.c
scspd/scspd.c scspd/scspd.h scspd/control.c
edged/edged.c edged/edged.h edged/configure.c edged/control.c edged/key.c
edged/lanio.h edged/lanio_linux.c edged/lanio_openbsd.c'

git ls-files '*.[chy]' | grep -v '^regress/' | xargs grep -H '^#include "' |
    sed 's/^\([^:]*\):#include "\([^"]*\)".*/\1 \2/' |
    SHELLS=$shells HEADERS=$(git ls-files '*.h') awk '
function dir(f) {
	sub("/[^/]*$", "", f)
	return f
}
function base(f) {
	sub(".*/", "", f)
	return f
}
# Where is the header that this file includes?
function found(file, header,	i) {
	if (dir(file) "/" header in is_header)
		return dir(file) "/" header
	for (i = 1; i <= nlayers; i++)
		if (layer[i] "/" header in is_header)
			return layer[i] "/" header
	return header in is_header ? header : ""
}
function bad(file, header, why) {
	print "# " file " includes " header ": " why
	wrong++
}
function check(file, header,	from, to) {
	from = dir(file)
	to = dir(header)
	if (from == to) {
		if (from in has_core && !(file in shell) && header in shell)
			bad(file, header, "a core, its shell")
	} else if (header == "marsc/marsc.h")
		return
	else if (!(to in rank))
		bad(file, header, "a program, another one")
	else if (from in rank && rank[to] > rank[from])
		bad(file, header, "upwards")
	else if (from in has_core && !(file in shell) &&
	    rank[to] >= rank["common/vc"] && header != "common/vc/vc.h")
		bad(file, header, "a core, more than vc.h")
}
BEGIN {
	nlayers = split("common/codec common/core common/vc " \
	    "common/proc/imsg common/proc", layer, " ")
	for (i = 1; i <= nlayers; i++)
		rank[layer[i]] = i
	n = split(ENVIRON["HEADERS"], a)
	for (i = 1; i <= n; i++)
		is_header[a[i]] = 1
	n = split(ENVIRON["SHELLS"], a)
	for (i = 1; i <= n; i++) {
		shell[a[i]] = 1
		has_core[dir(a[i])] = 1
	}
}
{
	header = found($1, $2)
	edges++
	if (header == "") {
		# the system may have an imsg.h
		print "# " $1 ": no " $2
		wrong++
	} else
		check($1, header)
}
END {
	printf "# %d include edges\n", edges
	printf "%s 1 - include edges go down\n1..1\n", wrong ? "not ok" : "ok"
}'
