//! The TMS adapter: bookings, milestones on the road and freight invoices come in; asks to book go out.

use model::System;
use service::{About, Host};

/// Who this service is.
pub const ABOUT: About =
    About { name: "tms-adapter", version: env!("CARGO_PKG_VERSION"), description: env!("CARGO_PKG_DESCRIPTION") };

/// Checks what the settings name, before anything is started.
///
/// # Errors
/// When a profile is wrong, with its file and line.
pub fn check(settings: &adapter::Settings) -> anyhow::Result<()> {
    settings.check(System::Tms)
}

/// Serves until the host is told to end.
///
/// # Errors
/// When a profile is wrong, or a stream or bucket it needs is not there.
pub async fn serve(settings: adapter::Settings, host: Host) -> anyhow::Result<()> {
    adapter::serve(System::Tms, settings, host).await
}
