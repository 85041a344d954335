use std::sync::Arc;

use gatehouse_domain::ports::Store;

use crate::engines::on_both_engines;
use crate::samples::at;

on_both_engines!(a_record_is_replaced_and_expires);

async fn a_record_is_replaced_and_expires(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.put_web_record(&[1; 32], "one", at(10)).await.unwrap();
    work.put_web_record(&[1; 32], "two", at(20)).await.unwrap();
    work.put_web_record(&[2; 32], "other", at(10)).await.unwrap();
    assert_eq!(work.web_record(&[1; 32], at(19)).await.unwrap().as_deref(), Some("two"));
    assert_eq!(work.web_record(&[1; 32], at(20)).await.unwrap(), None);
    assert_eq!(work.web_record(&[3; 32], at(1)).await.unwrap(), None);
    work.purge_web_records(at(11)).await.unwrap();
    assert_eq!(work.web_record(&[2; 32], at(1)).await.unwrap(), None);
    work.delete_web_record(&[1; 32]).await.unwrap();
    assert_eq!(work.web_record(&[1; 32], at(1)).await.unwrap(), None);
}
