//! What a host or pod is made of, attribute by attribute: what two members of a set are compared by. Secrets are in it only
//! as hashes under a key of the run.

mod wire;

use super::{Kept, Reading, Stamp, Untrusted};
use serde::{Deserialize, Serialize};

/// The part of a machine that an attribute is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// A variable of the environment of the first process.
    Env,
    /// A file, by content, mode and owner.
    File,
    /// A setting of the resolver.
    Dns,
    /// The image that the container was made of.
    Image,
    /// A limit of the control group or of the first process.
    Limit,
    /// A kernel parameter that the namespace owns.
    Sysctl,
    /// A version: kernel, C library, programs that were asked.
    Version,
    /// What is mounted where.
    Mount,
    /// Space and inodes.
    Disk,
    /// Memory in use.
    Memory,
    /// Open descriptors.
    Fd,
    /// Sockets by state.
    Socket,
    /// Processes and threads.
    Process,
}

/// What members of a set are expected to have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The same everywhere.
    Equal,
    /// Another one everywhere: two that are equal are the fault.
    Unique,
    /// Anything; shown, never judged.
    Free,
    /// A figure that varies: judged by how far off it is.
    Number,
    /// A set: judged element by element.
    Set,
}

/// What an attribute is. How it is written: `wire.rs`.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Plain text that may be shown. The names of the machine itself stand in it as `${HOSTNAME}`, `${POD_IP}` and the like.
    Text {
        /// The text.
        text: Untrusted,
    },
    /// Text that may hold a secret. Its own names were replaced before it was hashed.
    Sealed {
        /// HMAC-SHA-256 under the key of the run, its first 16 hexadecimal digits.
        hash: String,
        /// Length in bytes.
        bytes: u64,
    },
    /// A file. Equal when hash, mode and owner are; the time is shown.
    File {
        /// HMAC-SHA-256 of its bytes under the key of the run, its first 16 hexadecimal digits.
        hash: String,
        /// Size in bytes.
        bytes: u64,
        /// Permission bits.
        mode: u32,
        /// Numeric owner.
        uid: u32,
        /// Numeric group.
        gid: u32,
        /// Last change of its content.
        modified: Option<Stamp>,
    },
    /// A figure; the unit is the end of the attribute's name.
    Number {
        /// The figure.
        number: f64,
    },
    /// A set of texts.
    Set {
        /// Its elements, sorted.
        set: Vec<Untrusted>,
    },
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// What it is of.
    pub group: Group,
    /// Its name: of a variable, a path, a parameter; of a figure it ends in the unit (`_bytes`, `_pct`, `_s`, `_count`).
    pub name: Untrusted,
    /// What members of a set have in common.
    pub class: Class,
    /// Its value, or why it was not seen: `Absent` is "not there", which is not "not seen".
    pub value: Reading<Value>,
}

/// Who a member is: what is its own by nature, and is put aside before comparing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// Host name.
    pub hostname: Option<String>,
    /// Pod name, inside a pod.
    pub pod: Option<String>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The pod's uid, out of the control group's path or the environment.
    pub pod_uid: Option<String>,
    /// The node, where the environment says.
    pub node: Option<String>,
    /// Container id.
    pub container: Option<String>,
    /// Identity of this boot of the kernel: the same on one node.
    pub boot_id: Option<String>,
    /// Addresses of its interfaces, loopback and link-local ones left out.
    pub addresses: Vec<String>,
    /// Architecture of the processor, as `uname -m` has it.
    pub machine: Option<String>,
    /// Start of its first process.
    pub started: Option<Stamp>,
}

/// All attributes of one host or pod.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attributes {
    /// Whose they are.
    pub identity: Identity,
    /// Which key hashed: its own hash, never the key. Hashes under different keys cannot be compared.
    pub key_id: String,
    /// Wall time at which the clock was read.
    pub clock: Stamp,
    /// The attributes, in order of group and name.
    pub list: Kept<Attribute>,
}

/// Of a machine so many attributes are kept; what is beyond is counted.
pub const MOST_ATTRIBUTES: usize = 4096;
