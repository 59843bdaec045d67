//! SHA-2 of many messages at once, one in each lane of AVX-512 registers: SHA-512 of eight, SHA-256 of sixteen (FIPS 180-4
//! sections 6.4 and 6.2).
//!
//! Promises the hashes of padded messages, block after block. Works on registers alone.

use std::arch::x86_64::*;

/// The first 64 bits of the fractions of the square roots of the first eight primes.
const START: [u64; 8] = [
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
];

/// The first 64 bits of the fractions of the cube roots of the first eighty primes.
#[rustfmt::skip]
const ROUNDS: [u64; 80] = [
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
];

/// What `ternarylogic` computes of three bits: one of two by the first, the majority, the sum modulo 2.
const CHOICE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;
const PARITY: i32 = 0x96;

/// The sum modulo 2 of each bit.
#[target_feature(enable = "avx512f")]
#[inline]
fn three(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<PARITY>(a, b, c)
}

/// Both hashes are the same but for the width of a word, the number of rounds and how far words are rotated and shifted; the
/// numbers of the narrower one are the upper halves of the other's.
macro_rules! hashes {
    (
        $(#[$doc:meta])* $name:ident: $rounds:literal rounds, $set:ident($signed:ty, $shift:literal), $add:ident,
        $mask_add:ident($mask:ty), $ror:ident, $srl:ident, e $e0:literal $e1:literal $e2:literal,
        a $a0:literal $a1:literal $a2:literal, early $r0:literal $r1:literal $r2:literal,
        late $l0:literal $l1:literal $l2:literal
    ) => {
        $(#[$doc])*
        pub struct $name(pub [__m512i; 8]);

        impl $name {
            #[target_feature(enable = "avx512f")]
            pub fn start() -> $name {
                let mut state = [_mm512_setzero_si512(); 8];
                for (state, start) in state.iter_mut().zip(START) {
                    *state = $set((start >> $shift) as $signed);
                }
                $name(state)
            }

            /// Takes one block in, in the lanes of the mask: word after word, a lane for each message.
            #[target_feature(enable = "avx512f")]
            pub fn take(&mut self, mask: $mask, block: [__m512i; 16]) {
                let mut words = block;
                let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = self.0;
                for round in (0..$rounds).step_by(16) {
                    for at in 0..16 {
                        let constant = $set((ROUNDS[round + at] >> $shift) as $signed);
                        let sum = three($ror::<$e0>(e), $ror::<$e1>(e), $ror::<$e2>(e));
                        let chosen = _mm512_ternarylogic_epi64::<CHOICE>(e, f, g);
                        let one = $add($add(h, sum), $add(chosen, $add(constant, words[at])));
                        let sum = three($ror::<$a0>(a), $ror::<$a1>(a), $ror::<$a2>(a));
                        let two = $add(sum, _mm512_ternarylogic_epi64::<MAJORITY>(a, b, c));
                        (h, g, f, e, d, c, b, a) = (g, f, e, $add(d, one), c, b, a, $add(one, two));
                        if round < $rounds - 16 {
                            // The word sixteen places after this one.
                            let (early, late) = (words[(at + 1) % 16], words[(at + 14) % 16]);
                            let early = three($ror::<$r0>(early), $ror::<$r1>(early), $srl::<$r2>(early));
                            let late = three($ror::<$l0>(late), $ror::<$l1>(late), $srl::<$l2>(late));
                            words[at] = $add($add(words[at], early), $add(words[(at + 9) % 16], late));
                        }
                    }
                }
                for (state, new) in self.0.iter_mut().zip([a, b, c, d, e, f, g, h]) {
                    *state = $mask_add(*state, mask, *state, new);
                }
            }
        }
    };
}

hashes!(
    /// Eight hashes of SHA-512 on their way.
    Sha512: 80 rounds, _mm512_set1_epi64(i64, 0), _mm512_add_epi64, _mm512_mask_add_epi64(__mmask8), _mm512_ror_epi64,
    _mm512_srli_epi64, e 14 18 41, a 28 34 39, early 1 8 7, late 19 61 6
);
hashes!(
    /// Sixteen hashes of SHA-256 on their way.
    Sha256: 64 rounds, _mm512_set1_epi32(i32, 32), _mm512_add_epi32, _mm512_mask_add_epi32(__mmask16), _mm512_ror_epi32,
    _mm512_srli_epi32, e 6 11 25, a 2 13 22, early 7 18 3, late 17 19 10
);
