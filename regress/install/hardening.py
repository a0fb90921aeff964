#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The hardening of the programs, read from their binaries, as TAP.

A program that is built with none of it comes first: what is looked for is not
there.  What a compiler or a machine does not have (mk/probe.sh asks) is not
asked for.
"""

import os
import re
import subprocess
import sys
import tempfile

PROGRAMS = ("mars", "marsd", "scspd", "edged", "marsctl", "marsc")


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True,
                          stderr=subprocess.DEVNULL, text=True,
                          env=dict(os.environ, LC_ALL="C")).stdout


class Binary:
    def __init__(self, path):
        self.head = output("readelf", "-hW", path)
        self.segments = output("readelf", "-lW", path)
        self.dynamic = output("readelf", "-dW", path)
        self.symbols = output("readelf", "--dyn-syms", "-W", path)
        self.path = path

    def code(self):
        return output("objdump", "-d", "--no-show-raw-insn", self.path)


def segment(b, name):
    return re.search(r"^ *%s .*" % name, b.segments, re.M)


def is_pie(b):
    return "Type:" in b.head and "DYN" in b.head and "PIE" in b.dynamic


def is_relro(b):
    return segment(b, "GNU_RELRO") is not None


def is_bound(b):
    """No address of a function is looked up, and so written, later."""
    return re.search(r"BIND_NOW|FLAGS_1.*\bNOW\b", b.dynamic) is not None


def stack_not_executable(b):
    s = segment(b, "GNU_STACK")
    return s is not None and " RW " in s.group(0)


def nothing_written_and_run(b):
    return not re.search(r"^ *LOAD .* RWE ", b.segments, re.M)


def has_canaries(b):
    return "__stack_chk_fail" in b.symbols


def is_fortified(b):
    return re.search(r" __(?!stack)\w+_chk\b", b.symbols) is not None


def names_no_directory(b):
    return not re.search(r"\((RPATH|RUNPATH|TEXTREL)\)", b.dynamic)


def checks_jumps(b):
    """-fcf-protection: indirect calls land on endbr64."""
    return b.code().count("endbr64") > 100


def probes_stack(b):
    """-fstack-clash-protection: a large frame is touched page by page."""
    return re.search(r"\b(or[lq]|mov\w*|test\w*) +\$0x0,(0x\w+)?\(%rsp\)|"
                     r"sub +\$0x1000,%rsp", b.code()) is not None


# what is looked for, and the flag that it takes, if any
LOOKED_FOR = (
    ("position independent", is_pie, "-pie"),
    ("RELRO", is_relro, "-Wl,-z,relro"),
    ("BIND_NOW", is_bound, "-Wl,-z,now"),
    ("stack is not executable", stack_not_executable, "-Wl,-z,noexecstack"),
    ("nothing is written and executed", nothing_written_and_run, None),
    ("stack canaries", has_canaries, "-fstack-protector-strong"),
    ("_FORTIFY_SOURCE", is_fortified, "-D_FORTIFY_SOURCE"),
    ("no search path, no text relocation", names_no_directory, None),
    ("control flow is checked", checks_jumps, "-fcf-protection=full"),
    ("stack clash is found", probes_stack, "-fstack-clash-protection"),
)

# A program that has a frame of 64 kB and jumps around, without anything.
BARE = """#include <stdio.h>
#include <string.h>
int main(int n, char **v) { char b[65536]; (void)n;
strcpy(b, v[0]); return puts(b); }
"""
BARE_FLAGS = ("-O1", "-no-pie", "-fno-pie", "-fno-stack-protector",
              "-fcf-protection=none", "-fno-stack-clash-protection",
              "-U_FORTIFY_SOURCE", "-Wl,-z,norelro", "-Wl,-z,lazy",
              "-Wl,-z,execstack", "-Wl,-rpath,/nowhere")


def bare(cc, work):
    source, program = os.path.join(work, "t.c"), os.path.join(work, "t")
    with open(source, "w", encoding="ascii") as f:
        f.write(BARE)
    subprocess.run(cc.split() + list(BARE_FLAGS) + ["-o", program, source],
                   check=True, stderr=subprocess.DEVNULL)
    return Binary(program)


def strongest_fortify(cc, work):
    """3 where the compiler and the C library have it."""
    source = os.path.join(work, "f.c")
    with open(source, "w", encoding="ascii") as f:
        f.write("#include <stdio.h>\nint main(void) { return 0; }\n")
    known = subprocess.run(
        cc.split() + ["-O2", "-Werror", "-U_FORTIFY_SOURCE",
                      "-D_FORTIFY_SOURCE=3", "-o", source[:-2], source],
        check=False, stderr=subprocess.DEVNULL)
    return "3" if known.returncode == 0 else "2"


def main():
    build = os.environ.get("BUILD", "build")
    with open(os.path.join(build, "probe.mk"), encoding="utf-8") as f:
        probe = f.read()
    flags = " ".join(re.findall(r"^(?:CFLAGS_ALL|LINK)=(.*)$", probe, re.M))
    cc = re.search(r"^CC=(.*)$", probe, re.M).group(1)
    if "-fsanitize=" in flags:
        print("1..1\nok 1 - hardening # SKIP a sanitizer's build")
        return 0
    looked = [(name, has) for name, has, flag in LOOKED_FOR
              if flag is None or flag in flags]
    print("1..%d" % (len(PROGRAMS) + 2))
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        none = bare(cc, work)
        # all but that nothing is written and executed, which it may be
        found = [name for name, has in looked if has(none) and
                 has != nothing_written_and_run]
        bad += bool(found)
        print("%sok 1 - a program without hardening is found out" %
              ("not " if found else ""))
        for name in found:
            print("# seems to have: " + name)
        level = strongest_fortify(cc, work)
        ok = "-D_FORTIFY_SOURCE=" + level in flags
        bad += not ok
        print("%sok 2 - _FORTIFY_SOURCE is %s, the strongest that there is" %
              ("" if ok else "not ", level))
    for n, program in enumerate(PROGRAMS, 3):
        b = Binary(os.path.join(build, program))
        missing = [name for name, has in looked if not has(b)]
        bad += bool(missing)
        print("%sok %d - %s has all %d of it" %
              ("not " if missing else "", n, program, len(looked)))
        for name in missing:
            print("# lacks: " + name)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
