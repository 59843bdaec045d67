//! Arguments: the verbs and their flags. The flags of events come from the event types.

pub mod amend;
pub mod checkpoint;
pub mod keep;
pub mod key;
pub mod plot;

use self::{
    amend::AmendCommand,
    checkpoint::{CheckArgs, CheckpointArgs, ProveArgs, VerifyArgs, WitnessArgs},
    keep::{KnownCommand, RecoverArgs, RestoreArgs},
    key::KeyCommand,
    plot::PlotArgs,
};
use crate::{commands::seal::SealArgs, cosigner::Cosigner, flags};
use chrono::NaiveDate;
use clap::{
    Args, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use std::path::PathBuf;
use trial_core::{escalation::generate::IntervalDesign, quantity::Decimal};

/// The event-sourced, audit-grade ledger for clinical trials.
///
/// Every fact is a signed, hash-chained entry; everything else is computed from the entries. Site staff append, monitors
/// verify, sponsors replay to any date.
#[derive(Debug, Parser)]
#[command(name = "trial", version, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    /// Where the ledger is, what to see of it, who signs.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every verb takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The ledger's directory
    #[arg(long, global = true, value_name = "DIR", default_value = ".", env = "TRIAL_LEDGER")]
    pub ledger: PathBuf,
    /// See what was known then: a day (its end, in the trial's zone) or an instant
    #[arg(long, global = true, value_name = "DATE")]
    pub as_of: Option<String>,
    /// See what had occurred by the end of this day
    #[arg(long, global = true, value_name = "DAY", value_parser = day)]
    pub cutoff: Option<NaiveDate>,
    /// Verify every entry now, instead of going on from what you verified before
    #[arg(long, global = true)]
    pub full: bool,
    /// Answer in JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// The key that signs: an alias, or a key file
    #[arg(long, global = true, value_name = "KEY", env = "TRIAL_KEY")]
    pub key: Option<String>,
    /// The folder of key files (default: the ledger's own `keys`, else ~/.trial/keys)
    #[arg(long, global = true, value_name = "DIR", env = "TRIAL_KEYS")]
    pub keys: Option<PathBuf>,
    /// Read the passphrase from the first line of a file instead of asking
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one whole trial, synthetic, and compare it with its publication
    ///
    /// Example: trial demo
    Demo {
        /// Where to make it; must be empty or not there yet
        #[arg(default_value = "axitinib-demo")]
        dir: PathBuf,
    },
    /// Open a new ledger for a trial
    ///
    /// Example: trial --ledger my-trial --key sponsor init --trial AXI-01 --title "My trial" --zone Asia/Taipei --origin
    /// sponsor.example/axi-01 --name "Ada Sponsor" --organisation "Example" --protocol protocol.json
    Init(InitArgs),
    /// Make, list, show, grant and revoke keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Sign the size and the root of the ledger, to take away
    ///
    /// Example: trial --key log checkpoint --since 1200 --output for-mona.request
    Checkpoint(CheckpointArgs),
    /// Cosign a checkpoint that extends what you cosigned before; needs no ledger
    ///
    /// Example: trial --key mona-witness witness for-mona.request --output cosigned
    Witness(WitnessArgs),
    /// Record in the ledger that a checkpoint was cosigned
    ///
    /// Example: trial --key monitor witnessed cosigned
    Witnessed {
        /// What `trial witness` wrote
        file: PathBuf,
    },
    /// Write a receipt: proof that an entry is in the ledger, which holds without the ledger
    ///
    /// Example: trial prove 205
    Prove(ProveArgs),
    /// Check a receipt; needs no ledger
    ///
    /// Example: trial check 205.tlog-proof --log sponsor.example/axi-01+...
    Check(CheckArgs),
    /// List, forget or accept the ledgers that you verified before: every command compares with them
    ///
    /// Example: trial known list
    #[command(subcommand)]
    Known(KnownCommand),
    /// Record an event, or a file of drafts
    ///
    /// Example: trial append fraction-delivered --subject S-001 --plan P1 --number 3 --dose 3.0Gy --occurred-at 2026-03-04
    #[command(subcommand_help_heading = "Events", subcommand_value_name = "EVENT")]
    Append(AppendArgs),
    /// Show, sign and submit an entry that several people sign
    ///
    /// It is made with --propose FILE beside what records, for example: trial --key sponsor key grant newcomer.pem --name
    /// "Nora New" --organisation Example --role monitor --propose grant.json --countersigner "Sam Safety"
    #[command(subcommand)]
    Proposal(ProposalCommand),
    /// Correct or void an earlier entry; nothing is ever overwritten
    #[command(subcommand)]
    Amend(AmendCommand),
    /// Verify a ledger, or a journal, an export or a directory of tiles without the store
    ///
    /// Example: trial verify ledger/journal.jsonl
    Verify(VerifyArgs),
    /// List entries
    ///
    /// Example: trial log --subject RECON-001 --type adverse_event_reported
    Log(LogArgs),
    /// Show one entry, with its signers and what became of it
    Show {
        /// The place of the entry
        seq: u64,
    },
    /// Show what was recorded of a subject: old value, new value, who, when, why
    ///
    /// Example: trial history RECON-003 value
    History {
        /// The subject
        subject: String,
        /// Only this member of the events, for example `grade` or `/dose/value`
        field: Option<String>,
        /// The tumour response instead, visit by visit (RECIST 1.1): sums, nadir, lesions, and why
        #[arg(long, conflicts_with = "field")]
        lesions: bool,
    },
    /// Where the trial stands: the ladder, each level, what the rule says next
    Status,
    /// All tables, computed from the log
    Replay,
    /// Write one HTML page that shows the trial at any date, and whose reader's browser checks every signature
    ///
    /// Example: trial report -o report.html
    Report {
        /// Where to; must not be there yet
        #[arg(short, long, value_name = "FILE.html")]
        output: PathBuf,
    },
    /// A number, the rule that gives it, and every entry it rests on
    ///
    /// Example: trial why "toxicity.rows[label=Hypertension].total.any"
    Why {
        /// The number, as a path into `trial replay --json`
        number: String,
    },
    /// What came between two cuts, and which numbers moved because of it
    ///
    /// Example: trial diff --from 2017-01-08 --to 2017-01-10
    Diff(DiffArgs),
    /// What the rule says next, and all that can follow
    ///
    /// Example: trial paths --protocol protocol.json "1NNN 2NT"
    Paths(PathsArgs),
    /// Print the decision table of an interval design, for a protocol's appendix; with --json its `design`
    ///
    /// Example: trial design boin --target 0.30 --max-n 18
    Design(DesignArgs),
    /// Draw a plot as a picture (SVG), or print its numbers
    ///
    /// Example: trial plot km --endpoint os -o os.svg
    Plot(PlotArgs),
    /// Write the verified entries as JSON Lines, or as a static directory of tiles that any web server can serve
    ///
    /// Example: trial export --format tiles --output public/axi-01
    Export {
        /// Where to: a file, or the directory of the tiles; stdout where left out
        #[arg(short, long, value_name = "PATH")]
        output: Option<PathBuf>,
        /// In which form
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
    },
    /// Make the store again from the journal, or the journal from the store, where one of them is damaged
    ///
    /// Example: trial recover --from journal
    Recover(RecoverArgs),
    /// Copy journal, checkpoints and sealed values into a new directory, with a manifest; never keys
    ///
    /// Example: trial backup /media/disk/axi-01
    Backup {
        /// Where to; must be empty or not there yet
        dir: PathBuf,
    },
    /// Make a ledger from a backup, in the new directory that --ledger names
    ///
    /// Example: trial --ledger restored restore /media/disk/axi-01
    Restore(RestoreArgs),
    /// Adopt a published dictionary of adverse event terms, or print it as drafts
    ///
    /// Example: trial --key sponsor dictionary ctcae_v5.0.csv --name CTCAE-5.0
    Dictionary(DictionaryArgs),
    /// Write manual pages for the command and all its verbs
    ///
    /// Example: trial man ~/.local/share/man/man1
    Man {
        /// The folder; made if it is not there
        dir: PathBuf,
    },
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One entry a line, byte for byte as signed
    Jsonl,
    /// C2SP tlog-tiles: entries in bundles, hashes in tiles, and the last signed checkpoint
    Tiles,
}

/// What a new ledger begins with.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Short name of the trial
    #[arg(long)]
    pub trial: String,
    /// Title of the trial
    #[arg(long)]
    pub title: String,
    /// Number in a public registry
    #[arg(long)]
    pub registry: Option<String>,
    /// IANA time zone of the trial, for example Asia/Taipei
    #[arg(long)]
    pub zone: String,
    /// Name of the log: <sponsor domain>/<trial>
    #[arg(long)]
    pub origin: String,
    /// Printed name of the sponsor's signer
    #[arg(long)]
    pub name: String,
    /// The sponsor
    #[arg(long)]
    pub organisation: String,
    /// The protocol as a JSON file (see schemas/protocol.json)
    #[arg(long, value_name = "FILE")]
    pub protocol: PathBuf,
    /// A dictionary of adverse event terms as a JSON file, or as published in a .csv file; the built-in short list of CTCAE
    /// 4.0 where left out
    #[arg(long, value_name = "FILE")]
    pub dictionary: Option<PathBuf>,
    /// Take the times of entries by hand: for training and validation only; every output will say so
    #[arg(long)]
    pub simulated_clock: bool,
    /// The facts are invented; every output will say so
    #[arg(long)]
    pub synthetic: bool,
    /// When the genesis is recorded; only with --simulated-clock
    #[arg(long, value_name = "INSTANT", requires = "simulated_clock")]
    pub recorded_at: Option<chrono::DateTime<chrono::FixedOffset>>,
}

/// What to append. The events are added from the event types.
#[derive(Debug, Args)]
pub struct AppendArgs {
    /// A file of drafts, one JSON object a line: all are appended, or none
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    pub file: Option<PathBuf>,
    /// Print a filled-in draft of an event
    #[arg(long, value_name = "EVENT")]
    pub template: Option<String>,
    /// Why, where the event needs a reason
    #[arg(long, global = true)]
    pub reason: Option<String>,
    /// When it is recorded; only in a ledger with a simulated clock
    #[arg(long, global = true, value_name = "INSTANT")]
    pub recorded_at: Option<chrono::DateTime<chrono::FixedOffset>>,
    /// Who else signs.
    #[command(flatten)]
    pub cosigning: Cosigning,
    /// Texts beside the log.
    #[command(flatten)]
    pub sealing: SealArgs,
}

/// Who else signs, and whether at once.
#[derive(Debug, Clone, Default, Args)]
pub struct Cosigning {
    /// Who else signs the same entry, and what it means (approval where left out); may be repeated. Signs at once with
    /// the key file of that alias; with --propose, a printed name or a public key will do
    #[arg(long = "countersigner", global = true, value_name = "KEY[:MEANING]")]
    pub countersigners: Vec<Cosigner>,
    /// Record nothing: write the entry, signed by its author alone, to a file that the others sign (see trial proposal)
    #[arg(long, global = true, value_name = "FILE")]
    pub propose: Option<PathBuf>,
    /// Write a receipt of each entry into this folder: proof that it is in the ledger, which holds without the ledger
    #[arg(long, global = true, value_name = "DIR", requires = "log_key")]
    pub receipt: Option<PathBuf>,
    /// The key of the log, which signs the checkpoint that receipts need
    #[arg(long, global = true, value_name = "KEY", env = "TRIAL_LOG_KEY")]
    pub log_key: Option<String>,
}

/// What to do with a proposal.
#[derive(Debug, Subcommand)]
pub enum ProposalCommand {
    /// Show what it says, who signs it and who has not yet, and whether it still follows the head
    ///
    /// Example: trial proposal show grant.json
    Show {
        /// The proposal
        file: PathBuf,
    },
    /// Add a signature to it; it must name the key, and follow the head
    ///
    /// Example: trial --key committee proposal sign grant.json
    Sign {
        /// The proposal
        file: PathBuf,
    },
    /// Append it, once everybody has signed and if the log has not gone on
    ///
    /// Example: trial proposal submit grant.json
    Submit {
        /// The proposal
        file: PathBuf,
    },
}

/// Which dictionary to adopt.
#[derive(Debug, Args)]
pub struct DictionaryArgs {
    /// Comma-separated values with the columns soc, term and grade1 to grade5; a grade exists where its cell says what it
    /// is
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// Name and edition, as the protocol names it
    #[arg(long)]
    pub name: String,
    /// Print drafts for `trial append --file`, and append nothing
    #[arg(long)]
    pub drafts: bool,
}

/// Which entries to list.
#[derive(Debug, Args)]
pub struct LogArgs {
    /// Only of this subject
    #[arg(long)]
    pub subject: Option<String>,
    /// Only of this type
    #[arg(long = "type", value_name = "EVENT")]
    pub kind: Option<String>,
    /// Only signed by this person (part of the printed name) or role
    #[arg(long)]
    pub by: Option<String>,
    /// Only recorded on or after this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub since: Option<NaiveDate>,
    /// Only the last so many
    #[arg(long, value_name = "N")]
    pub last: Option<usize>,
}

/// Two cuts.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The earlier cut: the place of an entry, a day, an instant, or a file with a checkpoint
    #[arg(long, value_name = "CUT")]
    pub from: String,
    /// The later cut; the end where left out
    #[arg(long, value_name = "CUT")]
    pub to: Option<String>,
}

/// Which paths to show.
#[derive(Debug, Args)]
pub struct PathsArgs {
    /// Outcomes so far: the level, then a letter for each patient (N no DLT, T DLT), for example "1NNN 2NT"
    pub outcomes: Option<String>,
    /// The protocol as a JSON file; the ledger's where left out
    #[arg(long, value_name = "FILE")]
    pub protocol: Option<PathBuf>,
    /// Probability of a DLT at each level: exact operating characteristics, for example 0.10,0.25,0.45
    #[arg(long, value_name = "P,...", value_delimiter = ',')]
    pub probabilities: Vec<f64>,
    /// Show all paths, not only the next step
    #[arg(long)]
    pub all: bool,
}

/// Which decision table to make.
#[derive(Debug, Args)]
pub struct DesignArgs {
    /// The design
    #[arg(value_parser = PossibleValuesParser::new(IntervalDesign::ALL.iter().map(|d| d.as_str()))
        .map(|name| name.parse::<IntervalDesign>().expect("only the names of designs are possible")))]
    pub design: IntervalDesign,
    /// Probability of a DLT at the dose that is sought
    #[arg(long, value_name = "P")]
    pub target: Decimal,
    /// How far below and above the target counts as on target; boin has its own boundaries
    #[arg(long, value_name = "P", default_value = "0.05")]
    pub half_width: Decimal,
    /// Evaluable subjects in a cohort
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub cohort: u8,
    /// The most evaluable subjects at a level: the columns of the table
    #[arg(long, value_name = "N", default_value_t = 18, value_parser = clap::value_parser!(u8).range(1..=99))]
    pub max_n: u8,
    /// The most evaluable subjects in all
    #[arg(long, value_name = "N", default_value_t = 36, value_parser = clap::value_parser!(u16).range(1..=999))]
    pub max_subjects: u16,
}

/// The whole command with the events as subcommands of `append`.
pub fn command() -> clap::Command {
    // Only whoever appends waits for the flags of all events to be made.
    Cli::command().mut_subcommand("append", |append| append.defer(|append| append.subcommands(flags::commands())))
}

/// A day as it is written everywhere.
fn day(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "expected a day, for example 2018-01-20".to_owned())
}
