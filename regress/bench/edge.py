# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What an edge costs, each number beside its goal: us of CPU a copy at so many
members, with one packet and with eight packets a turn, by the user path and
through the kernel, beside a plain loop of sendto(2) with the same datagrams to
the same addresses in the same run; what reading costs beside a reader that
does nothing; how soon and how fast it is, and its memory.  With arguments:
only those of user, kernel, read, join, rate, memory.

That loop never sleeps, and the user path is woken for each turn, which costs
6 to 20 us wherever it happens: of a turn with 10 copies that took 37 us,
epoll_wait(2) was 8.5, of which 6.5 were the way back to the processor,
recvmmsg(2) 2, sendmmsg(2) 22, and all of edged 4 (perf record; 10 sendto(2) in
a row were 26.6).  So for one packet a turn there is also the same loop in the
same rhythm, which sleeps for as long before each N datagrams: with the same
goal, beside the other.  For eight packets a turn edged is behind(), so that
all eight wait for it.  Of each the better of two runs counts.

Reading is measured twice, too: once as packets come, and once with eight a
turn.  edged and the empty reader have the same packets one after the other:
when both had them at once on two processors, that of them which was woken
second slept half as often, whichever did less.  Of each the best of five runs
counts.

Everything is in network namespaces on one machine, whose softirqs run in the
sender: what the network between costs would be in both numbers.  So what is
large and for the members is dropped where it leaves the edge's machine, if
there is nft(8) to do it."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../system"))
import edgenet  # noqa: E402
from edgenet import Member, Namespace, Net, Sender, ip, pump  # noqa: E402
from suite import BUILD, cleanup, running, script, wait  # noqa: E402

GROUP, SIZE = "239.1.1.1", 1316
INNER = SIZE + 28
DATAGRAM = 12 + 8 + 4 + INNER
WANTED = sys.argv[1:] or ["user", "kernel", "read", "join", "rate", "memory"]
missed = []


def say(what, value, goal, unit="", least=False):
    """goal: None if there is none"""
    if goal is None:
        print("%-44s %9.2f %s" % (what, value, unit), flush=True)
        return
    good = value >= goal if least else value <= goal
    if not good:
        missed.append(what)
    print("%-44s %9.2f %-7s %s %7.2f  %s" % (
        what, value, unit, ">=" if least else "<=", goal,
        "" if good else "MISSED"), flush=True)


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
        self.process, self.n = None, 0

    def join(self, n):
        if n == self.n:
            return
        self.leave()
        with self.ns:
            self.process = subprocess.Popen(
                [BUILD + "/marsc", "-l", "10.64.0.1", "-n", str(n), "-s",
                 "10.255.0.100", "-t", "rejoin-min=0", "-t", "rejoin-max=1",
                 "run", script(["register", "join " + GROUP, "stay"])],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        running.append(self.process)
        self.n = n
        wait("%d members have joined" % n,
             lambda: self.net.mars.group_size(GROUP) == n, 60)

    def leave(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            wait("all have left",
                 lambda: self.net.mars.group_size(GROUP) == 0, 60)
        self.process, self.n = None, 0


def drop(net, port):
    """The members get nothing that is large from there."""
    with net.core:
        r = shutil.which("nft") and subprocess.run(
            ["nft", "add table netdev %s; add chain netdev %s c { type filter "
             "hook ingress device %s priority 0; }; add rule netdev %s c "
             "ip daddr 10.64.0.0/16 ip length > 1000 drop" % (4 * (port,))],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if r is None or r.returncode != 0:
        print("without nft: what members do with the packets counts, too")


def used(pid):
    """us of CPU"""
    with open("/proc/%d/schedstat" % pid) as f:
        return int(f.read().split()[0]) / 1e3


def softirqs():
    """the threads that do what is left over by others"""
    r = []
    for pid in os.listdir("/proc"):
        try:
            with open("/proc/%s/comm" % pid) as f:
                if f.read().startswith("ksoftirqd"):
                    r.append(int(pid))
        except OSError:
            pass
    return r


def total(pids):
    return sum(used(p) for p in pids)


def reach(site, sender, n, path):
    """All members are reached, by that path."""
    def good():
        for _ in range(8):
            sender.send()
        time.sleep(0.15)
        f = site.suite.rows("flows", group=GROUP, direction="out")
        return f and f[0]["members"] == n and f[0]["path"] == path
    wait("%d members are reached by %s" % (n, path), good, 60)
    time.sleep(0.3)


def pause(n, burst):
    """A turn has to be over before the next one; us."""
    return 400 + n * burst * 6


@contextlib.contextmanager
def behind(pid):
    """It runs only while we sleep: else it'd begin with the first packet of a
    turn.  To stop it would cost it what a signal does, and tells its parent;
    and who may do nothing can't take SCHED_IDLE back."""
    here = os.sched_getaffinity(0)
    cpu = {min(here)}
    try:
        for p in 0, pid:
            os.sched_setaffinity(p, cpu)
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))
        yield
    finally:
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        for p in 0, pid:
            os.sched_setaffinity(p, here)


@contextlib.contextmanager
def stopped(pid):
    """Afterwards it has read what waited."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.2)


def send(sender, count, burst, us, pid=None):
    """So many packets, that many with a pause after them; a turn of the
    process, if there is one."""
    with behind(pid) if pid else contextlib.nullcontext():
        for _ in range(count // burst):
            for _ in range(burst):
                sender.send()
            time.sleep(us * 1e-6)
        time.sleep(0.4)


def copies(site):
    return site.suite.rows("edges", protocol="ipv4")[0]["out-copies"]


def measure(site, n, burst, count):
    """us of edged a copy, copies a packet"""
    pid = site.suite.children()["edged"]
    sender = Sender(site, GROUP, size=SIZE)
    reach(site, sender, n, "user")
    before, cpu = copies(site), used(pid)
    send(sender, count, burst, pause(n, burst), pid if burst > 1 else None)
    cpu = used(pid) - cpu
    made = copies(site) - before
    sender.close()
    return cpu / max(made, 1), made / count


class First:
    """The first copy of a packet, seen as it leaves the machine of the edge."""

    def __init__(self, net, port, sender):
        tap = edgenet.Tap(net.core, port)
        sender.send()
        time.sleep(0.2)
        to = [p[30:34] for p in tap.frames() if len(p) > 1000]
        self.s = tap.s
        # ld [30]; jeq that one; ret all, or none
        code = b"".join(struct.pack("=HBBI", *i) for i in (
            (0x20, 0, 0, 30), (0x15, 0, 1, struct.unpack("!I", to[0])[0]),
            (6, 0, 0, 64), (6, 0, 0, 0)))
        buf = ctypes.create_string_buffer(code)
        self.s.setsockopt(socket.SOL_SOCKET, 26, struct.pack(
            "HL", 4, ctypes.addressof(buf)))    # SO_ATTACH_FILTER

    def wait(self):
        """By looking: who waits would have to be woken by who sends."""
        end = time.monotonic() + 0.1
        while True:
            try:
                return self.s.recv(64)
            except BlockingIOError:
                if time.monotonic() > end:
                    return None


def waits(pid):
    """How often it has slept."""
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith("voluntary_ctxt"))


def measure_awake(site, n, count):
    """As measure() with one packet a turn; and how often it slept a packet."""
    pid = site.suite.children()["edged"]
    sender = Sender(site, GROUP, size=SIZE)
    reach(site, sender, n, "user")
    first = First(net, "u%d" % site.n, sender)
    before, cpu, slept = copies(site), used(pid), waits(pid)
    for _ in range(count):
        sender.send()
        first.wait()
    time.sleep(0.4)
    cpu, slept = used(pid) - cpu, waits(pid) - slept
    made = copies(site) - before
    sender.close()
    first.s.close()
    return cpu / max(made, 1), slept / count


def inject(site, group, count):
    """us of CPU for each packet that a host sends to a group, softirqs too"""
    others = softirqs()
    cpu = total(others)
    own = sendto(site.host, group, 1, edgenet.PORT, SIZE, count)
    return own + (total(others) - cpu) / count


def measure_kernel(site, n, burst, count):
    """The same of the kernel: what a packet costs more than one that waits
    for edged and doesn't wake it, since edged is stopped; and edged itself."""
    edged = site.suite.children()["edged"]
    sender = Sender(site, GROUP, size=SIZE)
    reach(site, sender, n, "kernel")
    with stopped(edged):
        empty = min(inject(site, "224.1.1.1", count) for _ in range(3))
    before, own = copies(site), used(edged)
    cpu = [inject(site, GROUP, count) for _ in range(3)]
    own = used(edged) - own
    time.sleep(0.4)
    made = copies(site) - before
    sender.close()
    sent = 3 * (count + 20)     # with those that warm up
    return (min(cpu) - empty + own / sent) / n, made / sent


def sendto(ns, address, n, port, size, count, sleep=0):
    with ns:
        return float(subprocess.run(
            [BUILD + "/regress/bench/sendto", address, str(n), str(port),
             str(size), str(count), str(sleep)], check=True, text=True,
            stdout=subprocess.PIPE).stdout)


def floor(site, n, count, sleep=0):
    others = softirqs()
    cpu = total(others)
    own = sendto(site.router, "10.64.0.1", n, 2022, DATAGRAM, count, sleep)
    return own + (total(others) - cpu) / count / n


def compare(site, crowd, name, how, bursts, goals):
    for n in 1, 10, 100, 1000:
        count = max(200, min(4000, 100000 // n)) // 8 * 8
        crowd.join(n)
        for burst in bursts:
            rhythm = pause(n, burst) if how is measure and burst == 1 else 0
            runs = []
            for _ in range(2):
                low = floor(site, n, max(50, count // 2))
                cost, each = how(site, n, burst, count)
                woken = rhythm and floor(site, n, max(50, count // 2), rhythm)
                awake = rhythm and measure_awake(site, n, count)
                runs.append((low, cost, woken, awake))
            # of each its best run, with the others in between
            low, cost, woken, awake = (min(r) for r in zip(*runs))
            print("%s path, members %4d, packets a turn %d: %5.2f us a copy, "
                  "sendto %5.2f" % (name, n, burst, cost, low))
            goal = goals(n, burst)
            say("  of sendto's", cost / low, goal)
            if rhythm:
                say("  of sendto's in that rhythm", cost / woken, goal,
                    "of %.2f" % woken)
                say("  of sendto's, while neither sleeps", awake[0] / low,
                    goal, "and %.2f" % awake[1])
            say("  copies a packet, beyond the members", each - n, 0.02)


def read_empty(site, how):
    """us of CPU a packet of a reader that does nothing with it"""
    edged = site.suite.children()["edged"]
    with site.router:
        reader = subprocess.Popen(
            [BUILD + "/regress/bench/reader", "lan"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    running.append(reader)
    reader.stdout.readline()
    with stopped(edged):
        how(reader.pid)
        n, cost = reader.communicate("")[0].split()
    return float(cost), int(n)


def read_edged(site, how):
    """The same of edged."""
    def came():
        return site.suite.rows("lans")[0]["in-packets"]
    pid = site.suite.children()["edged"]
    before, cpu = came(), used(pid)
    how(pid)
    cpu = used(pid) - cpu
    n = came() - before
    return cpu / max(n, 1), n


def reading(site, burst):
    """More than an empty reader, us a packet"""
    # nobody wants it, which edged knows after the first
    count, sender = 16000, Sender(site, "239.1.1.99", size=SIZE)
    costs = {read_empty: [], read_edged: []}
    for _ in range(5):
        for what, runs in costs.items():
            cost, came = what(site, lambda pid: send(
                sender, count, 8, 300, pid if burst else None))
            runs.append(cost)
            if abs(came - count) > count / 100:
                sys.exit("of %d packets %d came" % (count, came))
    sender.close()
    # of each its best run, with the other's in between
    empty, cost = (min(runs) for runs in costs.values())
    print("reading%s: an empty reader %.2f us a packet" % (
        ", eight a turn" if burst else "", empty))
    say("  more than that", cost - empty, 1.5, "us")


def joining(one, two):
    """Join to the first packet of a running stream, ms; the worst of 10."""
    worst = 0
    sender = Sender(one, "239.1.2.1")
    other = Member(net.sites[3], "239.1.2.1")
    wait("joined", lambda: net.sites[3].joined("239.1.2.1"))
    for _ in range(10):
        for _ in range(50):
            sender.send()
            pump([other], 0.002)
        member, begin = Member(two, "239.1.2.1"), time.monotonic()
        while member.first is None and time.monotonic() < begin + 5:
            sender.send()
            pump([member, other], 0.001)
        worst = max(worst, (member.first or 1e9) - begin)
        member.leave()
        member.close()
        wait("left", lambda: not two.joined("239.1.2.1"))
    say("join to the first packet", worst * 1e3, 50, "ms")


def rate(one, two):
    """20,000 packets a second for 3 s to one member: how many are lost"""
    group = "239.1.3.1"
    member = Member(two, group)
    wait("joined", lambda: two.joined(group))
    sender = Sender(one, group, size=SIZE)
    sender.send()
    wait("it is reached", lambda: two.suite.rows("flows", group=group))
    time.sleep(0.5)

    def came():
        return two.suite.rows("flows", group=group)[0]["copies"]
    before, count, begin = came(), 60000, time.monotonic()
    for i in range(count):
        while time.monotonic() < begin + i / 20000:
            pass
        sender.send()
    took = time.monotonic() - begin
    time.sleep(0.5)
    lost = count - (came() - before) + sum(
        r["value"] for r in two.suite.rows("counters", name="no-room"))
    say("packets a second of %d octets" % SIZE, count / took, 19900, "",
        least=True)
    say("  of %d lost" % count, lost, 0)
    member.close()


def memory(one, two):
    """RSS with 1,000 groups that are joined, and as many that are sent to"""
    members = []
    for i in range(1000):
        group = "239.2.%d.%d" % (i // 250, i % 250 + 1)
        if i % 20 == 0:     # net.ipv4.igmp_max_memberships of a socket
            members.append(Member(two, group, port=edgenet.PORT + 1 + i))
        else:
            members[-1].group = group
            members[-1].membership(42)
    wait("1,000 are joined", lambda: two.suite.rows(
        "edges", protocol="ipv4")[0]["joins"] >= 1000, 60)
    for i in range(1000):
        s = Sender(one, "239.2.%d.%d" % (i // 250, i % 250 + 1))
        s.send()
        s.close()
        time.sleep(0.02)
    say("RSS of the edge that sends to 1,000 groups", one.rss(), 10, "MB")
    say("RSS of the edge that has joined them", two.rss(), 10, "MB")


def main():
    global net
    why = edgenet.unshared()
    if why:
        print("bench-edge: " + why)
        return 0
    net = Net()
    limit = "limit { groups 2048, groups-per-host 2048 }"
    one = net.site(1, edge="path user", lan=limit)
    two = net.site(2, lan=limit)
    net.site(3, edge="path user")
    for s in one, two:
        with s.router:
            ip("route", "add", "10.64.0.0/16", "via", "10.255.0.200")
            Namespace.sysctl("net/ipv4/conf/all/forwarding", 1)
    for s in net.sites.values():
        with s.host:
            Namespace.sysctl("net/ipv4/igmp_max_memberships", 2000)
        # a packet without a checksum goes up from the kernel's path
        edgenet.checksums_done(s.host, "eth0")
        edgenet.checksums_done(s.host, "lan%d" % s.n)
    net.start()
    crowd = Crowd(net)
    drop(net, "u1")
    drop(net, "u2")
    if "user" in WANTED:
        compare(one, crowd, "user", measure, (1, 8), lambda n, burst:
                0.45 if burst == 8 and n > 1 else 1.15 if n > 1 else None)
    if two.suite.rows("edges")[0]["path"] != "kernel":
        print("no path through the kernel here")
    elif "kernel" in WANTED:
        compare(two, crowd, "kernel", measure_kernel, (1,), lambda n, burst:
                0.4 if n > 1 else None)
    crowd.leave()
    if "read" in WANTED:
        reading(one, False)
        reading(one, True)
    if "join" in WANTED:
        joining(one, two)
    if "rate" in WANTED:
        rate(one, two)
    if "memory" in WANTED:
        memory(one, two)
    print("goals missed: " + (", ".join(missed).strip() or "none"))
    cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
