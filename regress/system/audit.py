# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""mars -n -A and marsctl audit: each finding has a configuration, or a way to
run, that has it and no other; and etc/hardened.conf has none."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import suite
from suite import BUILD, Client, Server, Skip, main, script, test, wait

TREE = os.path.abspath(os.path.dirname(__file__) + "/../..")
DAY = 86400


def day(n):
    """Midnight in so many days."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + n * DAY))


# nothing is found in this
BASE = """server-id 127.0.0.1
listen on udp 127.0.0.1
key 1 { algorithm hmac-sha256, file "1.key", valid from %s until %s }
key 2 { algorithm hmac-sha256, file "2.key", valid from %s until %s }
cluster "c" {
	protocol ipv4
	cmi 1 - 1000
	allow from 127.0.0.0/16
	limit { members 100, joins 1000, records 10000 }
	neighbor 127.0.0.2 { key 1, replay required }
}
edge "e" {
	address 127.0.0.3
	servers 127.0.0.1
	protocol ipv4
	protocol ipv6
	key 2
	allow group 239.1.0.0/16
	lan "eth9" { limit { rate 20M } }
}
""" % (day(-10), day(100), day(-10), day(100))


def change(old, new):
    """The base with one text in place of another."""
    assert old in BASE, old
    return lambda d: BASE.replace(old, new, 1)


def mode(name, bits):
    def run(d):
        os.chmod(os.path.join(d, name), bits)
        return BASE
    return run


def aged(d):
    """A key that does not say since when, in a file that does."""
    when = time.time() - 200 * DAY
    os.utime(d + "/1.key", (when, when))
    return BASE.replace("valid from %s until" % day(-10), "valid until", 1)


def twins(d):
    """Two keys in two files that are the same."""
    with open(d + "/1.key") as f, open(d + "/2.key", "w") as g:
        g.write(f.read())
    return BASE


def short(d):
    """A key of one octet less than its algorithm makes of it."""
    with open(d + "/1.key", "w") as f:
        f.write("a" * 47 + "\n")
    return BASE.replace("hmac-sha256", "hmac-sha384", 1)


def link(d, to, name, mode, behind=""):
    """A key by way of a link, in a directory with that mode."""
    os.mkdir(d + "/links")
    os.symlink(to, d + "/links/" + name)
    os.chmod(d + "/links", mode)
    return BASE.replace('"1.key"', '"links/%s%s"' % (name, behind))


def linked(d):
    """A key by way of a link that anybody can turn elsewhere."""
    return link(d, "../1.key", "1.key", 0o777)


def through(d):
    """A key in a directory that anybody can exchange for another."""
    os.mkdir(d + "/safe", 0o700)
    os.rename(d + "/1.key", d + "/safe/1.key")
    return link(d, "../safe", "keys", 0o777, "/1.key")


def twice(d):
    """A link to a link that anybody can turn elsewhere."""
    os.mkdir(d + "/safe", 0o700)
    os.symlink("../links/1.key", d + "/safe/1.key")
    return linked(d).replace('"links/1.key"', '"safe/1.key"')


def foreign(d):
    """A link in a directory for all, and it is another's."""
    conf = link(d, "..", "keys", 0o1777, "/1.key")
    if os.geteuid() == 0:
        os.lchown(d + "/links/keys", 12345, 12345)
    else:
        os.chmod(d + "/links", 0o777)
    return conf


def circle(d):
    """A directory that all links to it lead back to."""
    os.mkdir(d + "/links", 0o700)
    os.symlink("../links/../links", d + "/links/again")
    os.rename(d + "/1.key", d + "/links/1.key")
    return BASE.replace('"1.key"', '"links/again/../links/./again//1.key"')


def included(d):
    os.mkdir(d + "/more")
    with open(os.open(d + "/more/x.conf", os.O_WRONLY | os.O_CREAT, 0o600),
              "w") as f:
        f.write("x = 1\n")
    os.chmod(d + "/more", 0o770)
    return 'include "more/x.conf"\n' + BASE


def control(d):
    os.mkdir(d + "/open")
    os.chmod(d + "/open", 0o777)
    return 'control "%s/open/mars"\n' % d + BASE


def gap(first, second):
    """A successor for key 1, which begins at some day."""
    def run(d):
        return BASE.replace(day(100), day(first), 1).replace(
            "key 2 {", 'key 3 { file "3.key", valid from %s until %s }\n'
            "key 2 {" % (day(second), day(second + 100)), 1).replace(
            "{ key 1,", "{ key 1, key 3,")
    return run


def programs(name, bits):
    """Programs of its own, one of which, or where they are, others write."""
    def run(d):
        own_programs(d)
        os.chmod(d + "/" + name, bits)
        return BASE
    return run


def own_programs(d):
    os.mkdir(d + "/libexec", 0o755)
    for name in "mars", "marsd", "scspd", "edged":
        shutil.copy(BUILD + "/" + name, d + "/libexec")


ELSEWHERE = ["192.0.2.1", "veth"]
TUNNEL = ["192.0.2.1", "tun"]

# id, what makes it of the base, the line it is at, how often, and the
# address and the kind of an interface that this needs
CASES = [
    ("allow-none", change("	allow from 127.0.0.0/16\n", ""), 5, 1),
    ("allow-wide", change("127.0.0.0/16", "127.0.0.0/8"), 8, 1),
    ("allow-wide", change("127.0.0.0/16", "::/0"), 8, 1),
    ("cmi-undivided", change("	cmi 1 - 1000\n", ""), 5, 1),
    ("confinement-best-effort",
     change("server-id", "confinement best-effort\nserver-id"), 0, 1),
    ("control-group", change("server-id", "control group \"root\"\nserver-id"),
     0, 1),
    ("control-open", control, 0, 1),
    ("edge-limit-none", change(" { limit { rate 20M } }", ""), 19, 1),
    ("edge-link-local", change("	key 2\n",
                               "	key 2\n	link-local 224.0.0.251\n"),
     18, 1),
    ("edge-scoped", change("239.1.0.0/16", "239.255.0.0/16"), 18, 1),
    ("edge-scoped", change("239.1.0.0/16", "ff05::/16"), 18, 1),
    ("edge-wide", change("239.1.0.0/16", "224.0.0.0/4"), 18, 1),
    ("file-readable", mode("1.key", 0o640), 3, 1),
    ("file-writable", linked, 3, 1),
    ("file-writable", through, 3, 1),
    ("file-writable", twice, 3, 1),
    ("file-writable", foreign, 3, 1),
    (None, circle, 0, 0),
    ("file-writable", included, 0, 1),
    ("key-expired", change(day(100), day(-1)), 10, 1),
    ("key-expired", change(day(-10), day(10)), 10, 1),
    ("key-expiring", gap(20, 25), 11, 1),
    (None, gap(20, 15), 0, 0),
    ("key-expiring", change(day(100), day(20)), 10, 1),
    ("key-lifetime", change(day(100), day(180)), 3, 1),
    ("key-lifetime", change(" until " + day(100), ""), 3, 1),
    ("key-md5", change("algorithm hmac-sha256, file \"1.key\"",
                       "algorithm hmac-md5, file \"1.key\""), 3, 1),
    ("key-old", aged, 3, 1),
    ("key-shared", change("	neighbor 127.0.0.2",
                          "	neighbor 127.0.0.4 { key 1, replay required"
                          " }\n	neighbor 127.0.0.2"), 3, 1),
    ("key-shared", change("	key 2\n", "	key 1\n"), 3, 1),
    ("key-shared", twins, 4, 1),
    ("key-short", short, 3, 1),
    ("limit-default", change("	limit { members 100, joins 1000, "
                             "records 10000 }\n", ""), 5, 1),
    ("limit-memory", change("records 10000", "records 100000000, joins "
                            "100000000, members 1000000"), 0, 1),
    ("neighbor-unauthenticated", change("{ key 1, replay required }",
                                        "{ auth off }"), 10, 1),
    ("program-writable", programs("libexec/mars", 0o775), 0, 1),
    ("program-writable", programs("libexec/marsd", 0o757), 0, 1),
    ("program-writable", programs("libexec/scspd", 0o775), 0, 1),
    ("program-writable", programs("libexec/edged", 0o775), 0, 1),
    ("program-writable", programs("libexec", 0o775), 0, 4),
    ("replay-optional", change(", replay required", ""), 10, 1),
    ("strict-source-off", change("	cmi", "	strict-source no\n	cmi"),
     5, 1),
    ("user-root", change("server-id", "user marsd none\nserver-id"), 0, 1),
    ("allow-unproven", change("listen on udp 127.0.0.1",
                              "listen on udp 192.0.2.1"), 2, 1, ELSEWHERE),
    ("listen-open", change("listen on udp 127.0.0.1", "listen on udp "
                           "127.0.0.1\nlisten on udp 192.0.2.1"), 3, 1,
     ELSEWHERE),
    (None, change("listen on udp 127.0.0.1", "listen on udp 192.0.2.1"), 0, 0,
     TUNNEL),
    # one key between two servers, for two clusters
    (None, change("edge \"e\"", "server-group 7 protocol-id 9 {\n"
                  "	neighbor 127.0.0.2 { key 1, replay required }\n}\n"
                  "edge \"e\""), 0, 0),
]


def directory():
    d = tempfile.mkdtemp(prefix="mars-regress-")
    suite.dirs.append(d)
    for name in "1.key", "2.key", "3.key":
        subprocess.run([BUILD + "/marsctl", "keygen", d + "/" + name],
                       check=True)
    return d


def audit(conf, *options, wrap=()):
    """Of programs that only we can write, as those of BUILD need not be."""
    libexec = os.path.dirname(conf) + "/libexec"
    if not os.path.isdir(libexec):
        own_programs(os.path.dirname(conf))
    return subprocess.run(list(wrap) + [libexec + "/mars", "-n", "-A", "-L",
                          libexec] + list(options) + [conf],
                          stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


def findings(r):
    assert r.stdout.startswith("{"), r
    return json.loads(r.stdout)["findings"]


def wrapped(address=None, kind=None):
    """A command in a network namespace that has such an interface."""
    if kind is None:
        return []
    make = "ip link add x0 type veth peer name x1" if kind == "veth" else \
        "ip tuntap add dev x0 mode tun"
    wrap = ["unshare", "-n" if os.geteuid() == 0 else "-rn", "sh", "-c",
            "ip link set lo up && %s && ip addr add %s/24 dev x0 && "
            "exec \"$@\"" % (make, address), "sh"]
    if subprocess.run(wrap + ["true"], capture_output=True).returncode != 0:
        raise Skip("no network namespace with a %s interface" % kind)
    return wrap


@test
def each_finding():
    """each finding has a configuration that has it alone, at its line"""
    for name, make, line, times, *needs in CASES:
        d = directory()
        conf = d + "/mars.conf"
        text = make(d)
        with open(os.open(conf, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write(text)
        try:
            wrap = wrapped(*(needs[0] if needs else ()))
        except Skip as e:
            print("# %s: not tried: %s" % (name, e))
            continue
        r = audit(conf, "-j", wrap=wrap)
        found = findings(r)
        assert [f["id"] for f in found] == [name] * times, (name, r)
        if times:
            assert found[0].get("line", 0) == line, (name, found)
            worst = {"low": 4, "medium": 5, "high": 6}[found[0]["severity"]]
            assert r.returncode == worst, (name, r)
        else:
            assert r.returncode == 0, r


@test
def all_are_tried():
    """there is a test of every finding, and a paragraph of mars.audit(7)"""
    rules = {r["id"]: r for r in sarif(*clean())["tool"]["driver"]["rules"]}
    tried = {c[0] for c in CASES} - {None}
    running = set(rules) - tried
    assert tried <= set(rules), tried - set(rules)
    assert running == RUNNING, (running, RUNNING)
    with open(TREE + "/parent/mars.audit.7") as f:
        page = f.read()
    told = dict(re.findall(r"^\.It Sy (\S+) Pq (\w+)", page, re.M))
    levels = {"note": "low", "warning": "medium", "error": "high"}
    assert told == {i: levels[r["defaultConfiguration"]["level"]]
                    for i, r in rules.items()}, told
    for name in rules:
        text = page.split(".It Sy %s " % name)[1].split("\n.It ")[0]
        assert len(text) > 150, name


def clean():
    d = directory()
    with open(os.open(d + "/mars.conf", os.O_WRONLY | os.O_CREAT, 0o600),
              "w") as f:
        f.write(BASE)
    return d, d + "/mars.conf"


def sarif(d, conf, status=0):
    r = audit(conf, "-o", "sarif")
    assert r.returncode == status, r
    log = json.loads(r.stdout)
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1, log
    return log["runs"][0]


@test
def formats():
    """lines, JSON, text and SARIF say the same; what is wrong is said"""
    d, conf = clean()
    assert audit(conf).stdout == "" and audit(conf).returncode == 0
    bad = d + "/bad.conf"
    with open(os.open(bad, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
        f.write(BASE.replace(", replay required", "").replace(
            "	allow from 127.0.0.0/16\n", ""))
    r = audit(bad)
    lines = r.stdout.splitlines()
    assert r.returncode == 6 and len(lines) == 2, r
    # the worst comes first
    assert lines[0].startswith(bad + ":5: high: allow-none: "), r
    assert lines[1].startswith(bad + ":9: medium: replay-optional: "), r
    found = findings(audit(bad, "-j"))
    assert [f["id"] for f in found] == ["allow-none", "replay-optional"]
    assert all(f["text"] in lines[i] and f["remedy"] in lines[i]
               for i, f in enumerate(found))
    run = sarif(d, bad, 6)
    assert [(x["ruleId"], x["level"]) for x in run["results"]] == [
        ("allow-none", "error"), ("replay-optional", "warning")], run
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == bad and \
        place["region"]["startLine"] == 5, place
    rules = run["tool"]["driver"]["rules"]
    for x in run["results"]:
        assert rules[x["ruleIndex"]]["id"] == x["ruleId"], x
    r = audit(bad, "-o", "text")
    assert r.returncode == 6 and "1 high, 1 medium, 0 low" in r.stdout, r
    assert "looked for and not found:\n\tallow-unproven" in r.stdout, r
    with open(bad, "rb") as f:
        digest = subprocess.run(["sha256sum"], stdin=f, capture_output=True,
                                text=True).stdout.split()[0]
    assert digest in r.stdout, r
    with open(d + "/wrong.conf", "w") as f:
        f.write("listen at home\n")
    os.chmod(d + "/wrong.conf", 0o600)
    for options in [d + "/wrong.conf"], ["-o", "odf", conf], [conf, conf]:
        r = audit(*options)
        assert r.returncode == 1 and r.stdout == "" and r.stderr, r


@test
def hardened():
    """nothing is found in etc/hardened.conf"""
    d = directory()
    os.rename(d + "/1.key", d + "/257.key")
    with open(TREE + "/etc/hardened.conf") as f:
        text = f.read().replace("/etc/mars/", d + "/")
    with open(os.open(d + "/h.conf", os.O_WRONLY | os.O_CREAT, 0o600),
              "w") as f:
        f.write(text)
    r = audit(d + "/h.conf", "-D", "begin=" + day(-10), "-D",
              "end=" + day(90))
    assert r.returncode == 0 and r.stdout == "", r


# what only marsctl audit looks for; of confinement-less see the unit test
# marsctl_audit
RUNNING = {"build-other", "cmi-overlap", "confinement-less", "core-dumps",
           "key-swappable"}


class Clean(Server):
    """A suite as an audit wants to have it: with users of its own."""

    def __init__(self, n, build=BUILD, wrap=(), cmi=None):
        self.build, self.wrap = build, list(wrap)
        super().__init__(n)
        other = 3 - n
        subprocess.run([BUILD + "/marsctl", "keygen", self.dir + "/1.key"],
                       check=True)
        self.write("""server-id %s
udp base-port %d
listen on udp %s
enquiry-interval 1
control "%s"
user marsd "%s"
user scspd "%s"
key 1 { file "%s/1.key", valid from %s until %s }
cluster "lis1" {
	protocol ipv4
	cmi %s
	allow from 127.0.0.0/16
	limit { members 100, joins 1000, records 10000 }
	neighbor 127.0.0.%d { key 1, replay required, hello-interval 1 }
}
""" % (self.address, self.base_port, self.address, self.dir, *USERS, self.dir,
            day(-10), day(100), cmi or "%d - %d" % (n * 100, n * 100 + 99),
            other))

    def start(self, expect=True):
        self.process = subprocess.Popen(
            self.wrap + [self.build + "/mars", "-d", "-L", self.build, "-f",
                         self.conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.log, "a"))
        suite.running.append(self.process)
        wait("it answers", self.answers)
        return self

    def found(self):
        """(process, id) of each finding; checks the status."""
        r = self.marsctl("audit", "-j")
        assert r.stdout.startswith("{"), r
        found = json.loads(r.stdout)["findings"]
        levels = {"low": 4, "medium": 5, "high": 6}
        assert r.returncode == max(
            [0] + [levels[f["severity"]] for f in found]), r
        return [(f["process"], f["id"]) for f in found]


def users():
    if os.geteuid() != 0:
        raise Skip("needs root")
    there = [u for u in ("daemon", "bin", "games")
             if subprocess.run(["id", u], capture_output=True).returncode == 0]
    if len(there) < 2:
        raise Skip("needs two users")
    return there[:2]


USERS = "none", "none"


@test
def what_runs():
    """marsctl audit: nothing of a suite as it should be; cores; a file that
    changes; other programs than installed; swap"""
    global USERS
    USERS = users()
    build = tempfile.mkdtemp(prefix="mars-regress-")
    suite.dirs.append(build)
    for name in "mars", "marsd", "scspd":
        shutil.copy(BUILD + "/" + name, build)
    os.chmod(build, 0o755)
    a = Clean(1, build=build).start()
    assert a.found() == [], a.found()
    # each format is one of its own
    for options in [], ["-j"], ["-o", "text"], ["-o", "sarif"]:
        r = a.marsctl("audit", *options)
        assert r.returncode == 0 and r.stderr == "", r
    assert "cmi-overlap: another server" in a.marsctl(
        "audit", "-o", "text").stdout
    # what the configuration says, as the processes have it
    a.write(open(a.conf).read().replace("	allow from 127.0.0.0/16\n", "")
            .replace("replay required, ", ""))
    assert a.marsctl("reload").returncode == 0
    assert a.found() == [("marsd", "allow-none"),
                         ("scspd", "replay-optional")], a.found()
    a.write(open(a.conf).read().replace(
        "	cmi", "	allow from 127.0.0.0/16\n	cmi").replace(
            "{ key 1, ", "{ key 1, replay required, "))
    assert a.marsctl("reload").returncode == 0
    assert a.found() == [], a.found()
    # a program is replaced while it runs
    shutil.copy(BUILD + "/marsd", build + "/new")
    os.rename(build + "/new", build + "/marsd")
    assert a.found() == [("marsd", "build-other")], a.found()
    os.chmod(a.dir, 0o777)
    assert a.found()[0] == (a.dir, "control-open"), a.found()
    os.chmod(a.dir, 0o700)
    a.stop()
    a = Clean(1, wrap=["setpriv", "--bounding-set=-ipc_lock",
                       "--inh-caps=-ipc_lock", "prlimit", "--memlock=0"])
    a.start()
    assert a.found() == [("scspd", "key-swappable")], a.found()
    assert a.logged("memory for keys can't be locked"), a.tail()
    pid = a.children()["marsd"]
    r = subprocess.run(["prlimit", "--core=4096:4096", "-p", str(pid)],
                       capture_output=True)
    if r.returncode == 0:
        assert ("marsd", "core-dumps") in a.found(), a.found()
    else:
        print("# core-dumps: not tried: %s" % r.stderr)


@test
def what_runs_as_root():
    """marsctl audit: a program that keeps root"""
    global USERS
    users()
    USERS = "none", "none"
    a = Clean(1).start()
    assert a.found() == [("marsd", "user-root"), ("scspd", "user-root")]


@test
def cmis_of_neighbors():
    """marsctl audit: two servers that give out the same CMIs"""
    global USERS
    USERS = users()
    a, b = Clean(1, cmi="1 - 50").start(), Clean(2, cmi="1 - 50")
    shutil.copy(a.dir + "/1.key", b.dir + "/1.key")
    b.start()
    wait("both are aligned", lambda: a.aligned(1) and b.aligned(1))
    assert a.found() == [] and b.found() == []
    Client("127.0.0.11", "127.0.0.1", "run", script(["register", "stay"]))
    wait("one client", lambda: len(b.members()) == 1)
    Client("127.0.0.12", "127.0.0.2", "run", script(["register", "stay"]))
    wait("two clients", lambda: len(b.members()) == 2)
    # the second server has seen that the first has that one
    Client("127.0.0.13", "127.0.0.1", "run", script(["register", "stay"]))
    wait("it is found", lambda: ("marsd", "cmi-overlap") in
         a.found() + b.found())
    # by a reload to a range that the neighbor has begun to give out; nobody
    # has a number twice, and nothing but this is found
    a.stop()
    b.stop()
    a, b = Clean(1, cmi="1 - 50").start(), Clean(2, cmi="60 - 99")
    shutil.copy(a.dir + "/1.key", b.dir + "/1.key")
    b.start()
    wait("both are aligned", lambda: a.aligned(1) and b.aligned(1))
    Client("127.0.0.14", "127.0.0.2", "run", script(["register", "stay"]))
    wait("its client is known", lambda: len(a.members()) == 1)
    assert a.found() == [] and b.found() == []
    with open(a.conf) as f:
        text = f.read()
    a.write(text.replace("cmi 1 - 50", "cmi 1 - 70"))
    assert a.marsctl("reload").returncode == 0
    assert a.found() == [("marsd", "cmi-overlap")], a.found()
    assert "others have given out 1, from 60 to 60" in a.marsctl(
        "audit").stdout
    assert b.found() == [], b.found()


@test
def nobody_answers():
    """marsctl audit: without a suite there is no audit"""
    d = directory()
    r = subprocess.run([BUILD + "/marsctl", "-s", d, "audit"],
                       capture_output=True, text=True)
    assert r.returncode == 1 and "is mars running" in r.stderr, r


main()
