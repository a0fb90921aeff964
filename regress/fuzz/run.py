#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Runs the fuzz targets of a build, as TAP.

usage: run.py [-s seconds] [-l log] [-r seed] BUILD [TARGET ...]

Each target is given what the tree keeps for it, regress/fuzz/corpus/NAME, and
what was found here before, BUILD/regress/fuzz/found/NAME.  With libFuzzer it
then looks for more; -s says for how many seconds in all, which the targets
share; 0 is only what is kept.  Without libFuzzer nothing more can be done.
-r: chance is thrown with that seed: two runs of one tree look at the same.

-l: appends to that file what was done, a line for each target: date, commit,
target, seconds of the processor, executions, edges covered; and prints the
sums of all lines.  An input that fails is left in BUILD/regress/fuzz.
"""

import getopt
import os
import re
import resource
import subprocess
import sys
import time

KEPT = "regress/fuzz/corpus"
# those whose inputs are long stories have more of the time
HEAVY = {"edge": 3, "marsc": 3, "marsd": 3, "nvc": 2, "scsp": 3, "service": 2,
         "world": 4}
# what other tests have kept is good for a start, too
ALSO = {"conf": ["regress/config", "etc"]}
PATIENCE = 240      # s more than it was told to take
LARGEST = 4096      # octets of an input


def commit():
    return subprocess.run(["git", "rev-parse", "--short=8", "HEAD"],
                          stdout=subprocess.PIPE, check=False,
                          text=True).stdout.strip() or "-"


def libfuzzer(program):
    """Was it linked with libFuzzer?"""
    with open(program, "rb") as f:
        return b"max_total_time" in f.read()


def vectors(name, found):
    """The octets of regress/decode, as inputs."""
    out = subprocess.run([sys.executable, "-B", "vectors.py"], check=True,
                         cwd="regress/decode", stdout=subprocess.PIPE,
                         text=True).stdout
    for line in out.splitlines():
        kind, title, octets = line.split()
        if kind == name:
            with open(os.path.join(found, title), "wb") as f:
                # targets/csa: the first octet says that it is a record
                f.write((b"\0" if kind == "csa" else b"") +
                        bytes.fromhex(octets))


def processor():
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return u.ru_utime + u.ru_stime


def run(build, name, seconds, seed):
    """What came of it: well or not, executions, edges, seconds, output."""
    here = os.path.join(build, "regress/fuzz")
    program = os.path.join(here, name)
    found = os.path.join(here, "found", name)
    kept = os.path.join(KEPT, name)
    os.makedirs(found, exist_ok=True)
    vectors(name, found)
    command = [program]
    if libfuzzer(program):
        command += ["-max_len=%d" % LARGEST, "-timeout=20", "-len_control=10",
                    "-rss_limit_mb=2500", "-print_final_stats=1",
                    "-artifact_prefix=%s/%s-" % (here, name),
                    "-seed=%d" % seed]
        # with no time only what is there is run
        command += (["-max_total_time=%d" % seconds] if seconds else
                    ["-runs=0"])
    before = processor()
    try:
        r = subprocess.run(
            command + [d for d in [found, kept] + ALSO.get(name, [])
                       if os.path.isdir(d)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=seconds + PATIENCE, check=False)
        out, status = r.stdout.decode(errors="replace"), r.returncode
    except subprocess.TimeoutExpired as e:
        out, status = (e.stdout or b"").decode(errors="replace"), "timeout"
    count = re.findall(r"number_of_executed_units: (\d+)|^(\d+) inputs", out,
                       re.M)
    # who has not come to its end has said how far it was
    count = count or [(n, "") for n in re.findall(r"^#(\d+)", out, re.M)]
    edges = re.findall(r"cov: (\d+)", out)
    return {"ok": status == 0, "status": status, "out": out,
            "executions": int("".join(count[-1])) if count else 0,
            "edges": int(edges[-1]) if edges else 0,
            "seconds": processor() - before}


def table(log):
    """The sums of all sessions."""
    sums = {}
    with open(log, encoding="ascii") as f:
        for line in f:
            if line.startswith("#"):
                continue
            _, _, name, seconds, executions, edges = line.split("\t")
            s = sums.setdefault(name, [0.0, 0, 0])
            s[0] += float(seconds)
            s[1] += int(executions)
            s[2] = int(edges)
    print("# %-10s %10s %14s %8s" % ("target", "hours", "executions",
                                     "edges"))
    for name in sorted(sums):
        print("# %-10s %10.2f %14d %8d" % (name, sums[name][0] / 3600,
                                           sums[name][1], sums[name][2]))
    print("# %-10s %10.2f %14d" % ("all", sum(s[0] for s in sums.values()) /
                                   3600, sum(s[1] for s in sums.values())))


def main():
    try:
        options, args = getopt.getopt(sys.argv[1:], "l:r:s:")
    except getopt.GetoptError as e:
        sys.exit("run.py: %s" % e)
    options = dict(options)
    if not args:
        sys.exit("usage: run.py [-s seconds] [-l log] [-r seed] BUILD "
                 "[TARGET ...]")
    build, names = args[0], args[1:]
    if not names:
        with open(os.path.join(build, "regress/fuzz/targets"),
                  encoding="ascii") as f:
            names = f.read().split()
    seconds = int(options.get("-s", "0"))
    if not libfuzzer(os.path.join(build, "regress/fuzz", names[0])):
        print("# no libFuzzer (clang with its runtime library): what is kept "
              "is run, and nothing is looked for")
        seconds = 0
    shares = sum(HEAVY.get(name, 1) for name in names)
    print("1..%d" % len(names))
    bad = 0
    for n, name in enumerate(names, 1):
        r = run(build, name, seconds * HEAVY.get(name, 1) // shares,
                int(options.get("-r", "0")))
        bad += not r["ok"]
        print("%sok %d - %s: %d executions, %d edges, %.1f s" %
              ("" if r["ok"] else "not ", n, name, r["executions"],
               r["edges"], r["seconds"]), flush=True)
        if not r["ok"]:
            print("# ended with %s" % r["status"])
            for line in r["out"].splitlines()[-60:]:
                print("# " + line)
        if "-l" in options:
            with open(options["-l"], "a", encoding="ascii") as f:
                f.write("%s\t%s\t%s\t%.0f\t%d\t%d\n" %
                        (time.strftime("%Y-%m-%d"), commit(), name,
                         r["seconds"], r["executions"], r["edges"]))
    if "-l" in options:
        table(options["-l"])
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
