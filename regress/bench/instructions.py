# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""How many instructions a few operations take, against what they took when
instructions.tsv was written: a tenth more is a failure.

callgrind counts them, each time the same, however busy the machine is; the
operations are done by count_marsd.c and count_scspd.c, by cores in virtual
time.  A figure is of a function, a call, with all that it calls.

    instructions.py         a test
    instructions.py -w      writes the figures anew: say in the commit why

Figures are those of one compiler.  With another one they are shown, and
nothing fails.
"""

import collections
import os
import re
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", "build")
TABLE = os.path.join(os.path.dirname(__file__), "instructions.tsv")
MORE = 1.10

# program, function, what it is
OPERATIONS = [
    ("count_marsd", "marsd_member_register", "a registration"),
    ("count_marsd", "marsd_join_message", "a join of 200 clients, told to all"),
    ("count_marsd", "marsd_request_message", "a request, ten members"),
    ("count_marsd", "marsd_csa_update", "a record learnt by marsd"),
    ("count_scspd", "scsp_record_input", "a record learnt by scspd"),
    ("count_scspd", "scsp_update_csus", "a CSUS that asks for many"),
    ("count_scspd", "scsp_update_reply", "acknowledgements of a packet"),
    ("count_scspd", "scsp_publish", "a record published"),
]


def compiler():
    cc = os.environ.get("CC", "cc")
    with open(BUILD + "/probe.mk") as f:
        for line in f:
            m = re.match(r"(CC|CFLAGS_ALL|CFLAGS)\s*=\s*(.*)", line)
            if m and m[1] == "CC":
                cc = m[2]
    return subprocess.run(cc.split() + ["--version"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.splitlines()[0]


def counted(path):
    """For each function that is called: how often, and with how many."""
    names, calls, cost = {}, collections.Counter(), collections.Counter()
    callee = times = None
    with open(path) as f:
        for line in f:
            m = re.match(r"c?fn=(\(\d+\))(?: (.*))?", line)
            if m:
                if m[2]:
                    names[m[1]] = m[2]
                if line[0] == "c":
                    callee = names[m[1]]
                continue
            m = re.match(r"calls=(\d+)", line)
            if m:
                times = int(m[1])
            elif times is not None:
                calls[callee] += times
                cost[callee] += int(line.split()[1])
                times = None
    return {n: (calls[n], cost[n]) for n in calls}


def measure(program):
    with tempfile.TemporaryDirectory() as d:
        r = subprocess.run(
            ["valgrind", "--tool=callgrind", "-q",
             "--callgrind-out-file=" + d + "/out",
             "%s/regress/bench/%s" % (BUILD, program)],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if r.returncode != 0:
            sys.exit("%s: %s" % (program, r.stderr))
        return counted(d + "/out")


def main():
    seen = {p: measure(p) for p in sorted({o[0] for o in OPERATIONS})}
    now = {}
    for program, function, _ in OPERATIONS:
        calls, cost = seen[program].get(function, (0, 0))
        if calls == 0:
            sys.exit("%s is never called" % function)
        now[function] = cost // calls
    if sys.argv[1:] == ["-w"]:
        with open(TABLE, "w") as f:
            f.write("# %s\n" % compiler())
            for function, n in now.items():
                f.write("%s\t%d\n" % (function, n))
        return 0
    with open(TABLE) as f:
        same = f.readline() == "# %s\n" % compiler()
        was = {k: int(v) for k, v in (line.split() for line in f)}
    failed = 0
    print("1..%d" % len(OPERATIONS))
    for i, (_, function, what) in enumerate(OPERATIONS, 1):
        good = now[function] <= was[function] * MORE
        text = "%s: %d instructions, %d when last written" % (
            what, now[function], was[function])
        if not same:
            text += " # SKIP by another compiler"
        elif not good:
            failed += 1
        print("%s %d - %s" % ("ok" if good or not same else "not ok", i, text))
    return failed != 0


sys.exit(main())
