use super::AkError;

/// Attributes of a TPM object (TPMA_OBJECT; TPM 2.0 part 2, section 8.3), by the names of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    FixedTpm,
    StClear,
    FixedParent,
    SensitiveDataOrigin,
    UserWithAuth,
    AdminWithPolicy,
    FirmwareLimited,
    SvnLimited,
    NoDa,
    EncryptedDuplication,
    Restricted,
    Decrypt,
    Sign,
}

impl Attribute {
    const ALL: [Self; 13] = [
        Self::FixedTpm,
        Self::StClear,
        Self::FixedParent,
        Self::SensitiveDataOrigin,
        Self::UserWithAuth,
        Self::AdminWithPolicy,
        Self::FirmwareLimited,
        Self::SvnLimited,
        Self::NoDa,
        Self::EncryptedDuplication,
        Self::Restricted,
        Self::Decrypt,
        Self::Sign,
    ];

    /// The bit in TPMA_OBJECT.
    #[must_use]
    pub const fn mask(self) -> u32 {
        match self {
            Self::FixedTpm => 1 << 1,
            Self::StClear => 1 << 2,
            Self::FixedParent => 1 << 4,
            Self::SensitiveDataOrigin => 1 << 5,
            Self::UserWithAuth => 1 << 6,
            Self::AdminWithPolicy => 1 << 7,
            Self::FirmwareLimited => 1 << 8,
            Self::SvnLimited => 1 << 9,
            Self::NoDa => 1 << 10,
            Self::EncryptedDuplication => 1 << 11,
            Self::Restricted => 1 << 16,
            Self::Decrypt => 1 << 17,
            Self::Sign => 1 << 18,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::FixedTpm => "fixedTPM",
            Self::StClear => "stClear",
            Self::FixedParent => "fixedParent",
            Self::SensitiveDataOrigin => "sensitiveDataOrigin",
            Self::UserWithAuth => "userWithAuth",
            Self::AdminWithPolicy => "adminWithPolicy",
            Self::FirmwareLimited => "firmwareLimited",
            Self::SvnLimited => "svnLimited",
            Self::NoDa => "noDA",
            Self::EncryptedDuplication => "encryptedDuplication",
            Self::Restricted => "restricted",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
        }
    }

    /// What an attestation key must have; whether it has noDA is its own affair.
    const fn required(self) -> bool {
        matches!(
            self,
            Self::FixedTpm
                | Self::FixedParent
                | Self::SensitiveDataOrigin
                | Self::UserWithAuth
                | Self::Restricted
                | Self::Sign
        )
    }
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Exactly the attributes of an attestation key: 0x00050072, with or without noDA.
pub(super) fn check(attributes: u32) -> Result<(), AkError> {
    let known = Attribute::ALL.iter().fold(0, |mask, attribute| mask | attribute.mask());
    if attributes & !known != 0 {
        return Err(AkError::ReservedAttributes(attributes & !known));
    }
    for attribute in Attribute::ALL {
        let set = attributes & attribute.mask() != 0;
        if attribute.required() && !set {
            return Err(AkError::MissingAttribute(attribute));
        }
        if set && !attribute.required() && attribute != Attribute::NoDa {
            return Err(AkError::ExtraAttribute(attribute));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_two_values_of_all_are_accepted() {
        for bits in 0..=0x0007_ffff_u32 {
            assert_eq!(check(bits).is_ok(), matches!(bits, 0x0005_0072 | 0x0005_0472), "{bits:#x}");
        }
        for bit in 19..32 {
            assert_eq!(check(0x0005_0072 | 1 << bit), Err(AkError::ReservedAttributes(1 << bit)));
        }
    }

    #[test]
    fn the_deviation_is_named() {
        assert_eq!(check(0x0004_0072), Err(AkError::MissingAttribute(Attribute::Restricted)));
        assert_eq!(check(0x0005_0070), Err(AkError::MissingAttribute(Attribute::FixedTpm)));
        assert_eq!(check(0x0005_0052), Err(AkError::MissingAttribute(Attribute::SensitiveDataOrigin)));
        assert_eq!(check(0x0007_0072), Err(AkError::ExtraAttribute(Attribute::Decrypt)));
        assert!(check(0x0004_0072).unwrap_err().to_string().contains("restricted"));
    }
}
