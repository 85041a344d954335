use gatehouse_domain::entity::Passkey;
use gatehouse_domain::ports::{MadePasskey, PasskeyFault, Passkeys as _};
use gatehouse_model::Timestamp;
use gatehouse_testkit::soft_passkey::SoftPasskeys;
use serde_json::Value;

use super::WebauthnPasskeys;
use crate::config::PublicAddr;

const ORIGIN: &str = "https://gate.example:3080";

fn server(host: &str, port: u16) -> Option<WebauthnPasskeys> {
    WebauthnPasskeys::new(&PublicAddr { host: host.to_owned(), port }, "example")
}

fn gate() -> WebauthnPasskeys {
    server("gate.example", 3080).unwrap()
}

fn options(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn stored(made: MadePasskey) -> Passkey {
    Passkey {
        id: "p1".to_owned(),
        user: "alice".to_owned(),
        credential_id: made.credential_id,
        rp_id: "gate.example".to_owned(),
        name: "key".to_owned(),
        credential: made.credential,
        counter: made.counter,
        backup_eligible: made.backup_eligible,
        backed_up: made.backed_up,
        discoverable: made.discoverable,
        created: Timestamp::default(),
        last_used: None,
    }
}

/// A passkey that `browser` has just made.
fn made(gate: &WebauthnPasskeys, browser: &mut SoftPasskeys) -> Result<Passkey, PasskeyFault> {
    let asked = gate.ask_for_new("alice", &[7; 16], &[]).unwrap();
    let answer = browser.create(&options(&asked.options)).to_string();
    gate.accept_new(&asked.state, &answer).map(stored)
}

#[test]
fn the_origin_is_the_public_address_and_an_ip_address_has_none() {
    assert_eq!(gate().origin(), ORIGIN);
    assert_eq!(gate().rp_id(), "gate.example");
    assert_eq!(server("gate.example", 443).unwrap().origin(), "https://gate.example");
    assert!(server("192.0.2.1", 443).is_none());
    assert!(server("2001:db8::1", 443).is_none());
}

#[test]
fn any_authenticator_is_asked_for_a_key_that_it_can_find_by_itself() {
    let asked = options(&gate().ask_for_new("alice", &[7; 16], &[]).unwrap().options);
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "preferred");
    assert_eq!(asked["attestation"], "none");
    assert!(asked.get("hints").is_none());
    assert_eq!(asked["extensions"], serde_json::json!({"credProps": true}));
    assert_eq!(asked["rp"]["id"], "gate.example");

    let gate = gate();
    let passkey = made(&gate, &mut SoftPasskeys::at(ORIGIN)).unwrap();
    let one = options(&gate.ask_for_one_of(std::slice::from_ref(&passkey)).unwrap().options);
    assert_eq!(one["userVerification"], "preferred");
    assert_eq!(one["allowCredentials"].as_array().unwrap().len(), 1);
    let any = options(&gate.ask_for_any().unwrap().options);
    assert_eq!(any["userVerification"], "required");
    assert_eq!(any["allowCredentials"].as_array().unwrap().len(), 0, "nobody is named");
    let again = options(&gate.ask_for_new("alice", &[7; 16], &[passkey]).unwrap().options);
    assert_eq!(again["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn a_passkey_is_used_beside_a_password_and_alone() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    let mut passkey = made(&gate, &mut browser).unwrap();
    assert!(passkey.discoverable && !passkey.backup_eligible && !passkey.backed_up);
    for counter in 1..=4 {
        let asked = if counter % 2 == 0 {
            gate.ask_for_any().unwrap()
        } else {
            gate.ask_for_one_of(std::slice::from_ref(&passkey)).unwrap()
        };
        let answer = browser.get(&options(&asked.options)).unwrap().to_string();
        let claimed = gate.claimed(&answer).unwrap();
        assert_eq!(claimed.credential_id, passkey.credential_id);
        assert_eq!(claimed.handle.as_deref(), Some(&[7; 16][..]));
        let used = gate.accept_use(&asked.state, &answer, &passkey).unwrap();
        assert_eq!(used.counter, counter);
        passkey.credential = used.credential;
        passkey.counter = used.counter;
    }
}

#[test]
fn a_key_without_a_pin_is_a_second_factor_only() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    browser.verifies_user = false;
    let passkey = made(&gate, &mut browser).unwrap();
    let asked = gate.ask_for_one_of(std::slice::from_ref(&passkey)).unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    assert!(gate.accept_use(&asked.state, &answer, &passkey).is_ok());
    let asked = gate.ask_for_any().unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    assert_eq!(gate.accept_use(&asked.state, &answer, &passkey), Err(PasskeyFault::NotVerified));
}

#[test]
fn a_page_of_another_origin_gets_nothing() {
    let gate = gate();
    for origin in ["https://evil.example:3080", "https://gate.example", "http://gate.example:3080"] {
        let made = made(&gate, &mut SoftPasskeys::at(origin));
        assert_eq!(made, Err(PasskeyFault::Origin), "{origin}");
    }
    let mut browser = SoftPasskeys::at(ORIGIN);
    let passkey = self::made(&gate, &mut browser).unwrap();
    browser.origin = "https://sub.gate.example:3080".to_owned();
    let asked = gate.ask_for_any().unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    assert_eq!(gate.accept_use(&asked.state, &answer, &passkey), Err(PasskeyFault::Origin));
}

#[test]
fn a_signature_for_another_host_counts_for_nothing() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    browser.rp_id = Some("evil.example".to_owned());
    assert_eq!(made(&gate, &mut browser), Err(PasskeyFault::Origin));
    browser.rp_id = None;
    let passkey = made(&gate, &mut browser).unwrap();
    browser.rp_id = Some("evil.example".to_owned());
    let asked = gate.ask_for_any().unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    assert_eq!(gate.accept_use(&asked.state, &answer, &passkey), Err(PasskeyFault::Origin));
}

#[test]
fn an_answer_to_another_challenge_counts_for_nothing() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    let (asked, other) = (
        gate.ask_for_new("alice", &[7; 16], &[]).unwrap(),
        gate.ask_for_new("alice", &[7; 16], &[]).unwrap(),
    );
    let answer = browser.create(&options(&asked.options)).to_string();
    assert_eq!(gate.accept_new(&other.state, &answer), Err(PasskeyFault::Challenge));

    let passkey = made(&gate, &mut browser).unwrap();
    let (asked, other) = (gate.ask_for_any().unwrap(), gate.ask_for_any().unwrap());
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    assert_eq!(gate.accept_use(&other.state, &answer, &passkey), Err(PasskeyFault::Challenge));
    let new = gate.ask_for_new("alice", &[7; 16], &[]).unwrap();
    assert_eq!(gate.accept_use(&new.state, &answer, &passkey), Err(PasskeyFault::Challenge));
    assert_eq!(gate.accept_new(&asked.state, &answer), Err(PasskeyFault::Challenge));
}

#[test]
fn a_copy_shows_by_its_counter() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    let mut passkey = made(&gate, &mut browser).unwrap();
    let mut copy = browser.clone();
    let asked = gate.ask_for_any().unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    passkey.credential = gate.accept_use(&asked.state, &answer, &passkey).unwrap().credential;
    let asked = gate.ask_for_any().unwrap();
    let answer = copy.get(&options(&asked.options)).unwrap().to_string();
    assert_eq!(gate.accept_use(&asked.state, &answer, &passkey), Err(PasskeyFault::Cloned));
}

#[test]
fn the_backup_flags_are_kept_and_must_fit() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    (browser.synced, browser.counts) = (true, false);
    let passkey = made(&gate, &mut browser).unwrap();
    assert!(passkey.backup_eligible && passkey.backed_up);
    for _ in 0..2 {
        let asked = gate.ask_for_any().unwrap();
        let answer = browser.get(&options(&asked.options)).unwrap().to_string();
        assert_eq!(gate.accept_use(&asked.state, &answer, &passkey).unwrap().counter, 0);
    }
    browser.synced = false;
    let asked = gate.ask_for_any().unwrap();
    let answer = browser.get(&options(&asked.options)).unwrap().to_string();
    let refused = gate.accept_use(&asked.state, &answer, &passkey);
    assert!(matches!(refused, Err(PasskeyFault::Refused(_))), "{refused:?}");
}

#[test]
fn a_changed_byte_is_noticed() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    let passkey = made(&gate, &mut browser).unwrap();
    let asked = gate.ask_for_any().unwrap();
    let mut answer = browser.get(&options(&asked.options)).unwrap();
    let mut other = browser.get(&options(&asked.options)).unwrap();
    answer["response"]["authenticatorData"] = other["response"]["authenticatorData"].take();
    assert!(gate.accept_use(&asked.state, &answer.to_string(), &passkey).is_err());
}

#[test]
fn rubbish_is_refused() {
    let (gate, mut browser) = (gate(), SoftPasskeys::at(ORIGIN));
    let passkey = made(&gate, &mut browser).unwrap();
    let any = gate.ask_for_any().unwrap();
    let new = gate.ask_for_new("alice", &[7; 16], &[]).unwrap();
    for rubbish in ["", "{}", "null", "[]", r#"{"id":"","rawId":"","response":{},"type":"public-key"}"#] {
        assert_eq!(gate.claimed(rubbish), Err(PasskeyFault::Malformed));
        assert_eq!(gate.accept_use(&any.state, rubbish, &passkey), Err(PasskeyFault::Malformed));
        assert_eq!(gate.accept_new(&new.state, rubbish), Err(PasskeyFault::Malformed));
    }
    let mut answer = browser.create(&options(&new.options));
    answer["response"]["attestationObject"] = "AAAA".into();
    let refused = gate.accept_new(&new.state, &answer.to_string());
    assert!(matches!(refused, Err(PasskeyFault::Malformed | PasskeyFault::Refused(_))), "{refused:?}");
}
