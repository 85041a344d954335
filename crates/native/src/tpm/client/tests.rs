use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tpm2_protocol::frame::{TpmReadClockCommand, TpmReadClockResponse};

use super::*;

type Answers = VecDeque<io::Result<Vec<u8>>>;

/// Gives the prepared answers, one after another, and counts the commands.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<(Answers, usize)>>);

impl Transport for Script {
    fn transact(&mut self, _command: &[u8]) -> io::Result<Vec<u8>> {
        let mut inner = self.0.lock().unwrap();
        inner.1 += 1;
        inner.0.pop_front().unwrap_or_else(|| Ok(code(0x922)))
    }
}

fn code(code: u32) -> Vec<u8> {
    [&[0x80, 1, 0, 0, 0, 10], code.to_be_bytes().as_slice()].concat()
}

fn tpm(answers: Vec<io::Result<Vec<u8>>>) -> (Tpm, Script) {
    let script = Script(Arc::new(Mutex::new((answers.into(), 0))));
    let mut tpm = Tpm::new(Box::new(script.clone()));
    tpm.pause = |_| ();
    (tpm, script)
}

fn read_clock(tpm: &Tpm) -> Result<Reply, TpmError> {
    tpm.call::<_, TpmReadClockResponse>(&TpmReadClockCommand { handles: [] }, &[])
}

#[test]
fn a_busy_tpm_is_asked_again() {
    let (tpm, script) = tpm(vec![Ok(code(0x922)), Ok(code(0x908)), Ok(code(0x90a)), Ok(code(0))]);
    assert!(read_clock(&tpm).is_ok());
    assert_eq!(script.0.lock().unwrap().1, 4);
}

#[test]
fn a_tpm_that_stays_busy_is_given_up() {
    let (tpm, script) = tpm(vec![]);
    let error = read_clock(&tpm).err().unwrap();
    assert_eq!(error.to_string(), "TPM2_ReadClock failed: TPM_RC_RETRY (0x922)");
    assert_eq!(script.0.lock().unwrap().1, usize::try_from(ATTEMPTS).unwrap());
    let longest: Duration = (1..ATTEMPTS).map(pause_before).sum();
    assert!(longest < Duration::from_secs(4), "{longest:?}");
}

#[test]
fn lockout_has_its_own_error() {
    let (tpm, _) = tpm(vec![Ok(code(0x921))]);
    assert!(matches!(read_clock(&tpm), Err(TpmError::Lockout)));
}

#[test]
fn malformed_answers_are_refused() {
    let sessions_too_long = [&[0x80, 2, 0, 0, 0, 14, 0, 0, 0, 0], [0xff; 4].as_slice()].concat();
    for answer in [vec![], vec![0x80], [code(0), vec![1]].concat(), vec![0; 10], sessions_too_long] {
        let (tpm, _) = tpm(vec![Ok(answer.clone())]);
        assert!(matches!(read_clock(&tpm), Err(TpmError::Malformed { .. })), "{answer:?}");
    }
}

#[test]
fn nothing_is_sent_after_a_broken_exchange() {
    let (tpm, script) = tpm(vec![Err(io::ErrorKind::TimedOut.into()), Ok(code(0))]);
    assert!(matches!(read_clock(&tpm), Err(TpmError::Exchange { .. })));
    assert!(matches!(read_clock(&tpm), Err(TpmError::Exchange { .. })));
    assert_eq!(script.0.lock().unwrap().1, 1);
}

#[test]
fn transient_objects_are_flushed_and_persistent_ones_are_not() {
    let (tpm, script) = tpm(vec![Ok(code(0))]);
    drop(Loaded::persistent(&tpm, 0x8100_0001));
    assert_eq!(script.0.lock().unwrap().1, 0);
    drop(Loaded::transient(&tpm, 0x8000_0000));
    assert_eq!(script.0.lock().unwrap().1, 1);
}
