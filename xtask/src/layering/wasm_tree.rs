//! What may not be in the browser's half: servers' libraries, and what weighs too much.

use super::matches;

const FORBIDDEN: &[&str] =
    &["tokio*", "sqlx*", "rusqlite", "tonic*", "rustls*", "ring", "aws-lc*", "regex", "chrono"];

/// (who, what): Leptos's configuration names the library for reading files, which a browser never does; the linker
/// leaves it out.
const TOLERATED: &[(&str, &str)] = &[("leptos_config", "regex")];

/// Reads the output of `cargo tree --prefix=depth` and names each forbidden package with the one that asks for it.
pub(super) fn violations(tree: &str) -> Vec<String> {
    let mut above: Vec<&str> = Vec::new();
    let mut problems = Vec::new();
    for line in tree.lines() {
        let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (depth, rest) = line.split_at(digits);
        let (Ok(depth), Some(name)) = (depth.parse::<usize>(), rest.split_whitespace().next()) else {
            continue;
        };
        above.truncate(depth);
        let parent = above.last().copied().unwrap_or("nothing");
        let forbidden = FORBIDDEN.iter().any(|pattern| matches(pattern, name));
        if forbidden && !TOLERATED.contains(&(parent, name)) {
            problems.push(format!("the browser's half may not hold {name}, which {parent} asks for"));
        }
        above.push(name);
    }
    problems.sort();
    problems.dedup();
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_forbidden_and_who_asks_for_it() {
        let tree = "0gatehouse-frontend v0.1.0 (/somewhere)\n1leptos v0.8.23\n2leptos_config v0.8.10\n3regex v1.13.1\n\
                    4regex-automata v0.4.9\n1gatehouse-app v0.1.0\n2tokio-util v0.7.1\n2serde v1.0.0 (*)\n1regex v1.13.1 (*)";
        assert_eq!(
            violations(tree),
            [
                "the browser's half may not hold regex, which gatehouse-frontend asks for",
                "the browser's half may not hold tokio-util, which gatehouse-app asks for",
            ]
        );
    }
}
