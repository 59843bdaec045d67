//! A decision table as the papers print it, in Markdown that also reads well in a terminal.

use super::super::table::{DecisionTable, Row, TableAction};

/// The rows of the table by threshold: `Escalate if DLTs <=`, `De-escalate if DLTs >=`, `Exclude if DLTs >=`, a column for
/// each number of evaluable subjects. A row given cell by cell has no thresholds: see [`cells`].
pub fn boundaries(table: &DecisionTable) -> String {
    let line = |name: &str, cell: &dyn Fn(&Row) -> Option<u8>| {
        let cells = table.rows.iter().map(|row| cell(row).map_or("-".to_owned(), |threshold| threshold.to_string()));
        (name.to_owned(), cells.collect())
    };
    laid_out(&[
        line("Evaluable subjects", &|row| Some(row.n)),
        line("Escalate if DLTs <=", &|row| row.escalate_if_at_most),
        line("De-escalate if DLTs >=", &|row| row.de_escalate_if_at_least),
        line("Exclude if DLTs >=", &|row| row.exclude_if_at_least),
    ])
}

/// Every cell as a letter: E escalate, S stay, D de-escalate, DU de-escalate and exclude; a row for each number of DLTs.
pub fn cells(table: &DecisionTable) -> String {
    let letter = |action: TableAction| match action {
        TableAction::Escalate => "E",
        TableAction::Stay => "S",
        TableAction::DeEscalate => "D",
        TableAction::DeEscalateAndExclude => "DU",
    };
    let head = ("DLTs".to_owned(), table.rows.iter().map(|row| row.n.to_string()).collect());
    let most = table.rows.last().map_or(0, |row| row.n);
    let line = |dlt: u8| {
        let cell = |row: &Row| if dlt > row.n { String::new() } else { letter(row.action(dlt.into())).to_owned() };
        (dlt.to_string(), table.rows.iter().map(cell).collect())
    };
    laid_out(&std::iter::once(head).chain((0..=most).map(line)).collect::<Vec<_>>())
}

/// A Markdown table whose columns stand under each other; the first line is its head.
fn laid_out(lines: &[(String, Vec<String>)]) -> String {
    let names = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let widest = lines.iter().flat_map(|(_, cells)| cells).map(String::len).max().unwrap_or(0).max(2);
    let mut text = String::new();
    for (index, (name, cells)) in lines.iter().enumerate() {
        let row: String = cells.iter().map(|cell| format!(" {cell:>widest$} |")).collect();
        text.push_str(&format!("| {name:<names$} |{row}\n"));
        if index == 0 {
            let rules = format!("{}:|", "-".repeat(widest + 1)).repeat(cells.len());
            text.push_str(&format!("|{}|{rules}\n", "-".repeat(names + 2)));
        }
    }
    text
}
