//! Pixels, lines and letters, written as PNG. Letters come from a bitmap font: no font file, no system library.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

pub(crate) type Colour = [u8; 3];
pub(crate) const INK: Colour = [40, 44, 52];
pub(crate) const FAINT: Colour = [222, 225, 230];
const SIZE: RasterHeight = RasterHeight::Size16;

/// An image, white at first.
pub(crate) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height * 3] }
    }

    /// Draws over what is there, `strength` from 0 to 1.
    fn blend(&mut self, x: f64, y: f64, colour: Colour, strength: f64) {
        if x < 0.0 || y < 0.0 || x >= self.width as f64 || y >= self.height as f64 {
            return;
        }
        let at = (y as usize * self.width + x as usize) * 3;
        for (pixel, ink) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            *pixel = (f64::from(*pixel) * (1.0 - strength) + f64::from(ink) * strength).round() as u8;
        }
    }

    /// A line two pixels thick at the least, with soft edges.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, thickness: f64) {
        let reach = thickness / 2.0 + 1.0;
        let (left, right) = (from.0.min(to.0) - reach, from.0.max(to.0) + reach);
        let (top, bottom) = (from.1.min(to.1) - reach, from.1.max(to.1) + reach);
        let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
        let square = (along_x * along_x + along_y * along_y).max(1e-9);
        for y in top.floor() as i64..=bottom.ceil() as i64 {
            for x in left.floor() as i64..=right.ceil() as i64 {
                let (px, py) = (x as f64 + 0.5, y as f64 + 0.5);
                let share = (((px - from.0) * along_x + (py - from.1) * along_y) / square).clamp(0.0, 1.0);
                let distance = (px - from.0 - share * along_x).hypot(py - from.1 - share * along_y);
                let strength = (thickness / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
                if strength > 0.0 {
                    self.blend(x as f64, y as f64, colour, strength);
                }
            }
        }
    }

    pub(crate) fn dot(&mut self, at: (f64, f64), colour: Colour) {
        self.line(at, at, colour, 8.0);
    }

    pub(crate) fn text(&mut self, (left, top): (f64, f64), text: &str, colour: Colour) {
        for (place, letter) in text.chars().enumerate() {
            let Some(raster) = get_raster(letter, FontWeight::Regular, SIZE) else { continue };
            let left = left + (place * get_raster_width(FontWeight::Regular, SIZE)) as f64;
            for (y, row) in raster.rows().enumerate() {
                for (x, strength) in row.iter().enumerate() {
                    self.blend(left + x as f64, top + y as f64, colour, f64::from(*strength) / 255.0);
                }
            }
        }
    }

    pub(crate) fn text_width(text: &str) -> f64 {
        (text.chars().count() * get_raster_width(FontWeight::Regular, SIZE)) as f64
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut encoder = png::Encoder::new(BufWriter::new(file), self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels)?;
        Ok(writer.finish()?)
    }
}
