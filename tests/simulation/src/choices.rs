//! Every way to choose, one after the other.

/// The choices of one run. They are made anew in the next, the last of them differently.
#[derive(Debug, Default)]
pub struct Choices {
    made: Vec<(usize, usize)>,
    next: usize,
}

impl Choices {
    /// One of `of` things, by its index.
    pub fn choose(&mut self, of: usize) -> usize {
        if self.next == self.made.len() {
            self.made.push((0, of));
        }
        let (chosen, known) = self.made[self.next];
        assert_eq!(known, of, "a run is not deterministic");
        self.next += 1;
        chosen
    }

    /// Turns to the next way to choose; `false` when there is none.
    fn turn(&mut self) -> bool {
        self.next = 0;
        while let Some((chosen, of)) = self.made.pop() {
            if chosen + 1 < of {
                self.made.push((chosen + 1, of));
                return true;
            }
        }
        false
    }
}

/// Does `run` once for every way to choose, and tells how many there were.
pub fn every(mut run: impl FnMut(&mut Choices)) -> u64 {
    let mut choices = Choices::default();
    let mut count = 0;
    loop {
        run(&mut choices);
        count += 1;
        if !choices.turn() {
            return count;
        }
    }
}
