#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What the tree cites is in doc/, and doc/architecture.md names every file.

usage: doc.py

Prints TAP.  Cited, in any file of the tree, are

    A-nn, D1 to D9      decisions of doc/decisions.md
    R2022-4.3-01, -02   requirements of doc/requirements.tsv; what follows a
                        comma, "to" or "and" is in the same section
    nvc.md rule 5       rules of doc/nvc.md; in files called nvc* it is
                        enough to say rule 5
    doc/..., *.md       files of doc/

In architecture.md a heading "### marsd/" begins the list of a directory, of
lines like "* cmi.c, cmi.h: what they hold".  These lists and the tree have
to be the same for C and yacc sources, manual pages and everything in doc/.

MARS_VERSION is defined once, and CHANGES begins with that version.
"""

import os
import re
import subprocess
import sys

LIMIT = 20      # lines that are printed of what is wrong

DECISION = re.compile(r"(?<![\w-])(A-\d+|D[1-9]\d?)(?!\w)")
REQUIREMENT = re.compile(
    r"(?<![\w-])(R(?:2022|2334|2443)-[0-9A-Z.]+)-(\d+)"
    r"((?:(?:,|\s+to|\s+and)[\s*#]*-\d+)*)(?!\d)")
RULE = r"\b[Rr]ules?\s+(\d+(?:(?:,|\s+and|\s+to)\s+\d+)*)"
NVC_RULE = re.compile(r"(?:\bnvc\.md|\bNVC)[^\n.;:]{0,24}?" + RULE)
FILE = re.compile(r"(?<![\w./~-])((?:[\w.-]+/)*)([\w-]+\.md)\b"
                  r"|(?<![\w./~-])doc/([\w./-]*\w)")
HEADING = re.compile(r"#+ (?:(\S+)/$)?")
LISTED = re.compile(r"\* ([\w.-]+(?:, [\w.-]+)*): ")
SOURCE = re.compile(r"\.(?:[chy]|[1-8])$")


def tree():
    """The files of the tree: {path: contents}, "" of what is no text."""
    files = {}
    names = subprocess.run(["git", "ls-files", "-z"], check=True,
                           stdout=subprocess.PIPE).stdout.decode()
    for name in names.split("\0"):
        if not os.path.isfile(name):
            continue
        with open(name, "rb") as f:
            octets = f.read()
        files[name] = "" if b"\0" in octets else octets.decode(
            errors="replace")
    return files


def cited(files, pattern):
    """Every match of a pattern: (path:line, match)."""
    for name, text in files.items():
        for m in pattern.finditer(text):
            line = text.count("\n", 0, m.start()) + 1
            yield "%s:%d" % (name, line), m


def decisions(files):
    """A-nn and Dn have to be in decisions.md."""
    text = files["doc/decisions.md"]
    known = {"A-" + n for n in re.findall(r"^(\d+)\. \*\*", text, re.M)}
    known |= set(re.findall(r"^\* (D\d+)\. ", text, re.M))
    # some were decided later: "* **A-30, D9: soft redirects ..."
    for head in re.findall(r"^\* \*\*([^:]*):", text, re.M):
        known |= set(re.findall(r"\bD\d+\b", head))
    return ["%s: %s is not in doc/decisions.md" % (where, m.group(1))
            for where, m in cited(files, DECISION)
            if m.group(1) not in known]


def requirements(files):
    """R....-nn has to be in requirements.tsv."""
    known = {line.split("\t")[0] for line in
             files["doc/requirements.tsv"].splitlines()}
    bad = []
    for where, m in cited(files, REQUIREMENT):
        section, first, others = m.groups()
        for n in [first] + re.findall(r"-(\d+)", others):
            id = "%s-%s" % (section, n)
            if id not in known:
                bad.append("%s: %s is not in doc/requirements.tsv" %
                           (where, id))
    return bad


def rules(files):
    """Rule n has to be in nvc.md."""
    known = set(re.findall(r"^(\d+)\. ", files["doc/nvc.md"], re.M))
    own = {name: text for name, text in files.items()
           if os.path.basename(name).startswith("nvc")}
    bad = []
    for where, m in list(cited(files, NVC_RULE)) + \
            list(cited(own, re.compile(RULE))):
        for n in re.findall(r"\d+", m.group(1)):
            if n not in known:
                bad.append("%s: rule %s is not in doc/nvc.md" % (where, n))
    return bad


def paths(files):
    """A file of doc/ has to be there, and a text that is cited in doc/."""
    bad = []
    for where, m in cited(files, FILE):
        directory, name, path = m.groups()
        if path is None:
            # without a directory it is one of doc/
            path = (directory or "doc/") + name
        else:
            path = "doc/" + path
        if not os.path.exists(path):
            bad.append("%s: there is no %s" % (where, path))
    return bad


def architecture(files):
    """What architecture.md lists is what is there."""
    listed = []
    directory = None
    for line in files["doc/architecture.md"].splitlines():
        m = HEADING.match(line)
        if m:
            directory = m.group(1)
        m = LISTED.match(line)
        if m and directory is not None:
            listed += ["%s/%s" % (directory, name)
                       for name in m.group(1).split(", ")]
    there = {name for name in files if name.startswith("doc/") or
             (SOURCE.search(name) and not name.startswith("regress/"))}
    return (["%s is not in doc/architecture.md" % name
             for name in sorted(there - set(listed))] +
            ["doc/architecture.md: there is no %s" % name
             for name in sorted(set(listed) - there)] +
            ["doc/architecture.md: %s is listed twice" % name
             for name in sorted({n for n in listed if listed.count(n) > 1})])


def version(files):
    """There is one version, and CHANGES begins with it."""
    defined = [m for name, text in files.items() if name.endswith((".c", ".h"))
               for m in re.findall(r'^#define MARS_VERSION\s+"(.*)"', text,
                                   re.M)]
    if len(defined) != 1:
        return ["MARS_VERSION is defined %d times" % len(defined)]
    first = files["CHANGES"].split("\n", 1)[0]
    if re.split(r"[\s,]+", first)[:2] != ["mars", defined[0]]:
        return ["CHANGES begins with \"%s\", not with mars %s" %
                (first, defined[0])]
    return []


TESTS = (
    ("decisions that are cited exist", decisions),
    ("requirements that are cited exist", requirements),
    ("rules of nvc.md that are cited exist", rules),
    ("files of doc/ that are cited exist", paths),
    ("doc/architecture.md lists the files of the tree", architecture),
    ("the version stands once, and in CHANGES", version),
)


def main():
    files = tree()
    print("1..%d" % len(TESTS))
    failed = False
    for n, (name, test) in enumerate(TESTS, 1):
        bad = test(files)
        failed = failed or bool(bad)
        print("%sok %d - %s" % ("not " if bad else "", n, name))
        for text in bad[:LIMIT]:
            print("# " + text)
        if len(bad) > LIMIT:
            print("# and %d more" % (len(bad) - LIMIT))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
