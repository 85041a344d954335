//! How many connections each network address has: one client must not take all the places there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::limits::MAX_PER_ADDRESS;

/// Connections by address; an address is forgotten with its last connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among the connections of an address, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    addresses: Addresses,
    address: IpAddr,
}

impl Addresses {
    /// A place for one more connection; none if the address has as many as it may.
    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= MAX_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Place { addresses: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_places_and_no_more() {
        let addresses = Addresses::default();
        let here = IpAddr::from([192, 0, 2, 1]);
        let mut places: Vec<_> = (0..MAX_PER_ADDRESS).map(|_| addresses.take(here).unwrap()).collect();
        assert!(addresses.take(here).is_none());
        assert!(addresses.take(IpAddr::from([192, 0, 2, 2])).is_some());
        places.pop();
        assert!(addresses.take(here).is_some());
        places.clear();
        assert!(addresses.0.lock().unwrap().is_empty());
    }
}
