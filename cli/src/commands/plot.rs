//! `trial plot`: a view as a picture, or its numbers.

use super::{export, open};
use crate::{
    args::{
        Global,
        plot::{FieldArgs, PlotArgs, PlotKind},
    },
    error::CliError,
    flags::read::nearest,
    output::Output,
    plot::{
        km,
        rows::Rows,
        spider,
        svg::{Picture, Width},
        swimmer, timeline, waterfall,
    },
    render::cut,
    session::Session,
    suspect::sentence,
};
use serde::Serialize;
use serde_json::json;
use std::io::Write as _;
use trial_core::{
    ids::Name,
    recist::Field,
    view::{
        curves::{Curves, Unknown},
        escalation::Escalation,
        replay::CutLine,
        response::ResponseTable,
        spider::Spider,
        swimmer::Swimmer,
        timeline::Timeline,
        waterfall::Waterfall,
    },
};

/// Draws it.
pub fn run(global: &Global, args: &PlotArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let session = open(global, output)?;
    let response = ResponseTable::read(&session.trial);
    let day = session.reading.day;
    let draw = Draw { args, session: &session, json: output.json };
    let text = match &args.plot {
        PlotKind::Km { endpoint, by } => {
            let curves = Curves::read(&session.trial, &response, endpoint, by.as_deref())
                .map_err(|unknown| refused(unknown, endpoint, by.as_deref()))?;
            draw.plot("km", &curves, km::rows, km::draw)?
        }
        PlotKind::Waterfall(of) => {
            draw.plot("waterfall", &Waterfall::read(&response, field(*of)), waterfall::rows, waterfall::draw)?
        }
        PlotKind::Swimmer => {
            draw.plot("swimmer", &Swimmer::read(&session.trial, day, &response), swimmer::rows, swimmer::draw)?
        }
        PlotKind::Spider(of) => {
            draw.plot("spider", &Spider::read(&session.trial, &response, field(*of)), spider::rows, spider::draw)?
        }
        PlotKind::Timeline => {
            let escalation = Escalation::read(&session.trial, day);
            let timeline = Timeline::read(&session.trial, day, escalation.as_ref());
            draw.plot("timeline", &timeline, timeline::rows, timeline::draw)?
        }
    };
    if let Some(sentence) = sentence(&session.suspects()?) {
        writeln!(output.err, "trial: note: {sentence} (see trial verify)")?;
    }
    match &args.output {
        None => output.text(&text)?,
        Some(path) => {
            export::create(path, |file| file.write_all(text.as_bytes()).map_err(CliError::from))?;
            let warning = cut::warning(&session.cut()).map_or_else(String::new, |words| format!(" ({words})"));
            writeln!(output.err, "trial: note: written to {}{warning}", path.display())?;
        }
    }
    Ok(0)
}

fn field(args: FieldArgs) -> Field {
    if args.in_field { Field::InField } else { Field::Overall }
}

/// How a view is written.
struct Draw<'a> {
    args: &'a PlotArgs,
    session: &'a Session,
    json: bool,
}

impl Draw<'_> {
    fn plot<T: Serialize>(
        &self,
        name: &str,
        view: &T,
        rows: impl Fn(&T) -> Rows,
        picture: impl Fn(&T, &CutLine, Width) -> Picture,
    ) -> Result<String, CliError> {
        let cut = self.session.cut();
        if self.json {
            let value = json!({ "cut": cut, "plot": name, "data": view });
            let text = serde_json::to_string_pretty(&value).map_err(|e| CliError::unknown(e.to_string()))?;
            return Ok(text + "\n");
        }
        if self.args.csv {
            return rows(view).csv(&cut);
        }
        Ok(picture(view, &cut, Width::new(self.args.width)).file())
    }
}

fn refused(unknown: Unknown, endpoint: &str, by: Option<&str>) -> CliError {
    let listed = |names: &[Name]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    let told = |flag: &str, found: &str, names: Vec<Name>| {
        let error = CliError::usage(format!("--{flag} {found}: the protocol has {}", listed(&names)));
        match nearest(found, names.iter().map(|name| name.as_str())) {
            Some(word) => error.hint(format!("did you mean {word}?")),
            None => error,
        }
    };
    match unknown {
        Unknown::NoProtocol => CliError::no("no protocol is in force: it names the endpoints"),
        Unknown::Endpoint(names) => told("endpoint", endpoint, names),
        Unknown::Grouping(names) => told("by", by.unwrap_or_default(), names),
    }
}
