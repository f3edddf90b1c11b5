//! A session in the forms in which it travels: links in texts, and results as files.

use crate::analysis::report::Curve;

use super::Session;

/// Links longer than this are cut or refused by some programs.
pub const LINK_CHARS_MAX: usize = 2_000;

/// Columns of the table of a curve, after the knob.
const COLUMNS: [&str; 12] = [
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "p99_half_width_ms",
    "offered_per_s",
    "goodput_per_s",
    "error_share",
    "overloaded",
    "amplification",
    "stale_share",
    "lost_per_s",
    "memory_mb",
];

/// A link in Markdown, named by the question.
pub fn markdown(title: &str, address: &str) -> String {
    format!("[{}]({address})", title.replace('[', "\\[").replace(']', "\\]"))
}

/// An element that shows an address as a guest in another page.
pub fn frame(title: &str, address: &str) -> String {
    let safe = |text: &str| text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"100%\" height=\"640\" loading=\"lazy\" \
         allow=\"clipboard-write; fullscreen\" style=\"border:0\"></iframe>",
        safe(address),
        safe(title)
    )
}

/// The cells of a curve's table, as text, one row a point; the first is the knob.
fn cells(curve: &Curve) -> impl Iterator<Item = [String; 13]> {
    let plain = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    curve.points.iter().map(move |point| {
        let latency = &point.latency_ms;
        [
            point.x.to_string(),
            plain(latency.p50),
            plain(latency.p95),
            plain(latency.p99),
            plain(latency.p99_half_width),
            point.offered_per_s.to_string(),
            point.goodput_per_s.to_string(),
            point.error_share.to_string(),
            point.overloaded.to_string(),
            point.amplification.to_string(),
            point.stale_share.to_string(),
            point.lost_per_s.to_string(),
            point.memory_mb.to_string(),
        ]
    })
}

impl Session {
    /// The curve as comma-separated values, with a line of names; `None` before there is one of the
    /// present state.
    ///
    /// The same columns as the command line writes.
    pub fn csv(&self) -> Option<String> {
        let curve = self.present_curve()?;
        let mut text = format!("{},{}\n", curve.knob, COLUMNS.join(","));
        for row in cells(curve) {
            text += &row.join(",");
            text.push('\n');
        }
        Some(text)
    }

    /// The curve and where it comes from as JSON; `None` before there is one of the present state.
    ///
    /// Where nothing was answered the latencies are `null`.
    pub fn json(&self, address: &str) -> Option<String> {
        let curve = self.present_curve()?;
        // Ids and addresses have no control characters.
        let text_of =
            |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let value_of = |cell: &String| if cell.is_empty() { "null" } else { cell }.to_owned();
        let point = |row: [String; 13]| {
            let names = std::iter::once("x").chain(COLUMNS);
            let fields =
                names.zip(&row).map(|(name, cell)| format!("\"{name}\":{}", value_of(cell)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let points: Vec<String> = cells(curve).map(point).collect();
        let knee = curve.knee.as_ref().map_or_else(|| "null".to_owned(), |knee| knee.x.to_string());
        let digest = self.report.as_ref().filter(|_| self.is_measured());
        let digest = digest.map_or_else(|| "null".to_owned(), |report| text_of(&report.digest));
        Some(format!(
            "{{\"scenario\":{},\"link\":{},\"seed\":{},\"digest\":{digest},\"knob\":{},\
             \"operating_point\":{},\"knee\":{knee},\"points\":[\n{}\n]}}\n",
            text_of(&self.scenario.id),
            text_of(address),
            self.scenario.seed(&self.settings),
            text_of(&curve.knob),
            self.point(),
            points.join(",\n")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::report::{CurvePoint, LatencySummary};
    use std::rc::Rc;

    fn session() -> Session {
        let latency_ms = LatencySummary { p99: Some(12.5), ..LatencySummary::default() };
        let first = CurvePoint { x: 1.0, latency_ms, ..CurvePoint::default() };
        let lost = CurvePoint { x: 20.0, overloaded: true, ..CurvePoint::default() };
        let curve = Curve {
            knob: "users".to_owned(),
            points: vec![first, lost],
            pass: 1,
            finished: true,
            knee: None,
            theory: Vec::new(),
            parts: Vec::new(),
        };
        Session { curve: Some(Rc::new(curve)), ..Session::default() }
    }

    #[test]
    fn the_table_has_a_row_a_point_and_nothing_where_nothing_was_answered() {
        let csv = session().csv().unwrap();
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].starts_with("users,p50_ms,p95_ms,p99_ms,"));
        assert_eq!(lines[1], "1,,,12.5,,0,0,0,false,0,0,0,0");
        assert_eq!(lines[2], "20,,,,,0,0,0,true,0,0,0,0");
        assert_eq!(Session::default().csv(), None);
    }

    #[test]
    fn the_same_stands_in_json_with_the_link_it_comes_from() {
        let text = session().json("http://host/#v=1&s=a").unwrap();
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(found["link"], "http://host/#v=1&s=a");
        assert_eq!(found["points"][0]["p99_ms"], 12.5);
        assert_eq!(found["points"][1]["p99_ms"], serde_json::Value::Null);
        assert_eq!(found["points"][1]["overloaded"], true);
        assert_eq!(found["seed"], 1);
    }

    #[test]
    fn texts_of_strangers_do_not_break_out_of_their_places() {
        let title = "a \"quoted\" <b> & [c]?";
        assert_eq!(markdown(title, "l"), "[a \"quoted\" <b> & \\[c\\]?](l)");
        let frame = frame(title, "http://host/?embed=1&run=click#v=1");
        assert!(frame.contains("title=\"a &quot;quoted&quot; &lt;b> &amp; [c]?\""), "{frame}");
        assert!(frame.contains("embed=1&amp;run=click#v=1\""), "{frame}");
    }
}
