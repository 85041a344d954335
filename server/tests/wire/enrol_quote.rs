//! Quotes: fresh, whole, and signed by the AK.

use gatehouse_model::tpm::PlatformParameters;
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as wire;
use gatehouse_testkit::soft_tpm::{Bank, Boot, GENERATED, Platform, QuoteTemplate, SoftAk};
use tonic::Code::InvalidArgument;

use crate::rig::{Enrolling, Machine, Rig, refused};

/// Answers the challenge rightly but for the platform attestation; that must be refused.
async fn refuse(quote: impl FnOnce(&Machine, &[u8]) -> PlatformParameters) -> String {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let answer = wire::TpmEnrollChallengeResponse {
        solution: machine.activate(&challenge),
        platform_parameters: Some(platform_parameters(quote(&machine, &challenge.attestation_nonce))),
    };
    let status = refused(stream.finish_tpm(answer).await, InvalidArgument, "quote_invalid");
    rig.assert_untouched(&id).await;
    assert_eq!(rig.evidence(&id).await[0].verdict, "quote_invalid");
    status.message().to_owned()
}

fn of(template: &QuoteTemplate, ak: &SoftAk, pcrs: &Bank) -> PlatformParameters {
    PlatformParameters { quotes: vec![template.sign(ak)], pcrs: pcrs.pcrs(), event_log: Vec::new() }
}

#[tokio::test]
async fn a_quote_over_a_wrong_nonce_is_refused() {
    let message = refuse(|machine, nonce| {
        let mut wrong = nonce.to_vec();
        wrong[31] ^= 1;
        machine.quote(&wrong)
    });
    assert!(message.await.contains("not for this challenge"));
    refuse(|machine, _| machine.quote(&[])).await;
    refuse(|machine, nonce| machine.quote(&nonce[..31])).await;
}

#[tokio::test]
async fn a_quote_that_leaves_out_pcrs_it_claims_is_refused() {
    // PCR 7 is neither selected nor in the digest, but its value comes along.
    let message = refuse(|machine, nonce| {
        let whole = Bank::sha256();
        let mut quoted = whole.clone();
        quoted.values.remove(&7);
        of(&QuoteTemplate::of(&[&quoted], nonce, Boot::default()), &machine.ak, &whole)
    });
    assert!(message.await.contains('7'));
}

#[tokio::test]
async fn pcr_values_that_no_quote_covers_are_refused() {
    let message = refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.pcrs.extend(Bank::sha384().pcrs());
        platform
    });
    assert!(message.await.contains("no quote covers it"));
}

#[tokio::test]
async fn a_quoted_pcr_whose_value_is_missing_is_refused() {
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.pcrs.pop();
        platform
    })
    .await;
}

#[tokio::test]
async fn pcr_values_other_than_the_quoted_are_refused() {
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.pcrs[30].digest[0] ^= 1;
        platform
    })
    .await;
}

#[tokio::test]
async fn pcr_values_in_the_wrong_bank_are_refused() {
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        for pcr in &mut platform.pcrs {
            pcr.digest_alg = 8 - pcr.digest_alg;
        }
        platform
    })
    .await;
}

#[tokio::test]
async fn a_quote_with_a_flipped_bit_is_refused() {
    let length = {
        let machine = Machine::new("PF000001");
        machine.quote(&[0; 32]).quotes[0].quote.len()
    };
    for at in [0, 5, 40, length / 2, length - 1] {
        refuse(|machine, nonce| {
            let mut platform = machine.quote(nonce);
            platform.quotes[0].quote[at] ^= 0x10;
            platform
        })
        .await;
    }
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        let last = platform.quotes[0].signature.len() - 1;
        platform.quotes[0].signature[last] ^= 1;
        platform
    })
    .await;
}

#[tokio::test]
async fn a_truncated_quote_is_refused() {
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.quotes[0].quote.truncate(50);
        platform
    })
    .await;
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.quotes[0].signature.truncate(3);
        platform
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_no_tpm_makes_is_refused() {
    refuse(|machine, nonce| {
        let bank = Bank::sha256();
        let template = QuoteTemplate::of(&[&bank], nonce, Boot::default());
        of(&QuoteTemplate { magic: GENERATED ^ 1, ..template }, &machine.ak, &bank)
    })
    .await;
    refuse(|machine, nonce| {
        let bank = Bank::sha256();
        let template = QuoteTemplate::of(&[&bank], nonce, Boot::default());
        of(&QuoteTemplate { attest_type: 0x801a, ..template }, &machine.ak, &bank)
    })
    .await;
    refuse(|machine, nonce| {
        let bank = Bank::sha256();
        let template = QuoteTemplate::of(&[&bank], nonce, Boot::default());
        of(&QuoteTemplate { trailing: vec![0], ..template }, &machine.ak, &bank)
    })
    .await;
}

#[tokio::test]
async fn quotes_of_two_boots_are_refused() {
    refuse(|machine, nonce| {
        let one = Platform { banks: vec![Bank::sha1()], ..Platform::new(nonce) }.sign(&machine.ak);
        let boot = Boot { reset_count: 2, ..Boot::default() };
        let other = Platform { banks: vec![Bank::sha256()], boot, ..Platform::new(nonce) }.sign(&machine.ak);
        PlatformParameters {
            quotes: [one.quotes, other.quotes].concat(),
            pcrs: [one.pcrs, other.pcrs].concat(),
            event_log: Vec::new(),
        }
    })
    .await;
}

#[tokio::test]
async fn no_quote_at_all_is_refused() {
    refuse(|_, _| PlatformParameters::default()).await;
}

#[tokio::test]
async fn hostile_amounts_are_refused() {
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.quotes = vec![platform.quotes[0].clone(); 10_000];
        platform
    })
    .await;
    refuse(|machine, nonce| {
        let mut platform = machine.quote(nonce);
        platform.pcrs = vec![platform.pcrs[0].clone(); 50_000];
        platform
    })
    .await;
}

#[tokio::test]
async fn one_quote_or_one_for_each_of_three_banks_are_accepted() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let sets = [vec![Bank::sha256()], vec![Bank::sha1(), Bank::sha256(), Bank::sha384()]];
    for (tag, banks) in ["PF000001", "PF000002"].into_iter().zip(sets) {
        let (_, token) = rig.register_linux(tag).await;
        let machine = Machine::new(tag);
        let init = machine.init(&token);
        let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, init).await.unwrap();
        let platform = Platform { banks, ..Platform::new(&challenge.attestation_nonce) }.sign(&machine.ak);
        let answer = wire::TpmEnrollChallengeResponse {
            solution: machine.activate(&challenge),
            platform_parameters: Some(platform_parameters(platform)),
        };
        stream.finish_tpm(answer).await.unwrap();
    }
}
