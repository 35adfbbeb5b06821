// Runs keyward's vectors through the C API: `testkit/src/flat.rs` tells how the cases lie in
// memory. Prints `vectors: N` and `failures: N`.
#include "host.h"
#include "in.h"

int clock_fails(struct in *in);
int signer_fails(struct in *in);
int phone_stays(struct in *in);

static struct host host;
static KW_LOCK_STORAGE(storage);
static kw_lock *lock;
static kw_status got; // the last status that was compared
static kw_status meant;

static int is_status(kw_status expected, kw_status status)
{
    got = status;
    meant = expected;
    return expected == status;
}

static int is_number(struct in *in, size_t length, uint64_t told)
{
    return number(in, length) == told;
}

static int is_bytes(struct in *in, const void *told, size_t length)
{
    return same(take(in, length), told, length);
}

static int is_counted(struct in *in, const void *told, size_t length)
{
    kw_bytes bytes = counted(in);
    return bytes.length == length && same(bytes.data, told, length);
}

// What may be missing, and then is 0.
static int is_optional(struct in *in, unsigned has, uint64_t told)
{
    if (flag(in) != has)
        return 0;
    return !has || is_number(in, 8, told);
}

// The memory that a presentation is judged by.
struct memory {
    struct in uses, window;
    int32_t app;
};

static void uses_of(void *context, const uint8_t *link, kw_uses *told)
{
    struct in in = ((struct memory *)context)->uses;
    for (unsigned left = flag(&in); left > 0; left--) {
        const unsigned char *known = take(&in, 16);
        uint32_t spent = (uint32_t)number(&in, 4);
        uint8_t has_first = (uint8_t)flag(&in);
        uint64_t first = has_first ? number(&in, 8) : 0;
        if (same(known, link, 16))
            *told = (kw_uses){.first = first, .spent = spent, .has_first = has_first};
    }
}

static void window_of(void *context, const uint8_t *holder, kw_window *told)
{
    struct in in = ((struct memory *)context)->window;
    if (flag(&in) && same(take(&in, 16), holder, 16)) {
        told->highest = number(&in, 8);
        told->seen = number(&in, 8);
        told->is_known = 1;
    }
}

static int32_t check_of(void *context, const kw_app *app)
{
    (void)app;
    return ((struct memory *)context)->app;
}

static int is_accepted(struct in *in, const kw_accepted *told)
{
    int is = is_bytes(in, told->core, 32) && is_bytes(in, told->holder, 16);
    is = is && is_number(in, 1, told->links_count);
    for (unsigned at = 0; is && at < told->links_count; at++)
        is = is_bytes(in, told->links[at], 16);
    is = is && is_number(in, 1, told->evidence_count);
    for (unsigned at = 0; is && at < told->evidence_count; at++)
        is = is_bytes(in, told->evidence[at], 16);
    is = is && is_number(in, 4, told->relock_within) && is_number(in, 8, told->lo);
    is = is && is_optional(in, told->has_hi, told->hi);
    is = is && is_number(in, 1, told->counted_count);
    for (unsigned at = 0; is && at < told->counted_count; at++) {
        const kw_counted *counted = &told->counted[at];
        is = is_bytes(in, counted->link, 16) && is_bytes(in, counted->root, 16) &&
             is_bytes(in, counted->issuer, 8) && is_number(in, 4, counted->spent) &&
             is_number(in, 8, counted->first) && is_number(in, 8, counted->keep_until);
    }
    is = is && is_optional(in, told->has_counter, told->counter);
    is = is && (!told->has_counter || is_number(in, 8, told->time));
    return is && is_optional(in, told->has_heard, told->heard);
}

// A presentation under trust that is pinned.
static int presented(struct in *in)
{
    struct memory memory;
    kw_open_challenge challenge;
    kw_accepted accepted;
    kw_view view = {.context = &memory, .uses = uses_of, .window = window_of};
    view.domain = take(in, 32);
    view.epoch = number(in, 8);
    view.emergency = flag(in) ? take(in, 32) : NULL;
    view.keyset = counted(in);
    view.card = counted(in);
    view.list = counted(in);
    view.now.lo = number(in, 8);
    view.now.knows = flag(in) ? KW_KNOWS_BOTH : KW_KNOWS_LO;
    if (view.now.knows == KW_KNOWS_BOTH)
        view.now.hi = number(in, 8);
    view.now.drift_ppm = (uint32_t)number(in, 4);
    view.now.uptime = UINT32_MAX;
    if (flag(in)) {
        copy(challenge.nonce, take(in, 16), 16);
        challenge.channel = flag(in);
        challenge.issued = view.now.uptime - number(in, 8);
        view.challenge = &challenge;
    }
    memory.uses = *in;
    for (unsigned left = flag(in); left > 0; left--) {
        take(in, 20);
        if (flag(in))
            take(in, 8);
    }
    memory.window = *in;
    if (flag(in))
        take(in, 32);
    unsigned app = flag(in);
    memory.app = (int32_t)app - 1;
    view.check = app ? check_of : NULL;
    kw_bytes presentation = counted(in);
    kw_status status = (kw_status)number(in, 4);
    if (!is_status(status, kw_verify(&view, presentation.data, presentation.length, &accepted)))
        return 0;
    if (status == KW_OK)
        return is_accepted(in, &accepted);
    return is_number(in, 1, accepted.answer[2]) && is_number(in, 1, accepted.is_evidence);
}

// Begins a lock over an empty store, by device key, life and secret.
static int32_t no_signature(void *context, const uint8_t *signer, const uint8_t *message,
                            size_t length, uint8_t *signature)
{
    (void)context, (void)signer, (void)message, (void)length, (void)signature;
    return -1;
}

static int begin(const kw_identity *identity)
{
    if (lock != NULL)
        kw_lock_end(lock);
    lock = NULL;
    host.host.sign = no_signature;
    kw_status status = kw_lock_init(storage, sizeof storage, &host.host, identity, &lock);
    return is_status(KW_OK, status);
}

static void identify(struct in *in, kw_identity *identity)
{
    identity->device = take(in, 32);
    identity->life = take(in, 16);
    identity->secret = take(in, 32);
}

static int is_held(struct in *in)
{
    kw_held held;
    return is_status(KW_OK, kw_lock_held(lock, &held)) && is_bytes(in, held.domain, 32) &&
           is_number(in, 8, held.epoch) && is_number(in, 8, held.keyset) &&
           is_number(in, 8, held.list[0]) && is_number(in, 8, held.list[1]) &&
           is_number(in, 8, held.card[0]) && is_number(in, 8, held.card[1]) &&
           is_number(in, 8, held.lo);
}

static kw_status step(struct in *in, kw_identity *identity, uint32_t *taken)
{
    kw_bundle bundle;
    kw_bytes epochs[UINT8_MAX], bytes;
    unsigned count;
    uint32_t session = 0;
    switch (flag(in)) {
    case 1:
        bundle.claim = counted(in);
        bundle.epoch = counted(in);
        bundle.keyset = counted(in);
        bundle.card = counted(in);
        bundle.list = flag(in) ? counted(in) : (kw_bytes){NULL, 0};
        *taken = KW_CLAIM;
        return kw_lock_claim(lock, &bundle, (uint8_t)flag(in));
    case 2:
        count = flag(in);
        for (unsigned at = 0; at < count; at++)
            epochs[at] = counted(in);
        bytes = counted(in);
        return kw_lock_take_epochs(lock, epochs, count, bytes.data, bytes.length, taken);
    case 3:
        bytes = counted(in);
        if (flag(in) && kw_vector_session(lock, take(in, 16)) == KW_OK)
            session = UINT32_MAX;
        host.now.lo = number(in, 8);
        return kw_lock_take(lock, session, bytes.data, bytes.length, taken);
    case 4:
        identify(in, identity);
        return kw_lock_reset(lock, identity);
    default:
        in->broken = 1;
        return KW_RANGE;
    }
}

// Statements, one after the other.
static int life(struct in *in)
{
    kw_identity identity = {.device = NULL};
    kw_restored restored;
    host.has_counter = 0;
    host_begin(&host);
    identify(in, &identity);
    identity.claim_key = flag(in) ? take(in, 32) : NULL;
    if (!begin(&identity) || !is_status(KW_OK, kw_lock_restore(lock, NULL, 0, &restored)))
        return 0;
    for (unsigned left = flag(in); left > 0; left--) {
        uint32_t taken = KW_UNCHANGED;
        host.now.lo = 0;
        kw_status status = step(in, &identity, &taken);
        host.now.lo = 0;
        if (!is_status((kw_status)number(in, 4), status))
            return 0;
        if (!is_number(in, 1, status == KW_OK ? taken : 0))
            return 0;
        if (flag(in) && !is_held(in))
            return 0;
    }
    return 1;
}

static const uint64_t start = 1795510800;

// A start over records.
static int started(struct in *in)
{
    kw_identity identity = {.device = NULL};
    kw_restored restored = {0, 0};
    kw_head head;
    uint32_t held, seconds;
    host.has_counter = 0;
    identify(in, &identity);
    struct in records = *in;
    for (unsigned left = flag(in); left > 0; left--)
        counted(in);
    kw_bytes anchor = flag(in) ? counted(in) : (kw_bytes){NULL, 0};
    host.has_counter = (int)flag(in);
    if (host.has_counter)
        host.counter = number(in, 8);
    host_begin(&host);
    for (unsigned left = flag(&records); left > 0; left--) {
        kw_bytes record = counted(&records);
        host_append(&host, record.data, record.length);
    }
    if (!begin(&identity))
        return 0;
    kw_status status = kw_lock_restore(lock, anchor.data, anchor.length, &restored);
    if (!is_status((kw_status)number(in, 4), status) || !is_number(in, 1, restored.found) ||
        !is_number(in, 8, restored.interrupted))
        return 0;
    if (!flag(in))
        return 1;
    // Told first, and made first by the testkit: nonces are counted.
    const unsigned char *nonces = in->at + in->left - 32;
    host.now = (kw_now){.lo = start + 1, .hi = start + 1, .uptime = 1000, .knows = KW_KNOWS_BOTH};
    for (unsigned at = 0; at < 2; at++) {
        unsigned char challenge[KW_MAX_CHALLENGE];
        size_t length;
        uint32_t session;
        for (size_t byte = 0; byte < 16; byte++)
            host.random[byte] = at ? 0x5a : 0;
        status = kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, challenge, sizeof challenge,
                                   &length);
        // Behind version, kind and the lock's name.
        if (!is_status(KW_OK, status) || !same(challenge + 10, nonces + 16 * at, 16))
            return 0;
    }
    host.now = (kw_now){.uptime = 0, .knows = KW_KNOWS_TICKS};
    if (!is_held(in))
        return 0;
    for (uint32_t log = KW_LOG_EVENTS; log <= KW_LOG_DENIALS; log++)
        if (!is_status(KW_OK, kw_lock_head(lock, log, &head)) || !is_number(in, 8, head.next) ||
            !is_bytes(in, head.hash, 32))
            return 0;
    if (!is_status(KW_OK, kw_lock_log_count(lock, &held)) || !is_number(in, 4, held))
        return 0;
    status = kw_lock_relock_within(lock, &seconds);
    return is_number(in, 1, status == KW_OK);
}

// One step of a delivery; 0 where it came out otherwise, or was the last.
static int delivered(struct in *in, unsigned what, const kw_identity *identity, uint32_t *session)
{
    unsigned char out[KW_MAX_MESSAGE], message[KW_MAX_MESSAGE];
    size_t length;
    kw_bundle bundle = {.list = {NULL, 0}};
    kw_identity next = {.device = NULL};
    kw_bytes bytes;
    kw_handled handled = {.what = 0};
    kw_restored restored;
    kw_head head;
    uint32_t told;
    kw_status status;
    uint64_t now = number(in, 8);
    host.now = (kw_now){.lo = now, .hi = now, .uptime = now * 1000, .knows = KW_KNOWS_BOTH};
    switch (what) {
    case 1:
        status = kw_lock_unclaimed(lock, out, sizeof out, &length);
        if (!is_status(KW_OK, status) || !is_counted(in, out, length))
            return 0;
        bundle.claim = counted(in);
        bundle.epoch = counted(in);
        bundle.keyset = counted(in);
        bundle.card = counted(in);
        if (!is_status(KW_OK, kw_lock_claim(lock, &bundle, 0)))
            return 0;
        const unsigned char *seed = take(in, 32), *label = take(in, 32);
        status = kw_lock_claimed(lock, label, seed, out, sizeof out, &length);
        return is_status(KW_OK, status) && is_counted(in, out, length);
    case 2:
        copy(host.random, take(in, 16), 16);
        if (*session != 0)
            kw_lock_close(lock, *session);
        status = kw_lock_challenge(lock, KW_CHANNEL_RADIO, session, out, sizeof out, &length);
        return is_status(KW_OK, status) && is_counted(in, out, length);
    case 3:
        bytes = counted(in);
        if (bytes.length > sizeof message)
            return 0;
        copy(message, bytes.data, bytes.length);
        int acts = host.acts;
        host.calls_back = lock;
        host.called = KW_OK;
        status = kw_lock_handle(lock, *session, message, bytes.length, &handled, out, sizeof out,
                                &length);
        host.calls_back = NULL;
        if (!is_status((kw_status)number(in, 4), status) || !is_bytes(in, handled.answer, 3) ||
            !is_counted(in, out, length))
            return 0;
        // The actuator is asked once, of what was granted; it called back, and was told so.
        int asked = handled.what == KW_RECORDED || handled.what == KW_RELEASED;
        if (host.acts != acts + asked)
            return 0;
        return !asked || is_status(KW_REENTERED, host.called);
    case 4:
        return is_status(KW_OK, kw_lock_secured(lock, KW_DONE));
    case 5:
        *session = 0;
        if (!begin(identity) || !is_status(KW_OK, kw_lock_restore(lock, NULL, 0, &restored)))
            return 0;
        status = kw_lock_relock_within(lock, &told);
        return restored.found == KW_CLAIMED && is_status(KW_OK, status) && told == 0;
    case 6:
        if (!is_status(KW_OK, kw_lock_log_count(lock, &told)) || !is_number(in, 4, told))
            return 0;
        for (uint32_t log = KW_LOG_EVENTS; log <= KW_LOG_DENIALS; log++)
            if (!is_status(KW_OK, kw_lock_head(lock, log, &head)) ||
                !is_number(in, 8, head.next) || !is_bytes(in, head.hash, 32))
                return 0;
        return 1;
    case 7:
        if (!is_status(KW_OK, kw_lock_log_begin(lock, 1)))
            return 0;
        for (bytes = counted(in); bytes.length != 0; bytes = counted(in)) {
            // A generator that fails seals no entry, and loses none.
            host.random_fails = 1;
            status = kw_lock_log_next(lock, 0, out, sizeof out, &length);
            host.random_fails = 0;
            if (!is_status(KW_CALLBACK, status))
                return 0;
            status = kw_lock_log_next(lock, *session, out, sizeof out, &length);
            if (!is_status(KW_OK, status) || length != bytes.length ||
                !same(bytes.data, out, length))
                return 0;
        }
        status = kw_lock_log_next(lock, *session, out, sizeof out, &length);
        if (!is_status(KW_END, status) || !is_status(KW_OK, kw_lock_log_begin(lock, 0)))
            return 0;
        // Nobody else reads in the clear, and this owner has no key to seal to.
        status = kw_lock_log_next(lock, 0, out, sizeof out, &length);
        if (!is_status(KW_KEY, status) || !is_status(KW_OK, kw_lock_close(lock, *session)))
            return 0;
        status = kw_lock_log_next(lock, *session, out, sizeof out, &length);
        *session = 0;
        return is_status(KW_KEY, status);
    case 8:
        next.device_seed = take(in, 32);
        next.life = take(in, 16);
        next.secret = take(in, 32);
        next.claim_key = identity->claim_key;
        status = kw_lock_release(lock, &next, &handled, out, sizeof out, &length);
        *session = 0;
        return is_status(KW_OK, status) && is_counted(in, out, length);
    default:
        in->broken = 1;
        return 0;
    }
}

// A delivery at a lock whose host has begun.
static int delivered_whole(struct in *in)
{
    kw_identity identity = {.device = NULL};
    kw_restored restored;
    uint32_t session = 0;
    identity.device_seed = take(in, 32);
    identity.life = take(in, 16);
    identity.secret = take(in, 32);
    identity.claim_key = take(in, 32);
    if (!begin(&identity) || !is_status(KW_OK, kw_lock_restore(lock, NULL, 0, &restored)))
        return 0;
    for (unsigned what = flag(in); what != 0; what = flag(in))
        if (!delivered(in, what, &identity, &session))
            return 0;
    return 1;
}

// A delivery, once over a log of the host's, once over a flash; and what callbacks that fail and a
// phone that stays make of it.
static int delivery(struct in *in)
{
    struct in again = *in, clock = *in, signer = *in, phone = *in;
    host.has_counter = 0;
    host_begin(&host);
    if (!delivered_whole(in) || !clock_fails(&clock) || !signer_fails(&signer) ||
        !phone_stays(&phone))
        return 0;
    host_begin_flash(&host);
    return delivered_whole(&again);
}

static void failed(kw_bytes name)
{
    for (size_t at = 0; at < name.length; at++) {
        char letter[2] = {(char)name.data[at], 0};
        say(letter);
    }
    say(": expected ");
    say(kw_status_name(meant));
    say(", got ");
    say(kw_status_name(got));
    say("\n");
}

int vectors(const unsigned char *bytes, size_t length)
{
    struct in all = {bytes, length, 0};
    unsigned long count = 0, failures = 0;
    while (all.left > 0 && !all.broken) {
        unsigned kind = flag(&all);
        kw_bytes body = counted(&all);
        struct in in = {body.data, body.length, all.broken};
        kw_bytes name = counted(&in);
        int (*run)(struct in *) = kind == 'V'   ? presented
                                  : kind == 'T' ? life
                                  : kind == 'J' ? started
                                                : delivery;
        count++;
        if (in.broken || !run(&in) || in.broken) {
            failures++;
            failed(name);
        }
    }
    say("vectors: ");
    say_number(count);
    say("\nfailures: ");
    say_number(failures + (unsigned long)all.broken);
    say("\n");
    return failures != 0 || all.broken || count == 0;
}
