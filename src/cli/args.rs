//! What the command line understands.

use crate::chart::measure::Measure;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

/// A simulator of the ways systems fail when they grow.
#[derive(Debug, Parser)]
#[command(
    name = "kneepoint",
    version,
    about,
    after_help = "\
Exit codes: 0 fine, 1 a claim or an objective failed, 2 the input is wrong.

Examples:
  kneepoint run n-plus-one --set posts=500
  kneepoint curve queue-knee --format csv
  kneepoint hysteresis retry-storm
  kneepoint ceiling n-plus-one --fix join
  kneepoint trace n-plus-one --set posts=100
  kneepoint run 'https://host/#v=1&s=n-plus-one&users=2500' --format json
  kneepoint schema > scenario.schema.json
  echo '{\"scenario\": \"queue-knee\", \"set\": {\"users\": 150}}' | kneepoint run -"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The scenarios that ship.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// The JSON Schema of scenario documents, draft 2020-12.
    Schema,
    /// One run, and what was measured; `-` reads JSON lines and answers a line each.
    Run {
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        format: Output,
    },
    /// Latency, goodput and errors over a knob.
    Curve {
        #[command(flatten)]
        chosen: Chosen,
        /// The knob on the x axis; the first of the scenario unless given.
        #[arg(long)]
        over: Option<String>,
        #[command(flatten)]
        format: Output,
    },
    /// Load up, then down, in one running system: does it recover where it broke?
    Hysteresis {
        #[command(flatten)]
        chosen: Chosen,
        /// The knob that is turned; the first of the scenario unless given.
        #[arg(long)]
        over: Option<String>,
        #[command(flatten)]
        format: Output,
    },
    /// The largest value of a knob that meets the objective.
    Ceiling {
        #[command(flatten)]
        chosen: Chosen,
        /// The knob; the first of the scenario unless given.
        #[arg(long)]
        over: Option<String>,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Why a run comes out as it does.
    Explain {
        #[command(flatten)]
        chosen: Chosen,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// What the median request did, the one at a percentile, and the first that failed.
    Trace {
        #[command(flatten)]
        chosen: Chosen,
        /// Which slow request.
        #[arg(long, default_value_t = 99.0, value_parser = percentile)]
        percentile: f64,
        /// As JSON that trace viewers open (Chrome trace events).
        #[arg(long)]
        json: bool,
    },
    /// A picture of the curve, as SVG on the standard output.
    Render {
        #[command(flatten)]
        chosen: Chosen,
        /// The knob on the x axis; the first of the scenario unless given.
        #[arg(long)]
        over: Option<String>,
        /// Width and height in pixels.
        #[arg(long, default_values_t = [900, 560], num_args = 2, value_parser = clap::value_parser!(u32).range(200..=10_000))]
        size: Vec<u32>,
        /// Load up, then down, in place of the curve.
        #[arg(long)]
        hysteresis: bool,
        /// What stands below latency, in a list such as `load,utilisation`.
        #[arg(long, value_delimiter = ',', default_value = "load", value_parser = measure)]
        with: Vec<Measure>,
        /// Light lines on a dark ground.
        #[arg(long)]
        dark: bool,
    },
    /// Proves claims, each with its counterfactual.
    Check {
        /// Scenarios as for `run`; all that ship unless given.
        scenarios: Vec<String>,
        /// All that ship.
        #[arg(long)]
        all: bool,
        /// How many seeds.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=1000))]
        seeds: u64,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

fn percentile(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    number.ok_or_else(|| "not a number from 0 to 100".to_owned())
}

fn measure(text: &str) -> Result<Measure, String> {
    let id = |measure: &Measure| measure.name().to_ascii_lowercase().replace(' ', "-");
    let found = Measure::ALL.into_iter().find(|measure| id(measure) == text);
    found.ok_or_else(|| {
        format!("not one of {}", Measure::ALL.iter().map(id).collect::<Vec<_>>().join(", "))
    })
}

/// Which scenario, and how it is set.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct Chosen {
    /// Id of the catalogue, file of a document, link, or `-` for standard input.
    pub(crate) scenario: String,
    /// Sets a knob, such as `users=2.5k`.
    #[arg(long = "set", value_name = "KNOB=VALUE")]
    pub(crate) set: Vec<String>,
    /// Switches a fix on.
    #[arg(long = "fix", value_name = "NAME")]
    pub(crate) fix: Vec<String>,
    /// Seed of all random numbers.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Exit with 1 if the objective is not met.
    #[arg(long)]
    pub(crate) objective: bool,
}

impl Chosen {
    /// A scenario as it is.
    pub(crate) fn new(scenario: String) -> Self {
        Self { scenario, set: Vec::new(), fix: Vec::new(), seed: None, objective: false }
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(crate) struct Output {
    /// How results are written.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The same as `--format json`.
    #[arg(long)]
    json: bool,
}

impl Output {
    pub(crate) fn format(self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// One object a line.
    Json,
    /// A table with a header.
    Csv,
}
