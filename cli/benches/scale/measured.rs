//! What was measured of ledgers of several lengths: kept beside them, and shown as one table.

use super::Taken;
use serde::{Deserialize, Serialize};
use std::{fs, path::Path, thread};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/performance.md");
const BEGIN: &str = "<!-- scale, made by the bench `scale` -->\n";
const END: &str = "<!-- end of scale -->";

/// What one length cost.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    pub entries: u64,
    pub machine: String,
    pub disk: Disk,
    pub rows: Vec<Row>,
}

/// Bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Disk {
    /// All lines without their ends.
    pub payload: u64,
    pub journal: u64,
    pub store: u64,
    /// The whole directory.
    pub all: u64,
}

/// One command.
#[derive(Debug, Serialize, Deserialize)]
pub struct Row {
    pub what: String,
    pub times: usize,
    pub seconds: f64,
    /// The most that any of its runs had, in KiB.
    pub peak: u64,
}

impl Row {
    /// The run at so many percent of all, from the fastest on, where there was any.
    pub fn new(what: &str, taken: &[Taken], percent: usize) -> Option<Row> {
        let mut seconds: Vec<f64> = taken.iter().map(|run| run.time.as_secs_f64()).collect();
        seconds.sort_by(f64::total_cmp);
        let at = (seconds.len() * percent).div_ceil(100).max(1) - 1;
        let peak = taken.iter().map(|run| run.peak).max()?;
        Some(Row { what: what.to_owned(), times: taken.len(), seconds: seconds[at], peak })
    }
}

impl Measured {
    /// Writes it down beside the ledgers.
    pub fn keep(&self, dir: &Path) {
        let file = dir.join(format!("measured-{}.json", self.entries));
        fs::write(file, serde_json::to_string_pretty(self).unwrap()).unwrap();
    }

    /// Everything that was written down, the shortest ledger first.
    pub fn all(dir: &Path) -> Vec<Measured> {
        let names = fs::read_dir(dir).unwrap().map(|file| file.unwrap());
        let measured = names.filter(|file| file.file_name().to_string_lossy().starts_with("measured-"));
        let mut all: Vec<Measured> =
            measured.map(|file| serde_json::from_slice(&fs::read(file.path()).unwrap()).unwrap()).collect();
        all.sort_by_key(|one| one.entries);
        all
    }

    fn row(&self, what: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.what == what)
    }
}

/// The processor, its cores and the kernel of this machine.
pub fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap();
    let member = |name: &str| {
        let line = processor.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(": ").map_or("", |(_, value)| value.trim())
    };
    let ifma = if member("flags").contains("avx512ifma") { "with" } else { "without" };
    let memory = fs::read_to_string("/proc/meminfo").unwrap();
    let memory: u64 = memory.split_whitespace().nth(1).unwrap().parse().unwrap();
    format!(
        "{} (family {}, model {}, {ifma} avx512ifma), {} cores, {:.0} GiB of memory, Linux {}",
        member("model name"),
        member("cpu family"),
        member("model"),
        thread::available_parallelism().unwrap(),
        memory as f64 / f64::from(1 << 20),
        fs::read_to_string("/proc/sys/kernel/osrelease").unwrap().trim()
    )
}

/// The tables of time, memory and disk.
pub fn table(all: &[Measured]) -> String {
    let mut text = String::new();
    let mut machines: Vec<&str> = all.iter().map(|one| one.machine.as_str()).collect();
    machines.dedup();
    text += &format!("Machine: {}. The files are in the page cache.\n\n", machines.join("; and: "));
    text += "Seconds, the median of up to seven runs of the release binary (`--as-of`: of up to twenty dates):\n\n";
    grid(&mut text, all, |row| row.seconds, |seconds| format!("{seconds:.3}"));
    text += "\nLargest resident set, in MiB:\n\n";
    grid(&mut text, all, |row| row.peak as f64 / 1024.0, |mib| format!("{mib:.1}"));
    text += "\nDisk, beside the bytes of all lines:\n\n";
    head(&mut text, all);
    let beside = |one: &Measured, bytes: u64| format!(" {:.2} |", bytes as f64 / one.disk.payload as f64);
    let mut line = |name: &str, cell: &dyn Fn(&Measured) -> String| {
        let cells: String = all.iter().map(cell).collect();
        text += &format!("| {name} |{cells} |\n");
    };
    line("all lines, in MB", &|one| format!(" {:.1} |", one.disk.payload as f64 / 1e6));
    line("journal", &|one| beside(one, one.disk.journal));
    line("store", &|one| beside(one, one.disk.store));
    line("the whole directory", &|one| beside(one, one.disk.all));
    text
}

fn head(text: &mut String, all: &[Measured]) {
    let lengths: String = all.iter().map(|one| format!(" {} |", grouped(one.entries))).collect();
    *text += &format!("| entries |{lengths} ten times the entries |\n|---|{}---:|\n", "---:|".repeat(all.len()));
}

/// A line for each command, with what ten times the entries cost: the mean factor from the shortest to the longest.
fn grid(text: &mut String, all: &[Measured], value: fn(&Row) -> f64, shown: fn(f64) -> String) {
    head(text, all);
    let Some(shortest) = all.first() else { return };
    for what in shortest.rows.iter().map(|row| row.what.as_str()) {
        let found: Vec<Option<f64>> = all.iter().map(|one| one.row(what).map(value)).collect();
        let cells: String = found.iter().map(|cell| format!(" {} |", cell.map_or_else(String::new, shown))).collect();
        let ends = all.iter().zip(&found).filter_map(|(one, value)| Some((one.entries as f64, (*value)?)));
        let ends: Vec<(f64, f64)> = ends.collect();
        let growth = match ends.as_slice() {
            [first, .., last] => format!("x {:.1}", (last.1 / first.1).powf(1.0 / (last.0 / first.0).log10())),
            [] | [_] => String::new(),
        };
        *text += &format!("| {what} |{cells} {growth} |\n");
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    groups.iter().map(|group| str::from_utf8(group).unwrap()).collect::<Vec<_>>().join(",")
}

/// Puts the tables into their place on the page.
pub fn write(table: &str) {
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the tables");
    let (_, after) = rest.split_once(END).expect("the place has an end");
    fs::write(PAGE, format!("{before}{BEGIN}\n{table}\n{END}{after}")).unwrap();
}
