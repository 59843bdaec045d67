//! Exact tests of association: Fisher's for two by two, Freeman and Halton's for any table.
//!
//! Promises the two-sided p-value of R's `fisher.test`: the total probability, given the margins, of all tables
//! that are not more probable than the one observed. Does not simulate: a table too large to enumerate gives none.

use super::contingency::Contingency;
use std::collections::BTreeMap;

/// Tables whose probabilities differ by less than this are equally probable; rounding must not part them (as in R).
const TIE: f64 = 1e-7;

/// Fisher's exact two-sided p-value of a two by two table.
///
/// The probability of each possible upper left count is built relative to the observed one, a ratio at a time and
/// outwards on both sides: no factorial is ever needed.
pub fn fisher_two_by_two(table: [[u32; 2]; 2]) -> f64 {
    let [[a, b], [c, d]] = table.map(|row| row.map(u64::from));
    let (top, left, total) = (a + b, a + c, a + b + c + d);
    let least = (top + left).saturating_sub(total);
    let most = top.min(left);
    // How much more probable the count x + 1 is than x.
    let rise = |x: u64| (top - x) as f64 * (left - x) as f64 / ((x + 1) as f64 * (total + x + 1 - top - left) as f64);
    // If a weight overflows, the observed table is so improbable that its share of the whole is rightly zero.
    let (mut all, mut as_extreme) = (1.0, 1.0);
    let mut add = |weight: f64| {
        all += weight;
        as_extreme += if weight <= 1.0 + TIE { weight } else { 0.0 };
        weight
    };
    (a..most).fold(1.0, |weight, x| add(weight * rise(x)));
    (least..a).rev().fold(1.0, |weight, x| add(weight / rise(x)));
    as_extreme / all
}

/// The exact two-sided p-value of a table of any size, after Freeman and Halton (1951).
///
/// None when more than two million partial tables would have to be looked at, or fifty thousand of them kept at a time;
/// a phase I trial needs some hundreds.
///
/// The table is filled column by column. What is left of the row totals and the product of factorials so far is
/// all that the rest depends on, so partial tables alike in both are counted as one.
pub fn freeman_halton(table: &Contingency) -> Option<f64> {
    let (mut rows, mut columns) = (table.row_totals(), table.column_totals());
    if rows.len() > columns.len() {
        std::mem::swap(&mut rows, &mut columns);
    }
    rows.sort_unstable();
    let factorials = Factorials::up_to(columns.iter().sum());
    let mut work = Work { left: MOST_PARTIAL_TABLES, factorials: &factorials };
    let mut partial = BTreeMap::from([(Partial { remaining: rows, log_factorials: 0 }, 1.0)]);
    for column in columns {
        let mut next = BTreeMap::new();
        for (before, probability) in partial {
            work.fill(before, column, probability, &mut next)?;
        }
        partial = next;
    }
    // A table's probability falls as the product of the factorials of its cells rises.
    let observed: i64 = table.rows().iter().flatten().map(|n| factorials.log_fixed(u64::from(*n))).sum();
    let least_extreme = observed - (TIE * FIXED_POINT) as i64;
    let all: f64 = partial.values().sum();
    let extreme = partial.iter().filter(|(done, _)| done.log_factorials >= least_extreme);
    Some(extreme.map(|(_, probability)| probability).sum::<f64>() / all)
}

/// Bounds time: a few seconds.
const MOST_PARTIAL_TABLES: u64 = 2_000_000;

/// Bounds memory: some megabytes for each of two columns.
const MOST_KEPT: usize = 50_000;

/// Logarithms of factorials are compared as whole multiples of 2^-32, so that equal products are equal keys.
const FIXED_POINT: f64 = 4_294_967_296.0;

/// A table filled up to some column, as far as the rest can tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Partial {
    /// What is left of the row totals; between columns sorted, since rows are interchangeable.
    remaining: Vec<u64>,
    /// The sum of ln n! over the cells filled, in fixed point.
    log_factorials: i64,
}

/// How many more partial tables may be looked at.
struct Work<'f> {
    left: u64,
    factorials: &'f Factorials,
}

impl Work<'_> {
    /// Pays for filling one column, before a single way of it is tried; none when the work runs out.
    ///
    /// The ways to come to each row with so many left to place are counted, not walked: a table that is too large is
    /// known to be at once.
    fn pay(&mut self, remaining: &[u64], column: u64) -> Option<()> {
        // How many ways there are to have `least`, `least + 1`, ... left to place.
        let (mut least, mut ways) = (column, vec![1]);
        for (row, here) in remaining.iter().enumerate() {
            let below: u64 = remaining[row + 1..].iter().sum();
            let mut next = Vec::new();
            let fewest_left = least.saturating_sub(*here);
            for (to_place, ways) in (least..).zip(ways) {
                let (fewest, most) = (to_place.saturating_sub(below), to_place.min(*here));
                self.left = self.left.checked_sub((most - fewest + 1).checked_mul(ways)?)?;
                next.resize((to_place - fewest - fewest_left) as usize + 1, 0);
                (fewest..=most).for_each(|cell| next[(to_place - cell - fewest_left) as usize] += ways);
            }
            (least, ways) = (fewest_left, next);
        }
        Some(())
    }

    /// Adds to `next` every way to fill one column after `before`; none when the work runs out, or too many are kept.
    fn fill(
        &mut self,
        before: Partial,
        column: u64,
        probability: f64,
        next: &mut BTreeMap<Partial, f64>,
    ) -> Option<()> {
        self.pay(&before.remaining, column)?;
        let filled = before.clone();
        Filling { factorials: self.factorials, partial: before, filled, next }.rows_from(0, column, probability)
    }
}

/// One column being filled.
struct Filling<'a> {
    factorials: &'a Factorials,
    /// The table with the rows above filled.
    partial: Partial,
    /// Room for the one that is complete.
    filled: Partial,
    next: &'a mut BTreeMap<Partial, f64>,
}

impl Filling<'_> {
    /// Every way to place so many in this row and those below; none once too many are kept.
    fn rows_from(&mut self, row: usize, to_place: u64, probability: f64) -> Option<()> {
        let Some((here, below)) = self.partial.remaining[row..].split_first() else { return self.keep(probability) };
        let (here, below, log_factorials) = (*here, below.iter().sum::<u64>(), self.partial.log_factorials);
        for cell in (to_place.saturating_sub(below)..=here.min(to_place)).rev() {
            self.partial.remaining[row] = here - cell;
            self.partial.log_factorials = log_factorials + self.factorials.log_fixed(cell);
            let share = self.factorials.hypergeometric(cell, here, below, to_place);
            self.rows_from(row + 1, to_place - cell, probability * share)?;
        }
        (self.partial.remaining[row], self.partial.log_factorials) = (here, log_factorials);
        Some(())
    }

    fn keep(&mut self, probability: f64) -> Option<()> {
        self.filled.remaining.clone_from(&self.partial.remaining);
        self.filled.remaining.sort_unstable();
        self.filled.log_factorials = self.partial.log_factorials;
        match self.next.get_mut(&self.filled) {
            Some(known) => *known += probability,
            None => drop(self.next.insert(self.filled.clone(), probability)),
        }
        (self.next.len() <= MOST_KEPT).then_some(())
    }
}

/// Logarithms of factorials, each found once where the table is of a usual size.
struct Factorials {
    logs: Vec<f64>,
}

/// A table of more subjects than this is far too large to enumerate.
const MOST_FACTORIALS: u64 = 100_000;

impl Factorials {
    fn up_to(n: u64) -> Factorials {
        Factorials { logs: (0..=n.min(MOST_FACTORIALS)).map(log_factorial).collect() }
    }

    fn log(&self, n: u64) -> f64 {
        let known = usize::try_from(n).ok().and_then(|n| self.logs.get(n));
        known.copied().unwrap_or_else(|| log_factorial(n))
    }

    fn log_fixed(&self, n: u64) -> i64 {
        (self.log(n) * FIXED_POINT).round() as i64
    }

    fn log_choose(&self, n: u64, k: u64) -> f64 {
        self.log(n) - self.log(k) - self.log(n - k)
    }

    /// The probability that `drawn` of `here + below` hit `cell` of the `here`.
    fn hypergeometric(&self, cell: u64, here: u64, below: u64, drawn: u64) -> f64 {
        let hit = self.log_choose(here, cell) + self.log_choose(below, drawn - cell);
        libm::exp(hit - self.log_choose(here + below, drawn))
    }
}

fn log_factorial(n: u64) -> f64 {
    libm::lgamma(n as f64 + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<const R: usize, const C: usize>(rows: [[u32; C]; R]) -> Contingency {
        Contingency::new(&rows.map(Vec::from)).unwrap()
    }

    #[test]
    fn the_lady_tasting_tea_gets_34_of_70() {
        assert!((fisher_two_by_two([[3, 1], [1, 3]]) - 34.0 / 70.0).abs() < 1e-15);
    }

    #[test]
    fn dose_level_by_response_is_61_of_70() {
        let p = freeman_halton(&table([[1, 0, 2], [1, 1, 1], [1, 2, 0]])).unwrap();
        assert!((p - 61.0 / 70.0).abs() < 1e-14, "{p}");
    }

    #[test]
    fn a_table_with_one_possibility_has_p_one() {
        assert_eq!(fisher_two_by_two([[0, 0], [0, 0]]), 1.0);
        assert_eq!(fisher_two_by_two([[5, 7], [0, 0]]), 1.0);
        assert_eq!(freeman_halton(&Contingency::new(&[]).unwrap()), Some(1.0));
        assert_eq!(freeman_halton(&table([[1, 2, 3]])), Some(1.0));
    }

    #[test]
    fn what_filling_a_column_costs_is_known_before_as_it_is_when_every_way_is_walked() {
        fn walked(remaining: &[u64], to_place: u64) -> u64 {
            let Some((here, below)) = remaining.split_first() else { return 0 };
            let fewest = to_place.saturating_sub(below.iter().sum());
            (fewest..=to_place.min(*here)).map(|cell| 1 + walked(below, to_place - cell)).sum()
        }
        let factorials = Factorials::up_to(20);
        for (remaining, column) in [(&[3, 3, 3][..], 4), (&[0, 5, 1, 7], 6), (&[2, 2], 4), (&[6], 6), (&[1, 1], 0)] {
            let cost = walked(remaining, column);
            let pay = |left| Work { left, factorials: &factorials }.pay(remaining, column);
            assert_eq!((pay(cost), pay(cost - 1)), (Some(()), None), "{remaining:?} {column}");
        }
    }

    #[test]
    fn a_table_too_large_to_enumerate_gives_none_and_large_two_by_two_is_finite() {
        assert_eq!(freeman_halton(&table([[100; 6]; 6])), None);
        assert_eq!(freeman_halton(&table([[4_000_000_000; 2]; 2])), None);
        assert_eq!(freeman_halton(&table([[700, 0, 1400], [700, 700, 700], [350, 280, 0]])), None, "too many to keep");
        let p = fisher_two_by_two([[3000, 2000], [2000, 3000]]);
        assert!((0.0..1e-80).contains(&p), "{p}");
    }
}
