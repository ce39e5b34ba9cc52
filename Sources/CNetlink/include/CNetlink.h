// The kernel's netlink for Swift.
#pragma once
#include "conntrack.h"
#include "network.h"
#include "sockdiag.h"
