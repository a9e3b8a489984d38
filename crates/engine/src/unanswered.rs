//! Telling a broker that does not answer from one that refuses.

use std::error::Error;

use async_nats::jetstream::context::{CreateStreamError, CreateStreamErrorKind, RequestError, RequestErrorKind};
use async_nats::jetstream::stream::{ConsumerError, ConsumerErrorKind};
use async_nats::jetstream::{self, ErrorCode};

/// Whether an error says that JetStream gave no answer: not in time, or because it is not up, as while the broker starts
/// or a cluster has no leader. What else went wrong would go wrong again.
///
/// A request that the broker does not permit is not answered either; it tells of that through the connection's events.
#[must_use]
pub fn is_unanswered(error: &(dyn Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(this) = error {
        if says_so(this) {
            return true;
        }
        error = this.source();
    }
    false
}

fn says_so(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<RequestError>() {
        matches!(error.kind(), RequestErrorKind::TimedOut | RequestErrorKind::NoResponders)
    } else if let Some(error) = error.downcast_ref::<CreateStreamError>() {
        matches!(error.kind(), CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::JetStreamUnavailable)
    } else if let Some(error) = error.downcast_ref::<ConsumerError>() {
        matches!(error.kind(), ConsumerErrorKind::TimedOut)
    } else if let Some(error) = error.downcast_ref::<jetstream::Error>() {
        [ErrorCode::CLUSTER_NOT_AVAILABLE, ErrorCode::CLUSTER_NOT_LEADER].contains(&error.error_code())
    } else {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind, KeyValueError, KeyValueErrorKind};

    #[test]
    fn a_time_out_is_no_answer_however_deep_it_lies() {
        let timed_out = || RequestError::new(RequestErrorKind::TimedOut);
        let bucket = |request: RequestError| {
            let stream = GetStreamError::with_source(GetStreamErrorKind::Request, request);
            KeyValueError::with_source(KeyValueErrorKind::GetBucket, stream)
        };
        assert!(is_unanswered(&timed_out()));
        assert!(is_unanswered(&bucket(timed_out())));
        assert!(is_unanswered(&bucket(RequestError::new(RequestErrorKind::NoResponders))));
        assert!(!is_unanswered(&bucket(RequestError::new(RequestErrorKind::InvalidSubject))));
        assert!(is_unanswered(&CreateStreamError::new(CreateStreamErrorKind::JetStreamUnavailable)));
        assert!(!is_unanswered(&CreateStreamError::new(CreateStreamErrorKind::EmptyStreamName)));
    }

    #[test]
    fn what_the_broker_says_is_an_answer_unless_it_says_not_now() {
        let said = |code: u64| {
            let body = serde_json::json!({ "code": 503, "err_code": code, "description": "x" });
            let error: jetstream::Error = serde_json::from_value(body).expect("an error");
            GetStreamError::with_source(GetStreamErrorKind::Request, error)
        };
        assert!(is_unanswered(&said(10_008)));
        assert!(!is_unanswered(&said(10_076)), "without JetStream it would be in vain to try again");
    }
}
