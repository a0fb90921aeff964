#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Which test shows which requirement.

usage: conformance.py [-t] [BUILD]

Reads the requirements (doc/requirements.tsv), what regress/conformance.tsv
says about them, and the logs of the last regress/run.sh in BUILD (default:
build).  Lines of conformance.tsv are

        ID<TAB>test [test ...]
        ID<TAB>n/a<TAB>why nothing can be shown
        ID<TAB>differs<TAB>what we do instead, and why<TAB>test [test ...]

with a test as DIRECTORY/FILE:NAME below regress, NAME being the function
(unit/align:a_smaller_id_makes_us_master, system/two.py:reload), the word
behind the colon where that is all there is (config/run.sh:allow, of "refused:
allow"), or the number of the test.

Without -t: each requirement with its text, its state and its tests, then
coverage by section and by role; ends with 1 if an id is missing, or if a test
that is named doesn't exist, didn't run, or failed.
With -t: TAP, for regress/run.sh; here ids may be missing in roles that are
not in COMPLETE.
"""

import collections
import os
import re
import sys
import textwrap

# Roles that may not miss a single id any more.
COMPLETE = ("mars", "client", "mcs", "scsp", "dist", "admin")

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REQUIREMENTS = os.path.join(TOP, "doc", "requirements.tsv")

Requirement = collections.namedtuple("Requirement",
                                     "id rfc section role level text")
Row = collections.namedtuple("Row", "where state tests reason")


def lines(path):
    """The lines of a table, numbered: (number, fields)."""
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            line = line.rstrip("\n")
            if line and not line.startswith("#"):
                yield number, line.split("\t")


def requirements():
    """All requirements by id, in their order."""
    return {f[0]: Requirement(*f) for n, f in lines(REQUIREMENTS) if n > 1}


def table(known, faults):
    """What is said about each id; what is wrong with it goes to faults."""
    rows = {}
    order = {id: n for n, id in enumerate(known)}
    path = os.path.join(TOP, "regress", "conformance.tsv")
    name = os.path.relpath(path, TOP)
    last = -1
    for number, fields in lines(path):
        where = "%s:%d" % (name, number)
        id, rest = fields[0], fields[1:]
        if id not in known:
            faults.append((None, "%s: no requirement %s" % (where, id)))
            continue
        role = known[id].role
        if id in rows:
            faults.append((role, "%s: %s is also at %s" %
                           (where, id, rows[id].where)))
            continue
        if order[id] < last:
            faults.append((role, "%s: %s is not in order" % (where, id)))
        last = order[id]
        if rest[:1] == ["n/a"]:
            if len(rest) != 2 or not rest[1].strip():
                faults.append((role, "%s: %s: n/a has no reason" %
                               (where, id)))
            rows[id] = Row(where, "n/a", [], rest[1:])
        elif rest[:1] == ["differs"]:
            if len(rest) != 3 or not rest[1].strip():
                faults.append((role, "%s: %s: differs has no reason, "
                               "or no test" % (where, id)))
            rows[id] = Row(where, "differs", " ".join(rest[2:]).split(),
                           rest[1:2])
        elif len(rest) != 1 or not rest[0].split():
            faults.append((role, "%s: %s names no test" % (where, id)))
        else:
            rows[id] = Row(where, "shown", rest[0].split(), None)
    return rows


class Log:
    """What one file of tests said: (exists, results by name)."""

    line = re.compile(r"(not )?ok (\d+)(?: - (.*))?$")

    def __init__(self, build, file):
        self.results = {}
        path = os.path.join(build, "regress", "log",
                            file.replace("/", "-") + ".tap")
        self.exists = os.path.exists(path)
        if not self.exists:
            return
        with open(path, encoding="utf-8", errors="replace") as f:
            for text in f:
                m = self.line.match(text.rstrip("\n"))
                if m:
                    self.add(*m.groups())

    def add(self, bad, number, text):
        text, _, directive = (text or "").partition(" # ")
        result = "failed" if bad else "passed"
        if directive.upper().startswith(("SKIP", "TODO")):
            result = "was skipped"
        first, _, rest = text.partition(": ")
        names = {number, first}
        if rest and " " not in rest:
            names.add(rest)
        for name in names:
            # of several of one name the worst counts
            if self.results.get(name, "passed") == "passed":
                self.results[name] = result


def fault_of(test, build, logs):
    """Why a test doesn't count, or None."""
    file, _, name = test.rpartition(":")
    if not file or not name:
        return "is not FILE:NAME"
    source = os.path.join(TOP, "regress", file)
    if not os.path.exists(source) and not os.path.exists(source + ".c"):
        return "doesn't exist: no such file"
    if file not in logs:
        logs[file] = Log(build, file)
    if not logs[file].exists:
        return "didn't run"
    result = logs[file].results.get(name)
    if result is None:
        return "doesn't exist, or didn't run"
    return None if result == "passed" else result


def judge(known, rows, build, faults):
    """The state of each id: shown, n/a, wrong or missing.

    What is wrong with a test goes to faults, and by (id, test) comes back.
    """
    logs = {}
    state = {}
    wrong = {}
    for id, r in known.items():
        row = rows.get(id)
        if row is None:
            state[id] = "missing"
            continue
        state[id] = row.state
        for t in row.tests:
            why = fault_of(t, build, logs)
            if why is not None:
                state[id] = "wrong"
                wrong[id, t] = why
                faults.append((r.role, "%s: %s: %s %s" %
                               (row.where, id, t, why)))
    return state, wrong


def count(known, state, key):
    """[(key, Counter of states)] in the order of the requirements."""
    sums = {}
    for id, r in known.items():
        sums.setdefault(key(r), collections.Counter())[state[id]] += 1
    return sums.items()


def known_of(c):
    """Of a Counter of states: of how many all is said."""
    return c["shown"] + c["n/a"] + c["differs"]


def listing(known, rows, state, wrong):
    """Each requirement: what it says, and what shows it."""
    for id, r in known.items():
        print("%s (%s, %s): %s" % (id, r.role, r.level, state[id]))
        print(textwrap.fill(r.text, 78, initial_indent="    ",
                            subsequent_indent="    "))
        row = rows.get(id)
        if row is None:
            continue
        if row.reason is not None:
            print(textwrap.fill(row.state + ": " + " ".join(row.reason), 78,
                                initial_indent="    ",
                                subsequent_indent="        "))
        for t in row.tests:
            print("    %s: %s" % (t, wrong.get((id, t), "passed")))
    print()


def report(known, rows, state, wrong, faults):
    """For people; true if nothing is wrong."""
    listing(known, rows, state, wrong)
    head = "%-18s %6s %6s %6s %8s %6s %8s %6s" % (
        "", "rows", "shown", "n/a", "differs", "wrong", "missing", "")
    for title, key in (
            ("By section", lambda r: "%s %s" % (r.rfc, r.section)),
            ("By role", lambda r: r.role),
            ("All", lambda r: "")):
        print(title)
        print(head)
        for name, c in count(known, state, key):
            rows = sum(c.values())
            print("%-18s %6d %6d %6d %8d %6d %8d %5.0f%%" % (
                name, rows, c["shown"], c["n/a"], c["differs"], c["wrong"],
                c["missing"], 100 * known_of(c) // rows))
        print()
    missing = [id for id in known if state[id] == "missing"]
    for _, text in faults:
        print(text)
    for id in missing:
        print("%s is missing" % id)
    return not faults and not missing


def tap(known, rows, state, wrong, faults):
    """A test for each role, and one for the tables themselves."""
    tests = [("tables", [t for role, t in faults if role is None])]
    for role, c in count(known, state, lambda r: r.role):
        bad = [t for r, t in faults if r == role]
        if role in COMPLETE:
            bad += ["%s is missing" % id for id, r in known.items()
                    if r.role == role and state[id] == "missing"]
        tests.append(("%s: %d of %d" % (role, known_of(c), sum(c.values())),
                      bad))
    print("1..%d" % len(tests))
    for n, (name, bad) in enumerate(tests, 1):
        print("%sok %d - %s" % ("not " if bad else "", n, name))
        for text in bad:
            print("# " + text)
    return not any(bad for _, bad in tests)


def main(args):
    show = report
    if args[:1] == ["-t"]:
        show = tap
        args = args[1:]
    if len(args) > 1 or args and args[0].startswith("-"):
        raise SystemExit("usage: conformance.py [-t] [BUILD]")
    build = os.path.join(TOP, args[0] if args else "build")
    faults = []
    known = requirements()
    rows = table(known, faults)
    state, wrong = judge(known, rows, build, faults)
    return 0 if show(known, rows, state, wrong, faults) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
