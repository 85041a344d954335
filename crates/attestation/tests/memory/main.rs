//! Whatever comes, a verification takes less than 8 MiB of memory. One test alone: the count is of the whole process.

#![allow(clippy::unwrap_used, reason = "tests end where something is not as it should be")]

use gatehouse_attestation::{
    AkPublic, AllowedCas, ChainPolicy, EkCertificate, EventLog, Intermediates, MAX_CERTIFICATE_BYTES,
    MAX_EVENT_LOG_BYTES, MAX_PCRS, MAX_QUOTES, MAX_SENT_CERTIFICATES, boot_state, certificate_chain,
    verify_creation, verify_ek_path, verify_platform,
};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};
use gatehouse_testkit::soft_tpm::{AkKind, AkTemplate, EkKind, SoftAk, SoftTpm, SoftTpmCa};
use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTED: PeakAlloc = PeakAlloc;

const LIMIT: usize = 8 * 1024 * 1024;

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let [.., high, low] = length.to_be_bytes();
    let head = match length {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content.to_vec()].concat()
}

/// A certificate without a sense, of as many bytes as are read: its subject and its extensions are for the caller.
fn certificate(subject: &[u8], extensions: &[u8]) -> Vec<u8> {
    let algorithm = tlv(0x30, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
    let dates = tlv(0x30, &[tlv(0x17, b"200101000000Z"), tlv(0x17, b"400101000000Z")].concat());
    let spki = SoftTpm::with_shared_key(EkKind::P256).ek_spki();
    let parts = [
        &[0xa0, 3, 2, 1, 2, 2, 1, 1],
        algorithm.as_slice(),
        &tlv(0x30, &[]),
        &dates,
        &tlv(0x30, subject),
        &spki,
        &tlv(0xa3, &tlv(0x30, extensions)),
    ];
    let signed = tlv(0x30, &parts.concat());
    tlv(0x30, &[signed, algorithm, tlv(3, &[0, 0x30, 0])].concat())
}

/// As many repetitions as fit into a certificate.
fn filled(part: &[u8]) -> Vec<u8> {
    part.repeat((MAX_CERTIFICATE_BYTES - 400) / part.len())
}

fn hostile_certificates() -> Vec<Vec<u8>> {
    let attribute = tlv(0x31, &tlv(0x30, &[0x06, 1, 0x55, 0x0c, 0]));
    let one_set = tlv(0x31, &tlv(0x30, &[0x06, 1, 0x55, 0x0c, 0]).repeat(1400));
    let extension = tlv(0x30, &[0x06, 1, 0x55, 4, 0]);
    let general_name = |content: &[u8]| {
        let names = tlv(0x30, content);
        tlv(0x30, &[tlv(6, &[0x55, 0x1d, 17]), tlv(4, &names)].concat())
    };
    let deep = |levels: usize| (0..levels).fold(vec![5, 0], |inner, _| tlv(0x30, &inner));
    vec![
        certificate(&filled(&attribute), &[]),
        certificate(&one_set, &[]),
        certificate(&[], &filled(&extension)),
        certificate(&[], &general_name(&filled(&[0x82, 0]))),
        certificate(&[], &general_name(&filled(&[0xa4, 2, 0x30, 0]))),
        certificate(&[], &general_name(&deep(3000))),
        certificate(&deep(3000), &[]),
        filled(&[0x30, 0x80]),
        [b"{\"certificate\":".to_vec(), b"[".repeat(16_000)].concat(),
        [
            b"-----BEGIN CERTIFICATE-----\n".to_vec(),
            b"MAMC".repeat(3000),
            b"\n-----END CERTIFICATE-----\n".to_vec(),
        ]
        .concat(),
        filled(b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
    ]
}

/// A log of the size that is read, of as many events as there can be: sixteen banks of one byte, or none at all.
fn hostile_logs() -> Vec<Vec<u8>> {
    let header = |algorithms: u16| {
        let mut data = b"Spec ID Event03\0".to_vec();
        data.extend([0, 0, 0, 0, 0, 2, 0, 2]);
        data.extend(u32::from(algorithms).to_le_bytes());
        for algorithm in 0..algorithms {
            data.extend((0x1000 + algorithm).to_le_bytes());
            data.extend(1_u16.to_le_bytes());
        }
        data.push(0);
        let mut log = [0, 3_u32].map(u32::to_le_bytes).concat();
        log.extend([0; 20]);
        log.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        log.extend(data);
        log
    };
    let fill = |mut log: Vec<u8>, event: &[u8]| {
        let count = ((MAX_EVENT_LOG_BYTES - log.len()) / event.len()).min(16_000);
        log.extend(event.repeat(count));
        log
    };
    let mut crowded = [0, 13, 16_u32].map(u32::to_le_bytes).concat();
    (0..16_u16)
        .for_each(|algorithm| crowded.extend([(0x1000 + algorithm).to_le_bytes().as_slice(), &[7]].concat()));
    crowded.extend([0; 4]);
    // EV_EFI_VARIABLE_DRIVER_CONFIG of one name without end.
    let mut variable = [7, 0x8000_0001_u32, 0].map(u32::to_le_bytes).concat();
    let size = MAX_EVENT_LOG_BYTES - 400;
    variable.extend(u32::try_from(size).unwrap().to_le_bytes());
    variable.extend([0; 16]);
    variable.extend(u64::try_from((size - 32) / 2).unwrap().to_le_bytes());
    variable.extend([0; 8]);
    variable.extend(vec![0x41; size - 32]);
    let bare = [4, 0x8000_0003_u32, 0, 0].map(u32::to_le_bytes).concat();
    vec![
        fill(header(16), &crowded),
        fill(header(1), &bare),
        [header(1), variable].concat(),
        fill(Vec::new(), &[[4, 0x8000_0003_u32].map(u32::to_le_bytes).concat(), vec![0; 24]].concat()),
    ]
}

fn peak(what: &str, work: &mut dyn FnMut()) {
    COUNTED.reset_peak_usage();
    let before = COUNTED.current_usage();
    work();
    let most = COUNTED.peak_usage().saturating_sub(before);
    assert!(most < LIMIT, "{what}: {most} bytes");
}

#[test]
fn memory_per_verification_stays_under_eight_mebibytes() {
    let now = Timestamp::from_secs(1_780_272_000);
    let root = SoftTpmCa::new();
    let mut allowed = AllowedCas::default();
    allowed.add(&root.der()).unwrap();
    let good = root.issue(&SoftTpm::with_shared_key(EkKind::Rsa2048));
    let ak = SoftAk::with_shared_key(&AkTemplate::new(AkKind::P256));
    let public = AkPublic::parse(ak.public()).unwrap();

    for (index, hostile) in hostile_certificates().iter().enumerate() {
        let mut verify = || {
            let _ = EkCertificate::parse(hostile).map(|leaf| leaf.quirks());
            let sent = certificate_chain(&vec![hostile.clone(); MAX_SENT_CERTIFICATES]);
            let links = Intermediates::from_device(&sent);
            let leaf = EkCertificate::parse(&good).unwrap();
            verify_ek_path(&leaf, &allowed, &[&links], &ChainPolicy::default(), now).unwrap();
        };
        peak(&format!("certificate {index}"), &mut verify);
    }
    for (index, log) in hostile_logs().iter().enumerate() {
        assert!(EventLog::parse(log).unwrap().len() > 1, "log {index}");
        let pcrs: Vec<Pcr> = (0..MAX_PCRS)
            .map(|number| Pcr {
                index: i32::try_from(number % 24).unwrap(),
                digest: vec![0; 64],
                digest_alg: [3, 5, 6, 7][number / 24 % 4],
            })
            .collect();
        let quotes = vec![Quote { quote: vec![0xff; 2048], signature: vec![0; 1024] }; MAX_QUOTES];
        let params = PlatformParameters { quotes, pcrs, event_log: log.clone() };
        let mut verify = || {
            assert!(verify_platform(&public, &[0; 32], &params).is_err());
            let _ = boot_state(&params);
            let described =
                EventLog::parse(log).unwrap().describe().filter(|event| event.text.is_some()).count();
            assert!(described < 20_000);
        };
        peak(&format!("log {index}"), &mut verify);
    }
    let long = vec![0; 1024 * 1024];
    let parameters = AttestationParameters {
        public: long.clone(),
        create_data: long.clone(),
        create_attestation: long.clone(),
        create_signature: long.clone(),
    };
    peak("sizes that no TPM has", &mut || {
        assert!(AkPublic::parse(&long).is_err() && EkCertificate::parse(&long).is_err());
        assert!(verify_creation(&public, &parameters).is_err());
    });
}
