//! Pages of lists that pass over most memos: by words, by a tag, what is archived, what is in the trash.
//!
//! The [`super::overview`] says which memos may belong to the list, and the [`super::signatures`] which of those may have
//! the words. What is left is read, and asked itself: both only spare the reading of others.

use std::collections::{BTreeMap, BTreeSet};

use common::store::kv::KvError;

use super::{
    Catalog,
    filter::Filter,
    overview::{Known, Overview},
    page::{Filling, Page, WALK_MAX},
    signatures::{Block, Signed, block_of, may_have, sign},
};
use crate::memo::{Memo, MemoId, Version};

/// How many blocks of signatures are read at once. One has 60 KB for memos of a page each, and at most 800 KB.
const BLOCKS_AT_ONCE: u64 = 4;

/// A page that is being filled, and how far down it has come.
struct Picking<'a> {
    page: Filling<'a>,
    looked_at: usize,
    /// The rest lies below this id.
    below: Option<MemoId>,
}

impl Picking<'_> {
    fn step(&self) -> usize {
        self.page.step().min(WALK_MAX.saturating_sub(self.looked_at))
    }

    fn ends(self) -> Page {
        self.page.ends_at(self.below)
    }
}

/// What signatures say about some memos.
#[derive(Default)]
struct Sifted {
    /// Those that are to be read.
    candidates: Vec<MemoId>,
    /// Those among them that have no signature.
    unsigned: BTreeSet<MemoId>,
    /// The blocks as they are stored.
    blocks: BTreeMap<u64, Vec<u8>>,
}

/// The signature of a text that was read.
struct Fresh {
    id: MemoId,
    version: Version,
    signature: Vec<u8>,
}

impl Catalog<'_> {
    /// A page of the memos that a filter admits among `picked`, which are all that it may admit, newest first.
    ///
    /// Costs a get for each of them that may have the words. Words cost one get more for each 256 ids, and a set for each
    /// 256 ids whose texts were read for the first time.
    pub(super) async fn pick(
        &self,
        filter: &Filter,
        overview: &Overview,
        picked: &[Known],
        limit: usize,
    ) -> Result<Page, KvError> {
        let grams = filter.words.grams();
        let mut picking = Picking {
            page: Filling::new(filter, limit),
            looked_at: 0,
            below: None,
        };
        let group_of = |known: &Known| match grams.as_slice() {
            [] => 0,
            _ => block_of(known.id) / BLOCKS_AT_ONCE,
        };
        for group in picked.chunk_by(|one, other| group_of(one) == group_of(other)) {
            if picking.step() == 0 {
                return Ok(picking.ends());
            }
            let sifted = self.sift(group, &grams).await?;
            let bytes: usize = sifted.blocks.values().map(Vec::len).sum();
            picking.page.read = picking.page.read.saturating_add(bytes);
            let mut fresh = Vec::new();
            let goes_on = self.read_candidates(&mut picking, &sifted, &mut fresh).await?;
            self.remember_signatures(overview, &sifted.blocks, &fresh).await;
            if !goes_on {
                return Ok(picking.ends());
            }
            picking.below = group.last().map(|known| known.id);
        }
        Ok(picking.page.ends_at(None))
    }

    /// Finds out which of these memos have to be read.
    async fn sift(&self, group: &[Known], grams: &[u32]) -> Result<Sifted, KvError> {
        if grams.is_empty() {
            return Ok(Sifted {
                candidates: group.iter().map(|known| known.id).collect(),
                ..Sifted::default()
            });
        }
        let mut sifted = Sifted {
            blocks: self.stored_blocks(group).await?,
            ..Sifted::default()
        };
        let blocks = decoded(&sifted.blocks);
        for known in group {
            let block = blocks.get(&block_of(known.id));
            match block.and_then(|block| block.find(known.id, known.version)) {
                Some(signature) if !may_have(signature, grams) => continue,
                Some(_) => {}
                None => drop(sifted.unsigned.insert(known.id)),
            }
            sifted.candidates.push(known.id);
        }
        Ok(sifted)
    }

    async fn stored_blocks(&self, group: &[Known]) -> Result<BTreeMap<u64, Vec<u8>>, KvError> {
        let mut numbers: Vec<u64> = group.iter().map(|known| block_of(known.id)).collect();
        numbers.dedup();
        let keys: Vec<String> = numbers.iter().map(|number| self.names.signatures(*number)).collect();
        let values = self.ports.kv.get_many(&keys).await?;
        let stored = numbers.into_iter().zip(values);
        Ok(stored.filter_map(|(number, value)| Some((number, value?))).collect())
    }

    /// Reads candidates into the page, and signs those that are not signed. Says whether there is room for more.
    async fn read_candidates(
        &self,
        picking: &mut Picking<'_>,
        sifted: &Sifted,
        fresh: &mut Vec<Fresh>,
    ) -> Result<bool, KvError> {
        let mut rest = sifted.candidates.as_slice();
        while !rest.is_empty() {
            let (ids, later) = rest.split_at(picking.step().min(rest.len()));
            if ids.is_empty() {
                return Ok(false);
            }
            let saw = |id: MemoId, memo: Option<&Memo>| {
                if let Some(memo) = memo.filter(|_| sifted.unsigned.contains(&id)) {
                    fresh.push(Fresh {
                        id,
                        version: memo.version,
                        signature: sign(memo.text.as_str()),
                    });
                }
            };
            if let Some(full_at) = self.fill(&mut picking.page, ids, saw).await? {
                picking.below = Some(MemoId(full_at.0.saturating_add(1)));
                return Ok(false);
            }
            picking.looked_at = picking.looked_at.saturating_add(ids.len());
            picking.below = ids.last().copied();
            rest = later;
        }
        Ok(true)
    }

    /// Writes the blocks that have new signatures, if those are worth it. Whoever can't write a cache is no worse off.
    async fn remember_signatures(&self, overview: &Overview, stored: &BTreeMap<u64, Vec<u8>>, fresh: &[Fresh]) {
        if fresh.len() < self.limits.news_min {
            return;
        }
        let mut blocks = decoded(stored);
        for fresh in fresh.chunk_by(|one, other| block_of(one.id) == block_of(other.id)) {
            let Some(number) = fresh.first().map(|first| block_of(first.id)) else {
                continue;
            };
            let mut block = blocks.remove(&number).unwrap_or_default();
            block.retain(|id| overview.find(id).is_some());
            for fresh in fresh {
                block.put(Signed {
                    id: fresh.id,
                    version: fresh.version,
                    signature: &fresh.signature,
                });
            }
            let written = async {
                let record = block.encode()?;
                self.ports.kv.set(&self.names.signatures(number), &record).await
            };
            if let Err(error) = written.await {
                self.ports.warn("signatures of texts were not remembered", error);
            }
        }
    }
}

fn decoded(stored: &BTreeMap<u64, Vec<u8>>) -> BTreeMap<u64, Block<'_>> {
    stored
        .iter()
        .map(|(number, bytes)| (*number, Block::decode(bytes)))
        .collect()
}
