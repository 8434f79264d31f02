/* A stand-in for NVIDIA's libnvidia-ml.so.1: the calls the nvidia provider makes through pynvml,
 * answered from the file that the environment variable NVML_STUB_INVENTORY names. Its lines:
 *
 *     delay_ms N           sleep so long in nvmlInitWithFlags
 *     crash N              abort in nvmlInitWithFlags, where N is not 0
 *     init CODE            nvmlInitWithFlags returns CODE
 *     cuda_v2 VERSION      what nvmlSystemGetCudaDriverVersion_v2 tells, 12080 for CUDA 12.8
 *     cuda_v1 VERSION      the same for nvmlSystemGetCudaDriverVersion
 *     cuda_v2_error CODE   nvmlSystemGetCudaDriverVersion_v2 returns CODE
 *     cuda_v1_error CODE   the same for nvmlSystemGetCudaDriverVersion
 *     count_error CODE     nvmlDeviceGetCount_v2 returns CODE
 *     gpu MAJOR MINOR      one more GPU, of that compute capability
 *     mig MAJOR MINOR      the same, split into instances: each of its own has that capability too
 *     gpu_error CODE       one more GPU, whose compute capability cannot be asked: CODE
 *     gpu_lost CODE        one more GPU, of which no handle can be had: CODE
 *     shutdown CODE        nvmlShutdown returns CODE
 *     log PATH             append the name of each call to this file
 *
 * Compiled with WITHOUT_CUDA_VERSION_V2 it lacks the second of the version calls, with
 * WITHOUT_CUDA_VERSION both, like old drivers' libraries do. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUCCESS 0
#define ERROR_UNINITIALIZED 1
#define ERROR_INVALID_ARGUMENT 2
#define MAX_GPUS 64

struct gpu {
    int major;
    int minor;
    int split;
    int capability_error;
    int handle_error;
};

static struct {
    int delay_ms, crash, init, cuda_v2, cuda_v1, cuda_v2_error, cuda_v1_error, count_error, shutdown;
    unsigned int gpus;
    struct gpu gpu[MAX_GPUS];
    char log[4096];
} inventory;

static int initialised;

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

/* A test whose inventory cannot be read must not pass: abort says so loudest. */
static void read_inventory(void)
{
    const char *path = getenv("NVML_STUB_INVENTORY");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    char line[4200], key[32], text[4096];
    struct gpu gpu;

    if (file == NULL)
        abort();
    memset(&inventory, 0, sizeof inventory);
    while (fgets(line, sizeof line, file) != NULL) {
        int first = 0, second = 0;

        if (sscanf(line, "%31s %4095s", key, text) != 2)
            abort();
        sscanf(line, "%*s %d %d", &first, &second);
        memset(&gpu, 0, sizeof gpu);
        if (strcmp(key, "delay_ms") == 0) {
            inventory.delay_ms = first;
        } else if (strcmp(key, "crash") == 0) {
            inventory.crash = first;
        } else if (strcmp(key, "init") == 0) {
            inventory.init = first;
        } else if (strcmp(key, "cuda_v2") == 0) {
            inventory.cuda_v2 = first;
        } else if (strcmp(key, "cuda_v1") == 0) {
            inventory.cuda_v1 = first;
        } else if (strcmp(key, "cuda_v2_error") == 0) {
            inventory.cuda_v2_error = first;
        } else if (strcmp(key, "cuda_v1_error") == 0) {
            inventory.cuda_v1_error = first;
        } else if (strcmp(key, "count_error") == 0) {
            inventory.count_error = first;
        } else if (strcmp(key, "shutdown") == 0) {
            inventory.shutdown = first;
        } else if (strcmp(key, "log") == 0) {
            strcpy(inventory.log, text);
        } else {
            if (strcmp(key, "gpu") == 0 || strcmp(key, "mig") == 0) {
                gpu.major = first;
                gpu.minor = second;
                gpu.split = strcmp(key, "mig") == 0;
            } else if (strcmp(key, "gpu_error") == 0) {
                gpu.capability_error = first;
            } else if (strcmp(key, "gpu_lost") == 0) {
                gpu.handle_error = first;
            } else {
                abort();
            }
            if (inventory.gpus == MAX_GPUS)
                abort();
            inventory.gpu[inventory.gpus++] = gpu;
        }
    }
    fclose(file);
}

int nvmlInitWithFlags(unsigned int flags)
{
    struct timespec delay;

    (void)flags;
    read_inventory();
    log_call("nvmlInitWithFlags");
    if (inventory.crash)
        abort();
    delay.tv_sec = inventory.delay_ms / 1000;
    delay.tv_nsec = inventory.delay_ms % 1000 * 1000000L;
    nanosleep(&delay, NULL);
    initialised = inventory.init == SUCCESS;
    return inventory.init;
}

int nvmlShutdown(void)
{
    if (!initialised)
        return ERROR_UNINITIALIZED;
    log_call("nvmlShutdown");
    initialised = 0;
    return inventory.shutdown;
}

const char *nvmlErrorString(int code)
{
    static char text[64];

    snprintf(text, sizeof text, "the stub's words for error %d", code);
    return text;
}

#ifndef WITHOUT_CUDA_VERSION
static int tell_cuda_version(int *version, int value, int error)
{
    if (!initialised)
        return ERROR_UNINITIALIZED;
    if (error == SUCCESS)
        *version = value;
    return error;
}

int nvmlSystemGetCudaDriverVersion(int *version)
{
    log_call("nvmlSystemGetCudaDriverVersion");
    return tell_cuda_version(version, inventory.cuda_v1, inventory.cuda_v1_error);
}

#ifndef WITHOUT_CUDA_VERSION_V2
int nvmlSystemGetCudaDriverVersion_v2(int *version)
{
    log_call("nvmlSystemGetCudaDriverVersion_v2");
    return tell_cuda_version(version, inventory.cuda_v2, inventory.cuda_v2_error);
}
#endif
#endif

int nvmlDeviceGetCount_v2(unsigned int *count)
{
    if (!initialised)
        return ERROR_UNINITIALIZED;
    log_call("nvmlDeviceGetCount_v2");
    if (inventory.count_error == SUCCESS)
        *count = inventory.gpus;
    return inventory.count_error;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device)
{
    if (!initialised)
        return ERROR_UNINITIALIZED;
    if (index >= inventory.gpus)
        return ERROR_INVALID_ARGUMENT;
    if (inventory.gpu[index].handle_error == SUCCESS)
        *device = &inventory.gpu[index];
    return inventory.gpu[index].handle_error;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor)
{
    const struct gpu *gpu = device;

    if (!initialised)
        return ERROR_UNINITIALIZED;
    if (gpu->capability_error == SUCCESS) {
        *major = gpu->major;
        *minor = gpu->minor;
    }
    return gpu->capability_error;
}

int nvmlDeviceGetMigMode(void *device, unsigned int *current, unsigned int *pending)
{
    const struct gpu *gpu = device;

    if (!initialised)
        return ERROR_UNINITIALIZED;
    log_call("nvmlDeviceGetMigMode");
    *current = *pending = (unsigned int)gpu->split;
    return SUCCESS;
}
