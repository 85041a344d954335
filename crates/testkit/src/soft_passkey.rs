//! A browser with an authenticator, in process: makes and uses passkeys as WebAuthn level 3 has it (ES256, no
//! attestation), and can be told to behave as no honest one does.

#![expect(clippy::unwrap_used, reason = "test equipment: what cannot be set up ends the test")]

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A browser at an origin, and the authenticator at its side.
#[derive(Clone)]
pub struct SoftPasskeys {
    /// Where the browser thinks it is.
    pub origin: String,
    /// The RP ID that it signs for in place of the one that is asked for.
    pub rp_id: Option<String>,
    /// Checks who uses it, if it is asked to.
    pub verifies_user: bool,
    /// Counts its signatures; those that are copied between devices do not.
    pub counts: bool,
    /// May be copied to other devices, and has been.
    pub synced: bool,
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: Vec<u8>,
    rp_id: String,
    handle: Vec<u8>,
    /// PKCS#8.
    private: Vec<u8>,
    counter: u32,
}

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED_DATA: u8 = 0x40;

impl SoftPasskeys {
    /// Honest, counting, and able to check its user.
    #[must_use]
    pub fn at(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            rp_id: None,
            verifies_user: true,
            counts: true,
            synced: false,
            keys: Vec::new(),
        }
    }

    /// `navigator.credentials.create`: a new key, in the JSON form of its `PublicKeyCredential`.
    pub fn create(&mut self, options: &Value) -> Value {
        let rp_id = self.rp_id.clone().unwrap_or_else(|| text(&options["rp"]["id"]));
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let mut id = vec![0; 32];
        SystemRandom::new().fill(&mut id).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        // COSE_Key (RFC 9052): kty EC2, alg ES256, crv P-256.
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend(x);
        cose.extend([0x22, 0x58, 0x20]);
        cose.extend(y);

        let mut data = self.authenticator_data(&rp_id, ATTESTED_DATA, 0);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.extend(cose);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);

        let answer = json!({
            "id": encode(&id),
            "rawId": encode(&id),
            "type": "public-key",
            "response": {
                "attestationObject": encode(&object),
                "clientDataJSON": encode(&self.client_data("webauthn.create", options)),
                "transports": ["internal"],
            },
            "clientExtensionResults": {"credProps": {"rk": true}},
        });
        self.keys.push(Key {
            id,
            rp_id,
            handle: decode(&options["user"]["id"]),
            private: pair.to_pkcs8v1().unwrap().as_ref().to_vec(),
            counter: 0,
        });
        answer
    }

    /// `navigator.credentials.get` with the newest key that fits; `None` where there is none.
    pub fn get(&mut self, options: &Value) -> Option<Value> {
        let wanted = self.rp_id.clone().unwrap_or_else(|| text(&options["rpId"]));
        let allowed: Vec<Vec<u8>> = options["allowCredentials"]
            .as_array()
            .map(|list| list.iter().map(|entry| decode(&entry["id"])).collect())
            .unwrap_or_default();
        let client_data = self.client_data("webauthn.get", options);
        let place = self.keys.iter().rposition(|key| {
            (key.rp_id == wanted || self.rp_id.is_some()) && (allowed.is_empty() || allowed.contains(&key.id))
        })?;
        if self.counts {
            self.keys[place].counter += 1;
        }
        let key = self.keys[place].clone();
        let data = self.authenticator_data(&wanted, 0, key.counter);
        let mut signed = data.clone();
        signed.extend(digest(&SHA256, &client_data).as_ref());
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.private).unwrap();
        let signature = pair.sign(&SystemRandom::new(), &signed).unwrap();
        Some(json!({
            "id": encode(&key.id),
            "rawId": encode(&key.id),
            "type": "public-key",
            "response": {
                "authenticatorData": encode(&data),
                "clientDataJSON": encode(&client_data),
                "signature": encode(signature.as_ref()),
                "userHandle": encode(&key.handle),
            },
            "clientExtensionResults": {},
        }))
    }

    fn authenticator_data(&self, rp_id: &str, more_flags: u8, counter: u32) -> Vec<u8> {
        let mut flags = USER_PRESENT | more_flags;
        if self.verifies_user {
            flags |= USER_VERIFIED;
        }
        if self.synced {
            flags |= BACKUP_ELIGIBLE | BACKED_UP;
        }
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(counter.to_be_bytes());
        data
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let challenge = text(&options["challenge"]);
        json!({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text(value).trim_end_matches('=')).unwrap()
}
