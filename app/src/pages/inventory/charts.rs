//! Pictures of numbers, drawn on the server, each with its numbers as a table.

use gatehouse_model::Timestamp;
use leptos::prelude::*;

use crate::components::grouped;

/// One line of a picture of shares.
pub(super) struct Share {
    pub(super) name: String,
    pub(super) count: i64,
    /// The list of these devices.
    pub(super) path: Option<&'static str>,
}

/// Shares as a table whose lines have a bar each.
#[component]
pub(super) fn Shares(
    title: &'static str,
    /// What is counted.
    unit: &'static str,
    shares: Vec<Share>,
    /// Said where there is nothing to show.
    nothing: &'static str,
) -> impl IntoView {
    let largest = shares.iter().map(|share| share.count).max().unwrap_or_default();
    if largest == 0 {
        return view! {
            <section class="card card--part"><h2>{title}</h2><p class="form__note">{nothing}</p></section>
        }
        .into_any();
    }
    let lines = shares.into_iter().map(|share| {
        let name = match share.path {
            Some(path) => view! { <a href=path>{share.name}</a> }.into_any(),
            None => share.name.into_any(),
        };
        view! {
            <tr>
                <th scope="row">{name}</th>
                <td class="chart__bar">
                    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                        <rect class="chart__ground" width="100" height="10"></rect>
                        <rect class="chart__fill" width=percent(share.count, largest) height="10"></rect>
                    </svg>
                </td>
                <td class="chart__number">{grouped(share.count)}</td>
            </tr>
        }
    });
    view! {
        <section class="card card--part">
            <h2>{title}</h2>
            <table class="chart__table">
                <thead class="visually-hidden">
                    <tr><th scope="col">{title}</th><th scope="col">"Bar"</th><th scope="col">{unit}</th></tr>
                </thead>
                <tbody>{lines.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

fn percent(part: i64, of: i64) -> String {
    // Something is never drawn as nothing.
    let tenths = (part * 1000 / of.max(1)).max(i64::from(part > 0) * 5);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// How numbers of days are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    Line,
    Bars,
}

const WIDTH: i64 = 720;
const HEIGHT: i64 = 160;

/// Numbers by day or week, oldest first, with their table behind a line.
#[component]
pub(super) fn OverTime(
    id: &'static str,
    title: &'static str,
    /// What is counted, for the head of the table.
    unit: &'static str,
    drawn: Drawn,
    /// First day of each, in days since 1970-01-01, and the number where it is known.
    numbers: Vec<(i64, Option<i64>)>,
) -> impl IntoView {
    let known: Vec<i64> = numbers.iter().filter_map(|(_, number)| *number).collect();
    let top = nice(known.iter().copied().max().unwrap_or_default());
    let places = Places { count: i64::try_from(numbers.len()).unwrap_or(1).max(1), top };
    let shapes = match drawn {
        Drawn::Line => view! { <path class="chart__line" d=places.line(&numbers)></path> }.into_any(),
        Drawn::Bars => places.bars(&numbers).into_any(),
    };
    let first = numbers.first().map(|(day, _)| date(*day)).unwrap_or_default();
    let last = numbers.last().map(|(day, _)| date(*day)).unwrap_or_default();
    let label = format!(
        "{title}: from {} at {first} to {} at {last}",
        known.first().map_or_else(|| "unknown".to_owned(), |number| grouped(*number)),
        known.last().map_or_else(|| "unknown".to_owned(), |number| grouped(*number)),
    );
    let lines = numbers.iter().rev().map(|(day, number)| {
        let number = number.map_or_else(|| "unknown".to_owned(), grouped);
        view! { <tr><th scope="row">{date(*day)}</th><td class="chart__number">{number}</td></tr> }
    });
    let lines = lines.collect_view();
    view! {
        <section class="card card--part chart" aria-labelledby=id>
            <h2 id=id>{title}</h2>
            <svg class="chart__picture" viewBox=format!("0 0 {WIDTH} {}", HEIGHT + 24) role="img" aria-label=label>
                <path class="chart__grid" d=format!("M0 {HEIGHT}H{WIDTH}M0 {}H{WIDTH}M0 8H{WIDTH}", (HEIGHT + 8) / 2)></path>
                {shapes}
                <text class="chart__text" x="0" y="22">{grouped(top)}</text>
                <text class="chart__text" x="0" y=HEIGHT + 20>{first}</text>
                <text class="chart__text chart__text--end" x=WIDTH y=HEIGHT + 20>{last}</text>
            </svg>
            <details class="more">
                <summary>"The numbers as a table"</summary>
                <table class="chart__table">
                    <thead><tr><th scope="col">"From"</th><th scope="col" class="chart__number">{unit}</th></tr></thead>
                    <tbody>{lines}</tbody>
                </table>
            </details>
        </section>
    }
    // A type of its own for every picture would be too long for the compiler.
    .into_any()
}

/// The scale's end: 1, 2 or 5 and zeros.
fn nice(largest: i64) -> i64 {
    let mut step = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            if step.saturating_mul(factor) >= largest {
                return step.saturating_mul(factor);
            }
        }
        step = step.saturating_mul(10);
    }
}

/// Where things are drawn.
struct Places {
    count: i64,
    top: i64,
}

impl Places {
    fn x(&self, index: i64) -> i64 {
        index * WIDTH / self.count
    }

    fn y(&self, number: i64) -> i64 {
        HEIGHT - number * (HEIGHT - 8) / self.top.max(1)
    }

    fn line(&self, numbers: &[(i64, Option<i64>)]) -> String {
        let mut path = String::new();
        let mut before = None;
        for ((index, (_, number)), next) in
            (0..).zip(numbers).zip(numbers.iter().skip(1).map(Some).chain([None]))
        {
            if let Some(number) = number {
                let x = index * WIDTH / (self.count - 1).max(1);
                path.push_str(&format!(
                    "{}{x} {}",
                    if before.is_some() { "L" } else { "M" },
                    self.y(*number)
                ));
                // A day that stands alone, as the first of all does, is seen too.
                if before.is_none() && next.is_none_or(|(_, next)| next.is_none()) {
                    path.push_str(if x == 0 { "h6" } else { "h-6" });
                }
            }
            before = *number;
        }
        path
    }

    fn bars(&self, numbers: &[(i64, Option<i64>)]) -> impl IntoView + use<> {
        let width = (WIDTH / self.count - 4).max(1);
        let bar = |(index, (_, number)): (i64, &(i64, Option<i64>))| {
            let y = self.y(number.unwrap_or_default());
            view! { <rect class="chart__fill" x=self.x(index) + 2 y=y width=width height=HEIGHT - y></rect> }
        };
        (0..).zip(numbers).map(bar).collect_view()
    }
}

/// Year, month and day.
pub(super) fn date(day: i64) -> String {
    let (year, month, day, ..) = Timestamp::from_secs(day * 86_400).civil();
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_end_at_round_numbers() {
        for (largest, end) in
            [(0, 1), (1, 1), (2, 2), (3, 5), (7, 10), (11, 20), (49, 50), (600_000, 1_000_000)]
        {
            assert_eq!(nice(largest), end, "{largest}");
        }
    }

    #[test]
    fn lines_leave_out_what_is_unknown() {
        let places = Places { count: 4, top: 10 };
        let path = places.line(&[(1, None), (2, Some(0)), (3, Some(10)), (4, Some(5))]);
        assert_eq!(path, "M240 160L480 8L720 84");
        let path = places.line(&[(1, Some(10)), (2, None), (3, Some(0)), (4, None)]);
        assert_eq!(path, "M0 8h6M480 160h-6");
        assert_eq!(places.line(&[(1, None), (2, None), (3, None), (4, Some(5))]), "M720 84h-6");
    }

    #[test]
    fn something_is_never_drawn_as_nothing() {
        assert_eq!(percent(0, 1_000_000), "0.0");
        assert_eq!(percent(1, 1_000_000), "0.5");
        assert_eq!(percent(1, 3), "33.3");
        assert_eq!(percent(3, 3), "100.0");
    }
}
