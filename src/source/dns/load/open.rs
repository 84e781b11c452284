//! The questions that are open: found by socket and id, ended in the order they were sent, and never more than were
//! asked for.

use std::collections::HashMap;

/// No neighbour.
const NONE: u32 = u32::MAX;

/// An open question. Times are nanoseconds since the load began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Open {
    /// Which of the sockets.
    pub socket: u16,
    /// Its id there.
    pub id: u16,
    /// Which of the questions.
    pub question: u16,
    /// When it was due.
    pub due: u64,
    /// When it left.
    pub sent: u64,
}

/// What an id of a socket was used for last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// Nothing.
    Never,
    /// It was answered.
    Answered,
    /// It was given up.
    Silent,
}

struct Place {
    open: Open,
    before: u32,
    after: u32,
}

/// All of them.
pub(super) struct Table {
    places: Vec<Place>,
    spare: Vec<u32>,
    by_id: HashMap<(u16, u16), u32>,
    /// The oldest and the youngest.
    ends: (u32, u32),
    /// Two bits for each id of each socket.
    used: Vec<u8>,
}

impl Table {
    pub fn new(sockets: usize) -> Self {
        let used = vec![0; sockets * 65_536 / 4];
        Self { places: Vec::new(), spare: Vec::new(), by_id: HashMap::new(), ends: (NONE, NONE), used }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether this id is open.
    pub fn has(&self, socket: u16, id: u16) -> bool {
        self.by_id.contains_key(&(socket, id))
    }

    /// What the id was used for before.
    pub fn used(&self, socket: u16, id: u16) -> Used {
        let at = usize::from(socket) * 65_536 + usize::from(id);
        match self.used[at / 4] >> (at % 4 * 2) & 3 {
            0 => Used::Never,
            1 => Used::Answered,
            _ => Used::Silent,
        }
    }

    /// Adds the youngest. Its id must not be open.
    pub fn add(&mut self, open: Open) {
        let place = Place { open, before: self.ends.1, after: NONE };
        let at = match self.spare.pop() {
            Some(at) => {
                self.places[at as usize] = place;
                at
            }
            None => {
                self.places.push(place);
                (self.places.len() - 1) as u32
            }
        };
        match self.ends.1 {
            NONE => self.ends.0 = at,
            youngest => self.places[youngest as usize].after = at,
        }
        self.ends.1 = at;
        self.by_id.insert((open.socket, open.id), at);
    }

    /// The one with this id.
    pub fn get(&self, socket: u16, id: u16) -> Option<&Open> {
        self.by_id.get(&(socket, id)).map(|at| &self.places[*at as usize].open)
    }

    /// Takes the one with this id out.
    pub fn end(&mut self, socket: u16, id: u16, used: Used) -> Option<Open> {
        let at = self.by_id.remove(&(socket, id))?;
        let Place { open, before, after } = self.places[at as usize];
        match before {
            NONE => self.ends.0 = after,
            before => self.places[before as usize].after = after,
        }
        match after {
            NONE => self.ends.1 = before,
            after => self.places[after as usize].before = before,
        }
        self.spare.push(at);
        let (bit, byte) = (usize::from(socket) * 65_536 + usize::from(id), used as u8);
        let shift = bit % 4 * 2;
        self.used[bit / 4] = self.used[bit / 4] & !(3 << shift) | byte << shift;
        Some(open)
    }

    /// The one that was sent first.
    pub fn oldest(&self) -> Option<&Open> {
        self.places.get(self.ends.0 as usize).map(|p| &p.open)
    }

    /// All of one socket, the oldest first.
    pub fn of(&self, socket: u16) -> Vec<Open> {
        let mut found: Vec<Open> = self
            .by_id
            .iter()
            .filter(|(k, _)| k.0 == socket)
            .map(|(_, at)| self.places[*at as usize].open)
            .collect();
        found.sort_unstable_by_key(|o| o.sent);
        found
    }
}
