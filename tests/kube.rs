//! Reaching pods by the user's own kubectl, hosts by the user's own ssh: against a stand-in for the API server that the
//! real kubectl cannot tell from one, and against a real sshd.

#[path = "kube/mod.rs"]
mod kube;

#[path = "kube/asked.rs"]
mod asked;
#[path = "kube/counts.rs"]
mod counts;
#[path = "kube/odd.rs"]
mod odd;
#[path = "kube/pods.rs"]
mod pods;
#[path = "kube/refused.rs"]
mod refused;
#[path = "kube/whole.rs"]
mod whole;
