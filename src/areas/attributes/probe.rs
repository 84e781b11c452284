//! Reads the attributes of the patient.

mod environment;
mod files;
mod glob;
mod identity;
mod limits;
mod load;
mod mounted;
mod patient;
mod resolver;
mod sheet;
mod sockets;
mod sysctls;
mod versions;

use super::Args;
use crate::{
    model::{Attributes, Class, Environ, Gap, Gaps, Group, Identity, Kept, OwnNames, Seal, Seen, Why},
    source::{Clock, Moment, proc::argv, random},
};
use patient::Patient;
use sheet::Sheet;
use std::time::Duration;

/// A question is late after so much.
const PATIENCE: Duration = Duration::from_millis(400);

/// The probe.
pub struct AttributesOf {
    args: Args,
    seen: Attributes,
}

/// What all parts of the look go by.
struct Look<'m> {
    moment: &'m Moment<'m>,
    args: &'m Args,
    patient: &'m Patient,
    environ: Option<Seen<Environ>>,
    /// Names that are replaced in what belongs to this machine alone.
    own: OwnNames,
    seal: Seal,
}

impl AttributesOf {
    /// A probe that has not looked yet.
    pub fn new(args: Args) -> Self {
        let seen = Attributes {
            identity: Identity::default(),
            key_id: String::new(),
            clock: Clock::now(),
            list: Kept::default(),
        };
        Self { args, seen }
    }

    /// Reads everything.
    ///
    /// # Errors
    /// When nothing can be read.
    pub fn look_at(&mut self, moment: &Moment, gaps: &mut Gaps) -> Result<(), Gap> {
        let seal = match &self.args.seal {
            Some(seal) => seal.clone(),
            None => Seal::new(&random().map_err(|e| Gap::new("a key of this run", Why::from(&e), e))?),
        };
        let patient = Patient::of(moment, gaps);
        let environ = patient.pid.map(|pid| argv::environ(moment.world, pid, PATIENCE));
        let known = environ.as_ref().and_then(|e| e.as_ref().ok());
        let identity = identity::of(moment, &patient, known);
        let own = OwnNames::of(&identity, known);
        let look = Look { moment, args: &self.args, patient: &patient, environ, own, seal };
        let mut sheet = Sheet::default();
        environment::read(&look, &mut sheet, gaps);
        let files = files::read(&look, &mut sheet, gaps);
        resolver::read(&files, &mut sheet);
        versions::read(&look, &files, &mut sheet, gaps);
        if !look.patient.contained {
            // An image has one for all its containers; a host has one of its own, or was copied.
            let id = identity::machine_id(&look.patient.root, &look.seal);
            sheet.put(Group::Process, "machine id", Class::Unique, id.into());
        }
        drop(files);
        limits::read(&look, &mut sheet);
        sysctls::read(&look, &mut sheet, gaps);
        mounted::read(&look, &mut sheet, gaps);
        load::read(&look, &mut sheet);
        sockets::read(&look, &mut sheet, gaps);
        self.seen.key_id = look.seal.key_id();
        self.seen.identity = identity;
        self.seen.list = sheet.kept(gaps);
        moment.world.ask().rest();
        Ok(())
    }

    /// What was read. The clock is read last of all: whoever asks from far away brackets it by the way here and back.
    pub fn seen(&self) -> Attributes {
        Attributes { clock: Clock::now(), ..self.seen.clone() }
    }
}
