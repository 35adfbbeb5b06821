//! The model's own reading of an entry or receipt, field by field, from SPEC.md section 24 alone.

/// What stands in an entry or receipt.
pub struct Parsed {
    pub lock: [u8; 8],
    pub epoch: u64,
    pub number: u64,
    pub before: [u8; 32],
    pub oldest: u64,
    /// The public part as it came.
    pub body: Vec<u8>,
    pub signature: [u8; 64],
    /// The hash of the private part, if one is named.
    pub named: Option<[u8; 32]>,
    /// The private part as it came, and its tag.
    pub private: Option<(Vec<u8>, u8)>,
    pub event: u8,
    /// Keys and signatures of a change of the device key.
    pub change: Vec<u8>,
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, count: usize) -> Option<Vec<u8>> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head.to_vec())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn flag(&mut self) -> Option<bool> {
        self.byte().filter(|byte| *byte < 2).map(|byte| byte == 1)
    }

    fn integer(&mut self) -> Option<u64> {
        let (mut value, mut groups) = (0_u128, 0);
        loop {
            let byte = self.byte()?;
            value += u128::from(byte & 0x7f) << (7 * groups);
            groups += 1;
            if byte < 0x80 {
                return u64::try_from(value).ok().filter(|_| byte != 0 || groups == 1);
            }
            if groups == 10 {
                return None;
            }
        }
    }

    fn at_most(&mut self, most: u64) -> Option<u64> {
        self.integer().filter(|value| *value <= most)
    }
}

/// Reads the bytes of an entry, or of a receipt; none where there is no such object.
pub fn parse(object: &[u8], is_entry: bool) -> Option<Parsed> {
    if object.len() > if is_entry { 2 + 328 + 64 + 1 + 243 } else { 2 + 328 + 64 } {
        return None;
    }
    let mut cursor = Cursor(object);
    if cursor.array()? != [1, if is_entry { 0x11 } else { 0x10 }] {
        return None;
    }
    let start = cursor.0;
    let (lock, epoch, number) = (cursor.array()?, cursor.integer()?, cursor.integer()?);
    let (before, oldest) = (cursor.array()?, cursor.integer()?);
    let _starts = cursor.integer()?;
    let lo = cursor.integer()?;
    let hi = if cursor.flag()? { Some(cursor.integer()?) } else { None };
    let quality = cursor.byte()?;
    if oldest > number || quality > 2 || hi.is_some_and(|hi| hi < lo) {
        return None;
    }
    let named = if cursor.flag()? { Some(cursor.array()?) } else { None };
    let event = cursor.byte()?;
    let mut change = Vec::new();
    match event {
        0 => {
            cursor.take(32)?;
            cursor.byte().filter(|right| *right < 32)?;
            cursor.byte().filter(|outcome| *outcome < 5)?;
        }
        1 => {
            cursor.byte().filter(|kind| [3, 9, 10, 11].contains(kind))?;
            cursor.take(32)?;
        }
        2 => change = cursor.take(192)?,
        3 => drop(cursor.at_most(u32::MAX.into()).filter(|count| *count > 0)?),
        _ => return None,
    }
    let body = start[..start.len() - cursor.0.len()].to_vec();
    let signature = cursor.array()?;
    let mut private = None;
    if is_entry && cursor.flag()? {
        private = Some(private_part(&mut cursor)?);
        named?;
    }
    let parsed = Parsed {
        lock,
        epoch,
        number,
        before,
        oldest,
        body,
        signature,
        named,
        private,
        event,
        change,
    };
    cursor.0.is_empty().then_some(parsed)
}

fn private_part(cursor: &mut Cursor<'_>) -> Option<(Vec<u8>, u8)> {
    let start = cursor.0;
    cursor.take(16)?;
    let tag = cursor.byte()?;
    match tag {
        0 => {
            cursor.take(24)?;
            let links = cursor.at_most(4).filter(|links| *links > 0)?;
            cursor.take(usize::try_from(links * 16).ok()?)?;
            let witnesses = cursor.at_most(2)?;
            cursor.take(usize::try_from(witnesses * 32).ok()?)?;
        }
        1 => {
            for _ in 0..cursor.at_most(5).filter(|rows| *rows > 0)? {
                cursor.at_most(u16::MAX.into())?;
                if cursor.flag()? {
                    cursor.take(16)?;
                }
                cursor.at_most(u32::MAX.into()).filter(|count| *count > 0)?;
                cursor.integer()?;
                cursor.integer()?;
            }
        }
        _ => return None,
    }
    Some((start[..start.len() - cursor.0.len()].to_vec(), tag))
}
