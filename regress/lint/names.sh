#!/bin/sh
# names.sh: a name means one thing in the whole product.  As TAP.
#
# No two files define a function of the same name, static or not; main and
# usage excepted, and what has a variant for each system (_linux.c,
# _openbsd.c; _bpf.c, _none.c).  No two define a struct, union or enum of the same tag, or an
# enum constant.  And all objects of all programs, but those with main(),
# link together.
set -u
cd "$(dirname "$0")/../.." || exit 1

# "no" counts and does not fail: until every name has its room's prefix.
strict=yes

n=0
# result NAME LINES: passes if there are none
result() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
		return
	fi
	if [ $strict = yes ]; then
		echo "not ok $n - $1"
	else
		echo "ok $n - $1 # SKIP $(echo "$2" | wc -l) are not, yet"
	fi
	echo "$2" | sed 's/^/# /'
}

# twice KINDS: the names of these kinds that more than one file defines, and
# where; variants of one file count as that file
twice() {
	git ls-files '*.[chy]' | grep -v '^regress/' |
	    ctags -L - -f - --languages=C --language-force=C \
	    --kinds-C="$1" --sort=no 2>/dev/null |
	    awk -F '\t' '
	# in capitals and with arguments it is a macro that is used
	$1 ~ /^[A-Z]/ && index($0, $1 "(") {
		next
	}
	$1 != "main" && $1 != "usage" && $1 !~ /^__anon/ {
		sub(/_(linux|openbsd|bpf|none)\.c$/, ".c", $2)
		if (!(($1, $2) in seen)) {
			seen[$1, $2] = 1
			where[$1] = where[$1] " " $2
			count[$1]++
		}
	}
	END {
		for (name in count)
			if (count[name] > 1)
				print name ":" where[name]
	}' | sort
}

if ctags --version 2>/dev/null | grep -q Universal; then
	result "functions have names of their own" \
	    "$(twice f)"
	result "tags and types have names of their own" "$(twice sugt)"
	# a macro of core/table.h
	result "enum constants have names of their own" \
	    "$(twice e | grep -v "^TABLE_FIRST_ACTION:")"
else
	for what in functions "tags and types" "enum constants"; do
		n=$((n + 1))
		echo "ok $n - $what have names of their own # SKIP no Universal Ctags"
	done
fi
result "all objects of all programs link together" "$(
	MAKEFLAGS='' make -s BUILD="${BUILD:-build}" linkall 2>&1 |
	    grep -E 'multiple definition|duplicate symbol|\*\*\*' |
	    sed 's/; .*first defined.*//')"
echo "1..$n"
