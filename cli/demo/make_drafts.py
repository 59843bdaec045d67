#!/usr/bin/env python3
"""Writes drafts.jsonl: the life of the SYNTHETIC cohort in cohort.json as drafts, one a line, by time of recording.

    python3 make_drafts.py            write drafts.jsonl beside this file
    python3 make_drafts.py --check    fail if drafts.jsonl is not what cohort.json gives

Nothing here is of a real person: the subjects, their dates and the people who sign are invented. Each draft is
{"by", "recorded_at", "event", "reason"?, "target_line"?}; `target_line` counts from 1 and stands where the ledger's
event has `target`. Left out for the program to fill in at append: `basis` of decisions, `entries` and `head` of
sign-offs. Deterministic: the minutes after the hour come from SHA-256 of what is recorded, not from chance.
"""

import hashlib
import json
import sys
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).parent
TAIPEI = timezone(timedelta(hours=8))
SITE = "TPE-01"
AGENT = "axitinib"
PLAN = "P1"

# What the cohort's free text means in identifiers.
MEDICATIONS = {
    "amlodipine 5 mg/d": ["amlodipine"],
    "amlodipine 10 mg/d + losartan 50 mg/d": ["amlodipine", "losartan"],
    "amlodipine 10 mg/d + losartan 100 mg/d": ["amlodipine", "losartan"],
    "amlodipine 10 mg/d + valsartan 80 mg/d": ["amlodipine", "valsartan"],
    "nifedipine ER 60 mg/d + valsartan 160 mg/d": ["nifedipine-er", "valsartan"],
    "IV metoclopramide then ondansetron; IV fluids": ["iv-metoclopramide", "ondansetron", "iv-fluids"],
    "loperamide, oral rehydration": ["loperamide", "oral-rehydration"],
    "magnesium oxide": ["magnesium-oxide"],
    "lactulose": ["lactulose"],
    "levothyroxine 50 ug/d": ["levothyroxine"],
    "topical hydrocortisone": ["topical-hydrocortisone"],
}
NON_TARGETS = {
    "PVT (left portal vein)": {"lesion": "PVT", "site": "portal-vein", "in_field": True},
    "PVT (right portal vein)": {"lesion": "PVT", "site": "portal-vein", "in_field": True},
    "liver nodule 3 (outside field)": {"lesion": "NT1", "site": "liver", "in_field": False},
}
STATUSES = {"present": "present", "present, not progressed": "present", "absent": "absent"}
NEW_LESIONS = {
    "new intrahepatic nodule 18 mm (outside RT field)": {"lesion": "N1", "site": "liver", "in_field": False},
    "new intrahepatic nodule 15 mm (outside RT field)": {"lesion": "N1", "site": "liver", "in_field": False},
}
OUTCOMES = {"resolved": "recovered", "ongoing at death": "not_recovered"}
ACTIONS = {"dose not changed": "not_changed", "not interrupted": "not_changed"}
# CDISC test codes, UCUM units, and what divides the cohort's number to give that unit.
LABS = [
    ("alt_u_l", "ALT", "U/L", 1),
    ("bilirubin_mg_dl", "BILI", "mg/dL", 1),
    ("albumin_g_dl", "ALB", "g/dL", 1),
    ("creatinine_mg_dl", "CREAT", "mg/dL", 1),
    ("platelets_per_mm3", "PLAT", "10*9/L", 1000),
]


class Life:
    """The drafts, each under a key by which a correction can name it."""

    def __init__(self):
        self.drafts = []

    def record(self, key, by, recorded_at, kind, facts, reason=None, target=None):
        event = {"type": kind, "version": 1, **facts}
        draft = {"key": key, "by": by, "recorded_at": recorded_at, "event": event, "reason": reason, "target": target}
        self.drafts.append(draft)

    def lines(self):
        """The drafts by time of recording, with `target_line` in place of keys."""
        ordered = sorted(self.drafts, key=lambda d: (d["recorded_at"], d["key"]))
        number = {d["key"]: n for n, d in enumerate(ordered, 1)}
        assert len(number) == len(ordered), "two drafts have the same key"
        for draft in ordered:
            recorded_at = draft["recorded_at"].isoformat(timespec="milliseconds")
            line = {"by": draft["by"], "recorded_at": recorded_at, "event": draft["event"]}
            if draft["reason"]:
                line["reason"] = draft["reason"]
            if draft["target"]:
                line["target_line"] = number[draft["target"]]
            yield line


def clock(day, hour):
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(hour), TAIPEI)


def at(day, hour, key, within):
    """An instant on a day: the hour, and up to `within` minutes later as the key has it."""
    seconds = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % (within * 60)
    return clock(day, hour) + timedelta(seconds=seconds)


def to_the_minute(instant):
    return instant.replace(second=0)


def later(instant, key):
    """When something that just occurred was written down: two to nine minutes later."""
    seconds = 120 + int.from_bytes(hashlib.sha256(("later " + key).encode()).digest()[:4], "big") % 420
    return instant + timedelta(seconds=seconds)


def days_after(day, days):
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def quantity(value, unit):
    return {"value": str(value), "unit": unit}


def gray(cgy):
    return quantity(f"{Decimal(cgy) / 100:f}".removesuffix(".00"), "Gy")


def investigator(subject):
    return "investigator-1" if subject["seq"] % 2 else "investigator-2"


def opening(life, s):
    """Consent, screening with baseline images and values, enrolment, the radiotherapy plan."""
    who, subject, day, b = investigator(s), s["id"], s["consent_date"], s["baseline"]
    key = f"{subject} consent"
    consent = to_the_minute(at(day, "09:15", key, 30))
    facts = {"subject": subject, "site": SITE, "occurred_at": consent.isoformat(), "form": "ICF-1.0"}
    life.record(key, who, later(consent, key), "consent_given", facts)

    present = {True: "present", False: "absent"}
    baseline = {
        "age": quantity(b["age"], "years"),
        "sex": {"M": "male", "F": "female"}[b["sex"]],
        "ecog": str(b["ecog"]),
        "child_pugh": str(b["child_pugh_score"]),
        "etiology": b["etiology"].replace(" ", "-"),
        "bclc": b["bclc"],
        "liver_tumours": b["liver_tumours"],
        "portal_vein_thrombosis": present[b["pvt"]],
        "regional_lymph_node_metastasis": present[b["regional_ln_metastasis"]],
        "distant_metastasis": present[b["distant_metastasis"]],
        "max_diameter": quantity(b["max_diameter_cm"], "cm"),
    }
    if b["t_stage_ajcc7"]:
        baseline["t_stage"] = b["t_stage_ajcc7"]
    key = f"{subject} screened"
    facts = {"subject": subject, "occurred_at": day, "baseline": baseline}
    life.record(key, who, at(day, "13:30", key, 30), "subject_screened", facts)

    for member, test, unit, divisor in LABS:
        value = Decimal(str(b["labs"][member])) / divisor
        laboratory(life, subject, day, test, f"{value:f}", unit, "15:00")
    if b["afp_ng_ml"] is not None:
        laboratory(life, subject, day, "AFP", str(b["afp_ng_ml"]), "ng/mL", "15:00")

    key = f"{subject} enrolled"
    enrolled = to_the_minute(at(s["enrolled_date"], "10:30", key, 30))
    facts = {"subject": subject, "occurred_at": enrolled.isoformat(), "level": s["dose_level"]}
    life.record(key, who, later(enrolled, key), "subject_enrolled", facts)

    key = f"{subject} plan"
    approved_on = days_after(s["treatment_start_date"], -3)
    assert s["enrolled_date"] < approved_on, subject
    approved = to_the_minute(at(approved_on, "15:00", key, 45))
    facts = {
        "subject": subject,
        "plan": PLAN,
        "occurred_at": approved.isoformat(),
        "prescription": gray(s["rt"]["prescribed_dose_cgy"]),
        "fractions": s["rt"]["n_fractions"],
        "mean_doses": {"liver": quantity(s["rt"]["planned_mean_liver_dose_gy"], "Gy")},
        "machine": "LINAC-1",
    }
    life.record(key, "physicist", later(approved, key), "radiotherapy_planned", facts)


def laboratory(life, subject, day, test, value, unit, hour):
    key = f"{subject} {test} {day}"
    facts = {"subject": subject, "occurred_at": day, "test": test, "value": value, "unit": unit}
    life.record(key, "coordinator", at(day, hour, key, 45), "laboratory_measured", facts)


def treatment(life, s):
    """Every intake, the end of dosing, every fraction."""
    subject, drug = s["id"], s["axitinib"]
    assert not drug["interruptions"] and not drug["reductions"] and drug["planned_doses"] == drug["taken_doses"]
    dose = quantity(s["axitinib_mg_per_dose"], "mg")
    for n in range(drug["taken_doses"]):
        day = days_after(drug["start_date"], n // 2)
        key = f"{subject} dose {n + 1:03}"
        taken = to_the_minute(at(day, ("07:50", "19:50")[n % 2], key, 25))
        facts = {"subject": subject, "agent": AGENT, "occurred_at": taken.isoformat(), "dose": dose}
        life.record(key, "coordinator", later(taken, key), "dose_taken", facts)
    assert day == drug["stop_date"], subject
    key = f"{subject} dosing completed"
    facts = {"subject": subject, "agent": AGENT, "occurred_at": day, "change": "completed", "cause": "protocol"}
    life.record(key, "coordinator", at(day, "20:30", key, 20), "dosing_changed", facts)

    for fraction in s["rt"]["fractions"]:
        key = f"{subject} fraction {fraction['n']:02}"
        given = to_the_minute(at(fraction["date"], "10:00", key, 90))
        facts = {
            "subject": subject,
            "plan": PLAN,
            "number": fraction["n"],
            "occurred_at": given.isoformat(),
            "dose": quantity(fraction["dose_cgy"], "cGy"),
        }
        life.record(key, "radiation-therapist", later(given, key), "fraction_delivered", facts)


def safety(life, s):
    """Adverse events at onset, what controlled them, what became of them; death."""
    subject = s["id"]
    for a in s["adverse_events"]:
        ae = a["ae_id"].removeprefix(subject + "-")
        who = investigator(s) if a["grade"] >= 3 else "coordinator"
        medications = MEDICATIONS[a["treatment"]] if a["treatment"] else []
        assert (a["controlled_with_medication"] is True) == (a["controlled_date"] is not None), a["ae_id"]
        ends = {AGENT: s["axitinib"]["stop_date"], "radiotherapy": s["rt"]["end_date"]}
        taken = {AGENT: a["axitinib_action"], "radiotherapy": a["rt_action"]}
        key = f"{subject} {ae}"
        facts = {
            "subject": subject,
            "ae": ae,
            "occurred_at": a["onset_date"],
            "term": a["ctcae_v4_term"],
            "grade": a["grade"],
            "attribution": a["attribution"],
            "serious": a["serious"],
        }
        if medications and not a["controlled_date"]:
            facts |= {"intervention": True, "medications": medications}
        given = {c: a["onset_date"] <= ends[c] for c in ends}
        facts["action"] = {c: ACTIONS[taken[c]] if given[c] else "not_applicable" for c in ends}
        life.record(f"{key} reported", who, at(a["onset_date"], "13:00", key, 60), "adverse_event_reported", facts)

        if a["controlled_date"]:
            facts = {"subject": subject, "ae": ae, "occurred_at": a["controlled_date"]}
            facts |= {"intervention": True, "controlled": True, "medications": medications}
            recorded = at(a["controlled_date"], "14:10", key, 30)
            life.record(f"{key} controlled", who, recorded, "adverse_event_updated", facts)

        known = a["end_date"] or s["death"]["date"]
        facts = {"subject": subject, "ae": ae, "occurred_at": known, "outcome": OUTCOMES[a["outcome"]]}
        if a["end_date"]:
            facts["ended_at"] = a["end_date"]
        life.record(f"{key} outcome", "coordinator", at(known, "15:00", key, 45), "adverse_event_updated", facts)

    if s["death"]:
        assert s["death"]["cause"] == "HCC progression" and not s["death"]["related_to_protocol_treatment"], subject
        key, day = f"{subject} death", s["death"]["date"]
        facts = {"subject": subject, "occurred_at": day, "cause": "disease", "relation": "unrelated"}
        life.record(key, investigator(s), at(day, "16:00", key, 45), "death_recorded", facts)


def response(life, s):
    """Lesions as measured, progression, contacts, tumour marker."""
    subject = s["id"]
    for visit in s["tumour_assessments"]:
        day, key = visit["date"], f"{subject} images {visit['date']}"
        targets = [
            {member: t[member] for member in ("lesion", "site", "in_field")} | {"diameter": quantity(t["diameter_mm"], "mm")}
            for t in visit["target_lesions"]
        ]
        facts = {"subject": subject, "occurred_at": day, "method": "CT", "targets": targets}
        if visit["non_target"]:
            seen = visit["non_target"]
            facts["non_targets"] = [NON_TARGETS[t["lesion"]] | {"status": STATUSES[t["status"]]} for t in seen]
        if visit["new_lesions"]:
            facts["new_lesions"] = [NEW_LESIONS[t] | {"certainty": "unequivocal"} for t in visit["new_lesions"]]
        # Images of before consent are read into the trial only after it.
        recorded = at(max(day, s["consent_date"]), "16:00", key, 45)
        life.record(key, "radiologist", recorded, "tumour_assessed", facts)

    if s["progression"]:
        key, day = f"{subject} progression", s["progression"]["date"]
        facts = {"subject": subject, "occurred_at": day, "basis": "radiological"}
        life.record(key, investigator(s), at(day, "17:00", key, 30), "progression_recorded", facts)

    for day in s["contacts"]:
        key = f"{subject} contact {day}"
        facts = {"subject": subject, "occurred_at": day, "status": "alive"}
        life.record(key, "coordinator", at(day, "09:00", key, 45), "followed_up", facts)

    for marker in s["afp_follow_up_ng_ml"]:
        laboratory(life, subject, marker["date"], "AFP", str(marker["value"]), "ng/mL", "11:40")


def decisions(life, trial_events):
    """The committee's decisions: escalate twice, then declare the maximum tolerated dose."""
    for e in trial_events:
        if e["type"] == "escalation_decision":
            facts = {"at_level": e["from_level"], "action": "escalate", "level": e["to_level"], "places": 3}
        elif e["type"] == "mtd_declared":
            facts = {"at_level": e["dose_level"], "action": "stop_mtd", "level": e["dose_level"], "places": 0}
        else:
            continue
        decided = clock(e["date"], "14:00")
        facts = {"occurred_at": decided.isoformat(), **facts, "conformity": "rule"}
        key = f"decision {e['date']}"
        life.record(key, "safety-committee", later(decided, key), "escalation_decided", facts)
        if e["type"] == "mtd_declared":
            declared = decided + timedelta(minutes=30)
            key = f"mtd {e['date']}"
            facts = {"occurred_at": declared.isoformat(), "level": e["dose_level"]}
            life.record(key, "safety-committee", later(declared, key), "mtd_declared", facts)


def find(life, key):
    return next(d for d in life.drafts if d["key"] == key)


def slip(life, key, field, wrong, by, recorded_at, reason):
    """Makes the draft wrong at first, and adds the correction that puts it right."""
    draft = find(life, key)
    *path, last = field.split("/")[1:]
    holder = draft["event"]
    for member in path:
        holder = holder[member]
    last = int(last) if isinstance(holder, list) else last
    right, holder[last] = holder[last], wrong
    facts = {"field": field, "old": wrong, "new": right}
    life.record(f"{key} corrected", by, recorded_at, "entry_corrected", facts, reason=reason, target=key)


def real_life(life):
    """Slips and their repair; none changes a published number."""
    slip(
        life, "RECON-003 CREAT 2016-11-28", "/value", "9.0", "coordinator", at("2016-11-29", "10:10", "slip 1", 5),
        "decimal point misplaced when typed in: the laboratory sheet says 0.9 mg/dL (synthetic)",
    )
    slip(
        life, "RECON-004 AE05 controlled", "/medications/1", "candesartan", "investigator-2", at("2017-06-29", "11:20", "slip 2", 5),
        "wrong drug chosen from the list: the chart says losartan (synthetic)",
    )

    late = find(life, "RECON-007 contact 2018-06-19")
    late["recorded_at"] = at("2018-06-28", "09:40", "late", 5)
    late["reason"] = "late entry: the visit of 19 June was found on the paper list nine days later (synthetic)"

    once = find(life, "RECON-006 contact 2017-10-11")
    key = "RECON-006 contact 2017-10-11 again"
    facts = {member: value for member, value in once["event"].items() if member not in ("type", "version")}
    life.record(key, "coordinator", at("2017-10-12", "09:05", key, 5), "followed_up", facts)
    reason = "duplicate: the same visit was already recorded on 11 October (synthetic)"
    life.record(f"{key} voided", "coordinator", at("2017-10-13", "09:30", key, 5), "entry_voided", {}, reason=reason, target=key)

    signed = clock("2016-12-14", "16:00")
    key = "RECON-001 signed off"
    facts = {"subject": "RECON-001", "occurred_at": signed.isoformat(), "milestone": "end-of-treatment"}
    life.record(key, "investigator-1", later(signed, key), "signed_off", facts)


def moment(text):
    """The earliest instant that a moment of the cohort can mean."""
    return datetime.fromisoformat(text) if "T" in text else datetime.combine(date.fromisoformat(text), time(), TAIPEI)


def check(lines):
    """Fails if the drafts cannot have been recorded so."""
    consented, enrolled, died, before = {}, {}, {}, moment("2016-10-10T10:00:00+08:00")
    for n, line in enumerate(lines, 1):
        event, recorded = line["event"], datetime.fromisoformat(line["recorded_at"])
        subject, kind = event.get("subject"), event["type"]
        assert before <= recorded, f"line {n} is recorded before the line above it"
        before = recorded
        if "occurred_at" in event:
            assert moment(event["occurred_at"]) <= recorded, f"line {n} is recorded before it occurred"
        if kind == "consent_given":
            consented[subject] = recorded
        elif subject:
            assert subject in consented, f"line {n} is recorded before consent"
        if kind == "subject_enrolled":
            enrolled[subject] = moment(event["occurred_at"])
        if kind in ("dose_taken", "fraction_delivered"):
            assert enrolled[subject] < moment(event["occurred_at"]), f"line {n} is before enrolment"
        assert subject not in died, f"line {n} is recorded after death"
        if kind == "death_recorded":
            died[subject] = recorded
        if kind in ("entry_corrected", "entry_voided"):
            assert 1 <= line["target_line"] < n and line["reason"], f"line {n} has no earlier target or no reason"


def main():
    cohort = json.loads((HERE / "cohort.json").read_text(encoding="utf-8"))
    assert cohort["label"].startswith("SYNTHETIC")
    life = Life()
    for subject in cohort["subjects"]:
        for part in (opening, treatment, safety, response):
            part(life, subject)
    decisions(life, cohort["trial_events"])
    real_life(life)
    lines = list(life.lines())
    check(lines)
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    path = HERE / "drafts.jsonl"
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if path.read_text(encoding="utf-8") == text else "drafts.jsonl is stale: run make_drafts.py")
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
