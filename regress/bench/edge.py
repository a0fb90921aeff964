# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What an edge costs: us of CPU a copy at so many members, with one packet
and with eight packets a turn, beside a plain loop of sendto(2) with the same
datagrams to the same addresses in the same run; and what reading costs.

Everything is in network namespaces on one machine, whose softirqs run in the
sender: what the network between costs is in both numbers."""

import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))
import edgenet  # noqa: E402
from edgenet import Namespace, Net, Sender, ip  # noqa: E402
from suite import BUILD, cleanup, running, script, wait  # noqa: E402

GROUP, SIZE = "239.1.1.1", 1316
INNER = SIZE + 28
DATAGRAM = 12 + 8 + 4 + INNER


class Crowd:
    """Members behind one router: marsc -n, at 10.64.0.1 and on."""

    def __init__(self, net):
        self.ns, self.net = Namespace(), net
        with net.core:
            ip("link", "add", "crowd", "type", "veth", "peer", "name", "und",
               "netns", self.ns.path)
            ip("link", "set", "crowd", "master", "br0", "up")
            ip("route", "add", "10.64.0.0/16", "via", "10.255.0.200")
        with self.ns:
            ip("addr", "add", "10.255.0.200/24", "dev", "und")
            ip("link", "set", "und", "up")
            ip("route", "add", "local", "10.64.0.0/16", "dev", "lo")
        self.process = None

    def join(self, n):
        self.leave()
        with self.ns:
            self.process = subprocess.Popen(
                [BUILD + "/marsc", "-l", "10.64.0.1", "-n", str(n), "-s",
                 "10.255.0.100", "-t", "rejoin-min=0", "-t", "rejoin-max=1",
                 "run", script(["register", "join " + GROUP, "stay"])],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        running.append(self.process)
        wait("%d members have joined" % n,
             lambda: self.net.mars.group_size(GROUP) == n, 60)

    def leave(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            wait("all have left",
                 lambda: self.net.mars.group_size(GROUP) == 0, 60)


def used(pid):
    """us of CPU"""
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e3


def measure(site, n, burst, count):
    pid = site.suite.children()["edged"]
    sender = Sender(site, GROUP, size=SIZE)

    def send(packets):
        for i in range(packets // burst):
            for _ in range(burst):
                sender.send()
            # a turn has to be over before the next one
            time.sleep(0.0004 + n * burst * 6e-6)

    send(16 * burst)
    wait("all members are reached", lambda: send(burst) or max(
        r["members"] for r in site.suite.rows("flows", group=GROUP)) == n, 60)
    time.sleep(0.2)
    before, cpu = site.suite.rows("edges", protocol="ipv4")[0], used(pid)
    send(count)
    time.sleep(0.3)
    cpu = used(pid) - cpu
    after = site.suite.rows("edges", protocol="ipv4")[0]
    copies = after["out-copies"] - before["out-copies"]
    sender.close()
    return cpu / max(copies, 1), copies / count


def floor(site, n, count):
    with site.router:
        return float(subprocess.run(
            [BUILD + "/regress/bench/sendto", "10.64.0.1", str(n), "2022",
             str(DATAGRAM), str(count)], check=True, text=True,
            stdout=subprocess.PIPE).stdout)


def main():
    why = edgenet.unshared()
    if why:
        print("bench-edge: " + why)
        return 0
    net = Net()
    site = net.site(1)
    net.start()
    with site.router:
        ip("route", "add", "10.64.0.0/16", "via", "10.255.0.200")
    crowd = Crowd(net)
    print("us of CPU a copy, %d octets\n\nmembers  packets/turn  edge   "
          "sendto  ratio  copies/packet" % SIZE, flush=True)
    for n in 1, 10, 100, 1000:
        count = max(200, min(4000, 100000 // n)) // 8 * 8
        crowd.join(n)
        for burst in 1, 8:
            low = floor(site, n, max(50, count // 2))
            cost, copies = measure(site, n, burst, count)
            low = min(low, floor(site, n, max(50, count // 2)))
            print("%7d  %12d  %5.2f  %6.2f  %5.2f  %13.2f" % (
                n, burst, cost, low, cost / low, copies), flush=True)
    print("\nRSS of edged: %.1f MB" % site.rss())
    cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
