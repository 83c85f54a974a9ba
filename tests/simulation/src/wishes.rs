//! What people ask for in a random history of memos.

use common::token::UserId;
use fastrand::Rng;

use crate::{
    answer::Answer,
    call::{Act, Among},
    follower::Follower,
    op::Ask,
    plan::{Plan, Shape},
    services::INSTANCES,
    stage::{Stage, Violation},
    storm::Source,
    world::Setting,
};

/// How many idempotency keys each user has.
pub const KEYS: usize = 2;

/// Tags that texts have.
const TAGS: [&str; 3] = ["#a", "#b", "#c/d"];

/// What they list.
pub const LISTS: [Among; 8] = [
    Among::Active,
    Among::Active,
    Among::All,
    Among::Trashed,
    Among::Tagged("a"),
    Among::Tagged("c"),
    Among::Saying("bbb"),
    Among::Saying("ccc"),
];

/// People and what they want.
pub struct Wishes {
    /// What the history is like.
    pub shape: Shape,
    /// How many people.
    pub users: usize,
    /// Who follows the feed.
    pub followers: Vec<Follower>,
    /// Whether most of what they want is maintenance.
    pub sweeping: bool,
    simple: bool,
    /// How long the longer texts are.
    long: usize,
    texts: usize,
    bursts: usize,
}

impl Wishes {
    /// Those of a plan.
    pub fn new(rng: &mut Rng, plan: &Plan, setting: &Setting) -> Self {
        Self {
            shape: plan.shape,
            users: plan.users,
            followers: (0..plan.followers)
                .map(|_| Follower::new(rng, plan.users, setting.plain))
                .collect(),
            sweeping: false,
            simple: plan.simple,
            long: if setting.limited { 1_500 } else { 70 },
            texts: 0,
            bursts: if plan.shape == Shape::Purged { 2 } else { 0 },
        }
    }

    /// A request that meets nobody.
    pub fn at_once(&mut self, stage: &mut Stage, rng: &mut Rng, user: usize, act: Act) -> Result<Answer, Violation> {
        let text = self.text(user, &act);
        stage.perform(user, rng.usize(..INSTANCES), act, &text)
    }

    /// A text that says who wrote it. Some have tags, and some are so long that they are worth keeping.
    fn text(&mut self, user: usize, act: &Act) -> String {
        if let Act::Create(Some(key)) = act {
            return format!("u{user} {key} #k");
        }
        self.texts += 1;
        let number = self.texts;
        let tag = TAGS.get(number % 6).map(|tag| format!(" {tag}")).unwrap_or_default();
        let long = if number.is_multiple_of(3) {
            let letter = char::from(b'a' + (number / 3 % 26) as u8);
            format!(" {}", letter.to_string().repeat(self.long))
        } else {
            String::new()
        };
        format!("u{user} {number}{tag}{long}")
    }

    /// Something that a batch can do as well.
    fn change(&mut self, stage: &Stage, rng: &mut Rng, user: usize) -> Act {
        let (id, version) = target(stage, rng, user);
        match rng.u32(..100) {
            0..50 => Act::Replace(id, version),
            50..58 => Act::Archive(id, version, rng.bool()),
            58..86 => Act::Remove(id, version),
            _ => Act::Restore(id, Some(version)),
        }
    }

    fn batch(&mut self, stage: &Stage, rng: &mut Rng, user: usize) -> Act {
        let mut parts: Vec<(Act, String)> = Vec::new();
        for _ in 0..rng.usize(2..=4) {
            let last = parts.last().and_then(|(act, _)| act.step());
            let act = match (last, rng.u32(..100)) {
                // The next change of the same memo.
                (Some((id, Some(version))), 0..40) if rng.bool() => Act::Replace(id, version + 1),
                (Some((id, Some(version))), 0..40) => Act::Remove(id, version + 1),
                (_, 40..55) => Act::Create(None),
                (_, 55..65) if self.shape != Shape::Purged => Act::Create(Some(format!("key{}", rng.usize(..KEYS)))),
                _ => self.change(stage, rng, user),
            };
            let text = self.text(user, &act);
            parts.push((act, text));
        }
        Act::Batch(parts)
    }

    fn change_or_look_simply(&mut self, stage: &Stage, rng: &mut Rng, user: usize) -> Act {
        let (id, version) = target(stage, rng, user);
        match rng.u32(..100) {
            0..15 => Act::Create(None),
            15..30 if self.shape != Shape::Purged => Act::Create(Some(format!("key{}", rng.usize(..KEYS)))),
            15..40 => Act::list(Among::All, [1, 10, 20, 100][rng.usize(..4)]),
            40..45 => Act::Read(id),
            45..82 => Act::Replace(id, version),
            82..95 => Act::Remove(id, version),
            _ => Act::Restore(id, Some(version)),
        }
    }

    fn change_or_look(&mut self, stage: &Stage, rng: &mut Rng, user: usize) -> Act {
        match rng.u32(..100) {
            0..14 => Act::Create(None),
            14..28 if self.shape != Shape::Purged => Act::Create(Some(format!("key{}", rng.usize(..KEYS)))),
            14..35 => Act::List {
                among: LISTS[rng.usize(..LISTS.len())],
                limit: [1, 10, 20, 100][rng.usize(..4)],
                cursor: None,
            },
            35..38 => Act::Read(target(stage, rng, user).0),
            38..41 => Act::Tags,
            41..44 => Act::Versions(target(stage, rng, user).0),
            44..87 => self.change(stage, rng, user),
            87..90 => Act::Restore(target(stage, rng, user).0, None),
            90..93 => {
                let (id, version) = target(stage, rng, user);
                Act::Revert(id, rng.u64(1..=version.max(2)))
            }
            93..94 => Act::EmptyTrash,
            94..99 => self.batch(stage, rng, user),
            _ => Act::Maintain,
        }
    }
}

impl Source for Wishes {
    fn next(&mut self, stage: &mut Stage, rng: &mut Rng) -> (usize, Act, String) {
        if !self.followers.is_empty() && rng.u32(..100) < 20 {
            let index = rng.usize(..self.followers.len());
            if let Some((user, act)) = self.followers[index].next(stage) {
                return (user, act, String::new());
            }
        }
        let user = rng.usize(..self.users);
        let act = match rng.u32(..100) {
            0..60 if self.sweeping => Act::Maintain,
            _ if self.simple => self.change_or_look_simply(stage, rng, user),
            _ => self.change_or_look(stage, rng, user),
        };
        let text = self.text(user, &act);
        (user, act, text)
    }

    /// Many ids are lost while another request is about to write: holes above an id that is taken and empty. Some listings
    /// look at just that.
    fn interrupt(&mut self, stage: &mut Stage, rng: &mut Rng) -> Result<(), Violation> {
        let is_writing = stage.state().ops.iter().any(|op| matches!(op.ask, Ask::Set(..)));
        if self.bursts == 0 || !is_writing || rng.u32(..100) >= 10 {
            return Ok(());
        }
        self.bursts -= 1;
        lose_ids(stage, 0, rng.u64(17..40));
        let Answer::Memo(_) = self.at_once(stage, rng, 0, Act::Create(None))? else {
            return Err(Violation("a create at its leisure failed".to_owned()));
        };
        for _ in 0..rng.u32(..3) {
            self.at_once(stage, rng, 0, Act::list(Among::All, 10))?;
        }
        Ok(())
    }
}

/// So many creates take their ids and go no further; what they counted for is given back.
pub fn lose_ids(stage: &Stage, user: usize, count: u64) {
    let user = UserId::try_from(format!("u{user}")).expect("a user id");
    let key = format!("memo/{user}/seq");
    let lost = Ask::Increment(key, count as i64);
    stage.state().apply(None, &lost).expect("a sum");
}

/// A memo to act upon, mostly one that others act upon too, and mostly at the version that it has.
pub fn target(stage: &Stage, rng: &mut Rng, user: usize) -> (u64, u64) {
    let state = stage.state();
    let live = state.journal.live(user).map(|(id, content)| (id, content.version));
    let live: Vec<(u64, u64)> = live.collect();
    let hot = if rng.u32(..100) < 70 {
        0
    } else {
        rng.usize(..=live.len())
    };
    // Beyond the last: an id that may come to be.
    let next = live.last().map_or(1, |(id, _)| id + 1);
    let (id, version) = live.get(hot).copied().unwrap_or((next, 1));
    match rng.u32(..100) {
        0..85 => (id, version),
        85..95 => (id, version + 1),
        _ => (id, version.saturating_sub(1)),
    }
}
