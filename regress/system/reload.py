# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Each statement is reloaded in both directions, with members at both servers:
afterwards the suite shows what one shows that was started on that file."""

import time

from suite import Client, Gone, Server, main, script, test, wait

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
    "cluster's name": lambda t: t.replace('"lis1"', '"other"'),
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
    "limit": lambda t: t.replace(
        "\thold 4", "\tlimit { members 100, groups 50, rate 50 }\n\thold 4"),
    "times": lambda t: t.replace("hold 4", "hold 5").replace(
        "dead 4", "dead 5").replace("tombstone 10", "tombstone 20"),
    "cmi": lambda t: t.replace("cmi 2001 - 3999", "cmi 2001 - 2999"),
    "hello-interval": lambda t: t.replace(
        "hello-interval 1", "hello-interval 2"),
    "limit circuits": lambda t: "limit { circuits 300 }\n" + t,
}


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
        r[what] = sorted([str(row[k]) for k in keys] for row in rows
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
    """What is shown when it has not changed for three seconds."""
    state = {"then": None, "since": 0.0}

    def unchanged():
        now = shown(s)
        if now != state["then"] or now is None:
            state["then"], state["since"] = now, time.monotonic()
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


def end(a, cs):
    for c in cs.values():
        c.kill()
    assert a.stop() == 0


def reloads(name):
    b = Server(2, (1,))
    b.write(b.text() + lis2(2, 1))
    b.start()
    a = Server(1, (2,))
    texts = [a.text(), CHANGES[name](a.text())]
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
        a.write(texts[i])
        r = a.marsctl("reload")
        assert r.returncode == 0, r
        again(here)
        same(a, wants[i], "%s, as if started on it" % (
            "without" if i == 0 else "with"))
    end(a, here)
    end(b, there)


def make(name):
    def f():
        reloads(name)
    f.__name__ = name.replace(" ", "_").replace("'", "")
    f.__doc__ = "reloaded in both directions (issue 12 B): %s" % name
    test(f)


for change in CHANGES:
    make(change)


main()
