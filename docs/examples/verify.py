#!/usr/bin/env python3
"""Verifies a log of trial entries (a journal or an export), written from docs/format.md alone. No library needed.

    verify.py FILE [--bytes] [--signatures N]

--bytes         only what needs no events: canonical form, shape, links, signatures (sections 1 to 5)
--signatures N  check the signatures of the first N entries only; the rest of each check is done for all

Exit code 0: no fault; 1: a fault, named as in section 11; 3: the file cannot be read. The members of the facts
(section 6) are not checked: that is work for a JSON Schema validator and schemas/events.
"""
import base64, binascii, json, re, sys
from layout import LINE, MAX_LINE, PERSON, ZERO, Fault, admitted, canon, check_signature, hash32, leaf_hash, need, parse
from layout import root, shape, whole

SITE, DRUG = "investigator coordinator", "investigator coordinator pharmacist"
FIELD = DRUG + " radiation_therapist physicist radiologist"
WHO = {  # section 7
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
                                           "checkpoint_witnessed"]  # not correctable (section 10)
TWO_ROLES = ["value_redacted"]  # section 7
REASON = RECORD + ["key_revoked", "subject_withdrawn", "evaluability_ruled", "dlt_ruled"]


def one(person):
    """Who somebody is, whatever keys they hold."""
    return person["name"], person["organisation"]


class Log:
    """The log so far: what sections 7 to 10 need to know of it."""
    def __init__(self, only_bytes):
        self.bytes, self.leaves, self.events, self.first, self.sites, self.roster = only_bytes, [], [], [], {}, {}
        self.last, self.rules = "", []

    def take(self, line, following, with_signatures):
        need("limit_exceeded", len(line) <= MAX_LINE)
        entry = parse(line)
        need("schema_violation", shape(entry, LINE))
        body, event, n = entry["body"], entry["body"]["event"], len(self.leaves)
        people = [body["signer"]] + body.get("countersigners", [])
        if not self.bytes:
            need("unknown_event_type", event["type"] in MAY, event["type"])
            need("schema_violation", canon(event["version"]) == "1")
        self.place(body, event, n, following)
        if not self.bytes:
            self.people(people, event, n)
        self.signatures(line, entry, people, with_signatures)
        need("time_regression", body["recorded_at"] >= self.last)
        override = event["type"] == "escalation_decided" and event.get("conformity") == "override"
        need("missing_reason", self.bytes or "reason" in body or not (event["type"] in REASON or override))
        changed = None if self.bytes else self.change(event, people)
        self.learn(line, body, event, people[0], changed)

    def place(self, body, event, n, following):
        if body["seq"] != n:
            later = re.search(rb'"seq":(\d+),"signer":', following or b"")  # near enough to name the fault
            moved = later and int(later[1]) < body["seq"]
            raise Fault("seq_duplicate" if body["seq"] < n else "seq_out_of_order" if moved else "seq_gap", body["seq"])
        opens = self.bytes and n == 0 or event.get("type") == "trial_opened"
        need("schema_violation" if n else "genesis_mismatch", opens == (n == 0))
        need("wrong_ledger", body["ledger"] == (self.leaves[0] if n else ZERO))
        need("broken_link", body["prev"] == (self.leaves[-1] if n else ZERO))

    def people(self, people, event, n):
        if n == 0:
            need("role_not_allowed", people[0]["role"] == "sponsor" and len(people) == 1)
            return need("key_weak", admitted(people[0]["key"]))
        for i, person in enumerate(people):
            member = self.roster.get(person["key"])
            need("unknown_signer", member)
            need("key_revoked", not member["revoked"])
            said = {m: v for m, v in person.items() if m not in ("key", "meaning")}
            need("signer_mismatch", member["purpose"] == "author" and said == member["who"])
            need("countersignature_missing", person["key"] not in [p["key"] for p in people[:i]])
            need("countersignature_missing", one(person) not in [one(p) for p in people[:i]])
        need("role_not_allowed", people[0]["role"] in MAY[event["type"]])
        for person in people:
            self.within(person, event)
        others = [p for p in people if p["role"] != people[0]["role"]]
        need("countersignature_missing", others or event["type"] not in TWO_ROLES)
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

    def signatures(self, line, entry, people, check):
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
            except binascii.Error:
                sig = b""
            need("signature_not_canonical", len(sig) == 64 and base64.b64encode(sig).decode() == s["sig"])
            if check:
                check_signature(s["key"], message, sig)

    def change(self, event, people):
        """What the entry makes another one state (section 10): its number and the event, or None."""
        kind, target, signer = event["type"], event.get("target"), people[0]
        if kind not in RECORD:
            return None
        need("schema_violation", whole(target))
        need("stale_correction", target < len(self.events))
        if kind == "value_redacted":
            return self.within(signer, self.first[target])
        now = self.events[target]
        need("stale_correction", now)
        need("role_not_allowed", now["type"] in STAND or signer["role"] in MAY[now["type"]])
        if now["type"] not in STAND:
            self.together(people, now["type"], self.rules)
        self.within(signer, now)
        need("schema_violation", now["type"] not in STAND)
        if kind == "entry_voided":
            return target, None
        path = event["field"].split("/")
        need("schema_violation", len(path) > 1 and event["field"] not in ("/type", "/version", "/subject"))
        result = json.loads(json.dumps(now))
        path = [token.replace("~1", "/").replace("~0", "~") for token in path]

        def step(at, token):  # the index or name by which a token leads on, or None
            if isinstance(at, list):
                return int(token) if re.fullmatch("0|[1-9][0-9]*", token) and int(token) < len(at) else None
            return token if isinstance(at, dict) and token in at else None

        parent, value = None, result if path[0] == "" else None
        for token in path[1:]:
            parent, at = value, step(value, token)
            value = None if at is None else value[at]
        need("stale_correction", canon(value) == canon(event["old"]))
        need("schema_violation", isinstance(parent, dict) or isinstance(parent, list) and at is not None)
        if isinstance(parent, dict) and event["new"] is None:
            parent.pop(path[-1], None)
        else:
            parent[path[-1] if isinstance(parent, dict) else at] = event["new"]
        self.within(signer, result)
        return target, result

    def learn(self, line, body, event, signer, changed):
        if changed:
            self.events[changed[0]] = changed[1]
        for states in (event, changed and changed[1]):
            if states and states.get("type") == "consent_given":
                self.sites[states["subject"]] = states["site"]
        n, kind = len(self.leaves), None if self.bytes else event["type"]
        if kind in ("trial_opened", "key_granted"):
            grant = {**signer, "purpose": "author"} if n == 0 else event
            need("schema_violation", shape({m: grant.get(m) for m in PERSON}, PERSON) and hash32(grant.get("key")))
            need("key_reused", grant["key"] not in self.roster)
            need("key_weak", admitted(grant["key"]))
            who = {m: grant[m] for m in [*PERSON, "site"] if m in grant}
            self.roster[grant["key"]] = {"who": who, "purpose": grant["purpose"], "revoked": False}
        if kind == "protocol_activated":
            self.rules = event["protocol"].get("countersignatures", [])
        if kind == "key_revoked":
            need("unknown_signer", event["key"] in self.roster)
            need("key_revoked", not self.roster[event["key"]]["revoked"])
            self.roster[event["key"]]["revoked"] = True
        self.leaves.append(leaf_hash(line))
        self.events.append(event)
        self.first.append(event)
        self.last = body["recorded_at"]


def main(args):
    only_bytes, limit = "--bytes" in args, float("inf")
    if "--signatures" in args:
        limit = int(args.pop(args.index("--signatures") + 1))
    try:
        *lines, tail = open([a for a in args if not a.startswith("--")][0], "rb").read().split(b"\n")
    except (IndexError, OSError) as error:
        return print(error, __doc__, file=sys.stderr) or 3
    log = Log(only_bytes)
    for n, line in enumerate(lines):
        try:
            log.take(line, lines[n + 1] if n + 1 < len(lines) else None, n < limit)
        except (KeyError, TypeError) as member:  # a fact that this program needs
            return print(f"schema_violation at entry {n} {member}") or 1
        except Fault as fault:
            return print(f"{fault.args[0]} at entry {n} {fault.args[1]}".rstrip()) or 1
    if not log.leaves:
        return print("store_missing") or 3
    print(f"entries  {len(lines)}\nhead     {log.leaves[-1]}")
    print(f"root     {base64.b64encode(root([bytes.fromhex(leaf) for leaf in log.leaves])).decode()}")
    if tail:
        print(f"left out {len(tail)} bytes behind the last newline")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
