// Stands for Zephyr's header, with what the sample takes of it.
#define FIXED_PARTITION_DEVICE(label) ((const struct device *)0)
#define FIXED_PARTITION_OFFSET(label) 0
#define FIXED_PARTITION_SIZE(label) 65536
