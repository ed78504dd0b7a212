//! Tables that read well in a terminal and as Markdown.

/// A nanosecond figure with about three digits; `-` for none.
pub(crate) fn nanos(time: Option<f64>) -> String {
    match time {
        None => "-".to_owned(),
        Some(time) if time < 10.0 => format!("{time:.2}"),
        Some(time) if time < 100.0 => format!("{time:.1}"),
        Some(time) => grouped(time.round() as u64),
    }
}

/// A whole number with a comma after each three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A Markdown table, each column as wide as its widest cell. The first column and those in `left` begin at the left.
pub(crate) fn table<const N: usize>(titles: [&str; N], left: &[usize], lines: &[[String; N]]) -> String {
    let is_left = |column| column == 0 || left.contains(&column);
    let titles = titles.map(str::to_owned);
    let width = |column: usize| {
        let cells = lines.iter().chain([&titles]).map(|line| line[column].chars().count());
        cells.max().unwrap_or(0).max(3)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let rule = std::array::from_fn(|column| {
        let dashes = "-".repeat(widths[column] - 1);
        if is_left(column) { format!("{dashes}-") } else { format!("{dashes}:") }
    });
    let mut text = String::new();
    for line in [&titles, &rule].into_iter().chain(lines) {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            text += &if is_left(column) { format!("| {cell:width$} ") } else { format!("| {cell:>width$} ") };
        }
        text += "|\n";
    }
    text
}

/// Why a cell is empty, numbered in the order in which they come up.
#[derive(Default)]
pub(crate) struct Notes(Vec<&'static str>);

impl Notes {
    /// What stands in the cell.
    pub(crate) fn mark(&mut self, why: &'static str) -> String {
        let at = self.0.iter().position(|other| *other == why).unwrap_or_else(|| {
            self.0.push(why);
            self.0.len() - 1
        });
        format!("- ({})", at + 1)
    }

    /// The reasons, a line each.
    pub(crate) fn text(&self) -> String {
        self.0.iter().enumerate().map(|(at, why)| format!("({}) {why}  \n", at + 1)).collect()
    }
}
