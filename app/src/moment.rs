//! Times, written on the server: what a browser would make of them differs with its clock and language.

use gatehouse_model::Timestamp;

use crate::api::Moment;

/// To the minute, in UTC, and exact for machines.
pub(crate) fn moment(time: Timestamp) -> Moment {
    let (year, month, day, hour, minute, _) = time.civil();
    Moment {
        text: format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC"),
        exact: time.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_to_the_minute() {
        let moment = moment(Timestamp::from_secs(1_700_000_000));
        assert_eq!(moment.text, "2023-11-14 22:13 UTC");
        assert_eq!(moment.exact, "2023-11-14T22:13:20Z");
    }
}
