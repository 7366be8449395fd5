//! What the forms hold, for the description of the API. They are read field by field
//! ([`Form`](super::Form)): a field that nobody knows is let be, as RFC 6749 §3.1 has it.

use utoipa::ToSchema;

/// A program begins to sign somebody in (RFC 8628 §3.1).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a form that is read field by field")]
pub(super) struct DeviceCodeForm {
    /// Which program: `d1-cli`.
    #[schema(min_length = 1)]
    client_id: String,
    /// What it asks for: names and spaces.
    scope: Option<String>,
    /// Where the tokens are for (RFC 8707).
    resource: Option<String>,
    /// Whoever collects the tokens shows what this is the SHA-256 of (RFC 7636).
    code_challenge: Option<String>,
    /// `S256`
    code_challenge_method: Option<String>,
    /// What the device calls itself, for the person who decides.
    device_label: Option<String>,
}

/// A program asks for tokens (RFC 6749 §4.1.3 and §6, RFC 8628 §3.4).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a form that is read field by field")]
pub(super) struct TokenForm {
    /// `urn:ietf:params:oauth:grant-type:device_code`, `authorization_code` or `refresh_token`.
    #[schema(min_length = 1)]
    grant_type: String,
    /// Which program.
    #[schema(min_length = 1)]
    client_id: String,
    /// Of a code that was typed.
    device_code: Option<String>,
    /// Of a browser on the same machine.
    code: Option<String>,
    /// Where that code was sent to.
    redirect_uri: Option<String>,
    /// What the challenge is the SHA-256 of (RFC 7636).
    code_verifier: Option<String>,
    /// Of tokens that there were before.
    refresh_token: Option<String>,
    /// What the next ones may do; no more than the ones before.
    scope: Option<String>,
    /// Where the next ones are for (RFC 8707).
    resource: Option<String>,
}

/// A program ends a sign-in (RFC 7009).
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes a form that is read field by field")]
pub(super) struct RevokeForm {
    /// Which program.
    #[schema(min_length = 1)]
    client_id: String,
    /// One of its tokens.
    #[schema(min_length = 1)]
    token: String,
}
