//! The plots of the report: SVG, drawn without fonts or anything else of the system's.

use super::report::{Report, Second};
use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;
use std::io;
use thiserror::Error;

/// A plot could not be drawn.
#[derive(Debug, Error)]
#[error("a plot could not be drawn: {0}")]
pub struct PlotError(#[from] DrawingAreaErrorKind<io::Error>);

/// Some lines over a common axis.
struct Plot {
    x: &'static str,
    y: &'static str,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

/// A plot with its title.
pub(super) struct Drawn {
    pub(super) title: &'static str,
    pub(super) svg: String,
}

/// All plots of a report.
pub(super) fn draw(report: &Report) -> Result<Vec<Drawn>, PlotError> {
    let of = |title, plot: Plot| -> Result<Drawn, PlotError> { Ok(Drawn { title, svg: plot.svg()? }) };
    Ok(vec![
        of("Requests a second", rate(&report.timeline))?,
        of("Latency, from the planned time to the answer", latency(&report.timeline))?,
        of("Seats filling", filling(report))?,
        of("Arrival and outcome", fairness(report))?,
    ])
}

const SECONDS: &str = "seconds since the opening";

fn line(name: impl Into<String>, points: impl Iterator<Item = (f64, f64)>) -> Line {
    Line { name: name.into(), points: points.collect() }
}

/// A figure of each second, at its middle.
fn by_second<'a>(
    timeline: &'a [Second],
    figure: impl Fn(&Second) -> f64 + 'a,
) -> impl Iterator<Item = (f64, f64)> + 'a {
    (0_u32..).zip(timeline).map(move |(second, now)| (f64::from(second) + 0.5, figure(now)))
}

fn rate(timeline: &[Second]) -> Plot {
    let lines = vec![
        line("planned", by_second(timeline, |second| f64::from(second.planned))),
        line("answered", by_second(timeline, |second| f64::from(second.answered))),
    ];
    Plot { x: SECONDS, y: "requests", lines }
}

fn latency(timeline: &[Second]) -> Plot {
    let asked = |figure: fn(&Second) -> f64| {
        by_second(timeline, move |second| if second.planned > 0 { figure(second) } else { f64::NAN })
            .filter(|(_, y)| y.is_finite())
    };
    let lines = vec![
        line("half within", asked(|second| second.latency.p50)),
        line("99% within", asked(|second| second.latency.p99)),
    ];
    Plot { x: SECONDS, y: "milliseconds", lines }
}

/// The most lines that can be told apart.
const CURVES: usize = 8;

fn filling(report: &Report) -> Plot {
    let filled = report.sections.iter().filter(|section| section.free > 0).take(CURVES).map(|section| {
        let share = |&(at, given): &(f64, i64)| {
            let given = i32::try_from(given).map_or(f64::MAX, f64::from);
            (at, given / f64::from(section.free) * 100.0)
        };
        let until_the_end = section.curve.last().map(|&(_, given)| (report.rehearsal.took, given));
        line(
            section.section.clone(),
            std::iter::once((0.0, 0))
                .chain(section.curve.iter().copied())
                .chain(until_the_end)
                .map(|point| share(&point)),
        )
    });
    Plot { x: SECONDS, y: "% of the free seats taken", lines: filled.collect() }
}

fn fairness(report: &Report) -> Plot {
    let shares =
        (0_u32..).zip(&report.fairness.groups).map(|(group, got)| (f64::from(group) * 10.0 + 5.0, got.share() * 100.0));
    Plot { x: "% of students who had arrived", y: "% of what they wanted", lines: vec![line("got", shares)] }
}

impl Plot {
    const SIZE: (u32, u32) = (900, 300);
    const FONT: (&'static str, u32) = ("sans-serif", 13);

    fn svg(&self) -> Result<String, PlotError> {
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, Self::SIZE).into_drawing_area();
            self.draw(&area)?;
            area.present()?;
        }
        Ok(svg)
    }

    fn draw(&self, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<(), PlotError> {
        let all = || self.lines.iter().flat_map(|line| &line.points);
        // Never empty, so that there is an axis.
        let right = all().map(|&(x, _)| x).fold(1.0, f64::max);
        let top = all().map(|&(_, y)| y).fold(1.0, f64::max) * 1.05;
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..right, 0.0..top)?;
        chart.configure_mesh().x_desc(self.x).y_desc(self.y).label_style(Self::FONT).light_line_style(WHITE).draw()?;
        for (place, line) in self.lines.iter().enumerate() {
            let style = Palette99::pick(place).stroke_width(2);
            chart
                .draw_series(LineSeries::new(line.points.iter().copied(), style))?
                .label(line.name.clone())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font(Self::FONT)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.2))
            .draw()?;
        Ok(())
    }
}
