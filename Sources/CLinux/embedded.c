// The lab kernel's configuration, its patches and the library preloaded into it: the files in lab-kernel/ are their one
// source, and the binary carries them, so that it can build the kernel wherever it stands.
#include "CLinux.h"

// C23; every compiler that Swift 6.3 comes with knows it.
#pragma clang diagnostic ignored "-Wc23-extensions"

const char halfopen_lab_config[] = {
#embed "../../lab-kernel/lab.config"
    , 0
};

// In the order in which they are applied: each is made against the source that the one before it leaves.
const char halfopen_lab_patches[] = {
#embed "../../lab-kernel/live-registers.patch"
    ,
#embed "../../lab-kernel/shared-clock.patch"
    ,
#embed "../../lab-kernel/fewer-stops.patch"
    ,
#embed "../../lab-kernel/memory-ahead.patch"
    , 0
};

const char halfopen_lab_seed_source[] = {
#embed "../../lab-kernel/seed.c"
    , 0
};
