// A lock's log on Zephyr's ZMS.
#ifndef KEYWARD_ZMS_H
#define KEYWARD_ZMS_H

#include <keyward.h>
#include <zephyr/fs/zms.h>

// One lock's store. The file system is the lock's alone.
struct keyward_zms {
    struct zms_fs *fs;
    uint32_t generation; // of the log that stands
    uint32_t count;      // its records
    uint32_t staged;     // those of the new one
    int is_begun;
};

// Finds the log on a file system that is mounted, forgets what a cut of power left beside it, and
// fills in the callbacks. Returns KW_STORE_OK, or what a read would.
int32_t keyward_zms_open(struct keyward_zms *zms, struct zms_fs *fs, kw_store *store);

#endif
