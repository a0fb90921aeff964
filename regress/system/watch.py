# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What watches real servers: metrics, monitor, top, health, topology."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from suite import Client, Server, Skip, main, pair, running, script, test, wait, \
    BUILD

A, B = "127.0.0.1", "127.0.0.2"


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
    for name in ("mars_uptime_seconds", "mars_server_heard_seconds",
                 "mars_neighbor_state_seconds"):
        assert m[name], name
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
    # a neighbor that has gone is seen
    assert b.stop() == 0
    wait("it is seen", lambda:
         list(metrics(a)["mars_neighbor_up"].values()) == [0])
    assert c.stop() == 0


def promtool(*args, **kw):
    path = shutil.which("promtool")
    if not path:
        raise Skip("no promtool")
    return subprocess.run([path] + list(args), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **kw)


@test
def promtool_has_no_complaints():
    """about the metrics of a pair of servers"""
    a, _ = pair()
    text = a.marsctl("show", "metrics").stdout
    r = promtool("check", "metrics", input=text)
    assert r.returncode == 0 and r.stdout == "", r


def dashboard():
    with open("etc/grafana-mars.json") as f:
        return json.load(f)


@test
def the_dashboard_asks_for_what_exists():
    """every metric that a query of etc/grafana-mars.json names is one"""
    a, b = pair()
    marsctl = a.marsctl("show", "metrics").stdout
    known = set(re.findall(r"^# TYPE (\S+)", marsctl, re.M))
    # edges run elsewhere, and limits are shown by name: as the source has it
    with open("marsctl/metrics.c") as f:
        known |= set(re.findall(r'"(mars_[a-z0-9_]+)"', f.read()))
    asked = set()
    for p in dashboard()["panels"]:
        for t in p["targets"]:
            names = re.findall(r"mars_[a-z0-9_]+", t["expr"])
            assert names, t
            asked |= {re.sub(r"_bucket$", "", n) for n in names}
    assert len(asked) > 20 and asked <= known, asked - known


@test
def promtool_takes_the_queries():
    """those of etc/grafana-mars.json, and no wrong one"""
    rules = ["  - record: a:%d\n    expr: %s\n" % (i, json.dumps(
        t["expr"].replace("$__rate_interval", "1m")))
        for p in dashboard()["panels"] for i, t in enumerate(p["targets"])]
    with tempfile.TemporaryDirectory() as where:
        path = os.path.join(where, "rules.yml")
        for bad, status in ("", 0), ("  - record: b\n    expr: (\n", 1):
            with open(path, "w") as f:
                f.write("groups:\n- name: x\n  rules:\n" +
                        "".join(rules) + bad)
            r = promtool("check", "rules", path)
            assert (r.returncode != 0) == status, r


# --- http

def http(server, request, hold=False):
    """What `marsctl http` answers to these octets; hold: nobody ends them."""
    ours, its = socket.socketpair()
    p = subprocess.Popen([BUILD + "/marsctl", "-s", server.dir, "http"],
                         stdin=its, stdout=its, stderr=subprocess.DEVNULL)
    running.append(p)
    its.close()
    ours.settimeout(60)
    answer = b""
    try:
        ours.sendall(request)
        if not hold:
            ours.shutdown(socket.SHUT_WR)
        while True:
            got = ours.recv(65536)
            if not got:
                break
            answer += got
    except (BrokenPipeError, ConnectionResetError):
        pass                    # it had heard enough
    ours.close()
    return p.wait(60), answer.decode()


@test
def a_scraper_is_answered_and_garbage_is_not():
    """one request of HTTP, of bounded length and time, and one answer"""
    a = Server(1).start()
    status, text = http(a, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert status == 0, status
    head, body = text.split("\r\n\r\n", 1)
    assert head.startswith("HTTP/1.0 200 OK\r\n"), head
    assert parse(body)["mars_up"]['process="marsd"'] == 1
    status, text = http(a, b"HEAD /metrics HTTP/1.0\n\n")
    assert status == 0 and text.startswith("HTTP/1.0 200") and \
        text.endswith("\r\n\r\n"), text
    for garbage, code in (
            (b"", 400), (b"\r\n\r\n", 400), (b"GET /metrics", 400),
            (b"\0" * 100, 400), (os.urandom(5000) + b"\r\n\r\n", None),
            (b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 5000, 400),
            (b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n", 400),
            (b"GET /%2e%2e/etc HTTP/1.1\r\n\r\n", 404),
            (b"DELETE /metrics HTTP/1.1\r\n\r\n", 405)):
        status, text = http(a, garbage)
        assert status == 1, (garbage[:20], status)
        if code and text:
            assert text.startswith("HTTP/1.0 %d " % code), text
        assert "mars_up" not in text
    # one that says nothing more is not waited for without end
    status, text = http(a, b"GET /metr", hold=True)
    assert status == 1 and "mars_up" not in text
    # and without a daemon the answer says so
    assert a.stop() == 0
    status, text = http(a, b"GET /metrics HTTP/1.1\r\n\r\n")
    assert status == 0, status
    assert parse(text.split("\r\n\r\n", 1)[1])["mars_up"] == \
        {'process="mars"': 0}, text


# --- monitor

class Monitor:
    """A marsctl that follows, and the rows that it has printed."""

    def __init__(self, server, *filters):
        self.p = subprocess.Popen(
            [BUILD + "/marsctl", "-s", server.dir, "-j", "monitor"] +
            list(filters), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        running.append(self.p)
        self.rows, self.rest = [], b""
        os.set_blocking(self.p.stdout.fileno(), False)

    def read(self):
        got = self.p.stdout.read()
        lines = (self.rest + (got or b"")).split(b"\n")
        self.rest = lines.pop()
        self.rows += [json.loads(r) for r in lines]
        return self.rows

    def has(self, **what):
        return any(all(r.get(k) == v for k, v in what.items())
                   for r in self.read())

    def stop(self):
        self.p.terminate()
        self.p.wait(60)
        self.p.stdout.close()


@test
def what_happens_is_told_as_it_happens():
    """members, joins, neighbors, drops, reloads; filters; at both servers"""
    a, b = pair()
    m, joins, n = Monitor(a), Monitor(a, "event", "joined"), Monitor(b)

    def follow():
        # all three follow once they are told something
        assert a.marsctl("reload").returncode == 0
        assert b.marsctl("reload").returncode == 0
        return m.has(event="reload", process="marsd", ok=True) and \
            n.has(event="reload")
    wait("both follow", follow)
    c = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    for what in ({"event": "registered", "role": "member"},
                 {"event": "joined", "group-min": "224.1.1.1",
                  "group-max": "224.1.1.1"}):
        wait(str(what), lambda: m.has(address="127.0.0.11", cluster="lis1",
                                      protocol="ipv4", **what))
    wait("the other server tells it, too", lambda: n.has(
        event="joined", address="127.0.0.11", **{"group-min": "224.1.1.1"}))
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(3):
        s.sendto(b"garbage", (A, a.base_port))
    s.close()
    wait("a drop is told", lambda: m.has(event="drop", process="marsd"))
    c.kill()
    wait("left", lambda: m.has(event="left", address="127.0.0.11"))
    wait("gone", lambda: m.has(event="gone", address="127.0.0.11"))
    assert b.stop() == 0
    wait("the neighbor's state", lambda: m.has(
        event="alignment", process="scspd", cluster="lis1", to="Down"))
    assert {r["event"] for r in joins.read()} == {"joined"}, joins.rows
    assert all(r["time"] > 1e12 for r in m.rows), m.rows
    # with its end, that of who follows is told by the exit status
    assert a.stop() == 0
    assert m.p.wait(60) == 1
    for each in m, joins, n:
        each.stop()


@test
def who_does_not_read_loses_lines_and_hurts_nobody():
    """a stopped monitor is told how much it has missed"""
    a = Server(1).start()
    m = Monitor(a, "cluster", "lis1")
    c = Client("127.0.0.11", A, "run", script(["register", "stay"]))
    wait("it follows", lambda: a.members() and (
        m.has(event="registered") or a.marsctl("-j", "show", "summary")))
    m.p.send_signal(signal.SIGSTOP)
    lines = ["register"]
    for i in range(3000):
        lines.append("join 225.%d.%d.1" % (i // 250, i % 250))
    busy = Client("127.0.0.12", A, "run", script(lines + ["stay"]))
    wait("all are joined", lambda: sum(
        r["joins"] for r in a.ctl("clusters")) == 3000, 240)
    # nobody else notices
    assert a.marsctl("show", "summary").returncode == 0
    m.p.send_signal(signal.SIGCONT)
    wait("it is told what it has lost, or all", lambda: m.has(event="lost") or
         sum(r["event"] == "joined" for r in m.rows) == 3000)
    busy.kill()
    wait("it goes on", lambda: m.has(event="gone", address="127.0.0.12"))
    m.stop()
    assert c.stop() == 0 and a.stop() == 0


# --- top, health, topology

@test
def top_prints_once_where_there_is_no_terminal():
    """with -n as often; and the busiest come first"""
    a = Server(1).start()
    r = a.marsctl("top")
    assert r.returncode == 0 and r.stdout.count("MESSAGES FROM") == 1, r
    assert "\033" not in r.stdout
    r = a.marsctl("top", "-n", "2")
    assert r.returncode == 0 and r.stdout.count("MESSAGES FROM") == 2, r
    r = a.marsctl("top", "-n", "0")
    assert r.returncode == 1 and "number" in r.stderr, r


def keys_that_end(a, health):
    """In 5 days, or, said so, not within 3."""
    def until(days):
        return time.strftime(" valid until %Y-%m-%dT%H:%M:%SZ }", time.gmtime(
            time.time() + days * 86400))
    text = a.text()
    a.write(text.replace('257.key" }', '257.key",' + until(5.5)))
    assert a.marsctl("reload").returncode == 0
    wait("it is said", lambda: health(1, "key with SPI 257 ends in 5 days"))
    m = metrics(a)["mars_key_seconds"]
    assert 5 * 86400 < list(m.values())[0] < 6 * 86400, m
    assert "SPI 257" not in a.marsctl("health", "days", "3").stdout
    a.write(text)
    assert a.marsctl("reload").returncode == 0


@test
def health_is_one_sentence():
    """0, 1 or 2: aligned, a neighbor down, a daemon hung, none"""
    a = Server(1, (2, 3)).start()
    b = Server(2, (1,)).start()
    c = Server(3, (1,)).start()

    def health(status, text):
        r = a.marsctl("-t", "2", "health")
        return r.returncode == status and text in r.stdout and \
            r.stdout.count("\n") == 1 and r
    wait("it is well", lambda: health(0, "mars OK: "))
    assert json.loads(a.marsctl("-j", "health").stdout)["ok"] is True
    keys_that_end(a, health)
    wait("it is well again", lambda: health(0, "mars OK: "))
    assert c.stop() == 0
    wait("one is down", lambda: health(1, "127.0.0.3"))
    assert json.loads(a.marsctl("-j", "health").stdout)["level"] == "WARNING"
    assert b.stop() == 0
    wait("none is left", lambda: health(2, "none of 2 neighbors"))
    pid = a.children()["scspd"]
    os.kill(pid, signal.SIGSTOP)
    assert health(2, "scspd does not answer"), a.marsctl("-t", "2", "health")
    os.kill(pid, signal.SIGCONT)
    a.process.kill()
    a.process.wait()
    wait("all has gone", lambda: health(2, "mars CRITICAL: "))
    r = a.marsctl("health", "days", "many")
    assert r.returncode == 2 and "days many" in r.stderr, r


@test
def who_is_silent_is_not_without_members():
    """top ends where a process does not answer, and shows no zeros"""
    a = Server(1).start()
    r = a.marsctl("-n", "1", "top")
    assert r.returncode == 0 and r.stdout.startswith("members 0 "), r
    pid = a.children()["marsd"]
    os.kill(pid, signal.SIGSTOP)
    r = a.marsctl("-n", "1", "-t", "1", "top")
    os.kill(pid, signal.SIGCONT)
    assert r.returncode == 3 and r.stdout == "", r
    assert "marsd does not answer for 1 s" in r.stderr, r
    assert a.stop() == 0


@test
def servers_draw_their_neighbors():
    """what three servers say is put together"""
    servers = [Server(1, (2,)), Server(2, (1, 3)), Server(3, (2,))]
    for s in servers:
        s.start()
    wait("all are aligned", lambda: all(s.aligned() for s in servers))
    c = Client("127.0.0.11", A, "run", script(["register", "stay"]))
    wait("it is there", lambda: servers[2].members())
    text = "".join(s.marsctl("show", "topology").stdout for s in servers)
    r = subprocess.run([BUILD + "/marsctl", "show", "topology", "from", "-"],
                       input=text, stdout=subprocess.PIPE, text=True)
    assert r.returncode == 0, r
    lines = [x.split()[:4] for x in r.stdout.splitlines()]
    assert sorted(lines) == sorted(
        [["server", s.address, s.address, "self"] for s in servers] +
        [["adjacency", A, B, "Aligned"],
         ["adjacency", B, "127.0.0.3", "Aligned"]]), r.stdout
    assert "server %s %s self 1" % (A, A) in r.stdout
    for form, begin, end in (("dot", "graph mars {", "}\n"),
                             ("svg", "<svg ", "</svg>\n")):
        r = servers[1].marsctl("show", "topology", "-o", form)
        # how long its neighbors take, of records that were sent to them
        assert form != "svg" or " ms</text>" in r.stdout, r.stdout
        assert r.returncode == 0 and r.stdout.startswith(begin) and \
            r.stdout.endswith(end), r
        assert all(s.address in r.stdout for s in servers), r.stdout
    r = servers[1].marsctl("-o", "jpeg", "show", "topology")
    assert r.returncode == 1 and "svg" in r.stderr, r
    assert c.stop() == 0


main()
