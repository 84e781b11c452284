//! Asking a place with what was allowed where the program is missing there.

use super::{Answer, Input, Member, Reach, Refusal, Refused, Way, beside, inject::Sender};
use crate::model::{Gap, Progress, WayIn};
use std::time::Instant;

/// What a place is asked.
pub trait Question: Sync {
    /// What the program is called there.
    fn binary(&self) -> &str;
    /// Its arguments, if it shall have ended by then. It reads a key from the first line of its input, or ends when that does.
    fn args(&self, until: Instant, key: bool) -> Vec<String>;
    /// The key that it is told.
    fn key(&self) -> Option<&str>;
    /// No answer is larger, in bytes.
    fn most(&self) -> usize;
    /// Until when one place may take.
    fn deadline(&self) -> Instant;
    /// Until when all of them may.
    fn end(&self) -> Instant;
}

/// Ways into places that have no program of ours.
pub struct Door<'a> {
    sender: Option<Sender>,
    image: Option<String>,
    progress: &'a dyn Progress,
}

impl<'a> Door<'a> {
    /// Whatever is allowed. `key` is what all places will be told.
    ///
    /// # Errors
    /// When this program was to be sent and cannot be read, or would not run anywhere else.
    pub fn open(way: &WayIn, key: Option<&str>, progress: &'a dyn Progress) -> anyhow::Result<Self> {
        let sender = way.inject.then(|| Sender::open(key)).transpose()?;
        Ok(Self { sender, image: way.image.clone(), progress })
    }

    /// Asks one place: what it answered, and a gap if something was left behind there.
    ///
    /// # Errors
    /// As for [`Reach::ask`]; [`Refusal::NoBinary`] also where no way in was found.
    pub fn ask(
        &self,
        reach: &Reach,
        member: &Member,
        question: &dyn Question,
    ) -> Result<(Answer, Option<Gap>), Refused> {
        let mut refused = match run(reach, member, question, vec![]) {
            Err(refused) if refused.kind == Refusal::NoBinary => refused,
            other => return other.map(|answer| (answer, None)),
        };
        if let Some(sender) = &self.sender {
            match sender.run(reach, member, question, self.progress) {
                Err(e) if e.kind == Refusal::NoBinary => refused = e,
                other => return other,
            }
        }
        match (&self.image, &member.way) {
            (Some(image), Way::Pod(pod)) => {
                let (there, target) = beside::enter(reach, member, pod, image, question, self.progress)?;
                run(reach, &there, question, target).map(|answer| (answer, None))
            }
            _ => Err(refused),
        }
    }
}

/// Runs the program that is there. `first` are arguments that go before its own.
fn run(
    reach: &Reach,
    member: &Member,
    question: &dyn Question,
    first: Vec<String>,
) -> Result<Answer, Refused> {
    let until = question.deadline();
    let key = question.key();
    let mut argv = vec![question.binary().to_string()];
    argv.extend(first);
    argv.extend(question.args(until, key.is_some()));
    // Held open: its end tells them that we are gone.
    let bytes = key.map(|k| format!("{k}\n").into_bytes()).unwrap_or_default();
    reach.ask(member, &argv, &Input { bytes, held: true }, question.most(), until)
}
