// What `halfopen init` writes: the files in scenarios/first are its one source, and the binary carries them.
#include "CLinux.h"

// C23; every compiler that Swift 6.3 comes with knows it.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char scenario[] = {
#embed "../../scenarios/first/scenario.yaml"
    , 0
};

static const char subscriber[] = {
#embed "../../scenarios/first/subscriber.py"
    , 0
};

static const char driver[] = {
#embed "../../scenarios/first/halfopen_driver.py"
    , 0
};

const struct halfopen_embedded_file halfopen_first_scenario[] = {
    { "scenario.yaml", scenario },
    { "subscriber.py", subscriber },
    { "halfopen_driver.py", driver },
    { 0, 0 },
};
