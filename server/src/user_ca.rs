//! The user CA of the database: made once, and only for a database that has none.

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use gatehouse_domain::entity::{SealedSecret, SecretPurpose};
use gatehouse_domain::ports::{CaError, Clock, Random, Store, StoreError, UnitOfWork, uuid_v7};

use crate::ca::{self, LoadCaError, UserCa};
use crate::secrets::{KeyFile, KeyFileError, KeyFileSealer};

/// Value of the cluster: the row of the CA's sealed keys. That it is there means that this database has a CA.
const CURRENT_CA: &str = "user_ca";

/// The user CA cannot be used. In no such case is another one made.
#[derive(Debug, thiserror::Error)]
pub enum OpenCaError {
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    #[error("the user CA of this database cannot be used")]
    Load(#[from] LoadCaError),
    #[error("the database names a user CA, but holds no {}", purpose.as_str())]
    Incomplete { purpose: SecretPurpose },
    #[error("the user CA cannot be made")]
    Make(#[from] CaError),
    #[error("the user CA cannot be read from the database")]
    Store(#[from] StoreError),
}

impl OpenCaError {
    /// The way out, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::KeyFile(error) => Some(error.hint()),
            Self::Load(_) | Self::Incomplete { .. } => {
                Some("the database is damaged: restore it from its backup".to_owned())
            }
            Self::Make(_) | Self::Store(_) => None,
        }
    }
}

/// Opens the user CA, or makes it in a database that has none, and the sealer that goes with it. `key_file` is
/// created only in that case.
///
/// # Errors
/// A database with a CA and a missing or other key file; damaged secrets; a failing database.
pub async fn open(
    store: &dyn Store,
    key_file: &Path,
    cluster: &str,
    clock: &dyn Clock,
    random: &Arc<dyn Random>,
) -> Result<(UserCa, KeyFileSealer), OpenCaError> {
    let mut work = store.read().await?;
    let stored = stored_ca(&mut *work).await?;
    drop(work);
    let (x509, ssh) = match stored {
        Some(stored) => stored,
        None => make(store, key_file, cluster, clock, random).await?,
    };
    let file = KeyFile::open(key_file, Some(&x509.key_id), &**random)?;
    let sealer = KeyFileSealer::new(&file, Arc::clone(random));
    let ca = UserCa::from_sealed(&sealer, Arc::clone(random), &x509, &ssh)?;
    Ok((ca, sealer))
}

/// Makes the CA; of several servers that start together on one database, one does.
async fn make(
    store: &dyn Store,
    key_file: &Path,
    cluster: &str,
    clock: &dyn Clock,
    random: &Arc<dyn Random>,
) -> Result<(SealedSecret, SealedSecret), OpenCaError> {
    let mut work = store.begin().await?;
    let row = uuid_v7(clock.now(), &**random);
    if work.init_cluster_value(CURRENT_CA, &row).await? != row {
        let found = stored_ca(&mut *work).await?;
        return found.ok_or(OpenCaError::Incomplete { purpose: SecretPurpose::X509UserCa });
    }
    let file = KeyFile::open(key_file, None, &**random)?;
    let sealer = KeyFileSealer::new(&file, Arc::clone(random));
    let [x509, ssh] = ca::generate(&sealer, &**random, &row, cluster, clock.now())?;
    work.put_sealed_secret(&x509).await?;
    work.put_sealed_secret(&ssh).await?;
    work.commit().await?;
    tracing::info!("made a new user CA");
    Ok((x509, ssh))
}

async fn stored_ca(work: &mut dyn UnitOfWork) -> Result<Option<(SealedSecret, SealedSecret)>, OpenCaError> {
    let Some(row) = work.cluster_value(CURRENT_CA).await? else { return Ok(None) };
    let purpose = SecretPurpose::X509UserCa;
    let x509 = work.sealed_secret(purpose, &row).await?.ok_or(OpenCaError::Incomplete { purpose })?;
    let purpose = SecretPurpose::SshUserCa;
    let ssh = work.sealed_secret(purpose, &row).await?.ok_or(OpenCaError::Incomplete { purpose })?;
    Ok(Some((x509, ssh)))
}
