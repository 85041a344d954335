use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Most TLS connections at a time, if the system lets us have so many files open.
const MAX_CONNECTIONS: u64 = 4096;
/// Open files that are not connections: databases, sockets, standard streams.
const OTHER_FILES: u64 = 128;
/// Streams of one HTTP/2 connection.
pub(super) const MAX_STREAMS: u32 = 128;
/// Streams of one HTTP/2 connection of a stranger.
pub(super) const MAX_STRANGER_STREAMS: u32 = 16;
/// Most TLS connections from one network address, of those there are.
pub(super) const MAX_PER_ADDRESS: usize = 512;
/// Headers of one request, in bytes.
pub(super) const MAX_HEADER_BYTES: u32 = 32 * 1024;
/// Headers of one HTTP/1 request, in number.
pub(super) const MAX_HEADERS: usize = 100;

/// Raises the soft limit of open files as far as is needed, and answers with how many connections fit.
pub(super) fn max_connections() -> usize {
    let wanted = MAX_CONNECTIONS + OTHER_FILES;
    let limit = getrlimit(Resource::Nofile);
    let soft = limit.current.unwrap_or(wanted);
    let raised = wanted.min(limit.maximum.unwrap_or(wanted));
    let files = if raised > soft
        && setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limit.maximum }).is_ok()
    {
        raised
    } else {
        soft
    };
    let connections = files.saturating_sub(OTHER_FILES).clamp(16, MAX_CONNECTIONS);
    usize::try_from(connections).unwrap_or(16)
}
