//! The authorization server of a cloud.

use crate::failure::Failure;
use d1_core::{Category, Problem, Timestamp};
use d1_protocol::{ApiClient, BoundedHttp, BoundedHttpError, api};
use oauth2::{
    AuthUrl, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet, RefreshToken,
    RequestTokenError, StandardErrorResponse, TokenResponse as _, TokenUrl,
    basic::{BasicClient, BasicErrorResponseType, BasicTokenResponse},
};
use std::time::Duration;

/// What this program calls itself.
const CLIENT: &str = "d1-cli";

/// The client of the library, its addresses set.
pub(super) type Client =
    BasicClient<EndpointSet, EndpointSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// The authorization server of a cloud.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// Its address, as `http://host:port`.
    pub address: String,
    pub(super) oauth: Client,
    pub(super) http: BoundedHttp,
}

/// What a sign-in, or a refresh, gave.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) good_for: Option<Duration>,
    pub(super) refresh: Option<String>,
}

impl Cloud {
    /// The cloud at this address. Daemons are told the same one for links (`ws://`).
    pub fn at(address: &str) -> Result<Self, Failure> {
        let address = address.trim_end_matches('/');
        let address = match address.strip_prefix("ws://") {
            Some(host) => format!("http://{host}"),
            None => address.to_owned(),
        };
        // It knows which addresses may be asked.
        ApiClient::new(&address, "").map_err(|error| Failure::from(error.problem()))?;
        let at = |path: &str| format!("{address}{path}");
        let bad = |error: oauth2::url::ParseError| {
            let title = format!("`{address}` is not the address of a cloud");
            Problem::new("D1-NET-003", Category::Usage, title).because(error.to_string())
        };
        let oauth = BasicClient::new(ClientId::new(CLIENT.to_owned()))
            .set_auth_uri(AuthUrl::new(at(api::AUTHORIZE)).map_err(bad)?)
            .set_device_authorization_url(
                DeviceAuthorizationUrl::new(at(api::DEVICE_CODE)).map_err(bad)?,
            )
            .set_token_uri(TokenUrl::new(at(api::AUTH_TOKEN)).map_err(bad)?);
        let http =
            BoundedHttp::towards(&address).map_err(|error| unreachable(&error.to_string()))?;
        Ok(Self { address, oauth, http })
    }

    /// The next tokens.
    pub(super) async fn refresh(&self, token: &str) -> Result<Tokens, Failure> {
        let ask = |request| self.http.send(request);
        let token = RefreshToken::new(token.to_owned());
        let answer = self.oauth.exchange_refresh_token(&token).request_async(&ask).await;
        answer.map(tokens).map_err(|error| failure(error, &self.address))
    }

    /// Ends the sign-in of a token. One that is not known is ended already.
    pub(super) async fn end(&self, token: &str) -> Result<(), Failure> {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", CLIENT)
            .append_pair("token", token)
            .finish();
        let request = http::Request::post(format!("{}{}", self.address, api::AUTH_REVOKE))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into_bytes());
        let request = request.map_err(|error| unreachable(&error.to_string()))?;
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|error| unreachable(&error.to_string()))?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(unreachable(&format!("it answered {}", answer.status())))
    }
}

pub(super) fn tokens(answer: BasicTokenResponse) -> Tokens {
    Tokens {
        access: answer.access_token().secret().clone(),
        good_for: answer.expires_in(),
        refresh: answer.refresh_token().map(|token| token.secret().clone()),
    }
}

impl Tokens {
    /// When the access token has to be replaced.
    pub(super) fn good_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.good_for.map(|life| now.after(life))
    }
}

/// Why there are no tokens.
pub(super) fn failure(
    error: RequestTokenError<BoundedHttpError, StandardErrorResponse<BasicErrorResponseType>>,
    address: &str,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(told) => {
            let word = told.error().as_ref().to_owned();
            let said = told.error_description().cloned().unwrap_or_default();
            refused(&word, &said, address)
        }
        RequestTokenError::Request(error) => unreachable(&error.to_string()),
        RequestTokenError::Parse(error, _) => nonsense(&error.to_string()),
        RequestTokenError::Other(error) => nonsense(&error),
    }
}

/// What the server said, by its word for it.
pub(super) fn refused(word: &str, said: &str, address: &str) -> Failure {
    let login = format!("d1-doctor login --cloud {address}");
    let problem = match word {
        "access_denied" => {
            Problem::new("D1-AUTH-013", Category::Denied, "the sign-in was declined")
                .because("somebody said no on the page")
        }
        "expired_token" => Problem::new("D1-AUTH-014", Category::Auth, "the code has expired")
            .because("nobody said yes within the time that a code is good"),
        "invalid_grant" => Problem::new("D1-AUTH-010", Category::Auth, "the sign-in is over")
            .because("it was ended, or not used for a month, or its token was used elsewhere"),
        "temporarily_unavailable" => {
            let title = "nobody can sign in at this moment";
            Problem::new("D1-AUTH-503", Category::Network, title).because(said)
        }
        word => {
            let title = format!("the cloud does not let this program sign in: {word}");
            Problem::new("D1-AUTH-015", Category::Auth, title).because(said)
        }
    };
    problem.leaving("nothing was changed").next(login).into()
}

pub(super) fn unreachable(cause: &str) -> Failure {
    Problem::new("D1-NET-001", Category::Network, "the cloud cannot be reached")
        .because(cause)
        .leaving("nothing was changed")
        .next("see that it runs, and that the address is right")
        .into()
}

pub(super) fn nonsense(cause: &str) -> Failure {
    Problem::new("D1-NET-002", Category::Network, "the cloud’s answer makes no sense")
        .because(cause)
        .leaving("nothing was changed")
        .next("see that both are of versions that fit")
        .into()
}
