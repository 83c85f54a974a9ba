//! Unpacks deflated data piece by piece (RFC 1951).

use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

/// How much is unpacked at a time.
const PIECE: usize = 32 * 1024;

/// Deflated data that is being unpacked.
pub struct Inflate {
    state: Box<InflateState>,
    piece: Vec<u8>,
}

/// What a step did.
pub struct Step<'a> {
    /// What came out.
    pub output: &'a [u8],
    /// Whether that was all there is.
    pub is_over: bool,
}

/// It is no deflated data.
#[derive(Debug)]
pub struct Damaged;

impl Inflate {
    /// The beginning.
    pub fn new() -> Self {
        Self {
            state: InflateState::new_boxed(DataFormat::Raw),
            piece: vec![0; PIECE],
        }
    }

    /// Unpacks some; takes from the front of `input` what was read. It has to be called again while there is input, and as
    /// long as something comes out.
    pub fn step(&mut self, input: &mut &[u8]) -> Result<Step<'_>, Damaged> {
        let result = inflate(&mut self.state, input, &mut self.piece, MZFlush::None);
        *input = input.get(result.bytes_consumed..).unwrap_or_default();
        let is_over = match result.status {
            Ok(MZStatus::StreamEnd) => true,
            // It wants more input, or more room.
            Ok(MZStatus::Ok) | Err(miniz_oxide::MZError::Buf) => false,
            Ok(MZStatus::NeedDict) | Err(_) => return Err(Damaged),
        };
        Ok(Step {
            output: self.piece.get(..result.bytes_written).unwrap_or_default(),
            is_over,
        })
    }
}
