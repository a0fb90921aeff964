# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What each thing costs, as one table: beside the least that it can take, which
a minimal program does in the same run.  Written to BUILD/bench.json, too.

    bench.py [short|full] [ROW...]      make bench, BENCH=full

Real servers on loopback, in a network namespace of its own; flood.c plays the
clients.  A ratio is of a figure and its floor; where more is better, of the
floor and the figure.  What is to be reached stands beside it.
"""

import json
import subprocess
import sys
import time

import house
import suite
import sync
from suite import BASE_PORT, BUILD, links_up

FEW = 1000
SHORT = {"many": {"joins": 1000000, "groups": 100000, "members": 60000,
                  "servers": 1000},
         "sync": [10000, 100000], "members": [1000], "asks": 30000,
         "leaves": [1, 10, 100, 1000], "learn": 1 << 17}
FULL = {"many": SHORT["many"], "sync": [10000, 100000, 1000000],
        "members": [1000, 19999], "asks": 60000, "leaves": [1, 10, 100, 1000, 10000], "learn": 1 << 20}
OCTETS = 100            # of a question on the wire
BLOCK = "e1000000 e100ffff"     # the groups that are asked for (crowd.h)

rows = []


def row(what, unit, figure, floor=None, goal="", **more):
    """Prints a row, and keeps it."""
    ratio = None if not floor else figure / floor
    rows.append(dict(more, what=what, unit=unit, figure=figure, floor=floor,
                     ratio=ratio, goal=goal))
    print("%-44s %10.5g %-8s %10s %7s  %s" % (
        what, figure, unit, "" if floor is None else "%.4g" % floor,
        "" if ratio is None else "%.2f" % ratio, goal), flush=True)


def tool(name, *args):
    return subprocess.run(
        ["%s/regress/bench/%s" % (BUILD, name)] + [str(a) for a in args],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        text=True).stdout


def pingpong(n, window):
    return json.loads(tool("pingpong", n, window, OCTETS))


def best(runs, what):
    """Of runs by turns, what took least: others use the machine, too."""
    return min(runs, key=lambda r: r[what])


def over():
    """Everything that a row has started ends."""
    suite.cleanup()
    suite.running.clear()


class House(sync.House):
    """Alone, with room for as many clients as a row has."""
    limits = sync.LIMITS.replace("rate", "members 60000, rate")
    cmis = 19999


class Crowd(house.Helper):
    """A server, and clients of it."""

    def __init__(self, members):
        # two of each client
        self.house = House(1, top="limit circuits 100000").start()
        self.members = members
        self.empty = self.house.rss()["marsd"]
        super().__init__("flood", BASE_PORT, self.house.address)
        self.registered = self.timed("register 0 %d 0" % members)
        assert self.registered["registered"] == members, self.registered

    def timed(self, line):
        """Its answer, with the seconds of CPU that the server took for it:
        until it has told everybody, too, and does next to nothing."""
        before = self.house.cpu()
        r = self.ask(line)
        busy = True
        while busy:
            took = self.house.cpu()
            time.sleep(0.02)
            busy = self.house.cpu() - took > 0.002
        r["cpu"] = took - before
        return r


def records(form):
    """An empty server learns what another has; one update after that."""
    for n in form["sync"]:
        r = sync.sync(n, 3 if n <= 100000 else 1)
        f, kb = r["floor"], r["memory"]
        goal = "at most %s" % (2.5 if n == 1000000 else 3)
        row("sync of %d joins, CPU of all" % n, "s", r["cpu"], f["cpu"], goal)
        row("sync of %d joins, wall" % n, "s", r["wall"], f["wall"],
            "at most 2")
        row("  before that, a start with nothing to learn", "s",
            r["start"]["wall"], cpu=r["start"]["cpu"])
        row("  memory of the learning side", "MiB",
            sum(kb.values()) / 1024, None, "250 of 1,000,000", of=kb)
        row("  a join of its own client meanwhile, p99", "ms",
            r["meanwhile"]["p99"], None, "5 ms")
        row("  marsctl meanwhile, p99", "ms", r["meanwhile"]["marsctl"], None,
            "20 ms")
        pong = pingpong(1000, 1)
        row("  one update, client to client, median", "us", r["update"]["p50"],
            pong["seconds"] * 1000, "500 us", p99=r["update"]["p99"])


def clients(form):
    """Registrations, and requests about a group of ten."""
    for members in form["members"]:
        c = Crowd(members)
        r, pong = c.registered, pingpong(20000, 64)
        # five datagrams each way, by nvc.md: a SETUP and its repetition, a
        # JOIN, and the SETUP of a leaf and its repetition
        row("registration, %d members, CPU of marsd" % members, "us",
            r["cpu"] / members * 1e6, 5 * pong["cpu"], "12 us",
            rate=members / r["seconds"])
        row("  memory of a member, with its two circuits", "octets",
            (c.house.rss()["marsd"] - c.empty) * 1024 / members, None,
            "600 without")
        for i in range(10):
            c.ask("block %d %s" % (i, BLOCK))
        for window in (64, 1):
            n = form["asks"] if window > 1 else form["asks"] // 10
            runs, pongs = [], []
            for _ in range(3):
                runs.append(c.timed("ask %d %d" % (n, window)))
                assert runs[-1]["answered"] == n, runs[-1]
                pongs.append(pingpong(n, window))
            r, pong = best(runs, "seconds"), best(pongs, "seconds")
            row("requests, group of 10, %d members, %d out" % (
                members, window), "us", r["seconds"] / n * 1e6,
                pong["seconds"] / n * 1e6, "at most 1.18")
            row("  CPU of marsd, beside who answers each", "us",
                r["cpu"] / n * 1e6, pong["cpu"])
        over()


def joins(form):
    """Joins of one client, told to so many leaves."""
    each = float(tool("sendto", "127.1.0.0", 100, 9, OCTETS, 200, 0))
    for leaves in form["leaves"]:
        c = Crowd(leaves)
        n = max(100, min(5000, 200000 // leaves))
        # one that has a socket of its own: no echo is lost, nor waited for
        r = c.timed("join %d 1 %d e4000000 100000" % (min(1, leaves - 1), n))
        assert r["missing"] == 0, r
        row("join told to %d leaves, CPU of the server" % leaves, "us",
            r["cpu"] / n * 1e6, leaves * each,
            "100 us" if leaves == 1000 else "", rate=n / r["seconds"])
        over()


def growth(form):
    """marsd's core learns a join: where it has few, and where it has many."""
    many = form["learn"]
    cost = {}
    for n in (1 << 14, many):
        for line in tool("learn", n).splitlines()[1:]:
            f = line.split()
            cost[int(f[0]), f[1]] = float(f[2]), float(f[4]), float(f[8])
    for order in "keys", "hash":
        us, floor, octets = cost[many, order]
        row("join learnt by marsd's core, %d, %s" % (many, order), "us", us,
            floor)
        row("  beside 16384 of them", "us", us, cost[1 << 14, order][0],
            "at most 1.3")
        row("  memory of a join", "octets", octets, None, "120 octets")


def operations(what, n):
    """us of each of marsd's operations while it holds so many."""
    return {op: float(us) for op, us in (
        line.split() for line in tool("growth", what, n).splitlines())}


def loads(form):
    """What marsd's core takes for one thing while it holds many others; a row
    for each kind, of the operation that grows most."""
    for what, many in form["many"].items():
        few = "joins" if what == "servers" else what    # of one server
        runs = [(operations(few, FEW), operations(what, many))
                for _ in range(3)]
        least, most = ({op: min(r[i][op] for r in runs) for op in runs[0][i]}
                       for i in (0, 1))
        worst = max(least, key=lambda op: most[op] / least[op])
        row("with %d %s: %s" % (many, what, worst), "us", most[worst],
            least[worst], "at most 1.3", few=least, many=most)


def main():
    form = FULL if "full" in sys.argv[1:] else SHORT
    wanted = set(sys.argv[1:]) - {"full", "short"}
    if not suite.own_network():
        sys.exit("no network namespace (unshare, ip)")
    links_up()
    began = time.monotonic()
    print("%-44s %10s %-8s %10s %7s  %s" % (
        "", "figure", "", "floor", "ratio", "to reach"))
    for part in growth, loads, clients, joins, records:
        if not wanted or part.__name__ in wanted:
            part(form)
    with open(BUILD + "/bench.json", "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    print("%d s, in %s/bench.json" % (time.monotonic() - began, BUILD))


try:
    main()
finally:
    suite.cleanup()
