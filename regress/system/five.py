# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Five real servers on loopback with five hundred clients: servers are
killed and come back, links are cut while the caches align, and in the end
all five say the same."""

import json
import os
import signal
import subprocess
import time

from suite import BASE_PORT, BUILD, Client, Server, Skip, ip, link, links_up, \
    main, own_network, running, script, test, wait

OWN_NETWORK = own_network()

ALL = tuple("127.0.0.%d" % n for n in range(1, 6))
LINE = {1: (2,), 2: (1, 3), 3: (2, 4), 4: (3, 5), 5: (4,)}
# a ring, and a chord between 1 and 3
RING = {1: (2, 3, 5), 2: (1, 3), 3: (1, 2, 4), 4: (3, 5), 5: (1, 4)}
BETWEEN = ("Negotiation", "Summarize", "Update")
PATIENCE = 120
# marsc's timers, short, so that a test is
QUICK = tuple(w for t in (
    "retransmit=1", "reregister-min=0", "reregister-max=1", "rejoin-min=0",
    "rejoin-max=1", "loop=2", "redirect-map=8") for w in ("-t", t))


def start(topology):
    servers = [Server(n, peers) for n, peers in topology.items()]
    for s in servers:
        s.start(expect=False)
    for s in servers:
        wait("%s answers" % s.address, s.answers)
    wait("all are aligned", lambda: all(s.aligned() for s in servers))
    return servers


def kill(server):
    """SIGKILL for the whole suite: nothing is said or written any more."""
    pids = [server.process.pid] + list(server.children().values())
    for sig in signal.SIGSTOP, signal.SIGKILL:
        for pid in pids:
            os.kill(pid, sig)
    server.process.wait()
    wait("%s is dead" % server.address, lambda: not any(
        os.path.exists("/proc/%d" % pid) for pid in pids))


def load(n):
    """A hundred clients at server n, each in three groups or blocks."""
    rest = ALL[n - 1:n] + ALL[:n - 1] + ALL[n:]
    return Client("127.0.%d.1" % (10 + n), ",".join(rest), "run", script(
        ["register", "join 224.1.1.1", "join 224.1.2.%d" % n,
         "join 224.2.0.0-224.2.0.255", "stay"]),
        options=("-n", "100") + QUICK)


def view(server):
    """What a server says about everybody, told as any of them would."""
    members = {}
    for r in server.ctl("members") or []:
        where = r["server"]
        members[r["protocol"], r["address"]] = (
            server.address if where == "local" else where, r["cmi"])
    groups = {(r["protocol"], r["group-min"], r["group-max"]):
              (r["member-count"], r["members"])
              for r in server.ctl("groups") or [] if r["member-count"]}
    return members, groups


def agreed(servers, clients):
    """The view that all have, if they are aligned and so many are in it."""
    if not all(s.aligned() for s in servers):
        return None
    first = members, groups = view(servers[0])
    if len(members) != clients or ("ipv4", "224.1.1.1", "224.1.1.1") not in \
            groups or groups["ipv4", "224.1.1.1", "224.1.1.1"][0] != clients:
        return None
    if any(view(s) != first for s in servers[1:]):
        return None
    cmis = [cmi for where, cmi in members.values()]
    assert len(set(cmis)) == len(cmis), "a CMI is not unique"
    return first


def settled(servers, clients):
    return wait("%d clients, the same at %s" % (clients, " ".join(
        s.address for s in servers)), lambda: agreed(servers, clients),
        PATIENCE)


def alignment(server, neighbor):
    for r in server.ctl("neighbors") or []:
        if r["address"].split("%")[0] == neighbor.address:
            return r["alignment"]
    return None


def cut_within(server, neighbor):
    """Stops neighbor's scspd when the two are in the middle of alignment.

    Lets it run for a moment at a time and looks at the other end; whenever
    the two are through, they begin anew.
    """
    pid = neighbor.children()["scspd"]

    def caught():
        os.kill(pid, signal.SIGSTOP)
        state = alignment(server, neighbor)
        if state in BETWEEN:
            return True
        if state == "Aligned":
            server.marsctl("neighbor", "clear", neighbor.address)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.003)
        return False

    wait("%s and %s between Down and Aligned" % (
        server.address, neighbor.address), caught)
    return pid


def cut_link_within(server, neighbor):
    """Cuts the link of the two in the middle of alignment."""
    def caught():
        link(server, neighbor, False)
        state = alignment(server, neighbor)
        if state in BETWEEN:
            return True
        if state == "Aligned":
            server.marsctl("neighbor", "clear", neighbor.address)
        link(server, neighbor, True)
        time.sleep(0.003)
        return False

    wait("the link of %s and %s is cut between Down and Aligned" % (
        server.address, neighbor.address), caught)


class Asker:
    """Asks one server for a group again and again, and remembers."""

    def __init__(self, address, server, group):
        self.address, self.group = address, group
        self.output = os.path.join(server.dir, "asker-" + address)
        path = script(["register"] + ["request " + group, "wait 0.05"] *
                      5000)
        self.process = subprocess.Popen(
            [BUILD + "/marsc", "-l", address, "-s", server.address, "-j",
             "-b", str(BASE_PORT), "-t", "enquiry=1"] + list(QUICK) +
            ["run", path], stdin=subprocess.DEVNULL,
            stdout=open(self.output, "w"))
        running.append(self.process)

    def answers(self):
        with open(self.output) as f:
            rows = [json.loads(line) for line in f if line.endswith("\n")]
        assert self.process.poll() is None, rows[-3:]
        return [r for r in rows if r["event"] in
                ("members", "request-failed") and r["group"] == self.group]


def never_without(askers, members, n):
    """Every answer from the n-th (of each) on has all these members."""
    for a, since in zip(askers, n):
        for i, answer in enumerate(a.answers()):
            missing = set(members) - set(answer.get("members", ()))
            assert i < since or not missing, "answer %d to %s, %s: no %s" % (
                i, a.address, answer, sorted(missing))


def asked_since(askers, n, more=3):
    return all(len(a.answers()) >= since + more
               for a, since in zip(askers, n))


@test
def line():
    """R2443-2: the middle of a line is killed; both halves change; it heals
    """
    s = start(LINE)
    for n in range(1, 6):
        load(n)
    members, groups = settled(s, 500)
    assert groups["ipv4", "224.2.0.0", "224.2.0.255"][0] == 500
    assert all(groups["ipv4", "224.1.2.%d" % n, "224.1.2.%d" % n][0] == 100
               for n in range(1, 6)), groups.keys()
    kill(s[2])
    # its clients turn to the first server of its map that answers
    wait("the clients of the dead are at 127.0.0.1", lambda: all(
        where == ALL[0] for (_, who), (where, _) in view(s[0])[0].items()
        if who.startswith("127.0.13.")) and len(view(s[0])[0]) == 300,
        PATIENCE)
    # each half flushes what is behind the gap, and goes on
    wait("the left has 300", lambda: view(s[0]) == view(s[1]) and
         len(view(s[0])[0]) == s[0].group_size("224.1.1.1") == 300,
         PATIENCE)
    wait("the right has 200", lambda: view(s[3]) == view(s[4]) and
         len(view(s[3])[0]) == s[3].group_size("224.1.1.1") == 200,
         PATIENCE)
    one = script(["register", "join 224.1.1.1", "stay"])
    Client("127.0.0.21", ALL[0], "run", one, options=QUICK)
    Client("127.0.0.22", ALL[4], "run", one, options=QUICK)
    s[2].start()
    settled(s, 502)


@test
def ring():
    """R2443-2: servers die and links are cut while 500 clients come and go
    """
    s = start(RING)
    cs = [load(n) for n in range(1, 6)]
    settled(s, 500)
    # one dies, one is deaf for a while in the middle of an alignment, and
    # meanwhile clients leave, vanish and come
    kill(s[1])
    assert cs[4].stop() == 0
    s[1].start()
    pid = cut_within(s[1], s[2])
    cs[3].kill()
    assert not s[1].aligned()
    os.kill(pid, signal.SIGCONT)
    settled(s, 300)
    cs[4] = load(5)
    pid = cut_within(s[4], s[3])
    kill(s[0])
    s[0].start()
    # till the deaf one is given up
    wait("127.0.0.4 is given up", lambda: alignment(s[4], s[3]) == "Down")
    os.kill(pid, signal.SIGCONT)
    settled(s, 400)
    for n in 0, 1, 2, 4:
        assert cs[n].stop() == 0
    wait("nobody is left", lambda: all(view(x) == ({}, {}) for x in s),
         PATIENCE)


@test
def links():
    """R2443-2: links are cut in the middle of alignment; a division heals"""
    if not OWN_NETWORK:
        raise Skip("no network namespace of its own (unshare, iproute2)")
    try:
        cut_and_mended()
    finally:
        links_up()


def cut_and_mended():
    s = start(RING)
    cs = [load(n) for n in range(1, 6)]
    before = settled(s, 500)
    cut_link_within(s[1], s[2])
    wait("the two are given up", lambda: alignment(s[1], s[2]) == "Down" and
         alignment(s[2], s[1]) == "Down", PATIENCE)
    assert all(view(x) == before for x in s)
    # and now 127.0.0.1 and .2 are on their own
    link(s[0], s[2], False)
    link(s[0], s[4], False)
    wait("one side has 200", lambda: view(s[0]) == view(s[1]) and
         len(view(s[0])[0]) == s[0].group_size("224.1.1.1") == 200,
         PATIENCE)
    wait("the other has 300", lambda: view(s[2]) == view(s[3]) == view(s[4])
         and len(view(s[2])[0]) == s[2].group_size("224.1.1.1") == 300,
         PATIENCE)
    assert cs[0].stop() == 0
    Client("127.0.0.21", ALL[3], "run", script(
        ["register", "join 224.1.1.1", "stay"]), options=QUICK)
    # it heals, and is cut once more on the way
    link(s[0], s[4], True)
    cut_link_within(s[0], s[4])
    for a, b in (0, 2), (0, 4), (1, 2):
        link(s[a], s[b], True)
    settled(s, 401)


@test
def next_server():
    """R2022-5.4: a client whose server dies joins again at the next"""
    s = start(RING)
    Client("127.0.0.11", ",".join(ALL[3:] + ALL[:3]), "run", script(
        ["register", "join 224.1.1.1", "join 224.2.0.0-224.2.0.255",
         "stay"]), options=QUICK)
    members, _ = settled(s, 1)
    assert members["ipv4", "127.0.0.11"][0] == ALL[3]
    sent = s[3].counter("cluster-control-out")
    wait("it has heard a redirect map", lambda: s[3].counter(
        "cluster-control-out") > sent + 1)
    kill(s[3])
    rest = s[:3] + s[4:]
    # 127.0.0.5 is the next that it was given, 127.0.0.1 that of the map
    wait("127.0.0.1 alone has it, and all know", lambda: all(
        view(x)[0].get(("ipv4", "127.0.0.11"), ("",))[0] == ALL[0] and
        x.group("224.1.1.1") == ["127.0.0.11"] and
        ("ipv4", "224.2.0.0", "224.2.0.255") in view(x)[1]
        for x in rest), PATIENCE)
    for r in s[0].ctl("members"):
        assert r["server"] == "local" and r["joins"] == r["confirmed"] == 2
    s[3].start()
    settled(s, 1)


@test
def redirects():
    """D9, A-6, A-30: redirected softly and hard, and never out of its group
    """
    s = start(RING)
    c = Client("127.0.14.1", ALL[0], "run", script(
        ["register", "join 224.1.1.1", "stay"]),
        options=("-n", "10") + QUICK)
    settled(s, 10)
    clients = ["127.0.14.%d" % n for n in range(1, 11)]
    askers = [Asker("127.0.15.%d" % n, s[n - 1], "224.1.1.1")
              for n in range(1, 6)]

    def at(server, who):
        return all(view(x)[0].get(("ipv4", m), ("",))[0] == server.address
                   for m in who for x in s)

    def redirect(how, old, new, who=None):
        since = [len(a.answers()) for a in askers]
        r = s[old].marsctl("redirect", "lis1", how, "to", s[new].address,
                           *(["member", who] if who else []))
        assert r.returncode == 0, r
        moved = [who] if who else clients
        wait("%s is at %s" % (who or "everybody", s[new].address),
             lambda: at(s[new], moved), PATIENCE)
        wait("all were asked", lambda: asked_since(askers, since))
        never_without(askers, clients, since)

    wait("all were asked", lambda: asked_since(askers, [0] * 5))
    redirect("soft", 0, 1, clients[4])
    redirect("hard", 1, 0, clients[4])
    redirect("soft", 0, 2)
    redirect("hard", 2, 3)
    redirect("soft", 3, 4)
    wait("joined there", lambda: s[4].group_size("224.1.1.1") == 10)
    assert c.process.poll() is None
    assert c.stop() == 0
    wait("nobody is in the group", lambda: not any(
        x.group("224.1.1.1") for x in s))


@test
def narrow_way():
    """what is too long for the way to a neighbor is divided, after a first"""
    if not OWN_NETWORK:
        raise Skip("no network namespace of its own (unshare, iproute2)")
    groups = ["join 224.%d.%d.1" % (i // 200 + 1, i % 200) for i in range(400)]
    way = ("127.0.0.2", "dev", "lo", "table", "local", "mtu", "1300")
    ip("route", "add", "local", *way)
    try:
        a = Server(1, (2,)).start()
        Client("127.0.0.11", a.address, "run", script(["register"] + groups +
                                              ["stay"]))
        wait("all joins", lambda: len(a.ctl("groups") or []) == 400)
        b = Server(2, (1,)).start()
        wait("they agree", lambda: a.aligned() and b.aligned() and
             len(b.ctl("groups") or []) == 400)
        assert 0 < a.counter("path-mtu") < 50, a.counter("path-mtu")
        assert b.counter("path-mtu") == 0
        a.stop()
        b.stop()
    finally:
        ip("route", "del", "local", *way)


main()
