//! Chains of EK certificates: how much of the time goes into anything but the signatures.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use gatehouse_attestation::{AllowedCas, ChainPolicy, EkCertificate, Intermediates, verify_ek_path};
use gatehouse_model::Timestamp;
use gatehouse_testkit::soft_tpm::{CaTemplate, EkKind, SoftTpm, SoftTpmCa};
use serde::Serialize;
use x509_parser::parse_x509_certificate;
use x509_parser::public_key::PublicKey;

use crate::cpu_clock;
use crate::output::say;

/// Chains should be verified at so much of the pace of their signature checks at least.
const AIM: f64 = 0.8;
/// How long each side is measured, in turns.
const TURN: Duration = Duration::from_millis(500);
const TURNS: usize = 8;
/// Iterations between two looks at the clock.
const BATCH: u32 = 64;

/// A leaf from bytes, RSA-2048 under RSA-2048 under a listed root.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct EkChains {
    pub(crate) chains_per_second: f64,
    /// The same two signature checks alone, keys built each time.
    pub(crate) signatures_per_second: f64,
    pub(crate) share: f64,
    pub(crate) met: bool,
}

impl EkChains {
    pub(crate) fn print(&self) {
        say("\nEK chains: a leaf from bytes, RSA-2048 under RSA-2048 under a listed root, per second of CPU");
        say(format!("  chains verified                         {:>9.0}", self.chains_per_second));
        say(format!("  their signature checks alone, in pairs  {:>9.0}", self.signatures_per_second));
        let verdict = if self.met { "ok" } else { "MISSED" };
        say(format!("  share {:.0} % (at least {:.0} %)  {verdict}", self.share * 100.0, AIM * 100.0));
    }
}

/// A signature with the key that made it.
struct Signed {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Signed {
    fn new(child: &[u8], issuer: &[u8]) -> Result<Self> {
        let (_, child) = parse_x509_certificate(child).context("reading a certificate")?;
        let (_, issuer) = parse_x509_certificate(issuer).context("reading a certificate")?;
        let PublicKey::RSA(key) = issuer.public_key().parsed().context("reading a key")? else {
            anyhow::bail!("the CA has no RSA key");
        };
        let number = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        Ok(Self {
            modulus: number(key.modulus),
            exponent: number(key.exponent),
            message: child.tbs_certificate.as_ref().to_vec(),
            signature: child.signature_value.data.to_vec(),
        })
    }

    fn verify(&self) -> bool {
        let key = RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, &self.message, &self.signature).is_ok()
    }
}

/// Measures both in turns, so that whatever else the machine does meets both alike.
///
/// # Errors
/// If anything does not verify.
pub(crate) fn measure() -> Result<EkChains> {
    say("Verifying chains of EK certificates …");
    let root = SoftTpmCa::rsa_root(&CaTemplate::new("Bench Root CA"));
    let intermediate = root.rsa_intermediate(&CaTemplate::new("Bench Intermediate CA"));
    let leaf = intermediate.issue(&SoftTpm::with_shared_key(EkKind::Rsa2048));
    let mut allowed = AllowedCas::default();
    allowed.add(&root.der())?;
    let links = Intermediates::from_ders([intermediate.der()]);
    let pair = [Signed::new(&leaf, &intermediate.der())?, Signed::new(&intermediate.der(), &root.der())?];
    let now = Timestamp::from_secs(1_780_272_000);
    let policy = ChainPolicy::default();

    let mut chain = || {
        EkCertificate::parse(&leaf)
            .is_ok_and(|leaf| verify_ek_path(&leaf, &allowed, &[&links], &policy, now).is_ok())
    };
    let mut signatures = || pair.iter().all(Signed::verify);
    ensure!(chain() && signatures(), "the chain does not verify");
    let (mut chains, mut pairs) = (Pace::default(), Pace::default());
    for _ in 0..TURNS {
        chains.run(&mut chain);
        pairs.run(&mut signatures);
    }
    ensure!(!chains.failed && !pairs.failed, "a chain did not verify");
    let (chains, pairs) = (chains.per_second(), pairs.per_second());
    let share = chains / pairs;
    Ok(EkChains { chains_per_second: chains, signatures_per_second: pairs, share, met: share >= AIM })
}

#[derive(Default)]
struct Pace {
    count: u32,
    took: Duration,
    failed: bool,
}

impl Pace {
    fn run(&mut self, each: &mut dyn FnMut() -> bool) {
        // CPU time: what else the machine does is not counted.
        let (begun, cpu) = (Instant::now(), cpu_clock::thread());
        while begun.elapsed() < TURN {
            for _ in 0..BATCH {
                self.failed |= !std::hint::black_box(each());
            }
            self.count += BATCH;
        }
        self.took += cpu_clock::thread() - cpu;
    }

    fn per_second(&self) -> f64 {
        f64::from(self.count) / self.took.as_secs_f64()
    }
}
