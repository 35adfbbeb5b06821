//! QR codes of texts, at the terminal and as pictures (SPEC.md appendix A.4).

use std::path::PathBuf;

use clap::Args;
use qrcode::{EcLevel, QrCode, render::svg, render::unicode::Dense1x2};

use crate::{
    fail::{Failure, Result},
    files,
    terminal::aside,
};

/// Which codes are wanted.
#[derive(Args, Debug, Default)]
pub(crate) struct Codes {
    /// Shows a QR code at the terminal too, on standard error
    #[arg(long)]
    qr: bool,
    /// Writes a QR code as an SVG picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

impl Codes {
    /// Whether any is.
    pub(crate) const fn are_wanted(&self) -> bool {
        self.qr || self.svg.is_some()
    }

    /// Draws one code of all lines of a text: of a token and its origin both are needed. What is
    /// secret goes into a picture for this user alone.
    pub(crate) fn draw(&self, text: &str, secret: bool) -> Result<()> {
        if !self.are_wanted() {
            return Ok(());
        }
        let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::L);
        let code = code.map_err(|_| {
            Failure::input(format!("{} characters are too many for a QR code", text.len()))
        })?;
        if self.qr {
            // A terminal is dark: what is to be light is drawn.
            let mut drawn = code.render::<Dense1x2>();
            aside(&drawn.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
        }
        if let Some(path) = &self.svg {
            let drawn = code.render::<svg::Color<'_>>().min_dimensions(256, 256).build();
            let write = if secret { files::replace_private } else { files::replace };
            write(path, drawn.as_bytes())?;
        }
        Ok(())
    }
}
