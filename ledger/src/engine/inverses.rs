//! Inverses of many numbers, with one inversion for all of them (Montgomery's trick).
//!
//! Promises the inverse of every number that has one, and to tell which have none. Takes time that depends on whether
//! there are such.

use super::number::Number;

/// How many products grow beside each other in [`Inverses`], so that a processor need not wait for one after the other.
const CHAINS: usize = 4;

/// The inverses of many numbers, made with one inversion (Montgomery's trick).
#[derive(Default)]
pub struct Inverses {
    inverses: Vec<Number>,
    /// Of each number the product of those before it in its chain.
    before: Vec<Number>,
}

impl Inverses {
    /// Inverts numbers, in place of those that were inverted before; 1 stands where there is no inverse, and these
    /// places are given.
    pub fn make(&mut self, numbers: impl Iterator<Item = Number>) -> Vec<usize> {
        self.inverses.clear();
        self.inverses.extend(numbers);
        if self.invert() {
            return Vec::new();
        }
        let zeros: Vec<usize> = (0..self.inverses.len()).filter(|&at| self.inverses[at] == Number::ZERO).collect();
        zeros.iter().for_each(|&at| self.inverses[at] = Number::ONE);
        self.invert();
        zeros
    }

    /// The inverses, in the order of the numbers.
    pub fn iter(&self) -> impl Iterator<Item = Number> {
        self.inverses.iter().copied()
    }

    /// Inverts all numbers, unless one of them is 0: then it leaves them and says no.
    fn invert(&mut self) -> bool {
        let Inverses { inverses: numbers, before } = self;
        before.clear();
        let mut chains = [Number::ONE; CHAINS];
        for numbers in numbers.chunks(CHAINS) {
            for (chain, number) in chains.iter_mut().zip(numbers) {
                before.push(*chain);
                *chain = chain.times(*number);
            }
        }
        let inverse = chains.into_iter().fold(Number::ONE, Number::times).inverted();
        if inverse == Number::ZERO {
            return false;
        }
        let others = |one: usize| (0..CHAINS).filter(move |other| *other != one);
        let mut inverses: [Number; CHAINS] =
            std::array::from_fn(|chain| others(chain).fold(inverse, |inverse, other| inverse.times(chains[other])));
        for (numbers, before) in numbers.chunks_mut(CHAINS).zip(before.chunks(CHAINS)).rev() {
            for ((number, before), inverse) in numbers.iter_mut().zip(before).zip(&mut inverses) {
                (*number, *inverse) = (inverse.times(*before), inverse.times(*number));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const P: Number = Number([u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1]);

    proptest! {
        #[test]
        fn many_are_inverted_as_one_is(
            numbers in prop::collection::vec(prop_oneof![9 => any::<[u64; 4]>().prop_map(Number), 1 => Just(P)], 0..20)
        ) {
            let mut inverses = Inverses::default();
            let zeros = inverses.make(numbers.iter().copied());
            let expected: Vec<usize> = (0..numbers.len()).filter(|at| numbers[*at] == Number::ZERO).collect();
            prop_assert_eq!(&zeros, &expected);
            prop_assert_eq!(inverses.iter().count(), numbers.len());
            for (at, inverse) in inverses.iter().enumerate() {
                let expected = if zeros.contains(&at) { Number::ONE } else { numbers[at].inverted() };
                prop_assert!(inverse == expected, "{at} of {numbers:x?}");
            }
        }
    }
}
