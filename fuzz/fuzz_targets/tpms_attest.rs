#![no_main]

#[allow(dead_code, reason = "each target uses one of the entries")]
#[path = "../src/entry.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    entry::tpms_attest(data);
});
