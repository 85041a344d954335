//! An inventory like those of companies: systems, makers, sources and tags go together, and so sort together.

use anyhow::Result;
use gatehouse_domain::entity::{Credential, Device, DeviceProfile, DeviceSource, Lock};
use gatehouse_domain::ports::Store;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{AssetTag, AttestationTier, DeviceOrigin, EnrollStatus, OsType, Timestamp};

/// Devices of one commit.
const BATCH: usize = 2000;
const OWNERS: u64 = 20_000;

const WINDOWS: [&str; 6] = [
    "Latitude 5440",
    "Latitude 7450",
    "EliteBook 840 G10",
    "ThinkPad T14 Gen 4",
    "Surface Pro 10",
    "OptiPlex 7010",
];
const MACOS: [&str; 4] = ["MacBookPro18,3", "MacBook Air M2", "Mac14,7", "Macmini9,1"];
const LINUX: [&str; 4] = ["ThinkPad X1 Carbon Gen 11", "Precision 5680", "XPS 13 9340", "PowerEdge R660"];

/// Numbers that look random and are the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, of: &[T], fallback: T) -> T {
        let index = usize::try_from(self.below(of.len() as u64)).unwrap_or_default();
        of.get(index).copied().unwrap_or(fallback)
    }

    fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 50),
            b & 0xffff_ffff_ffff
        )
    }
}

/// Registers the devices, enrols most of them and locks a few.
pub(super) async fn fill(store: &dyn Store, devices: usize, now: Timestamp) -> Result<()> {
    let mut dice = Dice(7);
    let mut number = 0;
    while number < devices {
        let mut work = store.begin().await?;
        for _ in 0..BATCH.min(devices - number) {
            let device = device(&mut dice, number, now)?;
            number += 1;
            work.insert_device(&device).await?;
            if let Some(tier) = tier(&mut dice, &device) {
                work.put_credential(&credential(&device, tier, now)).await?;
            }
            if number.is_multiple_of(1000) {
                let target = LockTarget { device: Some(device.id.clone()), ..LockTarget::default() };
                let (id, message) = (dice.uuid(), "lost".to_owned());
                let expires = number.is_multiple_of(2000).then(|| now.plus_secs(86_400));
                let by = "admin".to_owned();
                work.insert_lock(&Lock { id, target, message, created: now, created_by: by, expires })
                    .await?;
            }
        }
        work.commit().await?;
    }
    Ok(())
}

fn device(dice: &mut Dice, number: usize, now: Timestamp) -> Result<Device> {
    let (os_type, letter, model, origin) = match dice.below(100) {
        0..55 => (OsType::Windows, 'W', dice.pick(&WINDOWS, ""), Some(DeviceOrigin::Intune)),
        55..85 => (OsType::Macos, 'M', dice.pick(&MACOS, ""), Some(DeviceOrigin::Jamf)),
        _ => (OsType::Linux, 'L', dice.pick(&LINUX, ""), Some(DeviceOrigin::Api)),
    };
    let origin = origin.filter(|_| dice.below(10) > 0);
    let is_enrolled = dice.below(10) < 8;
    let quiet_secs = i64::try_from(dice.below(45 * 86_400))?;
    let created = now.plus_secs(-i64::try_from(dice.below(400 * 86_400))?);
    Ok(Device {
        id: dice.uuid(),
        os_type,
        asset_tag: AssetTag::try_from(format!("ACME-{letter}-{number:07}")).map_err(anyhow::Error::new)?,
        created,
        updated: created,
        enroll_status: if is_enrolled { EnrollStatus::Enrolled } else { EnrollStatus::NotEnrolled },
        owner: is_enrolled.then(|| format!("user-{:05}@example.com", dice.below(OWNERS))),
        source: origin.map(|origin| DeviceSource { name: origin.as_str().to_owned(), origin }),
        profile: Some(DeviceProfile { model_identifier: model.to_owned(), ..DeviceProfile::default() }),
        anchor: None,
        last_authenticated: is_enrolled.then(|| now.plus_secs(-quiet_secs)),
    })
}

fn tier(dice: &mut Dice, device: &Device) -> Option<AttestationTier> {
    if device.enroll_status != EnrollStatus::Enrolled {
        return None;
    }
    Some(match (device.os_type, dice.below(100)) {
        (OsType::Macos, _) => AttestationTier::BareKey,
        (_, 0..70) => AttestationTier::TpmEkcertTrusted,
        (_, 70..99) => AttestationTier::TpmEkcert,
        _ => AttestationTier::TpmEkpub,
    })
}

fn credential(device: &Device, tier: AttestationTier, now: Timestamp) -> Credential {
    Credential {
        id: device.id.clone(),
        device_id: device.id.clone(),
        os_type: device.os_type,
        public_key_der: Vec::new(),
        tier,
        ekcert_serial: String::new(),
        ak_public: Vec::new(),
        user: device.owner.clone().unwrap_or_default(),
        created: now,
        last_used: device.last_authenticated.unwrap_or(now),
        counters: None,
    }
}
