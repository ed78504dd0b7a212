//! The rule by which the breaker of a vector opens and comes back.

/// One of the rules of `halfopen::rules`, by itself or with the way back that adapts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "json", derive(serde::Deserialize, serde::Serialize), serde(rename_all = "snake_case"))]
pub enum By {
    /// `Consecutive`.
    #[default]
    Consecutive,
    /// `ConsecutiveSlow`.
    ConsecutiveSlow,
    /// `CountWindow<64>`.
    CountWindow,
    /// `CountWindow<1024>`.
    #[cfg_attr(feature = "json", serde(rename = "count_window_1024"))]
    CountWindow1024,
    /// `TimeWindow<10>`.
    TimeWindow,
    /// `Adaptive<Consecutive>`.
    Adaptive,
    /// `Adaptive<ConsecutiveSlow>`.
    AdaptiveConsecutiveSlow,
    /// `Adaptive<CountWindow<64>>`.
    AdaptiveCountWindow,
    /// `Adaptive<CountWindow<1024>>`.
    #[cfg_attr(feature = "json", serde(rename = "adaptive_count_window_1024"))]
    AdaptiveCountWindow1024,
    /// `Adaptive<TimeWindow<10>>`.
    AdaptiveTimeWindow,
}

impl By {
    /// Whether the way back adapts: only then is there chance, an opening that can be held, and reopenings to count.
    #[must_use]
    pub const fn is_adaptive(self) -> bool {
        matches!(
            self,
            Self::Adaptive
                | Self::AdaptiveConsecutiveSlow
                | Self::AdaptiveCountWindow
                | Self::AdaptiveCountWindow1024
                | Self::AdaptiveTimeWindow
        )
    }
}
