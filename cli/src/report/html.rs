//! HTML: the few shapes that every section of the page is made of.
//!
//! Promises lines (a table row is one line, so that neighbouring dates share most of them), everything escaped by
//! construction, and numbers that carry their full value and their path into `trial replay --json` beside what is shown.

use maud::{Markup, html};
use std::fmt::Display;

/// Lines of HTML.
pub type Lines = Vec<String>;

/// To which side a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

impl Side {
    fn class(self) -> Option<&'static str> {
        match self {
            Side::Left => None,
            Side::Right => Some("n"),
        }
    }
}

/// A number: as shown, with its value in full and where `trial replay --json` has it (a JSON pointer).
pub fn number(path: impl Display, value: impl Display, shown: impl Display) -> Markup {
    html! { data value=(value) data-n=(path) { (shown) } }
}

/// A count: shown as it is.
pub fn count(path: impl Display, value: impl Display) -> Markup {
    number(path, &value, &value)
}

/// A number that may not be there.
pub fn maybe<T: Display + Copy>(path: impl Display, value: Option<T>, shown: impl Fn(T) -> String) -> Markup {
    match value {
        Some(value) => number(path, value, shown(value)),
        None => words("\u{2013}"),
    }
}

/// Text. An identifier or a day stays on one line: browsers would break it at its hyphen.
pub fn words(text: impl Display) -> Markup {
    const LONGEST: usize = 24;
    let text = text.to_string();
    let whole = text.contains('-') && !text.contains(char::is_whitespace) && text.chars().count() <= LONGEST;
    html! { @if whole { span.one { (text) } } @else { (text) } }
}

/// Text in a tone: `state`, `fault` or `care`; the words say it too.
pub fn toned(tone: &str, text: impl Display) -> Markup {
    html! { span class=(tone) { (text.to_string()) } }
}

/// A paragraph.
pub fn paragraph(content: &Markup) -> String {
    html! { p { (content) } }.into_string()
}

/// Terms and what they are, one line each.
pub fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, Markup)>) -> Lines {
    let each = pairs.into_iter().map(|(term, what)| html! { div { dt { (term) } dd { (what) } } }.into_string());
    framed("<dl>", each, "</dl>")
}

/// A table: caption, headings, rows; the first cell of a row names it.
pub fn table(caption: &str, columns: &[(&str, Side)], rows: impl IntoIterator<Item = Vec<Markup>>) -> Lines {
    let head = html! {
        thead { tr { @for (heading, side) in columns { th scope="col" class=[side.class()] { (heading) } } } }
    };
    let row = |cells: Vec<Markup>| {
        let cells = cells.iter().zip(columns).enumerate();
        html! {
            tr { @for (index, (cell, (_, side))) in cells {
                @if index == 0 { th scope="row" class=[side.class()] { (cell) } } @else { td class=[side.class()] { (cell) } }
            } }
        }
        .into_string()
    };
    let region = html! { div.wide tabindex="0" role="region" aria-label=(caption) {} }.into_string();
    let open = html! { caption { span { (caption) } } (head) }.into_string();
    framed(
        &region.replace("</div>", "<table>"),
        [open, "<tbody>".to_owned()].into_iter().chain(rows.into_iter().map(row)),
        "</tbody></table></div>",
    )
}

/// How much of a wide page a figure takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// One of two columns.
    Column,
    /// All of it.
    Page,
}

/// A figure around an SVG, which has one element a line already. Names are identifiers.
pub fn figure(name: &str, span: Span, svg: &str) -> Lines {
    let class = match span {
        Span::Column => None,
        Span::Page => Some("broad"),
    };
    let whole = html! { figure class=[class] data-name=(name) {} }.into_string();
    framed(whole.trim_end_matches("</figure>"), svg.lines().map(str::to_owned), "</figure>")
}

fn framed(open: &str, lines: impl IntoIterator<Item = String>, close: &str) -> Lines {
    [open.to_owned()].into_iter().chain(lines).chain([close.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_shown_is_escaped() {
        let hostile = "<script>alert(1)</script>\"'&";
        let lines = table(hostile, &[(hostile, Side::Left)], [vec![words(hostile)], vec![count(hostile, hostile)]]);
        let text = lines.concat() + &pairs([(hostile, toned("care", hostile))]).concat() + &paragraph(&words(hostile));
        assert!(!text.contains("<script"), "{text}");
        assert_eq!(text.matches("&lt;script&gt;").count(), 10, "{text}");
    }

    #[test]
    fn an_identifier_or_a_day_stays_on_one_line_and_a_sentence_does_not() {
        assert_eq!(words("RECON-001").into_string(), "<span class=\"one\">RECON-001</span>");
        assert_eq!(words("non-responders of 9").into_string(), "non-responders of 9");
    }

    #[test]
    fn a_table_has_one_line_for_each_row() {
        let rows = (0..3).map(|n| vec![words("a"), count(format!("/n/{n}"), n)]);
        let lines = table("t", &[("what", Side::Left), ("n", Side::Right)], rows);
        assert_eq!(lines.len(), 3 + 4);
        assert!(lines[3].starts_with("<tr><th scope=\"row\">a</th><td class=\"n\"><data value=\"0\""), "{}", lines[3]);
    }
}
