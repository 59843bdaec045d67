//! The schema files and the events page: up to date, and of one mind with the types.
//!
//! `UPDATE=1 cargo test -p trial-cli --test stories` writes them anew.

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use trial_cli::{
    draft, examples,
    flags::{self, shape::Member, shape::Shape},
    page, schemas,
};
use trial_core::event::{Event, EventKind};

fn top(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}

/// Compares a committed file with what it should be, or writes it.
fn is_current(path: &str, content: &str) -> bool {
    let file = top(path);
    if std::env::var_os("UPDATE").is_some_and(|update| update == "1") {
        fs::create_dir_all(file.parent().expect("a file has a folder")).expect("the folder can be made");
        fs::write(&file, content).expect("the file can be written");
    }
    fs::read_to_string(file).is_ok_and(|found| found == content)
}

fn validator(schema: &Value) -> Validator {
    jsonschema::options().offline().build(schema).unwrap_or_else(|e| panic!("{}: {e}", schema["title"]))
}

fn schema(path: &str) -> Value {
    schemas::files().into_iter().find(|(name, _)| name == path).unwrap_or_else(|| panic!("no {path}")).1
}

#[test]
fn the_schema_files_are_what_the_types_say() {
    let files = schemas::files();
    let stale: Vec<_> =
        files.iter().filter(|(path, schema)| !is_current(&format!("schemas/{path}"), &schemas::text(schema))).collect();
    let stale: Vec<_> = stale.iter().map(|(path, _)| path).collect();
    assert!(stale.is_empty(), "stale, run again with UPDATE=1: {stale:?}");
    let committed = fs::read_dir(top("schemas/events")).unwrap().count();
    assert_eq!(committed, EventKind::ALL.len(), "a schema file of an event that is no more");
}

#[test]
fn the_events_page_is_what_the_types_say() {
    assert!(is_current("docs/events.md", &page::events()), "stale, run again with UPDATE=1");
}

#[test]
fn every_event_has_the_same_word_in_the_log_the_schemas_the_command_and_the_docs() {
    let page = page::events();
    for kind in EventKind::ALL {
        assert_eq!(schema(&format!("events/{kind}.json"))["title"], kind.as_str());
        assert!(top(&format!("schemas/events/{kind}.json")).is_file(), "{kind}: no schema file");
        assert!(top(&format!("schemas/examples/{kind}.json")).is_file(), "{kind}: no example");
        assert_eq!(examples::example(*kind)["type"], kind.as_str());
        assert_eq!(flags::command(*kind).get_name().replace('-', "_"), kind.as_str());
        assert!(page.lines().any(|line| line == format!("### {kind}")), "{kind}: no heading");
    }
    assert_eq!(page.matches("\n### ").count(), EventKind::ALL.len());
}

#[test]
fn every_schema_is_a_schema_and_says_what_each_member_means() {
    for (path, schema) in schemas::files() {
        jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{path}");
        assert!(schema.get("$id").is_none(), "{path}");
        assert!(schema["description"].is_string(), "{path}");
    }
    for kind in EventKind::ALL {
        for member in flags::shape::members(*kind) {
            assert!(!member.meaning.is_empty(), "{kind}: {}", member.name);
        }
    }
}

#[test]
fn every_example_fits_its_schema_and_its_type() {
    for kind in EventKind::ALL {
        let example = examples::example(*kind);
        let validator = validator(&kind.schema().to_value());
        validator.validate(&example).unwrap_or_else(|e| panic!("{kind}: {}: {e}", e.instance_path()));
        assert_eq!(Event::from_value(example.clone()).unwrap().to_value(), example, "{kind}");
    }
}

/// A way to break an event, and where.
struct Mutation {
    what: String,
    event: Value,
}

/// Breaks an event in every place: members added, removed, of another type, numbers beyond their bounds.
fn mutations(kind: EventKind) -> Vec<Mutation> {
    let example = examples::example(kind);
    let mut found = Vec::new();
    let root = Shape::Object(flags::shape::members(kind));
    broken(&root, &example, &mut |what, event| found.push(Mutation { what: format!("{kind}{what}"), event }));
    for (member, value) in [("type", json!("no_such_event")), ("type", json!(1)), ("version", json!(2))] {
        let mut event = example.clone();
        event[member] = value;
        found.push(Mutation { what: format!("{kind}/{member} changed"), event });
        let mut event = example.clone();
        event.as_object_mut().expect("an event is an object").remove(member);
        found.push(Mutation { what: format!("{kind}/{member} removed"), event });
    }
    found
}

/// Hands out each broken form of `value`, with the pointer and what was done.
fn broken(shape: &Shape, value: &Value, out: &mut dyn FnMut(String, Value)) {
    for wrong in wrong_values(shape) {
        out(format!(" = {wrong}"), wrong);
    }
    match shape {
        Shape::Object(members) => broken_members(members, value, out),
        Shape::Quantity(units) => {
            let mut surplus = value.clone();
            surplus["surplus"] = json!(1);
            out("/surplus added".into(), surplus);
            let mut unitless = value.clone();
            unitless.as_object_mut().expect("a quantity is an object").remove("unit");
            out("/unit removed".into(), unitless);
            out(
                "/unit = furlong".into(),
                json!({ "value": "1", "unit": if units.is_empty() { "" } else { "furlong" } }),
            );
            out("/value = 1,5".into(), json!({ "value": "1,5", "unit": value["unit"] }));
        }
        Shape::List(item) => {
            for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
                broken(item, inner, &mut |what, wrong| {
                    let mut list = value.clone();
                    list[i] = wrong;
                    out(format!("/{i}{what}"), list);
                });
            }
        }
        Shape::Map(item) => {
            for (name, inner) in value.as_object().into_iter().flatten() {
                broken(item, inner, &mut |what, wrong| {
                    let mut map = value.clone();
                    map[name] = wrong;
                    out(format!("/{name}{what}"), map);
                });
            }
            let mut misnamed = value.clone();
            misnamed["no name"] = value.as_object().and_then(|map| map.values().next()).cloned().unwrap_or_default();
            out("/no name added".into(), misnamed);
        }
        Shape::Text(_)
        | Shape::Integer { .. }
        | Shape::Boolean
        | Shape::Word(_)
        | Shape::CategoryOrQuantity
        | Shape::Json => {}
    }
}

fn broken_members(members: &[Member], value: &Value, out: &mut dyn FnMut(String, Value)) {
    let mut surplus = value.clone();
    surplus["surplus"] = json!(1);
    out("/surplus added".into(), surplus);
    for member in members {
        let Some(inner) = value.get(&member.name) else { continue };
        if member.required {
            let mut removed = value.clone();
            removed.as_object_mut().expect("it has members").remove(&member.name);
            out(format!("/{} removed", member.name), removed);
            if member.shape != Shape::Json {
                let mut null = value.clone();
                null[&member.name] = Value::Null;
                out(format!("/{} = null", member.name), null);
            }
        }
        broken(&member.shape, inner, &mut |what, wrong| {
            let mut changed = value.clone();
            changed[&member.name] = wrong;
            out(format!("/{}{what}", member.name), changed);
        });
    }
}

/// Values of another type, and numbers just beyond the bounds.
fn wrong_values(shape: &Shape) -> Vec<Value> {
    use flags::{read::nearest, shape::Spelling};
    match shape {
        Shape::Text(Spelling::Free) => vec![json!(7), json!({}), json!([])],
        Shape::Text(_) => vec![json!(7), json!({}), json!("no such spelling!"), json!("")],
        Shape::Integer { min, max } => {
            let beyond = |bound: i64| if bound.abs() < 1000 { vec![bound] } else { vec![] };
            let numbers = [beyond(min - 1), beyond(max + 1)].concat().into_iter().map(Value::from);
            numbers.chain([json!("1"), json!(true), json!([1]), json!(1.5)]).collect()
        }
        Shape::Boolean => vec![json!("true"), json!(1), json!({})],
        Shape::Word(words) => {
            let upper = words[0].word.to_uppercase();
            assert_ne!(nearest(&upper, words.iter().map(|w| w.word.as_str())), Some(upper.clone()));
            vec![json!(upper), json!(0), json!([]), json!("")]
        }
        Shape::Quantity(_) | Shape::Object(_) => vec![json!("1 mg"), json!(1), json!([])],
        Shape::CategoryOrQuantity => {
            vec![
                json!(7),
                json!([]),
                json!({}),
                json!("no category"),
                json!({ "value": "1" }),
                json!({ "value": "1", "unit": "cm", "surplus": 1 }),
            ]
        }
        Shape::List(_) => vec![json!({}), json!("a"), json!(1)],
        Shape::Map(_) => vec![json!([]), json!("a=b"), json!(1)],
        Shape::Json => vec![],
    }
}

#[test]
fn schema_and_type_refuse_the_same_mutations() {
    let mut tried = 0;
    let mut differ = Vec::new();
    for kind in EventKind::ALL {
        let validator = validator(&kind.schema().to_value());
        for Mutation { what, event } in mutations(*kind) {
            tried += 1;
            // As it stands: what is read but would be written otherwise is not what anybody signs.
            let types = Event::from_value(event.clone()).is_ok_and(|read| read.to_value() == event);
            let schema = validator.is_valid(&event);
            if schema || types {
                differ.push(format!("{what}: schema takes it: {schema}, type takes it: {types}"));
            }
        }
    }
    assert!(differ.is_empty(), "{} of {tried}:\n{}", differ.len(), differ.join("\n"));
    assert!(tried > 1000, "only {tried} tried");
}

/// The draft schema with the event schemas where its references look for them.
fn with_drafts(check: impl FnOnce(&Validator)) {
    let base = "https://schemas.invalid/";
    let mut registry = Registry::new();
    for (path, schema) in schemas::files() {
        registry = registry.add(format!("{base}{path}"), schema).expect("the address is one");
    }
    let registry = registry.prepare().expect("every reference is found");
    let root = json!({ "$ref": format!("{base}draft.json") });
    check(&jsonschema::options().with_registry(&registry).build(&root).expect("the schema is one"));
}

#[test]
fn the_draft_schema_takes_every_template_and_every_draft_of_the_demonstration() {
    with_drafts(|validator| {
        for kind in EventKind::ALL {
            let value: Value = serde_json::from_str(&draft::template(*kind)).unwrap();
            validator.validate(&value).unwrap_or_else(|e| panic!("{kind}: {}: {e}", e.instance_path()));
        }
        for (n, line) in fs::read_to_string(top("cli/demo/drafts.jsonl")).unwrap().lines().enumerate() {
            let value: Value = serde_json::from_str(line).unwrap();
            validator.validate(&value).unwrap_or_else(|e| panic!("line {}: {}: {e}", n + 1, e.instance_path()));
        }
    });
}

#[test]
fn the_draft_schema_and_the_reader_refuse_the_same_drafts() {
    let voided = json!({ "event": { "type": "entry_voided", "version": 1 }, "reason": "twice" });
    let with = |draft: &Value, pointer: &str, value: Value| {
        let mut draft = draft.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        draft.pointer_mut(parent).unwrap()[name] = value;
        draft
    };
    let dose = json!({ "event": examples::example(EventKind::DoseTaken) });
    let mtd = json!({ "event": examples::example(EventKind::MtdDeclared) });
    let mut without_basis = mtd.clone();
    without_basis["event"].as_object_mut().unwrap().remove("basis");
    with_drafts(|validator| {
        for (draft, fits) in [
            (dose.clone(), true),
            (with(&dose, "/by", json!("pharmacist")), true),
            (with(&dose, "/by", json!(1)), false),
            (with(&dose, "/bye", json!("pharmacist")), false),
            (with(&dose, "/target_line", json!(1)), false),
            (with(&dose, "/reason", json!("")), false),
            (with(&dose, "/event/grade", json!(1)), false),
            (with(&dose, "/event/type", json!("dose_takn")), false),
            (with(&voided, "/target_line", json!(1)), true),
            (with(&voided, "/target_line", json!(0)), false),
            (with(&voided, "/event/target", json!(1)), true),
            (with(&with(&voided, "/event/target", json!(1)), "/target_line", json!(1)), false),
            (voided.clone(), false),
            (mtd.clone(), true),
            (without_basis.clone(), true),
            (with(&without_basis, "/event/level", json!(100)), false),
            (json!({}), false),
            (json!([]), false),
        ] {
            assert_eq!(validator.is_valid(&draft), fits, "schema: {draft}");
            assert_eq!(draft::Draft::parse(9, draft.to_string().as_bytes()).is_ok(), fits, "reader: {draft}");
        }
    });
}

#[test]
fn the_envelope_schema_takes_the_golden_chain_and_refuses_what_is_no_envelope() {
    let golden: Value =
        serde_json::from_str(&fs::read_to_string(top("tests/vectors/golden_chain.json")).unwrap()).unwrap();
    let validator = validator(&schema("envelope.json"));
    for entry in golden["entries"].as_array().unwrap() {
        let line: Value = serde_json::from_str(entry["line"].as_str().unwrap()).unwrap();
        validator.validate(&line).unwrap_or_else(|e| panic!("{}: {}: {e}", entry["seq"], e.instance_path()));
        for (pointer, value) in [
            ("/body/v", json!(2)),
            ("/body/prev", json!("00")),
            ("/body/recorded_at", json!("2016-10-10T01:00:00Z")),
            ("/body/signer/role", json!("king")),
            ("/body/signer/site", json!("no site")),
            ("/body/surplus", json!(1)),
            ("/body/countersigners", json!([])),
            ("/body/reason", json!("")),
            ("/signatures", json!([])),
            ("/signatures/0/alg", json!("none")),
            ("/surplus", json!(1)),
        ] {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let mut changed = line.clone();
            match changed.pointer_mut(parent).unwrap() {
                Value::Object(members) => members.insert(name.to_owned(), value),
                other => panic!("{parent} is {other}"),
            };
            assert!(!validator.is_valid(&changed), "{pointer}");
        }
    }
}

#[test]
fn the_protocol_schema_takes_the_example_protocols() {
    let validator = validator(&schema("protocol.json"));
    let mut seen = 0;
    for file in fs::read_dir(top("schemas/examples/protocols")).unwrap() {
        let path = file.unwrap().path();
        let protocol: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        validator.validate(&protocol).unwrap_or_else(|e| panic!("{path:?}: {}: {e}", e.instance_path()));
        seen += 1;
    }
    assert!(seen > 0);
}
