//! `mimeapps.list` (MIME Applications Specification): which entry opens what. The files belong to the person and to the
//! desktop, so an edit changes the one line that it is about.

use super::entry::list;

const DEFAULTS: &str = "[Default Applications]";
const REMOVED: &str = "[Removed Associations]";

/// The entries that a list names as defaults for a media type, best first.
pub(super) fn defaults(text: &str, media_type: &str) -> Vec<String> {
    lines(text).filter(|line| line.is(DEFAULTS, media_type)).flat_map(|line| list(line.value())).collect()
}

/// The same list with `entry` as the first default; those before it stay behind it.
pub(super) fn with_default(text: &str, media_type: &str, entry: &str) -> String {
    let text = edited(text, REMOVED, media_type, |mut entries| {
        entries.retain(|other| other != entry);
        entries
    });
    let first = |mut entries: Vec<String>| {
        entries.retain(|other| other != entry);
        entries.insert(0, entry.to_owned());
        entries
    };
    if lines(&text).any(|line| line.is(DEFAULTS, media_type)) {
        return edited(&text, DEFAULTS, media_type, first);
    }
    let added = format!("{media_type}={entry}\n");
    let mut out = String::with_capacity(text.len() + added.len() + DEFAULTS.len() + 4);
    let mut done = false;
    for line in lines(&text) {
        out.push_str(line.raw);
        if !done && line.raw.trim() == DEFAULTS {
            end_line(&mut out);
            out.push_str(&added);
            done = true;
        }
    }
    if !done {
        end_line(&mut out);
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("{DEFAULTS}\n{added}"));
    }
    out
}

/// The same list without `entry` for this media type, in every group.
pub(super) fn without(text: &str, media_type: &str, entry: &str) -> String {
    let groups: Vec<&str> = lines(text).map(|line| line.group).collect();
    let mut out = text.to_owned();
    for group in ["[Added Associations]", DEFAULTS, REMOVED] {
        if groups.contains(&group) {
            out = edited(&out, group, media_type, |mut entries| {
                entries.retain(|other| other != entry);
                entries
            });
        }
    }
    out
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// Changes the entries of one key. A line whose entries stay the same is not touched; one that loses all of them goes.
fn edited(text: &str, group: &str, key: &str, change: impl Fn(Vec<String>) -> Vec<String>) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    for line in lines(text) {
        let before = if line.is(group, key) { list(line.value()) } else { Vec::new() };
        let after = if line.is(group, key) { change(before.clone()) } else { Vec::new() };
        if before == after {
            out.push_str(line.raw);
        } else if !after.is_empty() {
            out.push_str(&format!("{key}={}\n", after.join(";")));
        }
    }
    out
}

/// A line with its end, and the group that it stands in.
struct Line<'a> {
    raw: &'a str,
    group: &'a str,
}

impl Line<'_> {
    fn is(&self, group: &str, key: &str) -> bool {
        self.group == group && self.raw.split_once('=').is_some_and(|(found, _)| found.trim() == key)
    }

    fn value(&self) -> &str {
        self.raw.split_once('=').map_or("", |(_, value)| value)
    }
}

fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut group = "";
    text.split_inclusive('\n').map(move |raw| {
        if raw.trim_start().starts_with('[') {
            group = raw.trim();
        }
        Line { raw, group }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MEDIA: &str = "x-scheme-handler/gatehouse";
    const OURS: &str = "gatehouse-tsh.desktop";

    #[test]
    fn a_new_list_holds_the_default_alone() {
        let made = with_default("", MEDIA, OURS);
        assert_eq!(made, "[Default Applications]\nx-scheme-handler/gatehouse=gatehouse-tsh.desktop\n");
        assert_eq!(without(&made, MEDIA, OURS), "[Default Applications]\n");
    }

    #[test]
    fn nothing_else_is_touched() {
        let before = "# mine\n\n[Added Associations]\ntext/html=a.desktop;b.desktop;\n\n[Default Applications]\r\n\
                      x-scheme-handler/https = firefox.desktop\nx-scheme-handler/gatehouse=other.desktop;\n\n\
                      [Removed Associations]\nx-scheme-handler/gatehouse=gatehouse-tsh.desktop;x.desktop;\nend";
        let after = with_default(before, MEDIA, OURS);
        assert_eq!(
            after,
            before
                .replace("gatehouse=other.desktop;", "gatehouse=gatehouse-tsh.desktop;other.desktop")
                .replace("gatehouse=gatehouse-tsh.desktop;x.desktop;", "gatehouse=x.desktop")
        );
        assert_eq!(defaults(&after, MEDIA), [OURS, "other.desktop"]);
        assert_eq!(with_default(&after, MEDIA, OURS), after, "a second time changes nothing");
        assert_eq!(defaults(&without(&after, MEDIA, OURS), MEDIA), ["other.desktop"]);
    }

    #[test]
    fn a_key_of_another_group_is_no_default() {
        let text = "[Added Associations]\nx-scheme-handler/gatehouse=other.desktop\n";
        assert!(defaults(text, MEDIA).is_empty());
        assert!(with_default(text, MEDIA, OURS).starts_with(text));
    }

    fn a_list() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            Just("[Default Applications]".to_owned()),
            Just("[Added Associations]".to_owned()),
            Just(format!("{MEDIA}=other.desktop;more.desktop;")),
            Just(format!("{MEDIA}={OURS}")),
            "[a-z/]{1,8}=[a-z.;]{0,12}",
            "[ #\\[\\]=;a-zä]{0,12}",
        ];
        (proptest::collection::vec(line, 0..12), any::<bool>())
            .prop_map(|(lines, ends)| lines.join("\n") + if ends { "\n" } else { "" })
    }

    proptest! {
        #[test]
        fn an_edit_makes_the_default_and_keeps_every_other_line(text in a_list()) {
            let after = with_default(&text, MEDIA, OURS);
            prop_assert_eq!(defaults(&after, MEDIA).into_iter().next(), Some(OURS.to_owned()));
            let others = |text: &str| -> Vec<String> {
                text.lines().filter(|line| !line.contains(MEDIA) && !line.trim().is_empty()).map(str::to_owned).collect()
            };
            let (before, kept) = (others(&text), others(&after));
            prop_assert!(kept.starts_with(&before), "{:?} {:?}", before, kept);
            prop_assert!(kept.len() <= before.len() + 1);
            let cleared = without(&after, MEDIA, OURS);
            prop_assert!(!defaults(&cleared, MEDIA).contains(&OURS.to_owned()));
            prop_assert!(others(&cleared).starts_with(&before));
        }
    }
}
