//! The cloud that keeps the account.

use crate::{args::Cloud, failure::Failure};
use d1_core::{Category, Problem};
use d1_protocol::{ApiClient, ClientError};
use std::{fs, path::Path, time::Duration};

/// How long to wait where the cloud says that this was too much at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of the cloud that is named.
pub(super) fn client(cloud: &Cloud) -> Result<ApiClient, Failure> {
    let (Some(address), Some(token)) = (&cloud.cloud, &cloud.token_file) else {
        return Err(unnamed(cloud.cloud.is_none()));
    };
    let token = token_of(token)?;
    let client = ApiClient::new(&http(address), token.trim()).map_err(failure)?;
    Ok(client.patient(PATIENCE))
}

/// As a failure of this program.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn failure(error: ClientError) -> Failure {
    error.problem().into()
}

/// Daemons are told the same address for links.
fn http(address: &str) -> String {
    let host = address.strip_prefix("ws://");
    host.map_or_else(|| address.to_owned(), |host| format!("http://{host}"))
}

fn token_of(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| {
        let title = format!("cannot read the token file `{}`", path.display());
        Problem::new("D1-AUTH-002", Category::Usage, title)
            .because(error.to_string())
            .leaving("nothing was changed")
            .next("name the file with --token-file, or in D1_TOKEN_FILE")
            .into()
    })
}

fn unnamed(no_cloud: bool) -> Failure {
    let (title, remedy) = if no_cloud {
        ("no cloud is named, and on its own this machine needs no credits", "--cloud, or D1_CLOUD")
    } else {
        ("a cloud is named, and no token to be known by", "--token-file, or D1_TOKEN_FILE")
    };
    Problem::new("D1-AUTH-002", Category::Usage, title)
        .because("work that no cloud plans costs nothing; a cloud keeps an account for each user")
        .leaving("nothing was changed")
        .next(format!("name it with {remedy}"))
        .into()
}
