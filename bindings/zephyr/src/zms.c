// The log's records are entries: of a generation, by their number. The head names the generation
// that stands, and how many records it has; writing it publishes a log, and confirms a record that
// was appended, for ZMS writes an entry whole or not at all. An entry whose check fails ZMS drops,
// as if it had never been written: the head tells what must be there.
#include <keyward_zms.h>

#include <errno.h>

// Numbers of entries: a generation's are 65 536, and two generations lie beside each other.
static const uint32_t head_entry = 1, records = 0x10000;

// What a log has room for, by the library's reckoning: so many bytes, and beside each record's own
// KW_STORE_OVERHEAD of them. ZMS takes 16, and up to 15 to align.
enum { capacity = CONFIG_KEYWARD_STORE_BYTES, overhead = 32, most = capacity / (overhead + 1) };
_Static_assert(most < 0xffff, "records of two generations would have the same numbers");

static uint32_t entry(uint32_t generation, uint32_t number)
{
    return records + (generation % 2) * records + number;
}

// Bytes of a record, 0 where there is none, below 0 where nobody knows.
static ssize_t length_of(struct keyward_zms *zms, uint32_t generation, uint32_t number)
{
    ssize_t length = zms_get_data_length(zms->fs, entry(generation, number));
    return length == -ENOENT ? 0 : length;
}

// Erases what there is of so many records, whether or not some of them are gone.
static int32_t forget(struct keyward_zms *zms, uint32_t generation, uint32_t count)
{
    while (count > 0) {
        ssize_t length = length_of(zms, generation, --count);
        if (length < 0 || (length > 0 && zms_delete(zms->fs, entry(generation, count)) < 0))
            return KW_STORE_FAILED;
    }
    return KW_STORE_OK;
}

// A log that is full is the lock's to write anew. A medium that is full before has failed: the lock
// would write anew for ever.
static int32_t put(struct keyward_zms *zms, const struct keyward_zms_log *log,
                   const uint8_t *record, size_t length)
{
    if (log->bytes + length + overhead > capacity)
        return KW_STORE_FULL;
    ssize_t written = zms_write(zms->fs, entry(log->generation, log->count), record, length);
    return written < 0 ? KW_STORE_FAILED : KW_STORE_OK;
}

static void grow(struct keyward_zms_log *log, size_t length)
{
    log->count++;
    log->bytes += (uint32_t)length + overhead;
}

static int32_t confirm(struct keyward_zms *zms, const struct keyward_zms_log *log, uint32_t count)
{
    const uint32_t head[2] = {log->generation, count};
    return zms_write(zms->fs, head_entry, head, sizeof head) < 0 ? KW_STORE_FAILED : KW_STORE_OK;
}

static int32_t read(void *context, uint32_t at, uint8_t *record, size_t size, size_t *length,
                    uint32_t *next)
{
    struct keyward_zms *zms = context;
    if (at >= zms->log.count)
        return KW_STORE_END;
    ssize_t told = zms_read(zms->fs, entry(zms->log.generation, at), record, size);
    // It was there when the log was opened.
    if (told == -ENOENT || told == 0 || told > (ssize_t)size)
        return KW_STORE_CORRUPT;
    if (told < 0)
        return KW_STORE_FAILED;
    *length = (size_t)told;
    *next = at + 1;
    return KW_STORE_OK;
}

static int32_t append(void *context, const uint8_t *record, size_t length)
{
    struct keyward_zms *zms = context;
    int32_t done = put(zms, &zms->log, record, length);
    if (done == KW_STORE_OK)
        done = confirm(zms, &zms->log, zms->log.count + 1);
    if (done == KW_STORE_OK)
        grow(&zms->log, length);
    return done;
}

static int32_t begin(void *context)
{
    struct keyward_zms *zms = context;
    uint32_t next = zms->log.generation + 1;
    // A head that failed may be there all the same, and name the log that is forgotten here.
    zms->is_begun = confirm(zms, &zms->log, zms->log.count) == KW_STORE_OK &&
                    forget(zms, next, zms->beside) == KW_STORE_OK;
    if (!zms->is_begun)
        return KW_STORE_FAILED;
    zms->beside = 0;
    zms->staged = (struct keyward_zms_log){.generation = next};
    return KW_STORE_OK;
}

static int32_t stage(void *context, const uint8_t *record, size_t length)
{
    struct keyward_zms *zms = context;
    if (!zms->is_begun)
        return KW_STORE_FAILED;
    // One that fails may be there all the same.
    zms->beside = zms->staged.count + 1;
    int32_t done = put(zms, &zms->staged, record, length);
    zms->is_begun = done == KW_STORE_OK;
    if (done == KW_STORE_OK)
        grow(&zms->staged, length);
    return done;
}

static int32_t publish(void *context)
{
    struct keyward_zms *zms = context;
    if (!zms->is_begun || confirm(zms, &zms->staged, zms->staged.count) != KW_STORE_OK)
        return KW_STORE_FAILED;
    zms->is_begun = 0;
    // An append that failed may have left one more.
    zms->beside = zms->log.count + 1;
    zms->log = zms->staged;
    // What isn't erased now is erased when the log is opened, or begun anew.
    if (forget(zms, zms->log.generation + 1, zms->beside) == KW_STORE_OK)
        zms->beside = 0;
    return KW_STORE_OK;
}

// Finds the log that stands: a store that was never used has no head, and no record either.
static int32_t find(struct keyward_zms *zms)
{
    uint32_t head[2];
    ssize_t told = zms_read(zms->fs, head_entry, head, sizeof head);
    if (told == -ENOENT) {
        ssize_t even = length_of(zms, 0, 0), odd = length_of(zms, 1, 0);
        if (even < 0 || odd < 0)
            return KW_STORE_FAILED;
        return even > 0 || odd > 0 ? KW_STORE_CORRUPT : confirm(zms, &zms->log, 0);
    }
    if (told < 0)
        return KW_STORE_FAILED;
    if (told != (ssize_t)sizeof head || head[1] >= records - 1)
        return KW_STORE_CORRUPT;
    zms->log.generation = head[0];
    // One behind the head's may be there: it was appended, and power failed before the head said so.
    for (uint32_t number = 0; number <= head[1] + 1; number++) {
        ssize_t length = length_of(zms, head[0], number);
        if (length < 0)
            return KW_STORE_FAILED;
        if (length == 0 ? number < head[1] : number > head[1])
            return KW_STORE_CORRUPT;
        if (length > 0)
            grow(&zms->log, (size_t)length);
    }
    return KW_STORE_OK;
}

int32_t keyward_zms_open(struct keyward_zms *zms, struct zms_fs *fs, kw_store *store)
{
    *zms = (struct keyward_zms){.fs = fs};
    int32_t found = find(zms);
    if (found != KW_STORE_OK)
        return found;
    // What a cut has left of a log beside it can have gaps, too.
    if (forget(zms, zms->log.generation + 1, most) != KW_STORE_OK)
        return KW_STORE_FAILED;
    *store = (kw_store){.context = zms, .read = read, .append = append, .begin = begin,
                        .stage = stage, .publish = publish};
    return KW_STORE_OK;
}
