// A clock that fails, 200 days after it started, over what a delivery's vector brings: nothing is
// taken in, nothing opens, and time isn't thrown forward.
#include "brought.h"
#include "host.h"

static struct host host;
static KW_LOCK_STORAGE(storage);
static kw_lock *lock;
static uint32_t session;
static unsigned failures;

static const uint64_t days = 86400000, uptime = 200 * (uint64_t)86400000;

static void is(const char *what, uint64_t expected, uint64_t told)
{
    failures += differs("a clock that fails", what, expected, told);
}

// A lock that was claimed, over a clock that works: by ticks alone, or one that is trusted.
static void begin(const struct brought *brought, uint32_t knows)
{
    kw_restored restored;
    if (lock != NULL)
        kw_lock_end(lock);
    lock = NULL;
    host.has_counter = 0;
    host_begin(&host);
    host.now = (kw_now){.lo = brought->claimed, .hi = brought->claimed, .uptime = uptime,
                        .drift_ppm = 100, .knows = knows};
    copy(host.random, brought->random, 16);
    is("init", KW_OK, kw_lock_init(storage, sizeof storage, &host.host, &brought->identity, &lock));
    is("restore", KW_OK, kw_lock_restore(lock, NULL, 0, &restored));
    is("claim", KW_OK, kw_lock_claim(lock, &brought->bundle, 0));
    host.now.lo = host.now.hi = brought->opened;
}

static kw_status challenge(void)
{
    unsigned char out[KW_MAX_CHALLENGE];
    size_t length;
    return kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, out, sizeof out, &length);
}

static kw_status handle(kw_bytes bytes, kw_handled *handled)
{
    unsigned char message[KW_MAX_MESSAGE], out[KW_MAX_RECEIPT];
    size_t length;
    *handled = (kw_handled){.what = 0};
    copy(message, bytes.data, bytes.length);
    return kw_lock_handle(lock, session, message, bytes.length, handled, out, sizeof out, &length);
}

static void nothing_is_taken_in(const struct brought *brought)
{
    kw_handled handled;
    kw_held before, held = {.lo = 0};
    uint32_t told;
    begin(brought, KW_KNOWS_TICKS);
    is("held", KW_OK, kw_lock_held(lock, &before));
    is("challenge", KW_OK, challenge());

    host_now_fails(&host, 1);
    is("claim once more", KW_CALLBACK, kw_lock_claim(lock, &brought->bundle, 0));
    is("handle a list", KW_CALLBACK, handle(brought->list, &handled));
    is("the answer to it is Denied", 2, handled.answer[2]);
    is("take a list", KW_CALLBACK,
       kw_lock_take(lock, 0, brought->list.data, brought->list.length, &told));
    is("take epochs", KW_CALLBACK,
       kw_lock_take_epochs(lock, &brought->bundle.epoch, 0, brought->bundle.keyset.data,
                           brought->bundle.keyset.length, &told));
    is("held while it fails", KW_CALLBACK, kw_lock_held(lock, &held));
    is("read the log", KW_CALLBACK, kw_lock_log_begin(lock, 0));
    is("count the log", KW_CALLBACK, kw_lock_log_count(lock, &told));
    is("no duty to relock", KW_END, kw_lock_relock_within(lock, &told));
    is("secured", KW_OK, kw_lock_secured(lock, KW_DONE));
    host_now_fails(&host, 0);

    host.now.uptime += 5000;
    is("held behind it", KW_OK, kw_lock_held(lock, &held));
    is("the list is as it was", before.list[1], held.list[1]);
    is("5 seconds passed at most", 1, held.lo <= before.lo + 5);
    is("handle the list again", KW_OK, handle(brought->list, &handled));
    is("held with the list", KW_OK, kw_lock_held(lock, &before));
    is("the list is newer", 1, before.list[1] > held.list[1]);
    host.now.uptime += 10 * days;
    is("held ten days later", KW_OK, kw_lock_held(lock, &held));
    is("ten days passed at most", 1, held.lo <= before.lo + 10 * days / 1000);
}

// Who carries the log away isn't told that it ends where the ticks started anew.
static void a_log_is_read_on(const struct brought *brought)
{
    unsigned char out[KW_MAX_ENTRY];
    size_t length;
    uint32_t count, read = 0;
    kw_status told;
    begin(brought, KW_KNOWS_TICKS);
    is("count the entries", KW_OK, kw_lock_log_count(lock, &count));
    is("there are some", 1, count > 1);
    is("begin to read", KW_OK, kw_lock_log_begin(lock, 0));
    do {
        is("the ticks start anew", KW_OK, kw_lock_clock_restarted(lock));
        told = kw_lock_log_next(lock, 0, out, sizeof out, &length);
    } while ((told == KW_OK || told == KW_KEY) && read++ < count);
    is("the end", KW_END, (uint64_t)told);
    is("all entries", count, read);
}

// From each reading of the clock on that a request asks for.
static void nothing_opens(const struct brought *brought)
{
    static const kw_status statuses[] = {KW_CALLBACK, 211, 505, KW_OK, KW_OK};
    kw_handled handled;
    uint32_t seconds;
    for (unsigned reading = 1; reading <= 5; reading++) {
        begin(brought, KW_KNOWS_BOTH);
        is("challenge before it opens", KW_OK, challenge());
        host_now_fails(&host, reading);
        is("handle what would open", (uint64_t)statuses[reading - 1],
           (uint64_t)handle(brought->presentation, &handled));
        is("the actuator is asked", reading == 5, (uint64_t)host.acts);
        if (reading == 4)
            is("what was committed has lapsed", KW_LAPSED, (uint64_t)handled.outcome);
        host_now_fails(&host, 1);
        is("a duty to relock", reading < 4 ? KW_END : KW_OK,
           (uint64_t)kw_lock_relock_within(lock, &seconds));
        if (reading >= 4)
            is("it is due", 0, seconds);
        host_now_fails(&host, 0);
        if (reading == 1) // It spent nothing.
            is("handle it again", KW_OK, (uint64_t)handle(brought->presentation, &handled));
        if (reading == 5) {
            is("its duty", KW_OK, kw_lock_relock_within(lock, &seconds));
            is("it was not due", 30, seconds);
        }
    }
    // A challenge of no age would live forever.
    begin(brought, KW_KNOWS_BOTH);
    host_now_fails(&host, 1);
    is("challenge while it fails", KW_CALLBACK, challenge());
    host_now_fails(&host, 0);
}

int clock_fails(struct in *in)
{
    struct brought brought;
    if (!find(in, &brought))
        return 0;
    nothing_is_taken_in(&brought);
    nothing_opens(&brought);
    a_log_is_read_on(&brought);
    return failures == 0;
}
