// A door that starts over ZMS and tells what it found. What comes of phones goes to kw_lock_handle.
#include <keyward_zms.h>

#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>
#include <zephyr/random/random.h>
#include <zephyr/storage/flash_map.h>

static int32_t now(void *context, kw_now *now)
{
    (void)context;
    *now = (kw_now){.uptime = (uint64_t)k_uptime_get(), .drift_ppm = 100, .knows = KW_KNOWS_TICKS};
    return 0;
}

static int32_t random_bytes(void *context, uint8_t *bytes, size_t length)
{
    (void)context;
    return sys_csrand_get(bytes, length);
}

static int32_t act(void *context, const kw_order *order)
{
    (void)context;
    printk("right %u\n", order->right);
    return KW_DONE;
}

// A product's are drawn at each reset, and kept where no thief of the flash can read them.
static const uint8_t device_seed[32] = {1}, life[16] = {2}, secret[32] = {3};
static const kw_identity identity = {.device_seed = device_seed, .life = life, .secret = secret};

static KW_LOCK_STORAGE(storage);
static struct zms_fs fs;
static struct keyward_zms zms;

int main(void)
{
    struct flash_pages_info page;
    kw_store store;
    kw_host host = {.now = now, .random = random_bytes, .act = act, .store = &store};
    kw_lock *lock;
    kw_restored restored;

    fs.flash_device = FIXED_PARTITION_DEVICE(storage_partition);
    fs.offset = FIXED_PARTITION_OFFSET(storage_partition);
    if (flash_get_page_info_by_offs(fs.flash_device, fs.offset, &page) != 0)
        return 1;
    fs.sector_size = page.size;
    fs.sector_count = FIXED_PARTITION_SIZE(storage_partition) / page.size;
    if (zms_mount(&fs) != 0 || keyward_zms_open(&zms, &fs, &store) != KW_STORE_OK)
        return 1;
    kw_status status = kw_lock_init(storage, sizeof storage, &host, &identity, &lock);
    if (status == KW_OK)
        status = kw_lock_restore(lock, NULL, 0, &restored);
    if (status != KW_OK) {
        printk("%s\n", kw_status_name(status));
        return 1;
    }
    printk("%s\n", restored.found == KW_UNCLAIMED ? "nobody's" : "somebody's");
    return 0;
}
