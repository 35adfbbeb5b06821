// A lock. What it asks of its board is in door.h.
#include "door.h"

static int32_t now(void *board, kw_now *now)
{
    (void)board;
    *now = (kw_now){.uptime = board_milliseconds(), .drift_ppm = 100, .knows = KW_KNOWS_TICKS};
    return 0;
}

static int32_t act(void *board, const kw_order *order)
{
    (void)board;
    if (order->right != KW_RIGHT_UNLOCK)
        return KW_DONE; // nothing moves
    return board_bolt(1) == 0 ? KW_DONE : KW_JAMMED;
}

// Secures a door that is due: its time is over, or the lock has started. Asked each second.
static void secure(kw_lock *lock)
{
    uint32_t seconds;
    if (kw_lock_relock_within(lock, &seconds) == KW_OK && seconds == 0)
        kw_lock_secured(lock, board_bolt(0) == 0 ? KW_DONE : KW_JAMMED);
}

static KW_LOCK_STORAGE(storage);
static unsigned char message[KW_MAX_MESSAGE], receipt[KW_MAX_RECEIPT];

int door(const kw_flash *flash, const kw_identity *identity)
{
    const kw_host host = {.now = now, .random = board_random, .act = act, .flash = flash};
    kw_lock *lock;
    kw_restored found;
    kw_handled told;
    uint32_t session;
    size_t length;
    kw_status status = kw_lock_init(storage, sizeof storage, &host, identity, &lock);
    if (status != KW_OK)
        return status;
    status = kw_lock_restore(lock, NULL, 0, &found);
    while (board_runs()) {
        secure(lock);
        if (!board_connected())
            continue;
        status = kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, message, sizeof message,
                                   &length);
        if (status != KW_OK)
            break;
        board_send(message, length);
        while (board_connected()) {
            secure(lock);
            if ((length = board_receive(message, sizeof message)) == 0)
                continue;
            // 430 `UsesSpent`, say, is for the lock's own eyes: the phone gets told.answer.
            status = kw_lock_handle(lock, session, message, length, &told, receipt,
                                    sizeof receipt, &length);
            board_send(told.answer, sizeof told.answer);
            board_send(receipt, length);
        }
        kw_lock_close(lock, session);
    }
    kw_lock_end(lock);
    return status;
}
