//! Points of Edwards25519, eight at once, and the additions that sums from tables are made of.
//!
//! Promises the complete addition law of RFC 8032 section 5.1.4 (it has no exceptions), on points of the curve. Works on
//! registers alone.

use super::field::{Fe, Wide};
use std::arch::x86_64::*;

/// -121665 / 121666 modulo p.
const D: [u64; 5] = [0xb4dca135978a3, 0x4d4141d8ab75e, 0x779e89800700a, 0xfe738cc740797, 0x52036cee2b6f];
/// The same twice.
const TWO_D: [u64; 5] = [0x69b9426b2f159, 0x9a8283b156ebd, 0xef3d13000e014, 0xfce7198e80f2e, 0x2406d9dc56df];
/// A square root of -1.
const ROOT: [u64; 5] = [0xe1b274a0ea0b0, 0x6ad2fe478c4e, 0xdfbd7a72f4318, 0xdf0b2b4d00993, 0x2b8324804fc1];
const ONE: [u64; 5] = [1, 0, 0, 0, 0];
/// 1/2 modulo p.
pub const HALF: [u64; 5] = [0xffffffffffff7, 0xfffffffffffff, 0xfffffffffffff, 0xfffffffffffff, 0x3fffffffffff];

/// An entry of a table: (y + x) / 2, (y - x) / 2, d x y of a point.
#[derive(Clone, Copy)]
pub struct Entry {
    pub plus: Fe,
    pub minus: Fe,
    pub dxy: Fe,
}

/// A point (X/Z, Y/Z) with T = X Y / Z, kept as Y + X, Y - X, Z, T.
#[derive(Clone, Copy)]
pub struct Point {
    plus: Fe,
    minus: Fe,
    /// Raised by 2^9 p.
    z: Wide,
    t: Fe,
}

impl Point {
    /// (0, 1).
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn identity() -> Point {
        Point { plus: Fe::constant(ONE), minus: Fe::constant(ONE), z: Wide::raised(ONE), t: Fe::constant([0; 5]) }
    }

    /// The point of an entry.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn of(entry: &Entry) -> Point {
        let mut point = Point::identity();
        point.add(entry, 0);
        point
    }

    /// Adds the point of an entry whose first two numbers were exchanged in the lanes of the mask: to subtract it.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    pub fn add(&mut self, entry: &Entry, negative: __mmask8) {
        // Twice an entry's numbers are what the formula asks for; so all of this is half of it, hence the same point.
        let a = self.minus.times(&entry.minus);
        let b = self.plus.times_raised(&entry.plus);
        let c = self.t.times(&entry.dxy);
        let e = b.minus(&a).carried();
        let h = b.plus(&a).carried();
        let f = self.z.plus_or_minus(!negative, &c).carried();
        let g = self.z.plus_or_minus(negative, &c).carried();
        *self = Point::made(&e, &f, &g, &h);
    }

    /// The sum of two points.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn plus(&self, other: &Point) -> Point {
        let (z, other_z) = (self.z.carried(), other.z.carried());
        let a = self.minus.times(&other.minus);
        let b = self.plus.times_raised(&other.plus);
        let c = self.t.mul(&other.t).times(&Fe::constant(TWO_D));
        let d = z.doubled().times_raised(&other_z);
        let (e, h) = (b.minus(&a).carried(), b.plus(&a).carried());
        let (f, g) = (d.minus(&c).carried(), d.plus(&c).carried());
        Point::made(&e, &f, &g, &h)
    }

    /// The point added to itself.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn doubled(&self) -> Point {
        // With p = Y + X and m = Y - X: 4 X Y = p^2 - m^2, 2 (Y^2 + X^2) = p^2 + m^2, and Y^2 - X^2 = p m. Of E, F, G and H
        // in RFC 8032 section 5.1.4 this is twice -E, F, -G and H: the same point.
        let (a, b) = (self.minus.times(&self.minus), self.plus.times_raised(&self.plus));
        let (e, h) = (b.minus(&a).carried(), b.plus(&a).carried());
        let g = self.plus.mul(&self.minus).doubled();
        let z = self.z.carried().doubled();
        Point::made(&e, &z.mul(&z).minus(&g), &g, &h)
    }

    /// In each lane the point of the lane so many further, in a circle.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn turned<const LANES: i32>(&self) -> Point {
        Point {
            plus: self.plus.turned::<LANES>(),
            minus: self.minus.turned::<LANES>(),
            z: self.z.turned::<LANES>(),
            t: self.t.turned::<LANES>(),
        }
    }

    /// In the lanes of the mask the other point.
    #[target_feature(enable = "avx512f")]
    pub fn or(&self, mask: __mmask8, other: &Point) -> Point {
        Point {
            plus: self.plus.or(mask, &other.plus),
            minus: self.minus.or(mask, &other.minus),
            z: self.z.or(mask, &other.z),
            t: self.t.or(mask, &other.t),
        }
    }

    /// The point with X = E F, Y = G H, T = E H, Z = F G.
    #[target_feature(enable = "avx512f,avx512ifma")]
    #[inline]
    fn made(e: &Fe, f: &Fe, g: &Fe, h: &Fe) -> Point {
        let (x, y) = (e.times(f), h.times_raised(g));
        Point { plus: y.plus(&x).carried(), minus: y.minus(&x).carried(), z: f.times_raised(g), t: e.mul(h) }
    }

    /// 2 Z.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn denominator(&self) -> Fe {
        self.z.plus(&self.z).carried()
    }

    /// x and y, from the inverse of the denominator.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn affine(&self, inverse: &Fe) -> (Fe, Fe) {
        let (plus, minus) = (self.plus.times_raised(inverse), self.minus.times(inverse));
        (plus.minus(&minus).carried(), plus.plus(&minus).carried())
    }

    /// The entry of this point, in the one smallest form, from the inverse of the denominator.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn entry(&self, inverse: &Fe) -> Entry {
        let dxy = self.t.mul(inverse).mul(&Fe::constant(TWO_D));
        let (plus, minus) = (self.plus.mul(inverse), self.minus.mul(inverse));
        Entry { plus: plus.reduced(), minus: minus.reduced(), dxy: dxy.reduced() }
    }
}

impl Entry {
    /// The entry of the point with this y, below p, and with an odd x in the lanes of the mask (RFC 8032 section 5.1.3);
    /// of any numbers where there is no such point.
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub fn decompressed(y: &Fe, odd: __mmask8) -> Entry {
        let one = Fe::constant(ONE);
        let square = y.mul(y);
        let (u, v) = (square.minus(&one), square.mul(&Fe::constant(D)).plus(&one));
        let v3 = v.mul(&v).mul(&v);
        let v7 = v3.mul(&v3).mul(&v);
        let root = u.mul(&v3).mul(&u.mul(&v7).to_p58());
        let right = v.mul(&root).mul(&root).minus(&u).is_zero();
        let x = root.mul(&Fe::constant(ROOT)).or(right, &root).reduced();
        let is_odd = _mm512_test_epi64_mask(x.0[0], _mm512_set1_epi64(1));
        let x = x.or(is_odd ^ odd, &Fe::constant([0; 5]).minus(&x));
        let half = Fe::constant(HALF);
        let (plus, minus) = (y.plus(&x).mul(&half), y.minus(&x).mul(&half));
        Entry { plus: plus.reduced(), minus: minus.reduced(), dxy: x.mul(y).mul(&Fe::constant(D)).reduced() }
    }
}
