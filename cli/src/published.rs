//! Published numbers beside replayed ones. What is published, and where a replay says the same, is data.

use crate::{error::CliError, path::find};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets::NOTHING};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use trial_core::{date::MONTH_DAYS, view::replay::Replay};

/// What a publication printed.
#[derive(Debug, Deserialize)]
pub struct Published {
    /// The publication.
    pub source: String,
    table2_columns: Vec<String>,
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    item: String,
    label: String,
    #[serde(rename = "where")]
    place: String,
    published: Value,
    #[serde(default)]
    note: Option<String>,
    /// The publication contradicts itself here, as the note says: nothing can be equal to what it printed.
    #[serde(default)]
    contradicts_itself: bool,
    replayed: Replayed,
}

/// Where a replay says the same, and how the publication would print it.
#[derive(Debug, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case", deny_unknown_fields)]
enum Replayed {
    /// The sum of some counts.
    Sum { at: Vec<String> },
    /// The sum of some counts in percent of another.
    Percent { decimals: usize, at: Vec<String>, of: String },
    /// A share of 1, printed in percent.
    FractionPercent { decimals: usize, at: Vec<String> },
    /// `median (smallest-largest)`.
    MedianRange { at: Vec<String> },
    /// Numbers in a row.
    List { at: Vec<String> },
    /// Words in any order.
    Set { at: Vec<String> },
    /// Numbers by name: the last step of each path where no names are given.
    Members {
        at: Vec<String>,
        #[serde(default)]
        names: Vec<String>,
    },
    /// A number, rounded.
    Number { decimals: usize, at: Vec<String> },
    /// Days, printed in months; `not reached` where there are none.
    Months { decimals: usize, at: Vec<String> },
    /// Words put together.
    Phrase { parts: Vec<Part> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    at: String,
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
    #[serde(default)]
    words: BTreeMap<String, String>,
    /// Only so many characters.
    #[serde(default)]
    first: Option<usize>,
}

/// A published number and the replayed one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its short name.
    pub item: String,
    /// What it is.
    pub label: String,
    /// Where it is printed.
    #[serde(rename = "where")]
    pub place: String,
    /// As published.
    pub published: Value,
    /// As replayed.
    pub replayed: Value,
    /// Whether they are the same.
    pub matches: bool,
    /// How it is meant; why they cannot be the same, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(skip)]
    explained: bool,
}

impl Compared {
    /// Whether a difference is explained by the publication itself.
    pub fn explained(&self) -> bool {
        self.explained
    }
}

/// Compares a replay with a publication.
///
/// # Errors
/// The data points to nothing in the replay.
pub fn compare(replay: &Replay, published: &Published) -> Result<Vec<Compared>, CliError> {
    let replay = serde_json::to_value(replay).map_err(|e| CliError::unknown(e.to_string()))?;
    let compare = |item: &Item| {
        let replayed = item.replayed.read(&replay).map_err(|e| CliError::unknown(format!("{}: {e}", item.item)))?;
        Ok(Compared {
            item: item.item.clone(),
            label: item.label.clone(),
            place: item.place.clone(),
            matches: same(&item.published, &replayed),
            published: item.published.clone(),
            replayed,
            note: item.note.clone(),
            explained: item.contradicts_itself,
        })
    };
    published.items.iter().map(compare).collect()
}

fn same(published: &Value, replayed: &Value) -> bool {
    match (published.as_f64(), replayed.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => published == replayed,
    }
}

impl Replayed {
    fn read(&self, replay: &Value) -> Result<Value, String> {
        match self {
            Replayed::Sum { at } => Ok(json!(sum(replay, at)?)),
            Replayed::Percent { decimals, at, of } => {
                let share = 100.0 * sum(replay, at)? as f64 / number(replay, of)?;
                Ok(rounded(share, *decimals))
            }
            Replayed::FractionPercent { decimals, at } => Ok(rounded(100.0 * first(replay, at)?, *decimals)),
            Replayed::Number { decimals, at } => Ok(rounded(first(replay, at)?, *decimals)),
            Replayed::MedianRange { at } => {
                let numbers = numbers(replay, at)?;
                match numbers[..] {
                    [median, low, high] => Ok(json!(format!("{median} ({low}-{high})"))),
                    _ => Err("expected a median, a smallest and a largest value".into()),
                }
            }
            Replayed::List { at } => {
                Ok(at.iter().map(|path| find(replay, path).cloned()).collect::<Result<Value, _>>()?)
            }
            Replayed::Set { at } => {
                let mut words = Vec::new();
                for path in at {
                    words.extend(find(replay, path)?.as_array().into_iter().flatten().cloned());
                }
                words.sort_by_key(|word| word.to_string());
                Ok(Value::Array(words))
            }
            Replayed::Members { at, names } => {
                let last = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
                let mut members = Map::new();
                for (i, path) in at.iter().enumerate() {
                    let name = names.get(i).cloned().unwrap_or_else(|| last(path));
                    members.insert(name, find(replay, path)?.clone());
                }
                Ok(Value::Object(members))
            }
            Replayed::Months { decimals, at } => match at.first().map(|path| find(replay, path)).transpose()? {
                Some(Value::Null) | None => Ok(json!("not reached")),
                Some(days) => Ok(rounded(days.as_f64().unwrap_or(f64::NAN) / MONTH_DAYS, *decimals)),
            },
            Replayed::Phrase { parts } => {
                let words: Result<Vec<String>, String> = parts.iter().map(|part| part.read(replay)).collect();
                Ok(json!(words?.concat()))
            }
        }
    }
}

impl Part {
    fn read(&self, replay: &Value) -> Result<String, String> {
        let value = find(replay, &self.at)?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), |n| n.to_string()),
            other => other.to_string(),
        };
        let text = self.words.get(&text).cloned().unwrap_or(text);
        let text = self.first.map_or(text.clone(), |n| text.chars().take(n).collect());
        Ok(format!("{}{text}{}", self.before, self.after))
    }
}

fn rounded(value: f64, decimals: usize) -> Value {
    // The printed form, read back: 66.66 becomes 66.7.
    format!("{value:.decimals$}").parse::<f64>().map_or(Value::Null, |n| json!(n))
}

fn sum(replay: &Value, at: &[String]) -> Result<u64, String> {
    at.iter().map(|path| find(replay, path)?.as_u64().ok_or(format!("{path} is no count"))).sum()
}

fn number(replay: &Value, path: &str) -> Result<f64, String> {
    find(replay, path)?.as_f64().ok_or(format!("{path} is no number"))
}

fn numbers(replay: &Value, at: &[String]) -> Result<Vec<f64>, String> {
    at.iter().map(|path| number(replay, path)).collect()
}

fn first(replay: &Value, at: &[String]) -> Result<f64, String> {
    at.first().map_or(Err("no path".into()), |path| number(replay, path))
}

/// The comparison as one table for each place in the publication.
pub fn text(compared: &[Compared], published: &Published) -> String {
    let mut places: Vec<&str> = compared.iter().map(|c| c.place.as_str()).collect();
    places.sort_by_key(|place| PRINTED_IN.iter().position(|p| p == place));
    places.dedup();
    let mut text = format!("{}\n", published.source);
    for place in places {
        let rows: Vec<&Compared> = compared.iter().filter(|c| c.place == place).collect();
        let columns = if place == "Table 2" {
            format!(" (columns: {})", published.table2_columns.join(", "))
        } else {
            String::new()
        };
        text.push_str(&format!("\n{place}{columns}\n{}\n", table(&rows)));
    }
    let same = compared.iter().filter(|c| c.matches).count();
    text.push_str(&format!("\n{same} of {} published numbers are replayed from the signed log\n", compared.len()));
    for c in compared.iter().filter(|c| !c.matches) {
        text.push_str(&format!("* {}: {}\n", c.label, c.note.as_deref().unwrap_or("differs")));
    }
    text
}

/// The order of the publication.
const PRINTED_IN: &[&str] = &["Table 1", "Table 2", "Table 3", "Endpoints", "Text and figures"];

fn table(rows: &[&Compared]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(crate::output::width()).unwrap_or(80));
    table.set_header(["", "published", "replayed", ""]);
    for c in rows {
        let mark = match (c.matches, c.explained()) {
            (true, _) => "=",
            (false, true) => "≠ *",
            (false, false) => "≠",
        };
        table.add_row([c.label.clone(), shown(&c.published), shown(&c.replayed), mark.to_owned()]);
    }
    for column in table.column_iter_mut().skip(1).take(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // A list of words is long, a list of numbers is one line.
        Value::Array(items) if items.iter().all(Value::is_string) => {
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        Value::Object(members) => {
            members.iter().map(|(name, v)| format!("{name} {}", shown(v))).collect::<Vec<_>>().join(", ")
        }
        Value::Number(n) => n.as_f64().map_or_else(|| n.to_string(), |n| n.to_string()),
        Value::Null | Value::Bool(_) => value.to_string(),
    }
}
