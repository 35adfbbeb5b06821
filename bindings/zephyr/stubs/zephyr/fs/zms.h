// Stands for Zephyr's header, with what the store takes of it. The entries are in memory.
#ifndef ZMS_H
#define ZMS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct device;

struct zms_fs {
    off_t offset;
    uint32_t sector_size, sector_count;
    const struct device *flash_device;
};

int zms_mount(struct zms_fs *fs);
ssize_t zms_write(struct zms_fs *fs, uint32_t id, const void *data, size_t length);
ssize_t zms_read(struct zms_fs *fs, uint32_t id, void *data, size_t length);
ssize_t zms_get_data_length(struct zms_fs *fs, uint32_t id);
int zms_delete(struct zms_fs *fs, uint32_t id);

// How many entries the medium has room for, 0 for all there is; one that it holds can be changed.
void stub_room(size_t entries);

// The write or deletion of this number is done, and says that it failed. 0 for none.
void stub_lie(unsigned at);

// Power fails in front of the write or deletion of this number: all fail from then on. 0 for never.
void stub_cut(unsigned at);
void stub_clear(void);

#endif
