/* A stand-in for Level Zero's loader, libze_loader.so.1: the calls the intel provider makes,
 * answered from the file that the environment variable ZE_STUB_INVENTORY names. Its lines:
 *
 *     hang SECONDS         sleep so long when started
 *     crash 1              abort when started
 *     init CODE            zeInit returns CODE
 *     init_drivers CODE    zeInitDrivers returns CODE
 *     driver CODE          one more driver; zeDeviceGet returns CODE for it
 *     gpu VENDOR VERSION   one more GPU of the last driver, with that PCI vendor and IP version;
 *                          version 0 for a driver without the IP version extension
 *     npu VENDOR           one more neural processor of the last driver
 *     device_error CODE    one more device, for which zeDeviceGetProperties returns CODE
 *     count NUMBER         every list claims to be so long
 *     log PATH             append the name of each call to this file
 *
 * Numbers may be hexadecimal. Compiled with WITHOUT_INIT_DRIVERS it lacks zeInitDrivers, as
 * loaders before 1.10 do; with WITHOUT_INIT, zeInit, as those will that drop what is deprecated. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SUCCESS 0u
#define ERROR_UNINITIALIZED 0x78000001u
#define ERROR_INVALID_ARGUMENT 0x78000004u
#define STRUCTURE_DEVICE_PROPERTIES 0x3u
#define STRUCTURE_DEVICE_IP_VERSION 0x1000fu
#define STRUCTURE_INIT_DRIVER_TYPE 0x20021u
#define TYPE_GPU 1u
#define TYPE_NPU 5u
#define MAX_DRIVERS 4
#define MAX_DEVICES 16

struct device {
    uint32_t type, vendor, ip_version, error;
};

struct driver {
    uint32_t error, devices;
    struct device device[MAX_DEVICES];
};

struct init_driver_type {
    uint32_t stype;
    const void *next;
    uint32_t flags;
};

struct ip_version {
    uint32_t stype;
    void *next;
    uint32_t version;
};

struct device_properties {
    uint32_t stype;
    void *next;
    uint32_t type, vendorId, deviceId, flags, subdeviceId, coreClockRate;
    uint64_t maxMemAllocSize;
    uint32_t maxHardwareContexts, maxCommandQueuePriority, numThreadsPerEU, physicalEUSimdWidth;
    uint32_t numEUsPerSubslice, numSubslicesPerSlice, numSlices;
    uint64_t timerResolution;
    uint32_t timestampValidBits, kernelTimestampValidBits;
    uint8_t uuid[16];
    char name[256];
};

static struct {
    uint32_t hang, crash, init, init_drivers, count, drivers;
    struct driver driver[MAX_DRIVERS];
    char log[4096];
} inventory;

static int started;

static void log_call(const char *call)
{
    FILE *file;

    if (inventory.log[0] == '\0')
        return;
    file = fopen(inventory.log, "a");
    if (file == NULL)
        abort();
    fprintf(file, "%s\n", call);
    fclose(file);
}

static struct device *new_device(void)
{
    struct driver *driver;

    if (inventory.drivers == 0)
        abort();
    driver = &inventory.driver[inventory.drivers - 1];
    if (driver->devices == MAX_DEVICES)
        abort();
    return &driver->device[driver->devices++];
}

/* A test whose inventory cannot be read must not pass: abort says so loudest. */
static void start(void)
{
    const char *path = getenv("ZE_STUB_INVENTORY");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char line[4200], key[32], text[4096];

    if (file == NULL)
        abort();
    memset(&inventory, 0, sizeof inventory);
    while (fgets(line, sizeof line, file) != NULL) {
        uint32_t first, second = 0;
        char *end;

        if (sscanf(line, "%31s %4095[^\n]", key, text) != 2)
            abort();
        first = (uint32_t)strtoul(text, &end, 0);
        second = (uint32_t)strtoul(end, NULL, 0);
        if (strcmp(key, "hang") == 0) {
            inventory.hang = first;
        } else if (strcmp(key, "crash") == 0) {
            inventory.crash = first;
        } else if (strcmp(key, "init") == 0) {
            inventory.init = first;
        } else if (strcmp(key, "init_drivers") == 0) {
            inventory.init_drivers = first;
        } else if (strcmp(key, "count") == 0) {
            inventory.count = first;
        } else if (strcmp(key, "log") == 0) {
            strcpy(inventory.log, text);
        } else if (strcmp(key, "driver") == 0) {
            if (inventory.drivers == MAX_DRIVERS)
                abort();
            inventory.driver[inventory.drivers++].error = first;
        } else if (strcmp(key, "gpu") == 0) {
            *new_device() = (struct device){TYPE_GPU, first, second, SUCCESS};
        } else if (strcmp(key, "npu") == 0) {
            *new_device() = (struct device){TYPE_NPU, first, 0, SUCCESS};
        } else if (strcmp(key, "device_error") == 0) {
            *new_device() = (struct device){TYPE_GPU, 0, 0, first};
        } else {
            abort();
        }
    }
    fclose(file);
    if (inventory.crash)
        abort();
    sleep(inventory.hang);
}

static uint32_t list(uint32_t *count, void **handles, char *first, size_t size, uint32_t length)
{
    uint32_t number;

    if (count == NULL)
        return ERROR_INVALID_ARGUMENT;
    if (handles != NULL)
        for (number = 0; number < *count && number < length; number++)
            handles[number] = first + number * size;
    *count = inventory.count != 0 ? inventory.count : length;
    return SUCCESS;
}

static uint32_t list_drivers(uint32_t *count, void **drivers)
{
    return list(count, drivers, (char *)inventory.driver, sizeof(struct driver), inventory.drivers);
}

#ifndef WITHOUT_INIT_DRIVERS
uint32_t zeInitDrivers(uint32_t *count, void **drivers, const struct init_driver_type *wanted)
{
    if (wanted == NULL || wanted->stype != STRUCTURE_INIT_DRIVER_TYPE || wanted->flags != 1)
        return ERROR_INVALID_ARGUMENT;
    if (!started)
        start();
    log_call("zeInitDrivers");
    started = inventory.init_drivers == SUCCESS;
    return started ? list_drivers(count, drivers) : inventory.init_drivers;
}
#endif

#ifndef WITHOUT_INIT
uint32_t zeInit(uint32_t flags)
{
    if (flags != 1)
        return ERROR_INVALID_ARGUMENT;
    start();
    log_call("zeInit");
    started = inventory.init == SUCCESS;
    return inventory.init;
}

uint32_t zeDriverGet(uint32_t *count, void **drivers)
{
    log_call("zeDriverGet");
    return started ? list_drivers(count, drivers) : ERROR_UNINITIALIZED;
}
#endif

uint32_t zeDeviceGet(void *driver, uint32_t *count, void **devices)
{
    struct driver *asked = driver;

    log_call("zeDeviceGet");
    if (!started)
        return ERROR_UNINITIALIZED;
    if (asked->error != SUCCESS)
        return asked->error;
    return list(count, devices, (char *)asked->device, sizeof(struct device), asked->devices);
}

uint32_t zeDeviceGetProperties(void *device, struct device_properties *properties)
{
    const struct device *asked = device;
    struct ip_version *extension;

    log_call("zeDeviceGetProperties");
    if (properties == NULL || properties->stype != STRUCTURE_DEVICE_PROPERTIES)
        return ERROR_INVALID_ARGUMENT;
    if (asked->error != SUCCESS)
        return asked->error;
    properties->type = asked->type;
    properties->vendorId = asked->vendor;
    strcpy(properties->name, "the stub's device");
    extension = properties->next;
    if (extension != NULL && asked->ip_version != 0) {
        if (extension->stype != STRUCTURE_DEVICE_IP_VERSION)
            return ERROR_INVALID_ARGUMENT;
        extension->version = asked->ip_version;
    }
    return SUCCESS;
}
