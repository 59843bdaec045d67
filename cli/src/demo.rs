//! The demonstration's data as shipped: actors, protocol, dictionary, drafts, and the published numbers. Synthetic.

use crate::{
    commands::init::{CTCAE_SHORT, protocol_event},
    dictionary,
    error::CliError,
    published::Published,
};
use chrono::{DateTime, FixedOffset};
use serde::Deserialize;
use serde_json::{Value, json};
use trial_core::{
    entry::Role,
    event::{SiteActivated, TrialOpened},
    ids::{Key, SiteId},
    protocol::Protocol,
    text::Text,
};

/// Everything that the demonstration signs in, and what it is compared with.
pub struct Demo {
    /// Facts of the genesis.
    pub opened: TrialOpened,
    /// When the genesis is recorded.
    pub opens_at: DateTime<FixedOffset>,
    site: Value,
    /// Who signs; the sponsor first.
    pub actors: Vec<Actor>,
    protocol: Protocol,
    /// One draft a line.
    pub drafts: &'static str,
    /// The published numbers.
    pub published: Published,
}

/// A person of the demonstration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// Alias of the key.
    pub alias: String,
    /// Printed name.
    pub name: Text,
    /// Role.
    pub role: Role,
    /// Organisation.
    pub organisation: Text,
    /// Site, if bound to one.
    #[serde(default)]
    pub site: Option<SiteId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    opened: TrialOpened,
    opens_at: DateTime<FixedOffset>,
    site: Site,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Site {
    site: SiteId,
    name: Text,
}

fn parse<'a, T: Deserialize<'a>>(file: &str, text: &'a str) -> Result<T, CliError> {
    serde_json::from_str(text).map_err(|e| CliError::unknown(format!("the shipped {file}: {e}")))
}

impl Demo {
    /// Reads the shipped data.
    ///
    /// # Errors
    /// The program was built with data that does not fit it.
    pub fn shipped() -> Result<Demo, CliError> {
        let opening: Opening = parse("trial.json", include_str!("../demo/trial.json"))?;
        let site = SiteActivated { site: opening.site.site, name: opening.site.name };
        let protocol = include_str!("../../schemas/examples/protocols/axitinib-rt.json");
        Ok(Demo {
            opened: opening.opened,
            opens_at: opening.opens_at,
            site: trial_core::event::Event::from(site).to_value(),
            actors: parse("actors.json", include_str!("../demo/actors.json"))?,
            protocol: parse("protocol", protocol)?,
            drafts: include_str!("../demo/drafts.jsonl"),
            published: parse("published.json", include_str!("../demo/published.json"))?,
        })
    }

    /// What the sponsor signs before the first subject: the site, the others' keys, the dictionary, the protocol.
    ///
    /// # Errors
    /// See [`Demo::shipped`].
    pub fn opening_events<'a>(&self, others: impl Iterator<Item = (&'a Actor, Key)>) -> Result<Vec<Value>, CliError> {
        let mut events = vec![self.site.clone()];
        events.extend(others.map(|(actor, key)| grant(actor, key)));
        events.extend(dictionary::events(&self.protocol.dictionary, &dictionary::parse(CTCAE_SHORT)?));
        events.push(protocol_event(&self.protocol));
        Ok(events)
    }
}

fn grant(actor: &Actor, key: Key) -> Value {
    let mut event = json!({
        "type": "key_granted", "version": 1, "key": key, "name": actor.name, "organisation": actor.organisation,
        "role": actor.role, "purpose": "author"
    });
    if let Some(site) = &actor.site {
        event["site"] = json!(site);
    }
    event
}
