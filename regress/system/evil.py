# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""A child that somebody has taken over: evilchild.py in the place of each of
marsd, scspd and edged, doing all that can be done over its channels.  The
others survive, or the suite ends and says because of whom; what it takes of
memory, of descriptors and of the log is bounded; nothing is given away, and
nothing opened.

EVIL=all tries each attack in each place; without it, each in one or two."""

import concurrent.futures
import json
import os
import re
import signal
import sys
import tempfile
import threading
import time

import suite
from suite import BUILD, Gone, Server, dirs, main, test, wait

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../decode"))
import encode                                           # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = os.environ.get("EVIL") == "all"
SERVERS, EVERYONE = ("marsd", "scspd"), ("marsd", "scspd", "edged")
MB = 1 << 20
GROWN = 32 * MB                 # that each may take more than beside a good
                                # child: a queue, never what was sent
LOG = 8 * MB
DESCRIPTORS = 400               # 256 answers and their like; see opening.c

EDGE = """
user edged none
edge "e" {
	address 127.0.0.%d%%16
	servers 127.0.0.1
	protocol ipv4
	path user
	allow group 239.0.0.0/8
	lan "nosuch0" { forward always }
}
"""


def types():
    """enum imsg_type, by name."""
    with open(HERE + "/../../common/codec/ipc.h") as f:
        text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
    names = re.search(r"enum imsg_type \{(.*?)\}", text, re.S).group(1)
    return {n: i for i, n in enumerate(re.findall(r"IMSG_\w+", names))}


class Evil(Server):
    """A suite of which one child is evilchild.py."""

    n = 0
    lock = threading.Lock()

    def __init__(self, role, attack):
        with Evil.lock:
            Evil.n += 1
            n = 1 + Evil.n % 30
        self.role, self.attack, self.secret = role, attack, \
            os.urandom(16).hex()
        super().__init__(n, key=self.secret, neighbors=(250,), top=EDGE % n,
                         cluster="limit records 5000")
        self.libexec = tempfile.mkdtemp(prefix="mars-regress-")
        dirs.append(self.libexec)
        for name in EVERYONE:
            if name != role:
                os.symlink(os.path.realpath(BUILD + "/" + name),
                           self.libexec + "/" + name)
        if role is None:
            return
        with open(HERE + "/evilchild.py") as f, open(os.open(
                self.beside(role), os.O_WRONLY | os.O_CREAT, 0o700),
                "w") as to:
            to.write("#!%s -B\n%s" % (sys.executable, f.read()))
        own, peer = (encode.nsapa("127.0.0.%d" % i) for i in (n, 250))
        with open(self.beside("attack"), "w") as f:
            json.dump({"attack": attack, "types": types(), "seed": n,
                       "own": address(own), "peer": address(peer)}, f)

    def beside(self, name):
        return self.libexec + "/" + name

    def has(self, name):
        return os.path.exists(self.beside(name))

    def over(self):
        return self.process.poll() is not None

    def peaks(self):
        """The most memory that each of ours has had, and the descriptors that
        mars has, by name."""
        pids = dict(self.children(), mars=self.process.pid)
        r = {"descriptors": len(os.listdir("/proc/%d/fd" % pids["mars"]))}
        for name, pid in pids.items():
            with open("/proc/%d/status" % pid) as f:
                peak = re.search(r"VmHWM:\s+(\d+) kB", f.read())
            if peak and name != self.role:
                r[name] = int(peak.group(1)) * 1024
        return r

    def text_of_log(self):
        with open(self.log, errors="replace") as f:
            return f.read()


def address(nsapa):
    """As wr_atm_addr() writes it: number and subaddress."""
    return (bytes((len(nsapa), 0)) + nsapa.ljust(20, b"\0") +
            bytes(20)).hex()


def watch(s):
    """Until the attack is over: the most that was taken, so far."""
    most = {}

    def look():
        if s.over():
            return True
        try:
            for name, n in s.peaks().items():
                most[name] = max(most.get(name, 0), n)
        except OSError:
            return s.over()
        return s.has("done")
    wait("%s of %s is over" % (s.attack, s.role), look)
    return most


def nothing_is_forged(s):
    """Each line is said by who is said to say it."""
    for line in s.text_of_log().splitlines():
        who = line.split(": ", 1)[0]
        assert who in ("mars",) + EVERYONE, line
        assert who != "mars" or not line.startswith("mars: FORGED"), line


def nothing_is_given_away(s):
    with open(s.beside("heard"), "rb") as f:
        heard = f.read()
    assert s.role == "scspd" or s.secret.encode() not in heard
    # in the file it is text, and for those who use it too
    if s.role == "scspd":
        assert s.secret.encode() in heard
    if s.has("descriptors"):
        with open(s.beside("descriptors")) as f:
            assert f.read() == "0"


def the_others_live(s):
    for name, shows in ("marsd", "clusters"), ("scspd", "neighbors"), \
            ("edged", "edges"):
        if name != s.role:
            wait("%s answers" % name, lambda: s.ctl(shows))


def ended_for_a_reason(s, reason):
    assert s.process.wait(suite.PATIENCE) == 1, s.process.returncode
    text = s.text_of_log()
    assert re.search(reason, text), (reason, text[-2000:])
    for name in EVERYONE:
        assert not os.path.exists("%s/%s.sock" % (s.dir, name)), name
    assert not any(s.libexec in cmdline for cmdline in cmdlines())


def cmdlines():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid) as f:
                yield f.read()
        except OSError:
            continue


# what the end of the suite is put down to, where the attack ends it: in the
# words of mars, or of the sibling that does not take it
ENDS = {
    "large": "mars: %s sent a message of a length that none has",
    "beyond": "mars: %s sent a message of a length that none has",
    "short": "mars: %s sent a message of a length that none has",
    "garbage": "mars: %s sent a message of a length that none has",
    "many": "mars: %s sent descriptors that belong to no message",
    "pieces": "mars: %s sent descriptors that belong to no message",
    "leave": "mars: %s closed its channel",
    "half": r"mars: %s \(pid \d+\) hangs",
    "unread": r"mars: %s \(pid \d+\) asks and does not read",
    "noreload": r"mars: %s \(pid \d+\) has not taken the new config",
    "sibling_types": "not expected|malformed message .* from %s|"
                     "has gone|closed its channel",
    "sibling_large": "%s sent a message of a length that none has",
    "sibling_garbage": "%s sent a message of a length that none has",
}
# and where it need not
MAY_END = {"sibling_records": "%s has read nothing|mars: .* hangs|malformed|"
                              "ended with status",
           "refuse": "not reloaded: %s: no"}


def bounded(most, good):
    for name, n in most.items():
        more = DESCRIPTORS if name == "descriptors" else GROWN
        assert n < good[name] + more, (name, n, good[name])


def one(role, attack, good):
    """Runs one; a line of what was wrong, or None."""
    s = Evil(role, attack)
    s.start(expect=False)
    try:
        most = watch(s)
        if attack in ("noreload", "refuse"):
            for _ in range(3):
                s.process.send_signal(signal.SIGHUP)
                time.sleep(0.05)
        reason = ENDS.get(attack)
        if s.over():
            reason = reason or MAY_END.get(attack)
            assert reason, "the suite has ended"
        if attack == "refuse":
            wait("it has refused", lambda: s.logged("not reloaded"))
        if reason is None and not s.over() and not (
                attack in MAY_END and s.logged("the suite ends")):
            the_others_live(s)
            bounded(watch(s), good)
            assert s.stop() == 0, s.process.returncode
        else:
            ended_for_a_reason(s, (reason or MAY_END[attack]) % role)
        bounded(most, good)
        assert os.path.getsize(s.log) < LOG, os.path.getsize(s.log)
        nothing_is_forged(s)
        nothing_is_given_away(s)
    except (AssertionError, Gone) as e:
        return "%s as %s: %s: %s\n%s" % (attack, role, type(e).__name__, e,
                                         s.tail(10))
    return None


def usual():
    """What mars takes when nobody is evil."""
    s = Evil(None, "nothing")
    s.start()
    r = s.peaks()
    assert s.stop() == 0
    return r


def every_message_in_every_state():
    """each type of message, malformed, early, again, with descriptors."""


def what_is_no_message():
    """too large, too short, garbage, half a message, a closed channel."""


def without_end():
    """without end, read or not: memory, descriptors and log are bounded."""


def what_a_reload_waits_for():
    """a reload that it refuses, or never answers; text that forges lines."""


def siblings():
    """what marsd tells scspd, and the other way round."""


# The slowest first: they only wait.
GROUPS = (
    (what_a_reload_waits_for, ("noreload", "refuse", "newline")),
    (what_is_no_message, ("half", "large", "beyond", "short", "garbage",
                          "leave")),
    (without_end, ("unread", "lines", "wrong", "orders")),
    (every_message_in_every_state, ("types", "early", "twice", "descriptors",
                                    "sockets", "many", "pieces")),
    (siblings, ("sibling_types", "sibling_large", "sibling_garbage",
                "sibling_records")),
)


def places(i, attack):
    """Where the i-th attack is tried."""
    roles = SERVERS if attack.startswith("sibling") else EVERYONE
    return roles if ALL or attack in ONLY else (roles[i % len(roles)],)


def begin(group, attacks, pool, good):
    """Has them tried, and a test wait for what has come of that."""
    results = [pool.submit(one, role, attack, good)
               for i, attack in enumerate(attacks)
               if not ONLY or attack in ONLY for role in places(i, attack)]

    def judge():
        bad = [r.result() for r in results if r.result()]
        assert not bad, "\n".join(bad)
    judge.__name__, judge.__doc__ = group.__name__, group.__doc__
    test(judge)


ONLY = sys.argv[1:]                     # for who looks at some of them
with concurrent.futures.ThreadPoolExecutor(6) as workers:
    usually = usual()
    for name, these in GROUPS:
        begin(name, these, workers, usually)
main()
