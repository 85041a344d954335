use std::fmt::Write as _;

use leptos::prelude::*;

/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// A QR code as inline SVG; nothing where the text is too long for one.
#[component]
pub(crate) fn QrCode(#[prop(into)] text: String, label: &'static str) -> impl IntoView {
    let code = qrcode::QrCode::with_error_correction_level(text.as_bytes(), qrcode::EcLevel::M).ok()?;
    let size = code.width() + 2 * QUIET;
    let path = dark_modules(&code);
    Some(view! {
        <svg class="qr-code" viewBox=format!("0 0 {size} {size}") role="img" aria-label=label shape-rendering="crispEdges">
            <path d=path></path>
        </svg>
    })
}

/// One run of dark modules after the other.
fn dark_modules(code: &qrcode::QrCode) -> String {
    let width = code.width();
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a == b) {
            if run.first() == Some(&qrcode::Color::Dark) {
                let length = run.len();
                let _ = write!(path, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
            }
            x += run.len();
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_darkens_exactly_the_dark_modules() {
        let code = qrcode::QrCode::new(b"otpauth://totp/x?secret=ABC").unwrap();
        let dark = code.to_colors().iter().filter(|color| **color == qrcode::Color::Dark).count();
        let drawn: usize = dark_modules(&code)
            .split('h')
            .skip(1)
            .filter_map(|rest| rest.split_once('v')?.0.parse::<usize>().ok())
            .sum();
        assert_eq!(drawn, dark);
        // The corner of the finder pattern: seven dark modules.
        assert!(dark_modules(&code).starts_with("M4 4h7v1h-7z"));
    }
}
