//! Both runs over time, as a picture.

use std::error::Error;
use std::ops::Range;

use plotters::chart::ChartContext;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::callers::Run;
use crate::scenario::Scenario;
use crate::summary::{Moment, moments};

const SIZE: (u32, u32) = (900, 780);
const TEXT: (&str, u32) = ("sans-serif", 15);
const WITHOUT: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
const WITH: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const SICK: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);

/// What a panel shows.
type Value = fn(&Moment) -> f64;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The picture, as SVG.
///
/// # Errors
///
/// Those of the crate that draws.
pub fn plot(scenario: &Scenario, without: &Run, with: &Run) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let panels = area.split_evenly((3, 1));
        let begin = |call: usize| call as f64 * scenario.pause.as_secs_f64();
        let (sick, end) = (begin(scenario.sick.0)..begin(scenario.sick.1), begin(scenario.calls));
        let (without, with) = (moments(without, scenario), moments(with, scenario));
        let rows: [(&str, Value); 3] = [
            ("requests sent to the service, a second", |moment| moment.sent),
            ("answers in time, a second", |moment| moment.answered),
            ("99th percentile of the callers' wait, ms", |moment| moment.p99),
        ];
        for (at, (panel, (title, value))) in panels.iter().zip(rows).enumerate() {
            let top = without.iter().chain(&with).map(value).fold(1.0, f64::max) * 1.15;
            let mut chart = ChartBuilder::on(panel)
                .caption(title, TEXT)
                .margin(8)
                .margin_right(24)
                .x_label_area_size(if at == 2 { 40 } else { 24 })
                .y_label_area_size(56)
                .build_cartesian_2d(0.0..end, 0.0..top)?;
            shade(&mut chart, &sick, top)?;
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .bold_line_style(BLACK.mix(0.12))
                .x_desc(if at == 2 { "seconds" } else { "" })
                .x_label_formatter(&|x| format!("{x:.0}"))
                .y_label_formatter(&|y| format!("{y:.0}"))
                .label_style(TEXT)
                .draw()?;
            for (name, moments, color) in [("without a breaker", &without, WITHOUT), ("with it", &with, WITH)] {
                let line = moments.iter().map(|moment| (moment.at, value(moment)));
                chart
                    .draw_series(LineSeries::new(line, color.stroke_width(2)))?
                    .label(name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
            }
            if at == 0 {
                chart
                    .configure_series_labels()
                    .position(SeriesLabelPosition::MiddleRight)
                    .background_style(WHITE.mix(0.9))
                    .border_style(BLACK.mix(0.3))
                    .label_font(TEXT)
                    .draw()?;
            }
        }
        area.present()?;
    }
    Ok(svg)
}

/// The time in which the service is sick.
fn shade(chart: &mut Chart<'_, '_>, sick: &Range<f64>, top: f64) -> Result<(), Box<dyn Error>> {
    chart.draw_series([Rectangle::new([(sick.start, 0.0), (sick.end, top)], SICK.filled())])?;
    Ok(())
}
