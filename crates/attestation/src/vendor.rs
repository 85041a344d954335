//! Who makes TPMs: names for the identifiers of the TCG TPM Vendor ID Registry (family 1.2 and 2.0, version 1.08).

/// Identifier as it is read from EK certificates, and the maker's name.
const VENDORS: &[(&str, &str)] = &[
    ("AMD", "AMD"),
    ("ANT", "Ant Group"),
    ("ARM", "Arm"),
    ("ATML", "Atmel"),
    ("BRCM", "Broadcom"),
    ("CSCO", "Cisco"),
    ("FLYS", "Flyslice Technologies"),
    ("GOOG", "Google"),
    ("HISI", "Huawei"),
    ("HPE", "Hewlett Packard Enterprise"),
    ("HPI", "HP Inc."),
    ("IBM", "IBM"),
    ("IFX", "Infineon"),
    ("INTC", "Intel"),
    ("LEN", "Lenovo"),
    ("MSFT", "Microsoft"),
    ("NSG", "NSING Technologies"),
    ("NSM", "National Semiconductor"),
    ("NTC", "Nuvoton"),
    ("NTZ", "Nationz"),
    ("QCOM", "Qualcomm"),
    ("ROCC", "Fuzhou Rockchip"),
    ("SEAL", "WISeKey"),
    ("SECE", "SecEdge"),
    ("SMSC", "SMSC"),
    ("SMSN", "Samsung"),
    ("SNS", "Sinosun"),
    ("STM", "STMicroelectronics"),
    ("TXN", "Texas Instruments"),
    ("WEC", "Winbond"),
];

/// Not of the registry: what software writes into the certificates that it makes.
const SOFTWARE: &[(&str, &str)] = &[("VMW", "VMware (virtual TPM)"), ("id:00001014", "swtpm (software TPM)")];

/// The name of a TPM's maker, for the identifier in [`TpmIdentity::manufacturer`](crate::TpmIdentity::manufacturer).
#[must_use]
pub fn vendor_name(identifier: &str) -> Option<&'static str> {
    VENDORS.iter().chain(SOFTWARE).find(|(known, _)| *known == identifier).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_each_vendor_once() {
        assert!(VENDORS.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn unknown_vendors_have_no_name() {
        assert_eq!(vendor_name("IFX"), Some("Infineon"));
        assert_eq!(vendor_name("id:00001014"), Some("swtpm (software TPM)"));
        assert_eq!(vendor_name("XXXX"), None);
        assert_eq!(vendor_name(""), None);
    }
}
