use super::CliLoginError;
use crate::entity::CliDelivery;
use crate::ports::Random;

/// Consonants that are not mistaken for one another or for digits (RFC 8628, section 6.1).
const CODE_LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Longest state that a command line may want back, in bytes.
const MAX_STATE: usize = 64;
/// Ports below are not for programs of users.
const FIRST_PORT: i64 = 1024;

/// The host is always 127.0.0.1: only a port can be asked for.
pub(super) fn loopback(port: i64, state: String) -> Result<CliDelivery, CliLoginError> {
    let port = u16::try_from(port).ok().filter(|port| i64::from(*port) >= FIRST_PORT);
    let port = port.ok_or(CliLoginError::Malformed("redirect_port"))?;
    let is_plain = state.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if !is_plain || !(16..=MAX_STATE).contains(&state.len()) {
        return Err(CliLoginError::Malformed("redirect_state"));
    }
    Ok(CliDelivery::Loopback { port, state })
}

/// Whether somebody typed this code; letters alone count.
pub(super) fn is_same_code(typed: &str, code: &str) -> bool {
    typed_letters(typed) == typed_letters(code)
}

/// What counts of a typed code.
pub(crate) fn typed_letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect()
}

/// Two groups of four letters: 34 bits, to tell one's own terminal from another and for nothing else.
pub(crate) fn user_code(random: &dyn Random) -> String {
    let mut code = String::with_capacity(9);
    while code.len() < 9 {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        // The 240 lowest values of a byte are each letter equally often.
        for byte in bytes.into_iter().filter(|byte| *byte < 240) {
            if code.len() == 4 {
                code.push('-');
            }
            if code.len() < 9
                && let Some(letter) = CODE_LETTERS.get(usize::from(byte) % CODE_LETTERS.len())
            {
                code.push(char::from(*letter));
            }
        }
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_code_is_typed_as_one_likes() {
        for typed in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk "] {
            assert!(is_same_code(typed, "BCDF-GHJK"), "{typed}");
        }
        for typed in ["", "BCDF", "BCDF-GHJL", "BCDF-GHJK-B"] {
            assert!(!is_same_code(typed, "BCDF-GHJK"), "{typed}");
        }
    }

    #[test]
    fn a_code_is_eight_letters_in_two_groups() {
        let random = Counting(std::sync::atomic::AtomicU8::new(3));
        for _ in 0..50 {
            let code = user_code(&random);
            let (one, two) = code.split_once('-').unwrap();
            assert!(one.len() == 4 && two.len() == 4, "{code}");
            assert!((one.to_owned() + two).bytes().all(|byte| CODE_LETTERS.contains(&byte)), "{code}");
        }
    }

    #[test]
    fn a_redirect_goes_to_a_port_of_this_machine_and_nowhere_else() {
        let state = "s".repeat(43);
        assert_eq!(
            loopback(40_000, state.clone()).unwrap(),
            CliDelivery::Loopback { port: 40_000, state: state.clone() }
        );
        for port in [-1, 0, 80, 1023, 65_536, i64::MAX] {
            assert!(loopback(port, state.clone()).is_err(), "{port}");
        }
        for bad in ["", "short", "a b c d e f g h i j", "x@evil.example/1234567", &"s".repeat(65)] {
            assert!(loopback(40_000, bad.to_owned()).is_err(), "{bad}");
        }
    }
}
