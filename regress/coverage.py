#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Which lines of the protocol modules the unit tests and the corpora of the
fuzz targets run, by file; and the lines that none of them does.

usage: coverage.py BUILD            make coverage

BUILD is built with --coverage by gcc, as tests and fuzz-targets.  All are run
here.  Fails below 95 of 100 lines.  The protocol modules are those that
regress/lint/tree.sh keeps pure: no shell, which takes processes to run.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile

GOAL = 95.0
ROOMS = ("common/codec", "common/core", "common/vc", "marsd", "scspd", "marsc",
         "edged")
# shells, and backends that take a socket or an ATM stack
NOT = {"common/vc/vc_udp", "common/vc/vc_svc", "common/vc/vc_pvc",
       "common/vc/vc_atm", "common/vc/vc_party", "common/vc/vc_port",
       "common/vc/atm", "common/vc/atm_linux", "marsd/marsd",
       "marsd/control", "marsd/latency", "scspd/scspd", "scspd/control",
       "edged/edged", "edged/configure", "edged/control", "edged/key",
       "edged/lanio_linux"}


def run_all(build):
    env = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="TAP", BUILD=build)
    with open(os.path.join(build, "regress/tests"), encoding="ascii") as f:
        for test in sorted(f.read().split()):
            r = subprocess.run([os.path.join(build, "regress/unit", test)],
                               env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, check=False)
            if r.returncode != 0:
                print("# unit/%s ended with %d" % (test, r.returncode))
    subprocess.run([sys.executable, "-B", "regress/fuzz/run.py", build],
                   stdout=subprocess.DEVNULL, check=False)


def lines_of(build, source):
    """{line: run} of a source, from its object's notes."""
    notes = os.path.abspath(os.path.join(build, "obj", source + ".gcno"))
    found = {}
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["gcov", "--json-format", notes], cwd=work, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in os.listdir(work):
            with gzip.open(os.path.join(work, name)) as f:
                for part in json.load(f)["files"]:
                    if part["file"] != source + ".c":
                        continue
                    for line in part["lines"]:
                        n = line["line_number"]
                        found[n] = found.get(n, False) or line["count"] > 0
    return found


def ranges(numbers):
    """1-3, 7"""
    out = []
    for n in numbers:
        if out and n <= out[-1][1] + 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join("%d" % a if a == b else "%d-%d" % (a, b) for a, b in out)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: coverage.py BUILD")
    build = sys.argv[1]
    run_all(build)
    total = run = 0
    left = []
    for room in ROOMS:
        for name in sorted(os.listdir(os.path.join(build, "obj", room))):
            source = os.path.join(room, name[:-5])
            if not name.endswith(".gcno") or source in NOT:
                continue
            found = lines_of(build, source)
            if not found:
                continue
            hit = sum(found.values())
            total += len(found)
            run += hit
            print("%5.1f %6d %s.c" % (100 * hit / len(found), len(found),
                                      source))
            missed = sorted(n for n, yes in found.items() if not yes)
            if missed:
                left.append("%s.c: %s" % (source, ranges(missed)))
    print("\nnot run:")
    for line in left:
        print("  " + line)
    print("\n%.1f of 100 lines of the protocol modules are run, %d of %d" %
          (100 * run / total, run, total))
    return 0 if 100 * run / total >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
