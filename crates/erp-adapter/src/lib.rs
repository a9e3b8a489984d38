//! The ERP adapter: releases, invoices and master data come in; asks to confirm shipments and to bill go out.

use model::System;
use service::{About, Host};

/// Who this service is.
pub const ABOUT: About =
    About { name: "erp-adapter", version: env!("CARGO_PKG_VERSION"), description: env!("CARGO_PKG_DESCRIPTION") };

/// Checks what the settings name, before anything is started.
///
/// # Errors
/// When a profile is wrong, with its file and line.
pub fn check(settings: &adapter::Settings) -> anyhow::Result<()> {
    settings.check(System::Erp)
}

/// Serves until the host is told to end.
///
/// # Errors
/// When a profile is wrong, or a stream or bucket it needs is not there.
pub async fn serve(settings: adapter::Settings, host: Host) -> anyhow::Result<()> {
    adapter::serve(System::Erp, settings, host).await
}
