# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Each statement is reloaded in both directions, with members at both servers:
afterwards the suite shows what one shows that was started on that file."""

import os
import re
import time

from suite import (BUILD, Client, Gone, Server, Skip, main, script, test,
                   wait)

A, B = "127.0.0.1", "127.0.0.2"
QUICK = tuple(w for t in (
    "retransmit=1", "reregister-min=0", "reregister-max=1", "rejoin-min=0",
    "rejoin-max=1", "loop=2", "redirect-map=4") for w in ("-t", t))

LIS2 = """cluster "lis2" {
	server-group 2
	protocol ipv4
	cmi %d - %d
	redirect { interval 1, dead 4 }
	hold 4
	tombstone 10
	neighbor 127.0.0.%d { key 257, hello-interval 1, dead-factor 3 }
}
"""


def lis2(n, peer):
    return LIS2 % (10000 + n * 100, 10099 + n * 100, peer)


# name: what becomes of the text of server A
CHANGES = {
    "protocol": lambda t: t.replace("\tprotocol ipv6\n", ""),
    "cluster": lambda t: t + lis2(1, 2),
    "allow from": lambda t: t.replace(
        "\thold 4", "\tallow from 127.0.0.11/32\n\thold 4"),
    "neighbor": lambda t: t[:t.index("\n\tneighbor")] + "\n}\n",
    "listen": lambda t: t.replace(
        "enquiry", "listen on udp 127.0.0.3\nenquiry"),
    "key": lambda t: t.replace("key 257\n", "key 258\n").replace(
        "key 257 {", "key 258 { algorithm hmac-sha256, file \"257.key\" }\n"
        "key 257 {"),
    "cmi": lambda t: t.replace("cmi 2001 - 3999", "cmi 2001 - 2999"),
    "auth": lambda t: t.replace("key 257\n", "auth off\n"),
}

# the same; whoever has a circuit keeps it
KEEPING = {
    "cluster's name": lambda t: t.replace('"lis1"', '"other"'),
    "limit": lambda t: "limit { circuits 300, circuits-per-address 9 }\n" +
    t.replace("\thold 4", """\tlimit { members 100, joins-per-member 50,
        joins 5000, groups 50, servers 9, servers-known 20, serve-range 8,
        backlog 900, rate 500, burst 600, rate-total 9000, records 4000 }
\thold 4"""),
    "times": lambda t: t.replace("hold 4", "hold 5\n\thop-count 9").replace(
        "interval 1, dead 4", "interval 2, dead 5, order lowest").replace(
        "tombstone 10", "tombstone 20\n\tcsn before\n\tstrict-source no"),
    "times of a neighbor": lambda t: t.replace(
        "ca 1, csus 1, csu 1, limit 5", "ca 2, csus 2, csu 2, limit 9"
        ).replace("dead-factor 3", "dead-factor 5\n\t\tcsu-batch 1").replace(
        "hello-interval 1", "hello-interval 2"),
    # native-parties is of ATM circuits: without such it changes nothing
    "enquiries and what else a cluster has": lambda t: t.replace(
        "enquiry-interval 1", "enquiry-interval 2\nenquiry-maximum 30").replace(
        "\thold 4", """\tprotocol snap "00-00-5e-88-b7"
        backup 192.0.2.7
        backup 192.0.2.8
        native-parties yes
\thold 4""").replace("key 257\n", "key 257\n\t\treplay required\n"),
    "mtu and valid": lambda t: t.replace(
        "listen on udp 127.0.0.1", "listen on udp 127.0.0.1 mtu 1280").replace(
        '257.key" }', '257.key", valid from 2020-01-01 until 2099-01-01 }'),
    "another server group": lambda t: t + """server-group 9 protocol-id 9 {
	neighbor 127.0.0.2 { key 257 }
}
""",
}

# what can't change while mars runs; each is refused, with its name
FIXED = {
    "server-id": lambda t: t.replace("server-id ", "server-id 192.0.2.1 #"),
    "udp base-port": lambda t: t.replace("base-port ", "base-port 1"),
    "control": lambda t: t.replace('control "', 'control "/'),
    "control group": lambda t: 'control group "daemon"\n' + t,
    # of the others
    "control group ": lambda t: 'control read-only group "daemon"\n' + t,
    "user": lambda t: t.replace("user marsd none", "user marsd daemon"),
    "user ": lambda t: t.replace("user scspd none", "user scspd daemon"),
    "confinement": lambda t: "confinement best-effort\n" + t,
    "server-group": lambda t: t.replace("server-group 1", "server-group 3"),
    "no cluster": lambda t: t[:t.index("cluster")],
    # what can't be had, where there is no ATM
    "atm-svc": lambda t: 'listen on atm-svc "47.%s.00"\n' % ("11" * 18) + t,
    "atm-pvc": lambda t: 'listen on atm-pvc "0.0.99" peer "47.%s.00" ' \
        'address "47.%s.00"\n' % ("22" * 18, "33" * 18) + t,
}

# words whose reload is another test's, or nobody's
ELSEWHERE = {
    "edges.py": """address df discovery dscp edge edged
        fast-leave flows forward groups-per-host hello-port hosts igmp lan
        leave leave-count link-local mld new-flows path priority
        querier query queue rate-per-source response robustness serve source
        sources static ttl tun""",
    "parts of a statement": "from on include",
}


def words(text):
    return set(re.findall(r"[a-z][a-z-]*", text))


@test
def each_word_of_the_grammar_has_a_reload():
    """a word that the grammar knows is in a change, or it is said why not"""
    with open(os.path.join(os.path.dirname(__file__),
                           "../../parent/parse.y")) as f:
        known = set(re.findall(r'^\t{ "([a-z-]+)", [A-Z_]+,', f.read(), re.M))
    assert len(known) > 90, known
    text = Server(1, (2,)).text()
    changed = set()
    for change in list(CHANGES.values()) + list(KEEPING.values()) + list(
            FIXED.values()):
        a, b = text.splitlines(), change(text).splitlines()
        for line in set(a) ^ set(b):
            changed |= words(line)
    excused = words(" ".join(ELSEWHERE.values()))
    assert known <= changed | excused, known - changed - excused
    assert excused <= known, excused - known


def shown(s):
    """What two suites on one file have in common."""
    r = {}
    for what, keys in (
            ("clusters", ("cluster", "protocol", "address", "server-group",
                          "members", "groups", "joins", "records-remote")),
            ("members", ("cluster", "protocol", "address", "server",
                         "joins")),
            ("groups", ("cluster", "protocol", "group-min", "group-max",
                        "member-count", "members")),
            ("servers", ("cluster", "protocol", "oid", "address", "state")),
            ("neighbors", ("cluster", "server-group", "address", "hello",
                           "alignment", "spi"))):
        rows = s.ctl(what)
        if rows is None:
            return None
        # one that was there once and is forgotten is history, not state
        r[what] = sorted([str(row.get(k)) for k in keys] for row in rows
                         if row.get("state") != "erased")
    r["circuits"] = sorted({
        (c["process"], c["local"], c["peer"]) for c in s.ctl("circuits") or []
        if c["state"] == "connected"})
    return r


def same(s, want, what):
    """Twice in a row, since what is on its way may change it once more."""
    def is_same():
        if shown(s) != want:
            return False
        time.sleep(0.5)
        return shown(s) == want
    try:
        wait(what, is_same, 40)
    except Gone:
        got = shown(s) or {}
        for k in want:
            if got.get(k) != want[k]:
                print("# %s: %s\n#\tinstead of %s" % (k, got.get(k), want[k]))
        raise


def stable(s):
    """What is shown when it has not changed for three seconds, and nobody of
    an earlier life is waited for any more (A-10: 30 s)."""
    state = {"then": None, "since": 0.0}

    def unchanged():
        now = shown(s)
        if now != state["then"] or now is None:
            state["then"], state["since"] = now, time.monotonic()
        if any(row[3] == "none" for row in (now or {}).get("members", ())):
            return False
        return time.monotonic() - state["since"] > 3
    wait("nothing changes", unchanged)
    return state["then"]


def scripts():
    join = script(["register", "join 224.1.1.1", "join 224.7.0.0-224.7.0.255",
                   "stay"])
    six = script(["register", "join ff0e::1:1", "stay"])
    two = script(["register", "join 224.2.2.2", "stay"])
    return join, six, two


def begin(a, text):
    """Starts a suite on that text, and its clients: they would move to the
    other server where it ends."""
    a.write(text)
    a.start()
    return again({})


def again(cs):
    """Starts those that have ended, because they were refused."""
    for c in "127.0.0.11", "127.0.0.12":
        if c not in cs or cs[c].process.poll() is not None:
            cs[c] = Client(c, A, "run", scripts()[0], options=QUICK)
    return cs


def calls(s):
    """How many calls there were so far, by process and address."""
    return {(r["process"], r["address"]): (r["calls-in"], r["calls-out"])
            for r in s.ctl("interfaces")}


def load():
    """Somebody who joins and leaves, and then is a member of nothing."""
    return Client("127.0.0.16", A, "run", script(
        ["register"] + ["join 224.9.9.9", "leave 224.9.9.9"] * 5000 +
        ["stay"]), options=QUICK)


def end(a, cs):
    # they say goodbye, or the next suite would wait for them
    for c in cs.values():
        c.stop()
    assert a.stop() == 0


def reloads(name, change, keeps):
    b = Server(2, (1,))
    # a client that A excludes is not to move to B
    b.write(b.text().replace("\thold 4", "".join(
        "\tallow from 127.0.0.%d\n" % n for n in (13, 14)) + "\thold 4") +
            lis2(2, 1))
    b.start()
    a = Server(1, (2,))
    texts = [a.text(), change(a.text())]
    assert texts[0] != texts[1], name
    join, six, two = scripts()
    there = {1: Client("127.0.0.13", B, "run", join),
             2: Client("127.0.0.14", B, "run", six, options=("-p", "ipv6")),
             3: Client("127.0.0.15", B + "%2", "run", two)}
    wants = []
    for t in texts:
        here = begin(a, t)
        wants.append(stable(a))
        end(a, here)
    here = begin(a, texts[1])
    same(a, wants[1], "as before")
    for i in 0, 1, 0:
        busy = load() if keeps else None
        if busy is not None:
            wait("it joins and leaves", lambda: any(
                r["address"].startswith("127.0.0.16")
                for r in a.ctl("members") or []))
            before = calls(a)
        a.write(texts[i])
        r = a.marsctl("reload")
        assert r.returncode == 0, r
        if busy is not None:
            time.sleep(2)       # longer than an enquiry takes
            after = calls(a)
            assert all(after.get(k, v) == v for k, v in before.items()), (
                before, after)
            busy.stop()
        again(here)
        same(a, wants[i], "%s, as if started on it" % (
            "without" if i == 0 else "with"))
    end(a, here)
    end(b, there)


@test
def what_cannot_change_is_refused_whole():
    """a file that can't be in force changes nothing, and no call is made"""
    a = Server(1)
    text = a.text()
    here = begin(a, text)
    want, busy = stable(a), load()
    wait("it joins and leaves", lambda: any(
        r["address"].startswith("127.0.0.16") for r in a.ctl("members") or []))
    before = calls(a)
    for name, change in FIXED.items():
        assert change(text) != text, name
        # the rest of it would be good
        a.write(change(text).replace("hold 4", "hold 3"))
        r = a.marsctl("reload")
        assert r.returncode == 1 and name.strip() in r.stderr, (name, r)
    assert calls(a) == before, (before, calls(a))
    busy.stop()
    same(a, want, "as before")
    a.write(text)
    assert a.marsctl("reload").returncode == 0
    same(a, want, "as before")
    end(a, here)


def make(name, change, keeps):
    def f():
        reloads(name, change, keeps)
    f.__name__ = name.replace(" ", "_").replace("'", "")
    f.__doc__ = "reloaded in both directions (issue 12 B): %s" % name
    test(f)


for n, c in CHANGES.items():
    make(n, c, False)
for n, c in KEEPING.items():
    make(n, c, True)


@test
def a_large_file_takes_no_more_than_is_said():
    """no process takes more than mars -nv says, while files of 20,000 parts
    are read"""
    with open(BUILD + "/probe.mk") as f:
        if "SANITIZE_BUILD" in f.read():
            raise Skip("a sanitizer keeps what was freed")
    a = Server(1, ()).start()
    small = a.text()
    a.write(small.replace("\thold 4", "".join(
        "\tallow from 127.%d.%d.0/24\n" % (i // 250, i % 250)
        for i in range(20000)) + "\thold 4"))
    said = a.may_take()
    assert sorted(said) == ["mars", "marsd", "scspd"], said
    empty = a.rss("RssAnon:")
    for _ in range(3):
        r = a.marsctl("reload")
        assert r.returncode == 0, r
        have = a.rss("RssAnon:")
        assert empty["mars"] < have["mars"], (empty, have)
        for name, most in said.items():
            assert have[name] < most, (name, have, said)
    print("# mars: %(mars)d of" % have, said["mars"])


main()
