//! The bodies and paths of the cloud's HTTP interface; `d1-doctor --json` prints the same.

mod list;
mod path;
mod problem;
mod request;
mod setup;

pub use list::{DeviceView, Devices, HealthView, SetupList};
pub use path::{
    APPROVE, CANCEL, CREATE, DEVICES, EVENTS, HEALTH, LINK, READY, RESUME, TASK, TASKS, UNDO,
};
pub use problem::{PROBLEM_JSON, ProblemBody};
pub use request::{CancelRequest, CreateRequest, ResumeRequest};
pub use setup::{ReceiptView, SetupView, StepView};
