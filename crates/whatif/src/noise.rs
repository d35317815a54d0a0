//! Seeded randomness: splitmix64.

/// A stream of random numbers that depends on its seed only.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// A stream for a seed and a purpose, unlike those of other purposes.
    pub fn new(seed: u64, purpose: u64) -> Self {
        let mut noise = Self(seed ^ purpose.wrapping_mul(0xD1B5_4A32_D192_ED03));
        noise.bits();
        noise
    }

    /// Sixty-four of them.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly in `0..bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound.max(1)
    }

    /// Evenly in `least..=most`.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// Whether something of this chance in a hundred happens.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}
