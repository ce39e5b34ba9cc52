#pragma once
#include "conntrack.h"
#include "sockdiag.h"
