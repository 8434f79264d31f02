/* A stand-in for NVIDIA's libcuda.so.1: the calls that variantsel_providers.cuda_driver makes, answered
 * from the environment variable CUDA_STUB_INVENTORY: "INIT VERSION MAJOR.MINOR ...", such as
 * "0 12080 9.0 8.6": what cuInit returns, the version, and the capability of each GPU. As the real
 * one does, it shows no GPU where CUDA_VISIBLE_DEVICES is set and empty. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int init_result, version, gpus, capability[64][2];

int cuInit(unsigned int flags)
{
    const char *text = getenv("CUDA_STUB_INVENTORY");
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    int length;

    if (text == NULL || sscanf(text, "%d %d%n", &init_result, &version, &length) != 2)
        abort();
    gpus = 0;
    for (text += length; sscanf(text, " %d.%d%n", &capability[gpus][0], &capability[gpus][1], &length) == 2; text += length)
        gpus++;
    if (visible != NULL && *visible == '\0')
        gpus = 0;
    return flags == 0 ? init_result : 1;
}

int cuDriverGetVersion(int *result)
{
    *result = version;
    return 0;
}

int cuDeviceGetCount(int *count)
{
    *count = gpus;
    return 0;
}

int cuDeviceGet(int *device, int index)
{
    *device = index + 100;
    return index < gpus ? 0 : 101;
}

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    if (attribute != 75 && attribute != 76)
        return 1;
    *value = capability[device - 100][attribute - 75];
    return 0;
}
