use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

const LINE: usize = 64;

/// One block (RFC 7468).
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while let Some((line, more)) = rest.split_at_checked(LINE) {
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    if !rest.is_empty() {
        out.push_str(rest);
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The contents of all blocks, which must have that label; `None` if something is no such block.
pub(super) fn decode(label: &str, text: &[u8], most: usize) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for block in Pem::iter_from_buffer(text) {
        let block = block.ok().filter(|block| block.label == label)?;
        if found.len() >= most {
            return None;
        }
        found.push(block.contents);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 300] {
            let der = vec![7; length];
            let two = format!("{}{}", encode("CERTIFICATE", &der), encode("CERTIFICATE", &der));
            assert_eq!(decode("CERTIFICATE", two.as_bytes(), 2), Some(vec![der.clone(), der]), "{length}");
            assert_eq!(decode("CERTIFICATE", two.as_bytes(), 1), None);
            assert_eq!(decode("PUBLIC KEY", two.as_bytes(), 2), None);
        }
    }
}
