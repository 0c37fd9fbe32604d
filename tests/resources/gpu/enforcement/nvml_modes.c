/* Linked with the stand-in for libnvidia-ml.so.1: what NVML says of sharing each card, from the variable
 * FAKE_NVML_MODES, one entry for each card, such as "7.0:0 8.6:3 -": compute capability and compute mode.
 * "-": NVML does not tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int entry(void *device, int *major, int *minor, unsigned *mode) {
    size_t wanted = (size_t)device - 1;
    char all[400], *state;
    snprintf(all, sizeof all, "%s", getenv("FAKE_NVML_MODES"));
    char *each = strtok_r(all, " ", &state);
    while (each && wanted--) each = strtok_r(NULL, " ", &state);
    return each && sscanf(each, "%d.%d:%u", major, minor, mode) == 3 ? 0 : 3;
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    unsigned mode;
    return entry(device, major, minor, &mode);
}
int nvmlDeviceGetComputeMode(void *device, unsigned *mode) {
    int major, minor;
    return entry(device, &major, &minor, mode);
}
