//! Roles as people write them: everything that is wrong is named with its line and column before anything is sent.

use gatehouse_client::{ClientError, Result};
use gatehouse_document::{Problem, role};
use gatehouse_model::clean_label;

use super::parts::Part;
use super::{Document, Kind, invalid};

/// Problems that are named; the others are counted.
const NAMED: usize = 10;

/// Looks at the roles among the documents of a text.
pub(super) fn check(documents: &[Document]) -> Result<()> {
    let mut problems = Vec::new();
    // Where the text is divided otherwise than by its lines, the server finds what is wrong, without the places.
    let parts =
        documents.iter().filter(|document| document.kind == Kind::Role).filter_map(|role| role.part.as_ref());
    for Part { text, before } in parts {
        let found = role::read(text).err().unwrap_or_default();
        problems.extend(found.into_iter().map(|problem| Problem { line: before + problem.line, ..problem }));
    }
    if problems.is_empty() { Ok(()) } else { Err(refusal(&problems)) }
}

fn refusal(problems: &[Problem]) -> ClientError {
    let named = problems.iter().take(NAMED).map(|Problem { line, column, message }| {
        format!("line {line}, column {column}: {}", clean_label(message))
    });
    let mut named: Vec<String> = named.collect();
    if problems.len() > NAMED {
        named.push(format!("and {} more", problems.len() - NAMED));
    }
    invalid(format!("not a role: {}", named.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::super::read_documents;

    fn message(text: &str) -> String {
        read_documents(text).unwrap_err().message
    }

    #[test]
    fn what_is_wrong_with_a_role_has_its_place() {
        let role = "kind: role\nversion: v1\nmetadata:\n  name: x\nspec:\n  alow: {}\n";
        assert_eq!(
            message(role),
            "not a role: line 6, column 3: unknown key `alow` in `spec`; did you mean `allow`?"
        );
        let two = message("kind: role\nmetadata: {nme: x}\n");
        assert!(two.starts_with("not a role: line 2, column "), "{two}");
        assert_eq!(two.matches("line 2, column").count(), 2, "{two}");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let bad = "kind: role\nmetadata: {name: x}\nspec: {alow: {}}\n";
        for before in ["# a file\n---\n", "---\nkind: user\nmetadata: {name: a}\n---\n", "\n\n\n"] {
            let line = before.matches('\n').count() + 3;
            let message = message(&format!("{before}{bad}"));
            assert!(
                message.starts_with(&format!("not a role: line {line}, column 8")),
                "{before:?}: {message}"
            );
        }
    }

    #[test]
    fn a_marker_in_a_text_is_none() {
        let text = "kind: role\nmetadata:\n  name: x\n  description: |\n    one\n    ---\n    two\n";
        assert_eq!(read_documents(text).unwrap().len(), 1);
    }

    #[test]
    fn good_roles_are_let_through_in_yaml_and_json() {
        let yaml = "kind: role\nversion: v1\nmetadata: {name: x}\nspec: {allow: {logins: [ubuntu]}}\n";
        let json = r#"{"kind":"role","version":"v1","metadata":{"name":"x"},"spec":{}}"#;
        for text in [yaml, json] {
            assert_eq!(read_documents(text).unwrap().len(), 1);
        }
    }

    #[test]
    fn many_problems_are_counted() {
        let keys: String = (0..15).map(|number| format!("  k{number}: 1\n")).collect();
        let message = message(&format!("kind: role\nmetadata: {{name: x}}\nspec:\n{keys}"));
        assert!(message.ends_with("; and 5 more"), "{message}");
    }
}
