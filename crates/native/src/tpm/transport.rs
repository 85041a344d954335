//! How commands and answers travel: one write and one read at the kernel's device, a byte stream at swtpm.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

use super::{TpmAddress, TpmError};

/// Longest answer that is accepted, in bytes; TPMs answer with 4096 at most.
pub const MAX_RESPONSE: usize = 4096;
/// tag (2), size (4), code (4).
const HEADER: usize = 10;
/// A TPM may search for RSA primes for tens of seconds.
const PATIENCE: Duration = Duration::from_secs(90);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Takes whole commands to a TPM and brings whole answers back.
pub trait Transport: Send {
    /// Sends one command and waits for its answer, at most [`MAX_RESPONSE`] bytes.
    ///
    /// # Errors
    /// What the operating system says; afterwards the transport must not be used again.
    fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>>;
}

/// Opens the way to the TPM.
///
/// # Errors
/// [`TpmError::PermissionDenied`], [`TpmError::NotFound`] or [`TpmError::Open`].
pub fn connect(address: &TpmAddress) -> Result<Box<dyn Transport>, TpmError> {
    let opened: io::Result<Box<dyn Transport>> = match address {
        TpmAddress::Device(path) => Device::open(path).map(|device| Box::new(device) as Box<dyn Transport>),
        TpmAddress::Unix(path) => connect_unix(path),
        TpmAddress::Tcp { host, port } => connect_tcp(host, *port),
    };
    opened.map_err(|source| unopened(address, source))
}

fn unopened(address: &TpmAddress, source: io::Error) -> TpmError {
    match (source.kind(), address) {
        (io::ErrorKind::PermissionDenied, TpmAddress::Device(path)) => {
            TpmError::PermissionDenied { path: path.clone() }
        }
        (io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused, _) => {
            TpmError::NotFound { address: address.clone() }
        }
        // ENXIO and ENODEV: the node exists, but no driver or chip is behind it.
        _ if matches!(source.raw_os_error(), Some(6 | 19)) => TpmError::NotFound { address: address.clone() },
        _ => TpmError::Open { address: address.clone(), source },
    }
}

/// `/dev/tpmrm0`: a command is one write, its answer one read.
struct Device(File);

impl Device {
    fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).open(path).map(Self)
    }
}

impl Transport for Device {
    fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        let written = self.0.write(command)?;
        if written != command.len() {
            return Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the device took only a part of the command",
            ));
        }
        let mut answer = vec![0; MAX_RESPONSE];
        let count = self.0.read(&mut answer)?;
        answer.truncate(count);
        Ok(answer)
    }
}

/// The data channel of `swtpm socket`: commands and answers follow each other on a stream.
struct Stream<S>(S);

impl<S: Read + Write + Send> Transport for Stream<S> {
    fn transact(&mut self, command: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(command)?;
        self.0.flush()?;
        let mut answer = vec![0; HEADER];
        self.0.read_exact(&mut answer)?;
        let size = answer.get(2..6).and_then(|size| <[u8; 4]>::try_from(size).ok()).map(u32::from_be_bytes);
        let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0);
        if !(HEADER..=MAX_RESPONSE).contains(&size) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer's length makes no sense"));
        }
        answer.resize(size, 0);
        if let Some(body) = answer.get_mut(HEADER..) {
            self.0.read_exact(body)?;
        }
        Ok(answer)
    }
}

#[cfg(unix)]
fn connect_unix(path: &Path) -> io::Result<Box<dyn Transport>> {
    let stream = std::os::unix::net::UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(Box::new(Stream(stream)))
}

#[cfg(not(unix))]
fn connect_unix(_path: &Path) -> io::Result<Box<dyn Transport>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

fn connect_tcp(host: &str, port: u16) -> io::Result<Box<dyn Transport>> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_PATIENCE) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(Box::new(Stream(stream)));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with fixed bytes.
    struct Canned(io::Cursor<Vec<u8>>);

    impl Read for Canned {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Canned {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answer(bytes: &[u8]) -> io::Result<Vec<u8>> {
        Stream(Canned(io::Cursor::new(bytes.to_vec()))).transact(b"x")
    }

    #[test]
    fn lengths_outside_the_limits_are_refused_before_anything_is_allocated() {
        assert_eq!(answer(&[0x80, 1, 0, 0, 0, 12, 0, 0, 0, 0, 7, 8]).unwrap().len(), 12);
        for size in [[0, 0, 0, 9], [0, 0, 0x10, 1], [0xff; 4]] {
            let bytes = [&[0x80, 1], size.as_slice(), &[0; 4]].concat();
            assert_eq!(answer(&bytes).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
        assert!(answer(&[0x80, 1, 0, 0, 0, 12, 0, 0, 0, 0, 7]).is_err());
    }

    #[test]
    fn a_device_of_others_names_the_group_and_the_rule() {
        let address = TpmAddress::default();
        let error = unopened(&address, io::ErrorKind::PermissionDenied.into());
        assert_eq!(
            error.to_string(),
            "Failed to open the TPM device. Consider assigning the user to the `tss` group or creating equivalent udev \
             rules."
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("usermod -aG tss") && hint.contains("GROUP=\"tss\""), "{hint}");
        assert!(matches!(unopened(&address, io::Error::from_raw_os_error(19)), TpmError::NotFound { .. }));
        let busy = unopened(&address, io::Error::from_raw_os_error(16));
        assert!(busy.hint().unwrap().contains("/dev/tpmrm0"), "{busy}");
    }

    #[test]
    fn a_missing_device_or_socket_is_no_tpm() {
        for text in ["/nonexistent/tpmrm0", "swtpm:path=/nonexistent/sock"] {
            let error = connect(&text.parse().unwrap()).err().unwrap();
            assert!(matches!(error, TpmError::NotFound { .. }), "{error}");
            assert!(error.hint().is_some());
        }
    }
}
