//! A whole lock on a small board, for hosts that wait.
#![no_std]
#![no_main]

use board::{
    flash::{Flash, HALF},
    mark::{mark_begin, mark_end},
    pipe::Broken,
    stack,
};
use keyward::{
    Denial, Lock,
    ledger::Outcome,
    lock::{Bundle, Identity, LogReader, Session},
    secret::DeviceSecret,
};
use keyward_store::flash::BlockingFlashLog;
use lock::host::{Asked, Board, Buffer, Home};

type Store = BlockingFlashLog<Flash, HALF>;
type Door = Lock<'static, Store, Home>;

board::start!(run);

fn run() {
    let stack = stack::paint();
    let _closed = serve(&stack);
}

/// Serves what comes over the pipe until it is told to stop, or the pipe closes.
// Apart from the painter, or its frame, in which the lock lies, would not be counted.
#[inline(never)]
fn serve(stack: &stack::Painted) -> Result<(), Broken> {
    let mut buffer: Buffer = [0; _];
    let (mut board, identity, secret, opening) = Board::start(&mut buffer)?;
    let store = opened()?;
    let mut lock = fresh(identity, secret, store);
    lock.set_opening_keys(opening);
    restore(&mut board, &mut lock)?;
    let mut session = None;
    loop {
        let asked = board.asked(&mut buffer)?;
        mark_begin();
        match asked {
            Asked::Nothing => {}
            Asked::Show => board.show(&lock)?,
            Asked::Claim(bundle) => claim(&mut board, &mut lock, &bundle)?,
            Asked::Connect => board.connect(&mut lock, &mut session)?,
            Asked::Message(message) => {
                handle(&mut board, &mut lock, session.as_mut(), message)?;
            }
            Asked::Secure => secure(&mut board, &mut lock)?,
            Asked::Log => log(&mut board, &mut lock)?,
            Asked::Quit => return board.quit(stack),
        }
        mark_end();
    }
}

// Each apart from what the others take of the stack.

#[inline(never)]
fn fresh(identity: Identity, secret: DeviceSecret, store: Store) -> Door {
    Door::new(identity, secret, store)
}

#[inline(never)]
fn opened() -> Result<Store, Broken> {
    let flash = Flash::open().map_err(|_| Broken)?;
    Store::open(flash).map_err(|_| Broken)
}

#[inline(never)]
fn restore(board: &mut Board, lock: &mut Door) -> Result<(), Broken> {
    let restored = lock.restore(None);
    board.hello(size_of::<Door>(), restored, lock.relock_within(board.now))
}

#[inline(never)]
fn claim(board: &mut Board, lock: &mut Door, bundle: &Bundle<'_>) -> Result<(), Broken> {
    let update = lock.verify_claim(bundle, false, board.now);
    board.taken(update.and_then(|update| update.commit()))
}

#[inline(never)]
fn handle(
    board: &mut Board,
    lock: &mut Door,
    session: Option<&mut Session>,
    message: &mut [u8],
) -> Result<(), Broken> {
    let now = board.now;
    let Some(session) = session else {
        return board.denied(Denial::NoChallenge.code());
    };
    let Board { pipe, .. } = board;
    let handled = lock.handle(
        session,
        message,
        || now,
        |order| match pipe.send(b'A', &[&[order.right().bit()]]) {
            Ok(()) => Outcome::Done,
            Err(Broken) => Outcome::Unknown,
        },
    );
    board.handled(handled)
}

#[inline(never)]
fn secure(board: &mut Board, lock: &mut Door) -> Result<(), Broken> {
    let _secured = lock.secure(|| Outcome::Done);
    board.pipe.send(b'X', &[])
}

#[inline(never)]
fn log(board: &mut Board, lock: &mut Door) -> Result<(), Broken> {
    match &mut lock.read_log(board.now) {
        Ok(reader) => while entry(board, lock, reader)? {},
        Err(denial) => board.denied(denial.code())?,
    }
    Ok(())
}

/// Tells the next entry, or the end; whether there may be more.
#[inline(never)]
fn entry(board: &mut Board, lock: &mut Door, reader: &mut LogReader) -> Result<bool, Broken> {
    match &lock.next_entry(reader) {
        Ok(Some(entry)) => board.entry(entry).map(|()| true),
        Ok(None) => board.pipe.send(b'L', &[]).map(|()| false),
        Err(denial) => board.denied(denial.code()).map(|()| false),
    }
}
