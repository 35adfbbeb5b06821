//! Damage to a flash log: told, or harmless, and never a shorter log.

use keyward::{
    limits::MAX_RECORD,
    store::{Cursor, Store, StoreError},
};
use keyward_store::{
    flash::BlockingFlashLog,
    sim::{Behaviour, Erasing, Flash, Logged, Random},
};

const HALF: usize = 1024;
const PAGE: usize = 512;
const SIZE: usize = 2 * HALF;

type Wait<const WRITE: usize> = BlockingFlashLog<Flash<WRITE, PAGE>, HALF>;

fn flash<const WRITE: usize>(ecc: bool) -> Flash<WRITE, PAGE> {
    Flash::new(SIZE / PAGE, Behaviour { ecc, ..Behaviour::of(Erasing::Upward) }, 1)
}

fn read_all(store: &mut impl Store) -> Result<Vec<Vec<u8>>, StoreError> {
    let (mut at, mut log, mut buffer) = (Cursor::START, Vec::new(), [0; MAX_RECORD]);
    while let Some((length, behind)) = store.read(at, &mut buffer)? {
        log.push(buffer[..length].to_vec());
        at = behind;
    }
    Ok(log)
}

/// A log of two records that were published and as many that were appended, or of none appended.
fn filled<const WRITE: usize>(appends: u8) -> (Flash<WRITE, PAGE>, Vec<Vec<u8>>) {
    filled_on(flash(false), appends)
}

fn filled_on<const WRITE: usize>(
    flash: Flash<WRITE, PAGE>,
    appends: u8,
) -> (Flash<WRITE, PAGE>, Vec<Vec<u8>>) {
    let mut store = Wait::<WRITE>::open(flash).unwrap();
    store.append(b"older").unwrap();
    store.begin().unwrap();
    store.stage(b"staged first").unwrap();
    store.stage(b"staged second").unwrap();
    store.publish().unwrap();
    for number in 0..appends {
        store.append(&[number; 11]).unwrap();
    }
    let log = read_all(&mut store).unwrap();
    (store.into_inner(), log)
}

fn each_bit_is_told_or_harmless<const WRITE: usize>() {
    for appends in [0, 1, 2] {
        let (flash, log) = filled::<WRITE>(appends);
        let (mut told, mut harmless) = (0, 0);
        for bit in 0..SIZE * 8 {
            let mut flash = flash.clone();
            flash.rot(bit / 8, u8::try_from(bit % 8).unwrap());
            match Wait::<WRITE>::open(flash).and_then(|mut store| read_all(&mut store)) {
                Ok(found) => {
                    assert_eq!(found, log, "bit {bit}");
                    harmless += 1;
                }
                Err(error) => {
                    assert_eq!(error, StoreError::Corrupt, "bit {bit}");
                    told += 1;
                }
            }
        }
        assert!(told > 0 && harmless > 0);
    }
}

#[test]
fn each_bit_that_rots_is_told_or_harmless() {
    each_bit_is_told_or_harmless::<1>();
    each_bit_is_told_or_harmless::<4>();
    each_bit_is_told_or_harmless::<8>();
    each_bit_is_told_or_harmless::<32>();
}

#[test]
fn rot_behind_an_open_log_is_told_when_it_is_read() {
    let (flash, log) = filled::<4>(2);
    for at in (0..SIZE).filter(|at| flash.image()[*at] == 1) {
        let mut flash = flash.clone();
        flash.rot(at, 1);
        let found = Wait::<4>::open(flash).and_then(|mut store| read_all(&mut store));
        assert!(found == Err(StoreError::Corrupt) || found.as_ref() == Ok(&log), "{found:?}");
    }
}

#[test]
fn a_log_whose_headers_are_lost_is_told() {
    let (flash, _) = filled::<4>(2);
    let header = 16 * 8;
    let mut lost = flash.clone();
    for half in [0, HALF] {
        for at in 0..48 {
            lost.corrupt(half + header + at, 0x5a);
        }
    }
    assert_eq!(Wait::<4>::open(lost).err(), Some(StoreError::Corrupt));
}

#[test]
fn any_damage_leaves_a_store_that_answers() {
    let mut random = Random::new(1);
    let (flash, _) = filled::<4>(2);
    for round in 0..20_000 {
        let mut flash = flash.clone();
        let count = if round % 4 == 0 { SIZE } else { 1 + random.below(40) };
        for _ in 0..count {
            let at = random.below(SIZE);
            flash.corrupt(at, random.byte());
        }
        if let Ok(mut store) = Wait::<4>::open(flash) {
            let _ = read_all(&mut store);
            let _ = store.read(Cursor(u32::MAX), &mut [0; MAX_RECORD]);
            let _ = store.read(Cursor(random.number() as u32 % 2048), &mut [0; 8]);
            let _ = store.append(b"a record");
            let _ = store.begin().and_then(|()| store.stage(b"another"));
            let _ = store.publish();
        }
    }
}

/// A page of a serial flash is programmed in any order: the payload may be there before the head.
#[test]
fn an_append_whose_last_cells_came_first_is_torn() {
    let (flash, log) = filled::<4>(1);
    let end = flash.image().iter().rposition(|byte| *byte != 0xff).unwrap() + 1;
    let mut image = flash.clone();
    let end = end.next_multiple_of(4);
    (0..4).for_each(|at| image.corrupt(end + at, 0));
    let mut whole = image.clone();
    (20..40).for_each(|at| whole.corrupt(end + at, 0x5a));
    // What one program would have left, before heads were programmed by themselves, is damage.
    assert_eq!(Wait::<4>::open(whole).err(), Some(StoreError::Corrupt));
    // What the head's program leaves, any of its bytes first, is a torn append.
    for first in 12..20 {
        let mut torn = image.clone();
        torn.corrupt(end + first, 0x5a);
        let found = Wait::<4>::open(torn).and_then(|mut store| read_all(&mut store));
        assert_eq!(found.as_ref(), Ok(&log), "{first}");
    }
}

/// Many a flash programs a page before it erases it, and zeros are marks.
#[test]
fn an_erase_that_programs_first_brings_no_older_log_back() {
    let (flash, log) = filled::<4>(2);
    // The older half's header goes first, then all of its marks read as used.
    let mut zeroed = flash.clone();
    (128..168).chain(0..128).for_each(|at| zeroed.corrupt(at, 0));
    let found = Wait::<4>::open(zeroed).and_then(|mut store| read_all(&mut store));
    assert_eq!(found.as_ref(), Ok(&log));
    // A life on such a flash, cut at every step of the first opening behind a replacement.
    let behaviour = Behaviour::of(Erasing::Zeroed);
    let (mut before, _) = filled_on::<4>(Flash::new(SIZE / PAGE, behaviour, 1), 2);
    before.power_on();
    for cut in 0..3000 {
        let mut flash = before.clone();
        flash.cut_after(cut);
        let mut flash = match <Wait<4> as Logged<4, PAGE>>::open(flash) {
            Ok(store) => store.into_inner(),
            Err((_, flash)) => *flash,
        };
        flash.power_on();
        let found = Wait::<4>::open(flash).and_then(|mut store| read_all(&mut store));
        assert_eq!(found.as_ref(), Ok(&log), "{cut}");
    }
}

#[test]
fn a_wiped_flash_holds_an_empty_log() {
    let mut garbage = flash::<8>(false);
    (0..SIZE).for_each(|at| garbage.corrupt(at, 0x11));
    assert_eq!(Wait::<8>::open(garbage.clone()).err(), Some(StoreError::Corrupt));
    let mut store = Wait::<8>::wipe(garbage).unwrap();
    assert_eq!(read_all(&mut store), Ok(vec![]));
    store.append(b"first").unwrap();
    let mut store = Wait::<8>::open(store.into_inner()).unwrap();
    assert_eq!(read_all(&mut store), Ok(vec![b"first".to_vec()]));
}

#[test]
fn a_flash_that_fails_isn_t_an_empty_log() {
    let (mut flash, _) = filled::<4>(2);
    flash.cut_after(0);
    let _ = embedded_storage::nor_flash::NorFlash::erase(&mut flash, 0, 512);
    assert!(flash.is_off());
    assert_eq!(Wait::<4>::open(flash).err(), Some(StoreError::Failed));
}

#[test]
fn a_flash_that_is_too_small_is_refused() {
    let small: Flash<4, PAGE> = Flash::new(3, Behaviour::of(Erasing::Upward), 1);
    assert_eq!(Wait::<4>::open(small).err(), Some(StoreError::Failed));
}

#[test]
fn nothing_is_staged_where_nothing_was_begun() {
    let (flash, log) = filled::<4>(1);
    let mut store = Wait::<4>::open(flash).unwrap();
    assert_eq!(store.stage(b"a record"), Err(StoreError::Failed));
    assert_eq!(store.publish(), Err(StoreError::Failed));
    assert_eq!(read_all(&mut store), Ok(log));
}

#[test]
fn an_empty_log_leaves_no_old_bytes_behind_the_next_opening() {
    let (flash, log) = filled::<4>(2);
    let mut emptied = 0;
    for cut in 0..3000 {
        let mut flash = flash.clone();
        flash.cut_after(cut);
        let Ok(mut store) = Wait::<4>::open(flash) else { continue };
        let _ = store.begin().and_then(|()| store.publish());
        let mut flash = store.into_inner();
        flash.power_on();
        let mut store = Wait::<4>::open(flash).unwrap();
        let found = read_all(&mut store).unwrap();
        if found.is_empty() {
            emptied += 1;
            let flash = store.into_inner();
            let bytes = b"staged first";
            assert!(!flash.image().windows(bytes.len()).any(|window| window == bytes), "{cut}");
        } else {
            assert_eq!(found, log);
        }
    }
    assert!(emptied > 0 && emptied < 3000);
}
