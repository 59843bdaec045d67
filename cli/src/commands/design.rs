//! `trial design`: the decision table of an interval design, for the appendix of a protocol or to paste into it.

use crate::{args::DesignArgs, error::CliError, output::Output};
use trial_core::escalation::{
    Design,
    generate::{self, IntervalDesign, Wanted},
};

/// Prints the table; with `--json` the `design` member of a protocol.
pub fn run(args: &DesignArgs, output: &mut Output<'_>) -> Result<u8, CliError> {
    let wanted = Wanted {
        target: args.target,
        half_width: args.half_width,
        cohort_size: args.cohort,
        max_at_level: args.max_n,
        max_subjects: args.max_subjects,
    };
    let table = generate::table(args.design, &wanted).map_err(|e| CliError::usage(e.to_string()))?;
    if output.json {
        output.value(&Design::DecisionTable(table))?;
        return Ok(0);
    }
    output.line(&format!(
        "{}, target {}, cohorts of {}, at most {} evaluable subjects at a level and {} in all.\n",
        args.design, args.target, args.cohort, args.max_n, args.max_subjects
    ))?;
    output.text(&generate::boundaries(&table))?;
    match args.design {
        IntervalDesign::Boin => Ok(0),
        IntervalDesign::Mtpi2 | IntervalDesign::Keyboard | IntervalDesign::I3plus3 => {
            output.line("\nE escalate, S stay, D de-escalate, DU de-escalate and exclude; a column for each number evaluable:\n")?;
            output.text(&generate::cells(&table))?;
            Ok(0)
        }
    }
}
