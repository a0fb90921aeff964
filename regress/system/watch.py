# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What watches real servers: metrics, monitor, top, health, topology."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess

from suite import Client, Server, main, marsc, running, script, test, wait, \
    BUILD

A, B = "127.0.0.1", "127.0.0.2"


def pair(**kw):
    a = Server(1, (2,), **kw)
    b = Server(2, (1,), **kw)
    a.start()
    b.start()
    wait("both are aligned", lambda: a.aligned() and b.aligned())
    return a, b


# --- metrics

NAME = r"[a-z][a-z0-9_]*"
LABEL = NAME + r'="(?:[^"\\\n]|\\[\\n"])*"'
SAMPLE = re.compile(r"^(%s)(?:\{(%s(?:,%s)*)\})? ([0-9]+(?:\.[0-9]+)?)$" %
                    (NAME, LABEL, LABEL))


def parse(text):
    """The samples of an exposition, as {name: {labels: value}}, after a
    stricter look at it than promtool's."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-2:]
    samples, seen, family, kind = {}, set(), None, None
    for line in lines[:-2]:
        if line.startswith("# HELP "):
            family, help_text = line[7:].split(" ", 1)
            assert family not in seen, "twice: " + family
            assert help_text.endswith("."), line
            seen.add(family)
            kind = None
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == family, line
            assert kind in ("gauge", "counter", "histogram"), line
            assert (kind == "counter") == name.endswith("_total"), line
        else:
            m = SAMPLE.match(line)
            assert m, line
            name, labels, value = m.groups()
            ends = ("_bucket", "_sum", "_count") if kind == "histogram" \
                else ("",)
            assert kind and name in [family + e for e in ends], line
            labels = labels or ""
            assert labels not in samples.setdefault(name, {}), line
            samples[name][labels] = float(value)
    for name, of in samples.items():
        if name.endswith("_bucket"):
            values = list(of.values())
            assert values == sorted(values), (name, of)
            assert list(of)[-1] == 'le="+Inf"', of
            assert values[-1] == samples[name[:-7] + "_count"][""], of
    return samples


def metrics(server):
    r = server.marsctl("show", "metrics")
    assert r.returncode == 0, r
    return parse(r.stdout)


@test
def metrics_are_clean():
    """all is said in numbers, and a strict reader has nothing to object"""
    a, b = pair()
    c = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "join 224.1.1.2", "stay"]))
    wait("b knows", lambda: b.group("224.1.1.2") == ["127.0.0.11"])
    m = metrics(a)
    ipv4 = 'cluster="lis1",protocol="ipv4"'
    assert m["mars_up"] == {'process="mars"': 1, 'process="marsd"': 1,
                            'process="scspd"': 1}, m["mars_up"]
    assert m["mars_cluster_members"][ipv4] == 1
    assert m["mars_cluster_joins"][ipv4] == 2
    assert m["mars_neighbor_up"] == {
        'cluster="lis1",neighbor="127.0.0.2.0"': 1} or \
        list(m["mars_neighbor_up"].values()) == [1], m["mars_neighbor_up"]
    assert m["mars_marsd_joins_total"]['scope="lis1"'] >= 2
    # each message has taken some time, and so has each record at b
    assert m["mars_request_seconds_count"][""] >= 3
    assert m["mars_request_seconds_sum"][""] > 0
    n = metrics(b)
    assert n["mars_propagation_seconds_count"][""] >= 3
    # each reason is there, also one that never was
    drops = m["mars_drops_total"]
    assert drops['process="marsd",scope="lis1",'
                 'reason="dropped-checksum"'] == 0, drops
    # every counter that is shown is a metric, and with the same value
    for r in a.ctl("counters"):
        name = "mars_%s_%s_total" % (r["process"],
                                     r["name"].replace("-", "_"))
        if r["kind"] == "drop":
            assert any('reason="%s"' % r["name"] in d for d in drops), r
        else:
            assert 'scope="%s"' % r["scope"] in m[name], r
    promtool = shutil.which("promtool")
    if promtool:
        text = a.marsctl("show", "metrics").stdout
        r = subprocess.run([promtool, "check", "metrics"], input=text,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True)
        assert r.returncode == 0 and r.stdout == "", r
    # a neighbor that has gone is seen
    assert b.stop() == 0
    wait("it is seen", lambda:
         list(metrics(a)["mars_neighbor_up"].values()) == [0])
    assert c.stop() == 0


main()
