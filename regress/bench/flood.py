# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What a suite bears: floods, beside members that only want service.

Two real servers on loopback, in a network namespace of its own; the first one
has MEMBERS idle members.  Each row is a load.  While it lasts, and for a time
after it, a client asks 20 times a second who is in a group, and 5 new clients
a second register.  A row begins with servers that are new.

    flood.py [-j] [-s] [ROW...]         make bench-flood

It prints what there is to reach, a line for each row, and which rows miss
what.  -j prints JSON.  -s is a short form with fewer members, as a test: what
was asked has to be answered at a ratio of 0.9, the neighbor stays, and what is
learnt is told.

flood.c plays the clients, records.c a neighbor that floods, and spoof.c
somebody between the servers.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import house
from house import Helper
import suite
from suite import BASE_PORT, link, links_up, wait

GOOD_RATIO, SHORT_RATIO = 0.99, 0.9
GOOD_IN_TIME = 0.9
GOOD_P99 = 50                   # ms
GOOD_TOLD, GOOD_DATAGRAMS = 5, 200      # s; a member
# What a row may grow by, of both children: what circuits may queue and what
# the backlog of a control VC is bounded by, and for each record kept.
GROWN, RECORD = 128 << 10, 0.6          # kB
GOOD_AGAIN = 5                  # s, from SIGCONT until they are aligned
DEAD = 3                        # s of silence, until a neighbor is given up
SIX = "2001:db8:77::1"          # where clients have IPv6: crowd.c
HONEST, FLOODER = 2, 3          # the last octets of their addresses
JOINED_GROUP = 0xe4000000       # crowd.h
# those of a large server: rows fill more than the defaults allow
LIMITS = """limit { members 60000, joins 200000, groups 200000,
	    records 2000000, backlog 131072 }
"""
GOALS = """To reach: answers and registrations at a ratio of %g, with p99 at \
most %d ms; no more than
%d MB, and %g kB for each record kept; the honest neighbor aligned throughout,
or, after a silence of more than %d s, again in %d s;
joins learnt are told, in %d s, with at most %d datagrams a member; SIGTERM ends
in 2 s.""" % (GOOD_RATIO, GOOD_P99, GROWN >> 10, RECORD, DEAD, GOOD_AGAIN,
                   GOOD_TOLD, GOOD_DATAGRAMS)


class House(house.House):
    """What makes a row short or large."""
    limits = LIMITS
    of_neighbor = ", hello-interval 1"

    def is_honest(self):
        """Is the honest neighbor aligned?"""
        return any(r["address"] == "127.0.0.%d%%1" % HONEST and
                   r["alignment"] == "Aligned"
                   for r in self.ctl("neighbors") or [])

    def lost(self):
        """How often it was lost."""
        with open(self.log) as f:
            return sum("127.0.0.%d" % HONEST in line and
                       "alignment state Aligned to" in line for line in f)


def alone(pid):
    """
    The server that is measured has a processor of its own, as far as that can
    be had: its players would be other machines, and what else runs on this one
    is not what is measured.
    """
    os.sched_setaffinity(pid, cpus[:1])
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))


class Row(Helper):
    """Two servers, their players and what was found."""

    def __init__(self, form, neighbors=(HONEST,), top="", cluster="",
                 cmis=20000, six=False):
        self.form, self.members = form, form.members
        self.free = self.members        # the first client not in use
        self.result = {}
        self.usual = None
        self.kept = 0                   # records, at most
        self.groups = 0                 # that were joined
        if six:
            top += "\nlisten on udp " + SIX
            cluster += "\n\taddress " + SIX
        self.a = House(1, neighbors, top=top, cluster=cluster)
        self.a.cmis = form.members if cmis is None else cmis
        self.a.write()
        self.a.start()
        alone(self.a.children()["marsd"])
        self.empty = self.a.rss()
        self.b = House(HONEST, (1,))
        super().__init__("flood", BASE_PORT, SIX if six else self.a.address,
                         self.b.address)
        r = self.ask("register 0 %d 0" % self.members)
        assert r["registered"] == self.members, r
        self.ask("block 0 e1000000 e100ffff")

    def meet(self):
        """The neighbor, who knows nothing that is of interest."""
        self.b.start()
        wait("aligned", lambda: self.a.is_honest() and self.b.aligned())

    def clients(self, n, server=0):
        """n more clients; the first of them."""
        first, self.free = self.free, self.free + n
        r = self.ask("register %d %d %d" % (first, n, server))
        assert r["registered"] == n, r
        return first

    def joined(self, first, n, count, rate=1000):
        """They join groups that nobody has joined yet."""
        r = self.ask("join %d %d %d %x %d" % (
            first, n, count, JOINED_GROUP + self.groups, rate))
        assert r["missing"] == 0, r
        self.groups += n * count

    def unlimited(self):
        """How to prepare a row in a short time: without a rate."""
        self.a.write(cluster="limit { rate 1000000 }\n")
        assert self.a.marsctl("reload").returncode == 0
        yield
        self.a.write(cluster="")
        assert self.a.marsctl("reload").returncode == 0

    def measure_usual(self):
        """What answers take while nothing else happens; once."""
        if not self.usual:
            self.usual = self.ask("usual %g" % self.form.idle)

    def probe(self, load="none", first=0, n=0, rate=0, act=None):
        self.measure_usual()
        before, lost = sum(self.a.rss().values()), self.a.lost()
        revalidations = self.a.counter("revalidations")
        began = time.monotonic()
        self.tell("probe %g %g %s %d %d %g" % (
            self.form.during, self.form.after, load, first, n, rate))
        if act is not None:
            act()
        r = self.hear()
        r["took"] = round(time.monotonic() - began, 1)
        if self.a.process.poll() is None:
            r["grown"] = sum(self.a.rss().values()) - before
            r["bound"] = int(GROWN + RECORD * self.kept)
            r["too-much"] = self.too_much()
            r["lost"] = self.a.lost() - lost
            r["aligned"] = self.a.is_honest()
            r["revalidations"] = (self.a.counter("revalidations") -
                                  revalidations)
        self.result.update(r)

    def too_much(self):
        """Who has taken more than mars -nv says, and how much, in kB."""
        most = self.a.may_take()
        assert sorted(most) == sorted(self.empty), most
        return {name: kb for name, kb in self.a.rss("VmHWM:").items()
                if kb > self.empty[name] + most[name]}

    def end(self):
        for p in suite.running:
            if p.poll() is None:
                p.terminate()
        for p in suite.running:
            try:
                p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        suite.running.clear()


cpus = sorted(os.sched_getaffinity(0))
rows = {}


def row(name, short=True, **house):
    def named(f):
        rows[name] = (f, short, house)
        return f
    return named


def populated(r, count, clients):
    """The neighbor has clients, which have joined so many groups."""
    r.b.write(cluster=r.a.cluster + "\nlimit { rate 1000000 }\n")
    r.b.start()
    r.joined(r.clients(clients, 1), clients, count // clients)
    r.kept = count + clients


def learnt(r, count, clients):
    link(r.a, r.b, False)
    populated(r, count, clients)
    r.probe(act=lambda: link(r.a, r.b, True))
    r.result["learnt"] = r.groups


@row("quiet")
def quiet(r):
    r.meet()
    r.probe()


@row("2,500 joins learnt", short=False)
def learnt_2500(r):
    learnt(r, 2500, 50)


@row("5,000 joins learnt")
def learnt_5000(r):
    learnt(r, 5000, 50)


@row("100,000 joins learnt", short=False)
def learnt_100000(r):
    learnt(r, 100000, 100)


@row("a healed partition", short=False,
     cluster="redirect { interval 1, dead 4 }")
def healed(r):
    populated(r, 5000, 50)
    wait("aligned", lambda: r.a.is_honest() and r.b.aligned())
    link(r.a, r.b, False)
    wait("its members are no members", lambda: r.a.logged("is silent"))
    time.sleep(1)
    # those of a server that is back are told, and what is new there
    r.joined(r.clients(25, 1), 25, 100)
    r.kept += 25 * 101
    r.probe(act=lambda: link(r.a, r.b, True))
    r.result["learnt"] = r.groups


def toggle(r, rate):
    r.meet()
    r.probe("toggle", r.clients(1), 1, rate)


@row("JOIN, LEAVE 20/s", short=False)
def toggle_20(r):
    toggle(r, 20)


@row("JOIN, LEAVE 50/s", short=False)
def toggle_50(r):
    toggle(r, 50)


@row("JOIN, LEAVE 190/s")
def toggle_190(r):
    toggle(r, 190)


@row("20 MSERVs, all joined")
def mservs(r):
    r.meet()
    first, r.free = r.free, r.free + 1
    assert r.ask("serve %d" % first)["registered"] == 1
    r.clients(1)
    r.probe("mservs", first, 1, 100)


def five(r):
    prepared = r.unlimited()
    next(prepared)
    first = r.clients(5)
    r.joined(first, 5, r.form.joins)
    next(prepared, None)
    return first


@row("five join everything")
def five_all(r):
    r.meet()
    r.probe("all", five(r), 5, 190)


@row("the same, SIGTERM")
def five_term(r):
    first = five(r)

    def term():
        time.sleep(r.form.during)
        began = time.monotonic()
        r.a.process.terminate()
        r.a.process.wait(60)
        r.result["ended-in"] = round(time.monotonic() - began, 2)

    r.probe("all", first, 5, 190, act=term)
    r.result["by-itself"] = not r.a.logged("killed") and \
        r.a.process.returncode == 0
    # of what was asked the rest had nobody to answer it
    del r.result["answered"]


@row("scspd is stopped")
def scspd_stopped(r):
    r.meet()
    pid = r.a.children()["scspd"]
    first = r.clients(10)
    silent = r.form.during > DEAD

    # it goes on before mars ends a suite whose half hangs
    def stop():
        os.kill(pid, signal.SIGSTOP)
        time.sleep(r.form.during)
        assert r.b.aligned() != silent
        os.kill(pid, signal.SIGCONT)
        began = time.monotonic()
        wait("aligned again", lambda: r.b.aligned() and r.a.is_honest())
        r.result["aligned-in"] = round(time.monotonic() - began, 2)

    r.probe("joins", first, 10, 100, act=stop)
    # who says nothing for so long is rightly given up
    if silent:
        r.result["lost"] = 0


@row("forged SETUPs")
def setups(r):
    r.meet()
    r.probe("setups", 0, 1, 36000)


@row("dead clients", top="enquiry-interval 1\nenquiry-maximum 1")
def dead(r):
    r.meet()
    n = r.form.dead
    r.measure_usual()
    r.ask("mute %d %d" % (r.clients(n), n))
    r.probe()
    r.result["still"] = len(r.a.members()) - r.members


@row("CMIs used up", cmis=None)
def cmis(r):
    r.meet()
    r.ask("again 10")
    r.probe("clients", r.free, r.form.dead * 2, r.form.dead)
    assert r.a.counter("dropped-cmi-exhausted") > r.form.dead


@row("1,000,000 records", neighbors=(HONEST, FLOODER))
def records(r):
    f = flooder(r)
    r.meet()
    wait("the flooder is aligned", lambda: r.a.aligned(2))
    count = r.form.records
    r.kept = r.form.kept
    r.a.write(cluster="limit records %d\n" % r.kept)
    assert r.a.marsctl("reload").returncode == 0
    r.probe(act=lambda: f.tell("records %d %d" % (count, r.form.during)))
    r.result.update(f.hear())
    r.result["limit-records"] = r.kept


def between(r, what):
    """Somebody who has kept what the servers said while they met."""
    spoof = Helper("spoof", r.b.address, r.a.address, BASE_PORT + 1)
    spoof.hear()
    r.meet()
    r.clients(1)
    time.sleep(2)               # of Hellos
    r.probe(act=lambda: spoof.tell("%s 76000 %g" % (what, r.form.during)))
    r.result.update(spoof.hear())
    # two Hellos at least; that they were sent and noticed, counters tell
    assert r.result["kept"] > 1, r.result


@row("wrong HMACs")
def hmacs(r):
    between(r, "hmacs")
    assert r.a.counter("auth-failed") > 1000


@row("replays")
def replays(r):
    between(r, "replays")
    assert r.a.counter("replay-seen") + r.a.counter("replay-nonce") > 1000


@row("Hellos, foreign")
def hellos_foreign(r):
    between(r, "foreign")


@row("Hellos, no circuit", short=False)
def hellos_unknown(r):
    between(r, "unknown")


@row("SETUPs to scspd")
def setups_scspd(r):
    between(r, "setups")


@row("SETUPs, neighbor's", short=False)
def setups_neighbor(r):
    between(r, "calls")


def flooder(r, key="secret-1"):
    """Somebody at the address of a neighbor, with that key."""
    with open(os.open(r.a.dir + "/flooder.key", os.O_WRONLY | os.O_CREAT,
                      0o600), "w") as f:
        f.write(key + "\n")
    return Helper("records", "127.0.0.%d" % FLOODER, r.a.address, BASE_PORT,
                  r.a.dir + "/flooder.key")


def floods(r, f, what, rate):
    r.probe(act=lambda: f.tell("%s %d %g" % (what, rate, r.form.during)))
    r.result.update(f.hear())
    assert rate == 0 or r.result["sent"] > 100, r.result


def taken_over(r, what, rate=20000):
    """A neighbor that has the key, and means harm."""
    f = flooder(r)
    r.meet()
    wait("the flooder is aligned", lambda: r.a.aligned(2))
    floods(r, f, what, rate)


def bad_key(r, what):
    f = flooder(r, "secret-2")
    r.meet()
    wait("the flooder has called", lambda: r.a.counter("auth-failed"))
    floods(r, f, what, 20000)
    assert r.a.counter("auth-failed") > 1000


@row("Hellos, bad key", neighbors=(HONEST, FLOODER))
def hellos_bad(r):
    bad_key(r, "hellos")


@row("CAs, bad key", short=False, neighbors=(HONEST, FLOODER))
def cas_bad(r):
    bad_key(r, "cas")


@row("CSUSs, bad key", short=False, neighbors=(HONEST, FLOODER))
def summaries_bad(r):
    bad_key(r, "summaries")


@row("Hellos, good key", short=False, neighbors=(HONEST, FLOODER))
def hellos_good(r):
    taken_over(r, "hellos")


@row("CAs, good key", neighbors=(HONEST, FLOODER))
def cas_good(r):
    taken_over(r, "cas")


@row("CSUSs, good key", neighbors=(HONEST, FLOODER))
def summaries_good(r):
    taken_over(r, "summaries")


@row("CSU Replies, good key", short=False, neighbors=(HONEST, FLOODER))
def replies_good(r):
    taken_over(r, "replies")


@row("no acknowledgement", short=False, neighbors=(HONEST, FLOODER))
def silence(r):
    f = flooder(r)
    r.meet()
    wait("the flooder is aligned", lambda: r.a.aligned(2))
    f.tell("silence 0 %g" % r.form.during)
    r.probe("joins", r.clients(10), 10, 100)
    r.result.update(f.hear())


@row("SETUPs of a /64", short=False, six=True)
def setups_six(r):
    r.meet()
    r.probe("setups", 0, 1, 36000)


@row("clients of a /64", six=True)
def clients_six(r):
    r.meet()
    r.probe("joiners", r.free, r.form.dead * 2, r.form.dead)
    assert r.a.counter("calls-refused") > 0


@row("clients of a prefix", short=False, cmis=None)
def clients_four(r):
    r.meet()
    r.ask("again 10")
    r.probe("joiners", r.free, r.form.dead * 2, r.form.dead)


@row("leaves not taken")
def leafless(r):
    r.meet()
    r.probe("leafless", r.free, r.form.dead, r.form.dead)


@row("clients that read not")
def deaf(r):
    """Real ones, which are stopped: what they are sent fills their buffers."""
    r.meet()
    n = r.form.members // 10
    p = subprocess.Popen(
        [suite.BUILD + "/marsc", "-l", "127.6.0.1", "-s", r.a.address, "-b",
         str(BASE_PORT), "-n", str(n), "join", "224.0.0.0-239.255.255.255"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    suite.running.append(p)
    wait("they have joined", lambda: len(r.a.members()) == r.members + n)
    p.send_signal(signal.SIGSTOP)
    r.probe("toggle", r.clients(1), 1, 100)
    p.kill()


@row("marsctls that read not")
def marsctls(r):
    """As many as there may be, with output that nobody takes."""
    r.meet()
    five(r)
    words = [["show", "groups"], ["show", "cache"], ["monitor"], ["capture"]]
    for i in range(28):
        suite.running.append(subprocess.Popen(
            [suite.BUILD + "/marsctl", "-j", "-s", r.a.dir] + words[i % 4],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL))
    r.probe("toggle", r.clients(1), 1, 100)


@row("control sockets used up")
def controls(r):
    r.meet()

    def connect():
        kept, end = [], time.monotonic() + r.form.during
        while time.monotonic() < end:
            for name in "marsd", "scspd":
                s = socket.socket(socket.AF_UNIX)
                s.connect("%s/%s.sock" % (r.a.dir, name))
                kept.append(s)
            # those that are refused have room for others
            while len(kept) > 200:
                kept.pop(100).close()
        for s in kept:
            s.close()

    r.probe(act=connect)
    assert r.a.marsctl("show", "summary").returncode == 0


def measure(name, form):
    r = None
    links_up()
    try:
        f, _, house = rows[name]
        r = Row(form, **house)
        f(r)
        result = r.result
    except Exception as e:      # a row must not end the others
        result = {"error": "%s: %s" % (type(e).__name__, e)}
    finally:
        if r is not None:
            r.end()
    result["row"] = name
    result["misses"] = misses(result, form.members)
    return result


def ratio(r):
    return r["answered"] / r["asked"] if r.get("answered") is not None else 1


def in_time(r):
    """Of what was asked during the load: answered in twice the usual time."""
    return r["in-time"] / r["due"]


def is_told(r):
    """
    Do all who watch know what was learnt?  Those whose number has jumped will
    ask for it, and it only jumps where marsd says so.
    """
    if r["jumped"] > 0 and r["revalidations"] == 0:
        return False
    return r["told"] == r["learnt"] or r["told"] == -1 and r["jumped"] > 0


def misses(r, members):
    """What of issue 16's aim it misses."""
    if "error" in r:
        return [r["error"]]
    bad = []
    if ratio(r) < GOOD_RATIO:
        bad.append("answers")
    elif "answered" in r and in_time(r) < GOOD_IN_TIME:
        bad.append("in time")
    if "answered" in r and r["p99"] > GOOD_P99:
        bad.append("p99")
    if "answered" in r and r["registered"] < GOOD_RATIO * r["registering"]:
        bad.append("registrations")
    elif "answered" in r and r["registration-p99"] > GOOD_P99:
        bad.append("p99 of registrations")
    if r.get("aligned") is False or r.get("lost"):
        bad.append("neighbor")
    if r.get("grown", 0) > r.get("bound", 0) or r.get("too-much"):
        bad.append("memory")
    if "ended-in" in r and r["ended-in"] > 2:
        bad.append("end")
    if r.get("aligned-in", 0) > GOOD_AGAIN:
        bad.append("aligned again")
    if "learnt" in r and not is_told(r):
        bad.append("told")
    if "learnt" in r and r["told-in"] > GOOD_TOLD:
        bad.append("told in time")
    if "learnt" in r and r["datagrams"] > GOOD_DATAGRAMS * members:
        bad.append("datagrams")
    return bad


OF_LEARNT = "learnt", "told", "told-in", "revalidations"
NOTES = OF_LEARNT + ("ended-in", "aligned-in", "sent", "still",
                     "limit-records", "bound")
LINE = "%-26s %7s %7s %6s %6s %6s %9s %6s %7s %7s %9s  %s"


def line(r, members):
    if "error" in r:
        return "%-26s %s" % (r["row"], r["error"])
    notes = ["%s %s" % (k, r[k]) for k in NOTES if k in r and
             ("learnt" in r or k not in OF_LEARNT) and
             ("limit-records" in r or k != "bound")]
    bad = r["misses"]
    return LINE % (
        r["row"], "%.3f" % ratio(r) if "answered" in r else "-",
        "%.3f" % in_time(r), "%.2f" % r["usual"], r["p50"], r["p99"], "%d/%d" % (r["registered"], r["registering"]),
        r["registration-p99"], r.get("grown", "-"), r.get("aligned", "-"),
        r["datagrams"],
        "; ".join(["misses " + ", ".join(bad) if bad else "met"] + notes))


class Form:
    """How long and how many."""

    def __init__(self, short):
        self.members = 200 if short else 1000
        self.idle = 0.6 if short else 4.5
        self.during, self.after = (2, 0.5) if short else (8, 4)
        self.joins = 400 if short else 4000
        self.dead = 200 if short else 10000
        self.records = 20000 if short else 1000000
        self.kept = self.records // 2


def is_good(r):
    """Good enough for a test beside others."""
    return "error" not in r and ratio(r) >= SHORT_RATIO and \
        r.get("aligned") is not False and ("learnt" not in r or is_told(r))


def as_test(results):
    for i, r in enumerate(results, 1):
        print("%sok %d - answers during: %s" % (
            "" if is_good(r) else "not ", i, r["row"]))
        if not is_good(r):
            print("# %s" % r)
    print("1..%d" % len(results), flush=True)
    return all(is_good(r) for r in results)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-j", action="store_true")
    p.add_argument("-s", action="store_true")
    p.add_argument("rows", nargs="*", metavar="ROW")
    args = p.parse_args()
    if not suite.own_network():
        print("ok 1 - floods # SKIP no network namespace of its own"
              "\n1..1" if args.s else "no network namespace (unshare, ip)")
        sys.exit(0 if args.s else 1)
    form = Form(args.s)
    os.sched_setaffinity(0, cpus[1:] or cpus)
    suite.ip("-6", "addr", "add", SIX + "/128", "dev", "lo", "nodad")
    for prefix in "2001:db8:65::/48", "2001:db8:66::/64":
        suite.ip("-6", "route", "add", "local", prefix, "dev", "lo")
    names = args.rows or [n for n, (f, short, house) in rows.items()
                          if short or not args.s]
    results = []
    if not args.j and not args.s:
        print(GOALS)
        print(LINE % ("row", "answers", "in time", "usual", "p50", "p99",
                      "registrd", "p99", "RSS kB", "aligned", "datagrams",
                      ""))
    for name in names:
        results.append(measure(name, form))
        if not args.j and not args.s:
            print(line(results[-1], form.members), flush=True)
    if not args.j and not args.s:
        bad = [r["row"] for r in results if r["misses"]]
        print("%d rows met, %d missed%s" % (
            len(results) - len(bad), len(bad),
            "".join(": " + ", ".join(bad) for _ in bad[:1])))
    if args.j:
        json.dump(results, sys.stdout, indent=1)
        print()
    sys.exit(not as_test(results) if args.s else 0)


main()
