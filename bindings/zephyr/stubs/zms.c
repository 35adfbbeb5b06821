#include <errno.h>
#include <string.h>

#include <zephyr/fs/zms.h>

static struct {
    uint32_t id;
    size_t length; // 0 for none
    unsigned char data[1400];
} entries[64];

static unsigned changes, cut, lie;
static size_t room = 64;

void stub_cut(unsigned at)
{
    changes = 0;
    cut = at;
}

void stub_lie(unsigned at)
{
    changes = 0;
    lie = at;
}

void stub_room(size_t entries)
{
    room = entries == 0 ? 64 : entries;
}

void stub_clear(void)
{
    memset(entries, 0, sizeof entries);
    stub_room(0);
    stub_cut(0);
    stub_lie(0);
}

static int fails(void)
{
    changes++;
    return cut != 0 && changes >= cut;
}

static int lies(void)
{
    return lie != 0 && changes == lie;
}

static size_t free_place(void)
{
    size_t free = 64, held = 0;
    for (size_t at = 0; at < 64; at++)
        if (entries[at].length == 0)
            free = at;
        else
            held++;
    return held < room ? free : 64;
}

static size_t held(uint32_t id)
{
    size_t at = 0;
    while (at < 64 && (entries[at].length == 0 || entries[at].id != id))
        at++;
    return at;
}

int zms_mount(struct zms_fs *fs)
{
    return fs->sector_count < 2 ? -EINVAL : 0;
}

ssize_t zms_write(struct zms_fs *fs, uint32_t id, const void *data, size_t length)
{
    (void)fs;
    size_t at = held(id);
    if (at == 64)
        at = free_place();
    if (fails())
        return -EIO;
    if (at == 64 || length > sizeof entries[at].data)
        return -ENOSPC;
    entries[at].id = id;
    entries[at].length = length;
    memcpy(entries[at].data, data, length);
    return lies() ? -EIO : (ssize_t)length;
}

ssize_t zms_read(struct zms_fs *fs, uint32_t id, void *data, size_t length)
{
    (void)fs;
    size_t at = held(id);
    if (at == 64)
        return -ENOENT;
    if (length > entries[at].length)
        length = entries[at].length;
    memcpy(data, entries[at].data, length);
    return (ssize_t)length;
}

ssize_t zms_get_data_length(struct zms_fs *fs, uint32_t id)
{
    (void)fs;
    size_t at = held(id);
    return at == 64 ? -ENOENT : (ssize_t)entries[at].length;
}

int zms_delete(struct zms_fs *fs, uint32_t id)
{
    (void)fs;
    size_t at = held(id);
    if (fails())
        return -EIO;
    if (at < 64)
        entries[at].length = 0;
    return lies() ? -EIO : 0;
}
