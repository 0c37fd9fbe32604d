/* A stand-in for libnvidia-ml.so.1, compiled by a test: the cards that the file FAKE_NVML lists, read anew at
 * each nvmlInit. A line is the name of a card and its MiB, separated by a tab; 0 MiB: NVML does not tell.
 * After that, tabs and what else NVML tells of it; what is not told is not supported:
 *   uuid=GPU-1  bus=00000000:4D:00.0  numa=1  util=87  used=1024  celsius=61  mw=300000
 *   ecc=2            uncorrectable errors since the driver was loaded
 *   rows=C,U,P,F     remapped rows: correctable, uncorrectable, pending, failure
 *   pages=N,P        retired pages of each cause, and whether some wait for a reset
 *   procs=PID:MIB;…  compute processes; mps=PID:MIB;…  those that are clients of MPS
 *   cc=7.0  mode=0   compute capability, and compute mode
 *   links=BUS;…      active NVLinks and their far ends; "hidden" for an end that is not told
 *   p2p=1            can copy over NVLink with any other card of which this is said
 *   pcie=N           hangs off the PCIe switch N
 *   mig=GI:CI:MIB:UUID:NAME;…   in MIG mode with these instances: slices, memory, name; "-" for a free place
 *   ill=N            each call but those for its handle and name returns N
 *   no_handle=N      so does the call for its handle
 *   xid=N;…          critical errors, each told once to those who listened before it came
 * A first line "broken N" makes nvmlInit return N. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_SUPPORTED 3
#define INVALID 2
#define NOT_FOUND 6
#define TOO_SMALL 7
#define CARDS 16

typedef struct { unsigned long long total, free, used; } memory_t;
typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_v2_t;
typedef struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } pci_t;
typedef struct { unsigned gpu, memory; } utilisation_t;
typedef struct { unsigned pid; unsigned long long used; unsigned gi, ci; } process_t;
typedef struct { unsigned sms, copy, decoders, encoders, jpeg, ofa, gi, ci; unsigned long long mib; } attributes_t;
typedef struct { void *device; unsigned long long type, data; unsigned gi, ci; } event_t;
typedef struct { char name[96], rest[900]; unsigned long long mib; } card_t;

static card_t cards[CARDS];
static unsigned count;

/* A handle is the number of the card from 1; 256 times the place of an instance from 1 is added for MIG. */
static card_t *card(void *handle) { return &cards[((size_t)handle & 255) - 1]; }
static int place(void *handle) { return (int)((size_t)handle >> 8) - 1; }

static int told(card_t *one, const char *key, char *out, size_t size) {
    char wanted[24];
    snprintf(wanted, sizeof wanted, "\t%s=", key);
    char *found = strstr(one->rest, wanted);
    if (!found) return 0;
    found += strlen(wanted);
    size_t length = strcspn(found, "\t\n");
    if (length >= size) length = size - 1;
    memcpy(out, found, length);
    out[length] = 0;
    return 1;
}
static int number(card_t *one, const char *key, unsigned long long *out) {
    char text[40];
    if (!told(one, key, text, sizeof text)) return 0;
    *out = strtoull(text, NULL, 10);
    return 1;
}
static int ill(void *handle) {
    unsigned long long code = 0;
    number(card(handle), "ill", &code);
    return (int)code;
}
/* The text of one of the entries that are joined by ';'. */
static int entry(card_t *one, const char *key, unsigned wanted, char *out, size_t size) {
    char all[800];
    if (!told(one, key, all, sizeof all) || !*all) return 0;
    char *state, *each = strtok_r(all, ";", &state);
    while (each && wanted--) each = strtok_r(NULL, ";", &state);
    if (!each) return 0;
    snprintf(out, size, "%s", each);
    return 1;
}
static int instance(void *handle, unsigned *gi, unsigned *ci, unsigned long long *mib, char *uuid, char *name) {
    char text[200];
    *name = 0;
    if (!entry(card(handle), "mig", (unsigned)place(handle), text, sizeof text)) return 0;
    return sscanf(text, "%u:%u:%llu:%63[^:]:%95[^:]", gi, ci, mib, uuid, name) >= 4;
}

static int load(void) {
    char line[1100];
    FILE *file = fopen(getenv("FAKE_NVML"), "r");
    if (!file) return 9; /* driver not loaded */
    count = 0;
    while (count < CARDS && fgets(line, sizeof line, file)) {
        int broken;
        if (sscanf(line, "broken %d", &broken) == 1) { fclose(file); return broken; }
        if (sscanf(line, "%95[^\t]\t%llu", cards[count].name, &cards[count].mib) != 2) continue;
        char *second = strchr(strchr(line, '\t') + 1, '\t');
        snprintf(cards[count].rest, sizeof cards[count].rest, "%s", second ? second : "");
        count++;
    }
    fclose(file);
    return 0;
}
int nvmlInitWithFlags(unsigned flags) { (void)flags; return load(); }
int nvmlShutdown(void) { return 0; }
int nvmlSystemGetDriverVersion(char *out, unsigned size) { snprintf(out, size, "580.65.06"); return 0; }
int nvmlSystemGetNVMLVersion(char *out, unsigned size) { snprintf(out, size, "13.580.65.06"); return 0; }
int nvmlDeviceGetCount_v2(unsigned *out) { *out = count; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out) {
    unsigned long long code;
    if (index >= count) return INVALID;
    if (number(&cards[index], "no_handle", &code)) return (int)code;
    *out = (void *)(size_t)(index + 1);
    return 0;
}
int nvmlDeviceGetName(void *device, char *out, unsigned length) {
    unsigned gi, ci;
    unsigned long long mib;
    char uuid[64], name[96];
    if (place(device) < 0) snprintf(out, length, "%s", card(device)->name);
    else if (instance(device, &gi, &ci, &mib, uuid, name) && *name) snprintf(out, length, "%s", name);
    else return NOT_SUPPORTED;
    return 0;
}
int nvmlDeviceGetUUID(void *device, char *out, unsigned length) {
    unsigned gi, ci;
    unsigned long long mib;
    char uuid[64], name[96];
    if (ill(device)) return ill(device);
    if (place(device) < 0) return told(card(device), "uuid", out, length) ? 0 : NOT_SUPPORTED;
    if (!instance(device, &gi, &ci, &mib, uuid, name)) return NOT_FOUND;
    snprintf(out, length, "%s", uuid);
    return 0;
}
int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **out) {
    unsigned gi, ci;
    unsigned long long mib;
    char uuid[64], name[96];
    void *handle = (void *)((size_t)device + 256 * (size_t)(index + 1));
    if (!instance(handle, &gi, &ci, &mib, uuid, name)) return NOT_FOUND;
    *out = handle;
    return 0;
}
int nvmlDeviceGetHandleByUUID(const char *wanted, void **out) {
    char uuid[96];
    for (unsigned index = 0; index < count; index++) {
        unsigned long long code;
        void *handle = (void *)(size_t)(index + 1);
        if (told(&cards[index], "uuid", uuid, sizeof uuid) && !strcmp(uuid, wanted)) {
            if (number(&cards[index], "no_handle", &code)) return (int)code;
            *out = handle;
            return 0;
        }
        for (unsigned at = 0; at < 7; at++) {
            void *inside;
            if (nvmlDeviceGetMigDeviceHandleByIndex(handle, at, &inside)) continue;
            if (!nvmlDeviceGetUUID(inside, uuid, sizeof uuid) && !strcmp(uuid, wanted)) { *out = inside; return 0; }
        }
    }
    return NOT_FOUND;
}
int nvmlDeviceGetMemoryInfo(void *device, memory_t *out) {
    unsigned gi, ci;
    unsigned long long used = 0, mib = card(device)->mib;
    char uuid[64], name[96];
    if (ill(device)) return ill(device);
    if (place(device) >= 0 && !instance(device, &gi, &ci, &mib, uuid, name)) return NOT_FOUND;
    if (!mib) return NOT_SUPPORTED; /* it shares the machine's memory */
    number(card(device), "used", &used);
    out->total = mib << 20;
    out->used = (used + 600) << 20; /* with what the driver keeps */
    out->free = out->total - out->used;
    return strcmp(card(device)->name, "lost card") ? 0 : 15; /* GPU is lost */
}
int nvmlDeviceGetMemoryInfo_v2(void *device, memory_v2_t *out) {
    memory_t first;
    int code = nvmlDeviceGetMemoryInfo(device, &first);
    if (code) return code;
    out->total = first.total;
    out->reserved = 600ull << 20;
    out->used = first.used - out->reserved;
    out->free = first.free;
    return 0;
}
int nvmlDeviceGetPciInfo_v3(void *device, pci_t *out) {
    if (ill(device)) return ill(device);
    memset(out, 0, sizeof *out);
    return told(card(device), "bus", out->bus_id, sizeof out->bus_id) ? 0 : NOT_SUPPORTED;
}
int nvmlDeviceGetMemoryAffinity(void *device, unsigned words, unsigned long *out, unsigned scope) {
    unsigned long long node;
    (void)scope;
    if (ill(device)) return ill(device);
    if (!number(card(device), "numa", &node) || node >= 64ull * words) return NOT_SUPPORTED;
    memset(out, 0, words * sizeof *out);
    out[node / 64] = 1ul << (node % 64);
    return 0;
}
int nvmlDeviceGetTotalEccErrors(void *device, unsigned type, unsigned counter, unsigned long long *out) {
    if (ill(device)) return ill(device);
    if (type != 1 || counter != 0) return INVALID;
    return number(card(device), "ecc", out) ? 0 : NOT_SUPPORTED;
}
int nvmlDeviceGetRemappedRows(void *device, unsigned *corr, unsigned *unc, unsigned *pending, unsigned *failure) {
    char text[60];
    if (ill(device)) return ill(device);
    if (!told(card(device), "rows", text, sizeof text)) return NOT_SUPPORTED;
    return sscanf(text, "%u,%u,%u,%u", corr, unc, pending, failure) == 4 ? 0 : INVALID;
}
int nvmlDeviceGetRetiredPages(void *device, unsigned cause, unsigned *many, unsigned long long *out) {
    unsigned long long pages;
    (void)cause;
    if (ill(device)) return ill(device);
    if (!number(card(device), "pages", &pages)) return NOT_SUPPORTED;
    if (out) memset(out, 0, pages * sizeof *out);
    int enough = *many >= pages;
    *many = (unsigned)pages;
    return enough ? 0 : TOO_SMALL;
}
int nvmlDeviceGetRetiredPagesPendingStatus(void *device, unsigned *out) {
    char text[60];
    unsigned pages;
    if (ill(device)) return ill(device);
    if (!told(card(device), "pages", text, sizeof text)) return NOT_SUPPORTED;
    return sscanf(text, "%u,%u", &pages, out) == 2 ? 0 : INVALID;
}
int nvmlDeviceGetNvLinkState(void *device, unsigned link, unsigned *out) {
    char end[64];
    if (ill(device)) return ill(device);
    if (!told(card(device), "links", end, sizeof end)) return NOT_SUPPORTED;
    if (link >= 18) return INVALID;
    *out = (unsigned)entry(card(device), "links", link, end, sizeof end);
    return 0;
}
int nvmlDeviceGetNvLinkRemotePciInfo_v2(void *device, unsigned link, pci_t *out) {
    char end[64];
    if (!entry(card(device), "links", link, end, sizeof end)) return INVALID;
    if (!strcmp(end, "hidden")) return NOT_SUPPORTED;
    memset(out, 0, sizeof *out);
    snprintf(out->bus_id, sizeof out->bus_id, "%s", end);
    return 0;
}
int nvmlDeviceGetP2PStatus(void *one, void *other, unsigned index, unsigned *out) {
    unsigned long long first, second;
    int both = number(card(one), "p2p", &first) && number(card(other), "p2p", &second);
    *out = index == 2 && both ? 0 : 5;
    return 0;
}
int nvmlDeviceGetTopologyCommonAncestor(void *one, void *other, unsigned *out) {
    unsigned long long first, second;
    if (!number(card(one), "pcie", &first) || !number(card(other), "pcie", &second)) return NOT_SUPPORTED;
    *out = first == second ? 20 : 50;
    return 0;
}
int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending) {
    char text[800];
    if (ill(device)) return ill(device);
    *current = *pending = (unsigned)told(card(device), "mig", text, sizeof text);
    return 0;
}
int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *out) { (void)device; *out = 7; return 0; }
int nvmlDeviceGetAttributes_v2(void *device, attributes_t *out) {
    char uuid[64], name[96];
    memset(out, 0, sizeof *out);
    return instance(device, &out->gi, &out->ci, &out->mib, uuid, name) ? 0 : NOT_SUPPORTED;
}
int nvmlDeviceGetUtilizationRates(void *device, utilisation_t *out) {
    unsigned long long busy;
    if (ill(device)) return ill(device);
    if (place(device) >= 0 || !number(card(device), "util", &busy)) return NOT_SUPPORTED;
    out->gpu = (unsigned)busy;
    out->memory = 0;
    return 0;
}
int nvmlDeviceGetTemperature(void *device, unsigned sensor, unsigned *out) {
    unsigned long long warm;
    (void)sensor;
    if (place(device) >= 0 || !number(card(device), "celsius", &warm)) return NOT_SUPPORTED;
    *out = (unsigned)warm;
    return 0;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned *out) {
    unsigned long long power;
    if (place(device) >= 0 || !number(card(device), "mw", &power)) return NOT_SUPPORTED;
    *out = (unsigned)power;
    return 0;
}
static int processes(void *device, const char *key, unsigned *many, process_t *out) {
    char text[64];
    unsigned running = 0;
    if (!told(card(device), key, text, sizeof text)) return NOT_SUPPORTED;
    while (entry(card(device), key, running, text, sizeof text)) {
        unsigned long long mib;
        unsigned pid;
        if (out && running < *many && sscanf(text, "%u:%llu", &pid, &mib) == 2)
            out[running] = (process_t){pid, mib << 20, 0xffffffff, 0xffffffff};
        running++;
    }
    int enough = *many >= running;
    *many = running;
    return enough ? 0 : TOO_SMALL;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *many, process_t *out) {
    return processes(device, "procs", many, out);
}
int nvmlDeviceGetMPSComputeRunningProcesses_v3(void *device, unsigned *many, process_t *out) {
    return processes(device, "mps", many, out);
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    char text[20];
    if (ill(device)) return ill(device);
    if (!told(card(device), "cc", text, sizeof text)) return NOT_SUPPORTED;
    return sscanf(text, "%d.%d", major, minor) == 2 ? 0 : INVALID;
}
int nvmlDeviceGetComputeMode(void *device, unsigned *out) {
    unsigned long long mode;
    if (ill(device)) return ill(device);
    if (!number(card(device), "mode", &mode)) return NOT_SUPPORTED;
    *out = (unsigned)mode;
    return 0;
}

static int listens[CARDS];
static unsigned told_of[CARDS];
int nvmlEventSetCreate(void **set) { *set = listens; return 0; }
int nvmlDeviceRegisterEvents(void *device, unsigned long long types, void *set) {
    char text[40];
    unsigned index = (unsigned)(card(device) - cards);
    (void)set;
    if (ill(device)) return ill(device);
    if (types != 8) return INVALID;
    listens[index] = 1;
    for (told_of[index] = 0; entry(&cards[index], "xid", told_of[index], text, sizeof text); told_of[index]++);
    return 0;
}
int nvmlEventSetWait_v2(void *set, event_t *out, unsigned milliseconds) {
    char text[40];
    (void)set;
    (void)milliseconds;
    int code = load();
    if (code) return code;
    for (unsigned index = 0; index < count; index++) {
        if (!listens[index] || !entry(&cards[index], "xid", told_of[index], text, sizeof text)) continue;
        told_of[index]++;
        *out = (event_t){(void *)(size_t)(index + 1), 8, strtoull(text, NULL, 10), 0xffffffff, 0xffffffff};
        return 0;
    }
    return 10; /* timeout */
}
int nvmlEventSetFree(void *set) { (void)set; memset(listens, 0, sizeof listens); return 0; }
