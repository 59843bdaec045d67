//! A replay: every view as text, in the order in which a paper tells it.

use super::{
    Terminal, Tone, adjudications::adjudications, analysis_sets::analysis_sets, association::association,
    baseline::baseline, cut, decisions::decisions, deviations::deviations, exposure::exposure, ladder::dashboard,
    mtd::mtd, radiotherapy::radiotherapy, response::response, sections, serious::serious, status::standing,
    subjects::subjects, survival::survival, toxicity::toxicity, waterfall::waterfall,
};
use rayon::prelude::*;
use trial_core::{protocol::Protocol, view::replay::Replay};

/// Everything at one cut, piece by piece.
pub fn replay(replay: &Replay, protocol: Option<&Protocol>, terminal: Terminal) -> Vec<String> {
    let header = cut::header(&replay.cut, terminal);
    let (Some(in_force), Some(escalation)) = (protocol, &replay.escalation) else {
        let none = terminal.lines(Tone::Text, "", "No protocol is in force: there is nothing to read.");
        return vec![sections([header, none])];
    };
    let parts: [&(dyn Fn() -> String + Sync); 18] = [
        &|| header.clone(),
        &|| analysis_sets(&replay.analysis_sets, terminal),
        &|| baseline(&replay.baseline, &replay.radiotherapy, terminal),
        &|| standing(escalation, in_force, terminal),
        &|| terminal.heading("Dose levels") + &dashboard(escalation, terminal),
        &|| mtd(escalation, terminal),
        &|| decisions(escalation, &replay.cut, terminal),
        &|| toxicity(&replay.toxicity, protocol, terminal),
        &|| adjudications(escalation, &replay.cut, terminal),
        &|| serious(&replay.serious, terminal),
        &|| response(&replay.response, terminal),
        &|| waterfall(&replay.response, terminal),
        &|| association(&replay.association, protocol, terminal),
        &|| survival(&replay.survival, protocol, terminal),
        &|| exposure(&replay.exposure, terminal),
        &|| radiotherapy(&replay.radiotherapy, terminal),
        &|| deviations(&replay.deviations, terminal),
        &|| subjects(&replay.subjects, terminal),
    ];
    let mut parts: Vec<String> = parts.par_iter().map(|part| part()).collect();
    parts.retain(|part| !part.is_empty());
    parts.into_iter().flat_map(|part| ["\n".to_owned(), part]).skip(1).collect()
}
