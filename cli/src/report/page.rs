//! Page: the HTML around the sections, the entries and the film; written as a stream.
//!
//! Promises one file without any address in it, a policy that allows the page's own script and style by their hashes
//! and nothing else, and entries that stand in it as they stand in the log but for one letter: `<` is written as a tab,
//! which canonical JSON never holds, so that no entry can end the element it stands in.

use super::{
    film::Film,
    section::{SECTIONS, Section},
};
use crate::{error::CliError, output, plot::palette, render::cut, session::Session};
use base64::{Engine as _, engine::general_purpose::STANDARD, write::EncoderWriter};
use flate2::{Compression, write::GzEncoder};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::json;
use std::{collections::BTreeMap, io::Write};
use trial_core::{authority, entry::Role, event::EventKind, view::replay::CutLine};
use trial_ledger::hash;

const LAYOUT: &str = include_str!("page.css");
/// The verifier: docs/format.md once more, in the order in which its parts build on each other.
const VERIFIER: &str = concat!(
    include_str!("verifier/canonical.js"),
    include_str!("verifier/ed25519.js"),
    include_str!("verifier/note.js"),
    include_str!("verifier/log.js")
);
const SCRIPT: &str = include_str!("page.js");

/// A page being written.
pub struct Page<'a> {
    out: &'a mut dyn Write,
}

/// The hash of a script or style as a policy names it (Content Security Policy level 3, section 2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(hash::sha256(&[text.as_bytes()]).0))
}

fn script() -> String {
    format!("{VERIFIER}{SCRIPT}")
}

/// The layout, with the colours of the plots for light and dark.
fn layout() -> String {
    let colours = palette::SERIES.iter().chain(&palette::OTHERS);
    let each = colours.map(|c| format!("  --{}: light-dark({}, {});\n", c.name, c.light, c.dark));
    format!(":root {{\n{}}}\n{LAYOUT}", each.collect::<String>())
}

/// What the page's script may load and run: itself.
fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {} {}; img-src data: blob:; base-uri 'none'; form-action 'none'",
        source(&script()),
        source(&layout()),
        source(&palette::style())
    )
}

/// The tables that the verifier in the page needs: docs/format.md sections 7, 9 and 10.
fn rules() -> serde_json::Value {
    let kinds = |which: fn(EventKind) -> bool| -> Vec<&str> {
        EventKind::ALL.iter().filter(|kind| which(**kind)).map(|kind| kind.as_str()).collect()
    };
    let roles = |kind: &EventKind| authority::roles(*kind).iter().map(|role| role.as_str()).collect::<Vec<_>>();
    let authority: BTreeMap<&str, Vec<&str>> = EventKind::ALL.iter().map(|kind| (kind.as_str(), roles(kind))).collect();
    json!({
        "roles": Role::ALL.iter().map(|role| role.as_str()).collect::<Vec<_>>(),
        "authority": authority,
        "reasons": kinds(EventKind::needs_reason),
        "correctable": kinds(EventKind::is_correctable),
    })
}

impl<'a> Page<'a> {
    /// Writes all that stands before the entries.
    ///
    /// # Errors
    /// The page cannot be written.
    pub fn begin(session: &Session, out: &'a mut dyn Write) -> Result<Page<'a>, CliError> {
        let whole = document(session).into_string();
        let (before, _) = whole.split_once("</body>").expect("the page has a body");
        out.write_all(before.as_bytes())?;
        let zone = session.opened.zone.as_str();
        let cutoff = session.reading.cutoff;
        let settings = json!({ "rules": rules(), "zone": zone, "cutoff": cutoff });
        data(out, "settings", &settings.to_string())?;
        out.write_all(b"<script type=\"text/plain\" id=\"entries\">")?;
        Ok(Page { out })
    }

    /// Writes one entry line.
    ///
    /// # Errors
    /// The page cannot be written.
    pub fn entry(&mut self, line: &[u8]) -> Result<(), CliError> {
        let line: Vec<u8> = line.iter().map(|byte| if *byte == b'<' { b'\t' } else { *byte }).collect();
        self.out.write_all(&line)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    /// Writes the film and the script.
    ///
    /// # Errors
    /// The page cannot be written.
    pub fn end(self, film: &Film) -> Result<(), CliError> {
        self.out.write_all(b"</script><script type=\"text/plain\" id=\"film\">")?;
        let mut packed = GzEncoder::new(EncoderWriter::new(&mut *self.out, &STANDARD), Compression::best());
        serde_json::to_writer(&mut packed, film).map_err(|e| CliError::from(std::io::Error::from(e)))?;
        packed.finish()?.finish()?;
        let script = html! { script { (PreEscaped(script())) } }.into_string();
        self.out.write_all(b"</script>")?;
        self.out.write_all(script.as_bytes())?;
        self.out.write_all(b"</body></html>\n")?;
        Ok(())
    }
}

fn data(out: &mut dyn Write, id: &str, json: &str) -> Result<(), CliError> {
    // In a string of JSON, and only there, `<` can be written so.
    let json = json.replace('<', "\\u003c");
    write!(out, "<script type=\"application/json\" id=\"{id}\">{json}</script>")?;
    Ok(())
}

fn document(session: &Session) -> Markup {
    let cut = session.cut();
    let title = cut.title.clone().unwrap_or_default();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "trial " (env!("CARGO_PKG_VERSION")) };
                title { (session.opened.trial.to_string()) " \u{2013} " (title) }
                style { (PreEscaped(layout())) }
                style #plots { (PreEscaped(palette::style())) }
            }
            body {
                a.skip href="#status" { "Skip to the trial" }
                (banner(session, &cut))
                (navigator())
                main {
                    (contents())
                    @for section in SECTIONS { (frame(section)) }
                    (audit())
                    (integrity(&cut))
                }
                noscript { p.fault { "This page verifies and shows its entries with its own script, which is not allowed to run here." } }
            }
        }
    }
}

fn banner(session: &Session, cut: &CutLine) -> Markup {
    let warning = output::banner(session.opened.clock, session.opened.data);
    html! {
        header {
            @if let Some(warning) = warning {
                p.warning { strong { (warning) } " " (cut::warning_in_plain_words(cut)) }
            }
            h1 { (cut.title.as_deref().unwrap_or_default()) }
            div.top {
                p.sub {
                    (session.opened.trial.to_string())
                    @if let Some(registry) = &session.opened.registry { " \u{b7} " (registry.to_string()) }
                    " \u{b7} " (session.opened.origin.to_string())
                }
                button #theme type="button" { "Light or dark" }
            }
            p #verdict role="status" data-verdict="waiting" { "The entries are not verified yet." }
            progress #checking max="1" value="0" hidden {}
        }
    }
}

/// The slider over the dates, with the cut that is shown.
fn navigator() -> Markup {
    html! {
        nav #dates aria-label="Date" {
            div.dates {
                button #earlier type="button" aria-label="Earlier date" { "\u{2039}" }
                label {
                    span { "Known on " }
                    output #day {}
                    input #date type="range" min="0" max="0" value="0" step="1" aria-label="Date";
                }
                button #later type="button" aria-label="Later date" { "\u{203a}" }
            }
            p #cut {}
            p #state {}
            p.hint { "Arrow keys move the date; what differs from the date before is marked " span.moved { "so" } "." }
        }
    }
}

/// Links to the sections.
fn contents() -> Markup {
    html! {
        nav.contents aria-label="Sections" {
            ul {
                @for Section { id, title, .. } in SECTIONS { li { a href={ "#" (id) } { (title) } } }
                li { a href="#audit" { "Audit trail" } }
                li { a href="#integrity" { "Integrity" } }
            }
        }
    }
}

fn frame(section: &Section) -> Markup {
    html! {
        section id=(section.id) aria-labelledby={ (section.id) "-title" } {
            h2 id={ (section.id) "-title" } { (section.title) }
            div.content {}
        }
    }
}

fn audit() -> Markup {
    html! {
        section #audit aria-labelledby="audit-title" {
            h2 #audit-title { "Audit trail" }
            div.filters {
                label { "Search " input #search type="search" placeholder="name, subject, event, value, reason"; }
                output #found {}
            }
            div.wide tabindex="0" role="region" aria-label="Audit trail" {
                table #trail {
                    thead { tr {
                        @for (key, heading) in
                            [("seq", "Entry"), ("at", "When"), ("who", "Who"), ("what", "What"), ("old", "Old"), ("new", "New"), ("why", "Why")]
                        {
                            th scope="col" aria-sort="none" { button type="button" data-key=(key) { (heading) } }
                        }
                    } }
                    tbody {}
                }
            }
            button #more type="button" hidden { "Show more" }
        }
    }
}

fn integrity(cut: &CutLine) -> Markup {
    html! {
        section #integrity aria-labelledby="integrity-title" {
            h2 #integrity-title { "Integrity" }
            p {
                "This page carries all " (cut.entries) " entries up to its cut, byte for byte as they were signed. Your browser "
                "checks canonical form, every hash, link and signature, who might sign what and where, corrections, witnessed "
                "checkpoints and the order of time, and says only what it has computed. It does not check the shape of the "
                "facts: " code { "trial verify" } " does. The numbers and figures were computed from these entries by trial "
                (env!("CARGO_PKG_VERSION")) "; " code { "trial report" } " on the same ledger writes the same file again, byte for byte."
            }
            p { button #verify type="button" { "Verify again" } }
            dl #claims {}
            p.screen {
                label { "Compare with a checkpoint that you hold: " input #checkpoint type="file"; }
                " (or drop the file anywhere on the page)"
            }
            p #extends role="status" {}
            p { button #download type="button" { "Save the entries (JSON Lines)" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_cannot_end_the_elements_they_stand_in() {
        assert!(!script().to_ascii_lowercase().contains("</script"));
        assert!(!script().contains("<!--"));
        assert!(!layout().to_ascii_lowercase().contains("</style"));
    }

    #[test]
    fn no_handler_stands_in_the_markup_and_nothing_is_fetched() {
        for word in ["onclick", "onload", "onerror", "javascript:", "http://", "https://", "style="] {
            assert!(!SCRIPT.contains(word) && !LAYOUT.contains(word) && !VERIFIER.contains(word), "{word}");
        }
    }
}
