use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Names a state of what can be edited. Two states that are the same have the same name: who saw the one loses nothing
/// by replacing the other.
pub(crate) fn revision_of(editable: &impl Serialize) -> String {
    // Plain data with string keys always serialises.
    let json = serde_json::to_vec(editable).unwrap_or_default();
    hex::encode(&Sha256::digest(json)[..8])
}
