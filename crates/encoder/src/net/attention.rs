//! Attention of a text's tokens to each other, head by head.

use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions};
use rten_simd::SimdOp;
use rten_tensor::Matrix;
use rten_vecmath::Softmax;

/// How many numbers a head looks at.
pub(super) const HEAD: usize = 32;

/// The attention of one layer: `qkv` holds query, key and value of each token side by side, `lengths` the tokens of each
/// text. Texts never see each other.
pub(super) fn attend(gemm: &GemmExecutor, qkv: &[f32], lengths: &[usize], width: usize) -> Result<Vec<f32>, String> {
    let mut out = vec![0.0; qkv.len() / 3];
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let mut scores = vec![0.0; longest * longest];
    let mut mixed = vec![0.0; longest * HEAD];
    let mut start = 0;
    for length in lengths.iter().copied() {
        let (text, scores, mixed) =
            (Text { qkv, start, length, width }, &mut scores[..length * length], &mut mixed[..length * HEAD]);
        for head in 0..width / HEAD {
            text.attend_head(gemm, head, scores, mixed)?;
            for (token, row) in mixed.chunks_exact(HEAD).enumerate() {
                let at = (start + token) * width + head * HEAD;
                out[at..at + HEAD].copy_from_slice(row);
            }
        }
        start += length;
    }
    Ok(out)
}

struct Text<'a> {
    qkv: &'a [f32],
    start: usize,
    length: usize,
    width: usize,
}

impl Text<'_> {
    fn attend_head(
        &self,
        gemm: &GemmExecutor,
        head: usize,
        scores: &mut [f32],
        mixed: &mut [f32],
    ) -> Result<(), String> {
        let (query, key, value) = (self.part(0, head)?, self.part(1, head)?, self.part(2, head)?);
        let scaled = GemmOptions { alpha: (HEAD as f32).sqrt().recip(), ..GemmOptions::default() };
        gemm.gemm(scores, GemmInputA::Unpacked(query), GemmInputB::Unpacked(key.transposed()), scaled)
            .map_err(|error| error.to_string())?;
        for row in scores.chunks_exact_mut(self.length) {
            Softmax::new_mut(row).dispatch();
        }
        let weights = Matrix::from_data([self.length, self.length], &*scores);
        gemm.gemm(mixed, GemmInputA::Unpacked(weights), GemmInputB::Unpacked(value), GemmOptions::default())
            .map_err(|error| error.to_string())
    }

    fn part(&self, which: usize, head: usize) -> Result<Matrix<'_>, String> {
        let row = 3 * self.width;
        let first = self.start * row + which * self.width + head * HEAD;
        let last = first + (self.length - 1) * row + HEAD;
        Matrix::from_data_with_strides([self.length, HEAD], &self.qkv[first..last], [row, 1])
            .map_err(|error| format!("{error:?}"))
    }
}
