//! The one table that a run prints.

use std::fmt::{self, Display};

/// One comparison.
pub struct Line {
    /// What was done.
    pub work: &'static str,
    /// What the engine costs, with its unit.
    pub engine: String,
    /// What the limit costs.
    pub limit: String,
    /// What is compared with the target.
    pub figure: f64,
    /// How the figure is printed, like `2.1 x`.
    pub unit: &'static str,
    /// The most that the figure may be, where there is a target.
    pub most: Option<f64>,
}

/// All comparisons of a run.
#[derive(Default)]
pub struct Table(Vec<Line>);

impl Table {
    /// Adds a comparison.
    pub fn add(&mut self, line: Line) {
        self.0.push(line);
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| workload | engine | limit | figure | at most | |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---|")?;
        for line in &self.0 {
            let most = line.most.map_or_else(|| "-".to_owned(), |most| format!("{most}{}", line.unit));
            let verdict = match line.most {
                None => "",
                Some(most) if line.figure <= most => "holds",
                Some(_) => "**missed**",
            };
            let Line { work, engine, limit, figure, unit, .. } = line;
            writeln!(f, "| {work} | {engine} | {limit} | {figure:.2}{unit} | {most} | {verdict} |")?;
        }
        Ok(())
    }
}
