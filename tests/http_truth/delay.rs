//! Two network namespaces with a wire between them that takes its time: two tun devices and a thread that carries packets from
//! one to the other. What is sent by one side crosses what the other side sends, every time.

#![allow(unsafe_code)] // TUNSETIFF and unshare have no safe wrapper.

use super::server::Dice;
use std::{
    fs::File,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::fd::AsRawFd,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

type Task = Box<dyn FnOnce() + Send>;

/// A thread in a namespace of its own.
struct Room(mpsc::Sender<Task>);

impl Room {
    /// With one device of this address, whose packets are read and written here.
    fn new(own: Ipv4Addr, other: Ipv4Addr) -> (Self, File) {
        let (tasks, given) = mpsc::channel::<Task>();
        let (device, made) = mpsc::channel();
        thread::spawn(move || {
            // SAFETY: only this thread changes its namespace, and nothing of it was shared by files or sockets.
            assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNET) }, 0, "root may unshare");
            device.send(tun()).expect("somebody waits");
            let ip = |line: String| {
                let done = Command::new("ip").args(line.split(' ')).output().expect("iproute2 is installed");
                assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
            };
            ip("link set lo up".into());
            ip(format!("addr add {own} peer {other} dev wire"));
            ip("link set wire up".into());
            given.into_iter().for_each(|task| task());
        });
        (Self(tasks), made.recv().expect("a device"))
    }
    fn run<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, came) = mpsc::channel();
        self.0.send(Box::new(move || drop(done.send(task())))).expect("the room is there");
        came.recv().expect("the task does not panic")
    }
}

/// A device `wire` in the namespace of this thread.
fn tun() -> File {
    let file = File::options().read(true).write(true).open("/dev/net/tun").expect("the kernel has tun");
    // SAFETY: all-zero bytes are a valid ifreq.
    let mut wanted: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in wanted.ifr_name.iter_mut().zip(b"wire") {
        *to = *from as libc::c_char;
    }
    wanted.ifr_ifru.ifru_flags = (libc::IFF_TUN | libc::IFF_NO_PI) as i16;
    // SAFETY: the descriptor is a tun's, and the kernel reads one ifreq, which lives here.
    let made = unsafe { libc::ioctl(file.as_raw_fd(), libc::TUNSETIFF, &raw const wanted) };
    assert_eq!(made, 0, "{}", std::io::Error::last_os_error());
    file
}

/// The two rooms.
pub struct Wire {
    here: Room,
    there: Room,
    address: Ipv4Addr,
}

impl Wire {
    /// Each packet takes so long.
    pub fn new(number: u8, takes: Duration) -> Self {
        let [a, b] = [1, 2].map(|last| Ipv4Addr::new(10, 213, number, last));
        let ((here, at_here), (there, at_there)) = (Room::new(a, b), Room::new(b, a));
        let other = |f: &File| f.try_clone().expect("a descriptor");
        carry(other(&at_here), other(&at_there), takes);
        carry(at_there, at_here, takes);
        Self { here, there, address: b }
    }
    pub fn here<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> T {
        // A load steers itself from a thread that must be in the same room: both are begun there.
        self.here.run(task)
    }
    pub fn there<T: Send + 'static>(&self, task: impl FnOnce(Ipv4Addr) -> T + Send + 'static) -> T {
        let address = self.address;
        self.there.run(move || task(address))
    }
}

fn carry(mut from: File, mut to: File, takes: Duration) {
    let (send, late) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut packet = vec![0; 65_536];
        while let Ok(n) = from.read(&mut packet) {
            if send.send((Instant::now() + takes, packet[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, packet) in late {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // A packet for a device that is gone is lost.
            let _ = to.write(&packet);
        }
    });
}

/// A server that closes connections which were idle for so long, and some requests' as soon as it has read them.
pub struct Served {
    pub address: SocketAddr,
    taken: Arc<AtomicU64>,
    answered: Arc<AtomicU64>,
}

impl Served {
    /// Requests that were read, and those of them that were answered.
    pub fn counts(&self) -> (u64, u64) {
        (self.taken.load(Ordering::SeqCst), self.answered.load(Ordering::SeqCst))
    }
}

pub fn serve(address: Ipv4Addr, seed: u64, idle: Duration) -> Served {
    let listener = TcpListener::bind((address, 0)).expect("a port");
    let (taken, answered) = <(Arc<AtomicU64>, Arc<AtomicU64>)>::default();
    let served = Served {
        address: listener.local_addr().expect("an address"),
        taken: taken.clone(),
        answered: answered.clone(),
    };
    thread::spawn(move || {
        let mut dice = Dice(seed);
        for stream in listener.incoming().flatten() {
            let (taken, answered) = (taken.clone(), answered.clone());
            let mut dice = Dice(dice.next(u64::MAX));
            thread::spawn(move || one(stream, &mut dice, idle, &taken, &answered));
        }
    });
    served
}

fn one(mut stream: TcpStream, dice: &mut Dice, idle: Duration, taken: &AtomicU64, answered: &AtomicU64) {
    let _ = stream.set_read_timeout(Some(idle));
    let body = "b".repeat(super::server::BODY);
    let mut head = vec![];
    let mut byte = [0];
    while came(&mut stream, &mut byte) {
        head.push(byte[0]);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            taken.fetch_add(1, Ordering::SeqCst);
            if dice.next(5) == 0 {
                return;
            }
            answered.fetch_add(1, Ordering::SeqCst);
            let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            let _ = stream.write_all(whole.as_bytes());
        }
    }
}

/// A byte, within the idle time or as late as this thread was woken: closing over one that is there would be a reset, and no
/// close that crossed it.
fn came(stream: &mut TcpStream, byte: &mut [u8; 1]) -> bool {
    match stream.read(byte) {
        Ok(n) => n == 1,
        Err(_) => {
            let _ = stream.set_nonblocking(true);
            let there = matches!(stream.read(byte), Ok(1));
            let _ = stream.set_nonblocking(false);
            there
        }
    }
}
