//! Java, and what its variable points to.

use super::super::{check::Found, sight::Sight};
use std::{fs, path::Path};

pub(super) async fn home(sight: Sight) -> Found {
    let Some(home) = sight.var("JAVA_HOME") else { return Found::skipped("JAVA_HOME is not set") };
    if sight.host.file(&format!("{}/bin/java", home.trim_end_matches('/'))).exists() {
        return Found::ok("it does");
    }
    Found::warn("JAVA_HOME points to where no Java is, and build tools go by it")
        .details([home])
        .remedy("unset JAVA_HOME, or point it to a Java that is there")
}

/// By the file that every Java carries: which one build tools run, and which one `java` is.
pub(super) async fn same(sight: Sight) -> Found {
    let Some(home) = sight.var("JAVA_HOME") else { return Found::skipped("JAVA_HOME is not set") };
    let Some(program) = sight.host.find("java") else { return Found::skipped("there is no java") };
    let real = fs::canonicalize(&program).unwrap_or(program);
    let of_path = real.parent().and_then(Path::parent).and_then(release);
    let of_home = release(&sight.host.file(&home));
    match (of_home, of_path) {
        (Some(home), Some(path)) if home != path => {
            Found::warn("build tools use another Java than `java` is")
                .details([format!("JAVA_HOME is Java {home}, and java is Java {path}")])
                .remedy(
                    "point JAVA_HOME and PATH to the same: sudo update-alternatives --config java",
                )
        }
        (Some(version), Some(_)) => Found::ok(format!("both are Java {version}")),
        (None, _) | (_, None) => Found::skipped("one of them does not tell what it is"),
    }
}

/// The feature release: `8` for `1.8.0_392`, `17` for `17.0.2`.
fn release(home: &Path) -> Option<u32> {
    let text = super::super::sight::read(&home.join("release")).ok().flatten()?;
    let line = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    let mut numbers = line.trim_matches('"').split(['.', '_', '-', '+']);
    match numbers.next()?.parse().ok()? {
        1 => numbers.next()?.parse().ok(),
        feature => Some(feature),
    }
}
