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

if ! ctags --version 2>/dev/null | grep -q Universal ||
    ! command -v clang-format >/dev/null; then
	echo "ok 1 - statements are laid out as style(9) says" \
	    "# SKIP no Universal Ctags, or no clang-format"
	echo "1..1"
	exit 0
fi

cat > "$work/ranges.awk" <<'A'
# First "start end" of each function, then the file.  To stdout goes which
# lines clang-format is asked about; to the file BAD, which lines go on by
# other than four blanks; to the file FIXED, the file with that put right.
FILENAME == ARGV[1] {
	from[++n] = $1
	to[n] = $2
	next
}
{
	line[++lines] = $0
}
# Does line k go on with what the line before it began?
function goes_on(k, first) {
	return line[k] ~ /^\t*( +[^ *]|  +\*)/ || k > first && !other[k - 1] &&
	    line[k - 1] ~ /([,&|+?(=<>%^"]|[^*]\/|[^:]-|[^\/]\*| :)$/
}
# Which lines of this body are not asked about?
function mark(first, last,	k, s, indent, macro, table) {
	for (k = first; k <= last; k++) {
		s = line[k]
		# a comment beside code; strings side by side; a macro
		if (s ~ /[^ \t].*\/\*/ || s ~ /" "/ || s ~ /^#/ || macro)
			skip[k] = 1
		other[k] = macro || table || s ~ /^#/
		macro = s ~ /\\$/
		# a table, or members
		if (s ~ /= \{/ && s !~ /;/ ||
		    s ~ /^\t*(static )?(const )?(struct|union|enum)( [a-z_]+)? \{/)
			table = 1
		if (table)
			skip[k] = 1
		if (s ~ /\}.*;$/)
			table = 0
		if (other[k] || s ~ /^[ \t]*\*/ && s !~ /^\t*  /)
			continue
		if (!goes_on(k, first)) {
			match(s, /^\t*/)
			indent = substr(s, 1, RLENGTH) "    "
			continue
		}
		skip[k] = skip[k - 1] = 1
		sub(/^[ \t]*/, indent, line[k])
		if (line[k] != s)
			print FILENAME ":" k ": " s > BAD
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
	for (k = 1; k <= lines; k++)
		print line[k] > FIXED
}
A

# look FILE: into $work/lines, $work/goes and $work/fixed
look() {
	ctags -f - --languages=C --language-force=C --kinds-C=f \
	    --fields=+ne --sort=no "$1" 2>/dev/null |
	    sed -n 's/.*line:\([0-9]*\).*end:\([0-9]*\).*/\1 \2/p' \
	    > "$work/bodies"
	: > "$work/goes"
	awk -v BAD="$work/goes" -v FIXED="$work/fixed" -f "$work/ranges.awk" \
	    "$work/bodies" "$1" > "$work/lines"
}

# format HOW FILE: clang-format, so, with what it is asked of the file
format() {
	[ ! -s "$work/lines" ] ||
	    xargs clang-format --style=file "$1" "$2" < "$work/lines"
}

files=$(git ls-files '*.c')
if [ "${1:-}" = --fix ]; then
	for f in $files; do
		look "$f"
		[ ! -s "$work/goes" ] || cat "$work/fixed" > "$f"
		format -i "$f"
	done
	exit 0
fi
: > "$work/bad"
for f in $files; do
	look "$f"
	cat "$work/goes" >> "$work/bad"
	format --dry-run "$f" 2>> "$work/bad"
done
if [ -s "$work/bad" ]; then
	echo "not ok 1 - statements are laid out as style(9) says"
	sed -n 's/^/# /; 1,100p' "$work/bad"
	echo "# sh regress/lint/format.sh --fix puts it right"
else
	echo "ok 1 - statements are laid out as style(9) says"
fi
echo "1..1"
