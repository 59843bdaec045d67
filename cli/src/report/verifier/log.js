// The verifier in the page: a second implementation of docs/format.md, on the browser's own WebCrypto.
//
// Promises what it says of each entry, by the names and in the order of section 11. It does not check the shape of an
// event's facts (section 6), nor of the event that a correction results in: `trial verify` does.
"use strict";

const TrialVerifier = (() => {
  const { base64, concat, hex, sha256, unbase64, utf8 } = Bytes;
  const MAX_LINE = 16384, ZERO = "0".repeat(64), CONTEXT = "trial-ledger/entry/v1\n";
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  // ---- Shapes of line and body (sections 1 and 3). ----

  const TEXT = /^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u;
  const MEANINGS = ["authorship", "review", "approval", "responsibility", "witness"];
  const isText = (v) => typeof v === "string" && TEXT.test(v) && /\S/u.test(v) && [...v].length <= 500;
  const isHash = (v) => typeof v === "string" && /^[0-9a-f]{64}$/.test(v);
  const isName = (v) => typeof v === "string" && /^[A-Za-z0-9._:-]{1,64}$/.test(v);
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
        v: (v) => Number.isInteger(v) && v >= 0, ledger: isHash, seq: (v) => Number.isInteger(v) && v >= 0, prev: isHash,
        recorded_at: isTime, signer: isSigner("/body/signer"),
        countersigners: [(v) => Array.isArray(v) && v.length > 0 && v.every(isSigner("/body/countersigners"))],
        event: isPlain, reason: [isText],
        sealed: [(v) => isPlain(v) && Object.keys(v).length > 0 && Object.entries(v).every(([n, h]) => isName(n) && isHash(h))],
      },
    };
  }

  // ---- The tree (section 5). ----

  const leafHash = (line) => sha256([0], line);
  const node = (left, right) => sha256([1], left, right);

  /** The RFC 6962 root over the first `size` leaves: complete subtrees are joined as leaves come in. */
  async function root(leaves, size = leaves.length) {
    const peaks = [];
    for (let i = 0; i < size; i++) {
      let peak = leaves[i];
      for (let n = i; n & 1; n >>= 1) peak = await node(peaks.pop(), peak);
      peaks.push(peak);
    }
    if (peaks.length === 0) return sha256();
    let whole = peaks.pop();
    while (peaks.length) whole = await node(peaks.pop(), whole);
    return whole;
  }

  // ---- The log (sections 7 to 11). ----

  /**
   * Verifies lines (Uint8Array each) from the genesis on, and stops at the first fault.
   * `rules`, the tables of sections 7, 9 and 10: { roles, authority: event to roles, reasons, correctable }.
   */
  async function verify(lines, rules, progress = () => {}) {
    const formed = shapes(rules.roles);
    const log = {
      genesis: null, head: ZERO, recordedAt: "", leaves: [], entries: [], roster: new Map(), sites: new Map(),
      stated: [], redacted: new Set(), countersignatures: [],
    };
    for (const [seq, line] of lines.entries()) {
      try {
        await take(log, seq, line, lines[seq + 1], formed, rules);
      } catch (fault) {
        if (!(fault instanceof Fault)) throw fault;
        return { ...log, fault: { kind: fault.kind, seq, expected: fault.expected, found: fault.found } };
      }
      if (seq % 32 === 31) await progress(seq + 1, lines.length);
    }
    await progress(lines.length, lines.length);
    if (log.genesis === null) {
      return { ...log, fault: { kind: "store_missing", expected: "a log that begins with trial_opened", found: "no entries" } };
    }
    return { ...log, fault: null, root: base64(await root(log.leaves)) };
  }

  function spelled(line) {
    demand(line.length <= MAX_LINE, "limit_exceeded", `at most ${MAX_LINE} bytes`, `${line.length} bytes`);
    try {
      return strict.decode(line);
    } catch {
      throw new Fault("not_canonical", "canonical JSON", "bytes that are not UTF-8");
    }
  }

  async function take(log, seq, line, next, formed, rules) {
    const { value, spans } = Canonical.parse(spelled(line));
    shape(value, formed.line, "");
    value.signatures.forEach((s) => shape(s, formed.signature, "/signatures"));
    const { body, signatures } = value;
    shape(body, formed.body, "/body");
    demand(body.v === 1, "schema_violation", "format version 1 at /body/v", `version ${body.v}`);
    const { event } = body;
    demand(typeof event.type === "string", "schema_violation", "a type", "none at /body/event/type");
    demand(Object.hasOwn(rules.authority, event.type), "unknown_event_type", "an event type of this format", event.type);
    demand(event.version === 1, "schema_violation", "version 1 of the event", event.version);
    place(log, seq, body, next);
    people(log, seq, body, rules);
    await signed(body, signatures, spans.body);
    demand(body.recorded_at >= log.recordedAt, "time_regression", `${log.recordedAt} or later`, body.recorded_at);
    const reasoned = rules.reasons.includes(event.type) || (event.type === "escalation_decided" && event.conformity === "override");
    demand(!reasoned || body.reason !== undefined, "missing_reason", `a reason for ${event.type}`, "none");
    const effect = amends(log, seq, body, rules);
    keys(log, seq, event);
    if (event.type === "checkpoint_witnessed") await comesBack(log, seq, event);
    const leaf = await leafHash(line);
    learn(log, seq, body, effect);
    if (seq === 0) log.genesis = hex(leaf);
    log.head = hex(leaf);
    log.recordedAt = body.recorded_at;
    log.leaves.push(leaf);
    log.entries.push(body);
  }

  function place(log, seq, body, next) {
    if (body.seq !== seq) {
      let moved = false;
      try {
        moved = next !== undefined && Canonical.parse(strict.decode(next)).value.body.seq < body.seq;
      } catch { /* The line after it cannot be read: it tells nothing. */ }
      throw new Fault(body.seq < seq ? "seq_duplicate" : moved ? "seq_out_of_order" : "seq_gap", seq, body.seq);
    }
    const opens = body.event.type === "trial_opened";
    demand(seq > 0 || opens, "genesis_mismatch", "trial_opened as the first event", body.event.type);
    demand(seq === 0 || !opens, "schema_violation", "trial_opened nowhere but first", "another one");
    const ledger = seq === 0 ? ZERO : log.genesis;
    demand(body.ledger === ledger, "wrong_ledger", ledger, body.ledger);
    demand(body.prev === log.head, "broken_link", log.head, body.prev);
  }

  // ---- Who signs (section 7). ----

  const signers = (body) => [body.signer, ...(body.countersigners ?? [])];

  function people(log, seq, body, rules) {
    const { signer, event } = body;
    if (seq === 0) {
      demand(signer.role === "sponsor" && !body.countersigners, "role_not_allowed", "a sponsor alone", signer.role);
      demand(Ed25519.admissible(signer.key), "key_weak", "a key that binds its holder", signer.key);
      return;
    }
    const seen = new Set();
    for (const person of signers(body)) {
      const member = log.roster.get(person.key);
      demand(member, "unknown_signer", "a key of the roster", person.key);
      demand(member.revoked === undefined, "key_revoked", "a key that is not revoked", `revoked at entry ${member.revoked}`);
      const same = ["name", "organisation", "role", "site"].every((name) => member[name] === person[name]);
      demand(member.purpose === "author" && same, "signer_mismatch", `${member.name}, ${member.role}`, `${person.name}, ${person.role}`);
      const names = JSON.stringify([person.name, person.organisation]);
      demand(!seen.has(person.key) && !seen.has(names), "countersignature_missing", "another person", `${person.name} a second time`);
      seen.add(person.key).add(names);
    }
    authority(rules, signer, event.type);
    for (const person of signers(body)) scope(log, person, event);
    enough(log, body, event.type);
    if (event.type === "protocol_activated") {
      const kept = event.protocol?.countersignatures ?? [];
      const dropped = log.countersignatures.filter((rule) => !kept.some((other) => Canonical.same(rule, other)));
      dropped.forEach((rule) => meets(rule, body));
    }
    if (event.type === "value_redacted") {
      const protects = (body.countersigners ?? []).some((person) => person.role === "data_manager");
      demand(protects, "countersignature_missing", "a countersigner who is data_manager", "none");
    }
  }

  function authority(rules, signer, type) {
    const allowed = rules.authority[type];
    demand(allowed.includes(signer.role), "role_not_allowed", `${allowed.join(" or ")} for ${type}`, signer.role);
  }

  function scope(log, person, event) {
    if (person.site === undefined) return;
    const sites = [event.type === "consent_given" ? event.site : undefined, log.sites.get(event.subject)];
    const other = sites.find((site) => site !== undefined && site !== person.site);
    demand(other === undefined, "site_out_of_scope", `site ${person.site}`, `site ${other}`);
  }

  function enough(log, body, type) {
    log.countersignatures.filter((rule) => rule.events.includes(type)).forEach((rule) => meets(rule, body));
  }

  function meets(rule, body) {
    const found = signers(body).filter((person) => rule.of.includes(person.role)).length;
    demand(found >= rule.needed, "countersignature_missing", `${rule.needed} of ${rule.of.join(", ")}`, found);
  }

  async function signed(body, signatures, span) {
    const sorted = signatures.every((s, i) => i === 0 || signatures[i - 1].key < s.key);
    demand(sorted, "signature_not_canonical", "signatures sorted by key", "another order");
    for (const [i, person] of signers(body).entries()) {
      const kind = i === 0 ? "signature_invalid" : "countersignature_missing";
      demand(signatures.some((s) => s.key === person.key), kind, `a signature by ${person.name}`, "none");
    }
    const count = signers(body).length;
    demand(signatures.length === count, "signature_not_canonical", `${count} signatures`, signatures.length);
    for (const { key, sig } of signatures) {
      const bytes = unbase64(sig);
      demand(bytes?.length === 64, "signature_not_canonical", "64 bytes in padded base64", key);
      const wrong = await Ed25519.judged(key, bytes, utf8(CONTEXT + span));
      demand(wrong === null, wrong, "a signature by this key over this body", key);
    }
  }

  // ---- Corrections (section 10). ----

  /** What an earlier entry states from now on: { target, event }, with null where it is voided; none of most entries. */
  function amends(log, seq, body, rules) {
    const { event, signer } = body;
    if (!["entry_corrected", "entry_voided", "value_redacted"].includes(event.type)) return undefined;
    const { target } = event;
    demand(target < seq, "stale_correction", "an earlier entry", `entry ${target}`);
    if (event.type === "value_redacted") {
      redacts(log, event, body);
      return undefined;
    }
    const current = log.stated[target];
    demand(current !== null, "stale_correction", "an entry that states something", `entry ${target}, which is voided`);
    const correctable = rules.correctable.includes(current.type);
    if (correctable) authority(rules, signer, current.type);
    enough(log, body, current.type);
    scope(log, signer, current);
    demand(correctable, "schema_violation", "a correction that can be made", current.type);
    if (event.type === "entry_voided") return { target, event: null };
    const changed = corrected(current, event);
    scope(log, signer, changed);
    return { target, event: changed };
  }

  function redacts(log, { target, value }, body) {
    const name = JSON.stringify([target, value]);
    demand(Object.hasOwn(log.entries[target].sealed ?? {}, value), "stale_correction", "a name in sealed", value);
    demand(!log.redacted.has(name), "stale_correction", "a value that is not redacted", value);
    signers(body).forEach((person) => scope(log, person, log.entries[target].event));
    log.redacted.add(name);
  }

  function corrected(current, { field, old, new: now }) {
    const cannot = (why) => new Fault("schema_violation", "a correction that can be made", why);
    if (typeof field !== "string" || !field.startsWith("/") || ["/type", "/version", "/subject"].includes(field)) throw cannot(field);
    const tokens = field.slice(1).split("/").map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = tokens.pop();
    const event = JSON.parse(JSON.stringify(current));
    const reach = (value, token) => {
      if (Array.isArray(value)) return /^(0|[1-9][0-9]*)$/.test(token) ? value[Number(token)] : undefined;
      return isPlain(value) && Object.hasOwn(value, token) ? value[token] : undefined;
    };
    const parent = tokens.reduce(reach, event);
    const found = parent === undefined ? undefined : reach(parent, last);
    demand(Canonical.same(sorted(found ?? null), sorted(old)), "stale_correction", JSON.stringify(found ?? null), JSON.stringify(old));
    if (Array.isArray(parent) ? found === undefined : !isPlain(parent)) throw cannot(field);
    if (now === null && isPlain(parent)) delete parent[last];
    else parent[last] = now;
    return event;
  }

  /** The value with its members in order. */
  function sorted(value) {
    if (Array.isArray(value)) return value.map(sorted);
    return isPlain(value) ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value;
  }

  // ---- What an entry adds to what is known. ----

  function keys(log, seq, event) {
    if (event.type === "key_granted") {
      demand(!log.roster.has(event.key), "key_reused", "a key that was never granted", event.key);
      demand(isHash(event.key) && Ed25519.admissible(event.key), "key_weak", "a key that binds its holder", event.key);
    } else if (event.type === "key_revoked") {
      const member = log.roster.get(event.key);
      demand(member, "unknown_signer", "a key of the roster", event.key);
      demand(member.revoked === undefined, "key_revoked", "a key that is not revoked", `revoked at entry ${member.revoked}`);
    }
  }

  /** A checkpoint that a witness cosigned (section 16). */
  async function comesBack(log, seq, { note, witness, time }) {
    const wrong = (found) => new Fault("checkpoint_invalid", "a checkpoint of this log that a witness cosigned", found);
    if (!Array.isArray(note) || note.some((line) => typeof line !== "string" || line.includes("\n"))) throw wrong("no note");
    const found = await Note.checkpoint(note.map((line) => line + "\n").join(""), log.entries[0].event.origin, log.roster);
    if (!(await Note.witnessed(found, witness, time, log.roster, seq))) throw wrong("no such cosignature");
    if (found.size < 1 || found.size > seq) throw wrong(`${found.size} entries at entry ${seq}`);
    const computed = base64(await root(log.leaves, found.size));
    demand(computed === found.root, "root_mismatch", computed, found.root);
    const last = Math.floor(Date.parse(log.entries[found.size - 1].recorded_at) / 1000);
    const simulated = log.entries[0].event.clock === "simulated";
    demand(simulated || last <= time, "time_after_witness", `recorded by ${time}`, last);
  }

  function learn(log, seq, body, effect) {
    const { event } = body;
    if (seq === 0) grant(log, 0, { ...body.signer, purpose: "author" });
    if (event.type === "key_granted") grant(log, seq, event);
    if (event.type === "key_revoked") log.roster.get(event.key).revoked = seq;
    if (event.type === "protocol_activated") log.countersignatures = event.protocol?.countersignatures ?? [];
    log.stated.push(event);
    if (effect) log.stated[effect.target] = effect.event;
    for (const now of [event, effect?.event]) if (now?.type === "consent_given") log.sites.set(now.subject, now.site);
  }

  function grant(log, seq, { key, name, organisation, role, site, purpose }) {
    log.roster.set(key, { name, organisation, role, site, purpose, granted: seq });
  }

  // ---- What somebody else holds. ----

  /** Whether a log that was verified without a fault extends a checkpoint, or why not. */
  async function extend(log, note) {
    try {
      const { size, root: expected, authors } = await Note.checkpoint(note, log.entries[0].event.origin, log.roster);
      demand(size <= log.leaves.length, "truncated", `${size} entries`, `${log.leaves.length} entries`);
      const found = base64(await root(log.leaves, size));
      demand(found === expected, "root_mismatch", expected, found);
      return { kind: null, size, authors };
    } catch (fault) {
      if (!(fault instanceof Fault)) throw fault;
      return fault;
    }
  }

  return { verify, extend, root, leafHash };
})();
