//! What `dpkg-query` and `apt-mark` tell: every package that left a trace, and how it is.

use super::names::canonical;
use crate::packages::snapshot::Snapshot;
use d1_core::{Manager, PackageName, State};
use std::collections::{BTreeMap, BTreeSet};

/// What `dpkg-query -W -f` is asked to print; one package a line.
pub(super) const FORMAT: &str = "${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\t${Installed-Size}\\t${Provides}\\t${Pre-Depends}, ${Depends}\\n";

/// One package as dpkg knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its one spelling.
    pub(super) name: PackageName,
    /// How it is; whether it is automatic is not known here.
    pub(super) state: State,
    /// Its size on disk, in bytes.
    pub(super) bytes: u64,
    /// The names it answers to beside its own.
    pub(super) provides: BTreeSet<String>,
    /// Every name its dependencies speak of, alternatives too.
    pub(super) depends: BTreeSet<String>,
}

/// Every package, from the output for [`FORMAT`].
pub(super) fn parse(text: &str, native: &str) -> Vec<Row> {
    text.lines().filter_map(|line| row(line, native)).collect()
}

fn row(line: &str, native: &str) -> Option<Row> {
    let mut fields = line.split('\t');
    let (package, arch) = (fields.next()?, fields.next()?);
    let (abbrev, version) = (fields.next()?, fields.next()?.to_owned());
    let kib: u64 = fields.next().and_then(|size| size.trim().parse().ok()).unwrap_or_default();
    let provides = names_in(fields.next().unwrap_or_default());
    let depends = names_in(fields.next().unwrap_or_default());
    let name =
        canonical(package, Some(arch).filter(|arch| !arch.is_empty()), native).parse().ok()?;
    Some(Row {
        name,
        state: state(abbrev, version)?,
        bytes: kib.saturating_mul(1024),
        provides,
        depends,
    })
}

fn state(abbrev: &str, version: String) -> Option<State> {
    let mut letters = abbrev.chars().skip(1);
    let (status, error) = (letters.next()?, letters.next());
    let broken = |status: &str, version| State::Broken { version, status: status.to_owned() };
    match status {
        'n' => None,
        _ if error == Some('R') => Some(broken("needs to be installed again", version)),
        'i' => Some(State::Installed { version, automatic: false }),
        'c' => Some(State::ConfigFiles { version }),
        'H' => Some(broken("half installed", version)),
        'U' => Some(broken("unpacked, not configured", version)),
        'F' => Some(broken("half configured", version)),
        'W' => Some(broken("waits for another package's trigger", version)),
        't' => Some(broken("has a trigger to run", version)),
        other => Some(broken(&format!("in state {other}"), version)),
    }
}

/// The package names in a dependency field, without versions and architectures.
fn names_in(field: &str) -> BTreeSet<String> {
    let name = |part: &str| {
        let word = part.split_whitespace().next()?;
        let word = word.split(['(', ':']).next()?;
        (!word.is_empty()).then(|| word.to_owned())
    };
    field.split([',', '|']).filter_map(name).collect()
}

/// The packages marked as automatic, from `apt-mark showauto`.
pub(super) fn parse_marks(text: &str, native: &str) -> BTreeSet<String> {
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(|l| canonical(l, None, native))
        .collect()
}

/// Both together.
pub(super) fn snapshot(rows: &[Row], automatic: &BTreeSet<String>) -> Snapshot {
    let marked = |row: &Row| match &row.state {
        State::Installed { version, .. } => State::Installed {
            version: version.clone(),
            automatic: automatic.contains(row.name.as_str()),
        },
        other @ (State::Absent
        | State::Present
        | State::ConfigFiles { .. }
        | State::Broken { .. }
        | State::File { .. }
        | State::Directory { .. }
        | State::Permissions { .. }
        | State::Link { .. }) => other.clone(),
    };
    let states: BTreeMap<_, _> = rows.iter().map(|row| (row.name.clone(), marked(row))).collect();
    Snapshot::new(Manager::Apt, states)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: &str = "adduser\tall\tii \t3.134\t686\t\t, passwd\n\
        libc6\tamd64\tii \t2.36-9\t13001\tlibc6-x (= 2.36)\t, libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)\n\
        libc6\ti386\thi \t2.36-9\t13001\t\t\n\
        old\tamd64\trc \t1.0\t5\t\t\n\
        half\tamd64\tiF \t1.0\t5\t\t\n\
        torn\tamd64\tiHR\t1.0\t5\t\t\n\
        wanted\t\tun \t\t\t\t\n";

    #[test]
    fn every_state_of_dpkg_is_told_apart() {
        let rows = parse(RECORDED, "amd64");
        let snapshot = snapshot(&rows, &parse_marks("adduser\nlibc6:i386\n", "amd64"));
        let told: Vec<_> =
            rows.iter().map(|row| (row.name.to_string(), snapshot.state(&row.name))).collect();
        let version = |v: &str| v.to_owned();
        assert_eq!(
            told,
            [
                ("adduser".into(), State::Installed { version: version("3.134"), automatic: true }),
                ("libc6".into(), State::Installed { version: version("2.36-9"), automatic: false }),
                (
                    "libc6:i386".into(),
                    State::Installed { version: version("2.36-9"), automatic: true }
                ),
                ("old".into(), State::ConfigFiles { version: version("1.0") }),
                (
                    "half".into(),
                    State::Broken { version: version("1.0"), status: "half configured".into() }
                ),
                (
                    "torn".into(),
                    State::Broken {
                        version: version("1.0"),
                        status: "needs to be installed again".into()
                    }
                ),
            ]
        );
        assert_eq!(snapshot.broken().len(), 2);
    }

    #[test]
    fn names_are_found_in_dependencies_whatever_stands_beside_them() {
        let names = names_in("libc6 (>= 2.34), perl:any, a | b:i386 (<< 2), ");
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["a", "b", "libc6", "perl"]);
    }
}
