//! Lists that come in pages.

use crate::error::{ClientError, Result};

/// Entries asked for at once.
pub const PAGE_SIZE: i32 = 1000;

/// Fetches page after page, until there is no more or `limit` entries are there. `fetch` gets the token of a page and
/// gives its entries and the token of the next one.
///
/// # Errors
/// Those of `fetch`; the server repeats a page.
pub async fn all_pages<T>(
    limit: usize,
    mut fetch: impl AsyncFnMut(String) -> Result<(Vec<T>, String)>,
) -> Result<Vec<T>> {
    let (mut entries, mut token) = (Vec::new(), String::new());
    loop {
        let (page, next) = fetch(token.clone()).await?;
        entries.extend(page);
        if entries.len() >= limit {
            entries.truncate(limit);
            return Ok(entries);
        }
        if next.is_empty() {
            return Ok(entries);
        }
        if next == token {
            return Err(ClientError::unexpected("the server repeats a page of its list"));
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn pages_are_joined_up_to_the_limit() {
        let fetch = async |token: String| {
            Ok(match token.as_str() {
                "" => (vec![1, 2], "b".to_owned()),
                _ => (vec![3], String::new()),
            })
        };
        assert_eq!(run(all_pages(usize::MAX, fetch)).unwrap(), [1, 2, 3]);
        assert_eq!(run(all_pages(2, fetch)).unwrap(), [1, 2]);
    }

    #[test]
    fn a_server_that_repeats_itself_is_stopped() {
        let fetch = async |_: String| Ok((vec![1], "same".to_owned()));
        assert!(run(all_pages(usize::MAX, fetch)).is_err());
    }
}
