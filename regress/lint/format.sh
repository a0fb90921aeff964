#!/bin/sh
# format.sh [--fix]: are statements laid out as style(9) says?  As TAP, or
# with --fix made so.  .clang-format has the rules.
#
# clang-format is asked about the bodies of functions only, and there about
# the statements that stand on one line: it has no way to say members and
# tables in columns, a comment beside code after a tab, or that a statement
# which goes on is indented by four blanks at any depth.  Where a line is
# broken is the writer's choice; the four blanks are checked here.
set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

for tool in ctags clang-format; do
	command -v $tool >/dev/null && continue
	echo "ok 1 - statements are laid out as style(9) says # SKIP no $tool"
	echo "1..1"
	exit 0
done

cat > "$work/ranges.awk" <<'A'
# First "start end" of each function, then the file: prints the lines that
# clang-format is asked about, and to stderr those that go on by other than
# four blanks.
NR == FNR {
	from[++n] = $1
	to[n] = $2
	next
}
{
	line[FNR] = $0
}
# Which lines of this body are not asked about?
function mark(first, last,	k, s, macro, table) {
	for (k = first; k <= last; k++) {
		s = line[k]
		if (s ~ /^\t*  +[^ ]/) {	# a statement goes on
			skip[k] = skip[k - 1] = 1
			if (s !~ /^\t*    [^ ]/ && !macro && !table)
				print FILENAME ":" k ": " s > "/dev/stderr"
		}
		# a comment beside code; strings side by side; a macro
		if (s ~ /[^ \t].*\/\*/ || s ~ /" "/ || s ~ /^#/ || macro)
			skip[k] = 1
		macro = s ~ /\\$/
		# a table, or members
		if (s ~ /= \{/ && s !~ /;/ ||
		    s ~ /^\t*(static )?(const )?(struct|union|enum)( [a-z_]+)? \{/)
			table = 1
		if (table)
			skip[k] = 1
		if (s ~ /\}.*;$/)
			table = 0
	}
}
END {
	for (i = 1; i <= n; i++) {
		first = from[i]
		while (first <= to[i] && line[first] !~ /^\{/)
			first++
		first++
		last = to[i] - 1
		mark(first, last)
		for (k = first; k <= last; k++) {
			if (skip[k])
				continue
			for (m = k; m < last && !skip[m + 1]; m++)
				;
			printf "--lines=%d:%d\n", k, m
			k = m
		}
	}
}
A

# format HOW FILE: clang-format, so, with what it is asked of the file
format() {
	ctags -f - --languages=C --language-force=C --kinds-C=f \
	    --fields=+ne --sort=no "$2" 2>/dev/null |
	    sed -n 's/.*line:\([0-9]*\).*end:\([0-9]*\).*/\1 \2/p' \
	    > "$work/bodies"
	awk -f "$work/ranges.awk" "$work/bodies" "$2" > "$work/lines" \
	    2>> "$work/bad"
	[ ! -s "$work/lines" ] ||
	    xargs clang-format --style=file "$1" "$2" < "$work/lines"
}

files=$(git ls-files '*.c')
: > "$work/bad"
if [ "${1:-}" = --fix ]; then
	for f in $files; do format -i "$f"; done
	cat "$work/bad" >&2
	exit 0
fi
for f in $files; do
	format --dry-run "$f" 2>> "$work/bad"
done
if [ -s "$work/bad" ]; then
	echo "not ok 1 - statements are laid out as style(9) says"
	sed -n 's/^/# /; 1,60p' "$work/bad"
	echo "# sh regress/lint/format.sh --fix changes what clang-format names"
else
	echo "ok 1 - statements are laid out as style(9) says"
fi
echo "1..1"
