//! A whole lock on a small board, for hosts that await: a task of embassy's executor, beside
//! another one, which has its turns while the flash is busy.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU32, Ordering};

use board::{
    exit,
    flash::{Flash, HALF},
    mark::{mark_begin, mark_end},
    pipe::Broken,
    stack::{self, Painted},
};
use embassy_executor::{Executor, Spawner};
use keyward::{
    Denial, Lock,
    ledger::Outcome,
    lock::{Bundle, Session},
};
use keyward_store::flash::FlashLog;
use lock::{
    awaited::{Awaited, turn},
    host::{Asked, Board, Buffer, Home},
};

type Store = FlashLog<Awaited, HALF>;
type Door = Lock<'static, Store, Home>;

board::start!(run);

/// The turns that the other task has had.
static TURNS: AtomicU32 = AtomicU32::new(0);

fn run() {
    let stack = stack::paint();
    let mut executor = Executor::new();
    // SAFETY: `run` never returns, so the executor lives as long as the program.
    let executor: &'static mut Executor = unsafe { core::mem::transmute(&mut executor) };
    executor.run(|spawner| start(spawner, stack))
}

fn start(spawner: Spawner, stack: Painted) {
    if let (Ok(other), Ok(serving)) = (other(), serving(stack)) {
        spawner.spawn(other);
        spawner.spawn(serving);
    }
}

/// What else a lock's host does.
#[embassy_executor::task]
async fn other() {
    loop {
        TURNS.store(TURNS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        turn().await;
    }
}

#[embassy_executor::task]
async fn serving(stack: Painted) {
    let _closed = serve(&stack).await;
    // Without its turns the flash would not have been awaited.
    exit(i32::from(TURNS.load(Ordering::Relaxed) == 0))
}

/// Serves what comes over the pipe until it is told to stop, or the pipe closes.
async fn serve(stack: &Painted) -> Result<(), Broken> {
    let mut buffer: Buffer = [0; _];
    let (mut board, identity, secret, opening) = Board::start(&mut buffer)?;
    let flash = Flash::open().map_err(|_| Broken)?;
    let store = Store::open(Awaited(flash)).await.map_err(|_| Broken)?;
    let mut lock = Door::new(identity, secret, store);
    lock.set_opening_keys(opening);
    let restored = lock.restore_async(None).await;
    board.hello(size_of::<Door>(), restored, lock.relock_within(board.now))?;
    let mut session = None;
    loop {
        let asked = board.asked(&mut buffer)?;
        mark_begin();
        match asked {
            Asked::Nothing => {}
            Asked::Show => board.show(&lock)?,
            Asked::Claim(bundle) => claim(&mut board, &mut lock, &bundle).await?,
            Asked::Connect => board.connect(&mut lock, &mut session)?,
            Asked::Message(message) => {
                handle(&mut board, &mut lock, session.as_mut(), message).await?;
            }
            Asked::Secure => {
                let _secured = lock.secure_async(async || Outcome::Done).await;
                board.pipe.send(b'X', &[])?;
            }
            Asked::Log => log(&mut board, &mut lock).await?,
            Asked::Quit => return board.quit(stack),
        }
        mark_end();
    }
}

async fn claim(board: &mut Board, lock: &mut Door, bundle: &Bundle<'_>) -> Result<(), Broken> {
    let taken = match lock.verify_claim(bundle, false, board.now) {
        Ok(update) => update.commit_async().await,
        Err(refusal) => Err(refusal),
    };
    board.taken(taken)
}

async fn handle(
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
    let moves =
        async |order: &keyward::lock::Order<'_>| match pipe.send(b'A', &[&[order.right().bit()]]) {
            Ok(()) => Outcome::Done,
            Err(Broken) => Outcome::Unknown,
        };
    let handled = lock.handle_async(session, message, || now, moves).await;
    board.handled(handled)
}

async fn log(board: &mut Board, lock: &mut Door) -> Result<(), Broken> {
    let mut reader = match lock.read_log_async(board.now).await {
        Ok(reader) => reader,
        Err(denial) => return board.denied(denial.code()),
    };
    loop {
        match lock.next_entry_async(&mut reader).await {
            Ok(Some(entry)) => board.entry(&entry)?,
            Ok(None) => return board.pipe.send(b'L', &[]),
            Err(denial) => return board.denied(denial.code()),
        }
    }
}
