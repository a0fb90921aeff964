# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The end of "make demo": four sites, a stream from a host behind the first to
receivers behind two of the others.  In network namespaces, so that nothing of
this machine is touched; says in one line where these can't be made."""

import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../regress/system"))
import edgenet  # noqa: E402
from edgenet import Member, Net, Sender, stream  # noqa: E402
from suite import BUILD, cleanup, wait  # noqa: E402

GROUP, COUNT, RATE = "239.1.1.1", 1000, 500


def conf(file, **macros):
    """A configuration of this directory, with what it leaves open."""
    with open(os.path.join(HERE, file)) as f:
        return "".join('%s = "%s"\n' % m for m in macros.items()) + \
            f.read().replace("%", "%%")


def show(site, *words):
    print("\n$ marsctl " + " ".join(words))
    subprocess.run([BUILD + "/marsctl", "-s", site.suite.dir, *words],
                   stdin=subprocess.DEVNULL)


def main():
    why = edgenet.unshared()
    if why:
        print("\n=== edges are left out: %s" % why)
        return 0
    print("\n=== four sites on a network without multicast; each has an edge,"
          "\n    and a host on a LAN of its own", flush=True)
    net = Net(mars=conf("edge-mars.conf", dir="%(dir)s"))
    for n in 1, 2, 3, 4:
        net.site(n, text=conf("edge.conf", dir="%(dir)s", keyfile="%(key)s",
                              name="site%d" % n,
                              here="10.255.0.%d%%%%16" % n))
    net.start()
    print("\n=== the hosts of sites 2 and 3 join %s; that of site 1 sends %d "
          "packets to it" % (GROUP, COUNT), flush=True)
    got = [Member(net.sites[n], GROUP) for n in (2, 3)]
    for m in got:
        wait("site %d has joined" % m.site.n, lambda m=m: m.site.joined(GROUP))
    sender = Sender(net.sites[1], GROUP, size=1000)
    begin = time.monotonic()
    stream(sender, got, COUNT, rate=RATE)
    print("    done after %.1f s" % (time.monotonic() - begin), flush=True)
    show(net.sites[1], "show", "flows")
    show(net.sites[2], "show", "listeners")
    edge = net.sites[1].suite.rows("edges")[0]
    received = [len(m.got) for m in got]
    nothing = net.sites[4].suite.rows("edges")[0]["in-packets"]
    print("\n=== packets sent %d, copies %d, received %d at site 2, %d at "
          "site 3, %d at site 4" % (COUNT, edge["out-copies"], *received,
                                    nothing), flush=True)
    good = received == [COUNT, COUNT] and edge["out-copies"] == 2 * COUNT \
        and nothing == 0
    cleanup()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
