#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Does each fuzz target notice a fault that it is there to notice?  As TAP.

usage: mutants.py [-s seconds] [TARGET ...]     make fuzz-mutants

The faults are those of regress/fuzz/mutants, at least one for each target.  A
copy of the tree is built; one after the other is put into it, its target is
built, given what the tree keeps, and let look for so many seconds (20).  It
has to fail, and to say what stands there.  -t prints them as the table of
doc/fuzzing.md.
"""

import getopt
import os
import re
import shutil
import subprocess
import sys
import tempfile

TREE = os.path.abspath(os.path.dirname(__file__) + "/../..")
FAULTS = "regress/fuzz/mutants"
PROBE = {"CC": "clang", "SANITIZE": "fuzzer-no-link,address,undefined",
         "CFLAGS": "-O0", "CPPFLAGS": "", "LDFLAGS": "", "AR": "ar",
         "YACC": "yacc", "PKG_CONFIG": "pkg-config",
         "LIBEXECDIR": "/usr/local/libexec/mars"}


class Fault:
    def __init__(self, text):
        self.old = self.new = self.says = ""
        for line in text.splitlines():
            kind, rest = line[0], line[1:]
            if kind == "-":
                self.old += rest + "\n"
            elif kind == "+":
                self.new += rest + "\n"
            elif kind == "!":
                self.says = rest
            else:
                self.target, self.file = line.split()

    def text(self):
        with open(os.path.join(TREE, self.file), encoding="utf-8") as f:
            text = f.read()
        if text.count(self.old) != 1:
            sys.exit("%s: %s: not there once:\n%s" % (FAULTS, self.file,
                                                      self.old))
        return text

    def apply(self, tree):
        text = self.text()
        with open(os.path.join(tree, self.file), "w", encoding="utf-8") as f:
            f.write(text.replace(self.old, self.new))

    def take_away(self, tree):
        shutil.copyfile(os.path.join(TREE, self.file),
                        os.path.join(tree, self.file))


def faults():
    with open(os.path.join(TREE, FAULTS), encoding="utf-8") as f:
        blocks = f.read().split("\n\n")
    return [Fault(b) for b in blocks if not b.startswith("#")]


def table(all_faults):
    print("| target | fault | what it says |\n| --- | --- | --- |")
    for f in all_faults:
        print("| %s | %s: `%s` becomes `%s` | `%s` |" % tuple(
            [f.target, f.file] + [" ".join(t.split()).replace("|", "\\|")
                                  for t in (f.old, f.new, f.says)]))


def has_libfuzzer(work):
    name = work + "/t.c"
    with open(name, "w", encoding="ascii") as f:
        f.write("int LLVMFuzzerTestOneInput(const unsigned char *p, unsigned "
                "long n);\nint LLVMFuzzerTestOneInput(const unsigned char *p,"
                " unsigned long n)\n{ return p == 0 && n == 1; }\n")
    if shutil.which("clang") is None:
        return False
    return subprocess.run(
        ["clang", "-fsanitize=fuzzer,address,undefined", "-o", work + "/t",
         name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=False).returncode == 0


def build(tree, targets):
    """What went wrong, or None."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    env.update(PROBE)
    steps = [["sh", "mk/probe.sh", "build"],
             ["make", "-s", "-r", "-C", "build/obj", "-f", "../probe.mk",
              "-j%d" % (os.cpu_count() or 1),
              "LIBEXECDIR=" + PROBE["LIBEXECDIR"],
              *("regress/fuzz/" + t for t in targets)]]
    for step in steps:
        r = subprocess.run(step, cwd=tree, env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, check=False)
        if r.returncode != 0:
            return r.stdout
    return None


def notices(tree, fault, seconds):
    """What it said of the fault; what it did not say."""
    out = build(tree, [fault.target])
    if out is not None:
        return None, out
    r = subprocess.run(
        [sys.executable, "-B", "regress/fuzz/run.py", "-s", str(seconds),
         "build", fault.target], cwd=tree, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", check=False)
    m = re.search(fault.says, r.stdout)
    return (m.group(0) if r.returncode != 0 and m else None), r.stdout


def main():
    try:
        options, names = getopt.getopt(sys.argv[1:], "s:t")
    except getopt.GetoptError as e:
        sys.exit("mutants.py: %s" % e)
    options = dict(options)
    every = faults()
    for f in every:
        f.text()    # it fits the tree as it is now
    chosen = [f for f in every if not names or f.target in names]
    if "-t" in options:
        return table(chosen)
    if names and {f.target for f in chosen} != set(names):
        sys.exit("mutants.py: no such target")
    work = tempfile.mkdtemp(prefix="mars-mutants-")
    try:
        if not has_libfuzzer(work):
            print("ok 1 - faults are noticed # SKIP no clang with libFuzzer\n"
                  "1..1")
            return 0
        tree = work + "/tree"
        subprocess.run(["git", "-C", TREE, "ls-files", "-z"], check=True,
                       stdout=open(work + "/files", "wb"))
        os.mkdir(tree)
        subprocess.run(["xargs", "-0", "-a", work + "/files", "cp",
                        "--parents", "-t", tree], cwd=TREE, check=True)
        return run(tree, chosen, int(options.get("-s", "20")))
    finally:
        shutil.rmtree(work)


def run(tree, chosen, seconds):
    print("1..%d" % len(chosen))
    out = build(tree, sorted({f.target for f in chosen}))
    bad = 0
    for n, fault in enumerate(chosen, 1):
        said = None
        if out is None:
            fault.apply(tree)
            said, text = notices(tree, fault, seconds)
            fault.take_away(tree)
        else:
            text = out
        bad += said is None
        print("%sok %d - %s: a fault in %s is noticed%s" %
              ("not " if said is None else "", n, fault.target, fault.file,
               "" if said is None else ": " + said), flush=True)
        if said is None:
            for line in text.splitlines()[-40:]:
                print("# " + line)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
