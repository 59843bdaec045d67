// Notes and checkpoints of C2SP: docs/format.md section 16.
//
// Promises that a checkpoint is given out only with signatures that hold under keys of the log's own roster.
"use strict";

const Note = (() => {
  const { base64, concat, hex, sha256, unbase64, unhex, utf8 } = Bytes;
  const LOG = 1, WITNESS = 4, MOST_LINES = 64, MOST_BYTES = 262144;
  const invalid = (found) => new Fault("checkpoint_invalid", "a signed checkpoint of this log", found);
  const keyId = async (name, type, key) => hex((await sha256(utf8(`${name}\n`), [type], unhex(key))).slice(0, 4));

  /** The text of a note and its signature lines, each with name, key id and what follows it. */
  function open(note) {
    const split = note.lastIndexOf("\n\n");
    if (split < 0 || !note.endsWith("\n") || utf8(note).length > MOST_BYTES) throw invalid("no note");
    if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) throw invalid("a control character");
    const lines = note.slice(split + 2, -1).split("\n").map((line) => {
      const parts = /^\u2014 ([^\s+]+) ([^ ]+)$/u.exec(line);
      const blob = parts && unbase64(parts[2]);
      if (!blob || blob.length < 5) throw invalid("a line that is no signature");
      return { name: parts[1], id: hex(blob.slice(0, 4)), blob: blob.slice(4) };
    });
    if (lines.length > MOST_LINES) throw invalid("too many signatures");
    return { text: note.slice(0, split + 1), lines };
  }

  /** Origin, size and root. */
  function body(text) {
    const [origin, size, root, ...rest] = text.slice(0, -1).split("\n");
    const bytes = unbase64(root ?? "");
    if (rest.length || !/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || bytes?.length !== 32) throw invalid("another text");
    return { origin, size: Number(size), root };
  }

  /** The signatures of a key on a note: where its name and key id stand, the signature must hold. */
  async function by(note, name, type, key, message) {
    const id = await keyId(name, type, key), found = [];
    for (const line of note.lines.filter((l) => l.name === name && l.id === id)) {
      const time = type === WITNESS && line.blob.length === 72 ? new DataView(line.blob.buffer, line.blob.byteOffset).getBigUint64(0) : 0n;
      const signature = line.blob.slice(type === WITNESS ? 8 : 0);
      if (signature.length !== 64 || time >= 2n ** 63n) throw invalid("a signature of another length");
      if ((await Ed25519.judged(key, signature, message(time))) !== null) throw invalid("a signature that does not hold");
      found.push(Number(time));
    }
    return found;
  }

  /** Keys of a purpose that were in the roster when the log had `size` entries. */
  const granted = (roster, purpose, size) => [...roster].sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, m]) => m.purpose === purpose && m.granted < size && !(m.revoked < size));

  /** A checkpoint of this origin that a log key has signed, with those who did. */
  async function checkpoint(note, origin, roster) {
    const opened = open(note);
    const found = body(opened.text);
    if (found.origin !== origin) throw new Fault("checkpoint_invalid", `a checkpoint of ${origin}`, found.origin);
    const authors = [], ids = new Set();
    for (const [key, member] of granted(roster, "log", found.size)) {
      const id = await keyId(origin, LOG, key);
      if (ids.has(id)) continue;
      ids.add(id);
      if ((await by(opened, origin, LOG, key, () => utf8(opened.text))).length) authors.push(member.name);
    }
    if (!authors.length) throw invalid("no signature by a log key of this ledger");
    return { ...found, authors, opened };
  }

  /** Whether a witness of the roster before entry `size` has cosigned a checkpoint under her name at this time. */
  async function witnessed({ opened }, name, time, roster, size) {
    const message = (seconds) => concat(utf8(`cosignature/v1\ntime ${seconds}\n`), utf8(opened.text));
    for (const [key] of granted(roster, "witness", size)) {
      if ((await by(opened, name, WITNESS, key, message)).includes(time)) return true;
    }
    return false;
  }

  return { checkpoint, witnessed };
})();
