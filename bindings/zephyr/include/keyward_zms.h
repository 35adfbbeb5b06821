// A lock's log on Zephyr's ZMS.
#ifndef KEYWARD_ZMS_H
#define KEYWARD_ZMS_H

#include <keyward.h>
#include <zephyr/fs/zms.h>

// One log: its records, and what they take of CONFIG_KEYWARD_STORE_BYTES.
struct keyward_zms_log {
    uint32_t generation, count, bytes;
};

// One lock's store. The file system is the lock's alone.
struct keyward_zms {
    struct zms_fs *fs;
    struct keyward_zms_log log, staged; // the one that stands, and the new one
    uint32_t beside; // records that may be left beside the log that stands, at most
    int is_begun;
};

// Finds the log on a file system that is mounted, forgets what a cut of power left beside it, and
// fills in the callbacks. Returns KW_STORE_OK, or what a read would: KW_STORE_CORRUPT where a record
// is gone that was confirmed.
int32_t keyward_zms_open(struct keyward_zms *zms, struct zms_fs *fs, kw_store *store);

#endif
