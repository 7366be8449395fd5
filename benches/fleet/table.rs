//! A table of what was measured.

/// A table with so many columns.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    title: String,
    columns: [&'static str; N],
    lines: Vec<(String, [String; N])>,
}

impl<const N: usize> Table<N> {
    /// An empty one.
    pub(crate) const fn new(title: String, columns: [&'static str; N]) -> Self {
        Self { title, columns, lines: Vec::new() }
    }

    /// One more line.
    pub(crate) fn line(&mut self, name: &str, cells: [String; N]) {
        self.lines.push((name.to_owned(), cells));
    }

    /// Prints it.
    pub(crate) fn print(&self) {
        println!("{}", self.title);
        let head: String = self.columns.iter().map(|column| format!(" {column:>13}")).collect();
        println!("  {:<38}{head}", "");
        for (name, cells) in &self.lines {
            let cells: String = cells.iter().map(|cell| format!(" {cell:>13}")).collect();
            println!("  {name:<38}{cells}");
        }
        println!();
    }
}
