//! From samples to what is printed.

use std::time::Duration;

use serde::Serialize;

/// What the ceremonies of one measurement took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    pub(crate) each: Vec<Duration>,
    /// Wall time, first start to last end.
    pub(crate) wall: Duration,
    /// CPU time of the server, user and system.
    pub(crate) server_cpu: Duration,
}

impl Samples {
    pub(crate) fn add(&mut self, other: Self) {
        self.each.extend(other.each);
        self.wall += other.wall;
        self.server_cpu += other.server_cpu;
    }

    pub(crate) fn figures(&self) -> Figures {
        let mut sorted = self.each.clone();
        sorted.sort_unstable();
        let count = sorted.len().max(1) as f64;
        Figures {
            ceremonies: sorted.len(),
            per_second: count / self.wall.as_secs_f64().max(f64::EPSILON),
            p50_ms: millis(percentile(&sorted, 50)),
            p99_ms: millis(percentile(&sorted, 99)),
            server_cpu_ms: millis(self.server_cpu) / count,
        }
    }
}

/// Milliseconds, unless said otherwise.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) ceremonies: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    /// Per ceremony.
    pub(crate) server_cpu_ms: f64,
}

/// The sample below which `percent` of them lie.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

pub(crate) fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    percentile(&samples, 50)
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_within_the_samples() {
        let samples: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&samples, 50), Duration::from_millis(51));
        assert_eq!(percentile(&samples, 99), Duration::from_millis(100));
        assert_eq!(percentile(&samples[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn figures_are_per_ceremony() {
        let mut samples = Samples {
            each: vec![Duration::from_millis(4); 2],
            wall: Duration::from_millis(8),
            server_cpu: Duration::from_millis(3),
        };
        samples.add(samples.clone());
        let figures = samples.figures();
        assert_eq!(figures.ceremonies, 4);
        assert!((figures.per_second - 250.0).abs() < 1e-6);
        assert!((figures.server_cpu_ms - 1.5).abs() < 1e-6);
    }
}
