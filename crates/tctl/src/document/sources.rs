//! Where the values of the `cluster_auth_preference` come from.

use std::collections::HashMap;

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
        let value = |text: &str| serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text).unwrap();
        assert_eq!(value(&text), value(SHOWN));
    }
}
