// What a caller can do wrong, and the status that names it. Prints `misuses: N` and `failures: N`.
#include "host.h"

static struct host host, other;
static unsigned misuses, failures;

static void is(const char *what, kw_status expected, kw_status status)
{
    misuses++;
    if (status == expected)
        return;
    failures++;
    say(what);
    say(": expected ");
    say(kw_status_name(expected));
    say(", got ");
    say(kw_status_name(status));
    say("\n");
}

static const uint8_t seed[32] = {0xde}, life[16] = {1}, secret[32] = {2};
static const uint8_t nobody[32] = {1};
// RFC 8032, section 7.1, test 1.
static const uint8_t label[32] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
static const kw_identity identity = {.device_seed = seed, .life = life, .secret = secret};

static KW_LOCK_STORAGE(storage);
static KW_LOCK_STORAGE(never);

static void of_init(void)
{
    kw_lock *lock = NULL;
    kw_host broken;
    kw_identity odd;
    is("init, no storage", KW_NULL, kw_lock_init(NULL, KW_LOCK_SIZE, &host.host, &identity, &lock));
    is("init, no host", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, NULL, &identity, &lock));
    is("init, no identity", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, &host.host, NULL, &lock));
    is("init, nowhere to", KW_NULL,
       kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &identity, NULL));
    is("init, odd storage", KW_MISALIGNED,
       kw_lock_init(storage + 1, KW_LOCK_SIZE, &host.host, &identity, &lock));
    is("init, short storage", KW_SHORT,
       kw_lock_init(storage, KW_LOCK_SIZE - 1, &host.host, &identity, &lock));
    is("init, the handle within the storage", KW_OVERLAPPING,
       kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &identity, (kw_lock **)(void *)storage));
    broken = host.host;
    broken.now = NULL;
    is("init, no clock", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    broken = host.host;
    broken.random = NULL;
    is("init, no generator", KW_NULL,
       kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    broken = host.host;
    broken.act = NULL;
    is("init, no actuator", KW_NULL,
       kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    broken = host.host;
    broken.store = NULL;
    is("init, no store", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    kw_store half = host.store;
    half.publish = NULL;
    broken.store = &half;
    is("init, half a store", KW_NULL,
       kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    kw_flash flash = {.context = NULL};
    broken.store = &host.store;
    broken.flash = &flash;
    is("init, two stores", KW_RANGE,
       kw_lock_init(storage, KW_LOCK_SIZE, &broken, &identity, &lock));
    is("wipe, no flash", KW_NULL, kw_flash_wipe(NULL));
    is("wipe, a flash without callbacks", KW_NULL, kw_flash_wipe(&flash));
    host_begin_flash(&other);
    other.flash.page = 2048;
    is("wipe, a flash of other pages", KW_LAYOUT, kw_flash_wipe(&other.flash));
    is("init, a flash of other pages", KW_LAYOUT,
       kw_lock_init(storage, KW_LOCK_SIZE, &other.host, &identity, &lock));
    host_begin_flash(&other);
    other.flash.size -= 4096;
    is("wipe, a flash that is too small", KW_LAYOUT, kw_flash_wipe(&other.flash));
    host_begin_flash(&other);
    for (size_t at = 0; at < sizeof other.cells; at++)
        other.cells[at] = (unsigned char)(at * 7);
    is("init, a flash that was damaged", 193,
       kw_lock_init(storage, KW_LOCK_SIZE, &other.host, &identity, &lock));
    other.fails = 1;
    is("wipe, a flash that fails", 502, kw_flash_wipe(&other.flash));
    other.fails = 0;
    is("wipe", KW_OK, kw_flash_wipe(&other.flash));
    host_begin(&other);
    odd = identity;
    odd.secret = NULL;
    is("init, no secret", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &odd, &lock));
    odd = identity;
    odd.life = NULL;
    is("init, no life", KW_NULL, kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &odd, &lock));
    odd = identity;
    odd.device_seed = NULL;
    is("init, no device key", KW_NULL,
       kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &odd, &lock));
    static const uint8_t zeros[32];
    odd.device = zeros;
    is("init, a device key of small order", KW_KEY,
       kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &odd, &lock));
    is("nothing was initialised", KW_UNINITIALISED, kw_lock_end((kw_lock *)(void *)storage));
}

static void of_a_lock(kw_lock *lock)
{
    unsigned char buffer[KW_MAX_MESSAGE], message[8] = {1, 7};
    size_t length;
    uint32_t session, seconds, taken;
    kw_restored restored;
    kw_handled handled;
    kw_head head;
    kw_held held;
    kw_bundle bundle = {.list = {NULL, 0}};

    is("restore, no lock", KW_NULL, kw_lock_restore(NULL, NULL, 0, &restored));
    is("restore, an odd lock", KW_MISALIGNED,
       kw_lock_restore((kw_lock *)(void *)(storage + 1), NULL, 0, &restored));
    is("restore, storage without a lock", KW_UNINITIALISED,
       kw_lock_restore((kw_lock *)(void *)never, NULL, 0, &restored));
    is("restore, nowhere to tell", KW_NULL, kw_lock_restore(lock, NULL, 0, NULL));
    is("restore, told to an odd place", KW_MISALIGNED,
       kw_lock_restore(lock, NULL, 0, (kw_restored *)(void *)(buffer + 1 - (size_t)buffer % 2)));
    is("restore, told into the lock", KW_OVERLAPPING,
       kw_lock_restore(lock, NULL, 0, (kw_restored *)(void *)(storage + 64)));
    is("restore, an anchor of no bytes' place", KW_NULL, kw_lock_restore(lock, NULL, 5, &restored));
    is("restore, an anchor as long as memory", KW_OVERLAPPING,
       kw_lock_restore(lock, life, SIZE_MAX, &restored));
    is("challenge before restore", 191,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, sizeof buffer, &length));
    is("restore", KW_OK, kw_lock_restore(lock, NULL, 0, &restored));
    is("it is unclaimed", KW_OK, restored.found == KW_UNCLAIMED ? KW_OK : KW_RANGE);

    is("init, a lock where one is", KW_INITIALISED,
       kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &identity, &lock));
    is("challenge, no lock's owner", 190,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, sizeof buffer, &length));
    is("challenge, no buffer", KW_NULL,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, NULL, 100, &length));
    is("challenge, no length", KW_NULL,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, 100, NULL));
    is("challenge, no session", KW_NULL,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, NULL, buffer, 100, &length));
    is("challenge, a short buffer", KW_SHORT,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, KW_MAX_CHALLENGE - 1, &length));
    is("challenge, a buffer longer than memory", KW_RANGE,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, SIZE_MAX, &length));
    is("challenge, over the lock", KW_OVERLAPPING,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, storage, KW_MAX_CHALLENGE, &length));
    is("challenge, over its length", KW_OVERLAPPING,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, (unsigned char *)&length,
                         KW_MAX_CHALLENGE, &length));
    is("challenge, no such channel", KW_RANGE,
       kw_lock_challenge(lock, 4, &session, buffer, sizeof buffer, &length));
    is("close, no such session", KW_SESSION, kw_lock_close(lock, 1));

    is("handle, no such session", KW_SESSION,
       kw_lock_handle(lock, 9, message, sizeof message, &handled, buffer, sizeof buffer, &length));
    is("handle, no message", KW_NULL,
       kw_lock_handle(lock, 1, NULL, 8, &handled, buffer, sizeof buffer, &length));
    is("handle, nowhere to tell", KW_NULL,
       kw_lock_handle(lock, 1, message, sizeof message, NULL, buffer, sizeof buffer, &length));
    is("handle, no room for a receipt", KW_SHORT,
       kw_lock_handle(lock, 1, message, sizeof message, &handled, buffer, KW_MAX_RECEIPT - 1,
                      &length));
    is("handle, the receipt over the message", KW_OVERLAPPING,
       kw_lock_handle(lock, 1, buffer + 1, 8, &handled, buffer, sizeof buffer, &length));
    is("handle, a message within the lock", KW_OVERLAPPING,
       kw_lock_handle(lock, 1, storage + 8, 8, &handled, buffer, sizeof buffer, &length));
    is("handle, unchallenged, not claimed", 100,
       kw_lock_handle_unchallenged(lock, message, sizeof message, &handled, buffer, sizeof buffer,
                                   &length));
    is("record, nothing to record", KW_END,
       kw_lock_record(lock, &handled, buffer, sizeof buffer, &length));
    is("release, nothing to release", KW_END,
       kw_lock_release(lock, &identity, &handled, buffer, sizeof buffer, &length));
    is("reset, no identity", KW_NULL, kw_lock_reset(lock, NULL));
    is("reset, to the life that it has", 504, kw_lock_reset(lock, &identity));

    is("claim, no bundle", KW_NULL, kw_lock_claim(lock, NULL, 0));
    is("claim, of nothing", 600, kw_lock_claim(lock, &bundle, 0));
    bundle.card = (kw_bytes){NULL, 7};
    is("claim, a card of no place", KW_NULL, kw_lock_claim(lock, &bundle, 0));
    bundle.card = (kw_bytes){storage, 7};
    is("claim, a card within the lock", KW_OVERLAPPING, kw_lock_claim(lock, &bundle, 0));
    is("claimed, no label", KW_NULL,
       kw_lock_claimed(lock, NULL, NULL, buffer, sizeof buffer, &length));
    is("claimed, a label of small order", KW_KEY,
       kw_lock_claimed(lock, nobody, NULL, buffer, sizeof buffer, &length));
    is("claimed, another label's seed", KW_KEY,
       kw_lock_claimed(lock, label, seed, buffer, sizeof buffer, &length));
    is("claimed, not yet", 601,
       kw_lock_claimed(lock, label, NULL, buffer, sizeof buffer, &length));
    is("take, no statement", KW_NULL, kw_lock_take(lock, 0, NULL, 3, &taken));
    is("take, not claimed", 601, kw_lock_take(lock, 0, message, sizeof message, &taken));
    is("take, told into the statement", KW_OVERLAPPING,
       kw_lock_take(lock, 0, (unsigned char *)&taken, 4, &taken));
    is("epochs, none", KW_NULL, kw_lock_take_epochs(lock, NULL, 1, message, 2, &taken));

    is("held, not claimed", 190, kw_lock_held(lock, &held));
    is("head, no such log", KW_RANGE, kw_lock_head(lock, 2, &head));
    is("anchor, a short buffer", KW_SHORT,
       kw_lock_anchor(lock, buffer, KW_MAX_ANCHOR - 1, &length));
    is("log, not claimed", 190, kw_lock_log_begin(lock, 0));
    is("log, not begun", KW_END, kw_lock_log_next(lock, 0, buffer, sizeof buffer, &length));
    is("relock, no duty", KW_END, kw_lock_relock_within(lock, &seconds));
    is("secured, whatever is reported", KW_OK, kw_lock_secured(lock, 77));

    host.calls_back = lock;
    is("challenge, by a generator that calls back", 190,
       kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, buffer, sizeof buffer, &length));
    is("what the generator was told", KW_REENTERED, host.called);
    host.calls_back = NULL;
    is("the lock is free again", KW_OK, kw_lock_head(lock, KW_LOG_EVENTS, &head));
}

static void of_the_end(kw_lock *lock)
{
    static KW_LOCK_STORAGE(moved);
    kw_head head;
    copy(moved, storage, sizeof moved);
    is("a lock that was copied", KW_UNINITIALISED,
       kw_lock_head((kw_lock *)(void *)moved, KW_LOG_EVENTS, &head));
    is("end", KW_OK, kw_lock_end(lock));
    size_t left = 0;
    for (size_t at = 0; at < sizeof storage; at++)
        left += storage[at] != 0;
    is("nothing is left", KW_OK, left == 0 ? KW_OK : KW_RANGE);
    is("head behind the end", KW_UNINITIALISED, kw_lock_head(lock, KW_LOG_EVENTS, &head));
    is("end behind the end", KW_UNINITIALISED, kw_lock_end(lock));
    is("init once more", KW_OK,
       kw_lock_init(storage, KW_LOCK_SIZE, &other.host, &identity, &lock));
    for (size_t at = 0; at < sizeof storage; at++)
        storage[at] = 0;
    is("head of a lock that was zeroed", KW_UNINITIALISED,
       kw_lock_head(lock, KW_LOG_EVENTS, &head));
}

static void of_verify(void)
{
    kw_view view = {.domain = seed};
    kw_accepted accepted;
    is("verify, no view", KW_NULL, kw_verify(NULL, seed, 8, &accepted));
    is("verify, no presentation", KW_NULL, kw_verify(&view, NULL, 8, &accepted));
    is("verify, nowhere to tell", KW_NULL, kw_verify(&view, seed, 8, NULL));
    is("verify, told into the view", KW_OVERLAPPING,
       kw_verify(&view, seed, 8, (kw_accepted *)(void *)&view));
    is("verify, by a keyset that is none", KW_RANGE, kw_verify(&view, seed, 8, &accepted));
}

int misuse(void)
{
    kw_lock *lock = NULL;
    host_begin(&host);
    host_begin(&other);
    of_init();
    is("init", KW_OK, kw_lock_init(storage, KW_LOCK_SIZE, &host.host, &identity, &lock));
    if (lock != NULL) {
        of_a_lock(lock);
        of_the_end(lock);
    }
    of_verify();
    is("the library's size", KW_OK, kw_lock_size() == KW_LOCK_SIZE ? KW_OK : KW_SHORT);
    say("misuses: ");
    say_number(misuses);
    say("\nfailures: ");
    say_number(failures);
    say("\n");
    return failures != 0;
}
