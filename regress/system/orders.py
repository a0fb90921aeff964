# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What an operator asks of two real servers, and what they are told."""

import grp
import json
import os
import shutil
import subprocess

from suite import Client, Server, Skip, main, pair, script, test, wait, BUILD

A, B = "127.0.0.1", "127.0.0.2"
MEMBER, MCS = "127.0.0.11", "127.0.0.19"

# of each listing: an argument that asks for one, where there is such a thing,
# and whether the pair has any rows of it
SHOWS = {
    "clusters": (), "protocols": (), "members": (MEMBER,), "joins": (),
    "groups": ("224.1.1.1",), "multicast-servers": (MCS,), "servers": (),
    "redirect-map": (), "neighbors": (B,), "cache": None, "keys": (),
    "limits": (), "memory": (), "interfaces": (), "counters": (),
    "circuits": (),
}


def populated():
    a, b = pair()
    Client(MEMBER, A, "run", script(
        ["register", "join 224.1.1.1", "join 224.2.0.0-224.2.255.255",
         "stay"]))
    Client("127.0.0.12", B, "run", script(
        ["register", "join 224.1.1.1", "stay"]))
    Client(MCS, A, "run", script(
        ["register server", "serve 224.3.3.3", "stay"]))
    wait("all are there", lambda: len(a.ctl("joins")) == 4)
    return a, b


def narrow(text):
    """The lines of a brief form fit a terminal."""
    for line in text.splitlines():
        assert len(line) <= 80, line


def parsed(r):
    """One object, which says whether it went well."""
    o = json.loads(r.stdout)
    assert o["ok"] is (r.returncode == 0), r
    assert ("error" in o) is (r.returncode != 0), r
    return o


@test
def every_listing():
    """each listing has rows, in 80 columns, in detail, and as JSON"""
    a, _ = populated()
    for what, one in SHOWS.items():
        rows = parsed(a.marsctl("-j", "show", what))[what]
        assert rows and all(isinstance(r, dict) for r in rows), what
        brief = a.marsctl("show", what)
        assert brief.returncode == 0, brief
        narrow(brief.stdout)
        assert len(brief.stdout.splitlines()) > len(rows), what
        assert "00:00:00" not in brief.stdout or what in (
            "neighbors", "cache", "servers", "members", "circuits",
            "multicast-servers", "redirect-map"), brief.stdout
        detail = a.marsctl("show", what, "detail")
        assert detail.returncode == 0, detail
        narrow(detail.stdout)
        for key in rows[0]:
            assert "  " + key in detail.stdout, (what, key)
        if one:
            r = parsed(a.marsctl("-j", "show", what, *one))[what]
            assert len(r) >= 1 and set(rows[0]) - set(r[0]) <= {
                "members", "servers"}, (what, r)
            narrow(a.marsctl("show", what, *one).stdout)
    o = parsed(a.marsctl("-j", "show", "summary"))["summary"]
    assert set(o) == {"marsd", "scspd"}
    assert o["marsd"]["last-error"] is None, o
    narrow(a.marsctl("show", "summary").stdout)


@test
def one_of_them():
    """a member, a group, a record and a neighbor, with all there is to say"""
    a, _ = populated()
    m = a.ctl("members", MEMBER, "protocol", "ipv4")[0]
    assert m["joined"] == ["224.1.1.1", "224.2.0.0-224.2.255.255"], m
    assert m["circuit"].startswith(MEMBER) and m["leaf"] == "up", m
    assert m["messages-in"] >= 3 and m["messages-refused"] == 0, m
    assert m["refused"] is None, m
    far = a.ctl("members", "127.0.0.12")[0]
    assert far["circuit"] is None and far["since"] is None, far
    g = a.ctl("groups", "224.1.1.1")[0]
    assert [(h["address"], h["known-by"]) for h in g["host-map"]] == [
        (MEMBER, ["local"]), ("127.0.0.12", [B])], g
    assert a.ctl("groups", "224.3.3.3")[0]["server-map"][0]["address"] == MCS
    r = a.ctl("cache", "server", B)
    join = [a.ctl("cache", B, str(x["key"]))[0] for x in r]
    join = [x for x in join if x["says"] == "join" and not x["register"]]
    assert join[0]["address"] == "127.0.0.12", join
    assert join[0]["group-min"] == "224.1.1.1", join
    n = a.ctl("neighbors", B)[0]
    assert n["last-error"] is None or n["last-error-age"] is not None, n
    assert n["next-hello"] is not None and n["hello-interval"] == 1, n
    assert a.ctl("redirect-map")[0]["address"] == A
    k = a.ctl("keys")[0]
    assert (k["spi"], k["state"], k["signs"]) == (257, "valid", 1), k
    assert k["ends-in"] is None, k


@test
def filters():
    """filters choose rows in the daemon; a wrong one is an error"""
    a, _ = populated()
    for words, n in (
            (("members", "server", "local"), 1),
            (("members", "server", B), 1),
            (("members", "prefix", "127.0.0.8/30"), 1),
            (("members", "protocol", "ipv6"), 0),
            (("joins", "group", "224.2.3.4"), 1),
            (("joins", "prefix", "224.0.0.0/7", "address", MEMBER), 2),
            (("groups", "prefix", "224.1.0.0/16"), 1),
            (("neighbors", "address", B), 1),
            (("interfaces", "prefix", "127.0.0.2"), 0),
            (("limits", "cluster", "lis1", "protocol", "ipv4"), 6)):
        rows = a.ctl(*words)
        assert len(rows) == n, (words, rows)
    for words in (("members", "cluster", "x"), ("members", "protocol", "ip"),
                  ("members", "protocol", "0x1234"),
                  ("members", "server", "x"), ("members", "address", "x"),
                  ("members", "prefix", "127.0.0.0/99"),
                  ("groups", "group", "x"), ("cache", "1.2.3.4", "9x")):
        r = a.marsctl("-j", "show", *words)
        assert r.returncode == 1 and parsed(r)["error"], (words, r)


@test
def wrong_words():
    """what is wrong is said with what could stand there"""
    a = Server(1).start()
    for words, wrong, valid in (
            (("sow",), "unknown word: sow", "show"),
            (("s",), "ambiguous word: s", "stop"),
            (("show", "membres"), "unknown word: membres", "members"),
            (("show", "members", "clutser"), "clutser", "cluster"),
            (("drop",), "something is missing", "circuit"),
            (("log", "loud"), "unknown word: loud", "verbose")):
        r = a.marsctl(*words)
        assert r.returncode == 1 and wrong in r.stderr, r
        assert "\n  " + valid in r.stderr, r
        r = a.marsctl("-j", *words)
        assert wrong in parsed(r)["error"], r
    for words in (("redirect", "x", "hard", "to", B),
                  ("drop", "member", "x", MEMBER),
                  ("drop", "member", "lis1", "x"),
                  ("drop", "circuit", "lis1", MEMBER),
                  ("deregister", "lis1", MEMBER), ("clear", "neighbor", B),
                  ("log", "brief", "client", MEMBER),
                  ("log", "verbose", "client", "x")):
        r = a.marsctl("-j", *words)
        assert r.returncode == 1 and parsed(r)["error"], (words, r)


@test
def members_are_dropped():
    """drop and deregister end what they name; the client comes again"""
    a, _ = populated()
    here = ("address", MEMBER)
    for words in (("drop", "circuit", "lis1", MEMBER),
                  ("deregister", "lis1", MEMBER),
                  ("drop", "member", "lis1", MEMBER)):
        assert parsed(a.marsctl("-j", *words))["ok"], words
        wait("it is registered again", lambda: a.ctl("members", *here) and
             a.ctl("members", *here)[0]["server"] == "local")


@test
def counters_are_cleared():
    """clear counters, and clear neighbor"""
    a, _ = pair()
    assert a.counter("hellos-in") > 1 and a.counter("sdus-in") > 1
    assert a.marsctl("clear", "counters").returncode == 0
    assert a.counter("hellos-in") <= 1, a.counter("hellos-in")
    assert a.counter("csus-in") == 0
    assert a.marsctl("clear", "neighbor", B).returncode == 0
    wait("it aligns again", lambda: not a.aligned())
    wait("it aligns again", a.aligned)


@test
def the_log_follows_a_client():
    """log verbose client ADDRESS: only of that one is more logged"""
    a = Server(1).start()
    assert a.marsctl("log", "verbose", "client", MEMBER).returncode == 0
    for who in (MEMBER, "127.0.0.12"):
        Client(who, A, "run", script(["register", "join 224.1.1.1", "stay"]))
    wait("both are there", lambda: len(a.ctl("joins")) == 2)
    for text in ("call accepted", "has registered", "has joined 224.1.1.1",
                 "sent us MARS_JOIN"):
        assert a.logged("cluster lis1: ipv4: %s %s" % (MEMBER, text)) or \
            a.logged("cluster lis1: %s %s" % (MEMBER, text)), (text, a.tail())
    assert not a.logged("127.0.0.12 "), a.tail()
    assert a.marsctl("log", "brief", "client", MEMBER).returncode == 0
    assert a.marsctl("log", "verbose").returncode == 0
    Client("127.0.0.13", A, "run", script(["register", "stay"]))
    wait("it is logged", lambda: a.logged("127.0.0.13 has registered"))
    assert not a.logged("127.0.0.13 sent us"), a.tail()


@test
def the_log_follows_a_neighbor():
    """log verbose neighbor ADDRESS: its calls and messages"""
    a, b = pair()
    assert a.marsctl("log", "verbose", "neighbor", B).returncode == 0
    wait("hellos are logged", lambda: a.logged(
        "cluster lis1: neighbor 127.0.0.2%1: sent us Hello") and a.logged(
            "cluster lis1: neighbor 127.0.0.2%1: is sent Hello"))
    b.stop()
    wait("its end is logged", lambda: a.logged("call ended"))


@test
def a_reload_says_what_it_changed():
    """reload answers with what has changed, or why nothing has"""
    a, _ = pair()
    r = a.marsctl("reload")
    assert "no statement has changed" in r.stdout, r
    a.write(cluster="allow from 127.0.0.0/8\n")
    o = parsed(a.marsctl("-j", "reload"))
    assert o["answer"] == "cluster lis1 has changed", o
    a.write(a.text().replace("udp base-port %d" % a.base_port,
                             "udp base-port 2022"))
    r = a.marsctl("-j", "reload")
    assert "base-port can't change" in parsed(r)["error"], r


@test
def sockets_of_groups():
    """control group, and sockets for those who may only be shown things"""
    if os.geteuid() != 0:
        raise Skip("who is not root can't give a socket away")
    a = Server(1, top="control group daemon\ncontrol read-only group games\n")
    a.start()
    for name, group in (("marsd", "daemon"), ("marsd-read", "games"),
                        ("scspd-read", "games")):
        s = os.stat("%s/%s.sock" % (a.dir, name))
        assert s.st_gid == grp.getgrnam(group).gr_gid, name
        assert s.st_mode & 0o777 == 0o660, name
    reader = grp.getgrnam("games").gr_gid

    def as_reader(*words):
        return subprocess.run(
            [BUILD + "/marsctl", "-j", "-s", a.dir] + list(words),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=30,
            user=65534, group=reader, extra_groups=[])

    assert len(parsed(as_reader("show", "clusters"))["clusters"]) == 2
    for words in (("stop",), ("clear", "counters"), ("log", "verbose"),
                  ("redirect", "lis1", "hard", "to", B)):
        r = as_reader(*words)
        assert "only for show" in parsed(r)["error"], r
    a.stop()
    assert not [f for f in os.listdir(a.dir) if f.endswith(".sock")]


@test
def silence_of_neighbors():
    """server-group, neighbor at one side, keys: a line, and the last error"""
    a, b = Server(1, (2,)), Server(2, (1,))
    b.write(b.text().replace("server-group 1", "server-group 2"))
    a.start()
    b.start()
    for s, other in ((a, B), (b, A)):
        wait("it is told", lambda: s.logged(
            "cluster lis1: neighbor %s%%1: packet of a server group" % other))
        n = s.ctl("neighbors")[0]
        assert "server group" in n["last-error"], n
        assert n["last-error-address"].startswith(other), n
    b.stop()
    b = Server(2, (), neighbor="").start()
    wait("b is asked", lambda: b.logged("is no neighbor here"))
    wait("a is refused", lambda: "refused" in
         a.ctl("neighbors")[0]["last-error"])
    assert "no neighbor" in b.ctl("summary")["scspd"]["last-error"]
    b.stop()
    b = Server(2, (1,))
    b.write(b.text().replace("key 257", "key 258"))
    b.start()
    wait("no common key", lambda:
         a.ctl("neighbors")[0]["last-error-spi"] == 258 and
         b.ctl("neighbors")[0]["last-error-spi"] == 257)
    assert a.logged("auth-spi, key 258"), a.tail()
    # at a limited rate: hellos come each second
    with open(a.log) as f:
        assert sum("auth-spi" in line for line in f) < 6


@test
def silence_of_clients():
    """allow, and a protocol that is not served: a line, and the last error"""
    a = Server(1, cluster="allow from 127.0.0.8/29\n")
    a.write(a.text().replace("	protocol ipv6\n", ""))
    a.start()
    Client("127.0.0.99", A, "run", script(["register", "stay"]))
    wait("it is told", lambda: a.logged(
        "cluster lis1: 127.0.0.99: call from an address that allow"))
    o = a.ctl("clusters")[0]
    assert "allow" in o["last-error"], o
    assert o["last-error-address"].startswith("127.0.0.99"), o
    Client("127.0.0.11", A, "run", script(["register", "stay"]),
           options=("-p", "ipv6"))
    wait("it is told", lambda: a.logged("protocol is not served"))
    assert a.ctl("summary")["marsd"]["last-error"] == "protocol is not served"


@test
def nobody_is_there():
    """JSON says so where mars is down; a stop waits for the end"""
    a = Server(1).start()
    assert parsed(a.marsctl("-j", "stop"))["ok"]
    assert not os.path.exists(a.dir + "/marsd.sock")
    assert a.process.wait(10) == 0
    r = a.marsctl("-j", "show", "members")
    assert "is mars running?" in parsed(r)["error"], r


@test
def others_are_there():
    """what does not run, because nothing is configured for it, is said so"""
    a = Server(1).start()
    r = a.marsctl("show", "edges")
    assert r.returncode == 1 and r.stderr == (
        "marsctl: edged does not run: mars.conf has no edge\n"), r


@test
def words_are_completed():
    """an empty word is answered by what could stand there, and nobody asked"""
    r = subprocess.run([BUILD + "/marsctl", "-s", "/nowhere", "show", ""],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=10)
    words = [w[2:] for w in r.stderr.splitlines() if w.startswith("  ")]
    assert set(SHOWS) | {"summary"} <= set(words), r



def completed(shell, *words):
    """What the completion of that shell offers behind these words."""
    if shutil.which(shell) is None:
        raise Skip("there is no %s here" % shell)
    here = "etc/completions/"
    marsctl = os.path.abspath(BUILD + "/marsctl")
    if shell == "bash":
        code = """. %smarsctl.bash
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _marsctl
            printf '%%s\\n' "${COMPREPLY[@]}" """ % here
    else:
        # outside of a line editor: what it would have been given
        code = """compadd() { print -l -- ${(P)2} }
            words=("$@"); CURRENT=$#; _files() { : }
            . %s_marsctl || true""" % here
    r = subprocess.run([shell, "-c", code, shell, marsctl] + list(words),
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=30)
    assert r.returncode == 0 and not r.stderr, r
    return r.stdout.split()


def completes(shell):
    assert "show" in completed(shell, ""), shell
    words = completed(shell, "-s", "/nowhere", "show", "")
    assert set(SHOWS) | {"summary"} <= set(words), words
    words = completed(shell, "show", "members", "cluster", "a", "")
    assert "detail" in words and "cluster" not in words, words
    assert completed(shell, "show", "members", "cluster", "") == []


@test
def bash_completes():
    """the completion for bash offers what marsctl takes"""
    completes("bash")
    assert completed("bash", "show", "mu") == ["multicast-servers"]


@test
def zsh_completes():
    """the completion for zsh offers what marsctl takes"""
    completes("zsh")


main()
