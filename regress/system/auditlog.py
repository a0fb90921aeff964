# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""The audit log: a line for each event that concerns security, numbered, so
that what was lost shows."""

import hashlib
import os
import re
import shlex
import subprocess
import time

from suite import BUILD, Client, Server, main, marsc, pair, script, test, wait


def lines(server):
    """The audit log: a dict for each line, with its process."""
    found = []
    with open(server.log) as f:
        for line in f:
            m = re.match(r"(\w+): audit (.*)", line)
            if m:
                found.append(dict([("process", m[1])] + [
                    w.split("=", 1) for w in shlex.split(m[2])]))
    return found


def has(server, **want):
    """The lines that have all these values."""
    return [x for x in lines(server) if all(x.get(k) == v
                                            for k, v in want.items())]


def digest(server):
    with open(server.conf, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def assert_no_gaps(server):
    for pid in {x["pid"] for x in lines(server)}:
        seq = [int(x["seq"]) for x in lines(server) if x["pid"] == pid]
        assert seq == list(range(1, len(seq) + 1)), (pid, seq)


@test
def start_reload_end():
    """start, reload and end, with the digest of the file; no number missing"""
    a = Server(1).start()
    first = digest(a)
    x, = wait("start", lambda: has(a, process="mars", event="start"))
    assert x["sha256"] == first and x["file"] == a.conf, x
    assert x["marsd"] == str(a.children()["marsd"]), x
    a.write(top="enquiry-maximum 50")
    assert a.marsctl("reload").returncode == 0
    x, = has(a, event="reload")
    assert x["sha256"] == digest(a) != first == x["before"], x
    assert x["result"] == "done" and x["by"] == "command", x
    assert "statements" in x["changes"], x
    second = digest(a)
    a.write(top='server-id "no\\"body"')
    assert a.marsctl("reload").returncode == 1
    x, = has(a, event="reload", result="refused")
    assert x["before"] == second and "mars.conf:" in x["reason"], x
    assert a.stop() == 0
    assert has(a, event="end", status="0") and \
        len(has(a, event="process-end", status="0")) == 2, lines(a)
    assert_no_gaps(a)


@test
def neighbors_and_keys():
    """a key in use, an adjacency up and down, and one with a wrong key"""
    a, b = pair()
    x, = has(a, process="scspd", event="key-in-use")
    assert x["spi"] == "257" and x["address"] == "127.0.0.2%1", x
    assert x["reason"].startswith("hmac-sha256"), x
    assert has(a, event="neighbor-up", address="127.0.0.2%1"), lines(a)
    assert not has(a, event="auth-failure"), lines(a)
    assert not has(a, event="key-ends"), lines(a)
    # another key at one of the two
    with open(b.dir + "/257.key", "w") as f:
        f.write("another-secret\n")
    assert b.marsctl("reload").returncode == 0
    x = wait("it fails", lambda: has(a, event="auth-failure"))[0]
    assert x["spi"] == "257" and x["cluster"] == "lis1", x
    wait("it is down", lambda: has(a, event="neighbor-down"))
    # the last key ends soon: said once a day, and not by Hellos
    with open(b.dir + "/257.key", "w") as f:
        f.write("secret-1\n")
    end = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
    b.write(b.text().replace("algorithm", "valid until %s, algorithm" % end))
    assert b.marsctl("reload").returncode == 0
    x = wait("its end is said", lambda: has(b, event="key-ends"))[0]
    assert x["spi"] == "257" and x["number"] == "4", x
    assert b.logged("the last key ends"), b.tail()
    wait("they are aligned", lambda: a.aligned() and b.aligned())
    assert len(has(b, event="key-ends")) == 1, lines(b)
    assert_no_gaps(a)
    assert_no_gaps(b)


@test
def clients():
    """a registration that is refused, and a limit that is reached"""
    a = Server(1, cluster="allow from 127.0.0.11\n\tallow from 127.0.0.12\n"
               "\tlimit { members 1 }").start()
    Client("127.0.0.11", "127.0.0.1", "run", script(["register", "stay"]))
    wait("one member", lambda: len(a.ctl("members")) == 1)
    Client("127.0.0.12", "127.0.0.1", "run", script(["register", "stay"]))
    x = wait("one too many", lambda: has(a, process="marsd",
                                         event="registration-refused"))[0]
    assert x["address"] == "127.0.0.12", x
    assert x["reason"] == "limit-members", x
    assert marsc("127.0.0.13", "127.0.0.1", "register")[0] != 0
    wait("a stranger", lambda: has(a, event="registration-refused",
                                   address="127.0.0.13"))
    assert_no_gaps(a)


@test
def commands():
    """each command, with who gave it; many listings are counted"""
    a = Server(1).start()
    r = subprocess.Popen([BUILD + "/marsctl", "-s", a.dir, "log", "verbose"])
    assert r.wait(20) == 0
    x, = has(a, event="command", command="log verbose")
    assert x["uid"] == str(os.geteuid()) and x["client"] == str(r.pid), x
    assert x["socket"] == "order", x
    for _ in range(20):
        a.marsctl("show", "limits")
    shown = has(a, process="marsd", event="command", command="show limits")
    assert 0 < len(shown) < 20, shown
    # orders are never held back
    for _ in range(20):
        assert a.marsctl("log", "brief").returncode == 0
    assert len(has(a, event="command", command="log brief")) == 20

    def held():
        a.marsctl("show", "circuits", "address", "127.0.0.9")
        return [x for x in has(a, process="marsd", event="command")
                if int(x.get("held", 0)) > 0]
    x = wait("it is said how many were held back", held)[0]
    assert x["command"].startswith("show "), x
    a.marsctl("drop", "member", "lis1", '192.0.2.9" event=start')
    assert not has(a, process="marsd", event="start"), lines(a)
    assert_no_gaps(a)


main()
