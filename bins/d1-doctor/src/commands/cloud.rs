//! The cloud that keeps the account.

use crate::{
    accounts::{Vault, client_of},
    args::Cloud,
    failure::Failure,
    home::Home,
};
use d1_core::{Category, Problem, SystemClock};
use d1_protocol::{ApiClient, ClientError};
use std::{fs, path::Path, time::Duration};

/// How long to wait where the cloud says that this was too much at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client of the cloud that is named, let in by the token that is named, or as whoever is
/// signed in.
pub(super) async fn client(
    cloud: &Cloud,
    home: impl FnOnce() -> Result<Home, Failure>,
) -> Result<ApiClient, Failure> {
    let address = cloud.cloud.as_deref().map(http);
    let Some(token) = &cloud.token_file else {
        let vault = Vault::of(&home()?);
        let who = (address.as_deref(), cloud.account.as_deref());
        return Ok(client_of(&vault, who, &SystemClock::new()).await?.patient(PATIENCE));
    };
    let address = address.ok_or_else(unnamed)?;
    let client = ApiClient::new(&address, token_of(token)?.trim()).map_err(failure)?;
    Ok(client.patient(PATIENCE))
}

/// As a failure of this program.
#[expect(clippy::needless_pass_by_value, reason = "made for map_err")]
pub(super) fn failure(error: ClientError) -> Failure {
    error.problem().into()
}

/// Daemons are told the same address for links.
fn http(address: &str) -> String {
    let address = address.trim_end_matches('/');
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

fn unnamed() -> Failure {
    let title = "a token is named, and no cloud that knows it";
    Problem::new("D1-AUTH-002", Category::Usage, title)
        .leaving("nothing was changed")
        .next("name it with --cloud, or D1_CLOUD")
        .into()
}
