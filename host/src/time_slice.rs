//! How long a guest computes before others have a turn.

use std::time::Instant;

use wasmtime::UpdateDeadline;

use crate::engine::TICK;

/// Lets a guest run for a time slice of one to two ticks before others have a turn.
///
/// The epoch advances while a guest waits for I/O, so the first tick after a wait is always overdue. If the guest yielded
/// on it, every wait would send it to the back of the run queue. So the first tick only starts a time slice; a second one
/// within 1.5 ticks ends it.
#[derive(Default)]
pub struct TimeSlice {
    began: Option<Instant>,
}

impl TimeSlice {
    /// What the guest does at this tick.
    pub fn tick(&mut self, now: Instant) -> UpdateDeadline {
        let is_over = self.began.is_some_and(|began| now - began < TICK * 3 / 2);
        self.began = (!is_over).then_some(now);
        if is_over {
            UpdateDeadline::Yield(1)
        } else {
            UpdateDeadline::Continue(1)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_busy_guest_yields_and_a_guest_resuming_after_a_wait_does_not() {
        let yields = |ticks: &[u32]| -> Vec<bool> {
            let (start, mut slice) = (Instant::now(), TimeSlice::default());
            let ticks = ticks
                .iter()
                .map(|milliseconds| start + Duration::from_millis((*milliseconds).into()));
            ticks
                .map(|now| matches!(slice.tick(now), UpdateDeadline::Yield(_)))
                .collect()
        };
        assert_eq!(yields(&[0, 10, 20, 30]), [false, true, false, true]);
        assert_eq!(yields(&[0, 40, 90, 5000]), [false; 4]);
        assert_eq!(yields(&[0, 40, 50, 60]), [false, false, true, false]);
    }
}
