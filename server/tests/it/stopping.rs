use std::sync::Arc;

use tokio::net::TcpStream;

use crate::client::{config, get};
use crate::harness::start;

#[tokio::test]
async fn what_is_in_flight_is_finished_and_nothing_new_is_taken() {
    let server = start().await;
    let client = config(&server.certificate, &["http/1.1"], None);
    let address = server.address;
    let held = {
        let client = Arc::clone(&client);
        tokio::spawn(async move { get(address, &client, "/held").await })
    };
    server.asked.notified().await;
    server.stop.cancel();
    // The port closes at once; the connection in flight does not.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!server.task.is_finished());
    server.release.notify_one();
    assert_eq!(held.await.unwrap().unwrap().body, "released");
    server.task.await.unwrap();
    assert!(!server.folder.path().join("data/admin.sock").exists());
}
