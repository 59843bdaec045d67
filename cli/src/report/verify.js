// The verifier in the page: a second implementation of docs/format.md, on the browser's own WebCrypto.
//
// Promises what it says of each entry, in the order and by the names of section 11: size, canonical form, the shape of
// line and body, place, links, roster, roles, signatures, time, reasons. It does not check the shape of an event's facts
// (section 6), sites, corrections and countersignature rules: `trial verify` does.
"use strict";
const TrialVerifier = (() => {
  const MAX_LINE = 16384, MAX_DEPTH = 16, ZERO = "0".repeat(64);
  const CONTEXT = "trial-ledger/entry/v1\n";
  const utf8 = new TextEncoder();
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  class Fault extends Error {
    constructor(kind, expected, found) {
      super(`${kind}: expected ${expected}, found ${found}`);
      Object.assign(this, { kind, expected, found });
    }
  }
  const demand = (holds, kind, expected, found) => {
    if (!holds) throw new Fault(kind, expected, found);
  };

  // ---- Canonical JSON (section 2): one pass, the value and its span for each object member at the top. ----

  const ESCAPES = { '"': '"', "\\": "\\", b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" };

  /** Parses canonical JSON or throws; `spans` are the texts of the members of the outermost object. */
  function parse(text) {
    let at = 0;
    const spans = {};
    const no = (why) => { throw new Fault("not_canonical", "canonical JSON", `${why} at character ${at}`); };
    const take = (c) => (text[at] === c ? at++ : no(`no ${c}`));
    function string() {
      take('"');
      let value = "";
      for (;;) {
        const c = text[at++];
        if (c === undefined) no("an open string");
        if (c === '"') return value;
        if (c < " ") no("a raw control character");
        if (c !== "\\") { value += c; continue; }
        const e = text[at++];
        if (e in ESCAPES) { value += ESCAPES[e]; continue; }
        const hex = /^00[01][0-9a-f]$/.test(text.slice(at, at + 4)) ? parseInt(text.slice(at, at + 4), 16) : -1;
        if (e !== "u" || hex < 0 || "\b\t\n\f\r".includes(String.fromCharCode(hex))) no("another escape");
        value += String.fromCharCode(hex);
        at += 4;
      }
    }
    function number() {
      const digits = /^-?(0|[1-9][0-9]{0,15})/.exec(text.slice(at, at + 18));
      if (!digits || digits[0] === "-0" || /[0-9.eE]/.test(text[at + digits[0].length] ?? "")) no("no integer");
      at += digits[0].length;
      const value = Number(digits[0]);
      return Number.isSafeInteger(value) ? value : no("an integer beyond 2^53-1");
    }
    function word(spelled, value) {
      return text.startsWith(spelled, at) ? ((at += spelled.length), value) : no("no value");
    }
    function value(depth) {
      if ((text[at] === "{" || text[at] === "[") && depth > MAX_DEPTH) {
        throw new Fault("limit_exceeded", `at most ${MAX_DEPTH} levels`, "more");
      }
      switch (text[at]) {
        case "{": {
          const object = {};
          let last = null;
          at++;
          while (text[at] !== "}") {
            if (last !== null) take(",");
            const name = string();
            if (last !== null && !(last < name)) no(`member ${JSON.stringify(name)} out of order`);
            take(":");
            const begin = at;
            // Not an assignment: a member named __proto__ must be one like any other.
            Object.defineProperty(object, name, { value: value(depth + 1), enumerable: true });
            if (depth === 1) spans[name] = text.slice(begin, at);
            last = name;
          }
          at++;
          return object;
        }
        case "[": {
          const list = [];
          at++;
          while (text[at] !== "]") {
            if (list.length) take(",");
            list.push(value(depth + 1));
          }
          at++;
          return list;
        }
        case '"': return string();
        case "t": return word("true", true);
        case "f": return word("false", false);
        case "n": return word("null", null);
        default: return number();
      }
    }
    const parsed = value(1);
    if (at !== text.length) no("more after the value");
    return { value: parsed, spans };
  }

  // ---- Shapes (sections 1 and 3). ----

  const TEXT = /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u;
  const IDENTIFIER = /^[A-Za-z0-9._:-]{1,64}$/;
  const HASH = /^[0-9a-f]{64}$/;
  const MEANINGS = ["authorship", "review", "approval", "responsibility", "witness"];
  const isText = (v) => typeof v === "string" && TEXT.test(v) && /\S/u.test(v) && [...v].length <= 500;
  const isHash = (v) => typeof v === "string" && HASH.test(v);
  const isName = (v) => typeof v === "string" && IDENTIFIER.test(v);
  const isPlain = (v) => typeof v === "object" && v !== null && !Array.isArray(v);
  const isTime = (v) => {
    if (typeof v !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(v)) return false;
    const date = new Date(v);
    return !Number.isNaN(date.getTime()) && date.toISOString() === v;
  };

  /** `members`: name to a test, or [test] where the member may be left out. */
  function shape(value, members, where) {
    const wrong = (what) => { throw new Fault("schema_violation", "the shape of an entry", `${what} at ${where || "/"}`); };
    if (!isPlain(value)) wrong("no object");
    for (const name of Object.keys(value)) if (!Object.hasOwn(members, name)) wrong(`unknown member ${name}`);
    for (const [name, rule] of Object.entries(members)) {
      const optional = Array.isArray(rule);
      if (Object.hasOwn(value, name) ? !(optional ? rule[0] : rule)(value[name]) : !optional) wrong(`member ${name}`);
    }
    return true;
  }

  function shapes(roles) {
    const signer = {
      key: isHash, meaning: (v) => MEANINGS.includes(v), name: isText, organisation: isText,
      role: (v) => roles.includes(v), site: [isName],
    };
    const isSigner = (where) => (v) => shape(v, signer, where);
    return {
      line: { body: isPlain, signatures: Array.isArray },
      signature: { alg: (v) => v === "ed25519", key: isHash, sig: (v) => typeof v === "string" },
      body: {
        v: Number.isInteger, ledger: isHash, seq: (v) => Number.isInteger(v) && v >= 0, prev: isHash, recorded_at: isTime,
        signer: isSigner("/body/signer"),
        countersigners: [(v) => Array.isArray(v) && v.length > 0 && v.every(isSigner("/body/countersigners"))],
        event: isPlain, reason: [isText],
        sealed: [(v) => isPlain(v) && Object.keys(v).length > 0 && Object.entries(v).every(([n, h]) => isName(n) && isHash(h))],
      },
    };
  }

  // ---- Hashes (section 5). ----

  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const concat = (...parts) => {
    const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
    parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
    return whole;
  };
  const digest = async (algorithm, bytes) => new Uint8Array(await crypto.subtle.digest(algorithm, bytes));
  const leafHash = (line) => digest("SHA-256", concat([0], line));
  const node = (left, right) => digest("SHA-256", concat([1], left, right));
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

  /** The bytes of canonical, padded base64, or null. */
  function unbase64(text) {
    try {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      return base64(bytes) === text ? bytes : null;
    } catch {
      return null;
    }
  }

  /** The RFC 6962 root over the first `size` leaves: complete subtrees are joined as leaves come in. */
  async function root(leaves, size = leaves.length) {
    const peaks = [];
    for (let i = 0; i < size; i++) {
      let peak = leaves[i];
      for (let n = i; n & 1; n >>= 1) peak = await node(peaks.pop(), peak);
      peaks.push(peak);
    }
    if (peaks.length === 0) return digest("SHA-256", new Uint8Array());
    let whole = peaks.pop();
    while (peaks.length) whole = await node(peaks.pop(), whole);
    return whole;
  }

  // ---- Ed25519 (section 4): WebCrypto checks the equation; what it leaves open is checked here. ----

  const P = 2n ** 255n - 19n;
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const mod = (n) => ((n % P) + P) % P;
  const power = (base, exponent) => {
    let result = 1n;
    for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
    return result;
  };
  const inverse = (n) => power(n, P - 2n);
  const D = mod(-121665n * inverse(121666n));
  const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);
  const littleEndian = (bytes) => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n);

  /** The point of its one canonical encoding in extended coordinates, or null. */
  function point(bytes) {
    const encoded = littleEndian(bytes);
    const sign = encoded >> 255n, y = encoded & (2n ** 255n - 1n);
    if (y >= P) return null;
    const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
    let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
    if (mod(v * x * x) !== u) x = mod(x * ROOT_OF_MINUS_ONE);
    if (mod(v * x * x) !== u || (x === 0n && sign === 1n)) return null;
    if ((x & 1n) !== sign) x = mod(-x);
    return [x, y, 1n, mod(x * y)];
  }
  function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
    const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
    const c = mod(2n * D * t1 * t2), d = mod(2n * z1 * z2);
    const [e, f, g, h] = [b - a, d - c, d + c, b + a];
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }
  function times(scalar, base) {
    let sum = [0n, 1n, 1n, 0n];
    for (let p = base, n = scalar; n > 0n; n >>= 1n, p = add(p, p)) if (n & 1n) sum = add(sum, p);
    return sum;
  }
  const isNeutral = ([x, y, z]) => x === 0n && y === z;

  /** Whether a key may enter the roster: canonical, not of small order, without a small-order part. */
  function admissible(key) {
    const a = point(unhex(key));
    return a !== null && !isNeutral(times(8n, a)) && isNeutral(times(L, a));
  }

  // The y of the points of small order: 0, 1, -1 and the two of order 8.
  const Y8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
  const SMALL_ORDER = new Set([0n, 1n, P - 1n, Y8, P - Y8]);

  /** The kind of fault of a signature, or null. */
  async function judged(publicKey, signature, message) {
    const y = littleEndian(signature.slice(0, 32)) & (2n ** 255n - 1n);
    const canonical = y < P && !SMALL_ORDER.has(y) && littleEndian(signature.slice(32)) < L;
    if (canonical && (await crypto.subtle.verify("Ed25519", publicKey, signature, message))) return null;
    return canonical && point(signature.slice(0, 32)) !== null ? "signature_invalid" : "signature_not_canonical";
  }

  async function supported() {
    try {
      await crypto.subtle.importKey("raw", unhex(ZERO.slice(2) + "01"), "Ed25519", false, ["verify"]);
      return true;
    } catch {
      return false;
    }
  }

  // ---- The log (sections 7, 8, 9, 11). ----

  /**
   * Verifies lines (Uint8Array each) from the genesis on, and stops at the first fault.
   * `rules`: { roles: [..], authority: { event: [role..] }, reasons: [event..] }, the tables of sections 7 and 9.
   */
  async function verify(lines, rules, progress = () => {}) {
    const formed = shapes(rules.roles);
    const state = { genesis: null, head: ZERO, recordedAt: "", leaves: [], roster: new Map(), entries: [], imported: new Map() };
    for (const [seq, line] of lines.entries()) {
      try {
        await take(state, seq, line, lines[seq + 1], formed, rules);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        return { ...state, fault: { kind: fault.kind, seq, expected: fault.expected, found: fault.found } };
      }
      if (seq % 32 === 31) await progress(seq + 1, lines.length);
    }
    await progress(lines.length, lines.length);
    if (state.genesis === null) {
      return { ...state, fault: { kind: "store_missing", expected: "a log that begins with trial_opened", found: "no entries" } };
    }
    return { ...state, fault: null, root: base64(await root(state.leaves)) };
  }

  function spelled(line) {
    demand(line.length <= MAX_LINE, "limit_exceeded", `at most ${MAX_LINE} bytes`, `${line.length} bytes`);
    try {
      return strict.decode(line);
    } catch {
      throw new Fault("not_canonical", "canonical JSON", "bytes that are not UTF-8");
    }
  }

  async function take(state, seq, line, next, formed, rules) {
    const { value, spans } = parse(spelled(line));
    shape(value, formed.line, "");
    value.signatures.forEach((s) => shape(s, formed.signature, "/signatures"));
    const { body, signatures } = value;
    shape(body, formed.body, "/body");
    demand(body.v === 1, "schema_violation", "format version 1 at /body/v", `version ${body.v}`);
    const { event } = body;
    demand(typeof event.type === "string", "schema_violation", "a type", "none at /body/event/type");
    demand(Object.hasOwn(rules.authority, event.type), "unknown_event_type", "an event type of this format", event.type);
    demand(event.version === 1, "schema_violation", "version 1 of the event", event.version);
    place(state, seq, body, next);
    const leaf = await leafHash(line);
    people(state, seq, body, rules);
    await signed(state, body, signatures, spans.body);
    demand(body.recorded_at >= state.recordedAt, "time_regression", `${state.recordedAt} or later`, body.recorded_at);
    const reasoned = rules.reasons.includes(event.type) || (event.type === "escalation_decided" && event.conformity === "override");
    demand(!reasoned || body.reason !== undefined, "missing_reason", `a reason for ${event.type}`, "none");
    keys(state, seq, event);
    if (seq === 0) {
      state.genesis = hex(leaf);
      grant(state, 0, { ...body.signer, purpose: "author" });
    }
    state.head = hex(leaf);
    state.recordedAt = body.recorded_at;
    state.leaves.push(leaf);
    state.entries.push(body);
  }

  function place(state, seq, body, next) {
    if (body.seq !== seq) {
      let moved = false;
      try {
        moved = next !== undefined && parse(strict.decode(next)).value.body.seq < body.seq;
      } catch { /* The line after it cannot be read: it tells nothing. */ }
      throw new Fault(body.seq < seq ? "seq_duplicate" : moved ? "seq_out_of_order" : "seq_gap", seq, body.seq);
    }
    const opens = body.event.type === "trial_opened";
    demand(seq > 0 || opens, "genesis_mismatch", "trial_opened as the first event", body.event.type);
    demand(seq === 0 || !opens, "schema_violation", "trial_opened nowhere but first", "another one");
    const ledger = seq === 0 ? ZERO : state.genesis;
    demand(body.ledger === ledger, "wrong_ledger", ledger, body.ledger);
    demand(body.prev === state.head, "broken_link", state.head, body.prev);
  }

  function people(state, seq, body, rules) {
    const { signer, event } = body;
    const countersigners = body.countersigners ?? [];
    if (seq === 0) {
      demand(signer.role === "sponsor" && countersigners.length === 0, "role_not_allowed", "a sponsor alone", signer.role);
      demand(admissible(signer.key), "key_weak", "a key that binds its holder", signer.key);
      return;
    }
    const seen = new Set();
    for (const person of [signer, ...countersigners]) {
      const member = state.roster.get(person.key);
      demand(member, "unknown_signer", "a key of the roster", person.key);
      demand(member.revoked === undefined, "key_revoked", "a key that is not revoked", `revoked at entry ${member.revoked}`);
      const same = ["name", "organisation", "role", "site"].every((name) => member[name] === person[name]);
      demand(member.purpose === "author" && same, "signer_mismatch", `${member.name}, ${member.role}`, `${person.name}, ${person.role}`);
      demand(!seen.has(person.key), "countersignature_missing", "another person", `${person.name} a second time`);
      seen.add(person.key);
    }
    const allowed = rules.authority[event.type];
    demand(allowed.includes(signer.role), "role_not_allowed", `${allowed.join(" or ")} for ${event.type}`, signer.role);
  }

  async function signed(state, body, signatures, span) {
    const sorted = signatures.every((s, i) => i === 0 || signatures[i - 1].key < s.key);
    demand(sorted, "signature_not_canonical", "signatures sorted by key", "another order");
    const people = [body.signer, ...(body.countersigners ?? [])];
    for (const [i, person] of people.entries()) {
      const kind = i === 0 ? "signature_invalid" : "countersignature_missing";
      demand(signatures.some((s) => s.key === person.key), kind, `a signature by ${person.name}`, "none");
    }
    demand(signatures.length === people.length, "signature_not_canonical", `${people.length} signatures`, signatures.length);
    const message = utf8.encode(CONTEXT + span);
    for (const { key, sig } of signatures) {
      const bytes = unbase64(sig);
      demand(bytes?.length === 64, "signature_not_canonical", "64 bytes in padded base64", key);
      const wrong = await judged(await imported(state, key), bytes, message);
      demand(wrong === null, wrong, "a signature by this key over this body", key);
    }
  }

  async function imported(state, key) {
    if (!state.imported.has(key)) {
      state.imported.set(key, await crypto.subtle.importKey("raw", unhex(key), "Ed25519", false, ["verify"]));
    }
    return state.imported.get(key);
  }

  function keys(state, seq, event) {
    if (event.type === "key_granted") {
      demand(!state.roster.has(event.key), "key_reused", "a key that was never granted", event.key);
      demand(isHash(event.key) && admissible(event.key), "key_weak", "a key that binds its holder", event.key);
      grant(state, seq, event);
    } else if (event.type === "key_revoked") {
      const member = state.roster.get(event.key);
      demand(member, "unknown_signer", "a key of the roster", event.key);
      demand(member.revoked === undefined, "key_revoked", "a key that is not revoked", `revoked at entry ${member.revoked}`);
      member.revoked = seq;
    }
  }

  function grant(state, seq, { key, name, organisation, role, site, purpose }) {
    state.roster.set(key, { name, organisation, role, site, purpose, granted: seq });
  }

  // ---- Checkpoints (C2SP tlog-checkpoint). ----

  /** Whether a verified log extends a signed checkpoint; `log` is what `verify` returned without a fault. */
  async function extend(log, note) {
    const origin = log.entries[0].event.origin;
    const split = note.lastIndexOf("\n\n");
    const invalid = (why) => ({ kind: "checkpoint_invalid", expected: `a checkpoint of ${origin}`, found: why });
    if (split < 0 || /[\u0000-\u0009\u000b-\u001f]/.test(note) || !note.endsWith("\n")) return invalid("no signed note");
    const text = note.slice(0, split + 1);
    const [name, size, expected, ...rest] = text.slice(0, -1).split("\n");
    if (name !== origin) return invalid(name);
    const tree = unbase64(expected ?? "");
    if (!/^(0|[1-9][0-9]{0,14})$/.test(size) || tree?.length !== 32 || rest.length) return invalid("another text");
    const authors = [];
    for (const line of note.slice(split + 2, -1).split("\n")) {
      const parts = /^— ([^\s+]+) (\S+)$/.exec(line);
      const blob = parts && unbase64(parts[2]);
      if (!blob || blob.length < 5) return invalid("a line that is no signature");
      for (const [key, member] of log.roster) {
        if (member.purpose !== "log" || parts[1] !== origin || blob.length !== 68) continue;
        const id = (await digest("SHA-256", concat(utf8.encode(origin + "\n"), [1], unhex(key)))).slice(0, 4);
        if (hex(id) !== hex(blob.slice(0, 4))) continue;
        if ((await judged(await imported(log, key), blob.slice(4), utf8.encode(text))) !== null) return invalid("a signature that fails");
        authors.push(member.name);
      }
    }
    if (authors.length === 0) return invalid("no signature by a log key of this ledger");
    const covered = Number(size);
    if (covered > log.leaves.length) return { kind: "truncated", expected: `${covered} entries`, found: `${log.leaves.length} entries` };
    const found = base64(await root(log.leaves, covered));
    return found === expected ? { kind: null, size: covered, authors } : { kind: "root_mismatch", expected, found };
  }

  return { verify, extend, parse, root, leafHash, admissible, judged, supported, hex, base64, unbase64 };
})();
if (typeof module !== "undefined") module.exports = TrialVerifier;
