use gatehouse_domain::device::{DeviceQuery, origin_name, tier_name};
use gatehouse_model::{AttestationTier, DeviceOrigin, EnrollStatus, OsType};
use leptos::prelude::*;

use super::row::{origin_words, tier_words};
use crate::api::{INVENTORY, address_of};
use crate::components::{CheckboxField, FilterForm, SelectField};

/// What the inventory can be asked for.
#[component]
pub(super) fn Filters(query: DeviceQuery) -> impl IntoView {
    let sort = query.parameters().into_iter().find(|(name, _)| *name == "sort").map(|(_, sort)| sort);
    let sort = sort.map(|sort| view! { <input type="hidden" name="sort" value=sort/> });
    let all = || (String::new(), "All".to_owned());
    let choices = move |values: Vec<(&str, &str)>| {
        let values = values.into_iter().map(|(value, words)| (value.to_owned(), words.to_owned()));
        std::iter::once(all()).chain(values).collect::<Vec<_>>()
    };
    let filter = query.filter;
    let tiers = [
        Some(AttestationTier::TpmEkcertTrusted),
        Some(AttestationTier::TpmEkcert),
        Some(AttestationTier::TpmEkpub),
        Some(AttestationTier::BareKey),
        None,
    ];
    let origins = [Some(DeviceOrigin::Api), Some(DeviceOrigin::Jamf), Some(DeviceOrigin::Intune), None];
    let states = [EnrollStatus::Enrolled, EnrollStatus::NotEnrolled];
    let clear = (!query.is_everything())
        .then(|| address_of(INVENTORY, &DeviceQuery::default().sorted(query.order, query.descending), None));
    view! {
        <FilterForm action=INVENTORY placeholder="Tag, serial, owner, model or ID" text=query.text() clear>
            <SelectField
                name="os"
                label="System"
                options=choices(OsType::ALL.map(|os| (os.as_str(), os.friendly())).to_vec())
                value=filter.os.map_or("", OsType::as_str)
            />
            <SelectField
                name="state"
                label="State"
                options=choices(states.map(|state| (state.as_str(), state.friendly())).to_vec())
                value=filter.status.map_or("", EnrollStatus::as_str)
            />
            <SelectField
                name="tier"
                label="Attestation"
                options=choices(tiers.map(|tier| (tier_name(tier), tier_words(tier))).to_vec())
                value=filter.tier.map_or("", tier_name)
            />
            <SelectField
                name="source"
                label="Source"
                options=choices(origins.map(|origin| (origin_name(origin), origin_words(origin))).to_vec())
                value=filter.origin.map_or("", origin_name)
            />
            <CheckboxField name="stale" label="Not seen for 30 days" value="1" checked=filter.stale/>
            <CheckboxField name="locked" label="Locked" value="1" checked=filter.locked/>
            {sort}
        </FilterForm>
    }
}
