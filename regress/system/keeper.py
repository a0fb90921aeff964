# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""mars and its children when one of them hangs, or nobody reads the log."""

import fcntl
import os
import shutil
import signal
import subprocess
import time

from suite import (BUILD, Client, Server, Skip, main, marsc, running, script,
                   test, wait)

A = "127.0.0.1"
F_SETPIPE_SZ = 1031


def stopped(a, name):
    """Stops a child, as a debugger or a bug would."""
    os.kill(a.children()[name], signal.SIGSTOP)


def ends_within(a, seconds):
    begin = time.monotonic()
    status = a.process.wait(30)
    took = time.monotonic() - begin
    print("# ended after %.1f s" % took)
    assert took < seconds, (took, a.tail())
    return status


@test
def log_unread():
    """a standard error that nobody reads stops nobody (issue 12 F)"""
    a = Server(1)
    a.process = subprocess.Popen(
        [BUILD + "/mars", "-d", "-v", "-L", BUILD, "-f", a.conf],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    running.append(a.process)
    a.tail = lambda n=20: "not read"
    wait("it answers", a.answers)
    # pipe and buffer are full after 68 KB
    fcntl.fcntl(a.process.stderr, F_SETPIPE_SZ, 4096)
    for _ in range(1000):
        assert a.marsctl("log", "brief").returncode == 0
        assert a.marsctl("log", "verbose").returncode == 0
    status, rows = marsc("127.0.0.11", A, "register")
    assert status == 0, rows
    # it can be read again: then it is said what was lost
    text = b""
    os.set_blocking(a.process.stderr.fileno(), False)

    def told():
        nonlocal text
        text += a.process.stderr.read() or b""
        return b"lines of the log were lost" in text
    wait("the loss is told", told, 10)
    a.process.send_signal(signal.SIGTERM)
    assert ends_within(a, 3) == 0
    told()
    assert text.rstrip().endswith(b"mars: ended"), text[-200:]


@test
def child_hangs():
    """a child that hangs is noticed within 10 s, and why is logged"""
    for name in "marsd", "scspd":
        a = Server(1).start()
        stopped(a, name)
        assert ends_within(a, 12) == 1
        assert a.logged("%s (pid" % name) and a.logged("hangs"), a.tail()


@test
def stop_with_a_hung_child():
    """mars stops in 2 s, also if a child hangs"""
    for name in "marsd", "scspd":
        a = Server(1).start()
        stopped(a, name)
        a.process.send_signal(signal.SIGTERM)
        assert ends_within(a, 3) == 0
        assert a.logged("%s does not end and is killed" % name), a.tail()


@test
def marsctl_is_patient_for_a_while():
    """marsctl -t: a daemon that is silent has an exit status of its own"""
    a = Server(1).start()
    os.kill(a.process.pid, signal.SIGSTOP)      # it shall not look
    stopped(a, "marsd")
    begin = time.monotonic()
    r = a.marsctl("-t", "1", "show", "clusters")
    assert r.returncode == 3 and "marsd" in r.stderr, r
    assert 1 <= time.monotonic() - begin < 3
    # the other one still answers
    assert a.marsctl("-t", "1", "show", "neighbors").returncode == 0
    # with as many waiting as may wait, connect(2) itself is silent
    rs = [subprocess.Popen(
        [BUILD + "/marsctl", "-s", a.dir, "-t", "2", "-j", "show", "members"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(40)]
    assert {p.wait(20) for p in rs} == {3}
    r = a.marsctl("-t", "0", "show", "clusters")
    assert r.returncode == 1 and "write a number" in r.stderr, r
    for pid in list(a.children().values()) + [a.process.pid]:
        os.kill(pid, signal.SIGCONT)
    assert a.stop() == 0


@test
def reload_hangs():
    """a reload that a child never answers ends in 10 s, with the reason"""
    a = Server(1).start()
    stopped(a, "scspd")
    r = a.marsctl("reload")
    assert r.returncode == 1, r
    assert a.process.wait(5) == 1
    assert a.logged("hangs") or a.logged("has not taken"), a.tail()


@test
def without_cap_kill():
    """mars that may not signal its children ends nevertheless"""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root and setpriv(1)")
    users = [u for u in ("daemon", "bin", "games")
             if subprocess.run(["id", u], capture_output=True).returncode == 0]
    if len(users) < 2:
        raise Skip("needs two users")
    for hang in None, "scspd":
        a = Server(1)
        a.write(a.text().replace("user marsd none", "user marsd " + users[0])
                .replace("user scspd none", "user scspd " + users[1]))
        a.process = subprocess.Popen(
            ["setpriv", "--bounding-set=-kill", "--inh-caps=-kill",
             BUILD + "/mars", "-d", "-L", BUILD, "-f", a.conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(a.log, "a"))
        running.append(a.process)
        wait("it answers", a.answers)
        pids = a.children()
        if hang:
            stopped(a, hang)
        a.process.send_signal(signal.SIGTERM)
        assert ends_within(a, 4) == (1 if hang else 0), a.tail()
        assert a.logged("can't signal"), a.tail()
        if hang:
            os.kill(pids[hang], signal.SIGKILL)
        wait("no child is left", lambda: not any(
            os.path.exists("/proc/%d" % p) for p in pids.values()), 10)


@test
def slow_sibling():
    """a scspd that does not read is named, and the suite ends in 12 s"""
    a = Server(1).start()
    Client("127.0.0.11", A, "run", script(["register", "stay"]))
    wait("a member", lambda: a.members() != [])
    stopped(a, "scspd")
    assert ends_within(a, 12) == 1
    # whichever of the two has noticed it first
    assert a.logged("scspd has read nothing") or \
        a.logged("scspd (pid") and a.logged("hangs"), a.tail()


@test
def stops_quickly():
    """a suite with members stops in 2 s"""
    a = Server(1).start()
    cs = [Client("127.0.4.1", A, "run", script(
        ["register", "join 224.1.1.1", "stay"]), options=("-n", "200"))]
    wait("members", lambda: len(a.members()) == 200)
    a.process.send_signal(signal.SIGTERM)
    assert ends_within(a, 3) == 0
    assert not a.logged("is killed"), a.tail()
    cs[0].kill()


@test
def stops_with_a_backlog():
    """issue 16: copies that wait do not hold up the end"""
    a = Server(1, cluster="limit { rate 10000, rate-total 100000 }").start()
    joins = ["join 224.3.%d.%d" % (i // 256, i % 256) for i in range(200)]
    c = Client("127.0.4.1", A, "run", script(["register"] + joins + ["stay"]),
               options=("-n", "400"))
    wait("members", lambda: len(a.members()) == 400)
    wait("joins", lambda: len(a.ctl("groups")) > 20)
    a.process.send_signal(signal.SIGTERM)
    assert ends_within(a, 3) == 0
    assert not a.logged("is killed"), a.tail()
    c.kill()


main()
