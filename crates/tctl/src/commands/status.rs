use gatehouse_client::present::{Format, table_time};
use gatehouse_model::Timestamp;
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::GetStatusResponse;
use serde::Serialize;

use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

#[derive(Serialize)]
struct StatusView {
    cluster: String,
    cluster_id: String,
    version: String,
    storage_engine: String,
    started: Option<Timestamp>,
    device_trust_mode: String,
    devices: i64,
    devices_enrolled: i64,
    users: i64,
    active_sessions: i64,
    x509_user_ca: String,
    ssh_user_ca: String,
    ca_pin: String,
    tls_not_after: Option<Timestamp>,
}

impl From<GetStatusResponse> for StatusView {
    fn from(status: GetStatusResponse) -> Self {
        let moment = |wire: Option<_>| wire.as_ref().and_then(|wire| read_timestamp(wire).ok());
        Self {
            cluster: status.cluster_name,
            cluster_id: status.cluster_id,
            version: status.server_version,
            storage_engine: status.storage_engine,
            started: moment(status.started),
            device_trust_mode: status.device_trust_mode,
            devices: status.devices,
            devices_enrolled: status.devices_enrolled,
            users: status.users,
            active_sessions: status.active_sessions,
            x509_user_ca: status.x509_user_ca_fingerprint,
            ssh_user_ca: status.ssh_user_ca_fingerprint,
            ca_pin: status.tls_pin,
            tls_not_after: moment(status.tls_not_after),
        }
    }
}

/// Shows the state of the cluster.
pub(crate) async fn run(server: &ServerArgs, format: Format) -> Outcome {
    let connection = connect(server).await?;
    let view = StatusView::from(connection.status().get_status(()).await?.into_inner());
    output::data(format, &view, || text(&view))?;
    Ok(0)
}

fn text(view: &StatusView) -> String {
    let lines = [
        ("Cluster", view.cluster.clone()),
        ("Cluster ID", view.cluster_id.clone()),
        ("Version", view.version.clone()),
        ("Storage", view.storage_engine.clone()),
        ("Started", table_time(view.started)),
        ("Device trust mode", view.device_trust_mode.clone()),
        ("Devices", format!("{} ({} enrolled)", view.devices, view.devices_enrolled)),
        ("Users", view.users.to_string()),
        ("Active sessions", view.active_sessions.to_string()),
        ("X.509 user CA", view.x509_user_ca.clone()),
        ("SSH user CA", view.ssh_user_ca.clone()),
        ("CA pin", view.ca_pin.clone()),
        ("TLS certificate ends", table_time(view.tls_not_after)),
    ];
    lines.iter().map(|(name, value)| format!("{}\n", format!("{name:<21} {value}").trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_a_line_each() {
        let view = StatusView::from(GetStatusResponse {
            cluster_name: "gatehouse".to_owned(),
            devices: 3,
            devices_enrolled: 2,
            ..GetStatusResponse::default()
        });
        let text = text(&view);
        assert!(text.starts_with("Cluster               gatehouse\n"));
        assert!(text.contains("Devices               3 (2 enrolled)\n"));
        assert!(text.contains("Started\n"), "{text}");
    }
}
