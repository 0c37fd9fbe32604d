/* A stand-in for libnvidia-ml.so.1, compiled by a test: the cards that the file FAKE_NVML lists, one name
 * and its MiB a line, separated by a tab; 0 MiB: NVML does not tell. A first line "broken N" makes nvmlInit
 * return N. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned long long total, free, used; } memory_t;

static char names[16][96];
static unsigned long long mib[16];
static unsigned count;

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    char line[160];
    FILE *file = fopen(getenv("FAKE_NVML"), "r");
    if (!file) return 9; /* driver not loaded */
    count = 0;
    while (count < 16 && fgets(line, sizeof line, file)) {
        int broken;
        if (sscanf(line, "broken %d", &broken) == 1) { fclose(file); return broken; }
        if (sscanf(line, "%95[^\t]\t%llu", names[count], &mib[count]) == 2) count++;
    }
    fclose(file);
    return 0;
}
int nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *out) { *out = count; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) {
    if (index >= count) return 2;
    *out = (void *)(size_t)(index + 1);
    return 0;
}
int nvmlDeviceGetName(void *device, char *out, unsigned length) {
    snprintf(out, length, "%s", names[(size_t)device - 1]);
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *out) {
    out->total = mib[(size_t)device - 1] << 20;
    out->used = 0;
    out->free = out->total;
    if (!mib[(size_t)device - 1]) return 3; /* not supported: it shares the machine's memory */
    return strcmp(names[(size_t)device - 1], "lost card") ? 0 : 15; /* GPU is lost */
}
