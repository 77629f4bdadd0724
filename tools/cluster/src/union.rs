//! Parts of a whole that are joined one by one.

/// Which part each of some members is in; each is a part of its own at first.
#[derive(Debug)]
pub(crate) struct Union {
    above: Vec<u32>,
}

impl Union {
    pub(crate) fn new(members: usize) -> Self {
        Self {
            above: (0..members as u32).collect(),
        }
    }

    /// The member that stands for the part of `member`: its first.
    pub(crate) fn find(&mut self, member: u32) -> u32 {
        let mut at = member;
        while self.above[at as usize] != at {
            let next = self.above[self.above[at as usize] as usize];
            self.above[at as usize] = next;
            at = next;
        }
        at
    }

    /// Joins the parts of two members; whether they were two.
    pub(crate) fn join(&mut self, ends: [u32; 2]) -> bool {
        let [a, b] = ends.map(|end| self.find(end));
        self.above[a.max(b) as usize] = a.min(b);
        a != b
    }
}
