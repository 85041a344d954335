pub(crate) use gatehouse_client::terminal::{Failure, Outcome};
