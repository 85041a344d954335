use gatehouse_model::Timestamp;

/// The time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A cryptographically secure source of randomness.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The name of something that is made now: the time in milliseconds, then ten random bytes. So what is made together lies
/// together in an index, however much is stored before.
#[must_use]
pub fn id_bytes(now: Timestamp, random: &dyn Random) -> [u8; 16] {
    let mut bytes = [0; 16];
    random.fill(&mut bytes[6..]);
    bytes[..6].copy_from_slice(&(now.micros() / 1000).to_be_bytes()[2..]);
    bytes
}

/// [`id_bytes`] as a UUID (RFC 9562 section 5.7, version 7) in text form.
#[must_use]
pub fn uuid_v7(now: Timestamp, random: &dyn Random) -> String {
    let mut bytes = id_bytes(now, random);
    bytes[6] = bytes[6] & 0x0f | 0x70;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;

    impl Random for Ones {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0xff);
        }
    }

    #[test]
    fn a_uuid_begins_with_the_time() {
        // The example of RFC 9562, appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
        let time = Timestamp::from_micros(1_645_557_742_000_000);
        assert_eq!(uuid_v7(time, &Ones), "017f22e2-79b0-7fff-bfff-ffffffffffff");
    }
}
