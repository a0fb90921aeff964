# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""marsc as its user sees it, and clients whose MARS is killed."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time

from suite import BASE_PORT, BUILD, Server, main, running, test, wait

A, B = "127.0.0.1", "127.0.0.2"
GROUP = "224.1.1.1"


class Tool:
    """A marsc whose output is read, and which may be told what to do."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [BUILD + "/marsc", "-b", str(BASE_PORT)] + list(args), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        running.append(self.process)

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def reads(self, *lines):
        for line in lines:
            got = self.process.stdout.readline().rstrip("\n")
            assert got == line, (got, line)

    def ends(self, status):
        out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == status, (out, err)
        return out, err


@test
def join_and_send():
    """join stays; send says to whom; commands are done as they come"""
    Server(1, ()).start()
    member = Tool("-x", "-l", "127.0.0.11", "-s", A, "join", GROUP)
    member.reads("registered with 127.0.0.1 cmi 2001", "joined " + GROUP)
    sender = Tool("-l", "127.0.0.12", "-s", A, "run", "-")
    sender.tell("register")
    sender.reads("registered with 127.0.0.1 cmi 2002")
    sender.tell("send %s hello" % GROUP)
    sender.reads("leaf added to %s: 127.0.0.11" % GROUP, "path up to " + GROUP,
                 "sent to %s: 127.0.0.11" % GROUP)
    member.reads("packet of 25 octets: 450000190000000010fd49da7f00000c"
                 "e0010101" + b"hello".hex())
    sender.tell("send 224.9.9.9 nobody")
    sender.reads("not sent to 224.9.9.9 (nobody else is in the group)")
    # who joins now is known at once, quiet time or not
    other = Tool("-l", "127.0.0.13", "-s", A, "join", "224.9.9.9")
    other.reads("registered with 127.0.0.1 cmi 2003", "joined 224.9.9.9")
    start = time.monotonic()
    sender.tell("send 224.9.9.9 somebody")
    sender.reads("leaf added to 224.9.9.9: 127.0.0.13",
                 "path up to 224.9.9.9", "sent to 224.9.9.9: 127.0.0.13")
    assert time.monotonic() - start < 1
    sender.tell("serve " + GROUP)
    assert "begin with `register server'" in sender.ends(2)[1]
    member.process.send_signal(signal.SIGTERM)
    out, _ = member.ends(0)
    assert out == "deregistered from 127.0.0.1\n", out


@test
def serve_from_a_pipe():
    """R2022-7.1-01: a script that comes line by line, of a server"""
    Server(1, ()).start()
    server = Tool("-l", "127.0.0.12", "-s", A, "run", "-")
    server.tell("register server")
    server.reads("registered with 127.0.0.1 as a multicast server")
    server.tell("serve " + GROUP)
    server.reads("serving " + GROUP)
    server.process.stdin.close()
    server.reads("deregistered from 127.0.0.1")
    assert server.process.wait(30) == 0


@test
def own_address():
    """a client at a server's address is told what it needs"""
    Server(1, ()).start()
    _, err = Tool("-l", A, "-s", A, "register").ends(1)
    assert "selector" in err, err
    Tool("-l", A + "%16", "-s", A, "register").ends(0)


@test
def mars_is_killed():
    """R2022-5.4-04, R2022-5.4.2-01: what remains is random waits"""
    a, b = Server(1, (2,)), Server(2, (1,))
    a.start()
    b.start()
    wait("both are aligned", lambda: a.aligned() and b.aligned())
    clients = [Tool("-j", "-l", "127.0.0.%d" % n, "-s", A + "," + B,
                    *(w for t in ("reregister-min=0", "reregister-max=1",
                                  "rejoin-min=0", "rejoin-max=1")
                      for w in ("-t", t)), "join", GROUP)
               for n in range(20, 24)]
    wait("all are in", lambda: len(a.group(GROUP)) == 4)
    start = time.monotonic()
    for pid in a.children().values():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    lost, back = {}, {}

    def follow(c):
        for line in c.process.stdout:
            row = json.loads(line)
            if row["event"] == "mars-failed":
                lost.setdefault(c, time.monotonic() - start)
            elif row["event"] == "joined" and row["server"] == B:
                back[c] = time.monotonic() - start
                return

    threads = [threading.Thread(target=follow, args=(c,)) for c in clients]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert len(back) == 4, back
    assert max(lost.values()) < 5, lost
    # 4.25 s, up to 1 s, 4 s for the call, up to 1 s
    assert max(back.values()) < 12, back


main()
