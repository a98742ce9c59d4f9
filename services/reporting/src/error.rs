//! From the service's own errors to the public ones.

use common::ErrorCode;
use web::ApiError;

use crate::domain::PeriodError;
use crate::http::reversed;

impl From<PeriodError> for ApiError {
    fn from(error: PeriodError) -> Self {
        match error {
            PeriodError::Reversed => reversed(),
            PeriodError::TooManySteps => {
                Self::new(ErrorCode::InvalidRequest).message(format!("{error}.")).with("field", "interval")
            }
        }
    }
}
