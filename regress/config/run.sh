#!/bin/sh
# mars.conf(5) against its documentation, with BUILD/mars, as TAP:
# NAME.in with NAME.err is refused with exactly these lines, NAME.in with
# NAME.ok is accepted and printed by -nv as NAME.ok, and what -nv prints is
# accepted and printed as the same.  The shipped examples are accepted.
set -u
umask 022
cd "$(dirname "$0")/../.." || exit 1
case ${BUILD:=build} in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac
mars=$BUILD/mars
tree=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# modes are part of what is tested, and git knows nothing of them
cp regress/config/*.in regress/config/*.err regress/config/*.ok \
    regress/config/*.conf "$work"
cd "$work" || exit 1
chmod 644 ./*
echo a-good-key-of-64-characters-that-is-long-enough-for-hmac-sha-512 > good.key
cp good.key readable.key
: > empty.key
echo 0x123 > odd.key
printf 'one\ntwo\n' > lines.key
echo 'a-good-key-that-ends-with-a-blank ' > blank.key
echo 'short' > short.key
echo 0x00112233445566778899aabbccddeeff > hex.key
chmod 600 ./*.key
chmod 644 readable.key
mkdir directory
echo 'x = 1' > writable.conf
chmod 666 writable.conf

n=0 failed=0
# result NAME STATUS: one line of TAP
result() {
	n=$((n + 1))
	if [ "$2" -eq 0 ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		failed=1
	fi
}

# refused NAME
refused() {
	"$mars" -n -f "$1.in" > "$1.out" 2> "$1.got"
	[ $? -eq 1 ] && [ ! -s "$1.out" ] && diff "$1.err" "$1.got" >&2
}

# printed NAME OPTION...: -nv of NAME.in is NAME.ok, and -nv of that again
printed() {
	name=$1
	shift
	"$mars" -nv "$@" -f "$name.in" > "$name.out" &&
	    diff "$name.ok" "$name.out" >&2 &&
	    "$mars" -nv -f "$name.out" > "$name.again" &&
	    diff "$name.out" "$name.again" >&2
}

# example FILE: accepted, and what is printed is accepted as the same
example() {
	sed "s,/etc/mars/,$work/,g" "$tree/$1" > example.in
	"$mars" -n -D dir="$work" -f example.in 2> example.got &&
	    [ "$(grep -v "there is no user" example.got)" = \
	    "configuration OK" ] &&
	    "$mars" -nv -D dir="$work" -f example.in > example.out &&
	    "$mars" -nv -f example.out > example.again &&
	    diff example.out example.again >&2
}

for f in *.err; do
	refused "${f%.err}"
	result "refused: ${f%.err}" $?
done
for f in *.ok; do
	printed "${f%.ok}" -D lo=127.0.0.1
	result "printed: ${f%.ok}" $?
done
cp good.key 257.key
cp good.key demo.key
for f in etc/mars.conf etc/demo/a.conf etc/demo/b.conf; do
	example "$f"
	result "example: $f" $?
done

# those of the manual, one file each
awk -v dir="$work" '/^\.Ed/ { f = "" } f != "" { print > f }
    /^\.Bd -literal/ { f = dir "/manual-" ++n ".conf" }' \
    "$tree/parent/mars.conf.5"
[ -s manual-3.conf ] || result "examples of mars.conf(5) are found" 1
for f in manual-*.conf; do
	chmod 644 "$f"
	tree=$work example "$f"
	result "example: $f" $?
done

# no secret in what is printed
"$mars" -nv -D lo=127.0.0.1 -f all.in | grep -qi 'a-good-key\|00112233'
[ $? -eq 1 ]
result "-nv leaves the keys out" $?

# a macro of the command line is stronger than one of the file
# shellcheck disable=SC2016 # mars.conf's own variable
printf 'a = "127.0.0.9"\nlisten on udp $a\ncluster "c" { protocol ipv4 }\n' \
    > macro.conf
"$mars" -nv -D a=127.0.0.8 -f macro.conf | grep -q '^listen on udp 127.0.0.8$'
result "-D wins" $?

# remarks, which refuse nothing: a weak key, an expired one, a user's home
printf 'listen on udp 127.0.0.1\ncluster "c" { protocol ipv4\n' > start.conf
{
	cat start.conf
	echo 'neighbor 127.0.0.2 { key 1 } }'
	echo 'key 1 { file "short.key", valid from 2001-01-01 until 2002-01-01 }'
} > weak.conf
"$mars" -n -f weak.conf 2> weak.got &&
    grep -q '^mars: weak.conf:4: key 1 has 5 octets, and hmac-sha256 is good for 32' weak.got &&
    grep -q '^mars: weak.conf:3: neighbor 127.0.0.2%1: every key has' weak.got
result "-n says what is weak" $?
{
	cat start.conf
	echo '}'
	printf 'listen on atm-pvc "0.0.99" peer "47.%036d.00" %s\n' 2 \
	    "$(printf 'address "47.%036d.00"' 1)"
} > unused.conf
"$mars" -n -f unused.conf 2>&1 | grep -q \
    '^mars: unused.conf:4: listen on atm-pvc .*: nobody uses this circuit: '
result "-n says that a permanent circuit is nobody's" $?
{
	echo 'user marsd "nobody-of-this-name"'
	cat start.conf
	echo '}'
} > users.conf
"$mars" -n -f users.conf 2>&1 |
    grep -q '^mars: there is no user nobody-of-this-name for marsd'
result "-n says that there is no user" $?
if home=$(getent passwd daemon | cut -d: -f6) && [ -d "$home" ] &&
    [ -n "$(ls "$home")" ]; then
	sed 's/nobody-of-this-name/daemon/' users.conf > home.conf
	"$mars" -n -f home.conf 2>&1 | grep -q "^mars: $home, the home of user"
	result "-n says what is wrong with a home" $?
fi

# what can't be printed is not said to be done
if [ -c /dev/full ]; then
	"$mars" -nv -f users.conf > /dev/full 2>&1
	[ $? -eq 1 ]
	result "-nv to a full disk fails" $?
	"$mars" -V > /dev/full 2>&1
	[ $? -eq 1 ]
	result "-V to a full disk fails" $?
	"$BUILD/marsctl" -V > /dev/full 2>&1
	[ $? -eq 1 ]
	result "marsctl -V to a full disk fails" $?
fi

# in time that is proportional to the file: 10,000 statements of each kind
many() {
	awk -v kind="$1" 'BEGIN {
		print "server-id 192.0.2.1"
		print "listen on udp 127.0.0.1"
		print "key 1 { file \"good.key\" }"
		if (kind != "cluster")
			print "cluster \"c\" { protocol ipv4"
		for (i = 0; i < 10000; i++) {
			a = "10.0." int(i / 256) "." i % 256
			if (kind == "allow")
				print "allow from " a
			if (kind == "neighbor")
				print "neighbor " a " { key 1 }"
			if (kind == "protocol")
				printf "protocol 0x%x\n", 4096 + i
			if (kind == "backup")
				print "backup " a
		}
		if (kind != "cluster")
			print "}"
		for (i = 0; i < 10000; i++) {
			if (kind == "key")
				print "key " i + 2 " { file \"good.key\" }"
			if (kind == "macro")
				print "m" i " = \"value\""
			if (kind == "include")
				print "include \"empty.conf\""
			if (kind == "group")
				print "server-group " i + 1 " protocol-id 5 {" \
				    " neighbor 10.0.0.1 { key 1 } }"
		}
		for (i = 0; kind == "cluster" && i < 2500; i++) {
			a = "10.0." int(i / 256) "." i % 256
			print "listen on udp " a
			print "cluster \"c" i "\" { protocol ipv4, address " a \
			    ", server-group " i + 1 ", cmi " i * 10 + 1 " - " \
			    i * 10 + 10 " }"
		}
	}'
}
: > empty.conf
chmod 644 empty.conf
for kind in allow neighbor protocol backup key macro include group cluster; do
	many $kind > many.conf
	timeout 5 "$mars" -n -f many.conf 2> many.got &&
	    tail -n 1 many.got | grep -q '^configuration OK$'
	result "10,000 statements: $kind" $?
done
# two that include one another twice do not multiply
printf 'include "two.conf"\ninclude "two.conf"\n' > one.conf
printf 'include "one.conf"\ninclude "one.conf"\n' > two.conf
timeout 5 "$mars" -n -f one.conf 2> two.got
[ $? -eq 1 ] && [ "$(wc -l < two.got)" -le 101 ]
result "includes that include one another" $?
# not more lines than anybody reads
"$mars" -n -f many-errors.in 2> many.got
[ $? -eq 1 ] && [ "$(wc -l < many.got)" -eq 101 ] &&
    tail -n 1 many.got | grep -q 'more errors'
result "errors are listed up to 100" $?

# who else may write the file decides what root does
chmod 664 macro.conf
[ "$("$mars" -n -f macro.conf 2>&1)" = \
    "mars: macro.conf:1: macro.conf can be written by others: chmod go-w it" ]
result "refused: a file that the group can write" $?
[ "$("$mars" -n -f nowhere.conf 2>&1)" = "mars: nowhere.conf:1: can't open \
nowhere.conf: No such file or directory" ]
result "refused: no file" $?

echo "1..$n"
exit $failed
