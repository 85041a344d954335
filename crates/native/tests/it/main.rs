//! The device's side against software TPMs, with Gatehouse's verifier as the other side.

#[cfg(test)]
mod ceremony;
#[cfg(test)]
mod cross_stack;
#[cfg(test)]
mod doctor;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod stored_keys;
