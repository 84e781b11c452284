//! The queue in front of one object: requests in an order in which each stands behind those that are ahead of it, and of
//! the half million pairs of 1,000 requests only those from which the others follow.

/// No request.
pub(super) const NONE: u32 = u32::MAX;
/// Of longer queues each request keeps the nearest one ahead of it: sets take an eighth of the square of this, in bytes.
const REDUCED: usize = 4096;

/// Of each request those that are said to be ahead of it, by place in the list of requests.
#[derive(Default)]
pub(super) struct Ahead {
    ends: Vec<u32>,
    flat: Vec<u32>,
}

impl Ahead {
    /// With room for so many pairs.
    pub(super) fn with_room(pairs: usize) -> Self {
        Self { ends: vec![], flat: Vec::with_capacity(pairs) }
    }
    /// One more that is ahead of the request in hand.
    pub(super) fn push(&mut self, request: u32) {
        self.flat.push(request);
    }
    /// Goes on to the next request.
    pub(super) fn end(&mut self) {
        self.ends.push(self.flat.len() as u32);
    }
    fn get(&self, request: u32) -> &[u32] {
        let from = request.checked_sub(1).map_or(0, |before| self.ends[before as usize]);
        &self.flat[from as usize..self.ends[request as usize] as usize]
    }
}

/// What is left of a queue.
pub(super) struct Queue {
    /// `(behind, ahead)`.
    pub edges: Vec<(u32, u32)>,
    /// Of each request the first one that holds it up, if only requests do; else [`NONE`].
    pub heads: Vec<u32>,
}

impl Queue {
    /// `hard` says whether a request waits for somebody who has the object.
    pub(super) fn of(ahead: &Ahead, hard: impl Fn(usize) -> bool) -> Self {
        let order = in_order(ahead);
        let mut place = vec![0; order.len()];
        for (at, request) in order.iter().enumerate() {
            place[*request as usize] = at as u32;
        }
        let mut heads = vec![NONE; order.len()];
        for request in order.iter().filter(|r| !hard(**r as usize)) {
            let before =
                ahead.get(*request).iter().filter(|a| place[**a as usize] < place[*request as usize]);
            let their = before.map(|a| if hard(*a as usize) { *a } else { heads[*a as usize] });
            let first = their.filter(|head| *head != NONE).min_by_key(|head| place[*head as usize]);
            heads[*request as usize] = first.unwrap_or(NONE);
        }
        Self { edges: reduced(ahead, &order, &place), heads }
    }
}

/// Each request after all that are ahead of it. Where two are said to be ahead of each other the queue changed between the
/// two sayings: one of them has no part in the order.
fn in_order(ahead: &Ahead) -> Vec<u32> {
    let n = ahead.ends.len();
    let mut order = Vec::with_capacity(n);
    let mut begun = vec![false; n];
    let mut way: Vec<(u32, usize)> = Vec::new();
    for start in 0..n as u32 {
        if !std::mem::replace(&mut begun[start as usize], true) {
            way.push((start, 0));
        }
        while let Some((at, next)) = way.last_mut() {
            match ahead.get(*at).get(*next) {
                Some(other) => {
                    *next += 1;
                    if !std::mem::replace(&mut begun[*other as usize], true) {
                        way.push((*other, 0));
                    }
                }
                None => {
                    order.push(*at);
                    way.pop();
                }
            }
        }
    }
    order
}

/// The edges from which all others follow: of those ahead the nearest, then the nearest that is not ahead of that one …
fn reduced(ahead: &Ahead, order: &[u32], place: &[u32]) -> Vec<(u32, u32)> {
    let mut edges = Vec::new();
    let before = |request: u32| {
        let of = place[request as usize];
        ahead.get(request).iter().map(|a| place[*a as usize]).filter(move |p| *p < of)
    };
    if order.len() > REDUCED {
        for request in order {
            edges.extend(before(*request).max().map(|p| (*request, order[p as usize])));
        }
        return edges;
    }
    let words = order.len().div_ceil(64);
    // Row by row: all that is ahead of the request at that place, directly or not.
    let mut reach = vec![0u64; words * order.len()];
    let mut open = vec![0u64; words];
    for (at, request) in order.iter().enumerate() {
        open.fill(0);
        before(*request).for_each(|p| open[p as usize / 64] |= 1 << (p % 64));
        let (done, rest) = reach.split_at_mut(at * words);
        let mine = &mut rest[..words];
        for word in (0..words).rev() {
            while open[word] != 0 {
                let bit = 63 - open[word].leading_zeros() as usize;
                open[word] &= !(1 << bit);
                let near = word * 64 + bit;
                edges.push((*request, order[near]));
                mine[word] |= 1 << bit;
                for (w, theirs) in done[near * words..][..=word].iter().enumerate() {
                    mine[w] |= theirs;
                    open[w] &= !theirs;
                }
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead(lists: &[&[u32]]) -> Ahead {
        let mut ahead = Ahead::default();
        for list in lists {
            list.iter().for_each(|a| ahead.push(*a));
            ahead.end();
        }
        ahead
    }

    #[test]
    fn a_line_of_requests_is_a_chain() {
        let lists: Vec<Vec<u32>> = (0..200).map(|n| (0..n).collect()).collect();
        let lists: Vec<&[u32]> = lists.iter().map(Vec::as_slice).collect();
        let queue = Queue::of(&ahead(&lists), |at| at == 0);
        assert_eq!(queue.edges, (1..200).map(|n| (n, n - 1)).collect::<Vec<_>>());
        assert_eq!(queue.heads[1..], [0; 199]);
    }

    #[test]
    fn requests_that_bear_each_other_are_behind_the_same() {
        // An exclusive request, two shared ones behind it, and an exclusive one behind all.
        let queue = Queue::of(&ahead(&[&[], &[0], &[0], &[0, 1, 2]]), |at| at == 0);
        assert_eq!(queue.edges, [(1, 0), (2, 0), (3, 2), (3, 1)]);
    }

    #[test]
    fn two_that_are_ahead_of_each_other_are_not_a_cycle() {
        let queue = Queue::of(&ahead(&[&[1], &[0]]), |_| false);
        assert_eq!((queue.edges, queue.heads), (vec![(0, 1)], vec![NONE, NONE]));
    }
}
