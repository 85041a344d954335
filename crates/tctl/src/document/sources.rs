//! Where the values of the `cluster_auth_preference` come from.

use std::collections::HashMap;

use serde_yaml_ng::{Mapping, Value};

/// Source of a value that was set by `tctl`.
const DYNAMIC: &str = "dynamic";

/// Adds a comment with its source to the line of each value below `spec`. `sources` is keyed by dotted path, such as
/// `device_trust.mode`.
pub(crate) fn annotate(yaml: &str, sources: &HashMap<String, String>) -> String {
    let mut text = String::with_capacity(yaml.len() + 256);
    // Indentation and key of the mappings around the line.
    let mut path: Vec<(usize, &str)> = Vec::new();
    for line in yaml.lines() {
        text.push_str(line);
        let key = line.trim_start();
        let indent = line.len() - key.len();
        let is_key = |key: &str| key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if let Some((key, _)) = key.split_once(':').filter(|(key, _)| !key.is_empty() && is_key(key)) {
            while path.last().is_some_and(|(outer, _)| *outer >= indent) {
                path.pop();
            }
            path.push((indent, key));
            let dotted = path.iter().map(|(_, key)| *key).collect::<Vec<_>>().join(".");
            if let Some(source) = dotted.strip_prefix("spec.").and_then(|key| sources.get(key)) {
                text.push_str(" # ");
                text.push_str(&gatehouse_model::clean_label(source));
            }
        }
        text.push('\n');
    }
    text
}

/// Takes out of an edited preference what was not touched and was not set dynamically before, so that saving an edit
/// does not pin values of the file and of the defaults.
pub(crate) fn drop_inherited(edited: &mut Value, shown: &Value, sources: &HashMap<String, String>) {
    for (key, source) in sources {
        if source == DYNAMIC {
            continue;
        }
        let keys: Vec<&str> = std::iter::once("spec").chain(key.split('.')).collect();
        let before = look_up(shown, &keys);
        if before.is_some() && look_up(edited, &keys) == before {
            remove(edited, &keys);
        }
    }
}

fn look_up<'a>(value: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    keys.iter().try_fold(value, |value, key| value.get(*key))
}

fn remove(value: &mut Value, keys: &[&str]) {
    let Some((last, outer)) = keys.split_last() else { return };
    let mut inner = value;
    for key in outer {
        match inner.get_mut(*key) {
            Some(next) => inner = next,
            None => return,
        }
    }
    if let Value::Mapping(mapping) = inner {
        let kept: Mapping =
            std::mem::take(mapping).into_iter().filter(|(key, _)| key.as_str() != Some(last)).collect();
        *mapping = kept;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: &str = "\
kind: cluster_auth_preference
spec:
  second_factor: otp
  device_trust:
    mode: required
    auto_enroll: false
    ekcert_allowed_cas:
    - |
      -----BEGIN CERTIFICATE-----
      AAAA
      -----END CERTIFICATE-----
";

    fn sources() -> HashMap<String, String> {
        [
            ("second_factor", "default"),
            ("device_trust.mode", "dynamic"),
            ("device_trust.auto_enroll", "default"),
            ("device_trust.ekcert_allowed_cas", "file"),
        ]
        .map(|(key, source)| (key.to_owned(), source.to_owned()))
        .into()
    }

    #[test]
    fn each_value_tells_where_it_comes_from() {
        let text = annotate(SHOWN, &sources());
        insta::assert_snapshot!(text, @r"
        kind: cluster_auth_preference
        spec:
          second_factor: otp # default
          device_trust:
            mode: required # dynamic
            auto_enroll: false # default
            ekcert_allowed_cas: # file
            - |
              -----BEGIN CERTIFICATE-----
              AAAA
              -----END CERTIFICATE-----
        ");
        let value = |text: &str| serde_yaml_ng::from_str::<Value>(text).unwrap();
        assert_eq!(value(&text), value(SHOWN));
    }

    #[test]
    fn saving_pins_only_what_was_changed() {
        let shown: Value = serde_yaml_ng::from_str(SHOWN).unwrap();
        let mut edited: Value =
            serde_yaml_ng::from_str(&SHOWN.replace("auto_enroll: false", "auto_enroll: true")).unwrap();
        drop_inherited(&mut edited, &shown, &sources());
        assert_eq!(
            serde_yaml_ng::to_string(&edited).unwrap(),
            "kind: cluster_auth_preference\nspec:\n  device_trust:\n    mode: required\n    auto_enroll: true\n"
        );
    }
}
