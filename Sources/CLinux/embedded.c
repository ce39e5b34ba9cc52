// The lab kernel's configuration, its patch and the library preloaded into it: the files in lab-kernel/ are their one
// source, and the binary carries them, so that it can build the kernel wherever it stands.
#include "CLinux.h"

// C23; every compiler that Swift 6.3 comes with knows it.
#pragma clang diagnostic ignored "-Wc23-extensions"

const char halfopen_lab_config[] = {
#embed "../../lab-kernel/lab.config"
    , 0
};

const char halfopen_lab_patch[] = {
#embed "../../lab-kernel/live-registers.patch"
    , 0
};

const char halfopen_lab_seed_source[] = {
#embed "../../lab-kernel/seed.c"
    , 0
};
