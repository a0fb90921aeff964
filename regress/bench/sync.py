# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What it takes to bring the joins of real clients to an empty server, how
long a client of that one and its operator wait meanwhile, and one update from
a client of one server to the other's clients.

Two real servers on loopback, in a network namespace of its own.  Each figure
stands beside what exchange.c takes for as many records in the same run: two
processes that do the exchange of RFC 2334 and nothing else.  Of both it is
without the start of the processes, which is told beside it.

    sync.py [-j] [NUMBER...]            make bench-sync

-j prints JSON.  Default: 10,000 and 100,000; 1,000,000 takes a minute.
"""

import argparse
import json
import subprocess
import sys
import time

import house
import suite
from suite import BASE_PORT, BUILD, link, links_up, wait

CLIENTS = 1000
LIMITS = """limit { rate 1000000, joins 4000000, groups 4000000,
	    joins-per-member 100000, records 4000000,
	    backlog 131072 }
"""


class House(house.House):
    limits = LIMITS


def sync(n, times=1):
    """
    The best of so many times: others use the machine, too.  What a start takes
    with nothing to learn is not in it.
    """
    a = House(1, (2,)).start()
    b = House(2, (1,))
    start = alignment(a, b, 0)
    crowd = house.Helper("flood", BASE_PORT, a.address, b.address)
    ask = crowd.ask
    r = ask("register 0 %d 0" % CLIENTS)
    assert r["registered"] == CLIENTS, r
    r = ask("join 0 %d %d e4000000 20000" % (CLIENTS, n // CLIENTS))
    assert r["missing"] == 0, r
    want = n + CLIENTS          # records of joins and of registrations
    runs = []
    for _ in range(times):
        b.stop()
        runs.append((alignment(a, b, want), floor(n)))
    whole = least([r for r, _ in runs])
    result = {k: whole[k] - start[k] for k in whole}
    result.update(joins=n, start=start, memory=b.rss(),
                  floor=least([f for _, f in runs]))
    result["update"] = one_update(a, b)
    result["meanwhile"] = meanwhile(a, b, crowd, want)
    suite.cleanup()
    suite.running.clear()
    return result


def least(runs):
    return {k: min(r[k] for r in runs) for k in runs[0]}


def alignment(a, b, want):
    """b, which is empty, starts, and learns so many records of a."""
    before, began = a.cpu(), time.monotonic()
    b.start()
    wall = learnt(b, want) - began
    return {"wall": wall, "cpu": a.cpu() - before + b.cpu()}


def learnt(b, want):
    """
    When it had so many records.  To ask takes time of the processors that it
    learns on: so it is asked when it has had nothing to do for a while.
    """
    with house.Clock(b) as clock:
        busy, cpu = time.monotonic(), clock.cpu()
        for _ in learning(b, want,
                          idle=lambda: time.monotonic() - busy > 0.03):
            time.sleep(0.002)
            before, cpu = cpu, clock.cpu()
            if cpu - before > 0.0002:
                busy = time.monotonic()
    return busy


def learning(b, want, idle=lambda: True):
    """Until it has so many records."""
    began = time.monotonic()
    while not idle() or b.counter("records-in") < want:
        if time.monotonic() - began > 170:
            raise suite.Gone("records come too slowly")
        yield


def meanwhile(a, b, crowd, want):
    """
    The same once more, with a client that joins 200 groups a second at the one
    that learns, and an operator who asks.  In ms.
    """
    b.stop()
    link(a, b, False)
    b.start()
    crowd.ask("timed %d 1 200 ea000000" % CLIENTS)
    link(a, b, True)
    took = []
    began = time.monotonic()
    for _ in learning(b, want):
        took.append(1000 * (time.monotonic() - began))
        time.sleep(0.01)
        began = time.monotonic()
    r = crowd.ask("stop")
    took.sort()
    r["marsctl"] = took[len(took) * 99 // 100] if took else 0
    return r


def one_update(a, b):
    """From a client of the one to a client of the other, in us."""
    wait("aligned", b.aligned)
    return json.loads(subprocess.run(
        [BUILD + "/regress/bench/update", str(BASE_PORT), a.address,
         b.address, "300"], check=True, stdout=subprocess.PIPE).stdout)


def floor(n):
    return json.loads(subprocess.run(
        [BUILD + "/regress/bench/exchange", str(n)], check=True,
        stdout=subprocess.PIPE).stdout)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("-j", action="store_true")
    p.add_argument("numbers", nargs="*", type=int, metavar="NUMBER")
    args = p.parse_args()
    if not suite.own_network():
        sys.exit("no network namespace (unshare, ip)")
    links_up()
    results = []
    if not args.j:
        print("%9s %8s %8s %6s %8s %8s %6s  %s" % (
            "joins", "CPU s", "floor", "ratio", "wall s", "floor", "ratio",
            "MiB of the learning side; one update; p99 while it learns"))
    for n in args.numbers or [10000, 100000]:
        r = sync(n)
        results.append(r)
        f = r["floor"]
        if not args.j:
            print("%9d %8.3f %8.3f %6.1f %8.3f %8.3f %6.1f  %s; "
                  "%d us, p99 %d; join %.1f ms, marsctl %.1f; start %.3f s, "
                  "%.3f of CPU" % (
                n, r["cpu"], f["cpu"], r["cpu"] / f["cpu"], r["wall"],
                f["wall"], r["wall"] / f["wall"], ", ".join(
                    "%s %d" % (k, kb >> 10)
                    for k, kb in sorted(r["memory"].items())),
                r["update"]["p50"], r["update"]["p99"],
                r["meanwhile"]["p99"], r["meanwhile"]["marsctl"],
                r["start"]["wall"], r["start"]["cpu"]), flush=True)
    if args.j:
        json.dump(results, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    try:
        main()
    finally:
        suite.cleanup()
