// A door that is due, whose bolt jams for three seconds: it is secured then, whoever is connected.
#include "brought.h"
#include "door.h"
#include "host.h"

static struct host host;
static KW_LOCK_STORAGE(storage);
static unsigned failures;
static enum { nobody, silent, talks } phone;
static uint64_t milliseconds, secured;

static const uint64_t jams = 3000, stays = 9000;

static void is(const char *what, uint64_t expected, uint64_t told)
{
    failures += differs("a phone that stays", what, expected, told);
}

uint64_t board_milliseconds(void)
{
    return milliseconds;
}

int32_t board_random(void *board, uint8_t *bytes, size_t length)
{
    (void)board;
    for (size_t at = 0; at < length; at++)
        bytes[at] = 0;
    return 0;
}

int board_bolt(int open)
{
    if (open || milliseconds < jams)
        return -1;
    if (secured == 0)
        secured = milliseconds;
    return 0;
}

int board_runs(void)
{
    return milliseconds < stays;
}

int board_connected(void)
{
    if (phone == nobody)
        milliseconds += 1000;
    return phone != nobody && milliseconds < stays;
}

void board_send(const unsigned char *bytes, size_t length)
{
    (void)bytes, (void)length;
}

// One that talks says nothing that means anything.
size_t board_receive(unsigned char *bytes, size_t size)
{
    (void)size;
    milliseconds += 1000;
    bytes[0] = 0;
    return phone == talks && milliseconds < stays;
}

// A lock that was claimed and has opened.
static void open_door(const struct brought *brought)
{
    unsigned char message[KW_MAX_MESSAGE], out[KW_MAX_RECEIPT];
    size_t length;
    uint32_t session = 0;
    kw_lock *lock = NULL;
    kw_restored restored;
    kw_handled handled;
    host.has_counter = 0;
    host_begin_flash(&host);
    host.now = (kw_now){.lo = brought->claimed, .hi = brought->claimed, .uptime = 1000,
                        .knows = KW_KNOWS_BOTH};
    copy(host.random, brought->random, 16);
    is("init", KW_OK, (uint64_t)kw_lock_init(storage, sizeof storage, &host.host,
                                             &brought->identity, &lock));
    is("restore", KW_OK, (uint64_t)kw_lock_restore(lock, NULL, 0, &restored));
    is("claim", KW_OK, (uint64_t)kw_lock_claim(lock, &brought->bundle, 0));
    host.now.lo = host.now.hi = brought->opened;
    is("challenge", KW_OK, (uint64_t)kw_lock_challenge(lock, KW_CHANNEL_RADIO, &session, message,
                                                       sizeof message, &length));
    copy(message, brought->presentation.data, brought->presentation.length);
    is("handle", KW_OK,
       (uint64_t)kw_lock_handle(lock, session, message, brought->presentation.length, &handled,
                                out, sizeof out, &length));
    is("end", KW_OK, (uint64_t)kw_lock_end(lock));
}

int phone_stays(struct in *in)
{
    static const char *const names[] = {"nobody, secured at", "silent, secured at",
                                        "talking, secured at"};
    struct brought brought;
    if (!find(in, &brought))
        return 0;
    for (phone = nobody; phone <= talks; phone++) {
        open_door(&brought);
        milliseconds = secured = 0;
        door(&host.flash, &brought.identity);
        is(names[phone], jams, secured);
    }
    return failures == 0;
}
