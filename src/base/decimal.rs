//! Products as a reader of decimals expects them.
//!
//! `100210 * 0.001` is 100.21000000000001 where both factors are taken for the nearest binary
//! fractions. Who writes `0.001` means a thousandth, so the factors are taken for the decimals that
//! they print as, and their product is rounded once.

/// The float that is nearest to the product of two numbers as they print.
pub fn product(a: f64, b: f64) -> f64 {
    let binary = a * b;
    let whole = |n: f64| n.fract() == 0.0;
    // Zero, infinities and what is too small for all its digits stay as they are.
    let normal = a.is_normal() && b.is_normal() && binary.is_normal();
    if !normal || (whole(a) && whole(b)) {
        return binary;
    }
    // One division of exact numbers is rounded once, too, and needs no digits.
    match (power_of_ten_below(a), power_of_ten_below(b)) {
        (_, Some(power)) if whole(a) && a.abs() < EXACT => a / power,
        (Some(power), _) if whole(b) && b.abs() < EXACT => b / power,
        _ => by_digits(a, b).unwrap_or(binary),
    }
}

/// From here on floats are further apart than one.
const EXACT: f64 = (1_u64 << 53) as f64;

/// A float holds the powers of ten up to this one exactly.
const LAST_POWER: f64 = 1e22;

/// 1000 for 0.001.
fn power_of_ten_below(part: f64) -> Option<f64> {
    let power = (1.0 / part).round();
    let mut powers = std::iter::successors(Some(10.0), |power| (*power < LAST_POWER).then_some(power * 10.0));
    (powers.any(|one| one == power) && 1.0 / power == part).then_some(power)
}

/// A float prints with 17 digits at most, so two have 34 together, and 38 fit.
fn by_digits(a: f64, b: f64) -> Option<f64> {
    let ((a, a_exponent), (b, b_exponent)) = (digits(a)?, digits(b)?);
    let product = a.checked_mul(b)?;
    format!("{product}e{}", a_exponent + b_exponent).parse().ok()
}

/// The digits of the shortest form with the power of ten that they are multiplied by.
fn digits(n: f64) -> Option<(i128, i32)> {
    let text = format!("{n:e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let n_fraction = i32::try_from(fraction.len()).ok()?;
    Some((format!("{whole}{fraction}").parse().ok()?, exponent.parse::<i32>().ok()? - n_fraction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn products_are_those_of_the_decimals() {
        for (a, b, expected) in [
            (100_210.0, 0.001, 100.21),
            (0.001, 100_210.0, 100.21),
            (0.07, 100.0, 7.0),
            (1.1, 1.1, 1.21),
            (-100.0, 0.036, -3.6),
            (3.0, 1e-6, 3e-6),
            (0.1, 3.0, 0.3),
            (9_007_199_254_740_992.0, 0.5, 4_503_599_627_370_496.0),
            (1e300, 1e-300, 1.0),
        ] {
            assert_eq!(product(a, b), expected, "{a} * {b}");
        }
        assert_eq!(product(1e300, 1e300), f64::INFINITY);
        assert!(product(f64::NAN, 0.1).is_nan());
        assert_eq!(product(0.0, 0.001), 0.0);
    }

    proptest! {
        /// What is written with a few digits has the product that is written with their digits.
        #[test]
        fn short_decimals_have_short_products(a in -99_999_i64..99_999, b in 1_i64..99_999, places in 0_usize..6) {
            let decimal = |n: i64, places: usize| format!("{n}e-{places}").parse::<f64>().unwrap();
            prop_assert_eq!(product(decimal(a, places), decimal(b, 3)), decimal(a * b, places + 3));
        }

        #[test]
        fn the_order_is_all_the_same_and_the_error_small(a in any::<f64>(), b in any::<f64>()) {
            let (found, binary) = (product(a, b), a * b);
            prop_assert_eq!(found.to_bits(), product(b, a).to_bits());
            if binary.is_normal() {
                prop_assert!((found - binary).abs() <= binary.abs() * 4.0 * f64::EPSILON);
            }
        }
    }
}
