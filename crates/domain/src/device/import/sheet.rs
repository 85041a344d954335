//! A table of devices as it was uploaded: which column is which, and the cells of its lines.

use csv::{ReaderBuilder, StringRecord, Trim};
use gatehouse_model::clean_label;

use super::cell::plain_cell;
use super::encoding::decode;
use super::{ImportError, SheetError};

/// Largest file, in bytes.
pub const MAX_IMPORT_BYTES: usize = 8 * 1024 * 1024;
/// Most lines of devices in one file.
pub const MAX_IMPORT_LINES: usize = 100_000;

/// A column, the names that it may have (in lower case, with `_` for spaces), and what it is for.
struct Known {
    names: &'static [&'static str],
    required: bool,
}

const OS: usize = 0;
const TAG: usize = 1;
const OWNER: usize = 2;
const MODEL: usize = 3;
const SOURCE: usize = 4;

const COLUMNS: [Known; 5] = [
    Known { names: &["os_type", "os", "operating_system"], required: true },
    Known { names: &["asset_tag", "tag", "serial_number", "serial"], required: true },
    Known { names: &["owner"], required: false },
    Known { names: &["model", "model_identifier"], required: false },
    Known { names: &["source"], required: false },
];

/// A file to begin with; every column that is understood is in it.
pub const IMPORT_TEMPLATE: &str = "os_type,asset_tag,owner,model,source\r\n\
    linux,C00AA0AAAA0A,alice,,Purchase list\r\n\
    macos,C00BB0BBBB0B,,\"MacBookPro18,3\",\r\n\
    windows,PF2ABCDE,,,\r\n";

/// A table as it was read.
#[derive(Debug)]
pub struct Sheet {
    pub(super) lines: Vec<SheetLine>,
    /// Columns that mean nothing here, by the names they have in the file.
    pub(super) unused_columns: Vec<String>,
    pub(super) encoding: &'static str,
}

/// One line; cells as they are in the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SheetLine {
    pub(super) line: u64,
    pub(super) os: String,
    pub(super) tag: String,
    pub(super) owner: String,
    pub(super) model: String,
    pub(super) source: String,
    /// Cells that the line has, where the header has another number.
    pub(super) wrong_width: Option<(usize, usize)>,
}

impl Sheet {
    /// As [`Sheet::parse`], on a thread of its own: a large file takes a while, and others are to be answered meanwhile.
    ///
    /// # Errors
    /// As there; the thread broke off.
    pub async fn read(bytes: impl AsRef<[u8]> + Send + 'static) -> Result<Self, ImportError> {
        Ok(tokio::task::spawn_blocking(move || Self::parse(bytes.as_ref())).await??)
    }

    /// Reads a file: UTF-8 or UTF-16; comma, semicolon or tab; the first row names the columns.
    ///
    /// # Errors
    /// If it is too large, no text, has no lines, or lacks a column that is needed.
    pub fn parse(bytes: &[u8]) -> Result<Self, SheetError> {
        if bytes.len() > MAX_IMPORT_BYTES {
            return Err(SheetError::TooLarge);
        }
        let (text, encoding) = decode(bytes)?;
        if text.trim().is_empty() {
            return Err(SheetError::Empty);
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter(&text))
            .flexible(true)
            .trim(Trim::All)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| SheetError::NotText)?.clone();
        let (places, unused_columns) = places(&header)?;
        let mut lines = Vec::new();
        let mut place = LineCount::new(text.as_bytes());
        let mut record = StringRecord::new();
        while reader.read_record(&mut record).map_err(|_| SheetError::NotText)? {
            // Spreadsheets leave rows of nothing but delimiters behind.
            if record.iter().all(str::is_empty) {
                continue;
            }
            if lines.len() >= MAX_IMPORT_LINES {
                return Err(SheetError::TooManyLines);
            }
            let cell = |column: usize| {
                let place = places.get(column).copied().flatten();
                plain_cell(place.and_then(|place| record.get(place)).unwrap_or_default()).to_owned()
            };
            lines.push(SheetLine {
                line: place.at(record.position().map_or(0, csv::Position::byte)),
                os: cell(OS),
                tag: cell(TAG),
                owner: cell(OWNER),
                model: cell(MODEL),
                source: cell(SOURCE),
                wrong_width: (record.len() != header.len()).then_some((record.len(), header.len())),
            });
        }
        if lines.is_empty() {
            return Err(SheetError::NoLines);
        }
        Ok(Self { lines, unused_columns, encoding })
    }

    /// How many devices the file names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// In which line of the file a record begins: the reader's own count is one short after line ends of two characters.
pub(in crate::device) struct LineCount<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> LineCount<'a> {
    pub(in crate::device) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, counted: 0, line: 1 }
    }

    /// The line of the record at this place, or of what follows the line ends there; places only grow.
    pub(in crate::device) fn at(&mut self, byte: u64) -> u64 {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while let Some(character) = self.bytes.get(self.counted) {
            let is_end = matches!(character, b'\n' | b'\r');
            if self.counted >= byte && !is_end {
                break;
            }
            let is_first_of_two = *character == b'\r' && self.bytes.get(self.counted + 1) == Some(&b'\n');
            self.line += u64::from(is_end && !is_first_of_two);
            self.counted += 1;
        }
        self.line
    }
}

/// What the first row is divided by: the most frequent of comma, semicolon and tab outside of quotes.
pub(in crate::device) fn delimiter(text: &str) -> u8 {
    let (mut quoted, mut counts) = (false, [(b',', 0), (b';', 0), (b'\t', 0)]);
    for byte in text.trim_start().bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals: a comma.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// Where each known column stands, and the columns that are none. Of several names for one column, the first of its list
/// counts: an export has an asset tag and a serial number.
fn places(header: &StringRecord) -> Result<([Option<usize>; 5], Vec<String>), SheetError> {
    let folded: Vec<String> =
        header.iter().map(|name| plain_cell(name).to_lowercase().replace([' ', '-'], "_")).collect();
    let mut places = [None; COLUMNS.len()];
    for (place, column) in places.iter_mut().zip(&COLUMNS) {
        *place = column.names.iter().find_map(|known| folded.iter().position(|name| name == known));
        if let Some(at) = *place
            && let Some(second) = folded.iter().skip(at + 1).position(|name| Some(name) == folded.get(at))
        {
            return Err(SheetError::ColumnTwice(clean_label(
                header.get(at + 1 + second).unwrap_or_default(),
            )));
        }
    }
    let unused = header
        .iter()
        .enumerate()
        .filter(|(at, name)| !name.is_empty() && !places.contains(&Some(*at)))
        .map(|(_, name)| clean_label(name))
        .collect();
    let missing: Vec<&'static str> = COLUMNS
        .iter()
        .zip(places)
        .filter(|(column, place)| column.required && place.is_none())
        .filter_map(|(column, _)| column.names.first().copied())
        .collect();
    if missing.is_empty() {
        return Ok((places, unused));
    }
    let found = header.iter().filter(|name| !name.is_empty()).take(12).map(clean_label).collect();
    Err(SheetError::Columns { missing, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(u64, String, String)> {
        let sheet = Sheet::parse(text.as_bytes()).unwrap();
        sheet.lines.into_iter().map(|line| (line.line, line.os, line.tag)).collect()
    }

    #[test]
    fn comma_semicolon_and_tab_are_told_apart() {
        for (delimiter, name) in [(',', "comma"), (';', "semicolon"), ('\t', "tab")] {
            let text = format!("OS{delimiter}Asset Tag\r\nlinux{delimiter}A-1\r\n");
            assert_eq!(cells(&text), [(2, "linux".to_owned(), "A-1".to_owned())], "{name}");
        }
        assert_eq!(cells("\"os;type\",os,tag\n1,linux,A\n")[0].2, "A", "a delimiter in quotes is none");
    }

    #[test]
    fn quoted_cells_may_hold_delimiters_quotes_and_line_breaks() {
        let text = "tag,os,owner\n\"a,\"\"b\"\"\nc\",linux,\nD,macos,\n";
        let found = cells(text);
        assert_eq!(found[0], (2, "linux".to_owned(), "a,\"b\"\nc".to_owned()));
        assert_eq!(found[1].0, 4, "the line in the file");
    }

    #[test]
    fn lines_are_those_of_the_file_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["os,tag", "linux,A", "", "\"linux\",\"B", "b\"", "linux,C", ",", "linux,D"].join(end);
            let lines: Vec<u64> = cells(&text).into_iter().map(|(line, ..)| line).collect();
            assert_eq!(lines, [2, 4, 6, 8], "{end:?}");
        }
    }

    #[test]
    fn columns_go_by_their_names_in_any_order() {
        let sheet = Sheet::parse(b"note,Serial-Number,Operating system,owner\nx,A,linux,alice\n").unwrap();
        assert_eq!((sheet.lines[0].tag.as_str(), sheet.lines[0].owner.as_str()), ("A", "alice"));
        assert_eq!(sheet.unused_columns, ["note"]);
    }

    #[test]
    fn an_export_can_be_imported() {
        let head = crate::device::DevicesExported::HEAD;
        let sheet = Sheet::parse(format!("{head}A-1,linux,Model,SERIAL,alice,0,\r\n").as_bytes()).unwrap();
        let line = &sheet.lines[0];
        assert_eq!((line.tag.as_str(), line.os.as_str(), line.owner.as_str()), ("A-1", "linux", "alice"));
        assert!(sheet.unused_columns.contains(&"serial".to_owned()));
    }

    #[test]
    fn wrong_columns_are_named() {
        let error = Sheet::parse(b"hostname,ip\na,b\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the first row must name the columns: os_type and asset_tag are missing, it holds \"hostname\", \"ip\""
        );
        let error = Sheet::parse(b"os;asset tag;Asset-Tag\nlinux;a;b\n").unwrap_err();
        assert_eq!(error, SheetError::ColumnTwice("Asset-Tag".to_owned()));
        assert_eq!(Sheet::parse(b"os,tag\n").unwrap_err(), SheetError::NoLines);
        assert_eq!(Sheet::parse(b"os,tag\n,\n ,\n").unwrap_err(), SheetError::NoLines);
        assert_eq!(Sheet::parse(b" \n").unwrap_err(), SheetError::Empty);
    }

    #[test]
    fn lines_of_another_width_are_marked() {
        let sheet = Sheet::parse(b"os,tag,owner\nlinux,A\nlinux,B,,,\nlinux,C,\n").unwrap();
        let widths: Vec<_> = sheet.lines.iter().map(|line| line.wrong_width).collect();
        assert_eq!(widths, [Some((2, 3)), Some((5, 3)), None]);
    }

    #[test]
    fn sizes_are_capped() {
        assert_eq!(Sheet::parse(&vec![b'a'; MAX_IMPORT_BYTES + 1]).unwrap_err(), SheetError::TooLarge);
        let mut text = "os,tag\n".to_owned();
        for number in 0..MAX_IMPORT_LINES {
            text.push_str(&format!("linux,T{number}\n"));
        }
        assert_eq!(Sheet::parse(text.as_bytes()).unwrap().len(), MAX_IMPORT_LINES);
        text.push_str("linux,more\n");
        assert_eq!(Sheet::parse(text.as_bytes()).unwrap_err(), SheetError::TooManyLines);
    }

    #[test]
    fn the_template_is_a_good_file() {
        let sheet = Sheet::parse(IMPORT_TEMPLATE.as_bytes()).unwrap();
        assert_eq!((sheet.len(), sheet.unused_columns.len()), (3, 0));
        assert_eq!(sheet.lines[1].model, "MacBookPro18,3");
    }

    #[test]
    fn formulas_are_text() {
        assert_eq!(cells("os,tag\nlinux,=cmd()\nlinux,'=cmd()\n").map_tags(), ["=cmd()", "=cmd()"]);
    }

    trait MapTags {
        fn map_tags(self) -> Vec<String>;
    }

    impl MapTags for Vec<(u64, String, String)> {
        fn map_tags(self) -> Vec<String> {
            self.into_iter().map(|(_, _, tag)| tag).collect()
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = Sheet::parse(&bytes);
            let _ = Sheet::parse(&[b"os,tag\n".as_slice(), &bytes].concat());
        }
    }
}
