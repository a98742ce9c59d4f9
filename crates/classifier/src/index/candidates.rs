//! A set of places in a list of rules, read in their order.

/// Which rules to try.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates {
    words: Vec<u64>,
}

impl Candidates {
    /// An empty set of places below `size`.
    pub(crate) fn none_of(size: usize) -> Self {
        Self { words: vec![0; size.div_ceil(64)] }
    }

    /// Whether the place was not in it before.
    #[inline]
    pub(crate) fn insert(&mut self, place: u32) -> bool {
        let bit = 1 << (place % 64);
        let Some(word) = self.words.get_mut(place as usize / 64) else { return false };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    pub(crate) fn insert_all(&mut self, places: &[u32]) {
        for &place in places {
            self.insert(place);
        }
    }

    /// The places from the first on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(index, &word)| {
            std::iter::successors(Some(word).filter(|&word| word != 0), |&word| {
                Some(word & (word - 1)).filter(|&word| word != 0)
            })
            .map(move |word| index * 64 + word.trailing_zeros() as usize)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_in_order() {
        let mut set = Candidates::none_of(200);
        set.insert_all(&[199, 0, 63, 64, 128, 64]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 128, 199]);
        assert_eq!(Candidates::none_of(0).iter().count(), 0);
    }
}
