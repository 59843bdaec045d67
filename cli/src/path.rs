//! Paths into a JSON answer: `response.overall.rate`, `survival.log_rank[endpoint=os,by=responder].p`.
//!
//! A step is a member's name; in brackets stand conditions on the elements of a list. Dots and slashes are the same.

use serde_json::Value;

/// What a path leads to.
///
/// # Errors
/// What there is at the step that leads nowhere.
pub fn find<'a>(value: &'a Value, path: &str) -> Result<&'a Value, String> {
    steps(path).into_iter().try_fold(value, |here, step| {
        let (member, conditions) = parts(step);
        let missing = || match here {
            Value::Object(members) => {
                let known: Vec<&str> = members.keys().map(String::as_str).collect();
                format!("{path}: there is no {member}; there is {}", known.join(", "))
            }
            Value::Array(_) => format!("{path}: {member} comes after a list: pick an element with [member=value]"),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                format!("{path}: there is nothing below {here}")
            }
        };
        let found = here.get(member).ok_or_else(missing)?;
        if conditions.is_empty() {
            return Ok(found);
        }
        let holds = |element: &&Value| conditions.iter().all(|(name, wanted)| is(element.get(name), wanted));
        let none = || format!("{path}: no element of {member} is so");
        found.as_array().into_iter().flatten().find(holds).ok_or_else(none)
    })
}

/// All conditions in a path.
pub fn conditions(path: &str) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    steps(path).into_iter().flat_map(|step| parts(step).1).map(owned).collect()
}

fn parts(step: &str) -> (&str, Vec<(&str, &str)>) {
    let (member, inside) = step.strip_suffix(']').and_then(|s| s.split_once('[')).unwrap_or((step, ""));
    (member, inside.split(',').filter_map(|c| c.split_once('=')).collect())
}

fn is(found: Option<&Value>, wanted: &str) -> bool {
    found.is_some_and(|v| match v {
        Value::String(text) => text == wanted,
        other => other.to_string().as_str() == wanted,
    })
}

/// The steps of a path; a dot or slash inside brackets belongs to the value.
fn steps(path: &str) -> Vec<&str> {
    let mut inside = false;
    path.split(|c| {
        inside = (inside || c == '[') && c != ']';
        matches!(c, '/' | '.') && !inside
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_goes_through_members_and_picks_elements() {
        let value =
            json!({ "rows": [{ "label": "a.b/c", "by": "x", "n": 1 }, { "label": "a.b/c", "by": "y", "n": 2 }] });
        assert_eq!(find(&value, "rows[label=a.b/c,by=y].n"), Ok(&json!(2)));
        assert_eq!(find(&value, "rows[label=a.b/c]/n"), Ok(&json!(1)));
        assert!(find(&value, "rows[label=z]").unwrap_err().contains("no element"));
        assert!(find(&value, "lines").unwrap_err().contains("there is rows"));
        assert_eq!(conditions("rows[label=a.b/c,by=y].n").len(), 2);
    }
}
