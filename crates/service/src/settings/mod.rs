//! Settings from flags and environment: a flag beats the environment, the environment beats a NATS context.

mod context;
mod environment;
mod nats;
mod policy;

pub use environment::{UnknownVariable, parse, refuse_unknown_env};
pub use nats::{Identity, NatsSettings, Server, SettingsError};
pub use policy::policy_text;

use crate::streams::Durability;
use std::net::SocketAddr;

/// How a process writes its log.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Log")]
pub struct LogSettings {
    /// How a line of log looks
    #[arg(long, value_enum, env = "WAYBILL_LOG_FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// What is logged: a level, or levels by module as in `info,engine=debug`
    #[arg(long = "log", env = "WAYBILL_LOG", value_name = "FILTER", default_value = "info,async_nats=warn")]
    pub log_filter: String,
}

/// How a line of log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Where a process answers over HTTP, if anywhere.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "HTTP")]
pub struct HttpSettings {
    /// Serve /livez, /readyz and /metrics here, such as 127.0.0.1:9100; without it there is no HTTP
    #[arg(long, env = "WAYBILL_HTTP", value_name = "ADDR")]
    pub http: Option<SocketAddr>,
}

/// How streams are kept when this process is the one that creates them.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Streams")]
pub struct StreamSettings {
    /// Replicas and size limits of streams that do not exist yet
    #[arg(long, value_enum, env = "WAYBILL_DURABILITY", default_value_t = Durability::Demo)]
    pub durability: Durability,
}
