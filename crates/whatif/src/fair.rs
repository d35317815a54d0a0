//! Who got how much of what they could have had.

/// Jain's index: 1 when all have the same, one nth when a single one of n has everything.
pub fn jain(values: &[f64]) -> f64 {
    let (sum, squares) =
        values.iter().fold((0.0, 0.0), |(sum, squares), value| (sum + value, squares + value * value));
    if squares == 0.0 { 1.0 } else { sum * sum / (squares * float(values.len() as u64)) }
}

/// Everybody gets the same share of the capacity, but nobody more than wanted.
pub fn max_min(wanted: &[u64], capacity: u64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_unstable_by_key(|user| wanted[*user]);
    let mut left = float(capacity);
    let mut shares = vec![0.0; wanted.len()];
    for (place, user) in order.into_iter().enumerate() {
        shares[user] = float(wanted[user]).min(left / float((wanted.len() - place) as u64));
        left -= shares[user];
    }
    shares
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fair_share_is_max_min() {
        assert_eq!(max_min(&[10, 2, 10], 12), [5.0, 2.0, 5.0]);
        assert_eq!(max_min(&[1, 2, 3], 100), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn jain_is_one_for_equals_and_one_nth_for_a_single_winner() {
        assert!((jain(&[3.0, 3.0, 3.0]) - 1.0).abs() < 1e-12);
        assert!((jain(&[4.0, 0.0, 0.0, 0.0]) - 0.25).abs() < 1e-12);
    }
}
