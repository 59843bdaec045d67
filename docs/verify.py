#!/usr/bin/env python3
"""Verifies a log of trial entries (a journal or an export): a second opinion, written from docs/format.md alone.

    verify.py FILE [--genesis HASH] [--bytes]

--genesis HASH  the leaf hash of the first entry, where the reader knows it
--bytes         only what needs no events: canonical form, shape, links, signatures, times (sections 1 to 5 and 8)

Needs Python 3.9, the package `cryptography` (Ed25519 by OpenSSL) and the folder `schemas` beside `docs`. Exit code 0: no
fault; 1: a fault, named as in section 11; 3: the file cannot be read or holds no entry.
"""
import base64, binascii, datetime, hashlib, json, pathlib, re, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_LINE, MAX_DEPTH, MAX_INT, ZERO = 16384, 16, 2**53 - 1, "0" * 64
SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "schemas" / "events"


class Fault(Exception):
    pass


def need(kind, true, detail=""):
    if not true:
        raise Fault(kind, detail)


# Canonical JSON (section 2)
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def canon(v, depth=1):
    need("limit_exceeded", depth <= MAX_DEPTH or not isinstance(v, (dict, list)), "too deep")
    if isinstance(v, str):
        return '"' + "".join(SHORT.get(c) or (c if c >= " " else "\\u%04x" % ord(c)) for c in v) + '"'
    if isinstance(v, list):
        return "[" + ",".join(canon(x, depth + 1) for x in v) + "]"
    if isinstance(v, dict):
        names = sorted(v, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canon(name) + ":" + canon(v[name], depth + 1) for name in names) + "}"
    need("not_canonical", v is None or isinstance(v, bool) or (isinstance(v, int) and abs(v) <= MAX_INT), "number")
    return {None: "null", True: "true", False: "false"}[v] if v is None or isinstance(v, bool) else str(v)


def parse(line):
    def members(pairs):
        need("not_canonical", len(dict(pairs)) == len(pairs), "duplicate name")
        return dict(pairs)
    try:
        value = json.loads(line.decode(), object_pairs_hook=members)
        need("not_canonical", canon(value).encode() == line, "another spelling")
        return value
    except RecursionError:
        raise Fault("limit_exceeded", "too deep")
    except ValueError as error:  # also bad UTF-8, lone surrogates, numbers without end
        raise Fault("not_canonical", str(error))


# Ed25519 (section 4): the equation is OpenSSL's, which compares R byte by byte; what it does not check stands here.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)


def add(p, q):  # extended coordinates, RFC 8032 section 5.1.4
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def is_neutral(n, p):  # whether n times the point is the neutral point
    q = (0, 1, 1, 0)
    for bit in bin(n)[2:]:
        q = add(q, q)
        q = add(q, p) if bit == "1" else q
    return q[0] == 0 and q[1] == q[2]


def point(data):
    """The point of an encoding, and whether it is the canonical one; None where no point has it."""
    bits = int.from_bytes(data, "little")
    y, sign = bits & (1 << 255) - 1, bits >> 255
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    if x * x % P != xx:
        return None
    canonical = y < P and not (x == 0 and sign)
    x, y = x if x & 1 == sign else -x % P, y % P
    return (x, y, 1, x * y % P), canonical


def admitted(key):
    a = point(bytes.fromhex(key))
    return a is not None and a[1] and not is_neutral(8, a[0]) and is_neutral(L, a[0])


def check_signature(key, message, sig):
    need("signature_not_canonical", int.from_bytes(sig[32:], "little") < L, key)
    r = point(sig[:32])
    need("signature_not_canonical", r is None or (r[1] and not is_neutral(8, r[0])), key)
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(sig, message)
    except InvalidSignature:
        raise Fault("signature_invalid", key)


# Shapes of line and body (sections 1, 3, 4)
def matches(pattern):
    return lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None


def text(v):
    bad = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    return isinstance(v, str) and 1 <= len(v) <= 500 and v.strip() != "" and not re.search(bad, v)


def day(v):
    try:
        return matches("[0-9]{4}-[0-9]{2}-[0-9]{2}")(v) and bool(datetime.date.fromisoformat(v))
    except ValueError:
        return False


def time(v):
    form = matches("[0-9-]{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.][0-9]{3}Z")
    return form(v) and (v[:4] == "0000" or day(v[:10]))


def shape(v, required, optional={}):
    members = {**required, **optional}
    return isinstance(v, dict) and set(required) <= set(v) <= set(members) and all(members[m](v[m]) for m in v)


def whole(v):
    return isinstance(v, int) and not isinstance(v, bool) and v >= 0


def some(kind, item):
    return lambda v: isinstance(v, kind) and len(v) > 0 and all(map(item, v))


ROLES = """sponsor investigator coordinator pharmacist radiation_therapist physicist radiologist data_manager monitor
    safety_committee""".split()
MEANINGS = "authorship review approval responsibility witness".split()
hash32, name = matches("[0-9a-f]{64}"), matches("[A-Za-z0-9._:-]{1,64}")
SIGNER = {"key": hash32, "meaning": lambda v: v in MEANINGS, "name": text, "organisation": text,
          "role": lambda v: v in ROLES}
SIGNATURE = {"alg": lambda v: v == "ed25519", "key": hash32, "sig": lambda v: isinstance(v, str)}
BODY = {"v": lambda v: whole(v) and v == 1, "ledger": hash32, "seq": whole, "prev": hash32, "recorded_at": time,
        "signer": lambda v: shape(v, SIGNER, {"site": name}), "event": lambda v: isinstance(v, dict)}
MORE = {"countersigners": some(list, BODY["signer"]), "reason": text,
        "sealed": lambda v: some(dict, name)(v) and all(map(hash32, v.values()))}
LINE = {"body": lambda v: shape(v, BODY, MORE),
        "signatures": lambda v: isinstance(v, list) and all(shape(s, SIGNATURE) for s in v)}


# Shapes of events (section 6): the JSON Schemas, with the rules that are stricter
def decimal(v):
    digits = v.lstrip("-").replace(".", "")
    return len(digits) <= 15 and not (v[0] == "-" and set(digits) == {"0"})


def moment(v):
    if not "1900" <= v[:4] <= "2999" or not day(v[:10]):
        return False
    clock = "T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.]([0-9]{3}|[0-9]{6}|[0-9]{9}))?[+-]([01][0-9]|2[0-3]):[0-5][0-9]"
    fraction = v[20:-6]
    fewest = fraction == "" or fraction.strip("0") != "" and (len(fraction) == 3 or fraction[-3:] != "000")
    return len(v) == 10 or matches(clock)(v[10:]) and not v.endswith("-00:00") and fewest


def partial(v):
    return moment(v + "-01-01"[len(v) - 4:] if len(v) < 10 else v)


KINDS = {  # the strings that have more rules than their pattern in the schemas says
    "^-?(0|[1-9][0-9]{0,14})([.][0-9]{1,9})?$": decimal,
    "^[12][0-9]{3}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{3,9})?[+-][0-9]{2}:[0-9]{2})?$": moment,
    "^[12][0-9]{3}(-[0-9]{2}(-[0-9]{2})?)?$": partial,
}
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}
SAYS_NOTHING = {"$schema", "$defs", "title", "description", "default", "format"}
NEVER = {"tabulated": True, "censoring": {"missed_visits": 2, "visit_window_days": 0}}


def schema_of(event, known={}):
    if event not in known:
        known[event] = json.loads((SCHEMAS / (event + ".json")).read_text(encoding="utf-8"))
    return known[event]


def fits(schema, v, top):
    """Whether a value fits a schema: the keywords that the schemas use."""
    for word, rule in () if schema is True else schema.items():
        if word == "$ref":
            ok = fits(top["$defs"][rule.rsplit("/", 1)[1]], v, top)
        elif word == "const":
            ok = canon(v) == canon(rule)
        elif word == "enum":
            ok = canon(v) in map(canon, rule)
        elif word == "type":
            kinds = [rule] if isinstance(rule, str) else rule
            ok = any(type(v) is TYPES[kind] for kind in kinds)
        elif word in ("oneOf", "anyOf"):
            number = sum(fits(option, v, top) for option in rule)
            ok = number == 1 if word == "oneOf" else number > 0
        elif isinstance(v, str) and word == "pattern":
            ok = re.search(re.sub(r"\$$", r"\\Z", rule), v) and KINDS.get(rule, lambda v: True)(v)
        elif isinstance(v, str) and word in ("minLength", "maxLength"):
            ok = len(v) >= rule if word == "minLength" else len(v) <= rule
        elif isinstance(v, int) and word in ("minimum", "maximum"):
            ok = v >= rule if word == "minimum" else v <= rule
        elif isinstance(v, list) and word == "items":
            ok = all(fits(rule, item, top) for item in v)
        elif isinstance(v, dict) and word == "required":
            ok = set(rule) <= set(v)
        elif isinstance(v, dict) and word == "properties":
            ok = members(rule, set(schema.get("required", [])), v, top)
        elif isinstance(v, dict) and word == "patternProperties":
            ok = all(fits(rule[p], v[m], top) for p in rule for m in v if re.search(p.replace("$", r"\Z"), m))
        elif isinstance(v, dict) and word == "additionalProperties":
            known = schema.get("properties", {})
            patterns = [p.replace("$", r"\Z") for p in schema.get("patternProperties", {})]
            rest = [m for m in v if m not in known and not any(re.search(p, m) for p in patterns)]
            ok = not rest if rule is False else all(fits(rule, v[m], top) for m in rest)
        else:
            ok = word in SAYS_NOTHING or word in ("pattern", "minLength", "maxLength", "minimum", "maximum", "items",
                                                  "required", "properties", "patternProperties", "additionalProperties")
            assert ok, "a keyword that is not known here: " + word
        if schema.get("format") == "date" and isinstance(v, str):
            ok = ok and day(v) and "1900" <= v[:4] <= "2999"
        if not ok:
            return False
    return True


def members(properties, required, v, top):
    for m, schema in properties.items():
        if m not in v:
            if "default" in schema:
                return False
        elif not fits(schema, v[m], top) or m in NEVER and canon(v[m]) == canon(NEVER[m]):
            return False
        elif m not in required and "default" not in schema and v[m] in (None, [], {}):
            return False
    return True


def well_formed(event):
    return fits(schema_of(event["type"]), event, schema_of(event["type"]))


# Hashes (section 5)
def leaf_hash(line):
    return hashlib.sha256(b"\0" + line).hexdigest()


def root(leaves):
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(leaves[:k]) + root(leaves[k:])).digest()


def check_inclusion(leaf, index, size, path, expected):
    """RFC 9162 section 2.1.3.2; all hashes as bytes."""
    need("root_mismatch", 0 <= index < size and all(len(p) == 32 for p in path))
    fn, sn, r = index, size - 1, leaf
    for p in path:
        need("root_mismatch", sn > 0)
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b"\1" + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b"\1" + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    need("root_mismatch", sn == 0 and r == expected)


def check_consistency(old, new, path, old_root, new_root):
    """RFC 9162 section 2.1.4.2; all hashes as bytes."""
    need("root_mismatch", 0 < old <= new and all(len(p) == 32 for p in path))
    if old == new:
        return need("root_mismatch", not path and old_root == new_root)
    path = [old_root] + path if old & (old - 1) == 0 else path
    need("root_mismatch", path)
    fn, sn, fr, sr = old - 1, new - 1, path[0], path[0]
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    for p in path[1:]:
        need("root_mismatch", sn > 0)
        if fn & 1 or fn == sn:
            fr, sr = hashlib.sha256(b"\1" + p + fr).digest(), hashlib.sha256(b"\1" + p + sr).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = hashlib.sha256(b"\1" + sr + p).digest()
        fn, sn = fn >> 1, sn >> 1
    need("root_mismatch", sn == 0 and fr == old_root and sr == new_root)


# Who may sign (section 7), what needs a reason (section 9), what can be corrected (section 10)
SITE, DRUG = "investigator coordinator", "investigator coordinator pharmacist"
FIELD = DRUG + " radiation_therapist physicist radiologist"
WHO = {
    "sponsor": "trial_opened protocol_activated site_activated key_granted key_revoked",
    "sponsor data_manager": "dictionary_adopted",
    SITE: "consent_given subject_screened subject_enrolled screen_failed subject_withdrawn adverse_event_reported"
          " adverse_event_updated serious_event_reported death_recorded followed_up",
    "investigator safety_committee": "evaluability_ruled dlt_ruled",
    DRUG: "dose_taken dose_missed dosing_changed",
    "investigator physicist": "radiotherapy_planned",
    "radiation_therapist": "fraction_delivered fraction_missed",
    "radiologist": "tumour_assessed",
    "investigator radiologist": "progression_recorded",
    SITE + " data_manager": "laboratory_measured",
    "safety_committee": "escalation_decided mtd_declared",
    FIELD + " monitor": "deviation_recorded",
    "investigator": "signed_off value_redacted",
    "sponsor monitor": "checkpoint_witnessed",
    FIELD + " data_manager monitor safety_committee": "entry_corrected entry_voided",
}
MAY = {event: roles.split() for roles, events in WHO.items() for event in events.split()}
RECORD = ["entry_corrected", "entry_voided", "value_redacted"]
STAND = RECORD + WHO["sponsor"].split() + ["dictionary_adopted", "escalation_decided", "mtd_declared", "signed_off",
                                           "checkpoint_witnessed"]  # not correctable
REASON = RECORD + ["key_revoked", "subject_withdrawn", "evaluability_ruled", "dlt_ruled"]


def is_name(v):
    """A name on a note (section 18)."""
    return v != "" and not any(c.isspace() or c == "+" or c < " " for c in v)


def spelled(v):
    """The bytes of base64 in its one spelling; none otherwise."""
    try:
        data = base64.b64decode(v, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if base64.b64encode(data).decode() == v else b""


def note(v):
    """Text and signature lines (name, key id, signature) of a note (section 18)."""
    bad = "checkpoint_invalid"
    need(bad, len(v.encode()) <= 262144 and v.endswith("\n") and not re.search("[\0-\x09\x0b-\x1f]", v), "note")
    need(bad, "\n\n" in v, "note")
    head, tail = v.rsplit("\n\n", 1)
    lines = []
    for line in tail.split("\n")[:-1]:
        need(bad, line.startswith("\u2014 ") and line[2:].count(" ") == 1, "signature line")
        name, data = line[2:].split(" ")
        need(bad, is_name(name) and len(spelled(data)) > 4, "signature line")
        lines.append((name, spelled(data)[:4], spelled(data)[4:]))
    need(bad, 0 < len(lines) <= 64, "signature lines")
    return head + "\n", lines


def one(person):
    """Who somebody is, whatever keys they hold."""
    return person["name"], person["organisation"]


class Log:
    """The log so far: what the checks of the next entry need to know of it."""
    def __init__(self, only_bytes, genesis):
        self.bytes, self.genesis, self.leaves, self.events, self.first = only_bytes, genesis, [], [], []
        self.sites, self.roster, self.last, self.rules, self.times = {}, {}, "", [], []
        self.sealed, self.redacted = [], set()

    def take(self, line, following):
        """The checks of section 11, in their order."""
        need("limit_exceeded", len(line) <= MAX_LINE)
        entry = parse(line)
        need("schema_violation", shape(entry, LINE), "shape")
        body, event, n = entry["body"], entry["body"]["event"], len(self.leaves)
        people = [body["signer"]] + body.get("countersigners", [])
        if not self.bytes:
            need("schema_violation", isinstance(event.get("type"), str), "type")
            need("unknown_event_type", event["type"] in MAY, event["type"])
            need("schema_violation", well_formed(event), event["type"])
        self.place(line, body, event, n, following)
        if not self.bytes:
            self.people(people, event, n)
        self.signatures(entry, people)
        need("time_regression", body["recorded_at"] >= self.last)
        override = event.get("type") == "escalation_decided" and event["conformity"] == "override"
        need("missing_reason", self.bytes or "reason" in body or not (event["type"] in REASON or override))
        changed = None if self.bytes else self.change(event, people)
        self.learn(line, body, event, people[0], changed)

    def place(self, line, body, event, n, following):
        if body["seq"] != n:
            later = seq_of(following)
            moved = later is not None and later < body["seq"]
            raise Fault("seq_duplicate" if body["seq"] < n else "seq_out_of_order" if moved else "seq_gap", body["seq"])
        opens = self.bytes and n == 0 or event.get("type") == "trial_opened"
        need("schema_violation" if n else "genesis_mismatch", opens == (n == 0), "trial_opened")
        need("genesis_mismatch", n or self.genesis in (None, leaf_hash(line)))
        need("wrong_ledger", body["ledger"] == (self.leaves[0] if n else ZERO))
        need("broken_link", body["prev"] == (self.leaves[-1] if n else ZERO))

    def people(self, people, event, n):
        if n == 0:
            need("role_not_allowed", people[0]["role"] == "sponsor" and len(people) == 1)
            return need("key_weak", admitted(people[0]["key"]))
        for i, person in enumerate(people):
            member = self.roster.get(person["key"])
            need("unknown_signer", member, person["key"])
            need("key_revoked", not member["revoked"])
            said = {m: v for m, v in person.items() if m not in ("key", "meaning")}
            need("signer_mismatch", member["purpose"] == "author" and said == member["who"])
            need("countersignature_missing", person["key"] not in [p["key"] for p in people[:i]])
            need("countersignature_missing", one(person) not in [one(p) for p in people[:i]])
        need("role_not_allowed", people[0]["role"] in MAY[event["type"]])
        for person in people:
            self.within(person, event)
        manager = any(p["role"] == "data_manager" for p in people[1:])
        need("countersignature_missing", manager or event["type"] != "value_redacted")
        kept = event["protocol"].get("countersignatures", []) if event["type"] == "protocol_activated" else self.rules
        self.together(people, event["type"], kept)

    def together(self, people, kind, kept):
        """Enough different people, by each rule in force for this type and each that is not kept."""
        for rule in self.rules:
            enough = len({one(p) for p in people if p["role"] in rule["of"]}) >= rule["needed"]
            need("countersignature_missing", enough or kind not in rule["events"] and rule in kept)

    def within(self, person, event):
        consented = event["site"] if event["type"] == "consent_given" else None
        sites = {consented, self.sites.get(event.get("subject")), None}
        need("site_out_of_scope", "site" not in person or sites <= {person["site"], None})

    def signatures(self, entry, people):
        found = entry["signatures"]
        keys = [s["key"] for s in found]
        need("signature_not_canonical", keys == sorted(set(keys)))
        need("signature_invalid", people[0]["key"] in keys)
        need("countersignature_missing", all(p["key"] in keys for p in people))
        need("signature_not_canonical", len(keys) == len(people))
        message = b"trial-ledger/entry/v1\n" + canon(entry["body"], 2).encode()
        for s in found:
            try:
                sig = base64.b64decode(s["sig"], validate=True)
            except (binascii.Error, ValueError):
                sig = b""
            need("signature_not_canonical", len(sig) == 64 and base64.b64encode(sig).decode() == s["sig"])
            check_signature(s["key"], message, sig)

    def change(self, event, people):
        """What the entry makes another one state (section 10): its number and the event, or None."""
        kind, target, signer = event["type"], event.get("target"), people[0]
        if kind not in RECORD:
            return None
        need("stale_correction", target < len(self.events))
        if kind == "value_redacted":
            need("stale_correction", event["value"] in self.sealed[target])
            need("stale_correction", (target, event["value"]) not in self.redacted)
            for person in people:
                self.within(person, self.first[target])
            return None
        now = self.events[target]
        need("stale_correction", now)
        need("role_not_allowed", now["type"] in STAND or signer["role"] in MAY[now["type"]])
        if now["type"] not in STAND:
            self.together(people, now["type"], self.rules)
        self.within(signer, now)
        need("schema_violation", now["type"] not in STAND, "not correctable")
        if kind == "entry_voided":
            return target, None
        result = corrected(now, event["field"], event["old"], event["new"])
        need("schema_violation", well_formed(result), "after the correction")
        self.within(signer, result)
        return target, result

    def witnessed(self, event, n):
        """A checkpoint that comes back (section 18), in the order of its conditions."""
        bad, opened = "checkpoint_invalid", self.first[0]
        need(bad, not any("\n" in line for line in event["note"]))
        text, lines = note("".join(line + "\n" for line in event["note"]))
        need(bad, text.count("\n") == 3, "three lines")
        origin, size, tree = text.split("\n")[:3]
        need(bad, is_name(origin) and origin == opened["origin"] and not origin.startswith("trial-ledger/"), origin)
        need(bad, origin not in ("cosignature/v1", "c2sp.org/tlog-proof@v1", "subtree/v1"), origin)
        need(bad, re.fullmatch("0|[1-9][0-9]{0,19}", size) and int(size) < 2**64 and len(spelled(tree)) == 32, "size, root")
        size, tree = int(size), spelled(tree)

        def signed(name, kind, purpose, within):  # what keys of a purpose have signed under a name
            found, ids = [], set()
            for key, member in sorted(self.roster.items()):
                counts = member["granted"] < within and (member["revoked"] is None or member["revoked"] >= within)
                if member["purpose"] != purpose or not counts:
                    continue
                ident = hashlib.sha256(name.encode() + b"\n" + kind + bytes.fromhex(key)).digest()[:4]
                mine = [sig for who, i, sig in lines if (who, i) == (name, ident)] if ident not in ids else []
                ids.add(ident)
                for sig in mine:
                    at = int.from_bytes(sig[:8], "big") if kind == b"\4" else None
                    message = text if at is None else f"cosignature/v1\ntime {at}\n{text}"
                    rest = sig if at is None else sig[8:]
                    need(bad, len(rest) == 64 and (at or 0) < 2**63, "signature of " + name)
                    try:
                        check_signature(key, message.encode(), rest)
                    except Fault:
                        raise Fault(bad, "signature of " + name)
                    found.append(at)
            return found

        need(bad, signed(origin, b"\1", "log", size), "no log key has signed it")
        need(bad, is_name(event["witness"]) and event["time"] in signed(event["witness"], b"\4", "witness", n), "witness")
        need(bad, 1 <= size <= n, "size")
        need("root_mismatch", root([bytes.fromhex(leaf) for leaf in self.leaves[:size]]) == tree)
        last = datetime.datetime.fromisoformat(self.times[size - 1][:19] + "+00:00").timestamp()
        need("time_after_witness", opened["clock"] == "simulated" or last <= event["time"])

    def learn(self, line, body, event, signer, changed):
        n, kind = len(self.leaves), None if self.bytes else event["type"]
        if kind in ("trial_opened", "key_granted"):
            grant = {**signer, "purpose": "author"} if n == 0 else event
            need("key_reused", grant["key"] not in self.roster)
            need("key_weak", admitted(grant["key"]))
            who = {m: grant[m] for m in ("name", "organisation", "role", "site") if m in grant}
            self.roster[grant["key"]] = {"who": who, "purpose": grant["purpose"], "granted": n,
                                         "revoked": None}
        self.sealed.append(body.get("sealed", {}))
        if kind == "value_redacted":
            self.redacted.add((event["target"], event["value"]))
        if kind == "protocol_activated":
            self.rules = event["protocol"].get("countersignatures", [])
        if kind == "key_revoked":
            need("unknown_signer", event["key"] in self.roster)
            need("key_revoked", not self.roster[event["key"]]["revoked"])
            self.roster[event["key"]]["revoked"] = n
        if kind == "checkpoint_witnessed":
            self.witnessed(event, n)
        self.times.append(body["recorded_at"])
        if changed:
            self.events[changed[0]] = changed[1]
        for states in (event, changed and changed[1]):
            if kind and states and states["type"] == "consent_given":
                self.sites[states["subject"]] = states["site"]
        self.leaves.append(leaf_hash(line))
        self.events.append(event)
        self.first.append(event)
        self.last = body["recorded_at"]


def seq_of(line):
    """The number of the line after this one, if it can be read."""
    try:
        entry = parse(line or b"")
        return entry["body"]["seq"] if shape(entry, LINE) else None
    except Fault:
        return None


def corrected(now, field, old, new):
    """The event after a correction: conditions 5 to 7 of section 10."""
    path = field.split("/")
    need("schema_violation", len(path) > 1 and path[0] == "" and field not in ("/type", "/version", "/subject"), field)
    result = json.loads(json.dumps(now))
    path = [token.replace("~1", "/").replace("~0", "~") for token in path]

    def step(at, token):  # the index or name by which a token leads on, or None
        if isinstance(at, list):
            return int(token) if re.fullmatch("0|[1-9][0-9]*", token) and int(token) < len(at) else None
        return token if isinstance(at, dict) and token in at else None

    parent, value = None, result
    for token in path[1:]:
        parent, at = value, step(value, token)
        value = None if at is None else value[at]
    need("stale_correction", canon(value) == canon(old))
    need("schema_violation", isinstance(parent, dict) or isinstance(parent, list) and at is not None, field)
    if isinstance(parent, dict) and new is None:
        parent.pop(path[-1], None)
    else:
        parent[path[-1] if isinstance(parent, dict) else at] = new
    return result


def verify(lines, only_bytes=False, genesis=None):
    """The log, and the kind, place and detail of its first fault or None."""
    log = Log(only_bytes, genesis)
    for n, line in enumerate(lines):
        try:
            log.take(line, lines[n + 1] if n + 1 < len(lines) else None)
        except Fault as fault:
            return log, (fault.args[0], n, fault.args[1])
    return log, None


def main(args):
    only_bytes = "--bytes" in args
    genesis = args.pop(args.index("--genesis") + 1) if "--genesis" in args else None
    try:
        *lines, tail = open([a for a in args if not a.startswith("--")][0], "rb").read().split(b"\n")
    except (IndexError, OSError) as error:
        return print(error, __doc__, file=sys.stderr) or 3
    log, fault = verify(lines, only_bytes, genesis)
    if fault:
        return print("%s at entry %d %s" % fault) or 1
    if not log.leaves:
        return print("store_missing") or 3
    print(f"entries  {len(lines)}\nhead     {log.leaves[-1]}")
    print(f"root     {base64.b64encode(root([bytes.fromhex(leaf) for leaf in log.leaves])).decode()}")
    if tail:
        print(f"left out {len(tail)} bytes behind the last newline")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
