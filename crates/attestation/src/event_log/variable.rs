//! What stands inside of events: UEFI variables, load events, device paths (UEFI specification, sections 7 and 10).

use super::Reader;

/// Most characters of a text that are kept.
const MAX_TEXT: usize = 512;

/// UEFI_VARIABLE_DATA.
pub(crate) struct UefiVariable<'a> {
    pub(crate) guid: &'a [u8],
    pub(crate) name: String,
    pub(crate) data: &'a [u8],
}

impl<'a> UefiVariable<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let guid = reader.take(16)?;
        let name_units = usize::try_from(reader.u64()?).ok()?;
        let data_length = usize::try_from(reader.u64()?).ok()?;
        let name = utf16(reader.take(name_units.checked_mul(2)?)?);
        Some(Self { guid, name, data: reader.take(data_length)? })
    }
}

/// UEFI_IMAGE_LOAD_EVENT, as far as it matters: where the image came from.
pub(crate) struct BootImage<'a> {
    pub(crate) device_path: &'a [u8],
}

impl<'a> BootImage<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        // Location, length, link-time address.
        reader.take(24)?;
        let length = usize::try_from(reader.u64()?).ok()?;
        Some(Self { device_path: reader.take(length)? })
    }
}

/// The file that a device path ends in (media device path, sub-type file path), safe to print.
pub(crate) fn file_path(device_path: &[u8]) -> Option<String> {
    const MEDIA: u8 = 4;
    const FILE_PATH: u8 = 4;
    let mut reader = Reader(device_path);
    let mut path = String::new();
    while let (Some(kind), Some(sub_kind)) = (reader.u8(), reader.u8()) {
        let length = usize::from(reader.u16()?).checked_sub(4)?;
        let data = reader.take(length)?;
        if (kind, sub_kind) == (MEDIA, FILE_PATH) {
            let part = utf16(data);
            if !path.is_empty() && !path.ends_with('\\') && !part.starts_with('\\') {
                path.push('\\');
            }
            path.push_str(&part);
        }
        // End of the entire path.
        if kind == 0x7f {
            break;
        }
    }
    let shown = gatehouse_model::clean_label(&path);
    (!shown.is_empty()).then_some(shown)
}

/// UTF-16LE up to the first NUL; safe to print.
pub(crate) fn utf16(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let text: String =
        char::decode_utf16(units.take(MAX_TEXT)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    gatehouse_model::clean_label(&text)
}
