#!/bin/sh
# What is handed out, as TAP: make dist makes the same twice, from another
# directory and in another zone of time; it is the tree, and its SBOM says so.
set -u
cd "$(dirname "$0")/../.." || exit 1
case ${BUILD:=build} in
/*) ;;
*) BUILD=$PWD/$BUILD ;;
esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0

ok() {
	name=$1
	shift
	n=$((n + 1))
	if "$@" > "$work/out" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 10 "$work/out" | sed 's/^/# /'
	fi
}

if ! git rev-parse -q --verify HEAD >/dev/null 2>&1; then
	echo "1..1"
	echo "ok 1 - dist # SKIP not a checkout"
	exit 0
fi

# dist DIR COMMAND...: in a directory of its own, with what probe.sh has found
dist() {
	mkdir "$work/$1" && cp "$BUILD/probe.mk" "$work/$1" || return 1
	to=$work/$1
	shift
	"$@" sh mk/dist.sh "$to"
}

ok "an archive, an SBOM and their sums are made" dist one
git clone -q -s . "$work/an other tree" || exit 1
elsewhere() {
	(umask 077; cd "$work/an other tree" && TZ=Asia/Tokyo "$@")
}
ok "and once more: another tree, umask and zone" dist two elsewhere
ok "both are the same" diff -r "$work/one/dist" "$work/two/dist"

tarball() {
	tar tzf "$work"/one/dist/mars-*.tar.gz | grep -v '/$' |
	    sed 's,^[^/]*/,,' | sort > "$work/in"
	git ls-tree -r --name-only HEAD | sort | diff - "$work/in"
}
ok "the archive is the tree" tarball

sums() (
	cd "$work/one/dist" && sha256sum -c SHA256 && [ "$(wc -l < SHA256)" = 2 ]
)
ok "the sums are right" sums

sbom() {
	python3 -B - "$work"/one/dist/*.spdx.json "$work/in" "$BUILD" << 'E'
import json, subprocess, sys
s = json.load(open(sys.argv[1]))
names = {f["fileName"][2:] for f in s["files"]}
assert names == set(open(sys.argv[2]).read().splitlines()), "files"
ids = {p["SPDXID"] for p in s["packages"]} | {f["SPDXID"] for f in s["files"]}
ids.add(s["SPDXID"])
for r in s["relationships"]:
    assert {r["spdxElementId"], r["relatedSpdxElement"]} <= ids, r
# what the programs load is what the SBOM names, besides the C library
known = {"event_core": "libevent_core", "crypto": "libcrypto",
         "bsd": "libbsd", "seccomp": "libseccomp", "bpf": "libbpf"}
ids = {i[len("SPDXRef-"):].replace("-", "_") for i in ids}
for program in ("mars", "marsd", "scspd", "edged", "marsctl"):
    out = subprocess.run(["readelf", "-dW", sys.argv[3] + "/" + program],
                         stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in out.splitlines():
        if "(NEEDED)" not in line:
            continue
        needed = line.split("[")[1]
        if needed.startswith(("libc.", "ld-", "libasan", "libubsan")):
            continue
        assert any(needed.startswith(known[i]) for i in ids if i in known), \
            program + ": " + needed
E
}
ok "the SBOM has each file, and each library that is loaded" sbom
echo "1..$n"
