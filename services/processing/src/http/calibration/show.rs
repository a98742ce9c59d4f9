//! `GET /processing/calibration`

use actix_web::web::Data;
use web::{ApiError, Caller, Reply};

use super::response::CalibrationResponse;
use crate::app::App;
use crate::usecases;

/// Shows from which score on a label stands without a person, what that is proven with, and what would bring more.
#[utoipa::path(
    get, path = "/api/v1/processing/calibration", tag = "processing", operation_id = "show_calibration",
    responses((status = 200, description = "What is in force, and its evidence.", body = CalibrationResponse))
)]
pub(crate) async fn show_calibration(app: Data<App>, caller: Caller) -> Result<Reply, ApiError> {
    let calibration = usecases::show_calibration::show_calibration(&app, caller.tenant()).await?;
    Ok(Reply::ok(&CalibrationResponse::from(calibration)))
}
