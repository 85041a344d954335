//! Pages go out in brotli, but for what shows a secret: the length of a compressed answer says something of what is
//! in it (the attack known as BREACH).

use http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{And, NotForContentType, Predicate, SizeAbove};

/// An answer with a secret in it; an extension of the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct HoldsSecret;

/// Smaller answers are not worth it, in bytes.
const WORTH_IT: u16 = 512;
/// Of brotli's eleven: pages are made anew for every request, and higher ones cost more time than they save.
const QUALITY: i32 = 4;

fn is_free_of_secrets(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<HoldsSecret>().is_none()
}

type Free = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Compresses what pages are made of.
pub(super) fn layer() -> CompressionLayer<And<And<SizeAbove, NotForContentType>, Free>> {
    let events = NotForContentType::const_new("text/event-stream");
    let worth_it = SizeAbove::new(WORTH_IT).and(events).and(is_free_of_secrets as Free);
    CompressionLayer::new().quality(CompressionLevel::Precise(QUALITY)).compress_when(worth_it)
}
