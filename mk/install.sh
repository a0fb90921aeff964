#!/bin/sh
# install.sh program|text DIR FILE...	puts the files below $DESTDIR
# install.sh remove DIR FILE...		takes them away
# A manual goes to its section's directory in DIR, and a completion for bash is
# named as its command is.  A text names the paths of an installation below
# /usr/local, and is installed with the real ones.
# In: DESTDIR, SBINDIR, BINDIR, LIBEXECDIR, EXAMPLESDIR.
set -eu
umask 022		# whatever root's is, everyone reads what is installed
kind=$1 dir=$2
shift 2

# quoted TEXT: it, as the right side of sed's s,,,
quoted() {
	printf '%s\n' "$1" | sed 's/[\\,&]/\\&/g'
}

# real FILE: it, with the paths of this installation
real() {
	sed -e "s,/usr/local/sbin,$(quoted "$SBINDIR"),g" \
	    -e "s,/usr/local/bin,$(quoted "$BINDIR"),g" \
	    -e "s,/usr/local/libexec/mars,$(quoted "$LIBEXECDIR"),g" \
	    -e "s,/usr/local/share/examples/mars,$(quoted "$EXAMPLESDIR"),g" \
	    "$1"
}

for file; do
	to=$DESTDIR$dir
	case $file in
	*.[1-8]) to=$to/man${file##*.} ;;
	esac
	target=$to/${file##*/}
	target=${target%.bash}
	if [ "$kind" = remove ]; then
		rm -f "$target"
		continue
	fi
	mkdir -p "$to"
	# written aside and renamed: what runs keeps the file that it has
	if [ "$kind" = program ]; then
		cp "$file" "$target.new"
		chmod 755 "$target.new"
	else
		real "$file" > "$target.new"
		chmod 644 "$target.new"
	fi
	mv -f "$target.new" "$target"
done
# our own directories go with the last file in them
case $kind$dir in
remove*/mars) rmdir "$DESTDIR$dir" 2>/dev/null || : ;;
esac
