//! The list agrees, at every moment, with what is stored of the devices: compared with a model that knows neither
//! indexes nor cells.

use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_domain::device::Findable;
use gatehouse_domain::entity::*;
use gatehouse_domain::ports::{Store, UnitOfWork};
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{AssetTag, AttestationTier, DeviceOrigin, EnrollStatus, OsType, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRng, TestRunner};

use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, event, lock, record, user};

on_both_engines!(
    every_list_is_what_the_devices_say,
    a_scan_that_finds_too_little_stops_and_goes_on,
    a_search_looks_only_at_what_its_filter_admits,
    a_common_word_is_found_wherever_the_devices_that_have_it_stand,
    a_device_is_listed_by_everything_that_is_known_of_it,
    locks_and_staleness_follow_the_clock,
    devices_of_an_earlier_release_are_listed_when_the_database_is_opened,
    days_are_counted,
);

const USERS: [&str; 4] = ["alice", "bob.smith", "carol@example.com", "dave"];
const MODELS: [&str; 5] = ["", "ThinkPad X1", "thinkpad t14", "MacBookPro18,3", "Latitude <b>\u{202e}5440"];

fn request(words: &[String]) -> ListRequest<'_> {
    ListRequest {
        filter: ListFilter::default(),
        words,
        order: ListOrder::Tag,
        descending: false,
        after: None,
        limit: 1000,
        counted: false,
        now: at(1000),
    }
}

/// One device of the model.
#[derive(Clone, Debug)]
struct Known {
    listed: ListedDevice,
    words: Vec<String>,
    is_locked: bool,
}

/// What the list should be, from what is stored.
async fn model(work: &mut dyn UnitOfWork, now: Timestamp) -> Vec<Known> {
    let locks = work.locks().await.unwrap();
    let mut all = Vec::new();
    for device in work.devices(None, 100_000).await.unwrap() {
        let listed = work.listed_device(&device.id).await.unwrap().unwrap();
        let tier = work.credentials_of_device(&device.id).await.unwrap().first().map(|c| c.tier);
        let users = work.device_users(&device.id).await.unwrap();
        let told = work.collected(&device.id).await.unwrap().into_iter().next().map(|record| record.data);
        let model = told.as_ref().map(|data| data.model_identifier.clone()).unwrap_or_default();
        let mdm = device.profile.as_ref().map(|profile| profile.model_identifier.clone());
        let model = if model.is_empty() { mdm.unwrap_or_default() } else { model };
        let model = gatehouse_model::clean_label(&model);
        let serial = told.as_ref().map(|data| data.serial_number.clone()).unwrap_or_default();
        let owner = device.owner.clone().or(users.first().cloned()).unwrap_or_default();
        let ends = locks.iter().filter(|lock| lock.target.device.as_ref() == Some(&device.id));
        let end = ends.map(|lock| lock.expires.map_or(i64::MAX, Timestamp::micros)).max();
        let cell = Cell {
            os: device.os_type,
            status: device.enroll_status,
            tier,
            origin: device.source.as_ref().map(|source| source.origin),
            stale: listed.cell.stale,
            locked: listed.cell.locked,
        };
        let expected = ListedDevice {
            sequence: listed.sequence,
            device_id: device.id.clone(),
            cell,
            asset_tag: device.asset_tag.to_string(),
            model: model.clone(),
            serial: serial.clone(),
            owner: owner.clone(),
            other_users: i64::try_from(users.iter().filter(|user| **user != owner).count()).unwrap(),
            last_authenticated: device.last_authenticated,
            locked_until: listed.locked_until,
            keys: SortKeys { tag: device.asset_tag.normalised(), model: model.to_lowercase() },
        };
        assert_eq!(listed, expected);
        let mut names = users.clone();
        names.push(owner);
        let findable = Findable {
            id: &device.id,
            labels: vec![device.asset_tag.as_str(), &model, &serial],
            users: names.iter().map(String::as_str).collect(),
        };
        let words = findable.words().into_iter().collect();
        let is_locked = end.is_some_and(|end| end > now.micros());
        assert_eq!(listed.is_locked(now), is_locked, "{device:?}");
        assert!(listed.cell.locked || !is_locked);
        all.push(Known { listed, words, is_locked });
    }
    all
}

fn expected(all: &[Known], request: &ListRequest<'_>) -> Vec<String> {
    let filter = &request.filter;
    let mut kept: Vec<&Known> = all
        .iter()
        .filter(|known| {
            let cell = known.listed.cell;
            filter.os.is_none_or(|os| os == cell.os)
                && filter.status.is_none_or(|status| status == cell.status)
                && filter.tier.is_none_or(|tier| tier == cell.tier)
                && filter.origin.is_none_or(|origin| origin == cell.origin)
                && (!filter.stale || cell.stale)
                && (!filter.locked || known.is_locked)
                && request.words.iter().all(|word| known.words.iter().any(|of| of.starts_with(word)))
        })
        .collect();
    kept.sort_by(|a, b| {
        let (a, b) = (&a.listed, &b.listed);
        let by = match request.order {
            ListOrder::Tag => std::cmp::Ordering::Equal,
            ListOrder::Os => a.cell.os.cmp(&b.cell.os),
            ListOrder::Model => a.model.to_lowercase().cmp(&b.model.to_lowercase()),
            ListOrder::Owner => a.owner.cmp(&b.owner),
            ListOrder::Status => (a.cell.status as i32).cmp(&(b.cell.status as i32)),
            ListOrder::Tier => a.cell.tier.cmp(&b.cell.tier),
            ListOrder::Source => a.cell.origin.map(|o| o as i32).cmp(&b.cell.origin.map(|o| o as i32)),
            ListOrder::Seen => a.last_authenticated.cmp(&b.last_authenticated),
        };
        by.then_with(|| a.asset_tag.to_lowercase().cmp(&b.asset_tag.to_lowercase()))
            .then_with(|| a.sequence.cmp(&b.sequence))
    });
    if request.descending {
        kept.reverse();
    }
    kept.into_iter().map(|known| known.listed.device_id.clone()).collect()
}

/// All pages, one after the other; and from the last one all the way back.
async fn pages(work: &mut dyn UnitOfWork, wanted: &ListRequest<'_>) -> (Vec<String>, Vec<String>) {
    let mut forward: Vec<ListedDevice> = Vec::new();
    let mut place = None;
    loop {
        let request = ListRequest { after: place.clone(), ..wanted.clone() };
        let part = work.listed(&request).await.unwrap();
        let is_full = part.devices.len() == wanted.limit;
        assert!(part.devices.len() <= wanted.limit);
        forward.extend(part.devices);
        match part.stopped_at {
            Some(stop) => place = Some(stop),
            None if is_full => place = forward.last().map(|device| device.place(wanted.order)),
            None => break,
        }
    }
    let mut backward: Vec<ListedDevice> = forward.last().cloned().into_iter().collect();
    let mut place = backward.last().map(|device| device.place(wanted.order));
    while place.is_some() {
        let request = ListRequest { after: place.clone(), descending: !wanted.descending, ..wanted.clone() };
        let part = work.listed(&request).await.unwrap();
        let is_full = part.devices.len() == wanted.limit;
        backward.extend(part.devices);
        place = match part.stopped_at {
            Some(stop) => Some(stop),
            None if is_full => backward.last().map(|device| device.place(wanted.order)),
            None => None,
        };
    }
    backward.reverse();
    let ids = |devices: Vec<ListedDevice>| devices.into_iter().map(|device| device.device_id).collect();
    (ids(forward), ids(backward))
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

fn some_device(dice: &mut Dice, number: usize) -> Device {
    let os = dice.pick(&OsType::ALL);
    let tag = format!("{}-{:04}", dice.pick(&["ACME-LT", "acme-ws", "Ä", "zz"]), number % 700);
    let mut some = device(&format!("id-{number:04}"), os, &tag);
    some.enroll_status = EnrollStatus::NotEnrolled;
    some.owner = dice.one_in(2).then(|| dice.pick(&USERS).to_owned());
    some.source = dice.one_in(2).then(|| DeviceSource {
        name: "x".to_owned(),
        origin: dice.pick(&[DeviceOrigin::Api, DeviceOrigin::Jamf, DeviceOrigin::Intune]),
    });
    let mdm = DeviceProfile { model_identifier: dice.pick(&MODELS).to_owned(), ..DeviceProfile::default() };
    some.profile = dice.one_in(2).then_some(mdm);
    some.last_authenticated = dice.one_in(2).then(|| at(i64::try_from(dice.roll(50)).unwrap()));
    some
}

/// Enough devices for every way of reading a list.
async fn inventory(store: &Arc<dyn Store>, dice: &mut Dice) {
    let mut work = store.begin().await.unwrap();
    for name in USERS {
        work.insert_user(&user(name)).await.unwrap();
    }
    let mut ids = Vec::new();
    for number in 0..1400 {
        let some = some_device(dice, number);
        if work.device_by_tag(some.os_type, &some.asset_tag.normalised()).await.unwrap().is_none() {
            work.insert_device(&some).await.unwrap();
            ids.push(some);
        }
    }
    work.commit().await.unwrap();
    for some in &mut ids {
        if !dice.one_in(4) {
            continue;
        }
        let mut work = store.begin().await.unwrap();
        match dice.roll(7) {
            0 | 1 => {
                let mut key = credential(some.os_type, &format!("c-{}", some.id), &some.id, 5);
                key.tier = dice.pick(&[
                    AttestationTier::BareKey,
                    AttestationTier::TpmEkpub,
                    AttestationTier::TpmEkcert,
                    AttestationTier::TpmEkcertTrusted,
                ]);
                work.put_credential(&key).await.unwrap();
                some.enroll_status = EnrollStatus::Enrolled;
                work.update_device(some).await.unwrap();
            }
            2 => {
                for name in &USERS[..dice.roll(4)] {
                    work.add_device_user(&some.id, name, at(1)).await.unwrap();
                }
            }
            3 => {
                let mut told = record(RecordKind::Authenticate, 7);
                told.data.model_identifier = dice.pick(&MODELS).to_owned();
                work.add_collected(&some.id, &told).await.unwrap();
            }
            4 => {
                let target = LockTarget { device: Some(some.id.clone()), ..LockTarget::default() };
                let mut new = lock(&format!("l-{}", some.id), target, 1);
                new.expires = dice.pick(&[None, Some(at(900)), Some(at(1100))]);
                work.insert_lock(&new).await.unwrap();
                if dice.one_in(3) {
                    work.commit().await.unwrap();
                    work = store.begin().await.unwrap();
                    work.delete_lock(&new.id).await.unwrap();
                }
            }
            5 => assert!(work.delete_device(&some.id).await.unwrap()),
            _ => {
                some.asset_tag = AssetTag::try_from(format!("renamed {}", some.id)).unwrap();
                some.last_authenticated = Some(at(60));
                work.update_device(some).await.unwrap();
            }
        }
        work.commit().await.unwrap();
    }
    let mut work = store.begin().await.unwrap();
    work.delete_user("dave").await.unwrap();
    work.turn_stale(at(30).plus_secs(STALE_SECS), 100_000).await.unwrap();
    work.commit().await.unwrap();
}

type Wanted = (ListFilter, Vec<String>, ListOrder, bool, usize);

fn wanted() -> impl Strategy<Value = Wanted> {
    let os = proptest::option::weighted(0.3, select(OsType::ALL.to_vec()));
    let status =
        proptest::option::weighted(0.3, select(vec![EnrollStatus::NotEnrolled, EnrollStatus::Enrolled]));
    let tiers = vec![None, Some(AttestationTier::BareKey), Some(AttestationTier::TpmEkcertTrusted)];
    let origins = vec![None, Some(DeviceOrigin::Api), Some(DeviceOrigin::Intune)];
    let tier = proptest::option::weighted(0.3, select(tiers));
    let origin = proptest::option::weighted(0.3, select(origins));
    let flags = (proptest::bool::weighted(0.2), proptest::bool::weighted(0.2));
    let filter = (os, status, tier, origin, flags).prop_map(|(os, status, tier, origin, (stale, locked))| {
        ListFilter { os, status, tier, origin, stale, locked }
    });
    let words = [
        "i",
        "id-0",
        "a",
        "acme-lt-00",
        "alice",
        "thinkpad",
        "smith",
        "think",
        "0012",
        "ä",
        "%",
        "b>",
        "nothing",
    ];
    let words = words.map(str::to_owned).to_vec();
    let words = prop_oneof![Just(Vec::new()), proptest::sample::subsequence(words, 1..3),];
    (filter, words, select(ListOrder::ALL.to_vec()), any::<bool>(), select(vec![7_usize, 51, 300]))
}

async fn every_list_is_what_the_devices_say(store: Arc<dyn Store>) {
    let mut dice = Dice(1);
    inventory(&store, &mut dice).await;
    let now = at(1000);
    let mut work = store.lists().await.unwrap();
    let all = model(work.as_mut(), now).await;
    assert!(all.len() > 1100, "{}", all.len());
    let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let work = tokio::sync::Mutex::new(work);
    let runtime = tokio::runtime::Handle::current();
    let checked = TestRunner::new_with_rng(config, rng).run(&wanted(), |wanted: Wanted| {
        let (filter, words, order, descending, limit) = wanted;
        let request =
            ListRequest { filter, words: &words, order, descending, after: None, limit, counted: true, now };
        let (found, back, count) = tokio::task::block_in_place(|| {
            runtime.block_on(async {
                let work = &mut *work.lock().await;
                let (found, back) = pages(work.as_mut(), &request).await;
                (found, back, work.listed(&request).await.unwrap().count.unwrap())
            })
        });
        let expected = expected(&all, &request);
        if found != expected || back != expected {
            return Err(TestCaseError::fail(format!(
                "{} of {} found, {} on the way back",
                found.len(),
                expected.len(),
                back.len()
            )));
        }
        let exactly = ListCount::Exactly(i64::try_from(expected.len()).unwrap());
        if count != exactly && (count != ListCount::Uncounted || words.is_empty()) {
            return Err(TestCaseError::fail(format!("{count:?} for {exactly:?}")));
        }
        Ok(())
    });
    if let Err(error) = checked {
        panic!("{error}");
    }
}

async fn a_scan_that_finds_too_little_stops_and_goes_on(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for number in 0..4000 {
        let tag = if number < 2800 { format!("A{number:04}") } else { format!("Z{number:04} common") };
        let mut some = device(&format!("d{number}"), OsType::Linux, &tag);
        (some.owner, some.profile) = (None, None);
        work.insert_device(&some).await.unwrap();
    }
    work.commit().await.unwrap();
    let words = ["common".to_owned()];
    let mut work = store.lists().await.unwrap();
    let wanted = ListRequest { limit: 51, ..request(&words) };
    let first = work.listed(&wanted).await.unwrap();
    assert_eq!(first.devices, []);
    let stop = first.stopped_at.clone().unwrap();
    assert_eq!(stop.tag, "a1499", "1500 devices were looked at");
    let second = work.listed(&ListRequest { after: Some(stop), ..wanted.clone() }).await.unwrap();
    assert_eq!((second.devices.len(), second.stopped_at), (51, None));
    let (found, back) = pages(work.as_mut(), &wanted).await;
    assert_eq!(found.len(), 1200);
    assert_eq!(back, found);
}

async fn a_search_looks_only_at_what_its_filter_admits(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for number in 0..3800 {
        let (os, tag) = match number {
            0..2600 => (OsType::Linux, format!("A{number:04}")),
            _ => (OsType::Windows, format!("Z{number:04} common")),
        };
        let mut some = device(&format!("d{number}"), os, &tag);
        (some.owner, some.profile) = (None, None);
        work.insert_device(&some).await.unwrap();
    }
    work.commit().await.unwrap();
    let words = ["common".to_owned()];
    let filter = ListFilter { os: Some(OsType::Windows), ..ListFilter::default() };
    let mut work = store.lists().await.unwrap();
    let wanted = ListRequest { limit: 51, filter, ..request(&words) };
    let first = work.listed(&wanted).await.unwrap();
    assert_eq!((first.devices.len(), first.stopped_at), (51, None), "2600 others stand before them");
    let (found, back) = pages(work.as_mut(), &wanted).await;
    assert_eq!(found.len(), 1200);
    assert_eq!(back, found);
}

async fn a_common_word_is_found_wherever_the_devices_that_have_it_stand(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for number in 0..3 {
        work.insert_user(&user(&format!("olga.{number}"))).await.unwrap();
    }
    for number in 0..4500 {
        let (os, tag) = match number {
            // More than are looked at in one go, on both sides.
            0..1600 => (OsType::Windows, format!("A{number:04}")),
            1600..3200 => (OsType::Windows, format!("Z{number:04}")),
            3200..4300 => (OsType::Macos, format!("NYC-{number:04}")),
            // Few that have the word elsewhere, or on another system.
            4300..4340 => (OsType::Macos, format!("B-NYC-{number:04}")),
            4340..4380 => (OsType::Linux, format!("NYC-{number:04}")),
            4380..4420 => (OsType::Linux, format!("Y{number:04} nyc")),
            _ => (OsType::Macos, format!("M{number:04}")),
        };
        let mut some = device(&format!("d{number}"), os, &tag);
        (some.owner, some.profile) = (None, None);
        if (3200..4300).contains(&number) {
            let model_identifier = format!("MacBook {}", number % 5);
            some.profile = Some(DeviceProfile { model_identifier, ..DeviceProfile::default() });
            some.owner = Some(format!("olga.{}", number % 3));
        }
        some.last_authenticated = Some(at(number * 7919 % 4500));
        work.insert_device(&some).await.unwrap();
    }
    work.commit().await.unwrap();
    let mut work = store.lists().await.unwrap();
    let all = model(work.as_mut(), at(1000)).await;
    for text in ["nyc", "n", "nyc- nyc", "nyc-3 nyc", "mac", "olga", "nyc olga. macbook", "olga.1"] {
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        for (order, descending) in
            ListOrder::ALL.into_iter().flat_map(|order| [(order, false), (order, true)])
        {
            let wanted = ListRequest { limit: 51, order, descending, counted: true, ..request(&words) };
            let first = work.listed(&wanted).await.unwrap();
            assert_eq!(
                (first.devices.len(), &first.stopped_at),
                (51, &None),
                "{text}, {order:?}, {descending}"
            );
            let expected = expected(&all, &wanted);
            if words.len() == 1 {
                let count = i64::try_from(expected.len()).unwrap();
                assert_eq!(first.count, Some(ListCount::Exactly(count)));
            }
            let (found, back) = pages(work.as_mut(), &ListRequest { limit: 200, ..wanted }).await;
            assert_eq!(found, expected, "{text}, {order:?}, {descending}");
            assert_eq!(back, expected, "{text}, {order:?}, {descending}");
        }
    }
    let nothing = ["nyc-5".to_owned()];
    let wanted = ListRequest { limit: 51, counted: true, ..request(&nothing) };
    let found = work.listed(&wanted).await.unwrap();
    assert_eq!(found, ListPart { count: Some(ListCount::Exactly(0)), ..ListPart::default() });
}

async fn only(store: &Arc<dyn Store>, words: &str) -> Vec<String> {
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let part = store.lists().await.unwrap().listed(&request(&words)).await.unwrap();
    part.devices.into_iter().map(|device| device.device_id).collect()
}

async fn a_device_is_listed_by_everything_that_is_known_of_it(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in USERS {
        work.insert_user(&user(name)).await.unwrap();
    }
    let mut one = device("0b1c-22", OsType::Linux, "ACME-0042");
    one.owner = Some("alice".to_owned());
    work.insert_device(&one).await.unwrap();
    work.insert_device(&device("other", OsType::Windows, "X1")).await.unwrap();
    work.add_device_user("0b1c-22", "bob.smith", at(1)).await.unwrap();
    let mut told = record(RecordKind::Enroll, 5);
    told.data.serial_number = "SERIAL-77".to_owned();
    told.data.system_serial_number = "Default string".to_owned();
    told.data.model_identifier = "ThinkPad\u{200b} X1".to_owned();
    work.add_collected("0b1c-22", &told).await.unwrap();
    work.commit().await.unwrap();
    for words in [
        "acme",
        "0042",
        "acme-0042",
        "0b1c",
        "bob",
        "smith alice",
        "serial-7",
        "77",
        "thinkpad acm",
        "thinkpad x1",
    ] {
        assert_eq!(only(&store, words).await, ["0b1c-22"], "{words}");
    }
    for words in ["default", "cme", "bob carol", "22x", "%", "_", "thinkpad%"] {
        assert_eq!(only(&store, words).await, [""; 0], "{words}");
    }
    let listed = store.read().await.unwrap().listed_device("0b1c-22").await.unwrap().unwrap();
    assert_eq!((listed.model.as_str(), listed.serial.as_str()), ("ThinkPad X1", "SERIAL-77"));
    assert_eq!((listed.owner.as_str(), listed.other_users), ("alice", 1));

    let mut work = store.begin().await.unwrap();
    one.owner = None;
    one.asset_tag = AssetTag::try_from("ACME-0043").unwrap();
    work.update_device(&one).await.unwrap();
    work.delete_user("bob.smith").await.unwrap();
    work.commit().await.unwrap();
    for words in ["0042", "bob", "smith", "alice thinkpad"] {
        assert_eq!(only(&store, words).await, [""; 0], "{words}");
    }
    assert_eq!(only(&store, "acme 0043").await, ["0b1c-22"]);
    assert_eq!(store.read().await.unwrap().listed_device("none").await.unwrap(), None);
}

async fn locks_and_staleness_follow_the_clock(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut one = device("d1", OsType::Linux, "ONE");
    one.last_authenticated = Some(at(0));
    work.insert_device(&one).await.unwrap();
    let mut two = device("d2", OsType::Linux, "TWO");
    (two.last_authenticated, two.created) = (None, at(500));
    work.insert_device(&two).await.unwrap();
    let target = LockTarget { device: Some("d2".to_owned()), ..LockTarget::default() };
    let until = Lock { expires: Some(at(100)), ..lock("l1", target, 1) };
    work.insert_lock(&until).await.unwrap();
    work.commit().await.unwrap();

    let locked = ListFilter { locked: true, ..ListFilter::default() };
    let stale = ListFilter { stale: true, ..ListFilter::default() };
    let list = async |filter: ListFilter, now: Timestamp| {
        let mut work = store.read().await.unwrap();
        let asked = ListRequest { filter, now, counted: true, ..request(&[]) };
        let part = work.listed(&asked).await.unwrap();
        let count = part.count.unwrap();
        let ids: Vec<String> = part.devices.into_iter().map(|device| device.device_id).collect();
        assert_eq!(count, ListCount::Exactly(i64::try_from(ids.len()).unwrap()));
        ids
    };
    assert_eq!(list(locked, at(99)).await, ["d2"]);
    assert_eq!(list(locked, at(100)).await, [""; 0], "the end of a lock waits for nobody");

    let mut work = store.begin().await.unwrap();
    assert_eq!(work.forget_ended_locks(at(99), 10).await.unwrap(), 0);
    assert_eq!(work.forget_ended_locks(at(100), 10).await.unwrap(), 1);
    assert_eq!(work.turn_stale(at(-1).plus_secs(STALE_SECS), 10).await.unwrap(), 0);
    assert_eq!(work.turn_stale(at(0).plus_secs(STALE_SECS), 10).await.unwrap(), 1);
    work.commit().await.unwrap();
    assert_eq!(list(stale, at(100)).await, ["d1"]);
    assert_eq!(store.read().await.unwrap().listed_device("d2").await.unwrap().unwrap().locked_until, None);

    let mut work = store.begin().await.unwrap();
    one.updated = at(5);
    one.owner = None;
    work.update_device(&one).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(list(stale, at(100)).await, ["d1"], "a change is no authentication");
    let mut work = store.begin().await.unwrap();
    one.last_authenticated = Some(at(200));
    work.update_device(&one).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(list(stale, at(300)).await, [""; 0]);
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.turn_stale(at(500).plus_secs(STALE_SECS), 1).await.unwrap(), 1);
    assert_eq!(work.turn_stale(at(500).plus_secs(STALE_SECS), 9).await.unwrap(), 1);
    work.commit().await.unwrap();
    assert_eq!(list(stale, at(300)).await, ["d1", "d2"]);
    let mut work = store.begin().await.unwrap();
    work.delete_device("d1").await.unwrap();
    work.commit().await.unwrap();
    let counts: BTreeMap<i64, i64> = store
        .read()
        .await
        .unwrap()
        .cell_counts()
        .await
        .unwrap()
        .into_iter()
        .map(|(cell, devices)| (cell.number(), devices))
        .collect();
    assert_eq!(counts.values().sum::<i64>(), 1);
}

async fn devices_of_an_earlier_release_are_listed_when_the_database_is_opened(store: Arc<dyn Store>) {
    // What an earlier release does is tried in `upgrade.rs`; here, nothing of it is left to do.
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    drop(work);
    assert_eq!(store.read().await.unwrap().cell_counts().await.unwrap(), [], "nothing happened");
}

async fn days_are_counted(store: Arc<dyn Store>) {
    let day = |time: Timestamp| time.secs() / 86_400;
    let mut work = store.begin().await.unwrap();
    for (number, (name, reason, time)) in [
        ("device.enroll", "", 1),
        ("device.enroll", "", 2),
        ("device.enroll", "token_expired", 3),
        ("device.authenticate", "", 4),
        ("device.authenticate", "counters_went_back", 5),
        ("user.login", "login_failed", 6),
        ("device.enroll", "", 6 + 86_400),
    ]
    .into_iter()
    .enumerate()
    {
        let mut one = event(&format!("u{number}"), name, "alice", None, time);
        one.success = reason.is_empty();
        one.reason = reason.to_owned();
        work.append_event(&one).await.unwrap();
    }
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    work.append_event(&event("again", "device.enroll", "bob", None, 9)).await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    let count = |day: i64, detail: &str, count: i64| DailyCount { day, detail: detail.to_owned(), count };
    let first = day(at(1));
    let enrolments = work.daily_counts("device.enroll", first).await.unwrap();
    assert_eq!(enrolments, [count(first, "", 3), count(first, "token_expired", 1), count(first + 1, "", 1)]);
    let authentications = work.daily_counts("device.authenticate", first).await.unwrap();
    assert_eq!(authentications, [count(first, "counters_went_back", 1)]);
    assert_eq!(work.daily_counts("device.enroll", first + 1).await.unwrap(), [count(first + 1, "", 1)]);
    assert_eq!(work.daily_counts("user.login", first).await.unwrap(), []);
    work.put_daily_count("devices.enrolled", &count(first, "", 5)).await.unwrap();
    work.put_daily_count("devices.enrolled", &count(first, "", 6)).await.unwrap();
    assert_eq!(work.daily_counts("devices.enrolled", 0).await.unwrap(), [count(first, "", 6)]);
}
