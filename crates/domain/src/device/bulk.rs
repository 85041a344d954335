use super::{DeviceError, DeviceSpec, Inventory};
use crate::authz::{CreateDevices, Grant};
use crate::entity::Device;

/// Most devices of one call.
const MAX_BULK: usize = 1000;

impl Inventory {
    /// Registers many devices; each stands or falls by itself, the answers are in the order of the request.
    ///
    /// # Errors
    /// Too many devices; storage. What is wrong with one device is in its place in the answer.
    pub async fn create_many(
        &self,
        grant: &Grant<CreateDevices>,
        specs: Vec<Result<DeviceSpec, DeviceError>>,
    ) -> Result<Vec<Result<Device, DeviceError>>, DeviceError> {
        if specs.len() > MAX_BULK {
            return Err(DeviceError::TooMany(specs.len()));
        }
        let mut work = self.core.begin().await?;
        let mut answers = Vec::with_capacity(specs.len());
        for spec in specs {
            let answer = match spec {
                Ok(spec) => self.insert(work.as_mut(), grant.by(), spec).await,
                Err(error) => Err(error),
            };
            match answer {
                // A transaction that a database has given up cannot go on with the rest.
                Err(error @ (DeviceError::Store(_) | DeviceError::Raced { .. })) => return Err(error),
                answer => answers.push(answer),
            }
        }
        work.commit().await?;
        Ok(answers)
    }
}
