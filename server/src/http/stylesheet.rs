//! The console's stylesheet, built in: pages are styled also where the site's files are missing.

use sha2::{Digest as _, Sha256};

macro_rules! sheets {
    ($($name:literal),+ $(,)?) => {
        /// Names and texts, in the order in which they count.
        const SHEETS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../style/", $name)))),+];
    };
}

// Tokens and base first, the others by name: as `cargo xtask wasm` joins them.
sheets!(
    "tokens.css",
    "base.css",
    "badge.css",
    "button.css",
    "card.css",
    "chart.css",
    "cli_login.css",
    "cluster.css",
    "companion.css",
    "confirm.css",
    "copy_box.css",
    "device.css",
    "ek_cas.css",
    "facts.css",
    "footer.css",
    "form.css",
    "handoff.css",
    "header.css",
    "inventory.css",
    "layout.css",
    "nav.css",
    "new_token.css",
    "notice.css",
    "page_header.css",
    "pager.css",
    "passkeys.css",
    "qr_code.css",
    "recovery_codes.css",
    "scripts.css",
    "shield.css",
    "table.css",
    "table_cards.css",
    "tabs.css",
    "theme_switch.css",
);

/// All sheets in one.
pub(super) fn text() -> String {
    SHEETS.iter().flat_map(|(_, text)| [*text, "\n"]).collect()
}

/// The name says the content, so that browsers may keep it for ever: the same that `cargo xtask wasm` gives.
pub(super) fn file_name(text: &str) -> String {
    let hash = hex::encode(Sha256::digest(text));
    format!("gatehouse.{}.css", hash.get(..16).unwrap_or(&hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sheet_of_the_folder_is_built_in() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../style");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with(".css"))
            .collect();
        there.sort_by_key(|name| (name != "tokens.css", name != "base.css", name.clone()));
        assert_eq!(SHEETS.iter().map(|(name, _)| *name).collect::<Vec<_>>(), there);
    }

    #[test]
    fn both_dark_themes_are_the_same() {
        let tokens = SHEETS[0].1;
        let values = |start: &str| -> Vec<&str> {
            let (_, rest) = tokens.split_once(start).unwrap();
            rest.split_once('}')
                .unwrap()
                .0
                .lines()
                .map(str::trim)
                .filter(|line| line.contains(": "))
                .collect()
        };
        let chosen = values("[data-theme=\"dark\"] {");
        assert!(chosen.len() > 15);
        assert_eq!(chosen, values(":not([data-theme=\"light\"]) {"));
    }
}
