//! The special functions behind the tests and intervals: normal, chi-square and beta distributions.
//!
//! Promises about 1e-13 relative accuracy in both tails for the arguments of a trial (counts up to some thousands).
//! Arguments outside the domain give NaN; nothing panics and every loop ends.

use std::f64::consts::{PI, SQRT_2};

/// The 97.5 % quantile of the standard normal distribution: the z of every 95 % interval.
pub const Z_975: f64 = 1.959963984540054;

/// Keeps the denominators of continued fractions away from zero (Lentz's method).
const TINY: f64 = 1e-300;
/// Continued fractions converge in some times the square root of their parameters; this is a stop, not a setting.
const MOST_TERMS: u32 = 100_000;

/// Which side of a distribution a probability lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// The probability of at most the argument.
    Lower,
    /// The probability of more than the argument.
    Upper,
}

/// The probability that a standard normal variable lies at least `z` away from zero, on either side.
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2)
}

/// The value below which a standard normal variable lies with the given probability.
///
/// Starts from Abramowitz and Stegun 26.2.23 (error below 4.5e-4) and refines by Halley's method on `erfc`, which
/// multiplies the correct digits by three each time. 0 and 1 give the infinities.
pub fn normal_quantile(probability: f64) -> f64 {
    if !(0.0..=1.0).contains(&probability) {
        return f64::NAN;
    }
    if probability > 0.5 { upper_normal_quantile(1.0 - probability) } else { -upper_normal_quantile(probability) }
}

/// The value exceeded with the given probability, which is at most one half.
fn upper_normal_quantile(tail: f64) -> f64 {
    if tail == 0.0 {
        return f64::INFINITY;
    }
    let t = (-2.0 * libm::log(tail)).sqrt();
    let numerator = 2.515517 + t * (0.802853 + t * 0.010328);
    let denominator = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    let mut z = t - numerator / denominator;
    for _ in 0..3 {
        let excess = 0.5 * libm::erfc(z / SQRT_2) - tail;
        let newton = excess * (2.0 * PI).sqrt() * libm::exp(z * z / 2.0);
        z += newton / (1.0 - z * newton / 2.0);
    }
    z
}

/// The probability that a chi-square variable with `df` degrees of freedom exceeds `x`.
pub fn chi_square_upper(x: f64, df: u32) -> f64 {
    gamma_upper(f64::from(df) / 2.0, x / 2.0)
}

/// The regularized upper incomplete gamma function Q(a, x), for `a` > 0 and `x` >= 0.
///
/// By the series of P below `x = a + 1` and by Legendre's continued fraction above (Abramowitz and Stegun 6.5.29,
/// 6.5.31), so that neither tail is found by cancellation.
pub fn gamma_upper(a: f64, x: f64) -> f64 {
    if !(a > 0.0 && a.is_finite() && x >= 0.0) {
        return f64::NAN;
    }
    if x == 0.0 {
        return 1.0;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    if x < a + 1.0 {
        1.0 - poisson_density(a, x) * gamma_series(a, x)
    } else {
        poisson_density(a, x) * a * gamma_fraction(a, x)
    }
}

/// 1 + x/(a+1) + x^2/((a+1)(a+2)) + ..., whose terms fall because x < a + 1.
fn gamma_series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum, mut n) = (1.0, 1.0, a);
    while term > sum * f64::EPSILON / 4.0 {
        n += 1.0;
        term *= x / n;
        sum += term;
    }
    sum
}

/// 1/(x+1-a- 1(1-a)/(x+3-a- 2(2-a)/(x+5-a- ...))), for x >= a + 1.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let first = x + 1.0 - a;
    continued_fraction(first, |i| (-f64::from(i) * (f64::from(i) - a), first + 2.0 * f64::from(i)))
}

/// 1/(b0 + a1/(b1 + a2/(b2 + ...))) by the modified Lentz method; `term(i)` gives (ai, bi).
fn continued_fraction(b0: f64, term: impl Fn(u32) -> (f64, f64)) -> f64 {
    let away_from_zero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut d = 1.0 / away_from_zero(b0);
    let mut c = 1.0 / TINY;
    let mut value = d;
    for i in 1..MOST_TERMS {
        let (numerator, denominator) = term(i);
        d = 1.0 / away_from_zero(denominator + numerator * d);
        c = away_from_zero(denominator + numerator / c);
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= f64::EPSILON {
            break;
        }
    }
    value
}

/// Both tails of the beta distribution at `x`: I_x(a, b) and 1 - I_x(a, b), for `a`, `b` > 0 and `x` in 0 to 1.
///
/// By the continued fraction (Abramowitz and Stegun 26.5.8), taken on the side where it converges fast.
pub fn beta_tails(x: f64, a: f64, b: f64) -> (f64, f64) {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && (0.0..=1.0).contains(&x)) {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 || x == 1.0 {
        return (x, 1.0 - x);
    }
    if x < (a + 1.0) / (a + b + 2.0) {
        let lower = binomial_density(a, b, x, 1.0 - x) * b / (a + b) * beta_fraction(x, a, b);
        (lower, 1.0 - lower)
    } else {
        let upper = binomial_density(b, a, 1.0 - x, x) * a / (a + b) * beta_fraction(1.0 - x, b, a);
        (1.0 - upper, upper)
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let numerator = |i: u32| {
        let m = f64::from(i / 2);
        let at = a + 2.0 * m;
        if i.is_multiple_of(2) {
            m * (b - m) * x / ((at - 1.0) * at)
        } else {
            -(a + m) * (a + b + m) * x / (at * (at + 1.0))
        }
    };
    continued_fraction(1.0, |i| (numerator(i), 1.0))
}

/// The `x` at which the named tail of the beta distribution holds `probability`.
///
/// Newton's method inside a shrinking bracket: where a step would leave the bracket, the bracket is halved.
pub fn beta_quantile(tail: Tail, probability: f64, a: f64, b: f64) -> f64 {
    if !(a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite() && (0.0..=1.0).contains(&probability)) {
        return f64::NAN;
    }
    let (mut low, mut high) = (0.0, 1.0);
    let mut x = a / (a + b);
    // Halving alone needs at most 1075 steps from 1 to the smallest number.
    for _ in 0..1200 {
        let (lower, upper) = beta_tails(x, a, b);
        let excess = match tail {
            Tail::Lower => lower - probability,
            Tail::Upper => probability - upper,
        };
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = binomial_density(a, b, x, 1.0 - x) * (a / (a + b)) * b / (x * (1.0 - x));
        let newton = x - excess / density;
        let next = if newton > low && newton < high { newton } else { low + (high - low) / 2.0 };
        if (next - x).abs() <= x * f64::EPSILON {
            return next;
        }
        x = next;
    }
    x
}

/// x^a e^-x / Gamma(a + 1), by the saddle-point expansion of Loader (2000), which does not cancel for large `a`.
fn poisson_density(a: f64, x: f64) -> f64 {
    libm::exp(-stirling_error(a) - deviance(a, x)) / (2.0 * PI * a).sqrt()
}

/// Gamma(a+b+1) / (Gamma(a+1) Gamma(b+1)) x^a y^b with y = 1 - x, by the same expansion.
fn binomial_density(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let stirling = stirling_error(n) - stirling_error(a) - stirling_error(b);
    libm::exp(stirling - deviance(a, n * x) - deviance(b, n * y)) * (n / (2.0 * PI * a * b)).sqrt()
}

/// What Stirling's formula leaves out: ln Gamma(n+1) - (n + 1/2) ln n + n - ln sqrt(2 pi).
fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - libm::log(2.0 * PI) / 2.0;
    }
    let square = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / 1188.0 / square) / square) / square) / square)
        / n
}

/// x ln(x/mean) + mean - x, by its series where x is near the mean.
fn deviance(x: f64, mean: f64) -> f64 {
    let difference = x - mean;
    if difference.abs() >= 0.1 * (x + mean) {
        return x * libm::log(x / mean) - difference;
    }
    let v = difference / (x + mean);
    let mut sum = difference * v;
    let mut power = 2.0 * x * v;
    let mut divisor = 1.0;
    loop {
        power *= v * v;
        divisor += 2.0;
        let next = sum + power / divisor;
        if next == sum {
            return sum;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(computed: f64, expected: f64, relative: f64) {
        assert!((computed - expected).abs() <= relative * expected.abs(), "{computed:e} is not {expected:e}");
    }

    #[test]
    fn the_normal_quantile_gives_the_z_of_95_percent() {
        close(normal_quantile(0.975), Z_975, 4.0 * f64::EPSILON);
        assert!(normal_quantile(0.5).abs() < 1e-15);
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert!(normal_quantile(1.5).is_nan() && normal_quantile(f64::NAN).is_nan());
    }

    #[test]
    fn the_normal_quantile_is_inverted_by_the_tail() {
        for tail in [1e-300, 1e-20, 1e-5, 0.01, 0.2, 0.499] {
            close(normal_two_sided(normal_quantile(tail)) / 2.0, tail, 1e-12);
        }
    }

    #[test]
    fn chi_square_agrees_with_its_closed_forms() {
        // df = 1: erfc(sqrt(x/2)); df = 2: exp(-x/2); even df = 2m: exp(-x/2) times the first m terms of the series.
        for x in [1e-6, 0.1, 1.0, 3.84, 9.7, 40.0, 300.0] {
            close(chi_square_upper(x, 1), libm::erfc((x / 2.0_f64).sqrt()), 1e-13);
            close(chi_square_upper(x, 2), libm::exp(-x / 2.0), 1e-13);
            let h = x / 2.0;
            let four_terms = 1.0 + h * (1.0 + h / 2.0 * (1.0 + h / 3.0));
            close(chi_square_upper(x, 8), libm::exp(-h) * four_terms, 1e-13);
        }
        assert_eq!(chi_square_upper(0.0, 3), 1.0);
        assert_eq!(chi_square_upper(f64::INFINITY, 3), 0.0);
        assert!(chi_square_upper(-1.0, 3).is_nan() && chi_square_upper(1.0, 0).is_nan());
    }

    #[test]
    fn beta_tails_agree_with_the_binomial_sum() {
        // I_x(k, n-k+1) is the probability of k or more successes in n trials.
        let (n, x) = (9_u32, 0.3_f64);
        let mass = |k: u32| {
            let choose = (0..k).fold(1.0, |c, i| c * f64::from(n - i) / f64::from(i + 1));
            choose * libm::pow(x, f64::from(k)) * libm::pow(1.0 - x, f64::from(n - k))
        };
        for k in 1..=n {
            let (lower, upper) = beta_tails(x, f64::from(k), f64::from(n - k + 1));
            close(lower, (k..=n).map(mass).sum(), 1e-13);
            close(upper, (0..k).map(mass).sum(), 1e-13);
        }
    }

    #[test]
    fn the_beta_quantile_is_inverted_by_the_tail() {
        for (a, b) in [(1.0, 1.0), (0.5, 3.0), (6.0, 4.0), (1.0, 10_000.0), (5_000.0, 2.0), (800.0, 1200.0)] {
            for p in [1e-9, 0.005, 0.025, 0.4, 0.975] {
                close(beta_tails(beta_quantile(Tail::Lower, p, a, b), a, b).0, p, 1e-12);
                close(beta_quantile(Tail::Upper, p, a, b), beta_quantile(Tail::Lower, 1.0 - p, a, b), 1e-6);
            }
        }
        assert!(beta_quantile(Tail::Lower, 0.5, 0.0, 1.0).is_nan());
    }

    #[test]
    fn a_large_parameter_neither_overflows_nor_hangs() {
        close(gamma_upper(1e6, 1e6), 0.4998670192, 1e-8);
        let (lower, upper) = beta_tails(0.5, 1e6, 1e6);
        close(lower, 0.5, 1e-9);
        close(lower + upper, 1.0, 1e-12);
    }
}
