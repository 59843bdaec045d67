"""The work of the comparison in git: each entry is a commit of one file, signed with an SSH key.

Does the chain (commits) and one author's signatures. Does not check that the file is canonical or has the shape of an event.
A batch is committed without syncs and then synced as a whole; each entry is a signed commit there too.
"""

import os
import subprocess
import sys
import time


def git(path, *arguments, **options):
    return subprocess.run(["git", "-C", path, *arguments], check=True, stdout=subprocess.PIPE, **options).stdout


def prepare(path):
    subprocess.run(["git", "init", "-q", "-b", "main", path], check=True)
    key = os.path.abspath(path) + ".key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with open(key + ".pub", encoding="utf-8") as public, open(key + ".signers", "w", encoding="utf-8") as signers:
        signers.write("author@example.org " + public.read())
    settings = {
        "user.name": "Author (synthetic)", "user.email": "author@example.org", "gpg.format": "ssh",
        "user.signingkey": key + ".pub", "gpg.ssh.allowedSignersFile": key + ".signers", "commit.gpgsign": "true",
        "gc.auto": "0", "core.fsyncMethod": "fsync",
    }
    for name, value in settings.items():
        git(path, "config", name, value)


def append(path, payloads, fsync):
    for number, payload in enumerate(payloads):
        with open(os.path.join(path, "entry.json"), "w", encoding="utf-8") as file:
            file.write(payload)
        git(path, "-c", f"core.fsync={fsync}", "add", "entry.json")
        git(path, "-c", f"core.fsync={fsync}", "commit", "-q", "--allow-empty", "-m", f"entry {number}")


def sync(path):
    for folder, _, files in os.walk(path):
        for name in [*files, "."]:
            handle = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)


def verify(path):
    git(path, "fsck", "--full", "--strict", "--no-dangling", stderr=subprocess.DEVNULL)
    return git(path, "log", "--format=%G?").split()


def main():
    work, file, path, count = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        payloads = [line for line, _ in zip(lines, range(int(count)))]
    if work != "verify":
        prepare(path)
    begun = time.perf_counter()
    if work == "verify":
        judged = verify(path)
    elif work == "single":
        append(path, payloads, "all")
    else:
        append(path, payloads, "none")
        sync(path)
    taken = time.perf_counter() - begun
    if work == "verify":
        assert judged == [b"G"] * len(payloads), judged
    print(taken)


if __name__ == "__main__":
    main()
