#!/usr/bin/env python3
# Copyright (c) 2026 The mars developers
# SPDX-License-Identifier: ISC
"""Prints an SBOM, SPDX 2.3 as JSON: what is in the archive, and what the
programs are linked with, as mk/probe.sh has found it on this machine.

usage: sbom.py BUILD/probe.mk NAME ARCHIVE
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import time

# by the option of the linker: name, as pkg-config knows it, license, whose
LIBRARIES = {
    "event_core": ("libevent", "libevent", "BSD-3-Clause", "libevent.org"),
    "crypto": ("OpenSSL", "libcrypto", "Apache-2.0", "openssl.org"),
    "bsd": ("libbsd", "libbsd", "BSD-3-Clause", "libbsd.freedesktop.org"),
    "seccomp": ("libseccomp", "libseccomp", "LGPL-2.1-only",
                "github.com/seccomp/libseccomp"),
    "bpf": ("libbpf", "libbpf", "LGPL-2.1-only OR BSD-2-Clause",
            "github.com/libbpf/libbpf"),
    "util": ("libutil", None, "ISC", "openbsd.org"),
}
LICENSE = re.compile(rb"SPDX-License-Identifier: ([\w.+-]+)")


def said(*command):
    r = subprocess.run(command, stdout=subprocess.PIPE, check=False,
                       stderr=subprocess.DEVNULL, text=True)
    return r.stdout.strip() if r.returncode == 0 else ""


def linked(probe):
    """The libraries of LIBS, each once."""
    with open(probe, encoding="utf-8") as f:
        libs = re.search(r"^LIBS=(.*)$", f.read(), re.M).group(1)
    return sorted(set(re.findall(r"(?:^|\s)-l(\w+)", libs)))


def library(option):
    name, module, license_id, home = LIBRARIES.get(
        option, (option, None, "NOASSERTION", "NOASSERTION"))
    package = {
        "SPDXID": "SPDXRef-" + option.replace("_", "-"),
        "name": name,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": license_id,
        "copyrightText": "NOASSERTION",
        "supplier": "Organization: " + home,
    }
    version = said("pkg-config", "--modversion", module) if module else ""
    if version:
        package["versionInfo"] = version
        package["externalRefs"] = [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": "pkg:generic/%s@%s" % (module, version)}]
    return package


def members(archive, name):
    """Each file of the archive, with its sum and its license."""
    files = []
    with tarfile.open(archive) as tar:
        for n, member in enumerate(m for m in tar if m.isfile()):
            data = tar.extractfile(member).read()
            license_id = LICENSE.search(data[:4096])
            files.append({
                "SPDXID": "SPDXRef-File-%d" % n,
                "fileName": "./" + member.name[len(name) + 1:],
                "checksums": [
                    {"algorithm": "SHA1",
                     "checksumValue": hashlib.sha1(data).hexdigest()},
                    {"algorithm": "SHA256",
                     "checksumValue": hashlib.sha256(data).hexdigest()}],
                "licenseConcluded": "ISC",
                "licenseInfoInFiles": [license_id.group(1).decode()
                                       if license_id else "NONE"],
                "copyrightText": "NOASSERTION"})
    return files


def verification(files):
    """SPDX 2.3, 7.9: of the sums of all files."""
    sums = sorted(f["checksums"][0]["checksumValue"] for f in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def main():
    probe, name, archive = sys.argv[1:4]
    files = members(archive, name)
    libraries = [library(option) for option in linked(probe)]
    commit = said("git", "rev-parse", "HEAD")
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
        int(said("git", "log", "-1", "--format=%ct") or 0)))
    with open(archive, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    mars = {
        "SPDXID": "SPDXRef-mars",
        "name": "mars",
        "versionInfo": name.split("-", 1)[1],
        "packageFileName": archive.rsplit("/", 1)[-1],
        "sourceInfo": "commit " + commit,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": True,
        "packageVerificationCode": {
            "packageVerificationCodeValue": verification(files)},
        "checksums": [{"algorithm": "SHA256", "checksumValue": digest}],
        "licenseConcluded": "ISC",
        "licenseDeclared": "ISC",
        "licenseInfoFromFiles": ["ISC"],
        "copyrightText": "Copyright (c) 2026 The mars developers",
        "supplier": "Organization: The mars developers",
    }
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-mars")]
    relations += [("SPDXRef-mars", "CONTAINS", f["SPDXID"]) for f in files]
    relations += [("SPDXRef-mars", "DEPENDS_ON", p["SPDXID"])
                  for p in libraries]
    json.dump({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": "urn:mars:sbom:%s:%s" % (name, digest),
        "creationInfo": {"created": created,
                         "creators": ["Tool: mk/sbom.py"]},
        "packages": [mars] + libraries,
        "files": files,
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind,
             "relatedSpdxElement": b} for a, kind, b in relations],
    }, sys.stdout, indent=1, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
