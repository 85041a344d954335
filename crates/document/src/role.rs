//! A role as a document: read with the place of everything that is wrong in it, and written.

use std::collections::BTreeMap;

use gatehouse_model::resource::{KIND_ROLE, Metadata, Resource, RoleAllow, RoleOptions, RoleSpec, Rule};

use crate::yaml::{self, Place};
use crate::{Problem, Problems, Section, shown};

/// Largest text of a role, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// A role as somebody wrote it, and where its parts stand.
#[derive(Clone, Debug)]
pub struct RoleDocument {
    pub name: String,
    pub description: String,
    pub spec: RoleSpec,
    places: BTreeMap<String, Place>,
}

impl RoleDocument {
    /// Says of a part, such as `spec.allow.rules[0].verbs[1]`, what is wrong with it; of the part that it belongs to,
    /// where it is not written out.
    #[must_use]
    pub fn problem(&self, path: &str, message: impl Into<String>) -> Problem {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return place.problem(message);
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return Problem { line: 1, column: 1, message: message.into() },
            }
        }
    }
}

/// Reads the text of a role.
///
/// # Errors
/// Everything that is wrong with it, in its order.
pub fn read(text: &str) -> Result<RoleDocument, Vec<Problem>> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is longer than {} kB", MAX_BYTES / 1024);
        return Err(vec![Problem { line: 1, column: 1, message }]);
    }
    let document = yaml::parse(text).map_err(|problem| vec![problem])?;
    let problems = Problems::default();
    let mut reader = Reader { places: BTreeMap::new() };
    let mut root = Section::root(&document, &problems);
    match root.text("kind") {
        Some((_, KIND_ROLE)) => {}
        Some((place, other)) => {
            root.problem(place, format!("`kind` is \"{}\", and must be role", shown(other)));
        }
        None => root.problem(root.place(), "`kind` is missing: the text begins with `kind: role`"),
    }
    root.text("version");
    let (name, description) = reader.metadata(&mut root);
    let spec = reader.spec(&mut root);
    root.finish();
    let mut problems = problems.into_vec();
    if problems.is_empty() {
        return Ok(RoleDocument { name, description, spec, places: reader.places });
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Err(problems)
}

struct Reader {
    places: BTreeMap<String, Place>,
}

impl Reader {
    fn note(&mut self, path: impl Into<String>, place: Place) {
        self.places.insert(path.into(), place);
    }

    fn metadata(&mut self, root: &mut Section<'_>) -> (String, String) {
        let Some(mut metadata) = root.section("metadata") else {
            root.problem(root.place(), "`metadata.name` is missing");
            return Default::default();
        };
        let name = match metadata.text("name") {
            Some((place, name)) => {
                self.note("metadata.name", place);
                name.to_owned()
            }
            None => {
                metadata.problem(metadata.place(), "`metadata.name` is missing");
                String::new()
            }
        };
        let description = metadata.text("description").map(|(_, text)| text.to_owned()).unwrap_or_default();
        // What a role was when it was written out; whoever saves it says so beside the text.
        metadata.text("revision");
        metadata.finish();
        (name, description)
    }

    fn spec(&mut self, root: &mut Section<'_>) -> RoleSpec {
        let mut spec = RoleSpec::default();
        let Some(mut section) = root.section("spec") else { return spec };
        self.note("spec", section.place());
        if let Some(mut allow) = section.section("allow") {
            self.note("spec.allow", allow.place());
            spec.allow = RoleAllow {
                rules: self.rules(&mut allow),
                logins: self.texts(&mut allow, "spec.allow", "logins"),
            };
            allow.finish();
        }
        if let Some(mut options) = section.section("options") {
            self.note("spec.options", options.place());
            spec.options = RoleOptions {
                device_trust_mode: options.parsed("device_trust_mode").map(|(_, mode)| mode),
                max_session_ttl: options.text("max_session_ttl").map(|(place, text)| {
                    self.note("spec.options.max_session_ttl", place);
                    text.to_owned()
                }),
                remote_browser: options.boolean("remote_browser").map(|(_, allowed)| allowed),
            };
            options.finish();
        }
        section.finish();
        spec
    }

    fn rules(&mut self, allow: &mut Section<'_>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (index, mut section) in allow.sections("rules").into_iter().enumerate() {
            let path = format!("spec.allow.rules[{index}]");
            self.note(path.clone(), section.place());
            rules.push(Rule {
                resources: self.texts(&mut section, &path, "resources"),
                verbs: self.texts(&mut section, &path, "verbs"),
            });
            section.finish();
        }
        rules
    }

    fn texts(&mut self, section: &mut Section<'_>, path: &str, name: &'static str) -> Vec<String> {
        let Some((place, texts)) = section.list(name) else { return Vec::new() };
        self.note(format!("{path}.{name}"), place);
        for (index, (place, _)) in texts.iter().enumerate() {
            self.note(format!("{path}.{name}[{index}]"), *place);
        }
        texts.into_iter().map(|(_, text)| text.to_owned()).collect()
    }
}

/// The text of a role.
#[must_use]
pub fn write(name: &str, description: &str, spec: &RoleSpec) -> String {
    let document = Resource {
        kind: KIND_ROLE.to_owned(),
        version: "v1".to_owned(),
        metadata: Metadata {
            name: name.to_owned(),
            description: Some(description.to_owned()).filter(|text| !text.is_empty()),
            ..Metadata::default()
        },
        spec,
    };
    // Plain data with string keys always has a YAML form.
    serde_yaml_ng::to_string(&document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use gatehouse_model::DeviceTrustMode;

    use super::*;

    const TEXT: &str = "\
kind: role
version: v1
metadata:
  name: helpdesk
  description: 'Looks: after devices'
spec:
  allow:
    rules:
    - resources:
      - device
      verbs:
      - list
      - read
    logins:
    - root
  options:
    device_trust_mode: required-for-humans
    max_session_ttl: 8h
    remote_browser: false
";

    #[test]
    fn what_is_written_is_read() {
        let document = read(TEXT).unwrap();
        assert_eq!(
            (document.name.as_str(), document.description.as_str()),
            ("helpdesk", "Looks: after devices")
        );
        assert_eq!(document.spec.options.device_trust_mode, Some(DeviceTrustMode::RequiredForHumans));
        assert_eq!(document.spec.options.remote_browser, Some(false));
        assert_eq!(write(&document.name, &document.description, &document.spec), TEXT);
        let bare = write("access", "", &RoleSpec::default());
        assert_eq!(read(&bare).unwrap().spec, RoleSpec::default());
    }

    #[test]
    fn problems_of_the_rules_find_their_line() {
        let document = read(TEXT).unwrap();
        let at = |path: &str| {
            let problem = document.problem(path, "x");
            (problem.line, problem.column)
        };
        assert_eq!(at("spec.allow.rules[0].verbs[1]"), (13, 9));
        assert_eq!(at("spec.allow.rules[0]"), (9, 7));
        assert_eq!(at("spec.allow.logins[0]"), (15, 7));
        assert_eq!(at("spec.options.max_session_ttl"), (18, 22));
        assert_eq!(
            at("spec.allow.rules[7].verbs"),
            (7, 3),
            "what is not there is told of what it belongs to"
        );
        assert_eq!(at("elsewhere"), (1, 1));
    }

    #[test]
    fn everything_that_is_wrong_is_told_with_its_line() {
        let text = "\
kind: rolle
metadata:
  nam: x
spec:
  allow:
    rules:
    - resources: device
      verb: [list]
    - just a text
    logns: []
  options:
    device_trust_mode: sometimes
    remote_browsers: false
    remote_browser: never
";
        let found: Vec<_> = read(text)
            .unwrap_err()
            .into_iter()
            .map(|problem| format!("{}:{} {}", problem.line, problem.column, problem.message))
            .collect();
        assert_eq!(
            found,
            [
                "1:7 `kind` is \"rolle\", and must be role",
                "2:1 `metadata.name` is missing",
                "3:3 unknown key `nam` in `metadata`; did you mean `name`?",
                "7:18 `spec.allow.rules[0].resources` must be a list: begin each entry with `- `",
                "8:7 unknown key `verb` in `spec.allow.rules[0]`; did you mean `verbs`?",
                "9:7 each entry of `spec.allow.rules` must be a mapping of keys to values",
                "10:5 unknown key `logns` in `spec.allow`; did you mean `logins`?",
                "12:24 `spec.options.device_trust_mode`: device trust mode \"sometimes\" not supported: use off, \
                 optional, required or required-for-humans",
                "13:5 unknown key `remote_browsers` in `spec.options`; did you mean `remote_browser`?",
                "14:21 `spec.options.remote_browser` must be true or false, not \"never\"",
            ]
        );
        let found = read("kind: role\n  x: [").unwrap_err();
        assert!(found[0].message.starts_with("this is not valid YAML"), "{found:?}");
        assert_eq!(read("").unwrap_err().len(), 2);
        assert!(read(&"#".repeat(MAX_BYTES + 1)).unwrap_err()[0].message.contains("64 kB"));
    }
}
