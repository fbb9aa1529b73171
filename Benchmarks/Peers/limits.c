// What a processor and its memory do at most: one instruction again and again in registers, and reading of a
// buffer.
//
// usage: limits KIND THREADS SECONDS      KIND: f32-avx2, f32-avx512, bf16-avx512, int8-avx-vnni,
// int8-avx512, bf16-amx, int8-amx,
//                                         or memory-N, N lines being read at once from N parts of a buffer
//
// Each thread stays on a core of its own. Prints a line for every pass, in which all threads work at once:
// operations a second (two for a multiplication with its addition), or bytes a second. The loops are
// assembly, so that no compiler spills a register.

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PASS_SECONDS 0.005
#define BUFFER ((size_t)256 << 20)
#define LINE 64

typedef struct {
    uint32_t factor, addend, start; // bits of a lane
    uint8_t tiles[64];              // of AMX: how many rows and bytes a tile has
    uint8_t rows[1024];
} Operands;

typedef void (*Loop)(long rounds, const Operands* operands);

#if defined(__x86_64__)

// An instruction on so many accumulators, of which none waits for another.
#define LOOP(name, features, lists, instruction, bits, factor, addend)                                       \
    __attribute__((target(features), noinline)) static void name(long rounds, const Operands* operands) {    \
        __asm__ volatile("vbroadcastss (%1), %%" bits factor "\n"                                            \
                         "vbroadcastss 4(%1), %%" bits addend "\n"                                           \
                         ".irp a," lists "\n vbroadcastss 8(%1), %%" bits "\\a\n .endr\n"                    \
                         "1:\n"                                                                              \
                         ".irp a," lists "\n " instruction " %%" bits addend ", %%" bits factor ", %%" bits  \
                         "\\a\n .endr\n"                                                                     \
                         "dec %0\n jnz 1b\n vzeroupper\n"                                                    \
                         : "+r"(rounds)                                                                      \
                         : "r"(operands)                                                                     \
                         : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",   \
                           "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15" WIDE);       \
    }
#define TWELVE "0,1,2,3,4,5,6,7,8,9,10,11"
#define TWENTY_FOUR TWELVE ",12,13,14,15,16,17,18,19,20,21,22,23"

#define WIDE
LOOP(f32_avx2, "avx2,fma", TWELVE, "vfmadd213ps", "ymm", "14", "15")
LOOP(int8_avx_vnni, "avx2,avxvnni", TWELVE, "%{vex%} vpdpbusd", "ymm", "14", "15")
#undef WIDE
#define WIDE                                                                                                 \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26",     \
        "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"
LOOP(f32_avx512, "avx512f", TWENTY_FOUR, "vfmadd213ps", "zmm", "30", "31")
LOOP(int8_avx512, "avx512f,avx512vnni", TWENTY_FOUR, "vpdpbusd", "zmm", "30", "31")
LOOP(bf16_avx512, "avx512f,avx512bf16", TWENTY_FOUR, "vdpbf16ps", "zmm", "30", "31")

// Six tiles are added to; two of 16 rows of 64 bytes are multiplied.
#define TILE_LOOP(name, features, instruction)                                                               \
    __attribute__((target(features), noinline)) static void name(long rounds, const Operands* operands) {    \
        __asm__ volatile("ldtilecfg (%1)\n"                                                                  \
                         ".irp a,0,1,2,3,4,5\n tilezero %%tmm\\a\n .endr\n"                                  \
                         "tileloadd (%2,%3), %%tmm6\n tileloadd (%2,%3), %%tmm7\n"                           \
                         "1:\n"                                                                              \
                         ".irp a,0,1,2,3,4,5\n " instruction " %%tmm7, %%tmm6, %%tmm\\a\n .endr\n"           \
                         "dec %0\n jnz 1b\n tilerelease\n"                                                   \
                         : "+r"(rounds)                                                                      \
                         : "r"(operands->tiles), "r"(operands->rows), "r"(64L)                               \
                         : "cc", "memory");                                                                  \
    }
TILE_LOOP(bf16_amx, "amx-tile,amx-bf16", "tdpbf16ps")
TILE_LOOP(int8_amx, "amx-tile,amx-int8", "tdpbssd")

// The kernel lets a process use tiles when it has asked for them.
static void ask_for_tiles(void) {
    if (syscall(SYS_arch_prctl, 0x1023, 18))
        exit(1);
}

// A factor of 0.999 and an addend of 0.001 keep sums between 0 and 1; bytes of 1 and bf16 of 1 count up.
static const struct {
    const char* name;
    Loop loop;
    double operations; // of a round
    uint32_t factor, addend;
} loops[] = {
    {"f32-avx2", f32_avx2, 12 * 8 * 2, 0x3f7fbe77, 0x3a83126f},
    {"f32-avx512", f32_avx512, 24 * 16 * 2, 0x3f7fbe77, 0x3a83126f},
    {"int8-avx-vnni", int8_avx_vnni, 12 * 32 * 2, 0x01010101, 0x01010101},
    {"int8-avx512", int8_avx512, 24 * 64 * 2, 0x01010101, 0x01010101},
    {"bf16-avx512", bf16_avx512, 24 * 32 * 2, 0x3f803f80, 0x3f803f80},
    {"bf16-amx", bf16_amx, 6.0 * 16 * 16 * 32 * 2, 0x3f803f80, 0},
    {"int8-amx", int8_amx, 6.0 * 16 * 16 * 64 * 2, 0x01010101, 0},
};
#define LOOPS (sizeof loops / sizeof *loops)

#endif

static struct {
    Loop loop;
    Operands operands;
    int threads, streams;
    long rounds; // of a pass
    double seconds, amount;
    double *starts, *ends; // of the threads' last pass
    pthread_barrier_t barrier;
    volatile int over;
} work;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

// Reads all of a buffer, a line of each of its parts in turn.
static void read_buffer(const char* buffer) {
    typedef uint64_t Vector __attribute__((vector_size(16)));
    size_t part = BUFFER / work.streams;
    Vector first = {0}, second = {0};
    for (size_t offset = 0; offset < part; offset += LINE) {
        for (int stream = 0; stream < work.streams; stream++) {
            const Vector* line = (const Vector*)(buffer + stream * part + offset);
            first ^= line[0] ^ line[1];
            second ^= line[2] ^ line[3];
        }
    }
    volatile Vector kept = first ^ second;
    (void)kept;
}

static void pass(const char* buffer) {
    if (work.loop)
        work.loop(work.rounds, &work.operands);
    else
        read_buffer(buffer);
}

// Stays on the core of that number among those that the process may use.
static void stay_on_core(int number) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return;
    for (int core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, &allowed) && number-- == 0)
            CPU_SET(core, &one);
    }
    sched_setaffinity(0, sizeof one, &one);
}

static void* run(void* argument) {
    int number = (int)(intptr_t)argument;
    stay_on_core(number);
    char* buffer = NULL;
    if (!work.loop) {
        buffer = aligned_alloc(2 << 20, BUFFER);
        if (!buffer)
            exit(1);
        madvise(buffer, BUFFER, MADV_HUGEPAGE);
        memset(buffer, 1, BUFFER);
    }
    pass(buffer);
    for (double first = now(); !work.over;) {
        pthread_barrier_wait(&work.barrier);
        work.starts[number] = now();
        pass(buffer);
        work.ends[number] = now();
        pthread_barrier_wait(&work.barrier);
        if (number == 0) {
            // From the first that began to the last that ended; a thread may leave the barrier late.
            double start = work.starts[0], end = work.ends[0];
            for (int other = 1; other < work.threads; other++) {
                if (work.starts[other] < start)
                    start = work.starts[other];
                if (work.ends[other] > end)
                    end = work.ends[other];
            }
            printf("%.6g\n", work.threads * work.amount / (end - start));
            if (end - first >= work.seconds)
                work.over = 1;
        }
        pthread_barrier_wait(&work.barrier);
    }
    free(buffer);
    return NULL;
}

int main(int count, char** arguments) {
    if (count != 4)
        return 2;
    work.threads = atoi(arguments[2]);
    work.seconds = atof(arguments[3]);
    if (sscanf(arguments[1], "memory-%d", &work.streams) == 1)
        work.amount = BUFFER;
#if defined(__x86_64__)
    for (size_t index = 0; index < LOOPS; index++) {
        if (strcmp(arguments[1], loops[index].name))
            continue;
        work.loop = loops[index].loop;
        work.operands = (Operands){
            .factor = loops[index].factor, .addend = loops[index].addend, .start = loops[index].addend};
        work.operands.tiles[0] = 1; // the palette of 16 rows of 64 bytes
        for (int tile = 0; tile < 8; tile++)
            work.operands.tiles[16 + 2 * tile] = 64, work.operands.tiles[48 + tile] = 16;
        for (size_t place = 0; place < sizeof work.operands.rows; place += 4)
            memcpy(work.operands.rows + place, &work.operands.factor, 4);
        if (strstr(arguments[1], "amx"))
            ask_for_tiles();
        // As many rounds as fill a pass.
        double elapsed = 0;
        for (work.rounds = 1000; elapsed < PASS_SECONDS; work.rounds *= 2) {
            double start = now();
            pass(NULL);
            elapsed = now() - start;
        }
        work.rounds /= 2;
        work.amount = loops[index].operations * work.rounds;
    }
#endif
    if (work.threads < 1 || (!work.loop && work.streams < 1))
        return 2;
    work.starts = calloc(work.threads, sizeof(double));
    work.ends = calloc(work.threads, sizeof(double));
    pthread_barrier_init(&work.barrier, NULL, work.threads);
    pthread_t* threads = calloc(work.threads, sizeof *threads);
    for (intptr_t number = 0; number < work.threads; number++) {
        if (pthread_create(&threads[number], NULL, run, (void*)number))
            return 1;
    }
    for (int number = 0; number < work.threads; number++)
        pthread_join(threads[number], NULL);
    free(threads);
    return 0;
}
