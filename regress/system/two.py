# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Two real servers on loopback and their clients."""

import contextlib
import os
import signal
import subprocess

from suite import Client, Server, main, marsc, pair, script, test, wait, BUILD

A, B = "127.0.0.1", "127.0.0.2"
# marsc's timers, short, so that a test is
QUICK = tuple(w for t in (
    "retransmit=1", "reregister-min=0", "reregister-max=1", "rejoin-min=0",
    "rejoin-max=1", "loop=2", "redirect-map=4") for w in ("-t", t))


def both(a, b, group, members):
    wait("%s has %s at both" % (group, members),
         lambda: a.group(group) == b.group(group) == members)


@test
def one_database():
    """R2443-2: what a client does at one server is known at the other"""
    a, b = pair()
    c1 = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "join 224.2.0.0-224.2.255.255",
         "stay"]))
    c2 = Client("127.0.0.12", B, "run", script(
        ["register", "join 224.1.1.1", "wait 1", "stay"]))
    both(a, b, "224.1.1.1", ["127.0.0.11", "127.0.0.12"])
    assert a.members() == [("127.0.0.11", "local"),
                           ("127.0.0.12", "127.0.0.2")], a.members()
    assert b.members() == [("127.0.0.11", "127.0.0.1"),
                           ("127.0.0.12", "local")], b.members()
    for server in A, B:
        status, rows = marsc("127.0.0.13", server, "request", "224.1.1.1")
        assert status == 0, rows
        members = [r for r in rows if r["event"] == "members"][-1]
        assert sorted(members["members"]) == ["127.0.0.11", "127.0.0.12"], \
            rows
    # a block counts for every group inside it
    status, rows = marsc("127.0.0.13", B, "request", "224.2.3.4")
    members = [r for r in rows if r["event"] == "members"][-1]
    assert members["members"] == ["127.0.0.11"], rows
    # a client that says goodbye is gone from both
    assert c2.stop() == 0
    both(a, b, "224.1.1.1", ["127.0.0.11"])
    assert c1.stop() == 0
    both(a, b, "224.1.1.1", [])
    wait("nobody is left", lambda: a.members() == b.members() == [])
    assert a.stop() == 0 and b.stop() == 0


@test
def filters():
    """a listing with filters has the rows that all of them let through"""
    a, b = pair()
    c = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "join 224.2.0.0-224.2.255.255",
         "stay"]))
    both(a, b, "224.1.1.1", ["127.0.0.11"])
    wait("the block too", lambda: len(a.ctl("groups")) == 2)
    for where, n in ((("group", "224.2.3.4"), 1), (("group", "224.3.0.1"), 0),
                     (("cluster", "lis1"), 2),
                     (("group", "224.1.1.1", "cluster", "lis1"), 1)):
        rows = a.ctl("groups", *where)
        assert len(rows) == n, (where, rows)
    # what there is not is an error, and nothing else is shown
    for where in (("cluster", "lis2"), ("group", "foo"),
                  ("cluster", "lis2", "group", "224.1.1.1")):
        r = a.marsctl("show", "groups", *where)
        assert r.returncode == 1 and r.stderr, (where, r)
        assert a.ctl("groups", *where) is None, where
    assert {r["scope"] for r in a.ctl("counters", "cluster", "lis1")} == \
        {"lis1"}
    # both processes count who was turned away at their control sockets
    assert [r["process"] for r in a.ctl("counters")
            if r["name"] == "control-refused" and r["scope"] == "all" and
            r["value"] == 0] == ["marsd", "scspd"]
    assert len(b.ctl("members", "cluster", "lis1")) == 1
    assert len(b.ctl("neighbors", "cluster", "lis1")) == 1
    text = a.marsctl("show", "gr", "gr", "224.2.3.4").stdout
    assert len(text.splitlines()) == 2 and "127.0.0.11" in text, text
    assert c.stop() == 0


@test
def client_vanishes():
    """R2443-5.4: a proxy deregisters the client that is killed"""
    a, b = pair()
    c = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    both(a, b, "224.1.1.1", ["127.0.0.11"])
    c.kill()
    both(a, b, "224.1.1.1", [])
    assert a.members() == []


@test
def server_dies():
    """R2443-2: a server that is silent is flushed; a client moves on"""
    a, b = pair()
    Client("127.0.0.11", A + "," + B, "run", script(
        ["register", "join 224.1.1.1", "stay"]),
        options=QUICK)
    both(a, b, "224.1.1.1", ["127.0.0.11"])
    for pid in a.children().values():
        # without the first, mars may end the second before we do
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    a.process.wait(30)
    assert a.process.returncode == 1
    wait("the client is at b", lambda: ("127.0.0.11", "local")
         in b.members())
    wait("it has joined again", lambda: b.group("224.1.1.1") ==
         ["127.0.0.11"])
    wait("only b has it", lambda: b.members() == [("127.0.0.11", "local")])


@test
def wrong_key():
    """R2334-B.3.1: without the key nothing changes, and it is counted"""
    a = Server(1, (2,)).start()
    b = Server(2, (1,), key="secret-2").start()
    wait("refusals are counted", lambda: a.counter("auth-failed") > 1 and
         b.counter("auth-failed") > 1)
    assert not a.aligned() and not b.aligned()
    assert {r["hello"] for r in a.ctl("neighbors")} <= {"Waiting", "Down"}


@test
def reload():
    """a good file is applied, a bad one changes nothing and says where"""
    a, b = pair()
    c = Client("127.0.0.11", A, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    both(a, b, "224.1.1.1", ["127.0.0.11"])
    good = a.text()
    a.write(text=good.replace("hold 4", "hodl 4"))
    r = a.marsctl("reload")
    assert r.returncode == 1, r
    assert "mars.conf:" in r.stderr, r.stderr
    # its records are in that group, with their tombstones
    a.write(text=good.replace("server-group 1", "server-group 2"))
    r = a.marsctl("reload")
    assert r.returncode == 1 and "server-group" in r.stderr, r
    assert {r["server-group"] for r in a.ctl("clusters")} == {1}
    a.write(text=good.replace("protocol ipv6\n", ""))
    r = a.marsctl("reload")
    assert r.returncode == 0, r.stderr
    assert {r["protocol"] for r in a.ctl("clusters")} == {"ipv4"}
    assert a.group("224.1.1.1") == ["127.0.0.11"]
    a.write(text=good)
    a.process.send_signal(signal.SIGHUP)
    wait("ipv6 is back", lambda: len(a.ctl("clusters")) == 2)
    assert a.aligned() and b.aligned()
    assert a.group("224.1.1.1") == ["127.0.0.11"]
    assert c.process.poll() is None


@test
def child_dies():
    """a child's death ends the suite and the log says why"""
    for name in "marsd", "scspd":
        a = Server(1).start()
        os.kill(a.children()[name], signal.SIGKILL)
        assert a.process.wait(30) == 1
        assert a.logged(name), a.tail()
        assert a.logged("signal 9") or a.logged("SIGKILL"), a.tail()


@test
def confined():
    """each child has its filter, no privilege to gain and no file open"""
    a = Server(1).start()
    for pid in a.children().values():
        with open("/proc/%d/status" % pid) as f:
            status = dict(line.split(":", 1) for line in f)
        assert status["NoNewPrivs"].strip() == "1", status
        sanitized = os.path.exists(BUILD + "/probe.mk") and \
            "-fsanitize" in open(BUILD + "/probe.mk").read()
        if not sanitized:
            assert status["Seccomp"].strip() == "2", status
        try:
            fds = os.listdir("/proc/%d/fd" % pid)
        except PermissionError:
            # undumpable: not even its own user may look
            assert os.getuid() != 0
            fds = []
        for fd in fds:
            to = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            assert to.startswith(("socket:", "anon_inode:", "pipe:",
                                  "/dev/null", a.log)), to


@test
def detaches():
    """without -d mars leaves its terminal, and its exit status tells"""
    a = Server(1)
    # run() returns when nobody holds the pipe any more
    r = subprocess.run([BUILD + "/mars", "-L", BUILD, "-f", a.conf],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=60)
    assert r.returncode == 0, r
    assert a.marsctl("show", "summary").returncode == 0
    mars = a.find()
    assert len(mars) == 1, mars
    os.kill(mars[0], signal.SIGTERM)
    wait("it has ended", lambda: not os.path.exists("/proc/%d" % mars[0]))
    a.write(text="nonsense\n")
    r = subprocess.run([BUILD + "/mars", "-L", BUILD, "-f", a.conf],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=60)
    assert r.returncode == 1 and "mars.conf:1" in r.stdout, r


@test
def second_instance():
    """a second mars on the same control directory is refused"""
    a = Server(1).start()
    r = subprocess.run([BUILD + "/mars", "-d", "-L", BUILD, "-f", a.conf],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, text=True, timeout=30)
    assert r.returncode == 1, r
    assert r.stderr.strip(), r
    assert a.ctl("summary") is not None


@test
def a_thousand_clients():
    """1000 clients, half at each server, all known at both"""
    a, b = pair()
    run = script(["register", "join 224.1.1.1", "stay"])
    cs = [Client("127.0.4.1", A, "run", run, options=("-n", "500")),
          Client("127.0.8.1", B, "run", run, options=("-n", "500"))]
    wait("a thousand members", lambda: len(a.members()) ==
         len(b.members()) == 1000, 120)
    wait("in the group", lambda: a.group_size("224.1.1.1") ==
         b.group_size("224.1.1.1") == 1000, 120)
    status, rows = marsc("127.0.0.13", B, "request", "224.1.1.1")
    members = [r for r in rows if r["event"] == "members"][-1]
    assert len(members["members"]) == 1000, len(members["members"])
    for c in cs:
        status = c.stop()
        assert status == 0, status
    wait("all gone", lambda: a.members() == b.members() == [], 120)


main()
