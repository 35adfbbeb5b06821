// The log's records are entries: of a generation, by their number. One more entry names the
// generation that stands; writing it publishes, for ZMS writes an entry whole or not at all.
#include <keyward_zms.h>

#include <errno.h>

// Numbers of entries: a generation's are 65 536, and two generations lie beside each other.
static const uint32_t head = 1, records = 0x10000, most = 0xffff;

static uint32_t entry(uint32_t generation, uint32_t number)
{
    return records + (generation % 2) * records + number;
}

static int32_t done(ssize_t answer)
{
    if (answer >= 0)
        return KW_STORE_OK;
    return answer == -ENOSPC ? KW_STORE_FULL : KW_STORE_FAILED;
}

// Whether there is such a record: 1 or 0, below 0 where nobody knows.
static int has(struct keyward_zms *zms, uint32_t generation, uint32_t number)
{
    uint8_t byte;
    ssize_t length = zms_read(zms->fs, entry(generation, number), &byte, 1);
    if (length == -ENOENT)
        return 0;
    return length < 0 ? -1 : 1;
}

// Erases a generation, the last record first: what is left of it at a cut has no gap.
static int32_t forget(struct keyward_zms *zms, uint32_t generation)
{
    uint32_t number = 0;
    int is;
    while ((is = has(zms, generation, number)) == 1)
        number++;
    if (is < 0)
        return KW_STORE_FAILED;
    while (number > 0)
        if (zms_delete(zms->fs, entry(generation, --number)) < 0)
            return KW_STORE_FAILED;
    return KW_STORE_OK;
}

static int32_t read(void *context, uint32_t at, uint8_t *record, size_t size, size_t *length,
                    uint32_t *next)
{
    struct keyward_zms *zms = context;
    if (at >= zms->count)
        return KW_STORE_END;
    ssize_t told = zms_read(zms->fs, entry(zms->generation, at), record, size);
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
    if (zms->count >= most)
        return KW_STORE_FULL;
    int32_t put = done(zms_write(zms->fs, entry(zms->generation, zms->count), record, length));
    zms->count += put == KW_STORE_OK;
    return put;
}

static int32_t begin(void *context)
{
    struct keyward_zms *zms = context;
    zms->staged = 0;
    zms->is_begun = forget(zms, zms->generation + 1) == KW_STORE_OK;
    return zms->is_begun ? KW_STORE_OK : KW_STORE_FAILED;
}

static int32_t stage(void *context, const uint8_t *record, size_t length)
{
    struct keyward_zms *zms = context;
    if (!zms->is_begun)
        return KW_STORE_FAILED;
    if (zms->staged >= most)
        return KW_STORE_FULL;
    int32_t put = done(zms_write(zms->fs, entry(zms->generation + 1, zms->staged), record, length));
    zms->staged += put == KW_STORE_OK;
    zms->is_begun = put == KW_STORE_OK;
    return put;
}

static int32_t publish(void *context)
{
    struct keyward_zms *zms = context;
    uint32_t next = zms->generation + 1;
    if (!zms->is_begun || zms_write(zms->fs, head, &next, sizeof next) < 0)
        return KW_STORE_FAILED;
    zms->is_begun = 0;
    zms->generation = next;
    zms->count = zms->staged;
    // What isn't erased now is erased when the log is opened, or begun anew.
    (void)forget(zms, next + 1);
    return KW_STORE_OK;
}

int32_t keyward_zms_open(struct keyward_zms *zms, struct zms_fs *fs, kw_store *store)
{
    *zms = (struct keyward_zms){.fs = fs};
    ssize_t told = zms_read(fs, head, &zms->generation, sizeof zms->generation);
    if (told < 0 && told != -ENOENT)
        return KW_STORE_FAILED;
    if (told >= 0 && told != (ssize_t)sizeof zms->generation)
        return KW_STORE_CORRUPT;
    int is;
    while ((is = has(zms, zms->generation, zms->count)) == 1)
        zms->count++;
    // A record behind a gap was whole once.
    if (is < 0 || has(zms, zms->generation, zms->count + 1) != 0)
        return is < 0 ? KW_STORE_FAILED : KW_STORE_CORRUPT;
    if (forget(zms, zms->generation + 1) != KW_STORE_OK)
        return KW_STORE_FAILED;
    *store = (kw_store){.context = zms, .read = read, .append = append, .begin = begin,
                        .stage = stage, .publish = publish};
    return KW_STORE_OK;
}
