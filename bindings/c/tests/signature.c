// A signer that fails all through a delivery: what was done is done, and its receipt alone is
// missing.
#include "host.h"
#include "in.h"

static struct host host;
static KW_LOCK_STORAGE(storage);
static kw_lock *lock;
static uint32_t session;
static unsigned failures;
static int recorded; // whether an opening was recorded by a second try
static int released;
static kw_bundle bundle;

static void is(const char *what, uint64_t expected, uint64_t told)
{
    failures += differs("a signer that fails", what, expected, told);
}

static void is_status(const char *what, kw_status expected, kw_status told)
{
    is(what, (uint64_t)expected, (uint64_t)told);
}

// What the signer was asked for last.
static unsigned char asked[512];

static int32_t no_signature(void *context, const uint8_t *signer, const uint8_t *message,
                            size_t length, uint8_t *signature)
{
    (void)context, (void)signer, (void)signature;
    copy(asked, message, length < sizeof asked ? length : sizeof asked);
    return -1;
}

// The store fails once the first door has moved.
static int32_t act(void *context, const kw_order *order)
{
    (void)order;
    ((struct host *)context)->fails = !recorded;
    return KW_DONE;
}

static uint32_t start(const kw_identity *identity)
{
    kw_restored restored = {.found = UINT32_MAX};
    if (lock != NULL)
        kw_lock_end(lock);
    lock = NULL;
    session = 0;
    is_status("init", KW_OK,
              kw_lock_init(storage, sizeof storage, &host.host, identity, &lock));
    is_status("restore", KW_OK, kw_lock_restore(lock, NULL, 0, &restored));
    return restored.found;
}

static void claim(struct in *in)
{
    counted(in);
    bundle.claim = counted(in);
    bundle.epoch = counted(in);
    bundle.keyset = counted(in);
    bundle.card = counted(in);
    is_status("claim", KW_OK, kw_lock_claim(lock, &bundle, 0));
    take(in, 64);
    counted(in);
}

static void challenge(struct in *in)
{
    unsigned char out[KW_MAX_CHALLENGE];
    size_t length;
    copy(host.random, take(in, 16), 16);
    if (session != 0)
        kw_lock_close(lock, session);
    is_status("challenge", KW_OK,
              kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, out, sizeof out, &length));
    counted(in);
}

// What the store didn't confirm is recorded by the second try, and there is no third.
static void record(void)
{
    unsigned char out[KW_MAX_RECEIPT];
    size_t length = 1;
    kw_handled handled = {.what = 0};
    host.fails = 0;
    is_status("record", KW_SIGNATURE, kw_lock_record(lock, &handled, out, sizeof out, &length));
    is("it is recorded", KW_RECORDED, handled.what);
    is("its receipt", 0, length);
    is_status("record again", KW_END, kw_lock_record(lock, &handled, out, sizeof out, &length));
    recorded = 1;
}

static void handle(struct in *in)
{
    unsigned char message[KW_MAX_MESSAGE], out[KW_MAX_RECEIPT];
    size_t length = 1;
    kw_handled handled = {.what = 0};
    kw_bytes brought = counted(in);
    kw_status meant = (kw_status)number(in, 4);
    unsigned answer = take(in, 3)[2];
    int moves = counted(in).length != 0;
    copy(message, brought.data, brought.length);
    kw_status told = kw_lock_handle(lock, session, message, brought.length, &handled, out,
                                    sizeof out, &length);
    is("the answer", answer, handled.answer[2]);
    if (moves && !recorded) {
        is_status("handle while the store fails", KW_OK, told);
        is("it is not recorded", KW_UNRECORDED, handled.what);
        record();
        return;
    }
    is_status("handle", moves ? KW_SIGNATURE : meant, told);
    is("a receipt", 0, length);
    if (moves)
        is("it moves", KW_RECORDED, handled.what);
}

// An entry that wasn't signed is the next one still.
static void read_log(struct in *in)
{
    unsigned char out[KW_MAX_ENTRY], first[sizeof asked];
    size_t length, entries = 0;
    while (counted(in).length != 0)
        entries++;
    is_status("begin the log", KW_OK, kw_lock_log_begin(lock, 1));
    for (size_t at = 0; at <= entries; at++) {
        is_status("the next entry", KW_SIGNATURE,
                  kw_lock_log_next(lock, session, out, sizeof out, &length));
        if (at == 0)
            copy(first, asked, sizeof first);
        is("the same entry", 1, (uint64_t)same(first, asked, sizeof first));
    }
}

// Which life a start begins, unclaimed.
static void begins(const char *what, const kw_identity *identity)
{
    unsigned char out[KW_MAX_UNCLAIMED];
    size_t length;
    is(what, KW_UNCLAIMED, start(identity));
    is_status(what, KW_OK, kw_lock_unclaimed(lock, out, sizeof out, &length));
    // Behind version, kind and device key.
    is(what, 1, (uint64_t)same(out + 34, identity->life, 16));
}

// The old life is over. A host that kept its identity would be claimed by what claimed it before.
static void release(struct in *in, const kw_identity *identity)
{
    unsigned char out[KW_MAX_RECEIPT];
    size_t length = 1;
    kw_handled handled = {.what = 0};
    kw_identity next = {.claim_key = identity->claim_key};
    next.device_seed = take(in, 32);
    next.life = take(in, 16);
    next.secret = take(in, 32);
    is_status("release", KW_SIGNATURE,
              kw_lock_release(lock, &next, &handled, out, sizeof out, &length));
    is("the release is recorded", KW_RECORDED, handled.what);
    is("the last receipt", 0, length);
    is_status("release again", KW_END,
              kw_lock_release(lock, &next, &handled, out, sizeof out, &length));
    begins("the next life", &next);
    begins("the old identity", identity);
    is_status("claim it as before", KW_OK, kw_lock_claim(lock, &bundle, 0));
    released = 1;
}

static int step(struct in *in, unsigned what, const kw_identity *identity)
{
    uint64_t now = number(in, 8);
    host.now = (kw_now){.lo = now, .hi = now, .uptime = now * 1000, .knows = KW_KNOWS_BOTH};
    switch (what) {
    case 1:
        claim(in);
        break;
    case 2:
        challenge(in);
        break;
    case 3:
        handle(in);
        break;
    case 4:
        is_status("secured", KW_OK, kw_lock_secured(lock, KW_DONE));
        break;
    case 5:
        is("a start finds", KW_CLAIMED, start(identity));
        break;
    case 6:
        take(in, 4);
        take(in, 40);
        take(in, 40);
        break;
    case 7:
        read_log(in);
        break;
    case 8:
        release(in, identity);
        break;
    default:
        in->broken = 1;
    }
    return !in->broken;
}

int signer_fails(struct in *in)
{
    kw_identity identity = {.device = NULL};
    take(in, 32);
    identity.life = take(in, 16);
    identity.secret = take(in, 32);
    identity.claim_key = take(in, 32);
    // What it shows first: version, kind, device key.
    struct in shown = *in;
    take(&shown, 1 + 8 + 4 + 2);
    identity.device = take(&shown, 32);
    host.has_counter = 0;
    host_begin(&host);
    host.host.sign = no_signature;
    host.host.act = act;
    is("the first start finds", KW_UNCLAIMED, start(&identity));
    while (!released)
        if (!step(in, flag(in), &identity))
            return 0;
    is("an opening was recorded", 1, (uint64_t)recorded);
    return failures == 0;
}
