#include "host.h"

void copy(void *to, const void *from, size_t length)
{
    unsigned char *out = to;
    const unsigned char *in = from;
    for (size_t at = 0; at < length; at++)
        out[at] = in[at];
}

int same(const void *one, const void *other, size_t length)
{
    const unsigned char *a = one, *b = other;
    for (size_t at = 0; at < length; at++)
        if (a[at] != b[at])
            return 0;
    return 1;
}

unsigned differs(const char *test, const char *what, uint64_t expected, uint64_t told)
{
    if (told == expected)
        return 0;
    say(test);
    say(", ");
    say(what);
    say(": expected ");
    say_number((unsigned long)expected);
    say(", got ");
    say_number((unsigned long)told);
    say("\n");
    return 1;
}

// A callback that calls back must be told so.
static void calls_back(struct host *host)
{
    kw_head head;
    if (host->calls_back != NULL)
        host->called = kw_lock_head(host->calls_back, KW_LOG_EVENTS, &head);
}

static int32_t now(void *context, kw_now *now)
{
    struct host *host = context;
    host->now_asked++;
    if (host->now_fails != 0 && host->now_asked >= host->now_fails)
        return -1;
    *now = host->now;
    return 0;
}

void host_now_fails(struct host *host, unsigned reading)
{
    host->now_asked = 0;
    host->now_fails = reading;
}

static int32_t random_bytes(void *context, uint8_t *bytes, size_t length)
{
    struct host *host = context;
    calls_back(host);
    if (host->random_fails)
        return -1;
    for (size_t at = 0; at < length; at++)
        bytes[at] = host->random[at % sizeof host->random];
    return 0;
}

static int32_t act(void *context, const kw_order *order)
{
    struct host *host = context;
    calls_back(host);
    host->acts++;
    return order->right == KW_RIGHT_UNLOCK ? host->reports : KW_DONE;
}

static int32_t read(void *context, uint32_t at, uint8_t *record, size_t size, size_t *length,
                    uint32_t *next)
{
    struct host *host = context;
    const struct log *log = &host->logs[host->standing];
    if (at >= log->used)
        return KW_STORE_END;
    *length = (size_t)(log->bytes[at] | log->bytes[at + 1] << 8);
    if (*length > size)
        return KW_STORE_CORRUPT;
    copy(record, &log->bytes[at + 2], *length);
    *next = at + 2 + (uint32_t)*length;
    return KW_STORE_OK;
}

static int32_t put(struct log *log, const uint8_t *record, size_t length)
{
    if (length + 2 > LOG_BYTES - log->used)
        return KW_STORE_FULL;
    log->bytes[log->used] = (unsigned char)length;
    log->bytes[log->used + 1] = (unsigned char)(length >> 8);
    copy(&log->bytes[log->used + 2], record, length);
    log->used += length + 2;
    return KW_STORE_OK;
}

int32_t host_append(void *context, const uint8_t *record, size_t length)
{
    struct host *host = context;
    return host->fails ? KW_STORE_FAILED : put(&host->logs[host->standing], record, length);
}

static int32_t begin(void *context)
{
    struct host *host = context;
    host->logs[!host->standing].used = 0;
    return host->fails ? KW_STORE_FAILED : KW_STORE_OK;
}

static int32_t stage(void *context, const uint8_t *record, size_t length)
{
    struct host *host = context;
    return host->fails ? KW_STORE_FAILED : put(&host->logs[!host->standing], record, length);
}

static int32_t publish(void *context)
{
    struct host *host = context;
    if (host->fails)
        return KW_STORE_FAILED;
    host->standing = !host->standing;
    return KW_STORE_OK;
}

static int32_t counter(void *context, uint64_t *value)
{
    struct host *host = context;
    *value = host->counter;
    return KW_STORE_OK;
}

static int32_t advance(void *context, uint64_t to)
{
    struct host *host = context;
    if (to > host->counter)
        host->counter = to;
    return KW_STORE_OK;
}

void host_begin(struct host *host)
{
    host->logs[0].used = host->logs[1].used = 0;
    host->standing = 0;
    host->fails = host->acts = host->random_fails = 0;
    host->reports = KW_DONE;
    host_now_fails(host, 0);
    host->calls_back = NULL;
    host->called = KW_OK;
    host->now = (kw_now){.lo = 0, .hi = 0, .uptime = 1000, .drift_ppm = 0, .knows = KW_KNOWS_LO};
    for (size_t at = 0; at < sizeof host->random; at++)
        host->random[at] = 0;
    host->store = (kw_store){.context = host, .read = read, .append = host_append,
                             .begin = begin, .stage = stage, .publish = publish,
                             .counter = host->has_counter ? counter : NULL,
                             .advance = host->has_counter ? advance : NULL};
    host->host = (kw_host){.context = host, .now = now, .random = random_bytes, .act = act,
                           .sign = NULL, .check = NULL, .store = &host->store, .flash = NULL};
}

static int32_t flash_read(void *context, uint32_t offset, uint8_t *bytes, size_t length)
{
    struct host *host = context;
    copy(bytes, &host->cells[offset], length);
    return 0;
}

static int32_t flash_program(void *context, uint32_t offset, const uint8_t *bytes, size_t length)
{
    struct host *host = context;
    for (size_t at = 0; at < length; at++)
        host->cells[offset + at] &= bytes[at];
    return host->fails ? -1 : 0;
}

static int32_t flash_erase(void *context, uint32_t offset, uint32_t length)
{
    struct host *host = context;
    for (size_t at = 0; at < length; at++)
        host->cells[offset + at] = 0xff;
    return host->fails ? -1 : 0;
}

void host_begin_flash(struct host *host)
{
    host_begin(host);
    for (size_t at = 0; at < sizeof host->cells; at++)
        host->cells[at] = 0xff;
    host->flash = (kw_flash){.context = host, .read = flash_read, .program = flash_program,
                             .erase = flash_erase, .size = sizeof host->cells,
                             .page = KW_FLASH_PAGE, .word = KW_FLASH_WORD};
    host->host.store = NULL;
    host->host.flash = &host->flash;
}
