//! macOS. Tested against recorded output only: we have no such machine.

use super::super::{check::Found, sight::Sight};

/// The oldest version that still gets security updates, and that build tools still serve.
const OLDEST: u32 = 14;

/// Whether this is a Mac.
pub(super) fn is_mac(sight: &Sight) -> bool {
    sight.host.file("/System/Library/CoreServices/SystemVersion.plist").exists()
}

fn elsewhere() -> Found {
    Found::skipped("this is not macOS")
}

/// xcode-select(1): without its tools there is no compiler, no make and no git.
pub(super) async fn command_line_tools(sight: Sight) -> Found {
    if !is_mac(&sight) {
        return elsewhere();
    }
    let said = match sight.ask(&["xcode-select", "-p"]).await {
        Ok(said) => said,
        Err(error) => return Found::unknown(format!("xcode-select does not tell: {error}")),
    };
    let folder = said.stdout.trim();
    if !said.ok() || folder.is_empty() {
        return Found::fail("the command line tools are missing: no compiler, no make, no git")
            .remedy("xcode-select --install");
    }
    if sight.host.file(folder).exists() {
        return Found::ok(folder);
    }
    // An update of the system, or moving Xcode, leaves the name behind.
    Found::fail("the command line tools are named and are not there")
        .details([folder])
        .remedy("sudo xcode-select --reset, or install them anew: xcode-select --install")
}

pub(super) async fn version(sight: Sight) -> Found {
    if !is_mac(&sight) {
        return elsewhere();
    }
    let said = match sight.ask(&["sw_vers", "-productVersion"]).await {
        Ok(said) => said.stdout.trim().to_owned(),
        Err(error) => return Found::unknown(format!("sw_vers does not tell: {error}")),
    };
    match said.split('.').next().map(str::parse::<u32>) {
        Some(Ok(major)) if major < OLDEST => {
            Found::warn(format!("macOS {said} gets no security updates any more"))
                .remedy("update it: softwareupdate --list")
        }
        Some(Ok(_)) => Found::ok(format!("macOS {said}")),
        Some(Err(_)) | None => Found::unknown("sw_vers does not say which version it is"),
    }
}
