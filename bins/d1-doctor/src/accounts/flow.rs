//! Signing in by a code that is typed on another screen (RFC 8628), at once or in two steps.

use super::{
    Account, Cloud, Vault,
    oauth::{Tokens, failure, nonsense, refused, tokens, unreachable},
};
use crate::failure::Failure;
use d1_core::{Category, Clock, Problem};
use d1_protocol::{ApiClient, BoundedHttpError};
use oauth2::{
    DeviceCodeErrorResponse, RequestTokenError, Scope, StandardDeviceAuthorizationResponse,
};
use serde::{Deserialize, Serialize};

/// What a typed code can grant.
const SCOPES: &str = "setup:read setup:write credits:read credits:write device:read offline_access";

/// A sign-in that was begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    cloud: String,
    details: StandardDeviceAuthorizationResponse,
}

impl Begun {
    /// The cloud.
    #[must_use]
    pub fn cloud(&self) -> &str {
        &self.cloud
    }

    /// What the person types.
    #[must_use]
    pub fn user_code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// Where.
    #[must_use]
    pub fn page(&self) -> &str {
        self.details.verification_uri().as_str()
    }

    /// Where, with the code typed already.
    #[must_use]
    pub fn whole_page(&self) -> &str {
        self.details.verification_uri_complete().map_or(self.page(), |page| page.secret())
    }

    /// Seconds until it is over.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.details.expires_in().as_secs()
    }

    /// Keeps it for a later process, and gives the name by which it is taken up.
    pub fn keep(&self, vault: &Vault) -> Result<String, Failure> {
        let handle = d1_core::Digest::of(self.details.device_code().secret().as_bytes()).short();
        let text = serde_json::to_string(self).unwrap_or_default();
        vault.write_file(&file(&handle), &text)?;
        Ok(handle)
    }

    /// Takes one up that was kept.
    pub fn take_up(vault: &Vault, handle: &str) -> Result<Self, Failure> {
        let legal = handle.len() == 8 && handle.bytes().all(|byte| byte.is_ascii_hexdigit());
        let text = if legal { vault.read_file(&file(handle))? } else { None };
        let begun = text.and_then(|text| serde_json::from_str(&text).ok());
        begun.ok_or_else(|| {
            let title = format!("there is no sign-in `{handle}` under way");
            Problem::new("D1-AUTH-016", Category::Usage, title)
                .leaving("nothing was changed")
                .next("begin one: d1-doctor login --no-wait --json")
                .into()
        })
    }

    /// Forgets one that was kept: it is over.
    pub fn forget(vault: &Vault, handle: &str) -> Result<(), Failure> {
        vault.remove_file(&file(handle))
    }
}

fn file(handle: &str) -> String {
    format!("login-{handle}.json")
}

/// Begins a sign-in.
pub async fn begin(cloud: &Cloud, device: &str) -> Result<Begun, Failure> {
    let ask = |request| cloud.http.send(request);
    let scopes = SCOPES.split(' ').map(|scope| Scope::new(scope.to_owned()));
    let request = cloud.oauth.exchange_device_code().add_scopes(scopes);
    let answer = request.add_extra_param("device_label", device.to_owned()).request_async(&ask);
    let details: StandardDeviceAuthorizationResponse =
        answer.await.map_err(|error| failure(error, &cloud.address))?;
    let page = details.verification_uri().as_str();
    if !is_web(page) || details.verification_uri_complete().is_some_and(|it| !is_web(it.secret())) {
        return Err(nonsense("the page it names is not one of the web"));
    }
    Ok(Begun { cloud: cloud.address.clone(), details })
}

/// Waits until the person has decided, and keeps what comes of it.
pub async fn finish(
    cloud: &Cloud,
    begun: &Begun,
    vault: &Vault,
    clock: &dyn Clock,
) -> Result<Account, Failure> {
    let ask = |request| cloud.http.send(request);
    let request = cloud.oauth.exchange_device_access_token(&begun.details);
    let answer = request.request_async(&ask, tokio::time::sleep, None).await;
    let answer = answer.map_err(|error| declined(error, &cloud.address))?;
    welcome(cloud, tokens(answer), vault, clock).await
}

/// Asks who it is that was signed in, and keeps them.
pub(super) async fn welcome(
    cloud: &Cloud,
    tokens: Tokens,
    vault: &Vault,
    clock: &dyn Clock,
) -> Result<Account, Failure> {
    let client = ApiClient::new(&cloud.address, &tokens.access);
    let client = client.map_err(|error| Failure::from(error.problem()))?;
    let me = client.me().await.map_err(|error| Failure::from(error.problem()))?;
    let account = Account {
        cloud: cloud.address.clone(),
        login: me.login.unwrap_or_else(|| me.account.to_string()),
        account: me.account,
        scopes: me.scopes,
        good_until: tokens.good_until(clock.now()),
        access_token: tokens.access,
        refresh_token: tokens.refresh,
    };
    vault.put(account.clone())?;
    Ok(account)
}

fn declined(
    error: RequestTokenError<BoundedHttpError, DeviceCodeErrorResponse>,
    address: &str,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(told) => {
            let said = told.error_description().cloned().unwrap_or_default();
            refused(told.error().as_ref(), &said, address)
        }
        RequestTokenError::Request(error) => unreachable(&error.to_string()),
        RequestTokenError::Parse(error, _) => nonsense(&error.to_string()),
        RequestTokenError::Other(error) => nonsense(&error),
    }
}

/// Only such a page is ever shown or opened.
fn is_web(page: &str) -> bool {
    (page.starts_with("https://") || page.starts_with("http://"))
        && page.bytes().all(|byte| byte.is_ascii_graphic())
}
