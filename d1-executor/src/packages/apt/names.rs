//! Names of Debian packages: one spelling for each, and nothing apt would read as more.

use d1_core::PackageName;

/// Whether Debian policy allows this as a package's name, perhaps with an architecture.
///
/// Everything else could mean more to apt than a name: `vim/testing` picks a release,
/// `vim=2` a version.
pub(super) fn is_legal(name: &PackageName) -> bool {
    let (base, arch) = split(name.as_str());
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let starts_well = base.starts_with(lower);
    let legal_base = base.chars().all(|c| lower(c) || "+-.".contains(c));
    let legal_arch =
        arch.is_none_or(|arch| !arch.is_empty() && arch.chars().all(|c| lower(c) || c == '-'));
    base.len() >= 2 && starts_well && legal_base && legal_arch
}

/// The one spelling of a package: without the architecture where it is the machine's own.
pub(super) fn canonical(name: &str, arch: Option<&str>, native: &str) -> String {
    let (base, own) = split(name);
    match own.or(arch) {
        None | Some("all" | "any") => base.to_owned(),
        Some(arch) if arch == native => base.to_owned(),
        Some(arch) => format!("{base}:{arch}"),
    }
}

fn split(name: &str) -> (&str, Option<&str>) {
    name.split_once(':').map_or((name, None), |(base, arch)| (base, Some(arch)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_would_read_as_more_than_a_name_is_not_legal() {
        for bad in ["vim/testing", "Vim", "x", "a_b", "git@2", "libc6:", "task:"] {
            assert!(!is_legal(&bad.parse().unwrap()), "{bad} passed");
        }
        for good in ["vim", "g++", "libc6:i386", "0ad", "python3.11", "libstdc++6", "libc6:x32"] {
            assert!(is_legal(&good.parse().unwrap()), "{good} refused");
        }
    }

    #[test]
    fn a_package_has_one_spelling() {
        for (name, arch, spelled) in [
            ("vim", Some("amd64"), "vim"),
            ("vim:amd64", None, "vim"),
            ("tzdata", Some("all"), "tzdata"),
            ("libc6", Some("i386"), "libc6:i386"),
            ("libc6:i386", None, "libc6:i386"),
        ] {
            assert_eq!(canonical(name, arch, "amd64"), spelled);
        }
    }
}
