//! The arguments of `trial plot`: which plot, of what, and how it is written.

use crate::plot::svg::Width;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Which plot, and how.
#[derive(Debug, Args)]
pub struct PlotArgs {
    /// The plot
    #[command(subcommand)]
    pub plot: PlotKind,
    /// Write to a file that is not there yet; stdout where left out
    #[arg(short, long, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The numbers of the plot as comma-separated values instead of the picture
    #[arg(long, global = true, conflicts_with = "json")]
    pub csv: bool,
    /// Width of the picture in units; text keeps its size, so a narrow picture is for a narrow place
    #[arg(long, global = true, value_name = "UNITS", default_value_t = 480,
        value_parser = clap::value_parser!(u16).range(i64::from(Width::NARROWEST)..=i64::from(Width::WIDEST)))]
    pub width: u16,
}

/// The plots.
#[derive(Debug, Subcommand)]
pub enum PlotKind {
    /// Kaplan-Meier: survival over time with censored times, confidence band, numbers at risk
    ///
    /// Example: trial plot km --endpoint pfs --by dose_level -o pfs.svg
    Km {
        /// The endpoint, as the protocol names it
        #[arg(long, value_name = "ENDPOINT", default_value = "os")]
        endpoint: String,
        /// A curve for each group of a grouping, as the protocol names it, with the log-rank test
        #[arg(long, value_name = "GROUPING")]
        by: Option<String>,
    },
    /// Waterfall: change of the sum of diameters at the time point, a bar for each subject
    ///
    /// Example: trial plot waterfall --in-field -o waterfall.svg
    Waterfall(FieldArgs),
    /// Swimmer: each subject's time on trial, with responses, progression, changes of dosing, death
    ///
    /// Example: trial plot swimmer -o swimmer.svg
    Swimmer,
    /// Spider: change of the sum of diameters over time, a line for each subject
    ///
    /// Example: trial plot spider --csv
    Spider(FieldArgs),
    /// Timeline: who entered which level when, windows, dose-limiting toxicities, decisions
    ///
    /// Example: trial plot timeline --as-of 2017-05-01 -o timeline.svg
    Timeline,
}

/// Which lesions.
#[derive(Debug, Clone, Copy, Args)]
pub struct FieldArgs {
    /// Only lesions inside the radiotherapy field
    #[arg(long)]
    pub in_field: bool,
}
