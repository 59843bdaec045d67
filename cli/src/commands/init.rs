//! `trial init`: a new ledger, from the genesis to a protocol in force.

use super::{key_ring, signer};
use crate::{
    args::{Global, InitArgs},
    clock::{self, Zone},
    dictionary,
    draft::Draft,
    error::CliError,
    keys::KeyRing,
    known::{Known, Pin},
    output::Output,
    recorder::Recorder,
    session::{Lens, Session},
};
use serde_json::{Value, json};
use std::{fs, path::Path, str::FromStr};
use trial_core::{
    entry::{Meaning, Role, Signer},
    event::{Clock, DataKind, TrialOpened},
    protocol::Protocol,
    text::Text,
};
use trial_ledger::{body::RecordedAt, key::Secret, ledger::Ledger, tip::Tip};

/// The short list of CTCAE v4.0 terms that comes with the program: facts only (term, class, grades that exist).
pub const CTCAE_SHORT: &str = include_str!("../../../schemas/dictionaries/ctcae-4.0-short.json");

/// The name under which it is adopted.
const CTCAE_SHORT_NAME: &str = "CTCAE-4.0";

/// Opens the ledger.
pub fn run(global: &Global, args: &InitArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let protocol = read_protocol(&args.protocol)?;
    let terms = match &args.dictionary {
        Some(path) if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv")) => {
            dictionary::table(read(path)?.as_bytes())?
        }
        Some(path) => dictionary::parse(&read(path)?)?,
        None if protocol.dictionary.as_str() == CTCAE_SHORT_NAME => dictionary::parse(CTCAE_SHORT)?,
        None => {
            let message = format!("the protocol names the dictionary {}", protocol.dictionary);
            return Err(
                CliError::usage(message).hint(format!("give --dictionary FILE; built in is {CTCAE_SHORT_NAME}"))
            );
        }
    };
    // Whatever can be refused is refused before there is a directory.
    let adopted = dictionary::events(&protocol.dictionary, &terms);
    let opened = TrialOpened {
        trial: flag("--trial", &args.trial)?,
        registry: args.registry.as_deref().map(|registry| flag("--registry", registry)).transpose()?,
        title: flag("--title", &args.title)?,
        zone: flag("--zone", &args.zone)?,
        origin: flag("--origin", &args.origin)?,
        clock: if args.simulated_clock { Clock::Simulated } else { Clock::System },
        data: if args.synthetic { DataKind::Synthetic } else { DataKind::Real },
    };
    Zone::named(opened.zone.as_str())?;
    check_origin(&args.origin)?;
    let alias = signer(global)?;
    let ring = key_ring(global);
    let secret = ring.read(alias)?;
    let at = match (opened.clock, args.recorded_at) {
        (Clock::Simulated, Some(given)) => given.to_utc(),
        (Clock::System, _) | (Clock::Simulated, None) => clock::now()?,
    };
    let sponsor =
        Sponsor { name: flag("--name", &args.name)?, organisation: flag("--organisation", &args.organisation)? };
    found(&global.ledger, &opened, &sponsor, &secret, RecordedAt::new(at))?;
    let mut recorder = reopen(&global.ledger, ring)?;
    recorder.know(alias, secret);
    let recorded_at = (opened.clock == Clock::Simulated).then(|| at.fixed_offset());
    // A protocol that asks for people who have no key yet is activated once they have one.
    let too_few =
        protocol.countersignatures.iter().find_map(|rule| rule.can_be_met(&recorder.tip().roster().signers()).err());
    let activated = too_few.is_none().then(|| protocol_event(&protocol));
    for event in activated.into_iter().chain(adopted) {
        let draft = Draft { recorded_at, ..Draft::of(event) };
        recorder.record(&draft, None, alias)?;
    }
    output.notices(&recorder.commit()?)?;
    let genesis = recorder.tip().genesis().map(|hash| hash.to_string()).unwrap_or_default();
    if output.json {
        output.value(&json!({ "ledger": genesis, "entries": recorder.tip().size(), "head": recorder.tip().head(),
            "protocol_in_force": too_few.is_none() }))?;
    } else {
        output.line(&format!("opened {} in {}", opened.trial, global.ledger.display()))?;
        output.line(&format!("ledger {genesis}, {} entries", recorder.tip().size()))?;
        output.line("next: trial append site-activated ..., then trial key grant ... for each person")?;
        if let Some(too_few) = &too_few {
            let file = args.protocol.display();
            output.line(&format!("the protocol is not in force yet: under it, {too_few}"))?;
            output.line(&format!("then: trial append protocol-activated --protocol \"$(cat {file})\""))?;
        }
    }
    Ok(0)
}

/// Who signs the genesis.
pub struct Sponsor {
    /// Printed name.
    pub name: Text,
    /// Organisation.
    pub organisation: Text,
}

/// Makes the directory with its genesis.
///
/// # Errors
/// The directory is not empty, or the disk failed.
pub fn found(
    dir: &Path,
    opened: &TrialOpened,
    sponsor: &Sponsor,
    secret: &Secret,
    at: RecordedAt,
) -> Result<(), CliError> {
    let signer = Signer {
        key: secret.key(),
        meaning: Meaning::Authorship,
        name: sponsor.name.clone(),
        organisation: sponsor.organisation.clone(),
        role: Role::Sponsor,
        site: None,
    };
    let known = Known::read()?;
    let (tip, genesis) = Tip::open(opened.clone(), signer, secret, at)?;
    // Closed at once: what follows opens it as any command does, and verifies it.
    Ledger::init(dir, &genesis)?;
    // Whoever makes a ledger knows it, also beside others of its name. Where that cannot be kept, the next open tells.
    if let (Some(pin), None) = (Pin::of(&tip, clock::now()?), known.trouble()) {
        let _ = known.accept(&pin);
    }
    Ok(())
}

/// Opens a ledger that was just made.
///
/// # Errors
/// See [`Session::open`].
pub fn reopen(dir: &Path, ring: KeyRing) -> Result<Recorder, CliError> {
    Ok(Recorder::new(Session::open(dir, &Lens::default())?, ring))
}

/// The event that puts a protocol in force.
pub fn protocol_event(protocol: &Protocol) -> Value {
    json!({ "type": "protocol_activated", "version": 1, "protocol": protocol })
}

/// Reads a protocol from a JSON file.
///
/// # Errors
/// It cannot be read, or is not a protocol that can be run.
pub fn read_protocol(path: &Path) -> Result<Protocol, CliError> {
    let text = read(path)?;
    let at = |e: String| {
        CliError::usage(format!("{} is not a protocol: {e}", path.display()))
            .hint("see schemas/protocol.json and the examples in schemas/examples/protocols")
    };
    let mut json = serde_json::Deserializer::from_str(&text);
    let protocol: Protocol = serde_path_to_error::deserialize(&mut json).map_err(|e| at(e.to_string()))?;
    match protocol.faults().into_iter().next() {
        Some(fault) => Err(at(fault)),
        None => Ok(protocol),
    }
}

fn read(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|e| CliError::unknown(format!("{}: {e}", path.display())))
}

fn flag<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, CliError> {
    text.parse().map_err(|e| CliError::usage(format!("{name}: {e}")))
}

/// An origin names a log for ever and stands on the first line of every checkpoint (C2SP tlog-checkpoint).
fn check_origin(origin: &str) -> Result<(), CliError> {
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    match origin.split_once('/') {
        Some((domain, trial)) if plain(domain) && domain.contains('.') && plain(trial) => Ok(()),
        Some(_) | None => Err(CliError::usage(format!("--origin {origin}: expected <sponsor domain>/<trial>"))
            .hint("for example sponsor.example/axi-01")),
    }
}
