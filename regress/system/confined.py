# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""What each process really has: the kernel says it, show summary says the
same, and system calls are made in the running processes themselves, in their
own filters, domains, roots and descriptors (inject.c).  The table of
doc/security.md is held against what runs."""

import concurrent.futures
import ctypes
import os
import re
import signal
import socket
import struct
import subprocess

import suite
from suite import BUILD, Server, Skip, main, test, wait

INJECT = BUILD + "/obj/regress/system/inject"
ROOT = os.geteuid() == 0
CHILDREN = "marsd", "scspd", "edged"
# users that every system has, with a home that can be a root directory
USERS = {"marsd": "daemon", "scspd": "bin", "edged": "sys"}
KILLED = "killed %d" % signal.SIGSYS
EPERM, EACCES, ENOSYS = -1, -13, -38
AT_FDCWD = -100
KILL, BIND, ADMIN, RAW = 5, 10, 12, 13

EDGE = """
edge "e" {
	address 127.0.0.%d%%16
	servers 127.0.0.1
	protocol ipv4
	path user
	allow group 239.0.0.0/8
	lan "nosuch0" { forward always }
}
"""


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return dict(line.rstrip("\n").split(":\t", 1)
                    for line in f if ":\t" in line)


def makes(pid, call, *args):
    """What a system call of that process gives."""
    r = subprocess.run(
        [INJECT, str(pid), call] +
        ["=" + a.hex() if isinstance(a, bytes) else str(a) for a in args],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=suite.PATIENCE)
    if r.returncode == 77:
        raise Skip(r.stderr.strip())
    assert r.returncode == 0, (pid, call, r.stderr)
    word, n = r.stdout.split()
    return r.stdout.strip() if word == "killed" else int(n)


class Suite(Server):
    """All three children, as users of their own where that can be."""

    def __init__(self, n, edge=True):
        top = "" if not edge else EDGE % n
        super().__init__(n, neighbors=(250,), top=top)
        os.chmod(self.dir, 0o711)

    def text(self):
        text = super().text()
        for name in CHILDREN:
            text = text.replace("user %s none\n" % name, "")
            text += "user %s %s\n" % (name, USERS[name] if ROOT else "none")
        return text

    def pids(self):
        return dict(self.children(), mars=self.process.pid)

    def status(self, name):
        return status_of(self.pids()[name])

    def makes(self, name, call, *args):
        return makes(self.pids()[name], call, *args)

    def udp(self, name):
        """Its descriptor of a UDP socket."""
        with open("/proc/net/udp") as f:
            inodes = {line.split()[9] for line in f.readlines()[1:]}
        pid = self.pids()[name]
        for fd in os.listdir("/proc/%d/fd" % pid):
            to = os.readlink("/proc/%d/fd/%s" % (pid, fd))
            if to[8:-1] in inodes and to.startswith("socket:"):
                return int(fd)
        raise AssertionError("%s has no UDP socket" % name)


def caps(*which):
    return sum(1 << c for c in which)


def sockaddr(address="127.0.0.1", port=9):
    return (socket.AF_INET.to_bytes(2, "little") + port.to_bytes(2, "big") +
            socket.inet_aton(address) + bytes(8))


def path(name):
    return name.encode() + b"\0"


@test
def kernel_and_show_summary_agree():
    """users, capabilities, filters: what the kernel says, show summary does."""
    s = Suite(1).start()
    shown = s.ctl("summary")
    for name in s.names + ["mars"]:
        st = s.status(name)
        assert (st["Seccomp"], st["NoNewPrivs"]) == ("2", "1"), (name, st)
        kept = caps(KILL, BIND, ADMIN, RAW) if name == "mars" and ROOT else 0
        for which in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            want = kept if which in ("CapPrm", "CapEff") else 0
            assert int(st[which], 16) == want, (name, which, st[which])
        if ROOT:
            assert int(st["CapBnd"], 16) == kept, (name, st["CapBnd"])
        if name == "mars":
            continue
        row = shown[name]
        assert row["confinement"] == row["parent-confinement"] == "full", row
        assert row["sandbox"].startswith("seccomp, landlock ABI "), row
        assert row["sandbox"].endswith(", no_new_privs, no capabilities"), row
        assert ("cap_net_raw" in row["parent-sandbox"]) == ROOT, row
        assert row["uid"] == int(st["Uid"].split()[0]), row
        if ROOT:
            assert len(set(st["Uid"].split())) == 1 and row["uid"] != 0, row
            assert st["Groups"].split() == [st["Gid"].split()[0]], st
            pid = s.pids()[name]
            assert os.readlink("/proc/%d/root" % pid) != "/", name
            # who can't be dumped is root's
            assert os.stat("/proc/%d/fd" % pid).st_uid == 0, name
    assert s.stop() == 0


@test
def without_edges_there_is_less():
    """without an edge mars keeps two capabilities, and makes no raw socket."""
    if not ROOT:
        raise Skip("not root")
    s = Suite(1, edge=False).start()
    assert int(s.status("mars")["CapEff"], 16) == caps(KILL, BIND)
    assert s.makes("mars", "socket", socket.AF_PACKET, socket.SOCK_RAW,
                   0) == EPERM
    assert s.stop() == 0


# What no child can do and outlives: the call, its arguments, what it gives.
# FD is one of its UDP sockets.
FD = "fd"
REFUSED = (
    ("socket", (socket.AF_INET, socket.SOCK_DGRAM, 0), EACCES),
    ("socket", (socket.AF_INET, socket.SOCK_STREAM, 0), EACCES),
    ("socket", (socket.AF_UNIX, socket.SOCK_STREAM, 0), EACCES),
    ("socket", (socket.AF_PACKET, socket.SOCK_RAW, 0), EACCES),
    ("connect", (FD, sockaddr(), 16), EACCES),
    ("mmap", (0, 4096, 4, 0x22, -1, 0), ENOSYS),            # PROT_EXEC
    ("mprotect", (0, 4096, 5), ENOSYS),
    ("prctl", (4, 1, 0, 0, 0), ENOSYS),                     # to be dumped
    ("clone3", (0, 0), ENOSYS),
    ("pidfd_getfd", None, None),                            # see FATAL
    ("inotify_init1", (0,), ENOSYS),
    ("epoll_create1", (0,), ENOSYS),
    ("timer_create", (0, 0, 0), ENOSYS),
    ("shmget", (0, 4096, 0), ENOSYS),
    ("statfs", (path("/"), bytes(200)), ENOSYS),
    ("getcwd", (bytes(200), 200), ENOSYS),
    ("tgkill", (1, 1, 0), ENOSYS),
    ("tkill", (1, 0), ENOSYS),
)

# What ends it at once, and the suite with it.
FATAL = (
    ("openat", (AT_FDCWD, path("/etc/passwd"), os.O_RDONLY, 0)),
    ("openat", (AT_FDCWD, path("/x"), os.O_WRONLY | os.O_CREAT, 0o600)),
    ("bind", (FD, sockaddr(port=0), 16)),
    ("execve", (path("/bin/true"), 0, 0)),
    ("ptrace", (0, 0, 0, 0)),
    ("kill", (1, 0)),
    ("process_vm_readv", (1, 0, 0, 0, 0, 0)),
    ("pidfd_getfd", (0, 0, 0)),
)

# The same of mars(8).  It may read files, and make sockets that a
# configuration can name.
PARENT = (
    ("openat", (AT_FDCWD, path("/etc/passwd"), os.O_RDONLY, 0), None),
    ("openat", (AT_FDCWD, path("/dev/null"), os.O_WRONLY, 0), ENOSYS),
    ("openat", (AT_FDCWD, path("/x"), os.O_RDONLY | os.O_CREAT, 0o600),
     ENOSYS),
    ("chmod", (path("/etc/passwd"), 0o666), ENOSYS),
    ("chown", (path("/etc/passwd"), 1, 1), ENOSYS),
    ("mkdir", (path("/tmp/x"), 0o700), ENOSYS),
    ("rename", (path("/tmp/x"), path("/tmp/y")), ENOSYS),
    ("unlink", (path("/nonexistent/x"),), -2),              # its sockets
    ("socket", (socket.AF_INET, socket.SOCK_DGRAM, 0), None),
    ("socket", (socket.AF_VSOCK, socket.SOCK_STREAM, 0), ENOSYS),
    ("socket", (socket.AF_ALG, socket.SOCK_SEQPACKET, 0), ENOSYS),
    ("kill", (1, 0), ENOSYS),
    ("mmap", (0, 4096, 4, 0x22, -1, 0), ENOSYS),
    ("clone3", (0, 0), ENOSYS),
)
PARENT_FATAL = (
    ("execve", (path("/bin/true"), 0, 0)),
    ("fork", ()),
    ("ptrace", (0, 0, 0, 0)),
    ("mount", (0, path("/tmp"), 0, 0, 0)),
    ("setuid", (0,)),
    ("capset", (0, 0)),
)


def with_fd(s, name, args):
    return [s.udp(name) if a is FD else a for a in args]


@test
def children_are_refused():
    """socket, connect and the like, in each child as it runs."""
    s = Suite(1).start()
    for name in s.names:
        for call, args, want in REFUSED:
            if args is None:
                continue
            got = s.makes(name, call, *with_fd(s, name, args))
            assert got == want, (name, call, args, got)
    # all of them go on
    for name in s.names:
        assert s.ctl("summary")[name]["confinement"] == "full"
    assert s.stop() == 0


@test
def parent_is_refused():
    """what mars can no longer do: write files, signal others, other sockets."""
    s = Suite(1).start()
    pids = s.pids()
    for call, args, want in PARENT:
        got = s.makes("mars", call, *args)
        assert got == want or (want is None and got >= 0), (call, args, got)
    assert s.makes("mars", "kill", pids["marsd"], 0) == 0
    # Landlock alone: the filter lets it bind
    tcp = s.makes("mars", "socket", socket.AF_INET, socket.SOCK_STREAM, 0)
    assert s.makes("mars", "bind", tcp, sockaddr(port=0), 16) == EACCES
    # a file that only a capability would open
    if ROOT:
        closed = s.dir + "/closed"
        with open(os.open(closed, os.O_WRONLY | os.O_CREAT, 0), "w"):
            os.chown(closed, 1, 1)
        assert s.makes("mars", "openat", AT_FDCWD, path(closed),
                       os.O_RDONLY, 0) == EACCES
        # what it is for: a port below 1024, a signal to another user
        udp = s.makes("mars", "socket", socket.AF_INET, socket.SOCK_DGRAM, 0)
        assert s.makes("mars", "bind", udp, sockaddr("127.0.0.77", 77),
                       16) == 0
    s.process.send_signal(signal.SIGHUP)
    wait("it still reloads", lambda: s.logged("configuration reloaded"))
    assert s.stop() == 0


def dies(n, name, call, args):
    """Has one made in a suite of its own; what was wrong, or None."""
    s = Suite(n).start()
    got = s.makes(name, call, *with_fd(s, name, args))
    if got != KILLED:
        return "%s: %s%r: %s" % (name, call, args, got)
    status = s.process.wait(suite.PATIENCE)
    if name == "mars":
        return None if status == -signal.SIGSYS else "mars: %d" % status
    if status != 1 or not re.search(
            r"mars: %s \(pid \d+\) was killed by signal %d" % (
                name, signal.SIGSYS), s.tail(1000)):
        return s.tail()
    return None


@test
def what_is_never_legitimate_kills():
    """open, write, bind, execve, ptrace, kill: in each process as it runs."""
    jobs = [(name, *f) for name in CHILDREN for f in FATAL] + [
        ("mars", *f) for f in PARENT_FATAL]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = [pool.submit(dies, 1 + i % 30, *job)
                   for i, job in enumerate(jobs)]
    bad = [r.result() for r in results if r.result()]
    assert not bad, "\n".join(bad)


class Parties:
    """mars: parties, as mars(8) starts it where circuits are ATM's: with one
    channel.  The calls that it serves are sockets here, since there is no ATM.
    """

    def __init__(self):
        self.channel, theirs = socket.socketpair(socket.AF_UNIX,
                                                 socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            [BUILD + "/mars", "-P", "daemon" if ROOT else "none", "-d"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: os.dup2(theirs.fileno(), 3), pass_fds=(3,))
        suite.running.append(self.process)
        theirs.close()
        self.pid = self.process.pid
        wait("it is confined", lambda: status_of(self.pid)["Seccomp"] == "2")

    def serves(self):
        """A process of its own for one call: its pid, and its channel."""
        before = self.children()
        call, self.call = socket.socketpair(socket.AF_UNIX,
                                            socket.SOCK_SEQPACKET)
        mine, theirs = socket.socketpair(socket.AF_UNIX,
                                         socket.SOCK_SEQPACKET)
        socket.send_fds(self.channel, [b"x"],
                        [call.fileno(), theirs.fileno()])
        call.close()
        theirs.close()
        return wait("it has a process", lambda:
                    self.children() - before).pop(), mine

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as f:
            return {int(n) for n in f.read().split()}

    def end(self):
        """It ends with mars(8), that is with the channel."""
        self.channel.close()
        assert self.process.wait(suite.PATIENCE) == 0


# what it is for: to fork, and to add parties to the call, which is no ATM
# socket here; and what is near that
PARTIES = (
    ("epoll_create1", (0,), None),
    ("ioctl", (3, 0x401061f4, 0), None),                # ATM_ADDPARTY
    ("ioctl", (3, 0x5412, path("x")), ENOSYS),          # TIOCSTI
    ("clone", (0x10000000 | signal.SIGCHLD, 0, 0, 0, 0), ENOSYS),  # a user
)
PARTIES_FATAL = FATAL + (("unshare", (0x10000000,)), ("setns", (3, 0)))


def near(got, want):
    """None: whatever it gives, it is let through to the kernel."""
    return got == want if want is not None else got not in (ENOSYS, EACCES)


@test
def parties_are_confined():
    """mars: parties, and the process of a call, in what they really have."""
    p = Parties()
    pid, channel = p.serves()
    for which in p.pid, pid:
        st = status_of(which)
        assert (st["Seccomp"], st["NoNewPrivs"]) == ("2", "1"), st
        for name in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
            assert int(st[name], 16) == 0, (name, st[name])
        if ROOT:
            assert int(st["CapBnd"], 16) == 0 and \
                "0" not in st["Uid"].split(), st
            assert os.readlink("/proc/%d/root" % which) != "/", which
        kinds_of = {os.readlink("/proc/%d/fd/%s" % (which, fd)).split(":")[0]
                    for fd in os.listdir("/proc/%d/fd" % which)}
        assert kinds_of <= {"socket", "/dev/null", "anon_inode"}, kinds_of
        for call, args, want in REFUSED:
            if args is None or FD in args or call == "epoll_create1":
                continue
            got = makes(which, call, *args)
            assert got == want, (which, call, args, got)
        for call, args, want in PARTIES:
            got = makes(which, call, *args)
            assert near(got, want), (which, call, args, got)
    assert p.process.poll() is None
    # who has the call ends with its channel
    channel.close()
    wait("the call's process has ended", lambda: pid not in p.children())
    p.end()


@test
def parties_are_killed():
    """and what is never legitimate there kills, the one or the other."""
    for call, args in PARTIES_FATAL:
        args = [3 if a is FD else a for a in args]
        p = Parties()
        pid, channel = p.serves()
        assert makes(pid, call, *args) == KILLED, (call, args)
        wait("that one has ended", lambda: pid not in p.children())
        # the others go on: so does who makes them
        another, _ = p.serves()
        assert another != pid and p.process.poll() is None
        assert makes(p.pid, call, *args) == KILLED, (call, args)
        assert p.process.wait(suite.PATIENCE) == -signal.SIGSYS
        channel.close()


def hide_landlock():
    """As a service manager's filter does: three calls fail with EPERM.  Comes
    before mars in its own process."""
    def code(op, jt, jf, k):
        return struct.pack("HBBI", op, jt, jf, k)
    program = (code(0x20, 0, 0, 0) +                # the call's number
               code(0x35, 0, 2, 444) +              # at least 444
               code(0x25, 1, 0, 446) +              # and at most 446
               code(0x06, 0, 0, 0x00050001) +       # EPERM
               code(0x06, 0, 0, 0x7fff0000))
    text = ctypes.create_string_buffer(program)
    libc = ctypes.CDLL(None)
    prog = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(text))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, prog) != 0:
        os._exit(99)


@test
def less_than_asked_for_is_an_error():
    """Landlock is taken away: no start, or best-effort, and that is said."""
    s = Suite(1)
    r = subprocess.run(
        [BUILD + "/mars", "-d", "-L", BUILD, "-f", s.conf],
        stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=hide_landlock, timeout=suite.PATIENCE)
    assert r.returncode == 1 and "forbids landlock" in r.stderr, r
    assert "or write confinement best-effort" in r.stderr, r.stderr
    r = subprocess.run(
        [BUILD + "/mars", "-n", "-f", s.conf], stderr=subprocess.PIPE,
        text=True, preexec_fn=hide_landlock, timeout=suite.PATIENCE)
    assert r.returncode == 1 and "forbids landlock" in r.stderr, r
    s.write(s.text() + "confinement best-effort\n")
    with open(s.log, "a") as log:
        s.process = subprocess.Popen(
            [BUILD + "/mars", "-d", "-L", BUILD, "-f", s.conf],
            stdin=subprocess.DEVNULL, stderr=log, preexec_fn=hide_landlock)
    suite.running.append(s.process)
    rows = wait("it says what mars has", lambda: [
        r for r in (s.ctl("summary") or {}).values()
        if r["parent-confinement"] is not None])
    for r in rows:
        assert r["confinement"] == r["parent-confinement"] == "less", r
        assert r["sandbox"].startswith("seccomp, no landlock, "), r
    assert s.tail(100).count("confined less than it could be") == 4
    # it can't be changed while mars runs
    s.write(s.text())
    r = s.marsctl("reload")
    assert r.returncode != 0 and "confinement can't change" in r.stderr, r
    assert s.stop() == 0


def kinds(pid):
    """What kinds of descriptors a process has, as doc/security.md names
    them."""
    inodes = {}
    for name, column in (("udp", 9), ("udp6", 9), ("netlink", 9),
                         ("packet", 8)):
        try:
            with open("/proc/net/" + name) as f:
                for line in f.readlines()[1:]:
                    inodes[line.split()[column]] = name.rstrip("6")
        except OSError:
            continue
    with open("/proc/net/unix") as f:
        for line in f.readlines()[1:]:
            column = line.split()
            inodes[column[6]] = "control" if int(column[3], 16) & 0x10000 \
                else "channel"
    r = set()
    for fd in os.listdir("/proc/%d/fd" % pid):
        to = os.readlink("/proc/%d/fd/%s" % (pid, fd))
        if to.startswith("socket:"):
            r.add(inodes.get(to[8:-1], "unknown socket"))
        elif to == "/dev/null":
            r.add("null")
        elif to == "anon_inode:[eventpoll]":
            r.add("epoll")
        elif fd == "2" or to.endswith("/log"):
            r.add("log")
        else:
            r.add("pipe" if to.startswith("pipe:") else to)
    return r


def table():
    """The rows of the first table of doc/security.md, by process."""
    here = os.path.dirname(os.path.abspath(__file__))
    with open(here + "/../../doc/security.md") as f:
        lines = [line for line in f if line.startswith("|")]
    head = [c.strip() for c in lines[0].strip("|\n ").split("|")]
    rows = {}
    for line in lines[2:]:
        cells = [c.strip() for c in line.strip("|\n ").split("|")]
        if len(cells) != len(head):
            break
        rows[cells[0].strip("`")] = dict(zip(head, cells))
    return rows


@test
def document_says_what_runs():
    """doc/security.md: user, descriptors and capabilities of each process."""
    rows = table()
    s = Suite(1).start()
    for name in s.names + ["mars"]:
        row = rows[name]
        found = kinds(s.pids()[name])
        listed = set(re.findall(r"`(\w+)`", row["descriptors"]))
        assert found <= listed, (name, found, listed)
        # those that are there in every configuration
        assert {"epoll", "channel", "log"} <= found, (name, found)
        user = re.match(r"`(\w+)`", row["user"]).group(1)
        assert user == ("root" if name == "mars" else "_" + name), row
        named = set(re.findall(r"`(CAP_\w+)`", row["capabilities"]))
        if name == "mars":
            assert named == {"CAP_KILL", "CAP_NET_BIND_SERVICE",
                             "CAP_NET_ADMIN", "CAP_NET_RAW"}, named
        else:
            assert not named, (name, named)
    assert s.stop() == 0


main()
