//! Aligned tables for a terminal and for a README.

/// Prints `lines` under `titles`, each column as wide as its widest cell.
pub(crate) fn print_table<const N: usize>(titles: [&str; N], lines: &[[String; N]]) {
    let mut widths = titles.map(|title| title.chars().count());
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    print_line(&titles.map(str::to_owned), &widths);
    print_line(&widths.map(|width| "-".repeat(width)), &widths);
    for line in lines {
        print_line(line, &widths);
    }
}

fn print_line<const N: usize>(cells: &[String; N], widths: &[usize; N]) {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    println!("{}", padded.join("  ").trim_end());
}
