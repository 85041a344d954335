//! The console's server functions, for its islands.

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use gatehouse_app::{ApiError, ConsoleContext};
use http::StatusCode;
use leptos::prelude::provide_context;
use leptos::server_fn::axum::get_server_fn_service;

pub(super) async fn call(Extension(context): Extension<ConsoleContext>, request: Request) -> Response {
    if get_server_fn_service(request.uri().path(), request.method().clone()).is_none() {
        return refused(&ApiError::not_found(&context.facts.request_id)).into_response();
    }
    leptos_axum::handle_server_fns_with_context(move || provide_context(context.clone()), request)
        .await
        .into_response()
}

/// An error as server functions answer it.
pub(super) fn refused(error: &ApiError) -> (StatusCode, Json<&ApiError>) {
    let status = StatusCode::from_u16(error.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(error))
}
