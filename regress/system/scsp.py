# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What an operator sees of SCSP: neighbors, their keys, the log."""

from suite import Server, main, pair, test, wait


def lines(server, text):
    with open(server.log) as f:
        return [line for line in f if text in line]


@test
def replay_shown():
    """A-83: whether replay is refused is shown for each neighbor"""
    a, b = pair()
    for server in a, b:
        row, = server.ctl("neighbors")
        assert row["auth"] == "hmac-sha256" and row["spi"] == 257, row
        assert row["replay"] == "in force", row
        assert "in force" in server.marsctl("show", "neighbors", "detail").stdout
        assert not lines(server, "auth off")
    assert a.stop() == 0 and b.stop() == 0


@test
def auth_off():
    """R2334-B.3.1-04: off where it is switched off, and said each time"""
    a = Server(1, (2,))
    b = Server(2, (1,))
    for server in a, b:
        server.write(text=server.text().replace("\t\tkey 257\n",
                                                "\t\tauth off\n"))
        server.start()
    wait("both are aligned", lambda: a.aligned() and b.aligned())
    row, = a.ctl("neighbors")
    assert row["auth"] == "off" and row["replay"] == "off", row
    assert len(lines(a, "auth off")) == 1, a.tail()
    assert "127.0.0.2" in lines(a, "auth off")[0]
    assert a.marsctl("reload").returncode == 0
    wait("it is said again", lambda: len(lines(a, "auth off")) == 2)
    # with a key it goes on, and nothing is said any more
    for server in a, b:
        server.write(text=server.text())
        assert server.marsctl("reload").returncode == 0
    wait("the key is used", lambda: a.aligned() and b.aligned() and
         a.ctl("neighbors")[0]["replay"] == "in force")
    assert len(lines(a, "auth off")) == 2
    assert a.stop() == 0 and b.stop() == 0


@test
def states_logged():
    """states of a neighbor, and packets that are refused"""
    a = Server(1, (2,)).start()
    b = Server(2, (1,), key="secret-2").start()
    wait("it is logged", lambda: lines(a, "authentication failed"))
    assert lines(a, "hello state Down to Waiting"), a.tail()
    assert a.stop() == 0 and b.stop() == 0


@test
def other_protocol():
    """R2334-1-01: a group of another PID beside those of MARS"""
    servers = [Server(n, (3 - n,), top="""
server-group 1 protocol-id 5 {
	neighbor 127.0.0.%d { key 257, hello-interval 1 }
}""" % (3 - n)).start() for n in (1, 2)]
    for s in servers:
        wait("both groups are aligned", lambda: s.aligned(2))
        rows = {r["protocol-id"]: r for r in s.ctl("neighbors")}
        assert rows[5]["server-group"] == rows[3]["server-group"] == 1
        assert rows[5]["replay"] == "in force", rows
        assert {r["protocol-id"] for r in s.ctl("cache")} == {3}
    # without it, the rest goes on
    a = servers[0]
    a.write(top="")
    assert a.marsctl("reload").returncode == 0
    wait("it has gone", lambda: len(a.ctl("neighbors")) == 1)
    assert a.aligned(1)
    for s in servers:
        assert s.stop() == 0


main()
