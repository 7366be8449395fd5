//! One method for every path.

use super::{ClientError, address::private, connection::asker, patience::Patience};
use crate::api::{
    self, CancelRequest, CreateRequest, Devices, MeView, PlanView, ProblemBody, Purged,
    ResumeRequest, SetupList, SetupView, SignRequest,
};
use d1_core::{Category, DeviceId, Problem, SetupId};
use reqwest::{
    Method, RequestBuilder, Response, StatusCode, Url,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::de::DeserializeOwned;
use std::{fmt, time::Duration};

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may take; planning asks the device, which may simulate for a while.
const ANSWER_WITHIN: Duration = Duration::from_secs(180);
/// The most bytes of an answer.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// A client of the cloud's HTTP interface.
#[derive(Clone)]
pub struct ApiClient {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) token: String,
    patience: Patience,
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl ApiClient {
    /// A client of the cloud at `base` (`https://d1.example`, or `http://127.0.0.1:7701` on this
    /// machine), presenting `token`.
    pub fn new(base: &str, token: &str) -> Result<Self, ClientError> {
        let url = private(base)?;
        let http = asker(base, CONNECT_WITHIN)?;
        Ok(Self { http, base: url, token: token.to_owned(), patience: Patience::default() })
    }

    /// A client that asks again when the cloud says when (`Retry-After`), as long as that is
    /// within `most`, and within a minute, of the first time it asked. A refusal like that
    /// changed nothing.
    #[must_use]
    pub fn patient(self, most: Duration) -> Self {
        Self { patience: Patience::of(most), ..self }
    }

    /// Makes a setup. With the same `key` and request it is made once.
    pub async fn create(
        &self,
        request: &CreateRequest,
        key: Option<&str>,
    ) -> Result<SetupView, ClientError> {
        let call = self.call(Method::POST, api::CREATE, None).json(request);
        let call = match key {
            Some(key) => call.header("Idempotency-Key", key),
            None => call,
        };
        self.read(call).await
    }

    /// One setup.
    pub async fn get(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::GET, api::TASK, Some(id))).await
    }

    /// Setups, newest first, from before `cursor` on.
    pub async fn list(&self, cursor: Option<SetupId>) -> Result<SetupList, ClientError> {
        let call = self.call(Method::GET, api::TASKS, None);
        let call = match cursor {
            Some(cursor) => call.header("D1-Cursor", cursor.to_string()),
            None => call,
        };
        self.read(call).await
    }

    /// Says yes to a setup.
    pub async fn approve(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::POST, api::APPROVE, Some(id))).await
    }

    /// Stops a setup.
    pub async fn cancel(
        &self,
        id: SetupId,
        request: CancelRequest,
    ) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::POST, api::CANCEL, Some(id)).json(&request)).await
    }

    /// Goes on with a setup.
    pub async fn resume(
        &self,
        id: SetupId,
        request: ResumeRequest,
    ) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::POST, api::RESUME, Some(id)).json(&request)).await
    }

    /// The plan of a setup, whole.
    pub async fn plan(&self, id: SetupId) -> Result<PlanView, ClientError> {
        self.read(self.call(Method::GET, api::PLAN, Some(id))).await
    }

    /// Hands over a person's signature under the plan of a setup.
    pub async fn sign(&self, id: SetupId, request: &SignRequest) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::POST, api::SIGN, Some(id)).json(request)).await
    }

    /// Takes back what a setup changed, by a setup of its own, which is started at once.
    pub async fn undo(&self, id: SetupId) -> Result<SetupView, ClientError> {
        self.read(self.call(Method::POST, api::UNDO, Some(id))).await
    }

    /// Who the caller is.
    pub async fn me(&self) -> Result<MeView, ClientError> {
        self.read(self.call(Method::GET, api::ME, None)).await
    }

    /// The devices that are linked.
    pub async fn devices(&self) -> Result<Devices, ClientError> {
        self.read(self.call(Method::GET, api::DEVICES, None)).await
    }

    /// Ends what waits for a device that is away.
    pub async fn purge(&self, device: DeviceId) -> Result<Purged, ClientError> {
        let path = api::PURGE.replace("{id}", &device.to_string());
        self.read(self.call(Method::POST, &path, None)).await
    }

    /// Asks, and asks again as long as there is patience.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        call: RequestBuilder,
    ) -> Result<T, ClientError> {
        let began = tokio::time::Instant::now();
        loop {
            let Some(try_now) = call.try_clone() else { return once(call).await };
            let answer = once(try_now).await;
            if !self.patience.waits(began, &answer).await {
                return answer;
            }
        }
    }

    pub(super) fn call(&self, method: Method, path: &str, id: Option<SetupId>) -> RequestBuilder {
        let mut url = self.base.clone();
        let path = match id {
            Some(id) => path.replace("{id}", &id.to_string()),
            None => path.to_owned(),
        };
        url.set_path(&path);
        self.http.request(method, url).bearer_auth(&self.token)
    }
}

async fn once<T: DeserializeOwned>(call: RequestBuilder) -> Result<T, ClientError> {
    let answer = call.timeout(ANSWER_WITHIN).send().await.map_err(ClientError::unreachable)?;
    let answer = accept(answer).await?;
    let body = bounded(answer).await?;
    serde_json::from_slice(&body).map_err(|error| ClientError::Nonsense(error.into()))
}

/// The answer, unless it is a refusal.
pub(super) async fn accept(answer: Response) -> Result<Response, ClientError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let waits = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let retry_after = retry_after(answer.headers());
    let body = bounded(answer).await?;
    let told = serde_json::from_slice::<ProblemBody>(&body).map(|body| body.problem);
    let problem = told.unwrap_or_else(|_| {
        Problem::new("D1-NET-004", Category::Network, format!("the cloud answered {status}"))
    });
    let problem = Box::new(problem);
    match retry_after.filter(|_| waits) {
        Some(retry_after) => Err(ClientError::Limited { problem, retry_after }),
        None => Err(ClientError::Refused(problem)),
    }
}

/// When to ask again: whole seconds; dates are not what our cloud says.
fn retry_after(fields: &HeaderMap) -> Option<Duration> {
    let seconds = fields.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

pub(super) async fn bounded(mut answer: Response) -> Result<Vec<u8>, ClientError> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(ClientError::unreachable)? {
        if body.len() + piece.len() > MAX_BODY {
            return Err(ClientError::Nonsense("the answer is larger than 16 MiB".into()));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
