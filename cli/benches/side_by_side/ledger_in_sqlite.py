"""The work of the comparison as a small team would write it: Python, SQLite, PyNaCl, rfc8785.

Does the chain, the canonical form (RFC 8785) and one signature by each author, whose keys are known beforehand. Does not check
the shape of events, who may sign what, or that times go forward.
"""

import hashlib
import json
import sqlite3
import sys
import time

import nacl.signing
import rfc8785

BATCH = 1000


def author_of(payload, authors={}):
    name = payload["signer"]["key"]
    if name not in authors:
        authors[name] = nacl.signing.SigningKey(hashlib.sha256(name.encode()).digest())
    return authors[name]


def append(db, payloads, at_once):
    prev, seq = bytes(32), 0
    for first in range(0, len(payloads), at_once):
        rows = []
        for text in payloads[first : first + at_once]:
            payload = json.loads(text)
            author = author_of(payload)
            payload |= {"seq": seq, "prev": prev.hex(), "key": author.verify_key.encode().hex()}
            body = rfc8785.dumps(payload)
            signature = author.sign(body).signature
            prev = hashlib.sha256(body + signature).digest()
            rows.append((seq, body, signature))
            seq += 1
        with db:
            db.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)


def verify(db, keys):
    prev, count = bytes(32), 0
    for seq, body, signature in db.execute("SELECT seq, body, signature FROM entries ORDER BY seq"):
        payload = json.loads(body)
        assert rfc8785.dumps(payload) == body
        assert payload["seq"] == seq == count and payload["prev"] == prev.hex()
        keys[payload["key"]].verify(body, signature)
        prev = hashlib.sha256(body + signature).digest()
        count += 1
    return count


def main():
    work, file, path, count = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        payloads = [line for line, _ in zip(lines, range(int(count)))]
    keys = {}
    for text in payloads:
        key = author_of(json.loads(text)).verify_key
        keys[key.encode().hex()] = key
    db = sqlite3.connect(path)
    # Write-ahead log, synced at each commit: the fewest syncs with which a commit is on disk.
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS entries (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, signature BLOB NOT NULL)")
    begun = time.perf_counter()
    if work == "verify":
        assert verify(db, keys) == len(payloads)
    else:
        append(db, payloads, 1 if work == "single" else BATCH)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main()
