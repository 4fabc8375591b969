//! The report as one HTML file that needs nothing else: no script, no font, no network.

use super::invariants::Invariant;
use super::plots::{self, PlotError};
use super::report::{Report, Requests};
use super::seats::Filling;
use std::fmt::Write as _;

const STYLE: &str = "
body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
table { border-collapse: collapse } th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd }
th:first-child, td:first-child { text-align: left }
svg { max-width: 100%; height: auto }
.bar { display: inline-block; height: .8rem; background: #4a7ebb; vertical-align: middle }
.holds { color: #17692b } .broken { color: #b00020; font-weight: bold }
";

impl Report {
    /// The report as a page.
    pub fn to_html(&self) -> Result<String, PlotError> {
        let mut page = Page(String::new());
        let rehearsal = &self.rehearsal;
        page.raw("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Rehearsal of registration</title>\n<style>");
        page.raw(STYLE);
        page.raw("</style>\n");
        page.text("h1", "Rehearsal of registration");
        page.text("p", &rehearsal.to_string());
        let habits = rehearsal.habits;
        page.text(
            "p",
            &format!(
                "Shares: double clicks {}, drops {}, swaps {}, reloads {}. Students {}.",
                habits.double_clicks, habits.drops, habits.swaps, habits.reloads, self.cast
            ),
        );
        page.text("h2", "What must be so");
        page.invariants(&self.invariants, self.check.as_deref());
        page.text("h2", "Requests");
        page.table(
            &[
                "",
                "planned",
                "done",
                "refused",
                "turned away",
                "failed",
                "lost",
                "no need",
                "p50 ms",
                "p90 ms",
                "p99 ms",
                "max ms",
            ],
            self.requests.iter().filter(|requests| requests.planned > 0).map(request_cells),
        );
        for plot in plots::draw(self)? {
            page.text("h2", plot.title);
            page.raw(&plot.svg);
        }
        page.text(
            "p",
            &format!(
                "Of {} who came too late for a seat, {} were overtaken by somebody who came later, by {:.0} ms at most.",
                self.fairness.too_late, self.fairness.overtaken, self.fairness.overtaken_by_at_most
            ),
        );
        page.text("h2", "Refused by");
        page.refusals(self);
        page.text("h2", "The most wanted sections");
        page.table(
            &["section", "wanted", "seats free", "taken", "full after, s"],
            self.sections.iter().map(section_cells),
        );
        page.raw("</html>\n");
        Ok(page.0)
    }
}

fn request_cells(requests: &Requests) -> Vec<String> {
    let Requests { kind, planned, done, refused, turned_away, failed, lost, nothing_to_do, latency } = requests;
    let counts = [planned, done, refused, turned_away, failed, lost, nothing_to_do].map(ToString::to_string);
    let times = [latency.p50, latency.p90, latency.p99, latency.max].map(|milliseconds| format!("{milliseconds:.1}"));
    std::iter::once(kind.name().to_owned()).chain(counts).chain(times).collect()
}

fn section_cells(filling: &Filling) -> Vec<String> {
    let Filling { section, free, wanted, got, full_after, .. } = filling;
    let full_after = full_after.map_or_else(String::new, |seconds| format!("{seconds:.2}"));
    vec![section.clone(), wanted.to_string(), free.to_string(), got.to_string(), full_after]
}

/// A page that is being written.
struct Page(String);

impl Page {
    fn raw(&mut self, html: &str) {
        self.0.push_str(html);
    }

    /// An element with text.
    fn text(&mut self, element: &str, text: &str) {
        // To write to a string does not fail.
        let _ = writeln!(self.0, "<{element}>{}</{element}>", escaped(text));
    }

    fn table(&mut self, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let row = |element: &str, cells: &[String]| {
            let cells: Vec<String> =
                cells.iter().map(|cell| format!("<{element}>{}</{element}>", escaped(cell))).collect();
            format!("<tr>{}</tr>\n", cells.concat())
        };
        let header: Vec<String> = header.iter().map(ToString::to_string).collect();
        self.raw("<table>\n");
        self.raw(&row("th", &header));
        rows.for_each(|cells| self.raw(&row("td", &cells)));
        self.raw("</table>\n");
    }

    fn refusals(&mut self, report: &Report) {
        let most = report.refusals.first().map_or(1, |refusal| refusal.count.max(1));
        self.raw("<table>\n");
        for refusal in &report.refusals {
            let width = refusal.count * 400 / most;
            let _ = writeln!(
                self.0,
                "<tr><td>{}</td><td>{}</td><td style=\"text-align:left\"><span class=\"bar\" style=\"width:{width}px\"></span></td></tr>",
                escaped(&refusal.code),
                refusal.count
            );
        }
        self.raw("</table>\n");
    }

    fn invariants(&mut self, invariants: &[Invariant], check: Option<&[String]>) {
        self.raw("<ul>\n");
        for invariant in invariants {
            self.verdict(invariant.holds(), &invariant.to_string());
        }
        match check {
            None => {}
            Some([]) => self.verdict(true, "holds   all that `enrollment check` recomputes in the database"),
            Some(broken) => broken.iter().for_each(|broken| self.verdict(false, broken)),
        }
        self.raw("</ul>\n");
    }

    fn verdict(&mut self, holds: bool, text: &str) {
        let class = if holds { "holds" } else { "broken" };
        let _ = writeln!(self.0, "<li class=\"{class}\">{}</li>", escaped(text));
    }
}

/// Text that means itself in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_have_named_is_text_and_not_html() {
        let mut page = Page(String::new());
        page.table(&["<b>"], std::iter::once(vec!["\"R&D\" <script>".to_owned()]));
        assert_eq!(
            page.0,
            "<table>\n<tr><th>&lt;b&gt;</th></tr>\n<tr><td>&quot;R&amp;D&quot; &lt;script&gt;</td></tr>\n</table>\n"
        );
    }
}
