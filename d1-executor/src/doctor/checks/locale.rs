//! The language and the characters of programs.

use super::{
    super::{check::Found, sight::Sight},
    mac,
};
use d1_core::Step;

/// The variables that name a locale (locale(7)).
const VARIABLES: [&str; 8] = [
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_COLLATE",
    "LC_TIME",
    "LC_NUMERIC",
    "LC_MONETARY",
    "LANG",
];

pub(super) async fn locale(sight: Sight) -> Found {
    let named: Vec<(&str, String)> =
        VARIABLES.iter().filter_map(|name| Some((*name, sight.var(name)?))).collect();
    if named.is_empty() {
        return Found::skipped("none is set");
    }
    // macOS knows `UTF-8` alone, and lists it nowhere.
    if mac::is_mac(&sight) || !sight.has("locale") {
        return Found::skipped("this system does not tell which there are");
    }
    let there = match sight.ask(&["locale", "-a"]).await {
        Ok(said) if said.ok() && !said.stdout.trim().is_empty() => said.stdout,
        Ok(_) => return Found::unknown("`locale -a` names none"),
        Err(error) => return Found::unknown(format!("locale does not tell: {error}")),
    };
    let there: Vec<String> = there.lines().map(|line| plain(line.trim())).collect();
    let missing: Vec<&(&str, String)> = named
        .iter()
        .filter(|(_, value)| !["C", "POSIX"].contains(&value.as_str()))
        .filter(|(_, value)| !there.contains(&plain(value)))
        .collect();
    if missing.is_empty() {
        return Found::ok(named.first().map_or_else(String::new, |(_, value)| value.clone()));
    }
    let steps = missing.first().map(|(_, value)| generate(&sight, value)).unwrap_or_default();
    Found::warn("programs complain about a locale that is not there, and misread letters")
        .details(missing.iter().map(|(name, value)| format!("{name}={value}")))
        .remedy("use one that `locale -a` lists: export LC_ALL=C.UTF-8")
        .remedy("or make it: sudo apt-get install locales; sudo dpkg-reconfigure locales")
        .mend(steps)
}

/// A name as `locale -a` writes it: `de_DE.UTF-8@euro` is `de_DE.utf8@euro`.
fn plain(name: &str) -> String {
    let (name, modifier) = name.split_once('@').unwrap_or((name, ""));
    let (language, codeset) = name.split_once('.').unwrap_or((name, ""));
    let codeset: String = codeset.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{language}.{}@{modifier}", codeset.to_ascii_lowercase())
}

/// locale-gen(8), as Debian has it: a line of `/etc/locale.gen` for each locale.
fn generate(sight: &Sight, name: &str) -> Vec<Step> {
    let known = sight.text("/usr/share/i18n/SUPPORTED").ok().flatten().unwrap_or_default();
    let line = known.lines().map(str::trim).find(|line| {
        line.split_once(' ').is_some_and(|(supported, _)| plain(supported) == plain(name))
    });
    let list = sight.host.file("/etc/locale.gen");
    let (Some(line), true, true) = (line, list.exists(), sight.has("locale-gen")) else {
        return Vec::new();
    };
    let title = "make the locales that are listed";
    let undo = "a locale that is there does no harm";
    sight.add_line(&list, line).into_iter().chain(sight.run(&["locale-gen"], title, undo)).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_locale_is_the_same_however_its_characters_are_spelt() {
        assert_eq!(plain("en_US.UTF-8"), plain("en_US.utf8"));
        assert_eq!(plain("de_DE.ISO-8859-15@euro"), plain("de_DE.iso885915@euro"));
        assert_ne!(plain("de_DE@euro"), plain("de_DE"));
        assert_ne!(plain("en_US"), plain("en_US.utf8"));
    }
}
