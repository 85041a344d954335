//! What people ask of an inventory, and what is hard to answer.

/// Pairs of an address.
pub(super) type Address = Vec<(&'static str, String)>;

/// Lists by name. The inventory is the one of [`super::fill`].
pub(super) fn mix(devices: usize) -> Vec<(String, Address)> {
    let middle = devices / 2;
    let lists = [
        "sort=tag".to_owned(),
        "sort=-tag".to_owned(),
        "sort=-seen".to_owned(),
        "sort=seen".to_owned(),
        "sort=model".to_owned(),
        "sort=-owner".to_owned(),
        "sort=os".to_owned(),
        "sort=-state".to_owned(),
        "sort=tier".to_owned(),
        "sort=-source".to_owned(),
        "os=windows".to_owned(),
        "os=linux&sort=-tag".to_owned(),
        "state=enrolled&sort=-seen".to_owned(),
        "state=not_enrolled&sort=owner".to_owned(),
        "tier=tpm_ekpub&sort=model".to_owned(),
        "source=none&sort=-owner".to_owned(),
        "stale=1".to_owned(),
        "stale=1&state=enrolled&sort=-seen".to_owned(),
        "locked=1&sort=-seen".to_owned(),
        "os=macos&tier=bare_key&source=jamf&stale=1&sort=-model".to_owned(),
        format!("q=acme-w-{middle:07}"),
        format!("q={middle:07}&sort=model"),
        "q=user-00042".to_owned(),
        "q=user-012&os=windows&sort=-seen".to_owned(),
        "q=user-1&sort=owner".to_owned(),
        "q=latitude".to_owned(),
        "q=latitude&sort=-seen&state=not_enrolled".to_owned(),
        "q=5440 user-00".to_owned(),
        "q=acme-m&sort=tag".to_owned(),
        "q=macbook air&source=jamf&sort=owner".to_owned(),
        "q=0000".to_owned(),
        "q=nobody-has-this".to_owned(),
        // Nothing of the kind: the longest way.
        "q=macbook&os=windows".to_owned(),
    ];
    lists.into_iter().map(|text| (text.clone(), pairs(&text))).collect()
}

fn pairs(text: &str) -> Address {
    const NAMES: [&str; 8] = ["q", "os", "state", "tier", "source", "stale", "locked", "sort"];
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((NAMES.into_iter().find(|known| *known == name)?, value.to_owned()))
    };
    text.split('&').filter_map(pair).collect()
}

/// The page's address.
pub(super) fn path(pairs: &Address) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
    format!("/web/devices?{}", pairs.join("&"))
}
