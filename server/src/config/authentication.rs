use std::path::Path;

use gatehouse_attestation::KnownCas;
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::EkVendors;

use super::Config;
use super::certificates;
use gatehouse_document::Section;
use gatehouse_document::yaml::Place;

/// Reads `auth_service.authentication`: the static half of the `cluster_auth_preference`.
pub(super) fn read(mut section: Section<'_>, folder: &Path, config: &mut Config) {
    let mut lines: Vec<(PreferenceKey, Place)> = Vec::new();
    if let Some((place, factor)) = section.parsed("second_factor") {
        config.preference.second_factor = Some(factor);
        lines.push((PreferenceKey::SecondFactor, place));
    }
    if let Some(mut device_trust) = section.section("device_trust") {
        let spec = &mut config.preference.device_trust;
        if let Some((place, mode)) = device_trust.parsed("mode") {
            spec.mode = Some(mode);
            lines.push((PreferenceKey::Mode, place));
        }
        if let Some((place, auto_enroll)) = device_trust.boolean("auto_enroll") {
            spec.auto_enroll = Some(auto_enroll);
            lines.push((PreferenceKey::AutoEnroll, place));
        }
        if let Some((place, entries)) = device_trust.list("ekcert_allowed_cas") {
            spec.ekcert_allowed_cas = Some(certificates::read(&device_trust, &entries, folder));
            lines.push((PreferenceKey::EkcertAllowedCas, place));
        }
        if let Some((place, vendors)) = device_trust.texts("ekcert_allowed_vendors") {
            let known = |vendors: &EkVendors| {
                let known = KnownCas::of_this_release().of_vendors(vendors.names());
                known.map(|_| ()).map_err(|error| error.to_string())
            };
            let names = vendors.into_iter().map(|(_, name)| name);
            match EkVendors::new(names).and_then(|vendors| known(&vendors).map(|()| vendors)) {
                Ok(vendors) => spec.ekcert_allowed_vendors = Some(vendors),
                Err(error) => device_trust.problem(place, format!("`ekcert_allowed_vendors`: {error}")),
            }
            lines.push((PreferenceKey::EkcertAllowedVendors, place));
        }
        for (name, key) in [
            ("ekcert_sha1", PreferenceKey::EkcertSha1),
            ("ekcert_expired_ca", PreferenceKey::EkcertExpiredCa),
            ("ekcert_expired_ek", PreferenceKey::EkcertExpiredEk),
        ] {
            let Some((place, leniency)) = device_trust.parsed(name) else { continue };
            match key {
                PreferenceKey::EkcertSha1 => spec.ekcert_sha1 = Some(leniency),
                PreferenceKey::EkcertExpiredCa => spec.ekcert_expired_ca = Some(leniency),
                _ => spec.ekcert_expired_ek = Some(leniency),
            }
            lines.push((key, place));
        }
        if let Some((place, age)) = device_trust.parsed("web_session_max_age") {
            spec.web_session_max_age = Some(age);
            lines.push((PreferenceKey::WebSessionMaxAge, place));
        }
        if let Some((place, scheme)) = device_trust.parsed("link_scheme") {
            spec.link_scheme = Some(scheme);
            lines.push((PreferenceKey::LinkScheme, place));
        }
        if let Some((place, policy)) = device_trust.parsed("boot_drift") {
            spec.boot_drift = Some(policy);
            lines.push((PreferenceKey::BootDrift, place));
        }
        if let Some((place, fetch)) = device_trust.boolean("ekcert_fetch_cas") {
            spec.ekcert_fetch_cas = Some(fetch);
            lines.push((PreferenceKey::EkcertFetchCas, place));
        }
        if let Some((place, ship_ahead)) = device_trust.boolean("ship_ahead") {
            spec.ship_ahead = Some(ship_ahead);
            lines.push((PreferenceKey::ShipAhead, place));
        }
        if let Some((place, remote_browser)) = device_trust.boolean("remote_browser") {
            spec.remote_browser = Some(remote_browser);
            lines.push((PreferenceKey::RemoteBrowser, place));
        }
        device_trust.finish();
    }
    section.finish();
    config.preference_lines.extend(lines.into_iter().map(|(key, place)| (key, place.line)));
}
