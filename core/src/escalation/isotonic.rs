//! Isotonic estimates of the probability of a DLT by level, and the level they choose, in whole numbers.
//!
//! Pool-adjacent-violators: the observed shares, neighbours merged (each subject counts the same) until no lower level
//! is above a higher one. Unlike software that first adds a small prior to each level, it uses the counts as they are.

use super::rule::LevelCount;
use super::table::{MtdEstimate, Share};
use crate::grade::DoseLevel;
use std::cmp::Ordering;

/// Neighbouring levels with one estimate.
#[derive(Debug, Clone, Copy)]
struct Block {
    dlt: u64,
    subjects: u64,
    levels: usize,
}

impl Block {
    fn compare(self, other: Block) -> Ordering {
        (self.dlt * other.subjects).cmp(&(other.dlt * self.subjects))
    }
}

/// The isotonic estimate of each count, the lowest level first, as a fraction; levels without a subject are not given.
pub fn isotonic(counts: &[LevelCount]) -> Vec<Share> {
    let mut blocks: Vec<Block> = Vec::new();
    for count in counts.iter().filter(|count| count.evaluable > 0) {
        let mut last = Block { dlt: count.dlt.into(), subjects: count.evaluable.into(), levels: 1 };
        while let Some(before) = blocks.pop_if(|before| before.compare(last) == Ordering::Greater) {
            last.dlt += before.dlt;
            last.subjects += before.subjects;
            last.levels += before.levels;
        }
        blocks.push(last);
    }
    let whole = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let share = |block: &Block| Share { numerator: whole(block.dlt), denominator: whole(block.subjects) };
    blocks.iter().flat_map(|block| std::iter::repeat_n(share(block), block.levels)).collect()
}

/// The MTD among the tried levels, the lowest first.
pub(super) fn mtd(
    choice: MtdEstimate,
    target: Share,
    tried: &[(DoseLevel, LevelCount)],
) -> Option<(DoseLevel, LevelCount)> {
    let counts: Vec<LevelCount> = tried.iter().map(|(_, count)| *count).collect();
    let estimates = isotonic(&counts);
    let mut levels = tried.iter().copied().zip(estimates);
    match choice {
        MtdEstimate::HighestNotAboveTarget => {
            levels.rfind(|(_, share)| share.compare(target) != Ordering::Greater).map(|(level, _)| level)
        }
        MtdEstimate::ClosestToTarget => {
            let best = levels.reduce(|best, next| {
                let equal = best.1.compare(next.1) == Ordering::Equal;
                let above = match next.1.distance(target).cmp(&best.1.distance(target)) {
                    Ordering::Less => true,
                    Ordering::Equal => equal && next.1.compare(target) == Ordering::Less,
                    Ordering::Greater => false,
                };
                if above { next } else { best }
            });
            best.map(|(level, _)| level)
        }
    }
}

/// How far a share lies from the target, comparable between shares of one target.
#[derive(Debug, Clone, Copy)]
struct Distance(u128, u128);

impl Distance {
    fn cmp(&self, other: &Distance) -> Ordering {
        (self.0 * other.1).cmp(&(other.0 * self.1))
    }
}

impl Share {
    /// Which of two shares is greater.
    pub fn compare(self, other: Share) -> Ordering {
        let crossed = |a: u32, b: u32| u64::from(a) * u64::from(b);
        crossed(self.numerator, other.denominator).cmp(&crossed(other.numerator, self.denominator))
    }

    fn distance(self, target: Share) -> Distance {
        let crossed = |a: u32, b: u32| u64::from(a) * u64::from(b);
        let apart = crossed(self.numerator, target.denominator).abs_diff(crossed(target.numerator, self.denominator));
        Distance(apart.into(), self.denominator.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> Vec<LevelCount> {
        let count = |text: &str| {
            let (dlt, evaluable) = text.split_once('/').unwrap();
            LevelCount { evaluable: evaluable.parse().unwrap(), dlt: dlt.parse().unwrap() }
        };
        text.split(' ').map(count).collect()
    }

    fn chosen(choice: MtdEstimate, text: &str) -> Option<u8> {
        let tried: Vec<_> = (1..).map_while(DoseLevel::new).zip(counts(text)).collect();
        mtd(choice, Share { numerator: 3, denominator: 10 }, &tried).map(|(level, _)| level.get())
    }

    #[test]
    fn neighbours_out_of_order_are_pooled() {
        let pooled = |text| isotonic(&counts(text)).iter().map(|s| (s.numerator, s.denominator)).collect::<Vec<_>>();
        assert_eq!(pooled("0/3 1/6 3/6"), [(0, 3), (1, 6), (3, 6)]);
        assert_eq!(pooled("2/3 1/6 3/6"), [(3, 9), (3, 9), (3, 6)]);
        assert_eq!(pooled("1/3 0/3 0/6"), [(1, 12), (1, 12), (1, 12)]);
        assert_eq!(pooled("0/3 3/3 1/3 1/3"), [(0, 3), (5, 9), (5, 9), (5, 9)]);
    }

    #[test]
    fn the_closest_level_is_the_mtd_and_ties_go_to_the_safer() {
        let closest = |text| chosen(MtdEstimate::ClosestToTarget, text);
        assert_eq!(closest("0/3 1/6 2/6 3/6"), Some(3), "1/3 is closer to 0.3 than 1/6");
        assert_eq!(closest("1/5 2/5"), Some(1), "0.2 and 0.4 are as close: the lower");
        assert_eq!(closest("0/3 0/3 0/3"), Some(3), "one estimate below the target: the highest");
        assert_eq!(closest("2/3 1/3 2/3"), Some(1), "one estimate above the target: the lowest");
        assert_eq!(closest("3/10 3/10"), Some(1), "one estimate at the target: the lowest");
        assert_eq!(mtd(MtdEstimate::ClosestToTarget, Share { numerator: 1, denominator: 4 }, &[]), None);
    }

    #[test]
    fn the_highest_not_above_the_target_can_be_none() {
        let highest = |text| chosen(MtdEstimate::HighestNotAboveTarget, text);
        assert_eq!(highest("0/3 1/6 2/6"), Some(2));
        assert_eq!(highest("0/3 3/10 2/6"), Some(2), "at the target is not above it");
        assert_eq!(highest("1/3 2/6"), None);
    }
}
