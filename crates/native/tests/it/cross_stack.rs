//! The same keys in an independent TPM stack: tss-esapi over the TCG's own C library.

use std::fs;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gatehouse_attestation::{AkPublic, verify_platform};
use gatehouse_model::tpm::{Pcr, PlatformParameters, Quote};
use gatehouse_native::{AkAlgorithm, EkChoice};
use gatehouse_testkit::swtpm::Swtpm;
use tss_esapi::attributes::ObjectAttributesBuilder;
use tss_esapi::handles::{KeyHandle, PersistentTpmHandle, TpmHandle};
use tss_esapi::interface_types::algorithm::{HashingAlgorithm, PublicAlgorithm};
use tss_esapi::interface_types::ecc::EccCurve;
use tss_esapi::interface_types::session_handles::AuthSession;
use tss_esapi::structures::{
    Data, EccPoint, EccScheme, HashScheme, KeyDerivationFunctionScheme, PcrSelectionListBuilder, PcrSlot,
    Private, Public, PublicBuilder, PublicEccParametersBuilder, SignatureScheme,
};
use tss_esapi::traits::{Marshall, UnMarshall};
use tss_esapi::{Context, TctiNameConf};

use crate::rig::Rig;

const STORAGE_KEY: u32 = 0x8100_0001;

fn esapi(tpm: &Swtpm) -> Context {
    let mut context = Context::new(TctiNameConf::from_str(&tpm.address()).unwrap()).unwrap();
    context.set_sessions((Some(AuthSession::Password), None, None));
    context
}

fn storage_key(context: &mut Context) -> KeyHandle {
    let handle = TpmHandle::Persistent(PersistentTpmHandle::new(STORAGE_KEY).unwrap());
    context.execute_without_session(|context| context.tr_from_tpm_public(handle)).unwrap().into()
}

fn stored(rig: &Rig) -> serde_json::Value {
    serde_json::from_slice(&fs::read(rig.state().join("attestation.key")).unwrap()).unwrap()
}

fn bytes(json: &serde_json::Value, field: &str) -> Vec<u8> {
    STANDARD.decode(json[field].as_str().unwrap()).unwrap()
}

fn our_key_there(algorithm: AkAlgorithm) {
    let rig = Rig::with(Swtpm::start_tcp());
    let mut device = rig.open(EkChoice::P256);
    device.load_or_create_ak_of(algorithm).unwrap();
    let json = stored(&rig);
    let (public, private) = (bytes(&json, "Public"), bytes(&json, "KeyBlob"));
    drop(device);

    let mut context = esapi(&rig.tpm);
    let parent = storage_key(&mut context);
    let key = context
        .load(parent, Private::try_from(private).unwrap(), Public::unmarshall(&public).unwrap())
        .expect("tss-esapi loads our key");
    let select = |slots: &[PcrSlot]| {
        PcrSelectionListBuilder::new().with_selection(HashingAlgorithm::Sha256, slots).build().unwrap()
    };
    let slots: Vec<PcrSlot> = (0..24).map(|index| PcrSlot::try_from(1_u32 << index).unwrap()).collect();
    let nonce = [4; 32];
    let (attest, signature) = context
        .quote(key, Data::try_from(nonce.to_vec()).unwrap(), SignatureScheme::Null, select(&slots))
        .unwrap();
    let mut pcrs = Vec::new();
    for eight in slots.chunks(8) {
        let (_, _, values) =
            context.execute_without_session(|context| context.pcr_read(select(eight))).unwrap();
        for value in values.value() {
            let index = i32::try_from(pcrs.len()).unwrap();
            pcrs.push(Pcr { index, digest: value.to_vec(), digest_alg: 5 });
        }
    }
    let quote = Quote { quote: attest.marshall().unwrap(), signature: signature.marshall().unwrap() };
    let parameters = PlatformParameters { quotes: vec![quote], pcrs, event_log: Vec::new() };
    verify_platform(&AkPublic::parse(&public).unwrap(), &nonce, &parameters)
        .expect("our verifier accepts its quote");
}

#[test]
fn our_p256_key_works_in_tss_esapi() {
    our_key_there(AkAlgorithm::EcdsaP256);
}

#[test]
fn our_rsa_key_works_in_tss_esapi() {
    our_key_there(AkAlgorithm::Rsa2048);
}

#[test]
fn a_key_of_tss_esapi_works_here() {
    let rig = Rig::with(Swtpm::start_tcp());
    // Makes the storage key; the attestation key is replaced below.
    rig.open(EkChoice::P256).load_or_create_ak().unwrap();
    let attributes = ObjectAttributesBuilder::new()
        .with_fixed_tpm(true)
        .with_fixed_parent(true)
        .with_sensitive_data_origin(true)
        .with_user_with_auth(true)
        .with_no_da(true)
        .with_restricted(true)
        .with_sign_encrypt(true)
        .build()
        .unwrap();
    let parameters = PublicEccParametersBuilder::new()
        .with_ecc_scheme(EccScheme::EcDsa(HashScheme::new(HashingAlgorithm::Sha256)))
        .with_curve(EccCurve::NistP256)
        .with_key_derivation_function_scheme(KeyDerivationFunctionScheme::Null)
        .with_is_signing_key(true)
        .with_restricted(true);
    let template = PublicBuilder::new()
        .with_public_algorithm(PublicAlgorithm::Ecc)
        .with_name_hashing_algorithm(HashingAlgorithm::Sha256)
        .with_object_attributes(attributes)
        .with_ecc_parameters(parameters.build().unwrap())
        .with_ecc_unique_identifier(EccPoint::default())
        .build()
        .unwrap();
    let mut context = esapi(&rig.tpm);
    let parent = storage_key(&mut context);
    let made = context.create(parent, template, None, None, None, None).unwrap();
    let public = made.out_public.marshall().unwrap();
    drop(context);

    let mut json = stored(&rig);
    json["Public"] = STANDARD.encode(&public).into();
    json["KeyBlob"] = STANDARD.encode(made.out_private.value()).into();
    fs::write(rig.state().join("attestation.key"), json.to_string()).unwrap();
    let mut device = rig.open(EkChoice::P256);
    device.load_ak().expect("our client loads its key");
    let nonce = [6; 32];
    let quoted = device.attest(&nonce, None).unwrap();
    verify_platform(&AkPublic::parse(&public).unwrap(), &nonce, &quoted).unwrap();
}
