/* A driver's library that says what files of its folder say: `free` and `total`, bytes of memory, and `pids`, the
   processes that compute, one a line; without `pids` it lists none, as under WSL2. It stands in for libnvidia-ml.so.1,
   whose interface NVIDIA documents in nvml.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { unsigned version; unsigned long long total, reserved, free, used; } memory_t;
typedef struct { unsigned pid; unsigned long long memory; unsigned instance, compute; } process_t;

static FILE *opened(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", getenv("STUB"), name);
    return fopen(path, "r");
}

static unsigned long long number(const char *name) {
    unsigned long long value = 0;
    FILE *file = opened(name);
    if (file) { if (fscanf(file, "%llu", &value) != 1) value = 0; fclose(file); }
    return value;
}

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { (void)code; return "an error"; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) { *device = (void *)1; return index ? 6 : 0; }
int nvmlDeviceGetName(void *device, char *name, unsigned length) { (void)device; snprintf(name, length, "stub card"); return 0; }

int nvmlDeviceGetMemoryInfo_v2(void *device, memory_t *memory) {
    (void)device;
    memory->total = number("total");
    memory->free = number("free");
    memory->used = memory->total - memory->free;
    return 0;
}

/* 3 is NVML_ERROR_NOT_SUPPORTED, 7 is NVML_ERROR_INSUFFICIENT_SIZE. */
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, process_t *processes) {
    unsigned found = 0, pid;
    FILE *file = opened("pids");
    (void)device;
    if (!file) return 3;
    while (fscanf(file, "%u", &pid) == 1) {
        if (processes && found < *count) { memset(&processes[found], 0, sizeof *processes); processes[found].pid = pid; }
        found++;
    }
    fclose(file);
    int fits = found <= *count;
    *count = found;
    return fits ? 0 : 7;
}
