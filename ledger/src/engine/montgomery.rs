//! Points of Edwards25519 as points of the Montgomery curve v^2 = u^3 + A u^2 + u (RFC 7748 section 4.1), which are added
//! with fewer multiplications where one inversion serves many additions.
//!
//! Promises the group law for sums of two points with different u. A sum of two with the same one has no place here: it
//! is told, and whoever asked for it knows nothing of what came out. Works on public values only.

use super::{inverses::Inverses, number::Number};
use curve25519_dalek::edwards::CompressedEdwardsY;

/// A point (u + A / 3, v) other than the one at infinity; so moved, A vanishes from the sum of two.
#[derive(Clone, Copy)]
pub struct Point {
    pub u: Number,
    pub v: Number,
}

/// A / 3, A = 486662.
const THIRD: Number = Number([0xaaaaaaaaaaad2451, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0x2aaaaaaaaaaaaaaa]);
/// A square root of -486664, by which x = ROOT u / v.
const ROOT: Number = Number([0xcc6e04aaff457e06, 0xc5a1d3d14b7d1a82, 0xd27b08dc03fc4f7e, 0x0f26edf460a006bb]);
/// -121665 / 121666.
const D: Number = Number([0x75eb4dca135978a3, 0x00700a4d4141d8ab, 0x8cc740797779e898, 0x52036cee2b6ffe73]);
/// A square root of -1.
const I: Number = Number([0xc4ee1b274a0ea0b0, 0x2f431806ad2fe478, 0x2b4d00993dfbd7a7, 0x2b8324804fc1df0b]);

/// A sum of two of many points, and which of them it replaces.
#[derive(Clone, Copy)]
pub struct Addition {
    pub one: usize,
    pub other: usize,
    pub into: usize,
}

/// Replaces points by sums of them, all of which are of points as they were before; gives which additions had no sum.
pub fn add(points: &mut [Point], additions: &[Addition], inverses: &mut Inverses) -> Vec<usize> {
    let without = inverses.make(additions.iter().map(|a| points[a.other].u.minus(points[a.one].u)));
    for (addition, inverse) in additions.iter().zip(inverses.iter()) {
        let (one, other) = (points[addition.one], points[addition.other]);
        let slope = other.v.minus(one.v).times(inverse);
        let u = slope.squared().minus(one.u.plus(other.u));
        points[addition.into] = Point { u, v: slope.times(one.u.minus(u)).minus(one.v) };
    }
    without
}

impl Point {
    /// The first so many doubles of a point of large order, itself the first, each twice the one before; none if one of
    /// them has no place here.
    pub fn doubles(point: &CompressedEdwardsY, many: usize) -> Option<Vec<Point>> {
        let doubles: Vec<Edwards> =
            std::iter::successors(Some(Edwards::of(point)?), |point| Some(point.doubled())).take(many).collect();
        let moved = |(point, inverse): (&Edwards, Number)| {
            // u = (Z + Y) / (Z - Y), v = ROOT u Z / X.
            let numerator = point.z.plus(point.y).times(inverse);
            Point { u: numerator.times(point.x).plus(THIRD), v: numerator.times(point.z).times(ROOT) }
        };
        let mut inverses = Inverses::default();
        let zeros = inverses.make(doubles.iter().map(|point| point.z.minus(point.y).times(point.x)));
        zeros.is_empty().then(|| doubles.iter().zip(inverses.iter()).map(moved).collect())
    }

    /// What is to be inverted for the bytes of a point.
    pub fn denominator(&self) -> Number {
        self.v.times(self.u_plus_one())
    }

    /// The 32 bytes of RFC 8032 section 5.1.2, from the inverse of the denominator.
    pub fn to_bytes(self, inverse: Number) -> [u8; 32] {
        // x = ROOT u / v, y = (u - 1) / (u + 1).
        let u = self.u.minus(THIRD);
        let x = ROOT.times(u).times(self.u_plus_one()).times(inverse);
        let mut bytes = u.minus(Number::ONE).times(self.v).times(inverse).to_bytes();
        bytes[31] |= u8::from(x.is_odd()) << 7;
        bytes
    }

    /// u + 1.
    fn u_plus_one(&self) -> Number {
        self.u.minus(THIRD).plus(Number::ONE)
    }
}

/// A sum on its way: the point (U / Z^2, V / Z^3). Where two with the same u were added Z is 0, and stays so.
pub struct Running {
    u: Number,
    v: Number,
    pub z: Number,
}

impl Running {
    pub fn of(point: Point) -> Running {
        Running { u: point.u, v: point.v, z: Number::ONE }
    }

    /// The sum with one more point: eleven multiplications, but no inversion.
    pub fn plus(self, point: Point) -> Running {
        let square = self.z.squared();
        let h = point.u.times(square).minus(self.u);
        let r = point.v.times(square.times(self.z)).minus(self.v);
        let h2 = h.squared();
        let (h3, w) = (h2.times(h), h2.times(self.u));
        let u = r.squared().minus(h3).minus(w.plus(w));
        Running { u, v: r.times(w.minus(u)).minus(h3.times(self.v)), z: self.z.times(h) }
    }

    /// The point, from the inverse of Z.
    pub fn point(&self, inverse: Number) -> Point {
        let square = inverse.squared();
        Point { u: self.u.times(square), v: self.v.times(square.times(inverse)) }
    }
}

/// A point (X/Z, Y/Z) of Edwards25519.
struct Edwards {
    x: Number,
    y: Number,
    z: Number,
}

impl Edwards {
    /// The point of these bytes (RFC 8032 section 5.1.3).
    fn of(CompressedEdwardsY(bytes): &CompressedEdwardsY) -> Option<Edwards> {
        let y = Number::of_bytes(bytes);
        let square = y.squared();
        let (u, v) = (square.minus(Number::ONE), square.times(D).plus(Number::ONE));
        let v3 = v.squared().times(v);
        let v7 = v3.squared().times(v);
        let root = u.times(v3).times(u.times(v7).to_p58());
        let roots = [root, root.times(I)];
        let x = roots.into_iter().find(|x| x.squared().times(v) == u)?;
        let is_odd = bytes[31] >> 7 == 1;
        let x = if x.is_odd() == is_odd { x } else { Number::ZERO.minus(x) };
        Some(Edwards { x, y, z: Number::ONE })
    }

    /// The point added to itself (Bernstein and others, "Twisted Edwards Curves", 2008, section 6, with a = -1).
    fn doubled(&self) -> Edwards {
        let (c, d, h) = (self.x.squared(), self.y.squared(), self.z.squared());
        let f = d.minus(c);
        let j = f.minus(h.plus(h));
        let both = self.x.plus(self.y).squared();
        let sum = c.plus(d);
        Edwards { x: both.minus(sum).times(j), y: Number::ZERO.minus(sum).times(f), z: f.times(j) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::{
        constants::ED25519_BASEPOINT_POINT, edwards::EdwardsPoint, scalar::Scalar, traits::Identity as _,
    };
    use proptest::prelude::*;

    /// The point of the library.
    fn moved(point: &EdwardsPoint) -> Point {
        Point::doubles(&point.compress(), 1).unwrap()[0]
    }

    fn bytes(points: &[Point]) -> Vec<[u8; 32]> {
        let mut inverses = Inverses::default();
        assert!(inverses.make(points.iter().map(Point::denominator)).is_empty());
        points.iter().zip(inverses.iter()).map(|(point, inverse)| point.to_bytes(inverse)).collect()
    }

    #[test]
    fn constants_are_what_they_are_said_to_be() {
        let number = |n: u64| Number([n, 0, 0, 0]);
        assert!(THIRD.times(number(3)) == number(486_662));
        assert!(ROOT.squared() == Number::ZERO.minus(number(486_664)));
        assert!(D.times(number(121_666)) == Number::ZERO.minus(number(121_665)));
        assert!(I.squared() == Number::ZERO.minus(Number::ONE));
    }

    #[test]
    fn doubles_are_those_of_the_library() {
        for point in [ED25519_BASEPOINT_POINT, -ED25519_BASEPOINT_POINT, ED25519_BASEPOINT_POINT * Scalar::from(99_u8)]
        {
            let expected: Vec<[u8; 32]> = std::iter::successors(Some(point), |point| Some(point + point))
                .take(260)
                .map(|point| point.compress().to_bytes())
                .collect();
            assert_eq!(bytes(&Point::doubles(&point.compress(), 260).unwrap()), expected);
        }
    }

    #[test]
    fn points_of_small_order_have_no_doubles_here() {
        for point in curve25519_dalek::constants::EIGHT_TORSION {
            assert!(Point::doubles(&point.compress(), 4).is_none());
        }
        assert!(Point::doubles(&EdwardsPoint::identity().compress(), 1).is_none());
    }

    #[test]
    fn a_sum_of_two_with_the_same_u_is_told_and_harms_no_other() {
        let times = |n: u64| ED25519_BASEPOINT_POINT * Scalar::from(n);
        let mut found = [5, 5, 7, 7, 9, 11].map(times).each_ref().map(moved);
        found[3].v = found[3].v.negative_if(true);
        let additions = [0, 2, 4].map(|one| Addition { one, other: one + 1, into: one });
        assert_eq!(add(&mut found, &additions, &mut Inverses::default()), [0, 1]);
        assert_eq!(bytes(&found[4..5]), [times(20).compress().to_bytes()]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn sums_are_those_of_the_library(scalars in prop::collection::vec(any::<[u8; 32]>(), 2..40)) {
            let points: Vec<EdwardsPoint> =
                scalars.into_iter().map(|n| ED25519_BASEPOINT_POINT * Scalar::from_bytes_mod_order(n)).collect();
            let mut found: Vec<Point> = points.iter().map(moved).collect();
            let additions: Vec<Addition> =
                (0..points.len() - 1).step_by(2).map(|one| Addition { one, other: one + 1, into: one }).collect();
            prop_assert!(add(&mut found, &additions, &mut Inverses::default()).is_empty());
            let sum = |(at, point): (usize, &EdwardsPoint)| match points.get(at + 1) {
                Some(next) if at % 2 == 0 => (point + next).compress().to_bytes(),
                _ => point.compress().to_bytes(),
            };
            prop_assert_eq!(bytes(&found), points.iter().enumerate().map(sum).collect::<Vec<_>>());
        }
    }
}
