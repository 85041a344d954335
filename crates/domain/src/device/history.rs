//! What a device told of itself, over time: which of it has changed.

use gatehouse_model::{CollectedData, Timestamp};

use crate::entity::{CollectedRecord, RecordKind};

/// One record, and how it differs from the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub kind: RecordKind,
    pub time: Timestamp,
    /// Everything that was told, in a fixed order.
    pub facts: Vec<HistoryFact>,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryFact {
    pub label: &'static str,
    /// Empty where the device says nothing any more.
    pub value: String,
    /// What it was in the record before, where that differs; absent in the first record.
    pub before: Option<String>,
}

impl HistoryEntry {
    /// The fields that differ from the record before.
    pub fn changes(&self) -> impl Iterator<Item = &HistoryFact> {
        self.facts.iter().filter(|fact| fact.before.is_some())
    }
}

/// What a field is called, and where it stands.
type Field = (&'static str, fn(&CollectedData) -> &str);

const FIELDS: [Field; 13] = [
    ("Serial number", |data| &data.serial_number),
    ("Model", |data| &data.model_identifier),
    ("OS", |data| &data.os_id),
    ("OS version", |data| &data.os_version),
    ("OS build", |data| &data.os_build),
    ("OS user", |data| &data.os_username),
    ("OS login user", |data| &data.os_login_user),
    ("Chassis asset tag", |data| &data.reported_asset_tag),
    ("System serial number", |data| &data.system_serial_number),
    ("Baseboard serial number", |data| &data.base_board_serial_number),
    ("Jamf version", |data| &data.jamf_binary_version),
    ("macOS enrolment profiles", |data| &data.macos_enrollment_profiles),
    ("Kind of system", |data| data.os_type.friendly()),
];

/// Compares consecutive records; both lists are newest first.
#[must_use]
pub fn history(records: &[CollectedRecord]) -> Vec<HistoryEntry> {
    let older = records.iter().skip(1).map(Some).chain([None]);
    records.iter().zip(older).map(|(record, before)| entry(record, before)).collect()
}

fn entry(record: &CollectedRecord, before: Option<&CollectedRecord>) -> HistoryEntry {
    let facts = FIELDS.iter().filter_map(|(label, field)| {
        let value = field(&record.data);
        let before = before.map(|before| field(&before.data)).filter(|before| *before != value);
        let said = !value.is_empty() || before.is_some();
        said.then(|| HistoryFact { label, value: value.to_owned(), before: before.map(str::to_owned) })
    });
    HistoryEntry {
        kind: record.kind,
        time: record.data.record_time.unwrap_or(record.data.collect_time),
        facts: facts.collect(),
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::OsType;

    use super::*;

    fn record(time: i64, version: &str, user: &str) -> CollectedRecord {
        let mut data = CollectedData::new(Timestamp::from_secs(time - 1), OsType::Linux, "PF2ABC");
        data.record_time = Some(Timestamp::from_secs(time));
        version.clone_into(&mut data.os_version);
        user.clone_into(&mut data.os_username);
        CollectedRecord { kind: RecordKind::Authenticate, data }
    }

    #[test]
    fn what_changed_is_marked_field_by_field() {
        let entries = history(&[record(3, "13", ""), record(2, "12", "alice"), record(1, "12", "alice")]);
        let changes = |entry: &HistoryEntry| {
            let found = entry
                .changes()
                .map(|fact| (fact.label, fact.before.clone().unwrap_or_default(), fact.value.clone()));
            found.collect::<Vec<_>>()
        };
        assert_eq!(
            changes(&entries[0]),
            [
                ("OS version", "12".to_owned(), "13".to_owned()),
                ("OS user", "alice".to_owned(), String::new()),
            ]
        );
        assert_eq!(changes(&entries[1]), []);
        assert_eq!(changes(&entries[2]), [], "the first differs from nothing");
        assert_eq!(entries[2].facts.len(), 4);
        assert_eq!(entries[0].time, Timestamp::from_secs(3));
        assert_eq!(history(&[]), []);
    }
}
