//! Lists of announced TPMs as CSV.

use csv::{ReaderBuilder, StringRecord, Trim};
use gatehouse_model::{AssetTag, Timestamp, clean_label};

use super::{issuer_key, serial_key};
use crate::device::import::{LineCount, decode, delimiter};
use crate::device::{SheetError, plain_cell};
use crate::entity::{AnnouncedTpm, Digest, ShipAhead};

/// Largest file, in bytes.
pub const MAX_SHIP_AHEAD_BYTES: usize = 2 * 1024 * 1024;
/// Most lines of one file.
pub const MAX_SHIP_AHEAD_LINES: usize = 10_000;
/// Longest cell that is of use, in characters.
const MAX_CELL: usize = 512;

const COLUMNS: [&str; 7] = ["ek_sha256", "serial", "issuer", "mode", "owner", "asset_tag", "note"];
const EK: usize = 0;
const SERIAL: usize = 1;
const ISSUER: usize = 2;
const MODE: usize = 3;
const OWNER: usize = 4;
const TAG: usize = 5;
const NOTE: usize = 6;

/// A file to begin with; every column that is understood is in it.
pub const SHIP_AHEAD_TEMPLATE: &str = "ek_sha256,serial,issuer,mode,owner,asset_tag,note\r\n\
    a9fce06f3f9b5c1f5a38b5d0d8c2b1e4f7a6958473625140f1e2d3c4b5a69788,,,once,,,Order 4711\r\n\
    ,0a:1b:2c:3d,\"C=DE, O=Infineon Technologies AG, CN=Infineon OPTIGA(TM) RSA Manufacturing CA 036\",once,alice,PF2ABCDE,\r\n";

/// Why a file is no such list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShipAheadSheetError {
    #[error("the file is larger than {} MiB", MAX_SHIP_AHEAD_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("the file names more than {MAX_SHIP_AHEAD_LINES} TPMs")]
    TooManyLines,
    #[error("there are no TPMs in the file")]
    Empty,
    #[error("the file cannot be read: {0}")]
    Text(#[from] SheetError),
    #[error("line {0} is not CSV")]
    Csv(u64),
    #[error("the first row must name the columns: ek_sha256, or serial and issuer")]
    Columns,
    #[error("the column \"{0}\" means nothing here")]
    UnknownColumn(String),
    #[error("two columns are called \"{0}\"")]
    ColumnTwice(String),
}

/// A line of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    tpm: AnnouncedTpm,
    standing: bool,
    owner: Option<String>,
    asset_tag: Option<String>,
    note: String,
}

impl Line {
    pub(super) fn row(self, id: String, by: &str, now: Timestamp) -> ShipAhead {
        ShipAhead {
            id,
            tpm: self.tpm,
            standing: self.standing,
            owner: self.owner,
            asset_tag: self.asset_tag,
            note: self.note,
            created: now,
            created_by: by.to_owned(),
            uses: 0,
            used: None,
        }
    }
}

/// A line by its number: read, or what is wrong with it.
pub(super) type NumberedLine = (u64, Result<Line, String>);

/// Reads a whole sheet.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<NumberedLine>, ShipAheadSheetError> {
    if bytes.len() > MAX_SHIP_AHEAD_BYTES {
        return Err(ShipAheadSheetError::TooLarge);
    }
    let (text, _) = decode(bytes)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(&text))
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|_| ShipAheadSheetError::Csv(1))?.clone();
    let places = places(&header)?;
    let mut lines = Vec::new();
    let mut place = LineCount::new(text.as_bytes());
    let mut record = StringRecord::new();
    loop {
        let byte = reader.position().byte();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => return Err(ShipAheadSheetError::Csv(place.at(byte))),
        }
        // Spreadsheets leave rows of nothing but delimiters behind.
        if record.iter().all(str::is_empty) {
            continue;
        }
        if lines.len() >= MAX_SHIP_AHEAD_LINES {
            return Err(ShipAheadSheetError::TooManyLines);
        }
        let line = place.at(record.position().map_or(byte, csv::Position::byte));
        let read = if record.len() == header.len() {
            read(&record, &places)
        } else {
            Err(format!("{} cells where the first row has {}", record.len(), header.len()))
        };
        lines.push((line, read));
    }
    if lines.is_empty() { Err(ShipAheadSheetError::Empty) } else { Ok(lines) }
}

fn places(header: &StringRecord) -> Result<[Option<usize>; COLUMNS.len()], ShipAheadSheetError> {
    let mut places = [None; COLUMNS.len()];
    for (at, name) in header.iter().enumerate() {
        let folded = plain_cell(name).to_lowercase().replace([' ', '-'], "_");
        if folded.is_empty() {
            continue;
        }
        let column = COLUMNS.iter().position(|known| *known == folded);
        // A column that was mistyped must not be passed over: it may be what narrows a line.
        let place = column.and_then(|column| places.get_mut(column));
        match place.ok_or_else(|| ShipAheadSheetError::UnknownColumn(clean_label(name)))? {
            Some(_) => return Err(ShipAheadSheetError::ColumnTwice(clean_label(name))),
            free => *free = Some(at),
        }
    }
    let has = |column: usize| places.get(column).is_some_and(Option::is_some);
    if has(EK) || has(SERIAL) && has(ISSUER) { Ok(places) } else { Err(ShipAheadSheetError::Columns) }
}

fn read(record: &StringRecord, places: &[Option<usize>; COLUMNS.len()]) -> Result<Line, String> {
    if record.iter().any(|cell| cell.chars().count() > MAX_CELL) {
        return Err(format!("a cell has more than {MAX_CELL} characters"));
    }
    let cell = |column: usize| {
        let place = places.get(column).copied().flatten();
        plain_cell(place.and_then(|place| record.get(place)).unwrap_or_default())
    };
    let some = |column: usize| Some(cell(column)).filter(|text| !text.is_empty()).map(str::to_owned);
    let tpm = match (cell(EK), cell(SERIAL), cell(ISSUER)) {
        (ek, "", "") if !ek.is_empty() => AnnouncedTpm::Ek(ek_digest(ek)?),
        ("", serial, issuer) if !serial.is_empty() && !issuer.is_empty() => AnnouncedTpm::Certificate {
            serial: serial_key(serial).ok_or("the serial number is not in hexadecimal digits")?,
            issuer: clean_label(issuer),
            issuer_key: issuer_key(issuer),
        },
        ("", "", "") => return Err("it names no TPM".to_owned()),
        ("", ..) => return Err("serial number and issuer belong together".to_owned()),
        _ => return Err("it names a TPM twice: by its EK, or by its certificate".to_owned()),
    };
    let standing = match cell(MODE).to_lowercase().as_str() {
        "" | "once" | "one-shot" => false,
        "standing" => true,
        _ => return Err("mode is once or standing".to_owned()),
    };
    let asset_tag = match some(TAG) {
        Some(tag) => Some(AssetTag::try_from(tag.as_str()).map_err(|error| error.to_string())?.to_string()),
        None => None,
    };
    Ok(Line { tpm, standing, owner: some(OWNER), asset_tag, note: clean_label(cell(NOTE)) })
}

/// SHA-256 of the EK's SubjectPublicKeyInfo, as `tctl ekcas check` and devices' pages show it.
fn ek_digest(text: &str) -> Result<Digest, String> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let digits = digits.strip_prefix("sha256-").unwrap_or(&digits);
    let bytes = hex::decode(digits).ok().and_then(|bytes| Digest::try_from(bytes).ok());
    bytes.ok_or_else(|| "ek_sha256 is not 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Result<Line, String> {
        parse(text.as_bytes()).unwrap().remove(0).1
    }

    #[test]
    fn the_template_is_read() {
        let lines = parse(SHIP_AHEAD_TEMPLATE.as_bytes()).unwrap();
        assert_eq!(
            lines.iter().map(|(line, read)| (*line, read.is_ok())).collect::<Vec<_>>(),
            [(2, true), (3, true)]
        );
        let second = lines[1].1.clone().unwrap();
        assert_eq!((second.owner.as_deref(), second.asset_tag.as_deref()), (Some("alice"), Some("PF2ABCDE")));
    }

    #[test]
    fn lines_say_what_is_wrong_with_them() {
        let ek = "ab".repeat(32);
        assert!(line(&format!("ek_sha256;mode\n{ek};standing\n")).unwrap().standing);
        assert!(!line(&format!("EK SHA256\n{}\n", ek.to_uppercase())).unwrap().standing);
        for (text, wrong) in [
            ("ek_sha256,note\nabcd,x\n".to_owned(), "64 hexadecimal"),
            (format!("ek_sha256,mode\n{ek},forever\n"), "once or standing"),
            (format!("ek_sha256,serial,issuer\n{ek},01,CN=x\n"), "twice"),
            ("serial,issuer\n01,\n".to_owned(), "belong together"),
            ("serial,issuer\nxyz,CN=x\n".to_owned(), "hexadecimal"),
            ("ek_sha256,note\n,x\n".to_owned(), "names no TPM"),
            (format!("ek_sha256,asset_tag\n{ek},Default string\n"), "placeholder"),
            (format!("ek_sha256,note\n{ek}\n"), "cells"),
            (format!("ek_sha256,note\n{ek},{}\n", "x".repeat(600)), "characters"),
        ] {
            let problem = line(&text).unwrap_err();
            assert!(problem.contains(wrong), "{text}: {problem}");
        }
    }

    #[test]
    fn files_that_are_no_lists_are_refused() {
        let error = |bytes: &[u8]| parse(bytes).unwrap_err();
        assert_eq!(error(b"ek_sha256\n"), ShipAheadSheetError::Empty);
        assert_eq!(error(b"tag\nx\n"), ShipAheadSheetError::UnknownColumn("tag".to_owned()));
        assert_eq!(error(b"serial,note\n1,x\n"), ShipAheadSheetError::Columns);
        assert_eq!(
            error(b"ek_sha256,ek_sha256\n1,2\n"),
            ShipAheadSheetError::ColumnTwice("ek_sha256".to_owned())
        );
        assert_eq!(error(&vec![b'x'; MAX_SHIP_AHEAD_BYTES + 1]), ShipAheadSheetError::TooLarge);
        assert!(matches!(error(b"PK\x03\x04"), ShipAheadSheetError::Text(_)));
        let many = format!("ek_sha256\n{}", "ab\n".repeat(MAX_SHIP_AHEAD_LINES + 1));
        assert_eq!(error(many.as_bytes()), ShipAheadSheetError::TooManyLines);
    }

    proptest::proptest! {
        /// Whatever the file holds, it is read or refused, and no line is both of use and without a TPM.
        #[test]
        fn any_file_is_read_or_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400), header: bool) {
            let mut file = if header { b"ek_sha256,serial,issuer,mode,owner,asset_tag,note\n".to_vec() } else { Vec::new() };
            file.extend_from_slice(&bytes);
            if let Ok(lines) = parse(&file) {
                proptest::prop_assert!(lines.len() <= MAX_SHIP_AHEAD_LINES);
            }
        }
    }
}
