# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Where a key can be found: once, in locked memory of scspd, and nowhere else.
A key of its own is looked for in all memory of all processes, after the start,
after reloads and after its cluster has gone, and in all that is printed."""

import os
import re
import resource
import signal
import subprocess
import time

from suite import (BUILD, Client, Server, Skip, main, pair, script, test,
                   wait)

KEY = "Marker-" + os.urandom(20).hex()


def mappings(pid):
    """(begin, end, flags) of what can be read, but for the system's own."""
    rows = []
    with open("/proc/%d/smaps" % pid) as f:
        for line in f:
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .* (\S*)$", line)
            if head and "r" in head[3] and head[4] not in ("[vvar]",
                                                           "[vsyscall]"):
                rows.append([int(head[1], 16), int(head[2], 16), []])
            elif head:
                rows.append(None)
            elif line.startswith("VmFlags:") and rows[-1]:
                rows[-1][2] = line.split()[1:]
    return filter(None, rows)


def found(pid, key=KEY):
    """The flags of the mapping for each copy in a process."""
    places = []
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for begin, end, flags in mappings(pid):
            try:
                mem.seek(begin)
                octets = mem.read(end - begin)
            except OSError:
                continue        # nobody can read it
            assert len(octets) == end - begin, (len(octets), end - begin)
            places += [flags] * octets.count(key.encode())
    return places


def look(a):
    """Is it in one place, that is locked and in no core?"""
    if os.geteuid() != 0:
        raise Skip("only root may read the memory of such processes")
    with open(BUILD + "/probe.mk") as f:
        if "SANITIZE_BUILD" in f.read():
            raise Skip("a sanitizer keeps what was freed")
    pids = dict(a.children(), mars=a.process.pid)
    assert len(pids) == 3, pids
    for name, pid in pids.items():
        places = found(pid)
        assert len(places) == (name == "scspd"), (name, places)
        for flags in places:
            assert "lo" in flags and "dd" in flags, flags


@test
def in_one_place():
    """the key is once in scspd's memory, locked and in no core"""
    a, b = pair(key=KEY)
    look(a)
    for _ in range(3):
        assert a.marsctl("reload").returncode == 0
    look(a)
    # a cluster that goes stays for a moment, and so do its keys
    text = a.text()
    a.write(text + text[text.index("cluster"):].replace(
        "lis1", "other").replace("group 1", "group 2").replace(
        "cmi 2001 - 3999", "cmi 9001 - 9999").replace(
        "server-group 2", "server-group 2\n\taddress %s%%7" % a.address))
    r = a.marsctl("reload")
    assert r.returncode == 0, r
    a.write(text.replace("key 257\n", "key 258\n").replace(
        "key 257 {", "key 258 { file \"%s/258.key\" }\nkey 257 {" % a.dir))
    with open(os.open(a.dir + "/258.key", os.O_WRONLY | os.O_CREAT, 0o600),
              "w") as f:
        f.write("another-key-of-the-other-cluster\n")
    r = a.marsctl("reload")
    assert r.returncode == 0, r
    look(a)
    a.write(text)
    assert a.marsctl("reload").returncode == 0
    wait("they are aligned", lambda: a.aligned() and b.aligned())
    look(a)
    # no longer used by anybody: it is gone at once
    a.write(re.sub(r"\n\tneighbor.*?\n\t}", "",
                   re.sub(r"key 257 {.*?}", "", text), flags=re.S))
    r = a.marsctl("reload")
    assert r.returncode == 0, r
    wait("nobody has it", lambda: found(a.children()["scspd"]) == [], 10)


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


@test
def one_reload_rolls_over():
    """a key is replaced by one reload of each server, under load, and no
    packet is refused, if it comes within 3 s: both are valid for 6"""
    a, b = pair(key=KEY)
    for n, server in (11, a), (12, b):
        words = ["register"] + ["%s 239.1.1.%d" % (w, i) for _ in range(40)
                                for i in range(1, 21)
                                for w in ("join", "leave")] + ["stay"]
        Client("127.0.%d.1" % n, server.address, "run", script(words),
               options=("-n", "20"))
    wait("members", lambda: len(a.members()) == len(b.members()) == 40)
    end = time.time() + 10
    for s in a, b:
        with open(os.open(s.dir + "/258.key", os.O_WRONLY | os.O_CREAT,
                          0o600), "w") as f:
            f.write("the-next-key-of-these-two-servers\n")
        s.write(s.text().replace(
            "key 257 {", "key 258 { file \"%s/258.key\", valid from %s }\n"
            "key 257 { valid until %s," % (s.dir, utc(end - 6), utc(end)))
            .replace("key 257\n", "key 257, 258\n"))
        r = s.marsctl("reload")
        assert r.returncode == 0, r
    for s in a, b:
        wait("the new one signs", lambda: any(
            k["spi"] == 258 and k["signs"] == 1 for k in s.ctl("keys")), 20)
    before = [s.ctl("neighbors")[0]["hellos-in"] for s in (a, b)]
    wait("Hellos by it", lambda: all(
        s.ctl("neighbors")[0]["hellos-in"] > n + 1
        for s, n in zip((a, b), before)), 20)
    for s in a, b:
        assert s.aligned(), s.tail()
        assert s.ctl("neighbors")[0]["spi"] == 258
        assert not s.logged("event=auth-failure"), s.tail()
        assert not s.logged("event=neighbor-down"), s.tail()
        for name in "auth-failed", "auth-spi", "auth-time", "auth-missing":
            assert s.counter(name) == 0, name


@test
def in_nothing_that_is_printed():
    """no listing, log line, error or -nv has the key"""
    a, b = pair(key=KEY)
    said = []

    def run(*command):
        r = subprocess.run(command, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=60)
        said.append(r.stdout + r.stderr)
        return r

    listings = re.findall(r"^ +(\S+)", a.marsctl("show", "?").stderr, re.M)
    assert "keys" in listings and "neighbors" in listings, listings
    for word in listings:
        for more in ["-j"], []:
            run(BUILD + "/marsctl", "-s", a.dir, *more, "show", word)
    assert a.marsctl("log", "verbose").returncode == 0
    assert a.marsctl("reload").returncode == 0
    assert "257" in run(BUILD + "/mars", "-nv", "-f", a.conf).stdout
    # a file that is no key: what is wrong is said, and not what is in it
    for wrong in KEY + " ", KEY + "\n" + KEY, "0x" + KEY, KEY + "\001", \
            KEY * 20:
        with open(a.dir + "/257.key", "w") as f:
            f.write(wrong + "\n")
        assert run(BUILD + "/mars", "-n", "-f", a.conf).returncode == 1, wrong
        assert a.marsctl("reload").returncode == 1
    with open(a.log) as f:
        said.append(f.read())
    assert len(said) > 30
    for text in said:
        assert KEY not in text, text


@test
def in_no_core():
    """whoever dies of a signal leaves no core"""
    a = Server(1, (2,), key=KEY)
    a.process = None
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard != resource.RLIM_INFINITY:
        raise Skip("no core can be had here")
    here = os.getcwd()
    build = os.path.abspath(BUILD)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        os.chdir(a.dir)
        a.process = subprocess.Popen(
            [build + "/mars", "-d", "-L", build, "-f", a.conf],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(a.log, "a"))
        os.chdir(here)
        wait("it answers", a.answers)
        for name, pid in dict(a.children(), mars=a.process.pid).items():
            with open("/proc/%d/status" % pid) as f:
                status = f.read()
            # what a process that may be dumped has is its own user's
            assert "CoreDumping:\t0" in status, status
            with open("/proc/%d/limits" % pid) as f:
                core = re.search(r"Max core file size +(\S+) +(\S+)",
                                 f.read())
            assert name == "mars" or core.groups() == ("0", "0"), core
        os.kill(a.children()["scspd"], signal.SIGABRT)
        assert a.process.wait(10) == 1
        assert a.logged("scspd (pid"), a.tail()
        assert not [f for f in os.listdir(a.dir) if "core" in f]
    finally:
        os.chdir(here)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
        if a.process and a.process.poll() is None:
            a.process.kill()
            a.process.wait()


main()
