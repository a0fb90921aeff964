# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Runs every example of every manual page as it is printed.  Prints TAP.

An example is what stands between .Bd -literal and .Ed, or in a .Dl.  What to
do with it is said by a comment before it, or seen by its look:

    .\\" example: shell [MACHINE...]     commands behind "# " or "$ ", and the
                                        lines that they print, in this order
                                        among others; "..." is whatever follows
    .\\" example: conf [WITHIN]          a mars.conf, or statements of a block
    .\\" example: file MACHINE PATH      what is written into a file
    .\\" example: script                 commands of marsc(1)
    .\\" example: call NAME              example_NAME() below
    .\\" example: picture                nothing to be run

What begins with a prompt is a shell's otherwise, and all else a mars.conf.

A page has machines of its own: network namespaces, in each of which the files
of this machine can be changed without changing them here.  What they can't do
is replaced: systemctl, by what the unit would start, and WireGuard, by a pair
of devices.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TREE, os.environ.get("BUILD", "build"))
PATIENCE = 60
PROMPT = re.compile(r"(?:[a-z][\w-]*)?[#$] ")


def built_with(name):
    """A variable of BUILD/probe.mk, so that nothing is compiled anew."""
    with open(os.path.join(BUILD, "probe.mk")) as f:
        return re.search("^%s=(.*)" % name, f.read(), re.M).group(1)


ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root", "BUILD": BUILD, "CC": built_with("CC"), "LC_ALL": "C"}
count = failed = 0


class Wrong(Exception):
    """An example that does not do what it says."""


# --- the pages

class Example:
    def __init__(self, page, line, words, lines):
        self.where = "%s:%d" % (page, line)
        self.lines = lines
        self.text = "\n".join(lines) + "\n"
        self.kind = words[0] if words else \
            "shell" if PROMPT.match(lines[0]) else "conf"
        self.args = words[1:]

    def commands(self):
        """(prompt, command, lines that it has to print) of each."""
        out = []
        for line in self.lines:
            m = PROMPT.match(line)
            if m:
                out.append([m.group().strip(), line[m.end():], []])
            elif not out:
                raise Wrong("no prompt in: " + line)
            elif re.search(r"(\\|\||&&)\s*$", out[-1][1]):
                out[-1][1] += "\n" + line
            elif line:
                out[-1][2].append(line)
        return out


def plain(line):
    """A line of mdoc as it is printed."""
    line = re.sub(r"\\f.", "", line).replace("\\&", "").replace("\\-", "-")
    return line.replace("\\(dq", '"').replace("\\e", "\\")


def examples(page):
    with open(os.path.join(TREE, page)) as f:
        source = f.read().splitlines()
    out, words, inside = [], [], None
    for number, line in enumerate(source, 1):
        if inside is not None:
            if line == ".Ed":
                out.append(Example(page, inside[0], words, inside[1]))
                words, inside = [], None
            else:
                inside[1].append(plain(line))
        elif line.startswith('.\\" example: '):
            words = line.split()[2:]
        elif line.startswith(".Bd -literal"):
            inside = (number, [])
        elif line.startswith(".Dl "):
            out.append(Example(page, number, words, [plain(line[4:])]))
            words = []
    return out


# --- machines

def run(*words, check=True, **more):
    r = subprocess.run(words, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, **more)
    if check and r.returncode != 0:
        raise Wrong("%s: %s" % (" ".join(words), r.stdout))
    return r.stdout


def wait(what, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise Wrong("waited in vain: " + what)
        time.sleep(0.1)


class Machine:
    """A network namespace, and this machine's files over which others lie."""
    all = {}

    def __init__(self, name):
        Machine.all[name] = self
        self.name, self.running = name, []
        base = os.path.join(World.dir, name)
        self.root = base + "/root"
        for d in "upper", "work", "root":
            os.makedirs(base + "/" + d)
        run("mount", "-t", "overlay", "overlay", "-o",
            "lowerdir=/,upperdir=%s/upper,workdir=%s/work" % (base, base),
            self.root)
        for kind in "proc", "sysfs", "tmpfs":
            run("mount", "-t", kind, kind, self.root + {
                "proc": "/proc", "sysfs": "/sys", "tmpfs": "/run"}[kind])
        run("mount", "-t", "tmpfs", "tmpfs", self.root + "/tmp")
        run("mount", "--rbind", "/dev", self.root + "/dev")
        if not os.path.exists(self.root + TREE + "/README"):
            os.makedirs(self.root + TREE, exist_ok=True)
            run("mount", "--bind", TREE, self.root + TREE)
        run("ip", "netns", "add", name)
        self.sh("ip link set lo up; rm -rf /etc/mars /usr/local/sbin/mars*; "
                "mkdir -p /usr/local/bin /etc/wireguard; "
                "sysctl -qw net.ipv6.conf.all.accept_dad=0 "
                "net.ipv6.conf.default.accept_dad=0 2>/dev/null || :")
        self.put("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)

    def command(self, text):
        return ["nsenter", "--net=/run/netns/" + self.name, "chroot",
                self.root, "/bin/sh", "-c", "cd '%s' && %s" % (TREE, text)]

    def sh(self, text, check=True):
        return run(*self.command(text), check=check, env=ENVIRONMENT,
                   timeout=PATIENCE * 5)

    def start(self, text, out="/dev/null"):
        """In the background; what it prints is in that file."""
        p = subprocess.Popen(self.command("exec " + text), env=ENVIRONMENT,
                             stdin=subprocess.DEVNULL, stdout=open(
                                 self.root + out, "w"),
                             stderr=subprocess.STDOUT)
        self.running.append(p)
        return p

    def end(self):
        while self.running:
            p = self.running.pop()
            p.terminate()
            p.wait(PATIENCE)

    def put(self, path, text, mode=0o600):
        where = self.root + path
        os.makedirs(os.path.dirname(where), exist_ok=True)
        with open(where, "w") as f:
            f.write(text)
        os.chmod(where, mode)

    def get(self, path):
        with open(self.root + path) as f:
            return f.read()

    def installed(self):
        """The programs, and the users, as the manual wants them."""
        self.sh("make -s install && systemd-sysusers "
                "$PWD/etc/mars.sysusers && systemd-tmpfiles --create "
                "$PWD/etc/mars.tmpfiles && mkdir -p /etc/mars")
        return self

    def configured(self, text):
        self.put("/etc/mars/mars.conf", text)
        return self

    def serves(self):
        self.sh("mars -p /run/mars.pid")
        return self


# What the machines have instead of systemd: the programs of the unit.
SYSTEMCTL = r"""#!/bin/sh
set -eu
unit=/etc/systemd/system/mars.service
case "$*" in
daemon-reload)
	;;
"enable --now mars")
	exec=$(sed -n 's/^ExecStart=//p' $unit)
	$(sed -n 's/^ExecStartPre=//p' $unit)
	$exec > /tmp/mars.log 2>&1 < /dev/null &
	i=0
	until marsctl show summary > /dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 300 ] || { cat /tmp/mars.log; exit 1; }
		sleep 0.1
	done ;;
"enable --now wg-quick@wg0")
	wg-quick strip wg0 > /dev/null
	ip link set tunnel name wg0
	ip address add "$(sed -n 's/^Address = //p' /etc/wireguard/wg0.conf)" \
	    dev wg0
	ip link set wg0 up ;;
*)
	echo "systemctl $*: not known here"
	exit 1 ;;
esac
"""


def link(a, b, name_a, name_b):
    run("ip", "link", "add", name_a, "netns", a.name, "type", "veth", "peer",
        "name", name_b, "netns", b.name)


# --- what is done with an example

def session(e, machine, do=None):
    """Its commands, in one shell of that machine, and what they print."""
    commands = e.commands()
    text = "".join("%s\nr=$?; echo '@@'$r; [ $r -eq 0 ] || exit\n" % c
                   for _, c, _ in commands)
    machine.put("/tmp/session", text)
    out = machine.sh("sh /tmp/session 2>&1")
    parts = re.split(r"@@(\d+)\n", out)
    for (_, command, want), got, status in zip(commands, parts[::2],
                                               parts[1::2]):
        if status != "0":
            raise Wrong("%s: status %s: %s" % (command, status, got))
        compare(command, want, got)
    if len(parts) // 2 != len(commands):
        raise Wrong("%s: %s" % (commands[len(parts) // 2][1], parts[-1]))
    return out


def compare(command, want, got):
    lines = iter([" ".join(line.split()) for line in got.splitlines()])
    for w in want:
        w = " ".join(w.split())
        whole = not w.endswith("...")
        w = w if whole else w[:-3].rstrip()
        if not any(g == w if whole else g.startswith(w) for g in lines):
            raise Wrong("%s: it does not print (in this order) %s but\n%s" %
                        (command, w, got))


def one_shell(e):
    for name in e.args or ["here"]:
        session(e, Machine.all[name])


WITHIN = {
    None: "%s",
    "edge": """edge "e" {
	address 192.0.2.7
	servers 192.0.2.1
	protocol ipv4
	protocol ipv6
	allow group 239.0.0.0/8
	lan "eth1" { forward always }
	%s
}
""",
    "cluster": """listen on udp 192.0.2.1
cluster "c" {
	protocol ipv4
	%s
}
"""}


def one_conf(e):
    m = Machine.all["here"]
    m.put("/tmp/example.conf", WITHIN[e.args[0] if e.args else None] % e.text)
    out = m.sh("mars -n -f /tmp/example.conf")
    if out != "configuration OK\n":
        raise Wrong(out)


def one_file(e):
    Machine.all[e.args[0]].put(e.args[1], e.text)


def one_script(e):
    m = Machine.all["here"]
    m.put("/tmp/script", e.text)
    m.start("marsc -l 127.0.0.12 -s 127.0.0.1 join 224.1.2.3")
    m.sh("marsc -l 127.0.0.11 -s 127.0.0.1 run /tmp/script")
    m.end()


KINDS = {"shell": one_shell, "conf": one_conf, "file": one_file,
         "script": one_script, "picture": lambda e: None,
         "call": lambda e: globals()["example_" + e.args[0]](e)}


# --- mars(7)

def example_wireguard(e):
    """The file of each site, with the numbers that a reader fills in."""
    one, two = Machine.all["site1"], Machine.all["site2"]
    for m, other, swap in (one, two, False), (two, one, True):
        text = e.text.replace("what is in the file key here",
                              m.get("/etc/wireguard/key").strip())
        text = text.replace("what was printed at site 2", other.sh(
            "wg pubkey < /etc/wireguard/key").strip())
        if swap:
            text = text.replace("10.200.0.1/24", "10.200.0.x/24") \
                .replace("10.200.0.2/32", "10.200.0.1/32") \
                .replace("10.200.0.x/24", "10.200.0.2/24") \
                .replace("192.0.2.2:", "192.0.2.1:") \
                .replace("10.1.2.0", "10.1.1.0")
        m.put("/etc/wireguard/wg0.conf", text)
    two.sh("systemctl enable --now wg-quick@wg0")


def example_edges(e):
    """At the router of site 2; it takes a moment."""
    two = Machine.all["site2"]
    wait("both are registered", lambda: two.sh(
        "marsctl show edges").count(" yes ") == 2)
    wait("it forwards", lambda: " forwarder " in two.sh(
        "marsctl show lans"))
    wait("it is the querier", lambda: re.search(
        '"querier4": *"querier"', two.sh("marsctl -j show lans")))
    session(e, two)


def example_stream(e):
    """The two hosts: the first waits for what the second sends."""
    (_, listens, _), (_, sends, _) = e.commands()
    listener, sender = Machine.all["site2-host"], Machine.all["site1-host"]
    listener.start(listens, "/tmp/heard")
    wait("the router knows what the host wants", lambda: "239.1.1.1" in
         Machine.all["site2"].sh("marsctl show listeners"))
    wait("and its server, too", lambda: "239.1.1.1" in
         Machine.all["site1"].sh("marsctl show groups"))
    sender.sh(sends)
    wait("the stream", lambda: re.search(r"\d\d:\d\d:\d\d", listener.get(
        "/tmp/heard")))


def example_follow(e):
    """What goes on until somebody ends it."""
    for _, command, _ in e.commands():
        p = Machine.all["here"].start(command)
        try:
            p.wait(2)
        except subprocess.TimeoutExpired:
            continue
        raise Wrong(command + ": it has ended")


def page_mars_7():
    one, two = Machine("site1"), Machine("site2")
    hosts = Machine("site1-host"), Machine("site2-host")
    for m, host, net in (one, hosts[0], "10.1.1."), (two, hosts[1], "10.1.2."):
        link(m, host, "eth1", "eth0")
        m.sh("ip address add %s1/24 dev eth1; ip link set eth1 up" % net)
        host.sh("ip address add %s2/24 dev eth0; ip link set eth0 up; "
                "ip route add default via %s1" % (net, net))
    link(one, two, "tunnel", "tunnel")
    Machine("here").installed()


# --- the other pages

SERVER = """listen on udp 192.0.2.1
key 257 { file "/etc/mars/257.key" }
cluster "lis1" {
	protocol ipv4
	neighbor 192.0.2.2 { key 257 }
}
"""


def server():
    m = Machine("here").installed()
    m.sh("for a in 192.0.2.1/24 192.0.2.2/24 192.0.2.7/24; do "
         "ip address add $a dev lo; done; marsctl keygen /etc/mars/257.key")
    return m


def page_mars_operations_7():
    server().sh("marsctl keygen /etc/mars/258.key")
    Machine.all["here"].configured(SERVER).serves()


def page_mars_audit_7():
    server().configured(SERVER).serves()


def page_mars_8():
    server().configured(SERVER).serves().sh(
        "[ -e build ] || ln -s $BUILD build")


def example_tree(e):
    """Another one, from the tree: it stays in the foreground."""
    m = Machine.all["here"]
    *before, (_, stays, _) = e.commands()
    for _, command, _ in before:
        m.sh(command)
    m.start(stays, "/tmp/tree")
    wait("it is at work", lambda: "scspd is at work" in m.get("/tmp/tree"))
    m.end()


def page_mars_conf_5():
    Machine("here").installed()


def page_marsctl_8():
    m = server().configured(SERVER + """edge "e" {
	address 192.0.2.1%16
	servers 192.0.2.1
	protocol ipv4
	allow group 239.0.0.0/8
	tun "mars0" { address 10.9.9.9/32 }
}
""").serves()
    m.sh("mkdir -p /var/lib/node_exporter")
    m.start("marsc -l 192.0.2.7 -s 192.0.2.1 join 239.1.1.1")
    wait("a member", lambda: "192.0.2.7" in m.sh("marsctl show groups"))


def page_marsc_1():
    server().configured("""listen on udp 127.0.0.1
cluster "c" { protocol ipv4, limit { rate 1000000, rate-total 1000000 } }
""").serves()


def members(n):
    """127.0.0.11 and so on, each a member; returns when they are."""
    m = Machine.all["here"]
    for i in range(n):
        m.start("marsc -l 127.0.0.%d -s 127.0.0.1 join 224.1.2.3" % (11 + i))
        wait("member %d" % i, lambda: "127.0.0.%d" % (11 + i) in m.sh(
            "marsctl show groups"))


def nobody():
    m = Machine.all["here"]
    m.end()
    wait("nobody", lambda: "127.0.0.1" not in m.sh(
        "marsctl show members | sed 1d"))


def again():
    """A server that has given no number yet."""
    m = Machine.all["here"]
    m.sh("kill $(cat /run/mars.pid)")
    wait("the end", lambda: not os.path.exists(m.root + "/run/mars.pid"))
    m.serves()


def example_members(e):
    again()
    members(2)
    session(e, Machine.all["here"])
    nobody()


def example_send(e):
    """The first goes on until the second has sent to it."""
    m = Machine.all["here"]
    (_, joins, heard), (_, sends, want) = e.commands()
    again()
    m.start(joins, "/tmp/joined")
    wait("a member", lambda: "joined" in m.get("/tmp/joined"))
    compare(sends, want, m.sh(sends))
    wait("the packet", lambda: "packet" in m.get("/tmp/joined"))
    compare(joins, heard, m.get("/tmp/joined"))
    nobody()


def example_thousand(e):
    m = Machine.all["here"]
    (_, command, _), = e.commands()
    m.put("/tmp/thousand", command)
    m.start("sh /tmp/thousand")
    wait("a thousand", lambda: m.sh("marsctl show members | grep -c ' 1  '",
                                    check=False).strip() == "1000")
    m.sh("pkill -x marsc")
    nobody()


# --- the whole

def page_setup(page):
    name = "page_" + re.sub(r"\W", "_", os.path.basename(page))
    found = globals().get(name)
    return found or (lambda: Machine("here").installed())


class World:
    dir = None


def inside(page, first):
    """One page, in namespaces of its own."""
    global count, failed
    count = first
    run("mount", "--make-rprivate", "/")
    World.dir = os.environ["MARS_WORLD"]
    run("mount", "-t", "tmpfs", "tmpfs", World.dir)
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    found = examples(page)
    problem = None
    try:
        page_setup(page)()
    except Exception as e:              # then no example can be run
        problem = e
    for e in found:
        count += 1
        try:
            if problem is not None:
                raise problem
            KINDS[e.kind](e)
            print("ok %d - %s %s" % (count, e.where, e.kind))
        except Exception as why:
            failed += 1
            print("not ok %d - %s %s" % (count, e.where, e.kind))
            print("".join("# %s\n" % line for line in
                          (type(why).__name__ + ": " + str(why))
                          .splitlines()), end="")
        sys.stdout.flush()
    return failed != 0


def why_not():
    """Why this can't run here, or None."""
    if os.geteuid() != 0:
        return "has to be root"
    if "-address" in BUILD or "-undefined" in BUILD:
        return "a sanitizer build is not what is installed"
    for name in ("unshare", "nsenter", "ip", "socat", "jq", "wg", "ping",
                 "tshark", "systemd-sysusers", "systemd-tmpfiles"):
        if shutil.which(name) is None:
            return "no " + name
    with open("/proc/filesystems") as f:
        if "overlay" not in f.read():
            return "no overlay file system"
    return None


def main():
    if sys.argv[1:2] == ["--inside"]:
        return inside(sys.argv[2], int(sys.argv[3]))
    pages = sys.argv[1:] or subprocess.run(
        ["git", "ls-files", "*.[1-8]"], cwd=TREE, check=True, text=True,
        stdout=subprocess.PIPE).stdout.split()
    total = sum(len(examples(p)) for p in pages)
    why = why_not()
    if why is not None:
        print("ok 1 - %d examples # SKIP %s\n1..1" % (total, why))
        return 0
    first, bad = 0, 0
    for page in pages:
        if not examples(page):
            continue
        world = tempfile.mkdtemp(prefix="mars-regress-")
        # when the first process of the namespace ends, all others do
        r = subprocess.run(
            ["unshare", "--net", "--mount", "--ipc", "--pid", "--fork",
             "--kill-child=KILL", sys.executable, "-B", __file__, "--inside",
             page, str(first)], env=dict(os.environ, MARS_WORLD=world))
        os.rmdir(world)
        bad += r.returncode != 0
        first += len(examples(page))
    print("1..%d" % total)
    return bad != 0


sys.exit(main())
